//! Properties of planning that hold for any program and any state: carried out on a model of the account, a plan gets
//! where it says, in an order that breaks nothing, also when it is stopped half way.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::order::{Half, Node, graph};
use super::scope::AddressPattern;
use super::{Action, Change, Inputs, Plan, PlanError, Problem, Scope, plan, plan_within};
use crate::kinds::{Facts, NameRule, Observed};
use crate::model::{
    Address, Json, JsonMap, KindName, Options, Program, Reference, Resource, Source, Timeouts, Value, schemas,
};
use crate::state::{Record, Recorded, Snapshot, Status, Target};

const VPC: Facts = Facts {
    type_name: "AWS::EC2::VPC",
    sends: &["cidrBlock", "enableDnsSupport", "tags"],
    except: &[],
    replaces: &[],
    name: None,
    unique_by: &[],
    deletable_in_use: false,
    arn: None,
};

const SUBNET: Facts = Facts {
    type_name: "AWS::EC2::Subnet",
    sends: &["vpcId", "cidrBlock", "mapPublicIpOnLaunch", "tags"],
    except: &[],
    replaces: &[],
    name: None,
    unique_by: &[&["vpcId", "cidrBlock"]],
    deletable_in_use: false,
    arn: None,
};

const LOGS: Facts = Facts {
    type_name: "AWS::Logs::LogGroup",
    sends: &["logGroupName", "retentionInDays", "tags"],
    except: &[],
    replaces: &[],
    name: Some(NameRule { property: "logGroupName", max: 512 }),
    unique_by: &[&["logGroupName"]],
    deletable_in_use: false,
    arn: None,
};

fn facts(kind: &str) -> Option<&'static Facts> {
    [&VPC, &SUBNET, &LOGS].into_iter().find(|facts| facts.type_name == kind)
}

/// A declaration in few numbers: what kind, which name, what it refers to and with which values.
#[derive(Debug, Clone)]
struct Declared {
    kind: u8,
    name: u8,
    value: u8,
    flag: bool,
    to: u8,
    /// A value in `replaceOn`; 0 for none.
    on: u8,
    /// Which of those declared before it names in `dependsOn`, where there are that many.
    needs: u8,
}

fn declared() -> impl Strategy<Value = Vec<Declared>> {
    let one = (0..3u8, 0..6u8, 0..3u8, any::<bool>(), any::<u8>(), 0..3u8, 0..20u8)
        .prop_map(|(kind, name, value, flag, to, on, needs)| Declared { kind, name, value, flag, to, on, needs });
    proptest::collection::vec(one, 0..10)
}

/// A program whose references go to what was declared before, so that there is no cycle.
fn program(declared: &[Declared]) -> Program {
    let mut resources: Vec<Resource> = Vec::new();
    let mut taken = BTreeSet::new();
    for one in declared {
        let facts = [&VPC, &SUBNET, &LOGS][usize::from(one.kind)];
        let address = Address::new(KindName::from_type(facts.type_name), &format!("n{}", one.name)).expect("a name");
        let networks: Vec<&Resource> = resources.iter().filter(|r| r.address.kind().as_str() == "ec2_vpc").collect();
        let mut properties: BTreeMap<String, Value> = BTreeMap::new();
        let mut set = |name: &str, value: Value| properties.insert(name.to_owned(), value);
        match one.kind {
            0 => {
                set("cidrBlock", Value::String(format!("10.{}.0.0/16", one.value)));
                set("enableDnsSupport", Value::Bool(one.flag));
            }
            1 => {
                let Some(network) = networks.get(usize::from(one.to) % networks.len().max(1)) else { continue };
                let reference = Reference { address: network.address.clone(), attribute: "vpcId".to_owned() };
                set("vpcId", Value::from(reference));
                // Two subnets of a network that want the same range would not be a program to begin with.
                set("cidrBlock", Value::String(format!("10.0.{}{}.0/24", one.name, one.value)));
                set("mapPublicIpOnLaunch", Value::Bool(one.flag));
            }
            _ => {
                // Some have a name of their own, which no two have at a time, and some get one.
                if one.flag {
                    set("logGroupName", Value::String(format!("/{}/{}", one.name, one.value % 2)));
                }
                set("retentionInDays", Value::Int([1, 3, 5][usize::from(one.value)]));
            }
        }
        if taken.insert(address.clone()) {
            let replace_on = (one.on > 0).then(|| Value::Int(one.on.into())).into_iter().collect();
            let depends_on = resources.get(usize::from(one.needs)).map(|needed| needed.address.clone());
            let depends_on = depends_on.into_iter().collect();
            let options = Options { replace_on, depends_on, ..Options::default() };
            resources.push(Resource { address, properties, options, source: Source::default() });
        }
    }
    Program { resources, ..Program::default() }
}

