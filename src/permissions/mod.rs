//! Plan → the least that who carries it out must be allowed, as a policy document. A pure function of the plan.
//!
//! [`calls`] says which actions each kind's code needs for what; a test lets plans be carried out by callers who may do
//! exactly that. [`resources`] says on what, as narrowly as it is known before; [`document`] puts statements together.

mod calls;
mod document;
mod resources;

use std::collections::BTreeSet;

use crate::model::schema::schemas;
use crate::model::{Address, Value};
use crate::plan::{Action, Change, Plan};

pub use document::{MANAGED_POLICY_LIMIT, PolicyDocument};
use resources::Names;

/// What a permission is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Use {
    /// What the plan changes.
    Change,
    /// What planning, waiting and the next plan read.
    Read,
    /// What is needed only the first time in an account, after an answer was lost, or where members have to be looked for.
    Sometimes,
    /// Where the state and its keys are.
    State,
}

/// An action on resources.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Permission {
    /// What it is for.
    pub purpose: Use,
    /// Such as `ecs:CreateService`.
    pub action: String,
    /// ARNs, which may be patterns, or `*` alone.
    pub resources: BTreeSet<String>,
    /// A condition key and the value that it must have, such as `iam:PassedToService`.
    pub condition: Option<(String, String)>,
}

/// What carrying out a plan needs beside its resources.
#[derive(Debug, Clone, Default)]
pub struct Surroundings {
    /// The bucket of the state and the prefix of its objects, where it is in Amazon S3.
    pub bucket: Option<(String, String)>,
    /// The KMS key of its secrets, as an ARN, an identifier or an alias.
    pub key: Option<String>,
    /// Actions that only read and were needed to plan it, such as `ec2:DescribeAvailabilityZones` for a look-up.
    pub looked: BTreeSet<String>,
}

/// What carrying out a plan needs.
pub fn permissions(plan: &Plan, surroundings: &Surroundings) -> Vec<Permission> {
    let names = Names::of(plan);
    let mut found = BTreeSet::new();
    for change in &plan.changes {
        of_change(change, &names, &mut found);
    }
    let read: BTreeSet<&str> = found.iter().map(|permission| permission.action.as_str()).collect();
    let looked = surroundings.looked.iter().filter(|action| !read.contains(action.as_str()));
    let looked: Vec<Permission> = looked.map(|action| whole(Use::Read, action)).collect();
    found.extend(looked);
    found.extend(document::of_state(surroundings, &plan.target.region, &plan.target.account));
    found.into_iter().collect()
}

fn whole(purpose: Use, action: &str) -> Permission {
    Permission { purpose, action: action.to_owned(), resources: BTreeSet::from(["*".to_owned()]), condition: None }
}

/// What the call `action` of a change needs a statement for, as narrowly as it is known before the call.
pub fn resource_of(plan: &Plan, address: &Address, action: &str) -> Option<String> {
    let change = plan.changes.iter().find(|change| change.address == *address)?;
    let names = Names::of(plan);
    names.resources(change, action, !change.action.replaces()).into_iter().next()
}

fn of_change(change: &Change, names: &Names<'_>, found: &mut BTreeSet<Permission>) {
    let Some(calls) = calls::of(&change.kind) else {
        found.extend(by_schema(change));
        return;
    };
    let makes = matches!(change.action, Action::Create) || change.action.replaces();
    let removes = matches!(change.action, Action::Delete) || change.action.replaces();
    let mut need = |purpose: Use, action: &str, existing: bool| {
        let resources = names.resources(change, action, existing);
        found.insert(Permission { purpose, action: action.to_owned(), resources, condition: None });
    };
    if change.action != Action::Forget {
        calls.read.iter().for_each(|action| need(Use::Read, action, false));
    }
    if makes {
        calls.make.iter().for_each(|action| need(Use::Change, action, false));
        let declared = calls.set.iter().filter(|(property, _)| change.wanted.contains_key(*property));
        declared.flat_map(|(_, actions)| *actions).for_each(|action| need(Use::Change, action, false));
        calls.find.iter().for_each(|action| need(Use::Sometimes, action, false));
        // A creation that is gone on with sets what is declared.
    }
    if matches!(change.action, Action::Update | Action::Import) {
        for property in changed(change) {
            let own = calls.change.iter().find(|(name, _)| *name == property);
            let other = || calls.change.iter().find(|(name, _)| *name == calls::ANY);
            let actions = own.or_else(other).map(|(_, actions)| *actions).unwrap_or_default();
            actions.iter().for_each(|action| need(Use::Change, action, true));
        }
    }
    if removes {
        calls.remove.iter().for_each(|action| need(Use::Change, action, true));
    }
    if change.action != Action::NoOp && change.action != Action::Forget {
        calls.wait.iter().for_each(|action| need(Use::Sometimes, action, false));
    }
    if makes || matches!(change.action, Action::Update | Action::Import) {
        found.extend(passed(change, names));
    }
    if makes {
        found.extend(beside(change, names));
    }
}

