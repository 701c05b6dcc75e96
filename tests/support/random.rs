//! Random stacks: declarations in few numbers, which always make a program that AWS takes, and what may happen to it.

use std::collections::{BTreeMap, BTreeSet};

use hzscript::model::{Address, KindName, Options, Program, Reference, Resource, Secret, Source, Value};
use proptest::prelude::*;
use serde::{Deserialize, Serialize};

/// The kinds that are declared, by number.
const KINDS: [&str; 13] = [
    "AWS::Logs::LogGroup",
    "AWS::EC2::VPC",
    "AWS::EC2::Subnet",
    "AWS::EC2::SecurityGroup",
    "AWS::EC2::SecurityGroupIngress",
    "AWS::EC2::RouteTable",
    "AWS::EC2::SubnetRouteTableAssociation",
    "AWS::IAM::Role",
    "AWS::IAM::ManagedPolicy",
    "AWS::ECS::Cluster",
    "AWS::ECS::TaskDefinition",
    "AWS::ServiceDiscovery::HttpNamespace",
    "AWS::SecretsManager::Secret",
];

/// Which kinds stand at the beginning of a stack, so that most of what others need is there.
const FIRST: [u8; 4] = [1, 7, 3, 5];

/// A declaration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Declared {
    /// Of [`KINDS`].
    pub kind: u8,
    /// Its name, and what of its properties must be its own.
    pub number: u8,
    /// Properties that are changed in place.
    pub mild: u8,
    /// Properties that are changed by a replacement.
    pub hard: u8,
    /// Whether it says its physical name.
    pub named: bool,
    /// Which of those declared before it refers to, where it can.
    pub to: u8,
    /// Which of those declared before stands in `dependsOn`, where there are that many.
    pub needs: u8,
    /// The value of `replaceOn`; 0 for none.
    pub on: u8,
    /// How often it was renamed.
    pub renamed: u8,
    /// How it is handled.
    pub handled: Handled,
}

/// An option.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Handled {
    /// None.
    Plainly,
    /// It stays when it is no longer declared. Of what uses something else this is not said: it could not stay.
    Retained,
    /// It must not be deleted or replaced.
    Protected,
    /// Differences of what is changed in place are not acted on.
    Ignored,
}

/// A change of what is declared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Mutation {
    /// One more, somewhere.
    Add(u8, Declared),
    /// One fewer.
    Remove(u8),
    /// Other properties that are changed in place.
    Mild(u8),
    /// Other properties that are changed by a replacement.
    Hard(u8),
    /// It says its physical name, or no longer.
    Name(u8),
    /// Another value in `replaceOn`.
    On(u8),
    /// It refers to something else.
    To(u8),
    /// Something else stands in `dependsOn`.
    Needs(u8, u8),
    /// Another address, and the old one as an alias.
    Rename(u8),
    /// It is handled otherwise.
    Handle(u8, Handled),
}

/// The declarations with changes.
pub fn mutated(declared: &[Declared], mutations: &[Mutation]) -> Vec<Declared> {
    let mut after = declared.to_vec();
    for mutation in mutations {
        let count = after.len();
        let at = |index: u8| usize::from(index) % count.max(1);
        if let Mutation::Add(index, one) = mutation {
            after.insert(usize::from(*index) % (count + 1), one.clone());
            continue;
        }
        if count == 0 {
            continue;
        }
        match *mutation {
            Mutation::Add(..) => {}
            Mutation::Remove(index) => drop(after.remove(at(index))),
            Mutation::Mild(index) => after[at(index)].mild += 1,
            Mutation::Hard(index) => after[at(index)].hard += 1,
            Mutation::Name(index) => after[at(index)].named ^= true,
            Mutation::On(index) => after[at(index)].on += 1,
            Mutation::To(index) => after[at(index)].to = after[at(index)].to.wrapping_add(1),
            Mutation::Needs(index, needs) => after[at(index)].needs = needs,
            Mutation::Rename(index) => after[at(index)].renamed += 1,
            Mutation::Handle(index, handled) => after[at(index)].handled = handled,
        }
    }
    after
}

pub fn declared() -> impl Strategy<Value = Declared> {
    let values = (0..13u8, 0..3u8, 0..3u8, 0..2u8, any::<bool>(), any::<u8>());
    let options = (0..24u8, 0..3u8, prop_oneof![8 => Just(Handled::Plainly), 3 => handled()]);
    (values, options).prop_map(|((kind, number, mild, hard, named, to), (needs, on, handled))| Declared {
        kind,
        number,
        mild,
        hard,
        named,
        to,
        needs,
        on: on.saturating_sub(1),
        renamed: 0,
        handled,
    })
}