/// A model of the account: objects by id, refusing what AWS refuses.
#[derive(Debug, Clone, Default)]
struct Account {
    objects: BTreeMap<String, (String, JsonMap)>,
    made: u32,
}

impl Account {
    fn create(&mut self, facts: &Facts, properties: JsonMap) -> String {
        for set in facts.unique_by {
            let values = |of: &JsonMap| set.iter().map(|name| of.get(*name).cloned()).collect::<Vec<_>>();
            let clash = self
                .objects
                .values()
                .any(|(kind, other)| kind == facts.type_name && values(other) == values(&properties));
            assert!(!clash, "two {} with the same {set:?}: {:?}", facts.type_name, values(&properties));
        }
        self.made += 1;
        let id = format!("id-{}", self.made);
        self.objects.insert(id.clone(), (facts.type_name.to_owned(), properties));
        id
    }

    fn delete(&mut self, id: &str) {
        let user = self.objects.iter().find(|(_, (_, properties))| properties.values().any(|value| value == id));
        assert!(user.is_none(), "{id} is deleted while {user:?} uses it");
        self.objects.remove(id);
    }

    fn observe(&self, snapshot: &Snapshot) -> BTreeMap<Address, Option<Observed>> {
        let read = |recorded: &Recorded| {
            let (_, properties) = self.objects.get(&recorded.id)?;
            Some(Observed { properties: properties.clone(), attributes: recorded.attributes.clone() })
        };
        snapshot.resources.iter().map(|(address, recorded)| (address.clone(), read(recorded))).collect()
    }

    /// Carries out the first `steps` nodes of a plan.
    fn carry_out(&mut self, plan: &Plan, nodes: &[Node], steps: usize, snapshot: &mut Snapshot) {
        let before = snapshot.clone();
        for node in nodes.iter().take(steps) {
            let change = &plan.changes[node.change];
            let facts = facts(&change.kind).expect("a known kind");
            let address = change.address.clone();
            if node.half == Half::Remove {
                let of = |recorded: &&Recorded| change.action.replaces() || recorded.generation == change.generation;
                let live = before.resources.get(&address).filter(of);
                let aside = before.deposed.get(&address).into_iter().flatten();
                let object = live.or(aside.into_iter().find(|old| old.generation == change.generation));
                let object = object.expect("there is something to remove");
                self.delete(&object.id);
                snapshot.apply(&Record::Gone { address, generation: object.generation });
                continue;
            }
            let known = |reference: &Reference| -> Option<Json> {
                snapshot.resources.get(&reference.address)?.attributes.get(&reference.attribute).cloned()
            };
            let inputs: BTreeMap<String, Value> =
                change.wanted.iter().map(|(name, value)| (name.clone(), value.resolve(&known))).collect();
            let properties: JsonMap = inputs
                .iter()
                .map(|(name, value)| (name.clone(), value.to_json().expect("all is known by now")))
                .collect();
            let id = match change.action {
                Action::Update => {
                    let id = change.id.clone().expect("it exists");
                    self.objects.insert(id.clone(), (change.kind.clone(), properties));
                    id
                }
                _ => self.create(facts, properties),
            };
            let schema = schemas().by_type(&change.kind).expect("a schema");
            let attributes = schema.attributes().into_iter().map(|name| (name.to_owned(), id.clone().into())).collect();
            let recorded = Recorded {
                kind: change.kind.clone(),
                id,
                generation: change.generation,
                inputs,
                attributes,
                dependencies: change.dependencies.clone(),
                status: Status::Ready,
                protect: false,
                retain: false,
                replace_on: change.options.replace_on.iter().map(|value| value.resolve(&known)).collect(),
                ignore_changes: change.options.ignore_changes.clone(),
                timeouts: Timeouts::default(),
                formation: None,
            };
            snapshot.apply(&Record::Made { address, recorded: Box::new(recorded) });
        }
    }

    fn plan(&self, program: &Program, snapshot: &Snapshot) -> Plan {
        self.part(program, snapshot, &Scope::default()).expect("it can be planned")
    }

    fn part(&self, program: &Program, snapshot: &Snapshot, scope: &Scope) -> Result<Plan, PlanError> {
        let observed = self.observe(snapshot);
        let choice = scope.choose(program, snapshot).expect("it matches something");
        plan_within(Inputs { program, snapshot, observed: &observed, facts, destroying: false }, choice)
    }