/// Top-level properties that differ.
fn changed(change: &Change) -> BTreeSet<&str> {
    let root = |path: &str| path.find(['.', '[']).unwrap_or(path.len());
    change.differences.iter().map(|found| &found.path[..root(&found.path)]).collect()
}

/// The roles that a change gives to a service.
fn passed<'a>(change: &'a Change, names: &'a Names<'_>) -> impl Iterator<Item = Permission> + 'a {
    let (properties, service): (&[&str], &str) = match change.kind.as_str() {
        "AWS::ECS::TaskDefinition" => (&["taskRoleArn", "executionRoleArn"], "ecs-tasks.amazonaws.com"),
        "AWS::ECS::Service" => (&["role"], "ecs.amazonaws.com"),
        "AWS::ApplicationAutoScaling::ScalableTarget" => (&["roleARN"], "application-autoscaling.amazonaws.com"),
        _ => (&[], ""),
    };
    let given = properties.iter().filter_map(|property| change.wanted.get(*property));
    let passed = given.filter(|role| **role != Value::Null).map(|role| names.role(role));
    passed.filter(|arn| !arn.contains(":role/aws-service-role/")).map(move |arn| Permission {
        purpose: Use::Change,
        action: "iam:PassRole".to_owned(),
        resources: BTreeSet::from([arn]),
        condition: Some(("iam:PassedToService".to_owned(), service.to_owned())),
    })
}

/// What AWS asks for on the caller's behalf when something is made.
fn beside(change: &Change, names: &Names<'_>) -> Vec<Permission> {
    let linked = |service: &str| Permission {
        purpose: Use::Sometimes,
        action: "iam:CreateServiceLinkedRole".to_owned(),
        resources: BTreeSet::from([names.linked_role(service)]),
        condition: Some(("iam:AWSServiceName".to_owned(), service.to_owned())),
    };
    match change.kind.as_str() {
        "AWS::ECS::Cluster" => vec![linked("ecs.amazonaws.com")],
        "AWS::ElasticLoadBalancingV2::LoadBalancer" => vec![linked("elasticloadbalancing.amazonaws.com")],
        "AWS::EFS::FileSystem" => vec![linked("elasticfilesystem.amazonaws.com")],
        "AWS::ApplicationAutoScaling::ScalableTarget" => vec![linked("ecs.application-autoscaling.amazonaws.com")],
        "AWS::EC2::VPCEndpoint"
            if change.wanted.get("vpcEndpointType").and_then(Value::as_str) == Some("Interface") =>
        {
            vec![whole(Use::Change, "route53:AssociateVPCWithHostedZone")]
        }
        _ => Vec::new(),
    }
}

/// What the schema says of a kind that this crate does not know the calls of.
fn by_schema(change: &Change) -> Vec<Permission> {
    let Some(schema) = schemas().by_type(&change.kind) else { return Vec::new() };
    let handlers: &[(&str, Use)] = match change.action {
        Action::NoOp | Action::Settle => &[("read", Use::Read)],
        Action::Create => &[("create", Use::Change), ("read", Use::Read)],
        Action::Update | Action::Import => &[("update", Use::Change), ("read", Use::Read)],
        Action::Delete => &[("delete", Use::Change), ("read", Use::Read)],
        Action::ReplaceCreateFirst | Action::ReplaceDeleteFirst => {
            &[("create", Use::Change), ("delete", Use::Change), ("read", Use::Read)]
        }
        Action::Forget => &[],
    };
    let needed = handlers.iter().flat_map(|(handler, purpose)| {
        let actions = schema.permissions.get(*handler).into_iter().flatten();
        actions.map(|action| whole(*purpose, action))
    });
    needed.collect()
}
