//! What a call needs to be allowed: its own action, and those that go with what it makes, tags or passes on.
//!
//! Sources: the service authorization reference (`model::actions`); ECS developer guide, "Grant permission to tag
//! resources on creation" and its like of the other services; Cloud Map developer guide, "API permissions"; IAM user guide,
//! "Granting a user permissions to pass a role to an AWS service".

use super::super::condition::Keys;
use super::named::{named, resources};
use crate::local::service::Fault;
use crate::local::store::Tx;
use crate::local::wire::Call;
use crate::model::Json;

/// An action on resources.
#[derive(Debug)]
pub(super) struct Need {
    /// Such as `iam:PassRole`.
    pub(super) action: String,
    /// ARNs, or `*`.
    pub(super) resources: Vec<String>,
    /// What is known for conditions.
    pub(super) keys: Keys,
}

impl Need {
    fn new(action: String, resources: Vec<String>) -> Self {
        Self { action, resources, keys: Keys::new() }
    }

    /// The resource as a refusal tells it: none where EC2 tells none.
    pub(super) fn told<'a>(&self, resource: &'a str) -> Option<&'a str> {
        (resource != "*" || !self.action.starts_with("ec2:")).then_some(resource)
    }
}

/// What a call needs, its own action first.
pub(super) fn of(tx: &Tx<'_>, call: &Call) -> Result<Vec<Need>, Fault> {
    let own = format!("{}:{}", call.service, call.action);
    let mut needs = vec![Need::new(own.clone(), resources(tx, call, &own)?)];
    needs.extend(tagging(tx, call)?);
    needs.extend(passing(tx, call));
    let beside: &[&str] = match own.as_str() {
        "servicediscovery:CreatePrivateDnsNamespace" => &[
            "route53:CreateHostedZone",
            "route53:GetHostedZone",
            "route53:ListHostedZonesByName",
            "ec2:DescribeVpcs",
            "ec2:DescribeRegions",
        ],
        "servicediscovery:UpdatePrivateDnsNamespace" => &["route53:ChangeResourceRecordSets"],
        "ec2:CreateVpcEndpoint" if call.params.get("VpcEndpointType").is_some_and(|kind| kind == "Interface") => {
            &["route53:AssociateVPCWithHostedZone"]
        }
        _ => &[],
    };
    for action in beside {
        needs.push(Need::new((*action).to_owned(), resources(tx, call, action)?));
    }
    Ok(needs)
}

/// The actions that tagging at creation needs.
fn tagging(tx: &Tx<'_>, call: &Call) -> Result<Vec<Need>, Fault> {
    if call.service == "ec2" {
        let specifications = call.params.get("TagSpecification").and_then(Json::as_array).into_iter().flatten();
        let tagged = specifications.filter_map(|specification| specification["ResourceType"].as_str());
        let arn = |of: &str| format!("arn:aws:ec2:{}:{}:{of}/*", call.region, tx.account);
        return Ok(tagged.map(|of| Need::new("ec2:CreateTags".to_owned(), vec![arn(of)])).collect());
    }
    let list = |name: &str| match call.params.get(name) {
        Some(Json::Array(tags)) => !tags.is_empty(),
        Some(Json::Object(tags)) => !tags.is_empty(),
        _ => false,
    };
    if !["tags", "Tags"].into_iter().any(list) {
        return Ok(Vec::new());
    }
    let (action, of) = match (call.service, call.action.as_str()) {
        ("iam", "CreateRole") => ("iam:TagRole", "role"),
        ("iam", "CreatePolicy") => ("iam:TagPolicy", "policy"),
        ("ecs", "CreateCluster") => ("ecs:TagResource", "cluster"),
        ("ecs", "CreateService") => ("ecs:TagResource", "service"),
        ("ecs", "RegisterTaskDefinition") => ("ecs:TagResource", "task-definition"),
        ("ecs", "RunTask") => ("ecs:TagResource", "task"),
        ("logs", "CreateLogGroup") => ("logs:TagResource", "log-group"),
        ("ecr", "CreateRepository") => ("ecr:TagResource", "repository"),
        ("secretsmanager", "CreateSecret") => ("secretsmanager:TagResource", "Secret"),
        ("elasticfilesystem", "CreateFileSystem") => ("elasticfilesystem:TagResource", "file-system"),
        ("elasticfilesystem", "CreateAccessPoint") => ("elasticfilesystem:TagResource", "access-point"),
        ("elasticloadbalancing", "CreateLoadBalancer") => ("elasticloadbalancing:AddTags", "loadbalancer"),
        ("elasticloadbalancing", "CreateTargetGroup") => ("elasticloadbalancing:AddTags", "targetgroup"),
        ("elasticloadbalancing", "CreateListener") => ("elasticloadbalancing:AddTags", "listener"),
        ("elasticloadbalancing", "CreateRule") => ("elasticloadbalancing:AddTags", "listener-rule"),
        ("application-autoscaling", "RegisterScalableTarget") => {
            ("application-autoscaling:TagResource", "ScalableTarget")
        }
        ("servicediscovery", "CreateHttpNamespace" | "CreatePrivateDnsNamespace" | "CreateService") => {
            return Ok(vec![Need::new("servicediscovery:TagResource".to_owned(), vec!["*".to_owned()])]);
        }
        _ => return Ok(Vec::new()),
    };
    Ok(vec![Need::new(action.to_owned(), named(tx, call, of)?)])
}

/// The roles that a call gives to a service.
fn passing(tx: &Tx<'_>, call: &Call) -> Vec<Need> {
    let (members, service): (&[&str], &str) = match (call.service, call.action.as_str()) {
        ("ecs", "RegisterTaskDefinition") => (&["taskRoleArn", "executionRoleArn"], "ecs-tasks.amazonaws.com"),
        ("ecs", "CreateService" | "UpdateService") => (&["role"], "ecs.amazonaws.com"),
        ("application-autoscaling", "RegisterScalableTarget") => {
            (&["RoleARN"], "application-autoscaling.amazonaws.com")
        }
        _ => return Vec::new(),
    };
    let given = members.iter().filter_map(|member| call.params.get(*member)?.as_str());
    let passed = given.filter(|role| !role.is_empty() && !role.contains(":role/aws-service-role/"));
    let need = |role: &str| {
        let arn = match role.starts_with("arn:") {
            true => role.to_owned(),
            false => format!("arn:aws:iam::{}:role/{role}", tx.account),
        };
        let keys = Keys::from([("iam:passedtoservice".to_owned(), vec![service.to_owned()])]);
        Need { action: "iam:PassRole".to_owned(), resources: vec![arn], keys }
    };
    passed.map(need).collect()
}