    /// Carries out a plan of a part to its end: all that a change needs is there or in the plan, and nothing that is left
    /// out changes.
    fn carry_out_part(&mut self, plan: &Plan, snapshot: &mut Snapshot) {
        let planned: BTreeSet<&Address> = plan.changes.iter().map(|change| &change.address).collect();
        let before = snapshot.clone();
        for needed in
            plan.changes.iter().filter(|change| change.source.is_some()).flat_map(|change| &change.dependencies)
        {
            assert!(planned.contains(needed) || before.resources.contains_key(needed), "{needed} is there or planned");
        }
        let nodes = graph(plan, snapshot, facts).expect("an order");
        self.carry_out(plan, &nodes, nodes.len(), snapshot);
        for address in plan.left_out.keys() {
            assert!(!planned.contains(address), "{address} is left out and planned");
            assert_eq!(before.resources.get(address), snapshot.resources.get(address), "{address} is left out");
        }
    }
}

/// All that is declared or in the state.
fn everything(program: &Program, snapshot: &Snapshot) -> Vec<Address> {
    let declared = program.resources.iter().map(|resource| &resource.address);
    let all: BTreeSet<&Address> = declared.chain(snapshot.resources.keys()).chain(snapshot.deposed.keys()).collect();
    all.into_iter().cloned().collect()
}

fn empty() -> Snapshot {
    let target = Target { cloud: "model".to_owned(), account: "0".repeat(12), region: "nowhere-1".to_owned() };
    Snapshot::new("lineage".to_owned(), "stack", target)
}

proptest! {
    #[test]
    fn a_plan_gets_where_it_says_also_when_stopped_half_way(
        programs in proptest::collection::vec((declared(), 0.0..1.0f64), 1..4),
    ) {
        let mut account = Account::default();
        let mut snapshot = empty();
        for (declared, stopped) in &programs {
            let program = program(declared);
            let first = account.plan(&program, &snapshot);
            prop_assert_eq!(&first, &account.plan(&program, &snapshot), "the same inputs give the same plan");
            let nodes = graph(&first, &snapshot, facts).expect("an order");
            account.carry_out(&first, &nodes, (nodes.len() as f64 * stopped) as usize, &mut snapshot);

            let rest = account.plan(&program, &snapshot);
            let nodes = graph(&rest, &snapshot, facts).expect("an order");
            account.carry_out(&rest, &nodes, nodes.len(), &mut snapshot);
            let last = account.plan(&program, &snapshot);
            prop_assert!(last.is_empty(), "{:#?}", last.changes);
            prop_assert_eq!(account.objects.len(), program.resources.len(), "nothing lost, nothing twice");
        }
    }

    #[test]
    fn parts_make_the_whole_in_whatever_order(
        before in proptest::collection::vec((declared(), 0.0..=1.0f64), 1..3),
        wanted in declared(),
        order in proptest::collection::vec(any::<u16>(), 20),
    ) {
        let (mut account, mut snapshot) = (Account::default(), empty());
        for (was, stopped) in &before {
            let plan = account.plan(&program(was), &snapshot);
            let nodes = graph(&plan, &snapshot, facts).expect("an order");
            account.carry_out(&plan, &nodes, (nodes.len() as f64 * stopped) as usize, &mut snapshot);
        }

        let program = program(&wanted);
        let mut addresses = everything(&program, &snapshot);
        addresses.sort_by_key(|address| order[address.to_string().bytes().map(usize::from).sum::<usize>() % order.len()]);
        for address in addresses {
            // What uses something that is deleted goes with it.
            if !everything(&program, &snapshot).contains(&address) {
                continue;
            }
            let only = Scope { only: vec![AddressPattern::new(&address.to_string())], ..Scope::default() };
            let plan = account.part(&program, &snapshot, &only).expect("a part can be planned");
            prop_assert!(!plan.left_out.contains_key(&address));
            account.carry_out_part(&plan, &mut snapshot);
            if everything(&program, &snapshot).contains(&address) {
                // What the first put aside may be taken away only once nothing that it left out can use it any more.
                let again = account.part(&program, &snapshot, &only).expect("it can be planned again");
                let put_aside = |change: &Change| {
                    let live = snapshot.resources.get(&change.address);
                    change.action == Action::Delete && live.is_some_and(|live| live.generation != change.generation)
                };
                let settled = again.changes.iter().all(|change| change.action == Action::NoOp || put_aside(change));
                prop_assert!(settled, "{:#?}", again.changes);
            }
        }
        let last = account.plan(&program, &snapshot);
        prop_assert!(last.is_empty(), "{:#?}", last.changes);
    }

    #[test]
    fn what_is_excluded_stays_and_the_rest_can_follow(
        was in declared(),
        wanted in declared(),
        which in any::<prop::sample::Index>(),
    ) {
        let (mut account, mut snapshot) = (Account::default(), empty());
        let first = account.plan(&program(&was), &snapshot);
        let nodes = graph(&first, &snapshot, facts).expect("an order");
        account.carry_out(&first, &nodes, nodes.len(), &mut snapshot);

        let program = program(&wanted);
        let addresses = everything(&program, &snapshot);
        prop_assume!(!addresses.is_empty());
        let address = &addresses[which.index(addresses.len())];
        let exclude = Scope { exclude: vec![AddressPattern::new(&address.to_string())], ..Scope::default() };
        match account.part(&program, &snapshot, &exclude) {
            Ok(plan) => {
                prop_assert!(plan.left_out.contains_key(address));
                account.carry_out_part(&plan, &mut snapshot);
            }
            Err(error) => for (_, _, problem) in error.problems {
                let expected = matches!(problem, Problem::UsedByLeftOut { .. } | Problem::HeldByLeftOut { .. });
                prop_assert!(expected, "{problem}");
            },
        }
        let rest = account.plan(&program, &snapshot);
        let nodes = graph(&rest, &snapshot, facts).expect("an order");
        account.carry_out(&rest, &nodes, nodes.len(), &mut snapshot);
        prop_assert!(account.plan(&program, &snapshot).is_empty());
        prop_assert_eq!(account.objects.len(), program.resources.len(), "nothing lost, nothing twice");
    }

    #[test]
    fn replaying_the_records_gives_the_state(declared in declared(), stopped in 0.0..1.0f64) {
        let program = program(&declared);
        let (mut account, mut snapshot) = (Account::default(), empty());
        let plan = account.plan(&program, &snapshot);
        let nodes = graph(&plan, &snapshot, facts).expect("an order");
        account.carry_out(&plan, &nodes, (nodes.len() as f64 * stopped) as usize, &mut snapshot);
        let text = serde_json::to_string(&snapshot).expect("JSON");
        let read: Snapshot = serde_json::from_str(&text).expect("readable");
        prop_assert_eq!(read, snapshot, "what is written is what is read");
    }
}