fn handled() -> impl Strategy<Value = Handled> {
    prop_oneof![
        2 => Just(Handled::Plainly),
        3 => Just(Handled::Retained),
        1 => Just(Handled::Protected),
        3 => Just(Handled::Ignored),
    ]
}

pub fn mutation() -> impl Strategy<Value = Mutation> {
    prop_oneof![
        3 => (any::<u8>(), declared()).prop_map(|(index, one)| Mutation::Add(index, one)),
        3 => any::<u8>().prop_map(Mutation::Remove),
        3 => any::<u8>().prop_map(Mutation::Mild),
        4 => any::<u8>().prop_map(Mutation::Hard),
        1 => any::<u8>().prop_map(Mutation::Name),
        2 => any::<u8>().prop_map(Mutation::On),
        2 => any::<u8>().prop_map(Mutation::To),
        2 => (any::<u8>(), 0..24u8).prop_map(|(index, needs)| Mutation::Needs(index, needs)),
        2 => any::<u8>().prop_map(Mutation::Rename),
        2 => (any::<u8>(), handled()).prop_map(|(index, handled)| Mutation::Handle(index, handled)),
    ]
}

/// Declarations of which the first are what most others need.
pub fn stack() -> impl Strategy<Value = Vec<Declared>> {
    let first = (0..=FIRST.len(), proptest::collection::vec(declared(), FIRST.len())).prop_map(|(count, all)| {
        let kinds = FIRST.into_iter().zip(all).take(count);
        kinds.map(|(kind, one)| Declared { kind, ..one }).collect::<Vec<_>>()
    });
    (first, proptest::collection::vec(declared(), 1..6)).prop_map(|(first, rest)| [first, rest].concat())
}

/// The program. References go to what was declared before, so that there is no cycle; what cannot be declared, because
/// there is nothing that it could refer to, is left out.
pub fn program(declared: &[Declared]) -> Program {
    let mut made = Made::default();
    for one in declared {
        made.add(one);
    }
    Program { resources: made.resources, ..Program::default() }
}

#[derive(Default)]
struct Made {
    resources: Vec<Resource>,
    /// What of a resource has to be known of by what refers to it: the number of its network.
    networks: BTreeMap<Address, Address>,
    /// Which numbers there are of each kind.
    taken: BTreeSet<(u8, u8)>,
    /// Subnets that have their table.
    associated: BTreeSet<Address>,
}

impl Made {
    fn add(&mut self, one: &Declared) {
        let Some(properties) = self.properties(one) else { return };
        if !self.taken.insert((one.kind, one.number)) {
            return;
        }
        let kind = KindName::from_type(KINDS[usize::from(one.kind)]);
        let address = |renamed: u8| Address::new(kind.clone(), &format!("n{}-{renamed}", one.number)).expect("a name");
        let refers = properties.values().any(|value| !value.references().is_empty());
        let mut options = Options {
            replace_on: (one.on > 0).then(|| Value::Int(one.on.into())).into_iter().collect(),
            aliases: (0..one.renamed).map(address).collect(),
            depends_on: self.resources.get(usize::from(one.needs)).map(|one| one.address.clone()).into_iter().collect(),
            protect: Some(one.handled == Handled::Protected),
            retain: one.handled == Handled::Retained && !refers && !one.named,
            ..Options::default()
        };
        if one.handled == Handled::Ignored {
            options.ignore_changes = mild(one.kind).iter().map(|name| (*name).to_owned()).collect();
        }
        if let Some(Value::Ref(to)) = properties.get("vpcId") {
            self.networks.insert(address(one.renamed), to.address.clone());
        }
        if let Some(Value::Ref(to)) = properties.get("subnetId") {
            self.associated.insert(to.address.clone());
        }
        self.resources.push(Resource { address: address(one.renamed), properties, options, source: Source::default() });
    }

