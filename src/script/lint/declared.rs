//! What is found in what a script declares. Pure: it knows resources, not scripts. Who may do and reach what is in
//! [`super::declared_access`], what tasks run and how in [`super::declared_tasks`].

use std::collections::BTreeMap;

use super::super::session::Mistake;
use super::super::spans::Aim;
use super::{Rule, declared_access, declared_tasks, rule};
use crate::model::{Program, PropertyPath, Resource, Value, schemas};

/// Something found in a declaration.
pub(super) struct Found {
    /// Which declaration it is.
    pub(super) index: usize,
    /// Where in its properties.
    pub(super) path: PropertyPath,
    /// Whether a key is meant, or what stands under it.
    pub(super) aim: Aim,
    pub(super) rule: &'static Rule,
    pub(super) mistake: Mistake,
}

/// What is found, as it is gathered.
pub(super) struct Looked<'a> {
    pub(super) program: &'a Program,
    pub(super) found: Vec<Found>,
}

impl Looked<'_> {
    /// Records what a rule finds at a place of a declaration.
    pub(super) fn say(&mut self, index: usize, path: PropertyPath, name: &str, mistake: Mistake) {
        if let Some(rule) = rule(name) {
            self.found.push(Found { index, path, aim: Aim::Value, rule, mistake });
        }
    }
}

/// Kinds whose objects hold data that a deletion takes along.
const HOLDING: [&str; 9] = [
    "AWS::EFS::FileSystem",
    "AWS::RDS::DBInstance",
    "AWS::RDS::DBCluster",
    "AWS::DynamoDB::Table",
    "AWS::S3::Bucket",
    "AWS::ElastiCache::ReplicationGroup",
    "AWS::OpenSearchService::Domain",
    "AWS::DocDB::DBCluster",
    "AWS::Neptune::DBCluster",
];

/// What is found in a program.
pub(super) fn findings(program: &Program) -> Vec<Found> {
    let mut looked = Looked { program, found: Vec::new() };
    for (index, resource) in program.resources.iter().enumerate() {
        match type_of(resource) {
            "AWS::Logs::LogGroup" => log_group(index, resource, &mut looked),
            "AWS::EC2::SecurityGroup" | "AWS::EC2::SecurityGroupIngress" => {
                declared_access::security_group(index, resource, &mut looked);
            }
            "AWS::IAM::Role" | "AWS::IAM::ManagedPolicy" | "AWS::IAM::Policy" | "AWS::IAM::RolePolicy" => {
                declared_access::policies(index, resource, &mut looked);
            }
            "AWS::ECS::TaskDefinition" => declared_tasks::definition(index, resource, &mut looked),
            "AWS::ECS::Service" => declared_tasks::service(index, resource, &mut looked),
            holding if HOLDING.contains(&holding) => data(index, resource, &mut looked),
            _ => {}
        }
    }
    looked.found
}

/// The CloudFormation type of a resource.
pub(super) fn type_of(resource: &Resource) -> &'static str {
    schemas().by_kind(resource.address.kind()).map_or("", |schema| schema.type_name.as_str())
}

/// The map under a key.
pub(super) fn map<'a>(values: &'a BTreeMap<String, Value>, key: &str) -> Option<&'a BTreeMap<String, Value>> {
    match values.get(key) {
        Some(Value::Map(map)) => Some(map),
        _ => None,
    }
}

/// The elements of the list under a key.
pub(super) fn list<'a>(values: &'a BTreeMap<String, Value>, key: &str) -> &'a [Value] {
    match values.get(key) {
        Some(Value::List(items)) => items,
        _ => &[],
    }
}

fn log_group(index: usize, resource: &Resource, looked: &mut Looked<'_>) {
    if !resource.properties.contains_key("retentionInDays") {
        let mistake =
            Mistake::new(format!("{} keeps its logs for ever", resource.address)).label("no `retentionInDays`");
        let help =
            "set `retentionInDays`, such as 30; where the standard library makes it, by its own property".to_owned();
        looked.say(index, PropertyPath::whole(), "kept-for-ever", mistake.help(help));
    }
}

fn data(index: usize, resource: &Resource, looked: &mut Looked<'_>) {
    let options = &resource.options;
    let guarded = ["deletionProtection", "deletionProtectionEnabled"]
        .iter()
        .any(|name| resource.properties.get(*name) == Some(&Value::Bool(true)));
    if options.protect != Some(true) && !options.retain && !guarded {
        let mistake = Mistake::new(format!("{} goes with its data when it leaves the script", resource.address));
        let help = "give it an option in the third place: #{ protect: true } or #{ retain: true }".to_owned();
        looked.say(index, PropertyPath::whole(), "unprotected-data", mistake.label("not protected").help(help));
    }
}