/// A state in which a log group `a` was replaced and the old one, with the name given, is still there.
fn half_replaced(old: &str, new: &str, status: Status) -> (Address, Snapshot) {
    let address: Address = "logs_log_group.a".parse().expect("an address");
    let mut snapshot = empty();
    for (generation, name) in [(1, old), (2, new)] {
        let recorded = Recorded {
            kind: LOGS.type_name.to_owned(),
            id: name.to_owned(),
            generation,
            inputs: BTreeMap::from([("logGroupName".to_owned(), Value::String(name.to_owned()))]),
            attributes: JsonMap::new(),
            dependencies: Vec::new(),
            status: status.clone(),
            protect: false,
            retain: false,
            replace_on: Vec::new(),
            ignore_changes: Vec::new(),
            timeouts: Timeouts::default(),
            formation: None,
        };
        snapshot.apply(&Record::Made { address: address.clone(), recorded: Box::new(recorded) });
    }
    (address, snapshot)
}

fn order_of(address: &Address, name: &str, snapshot: &Snapshot) -> Vec<(Action, Half)> {
    let properties = BTreeMap::from([("logGroupName".to_owned(), Value::String(name.to_owned()))]);
    let resource =
        Resource { address: address.clone(), properties, options: Options::default(), source: Source::default() };
    let program = Program { resources: vec![resource], ..Program::default() };
    let observed = BTreeMap::new();
    let plan =
        plan(Inputs { program: &program, snapshot, observed: &observed, facts, destroying: false }).expect("a plan");
    let nodes = graph(&plan, snapshot, facts).expect("an order");
    let last = nodes.last().expect("there is something to do");
    assert!(!last.after.is_empty(), "the last waits: {nodes:#?}");
    nodes.iter().map(|node| (plan.changes[node.change].action, node.half)).collect()
}

#[test]
fn what_was_put_aside_stays_until_what_took_its_place_is_alive() {
    let (address, snapshot) = half_replaced("x", "y", Status::Failed { reason: "not yet".to_owned() });
    let order = order_of(&address, "y", &snapshot);
    assert_eq!(order, [(Action::Update, Half::Make), (Action::Delete, Half::Remove)]);
}

#[test]
fn a_name_that_something_put_aside_has_is_free_only_when_that_is_gone() {
    let (address, snapshot) = half_replaced("x", "y", Status::Ready);
    let order = order_of(&address, "x", &snapshot);
    let making = order.iter().position(|node| *node == (Action::ReplaceCreateFirst, Half::Make));
    let removing = order.iter().position(|node| *node == (Action::Delete, Half::Remove));
    assert!(removing < making, "{order:?}");
}
