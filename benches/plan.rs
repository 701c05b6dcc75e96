//! What planning costs, by the number of resources: creating everything, and finding nothing to do.
//!
//! `cargo bench --bench plan` prints the time of a plan and, as throughput, resources a second: it should be nearly the
//! same for 100, 1,000 and 10,000 resources. Dropping a plan is not measured.

use std::collections::BTreeMap;
use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use hzscript::kinds::{self, Observed};
use hzscript::model::{
    Address, JsonMap, KindName, Options, Program, Reference, Resource, Source, TemplatePart, Value, schemas,
};
use hzscript::plan::{Action, Inputs, Plan, plan};
use hzscript::state::{Recorded, Snapshot, Status, Target};

const SIZES: [usize; 3] = [100, 1_000, 10_000];

fn text(text: impl Into<String>) -> Value {
    Value::String(text.into())
}

fn resource(type_name: &str, name: String, properties: Vec<(&str, Value)>) -> Resource {
    Resource {
        address: Address::new(KindName::from_type(type_name), &name).expect("a good name"),
        properties: properties.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
        options: Options::default(),
        source: Source::default(),
    }
}

fn reference(to: &Resource, attribute: &str) -> Value {
    Value::from(Reference { address: to.address.clone(), attribute: attribute.to_owned() })
}

/// Networks of ten resources each, with references among them.
fn program(resources: usize) -> Program {
    let mut all = Vec::with_capacity(resources);
    for n in 0..resources / 10 {
        let vpc = resource("AWS::EC2::VPC", format!("vpc-{n}"), vec![("cidrBlock", text("10.0.0.0/16"))]);
        let group = resource(
            "AWS::EC2::SecurityGroup",
            format!("group-{n}"),
            vec![("groupDescription", text("members")), ("vpcId", reference(&vpc, "vpcId"))],
        );
        let table = resource("AWS::EC2::RouteTable", format!("table-{n}"), vec![("vpcId", reference(&vpc, "vpcId"))]);
        let gateway = resource("AWS::EC2::InternetGateway", format!("gateway-{n}"), vec![]);
        let mut route = resource(
            "AWS::EC2::Route",
            format!("route-{n}"),
            vec![
                ("routeTableId", reference(&table, "routeTableId")),
                ("destinationCidrBlock", text("0.0.0.0/0")),
                ("gatewayId", reference(&gateway, "internetGatewayId")),
            ],
        );
        route.options.depends_on.push(gateway.address.clone());
        let name = vec![TemplatePart::Text("/ecs/".to_owned()), TemplatePart::Text(format!("log-{n}"))];
        let logs = resource(
            "AWS::Logs::LogGroup",
            format!("log-{n}"),
            vec![("logGroupName", Value::Template(name).resolve(&|_| None)), ("retentionInDays", Value::Int(5))],
        );
        for zone in 0..4 {
            all.push(resource(
                "AWS::EC2::Subnet",
                format!("subnet-{n}-{zone}"),
                vec![("vpcId", reference(&vpc, "vpcId")), ("cidrBlock", text(format!("10.0.{zone}.0/24")))],
            ));
        }
        all.extend([vpc, group, table, gateway, route, logs]);
    }
    Program { resources: all, ..Program::default() }
}

fn target() -> Target {
    Target { cloud: "local".to_owned(), account: "000000000000".to_owned(), region: "eu-west-1".to_owned() }
}

fn planned(program: &Program, snapshot: &Snapshot, observed: &BTreeMap<Address, Option<Observed>>) -> Plan {
    let facts = |kind: &str| kinds::by_type(kind).map(|kind| kind.facts());
    plan(Inputs { program, snapshot, observed, facts, destroying: false }).expect("it can be planned")
}

/// The state after a plan was carried out, and what would then be observed: every attribute has some text.
fn carried_out(plan: &Plan) -> (Snapshot, BTreeMap<Address, Option<Observed>>) {
    let mut snapshot = Snapshot::new("lineage".to_owned(), "bench", target());
    let mut observed = BTreeMap::new();
    for (n, change) in plan.changes.iter().enumerate() {
        let schema = schemas().by_type(&change.kind).expect("a kind");
        let attributes: JsonMap =
            schema.attributes().into_iter().map(|name| (name.to_owned(), format!("id-{n}").into())).collect();
        let lookup = |reference: &Reference| {
            let of: &Recorded = snapshot.resources.get(&reference.address)?;
            of.attributes.get(&reference.attribute).cloned()
        };
        let inputs: BTreeMap<String, Value> =
            change.wanted.iter().map(|(name, value)| (name.clone(), value.resolve(&lookup))).collect();
        let properties: JsonMap =
            inputs.iter().filter_map(|(name, value)| Some((name.clone(), value.to_json()?))).collect();
        observed.insert(change.address.clone(), Some(Observed { properties, attributes: attributes.clone() }));
        let recorded = Recorded {
            kind: change.kind.clone(),
            id: format!("id-{n}"),
            generation: change.generation,
            inputs,
            attributes,
            dependencies: change.dependencies.clone(),
            status: Status::Ready,
            protect: false,
            retain: false,
            replace_on: Vec::new(),
            ignore_changes: Vec::new(),
            timeouts: Default::default(),
            formation: None,
        };
        snapshot.resources.insert(change.address.clone(), recorded);
    }
    (snapshot, observed)
}

fn bench(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("plan");
    group.sample_size(10);
    for size in SIZES {
        let program = program(size);
        let empty = Snapshot::new("lineage".to_owned(), "bench", target());
        let nothing = BTreeMap::new();
        let first = planned(&program, &empty, &nothing);
        assert_eq!(first.counts().create, size);
        let (snapshot, observed) = carried_out(&first);
        let second = planned(&program, &snapshot, &observed);
        assert!(second.changes.iter().all(|change| change.action == Action::NoOp), "{:?}", second.counts());
        group.throughput(Throughput::Elements(size as u64));
        group.bench_function(BenchmarkId::new("create", size), |bencher| {
            bencher.iter_with_large_drop(|| planned(black_box(&program), &empty, &nothing));
        });
        group.bench_function(BenchmarkId::new("nothing to do", size), |bencher| {
            bencher.iter_with_large_drop(|| planned(black_box(&program), &snapshot, &observed));
        });
    }
    group.finish();
}

criterion_group!(benches, bench);
criterion_main!(benches);