    fn properties(&self, one: &Declared) -> Option<BTreeMap<String, Value>> {
        let mut properties: BTreeMap<String, Value> = BTreeMap::new();
        let mut set = |name: &str, value: Value| drop(properties.insert(name.to_owned(), value));
        let Declared { kind, number, mild, hard, named, to, .. } = *one;
        let own = |what: &str| text(&format!("{what}-{number}-{}", hard % 2));
        match kind {
            0 => {
                if named {
                    set("logGroupName", own("group"));
                }
                set("retentionInDays", Value::Int([1, 3, 5][usize::from(mild % 3)]));
            }
            1 => {
                set("cidrBlock", text(&format!("10.{}.0.0/16", hard % 2)));
                set("enableDnsHostnames", Value::Bool(mild % 2 == 0));
            }
            2 => {
                let network = self.one("ec2_vpc", to)?;
                let block = network.properties["cidrBlock"].to_json().expect("a text");
                let block = block.as_str().expect("a text").replace(".0.0/16", "");
                set("vpcId", reference(network, "vpcId"));
                // No two subnets of a network may want the same range, also while one takes the place of another.
                set("cidrBlock", text(&format!("{block}.{}.0/24", number * 2 + hard % 2)));
                set("mapPublicIpOnLaunch", Value::Bool(mild % 2 == 0));
            }
            3 => {
                set("vpcId", reference(self.one("ec2_vpc", to)?, "vpcId"));
                set("groupDescription", own("members"));
                if named {
                    set("groupName", text(&format!("members-{number}")));
                }
            }
            4 => {
                set("groupId", reference(self.one("ec2_security_group", to)?, "groupId"));
                set("ipProtocol", text("tcp"));
                let port = 1000 + i64::from(number) * 10 + i64::from(hard % 2);
                set("fromPort", Value::Int(port));
                set("toPort", Value::Int(port));
                set("cidrIp", text("10.0.0.0/8"));
                set("description", text(&format!("rule {}", mild % 3)));
            }
            5 => set("vpcId", reference(self.one("ec2_vpc", to)?, "vpcId")),
            6 => {
                let table = self.one("ec2_route_table", to)?;
                let network = &self.networks[&table.address];
                let subnets = self.of("ec2_subnet").filter(|one| self.networks[&one.address] == *network);
                let subnet = subnets.filter(|one| !self.associated.contains(&one.address)).last()?;
                set("routeTableId", reference(table, "routeTableId"));
                set("subnetId", reference(subnet, "subnetId"));
            }
            7 => {
                set("assumeRolePolicyDocument", policy(true, "sts:AssumeRole"));
                set("description", text(&format!("role {}", mild % 3)));
                set("path", text(["/", "/members/"][usize::from(hard % 2)]));
                if named {
                    set("roleName", text(&format!("role-{number}")));
                }
            }
            8 => {
                set("policyDocument", policy(false, ["ecs:ListTasks", "ecs:StopTask"][usize::from(mild % 2)]));
                set("description", own("policy"));
                if let Some(role) = self.one("iam_role", to) {
                    set("roles", Value::List(vec![reference(role, "roleName")]));
                }
            }
            9 => {
                if named {
                    set("clusterName", own("cluster"));
                }
                let value = ["enabled", "disabled"][usize::from(mild % 2)];
                let setting = [("name", text("containerInsights")), ("value", text(value))];
                set("clusterSettings", Value::List(vec![map(setting)]));
            }
            10 => {
                let image = text(&format!("hazelcast/hazelcast:5.{}", hard % 2));
                let container = [("name", text("member")), ("image", image), ("memory", Value::Int(512))];
                set("containerDefinitions", Value::List(vec![map(container)]));
                set("family", text(&format!("family-{number}")));
                if let Some(role) = self.one("iam_role", to) {
                    set("executionRoleArn", reference(role, "arn"));
                }
            }
            11 => {
                set("name", own("namespace"));
                set("description", text(&format!("namespace {}", mild % 3)));
            }
            _ => {
                if named {
                    set("name", own("secret"));
                }
                set("description", text(&format!("secret {}", mild % 3)));
                set("secretString", Value::Secret(Secret::Clear(format!("hunter{mild}"))));
            }
        }
        Some(properties)
    }

    fn of<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = &'a Resource> {
        self.resources.iter().filter(move |one| one.address.kind().as_str() == kind)
    }

    fn one<'a>(&'a self, kind: &'a str, to: u8) -> Option<&'a Resource> {
        self.of(kind).nth(usize::from(to) % self.of(kind).count().max(1))
    }
}

/// What of a kind is changed in place.
fn mild(kind: u8) -> &'static [&'static str] {
    match kind {
        0 => &["retentionInDays"],
        1 => &["enableDnsHostnames"],
        2 => &["mapPublicIpOnLaunch"],
        4 | 7 | 11 | 12 => &["description"],
        9 => &["clusterSettings"],
        _ => &[],
    }
}

fn text(text: &str) -> Value {
    Value::String(text.to_owned())
}

fn map<const N: usize>(members: [(&str, Value); N]) -> Value {
    Value::Map(members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}

fn reference(to: &Resource, attribute: &str) -> Value {
    Value::from(Reference { address: to.address.clone(), attribute: attribute.to_owned() })
}

fn policy(of_a_role: bool, action: &str) -> Value {
    let whom = match of_a_role {
        true => ("Principal", map([("Service", text("ecs-tasks.amazonaws.com"))])),
        false => ("Resource", text("*")),
    };
    let statement = map([("Effect", text("Allow")), ("Action", text(action)), whom]);
    map([("Version", text("2012-10-17")), ("Statement", Value::List(vec![statement]))])
}
