//! On what an action has to be allowed: the ARNs of a plan's resources, as far as they are known before it is carried out.
//!
//! What is not known is `*` in its place: identifiers that AWS makes up, and what refers to them.

use std::collections::{BTreeMap, BTreeSet};

use crate::kinds;
use crate::model::actions::{arn_of, subject_of};
use crate::model::{Address, Json, Reference, TemplatePart, Value};
use crate::plan::{Change, Plan};

/// How deep references are followed.
const DEEP: usize = 8;

/// The names of what a plan is about.
pub(super) struct Names<'a> {
    changes: BTreeMap<&'a Address, &'a Change>,
    region: &'a str,
    account: &'a str,
}

/// The type of the ARNs of a kind's objects: the prefix of its actions, and the name that AWS has for it.
fn own(kind: &str) -> Option<(&'static str, &'static str)> {
    Some(match kind {
        "AWS::EC2::EIP" => ("ec2", "elastic-ip"),
        "AWS::EC2::InternetGateway" => ("ec2", "internet-gateway"),
        "AWS::EC2::NatGateway" => ("ec2", "natgateway"),
        "AWS::EC2::RouteTable" => ("ec2", "route-table"),
        "AWS::EC2::SecurityGroup" => ("ec2", "security-group"),
        "AWS::EC2::Subnet" => ("ec2", "subnet"),
        "AWS::EC2::VPC" => ("ec2", "vpc"),
        "AWS::EC2::VPCEndpoint" => ("ec2", "vpc-endpoint"),
        "AWS::ECR::Repository" => ("ecr", "repository"),
        "AWS::ECS::Cluster" => ("ecs", "cluster"),
        "AWS::ECS::Service" => ("ecs", "service"),
        "AWS::ECS::TaskDefinition" => ("ecs", "task-definition"),
        "AWS::EFS::AccessPoint" => ("elasticfilesystem", "access-point"),
        "AWS::EFS::FileSystem" => ("elasticfilesystem", "file-system"),
        "AWS::IAM::ManagedPolicy" => ("iam", "policy"),
        "AWS::IAM::Role" => ("iam", "role"),
        "AWS::Logs::LogGroup" => ("logs", "log-group"),
        "AWS::SecretsManager::Secret" => ("secretsmanager", "Secret"),
        "AWS::ServiceDiscovery::HttpNamespace" | "AWS::ServiceDiscovery::PrivateDnsNamespace" => {
            ("servicediscovery", "namespace")
        }
        "AWS::ServiceDiscovery::Service" => ("servicediscovery", "service"),
        _ => return None,
    })
}

impl<'a> Names<'a> {
    pub(super) fn of(plan: &'a Plan) -> Self {
        let changes = plan.changes.iter().map(|change| (&change.address, change)).collect();
        Self { changes, region: &plan.target.region, account: &plan.target.account }
    }

    /// What an action of a change is about; `*` alone where it can be allowed on everything only. `existing` says that it
    /// is about the object there is, not about one that is made.
    pub(super) fn resources(&self, change: &Change, action: &str, existing: bool) -> BTreeSet<String> {
        let mut found = BTreeSet::new();
        let service = action.split(':').next().unwrap_or_default();
        let types: Vec<&str> = subject_of(action).into_iter().flat_map(|subject| subject.types()).collect();
        // What is tagged is the object itself, though others may be.
        let tags = action.ends_with("TagResource") || matches!(action, "ec2:CreateTags" | "ec2:DeleteTags");
        let itself = own(&change.kind).filter(|(of, name)| tags && *of == service && types.contains(name));
        // An operation may be about anything.
        let existing = existing && action != "servicediscovery:GetOperation";
        for of in types.into_iter().filter(|of| itself.is_none_or(|(_, name)| name == *of)) {
            for parts in self.parts(change, service, of, existing) {
                let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
                if let Some(arn) = arn_of(service, of, self.region, self.account, &parts) {
                    // Groups are asked for with their streams, or without.
                    if (service, of) == ("logs", "log-group") {
                        found.insert(format!("{arn}:*"));
                    }
                    found.insert(arn);
                }
            }
        }
        if found.is_empty() {
            found.insert("*".to_owned());
        }
        found
    }

    /// The ARN of a role that a property names.
    pub(super) fn role(&self, value: &Value) -> String {
        let text = self.text(value, DEEP);
        if text.starts_with("arn:") || text == "*" {
            return if text == "*" { format!("arn:aws:iam::{}:role/*", self.account) } else { text };
        }
        format!("arn:aws:iam::{}:role/{text}", self.account)
    }

    /// The ARN of a service's own role, whatever its name.
    pub(super) fn linked_role(&self, service: &str) -> String {
        format!("arn:aws:iam::{}:role/aws-service-role/{service}/*", self.account)
    }

    /// What stands for the variables of the ARNs of a type, for each resource of it that a change is about.
    fn parts(&self, change: &Change, service: &str, of: &str, existing: bool) -> Vec<Vec<String>> {
        let one = |parts: Vec<String>| vec![parts];
        let is_own = own(&change.kind) == Some((service, of));
        match (service, of) {
            ("ecs", "cluster") if is_own => one(vec![self.property(change, "clusterName")]),
            // What is tagged is the service, not its cluster.
            ("ecs", "cluster") if change.kind != "AWS::ECS::ClusterCapacityProviderAssociations" => Vec::new(),
            ("ecs", "cluster") => one(vec![self.cluster(change)]),
            ("ecs", "service") if is_own => one(vec![self.cluster(change), self.property(change, "serviceName")]),
            ("ecs", "task" | "container-instance") if change.kind == "AWS::ECS::Service" => {
                one(vec![self.cluster(change), "*".to_owned()])
            }
            ("ecs", "task-definition") if is_own => one(vec![self.property(change, "family"), "*".to_owned()]),
            ("ecs", _) => Vec::new(),
            ("iam", "role") if is_own => one(vec![self.with_path(change, "roleName")]),
            ("iam", "policy") if is_own => one(vec![self.with_path(change, "managedPolicyName")]),
            ("iam", "role") if change.kind == "AWS::IAM::ManagedPolicy" => {
                let roles = change.wanted.get("roles");
                let Some(Value::List(roles)) = roles else { return one(Vec::new()) };
                roles.iter().map(|role| vec![format!("*{}", self.text(role, DEEP))]).collect()
            }
            ("logs", "log-group") if is_own => one(vec![self.property(change, "logGroupName")]),
            // A service's groups are named in its task definition.
            ("logs", "log-group") => one(Vec::new()),
            ("secretsmanager", "Secret") if is_own => one(vec![format!("{}-??????", self.property(change, "name"))]),
            ("ecr", "repository") if is_own => one(vec![self.property(change, "repositoryName")]),
            ("elasticloadbalancing", _) => self.balancing(change, of),
            ("ec2", _) | ("elasticfilesystem", _) | ("servicediscovery", _) => {
                // Tagging is about the object itself, and so is what is done to one that exists.
                let id = change.id.as_deref().filter(|_| is_own && existing);
                // Of an address that is the last part.
                one(id.map(|id| vec![id.rsplit('|').next().unwrap_or(id).to_owned()]).unwrap_or_default())
            }
            _ => one(Vec::new()),
        }
    }

    fn balancing(&self, change: &Change, of: &str) -> Vec<Vec<String>> {
        let sort = match change.wanted.get("type").and_then(Value::as_str) {
            Some("network") => "net",
            _ => "app",
        };
        match (change.kind.as_str(), of) {
            ("AWS::ElasticLoadBalancingV2::LoadBalancer", of) if of == format!("loadbalancer/{sort}/") => {
                vec![vec![self.property(change, "name")]]
            }
            ("AWS::ElasticLoadBalancingV2::TargetGroup", "targetgroup") => vec![vec![self.property(change, "name")]],
            ("AWS::ElasticLoadBalancingV2::Listener", "loadbalancer/app/" | "loadbalancer/net/")
            | ("AWS::ElasticLoadBalancingV2::Listener", "listener/app" | "listener/net")
            | (
                "AWS::ElasticLoadBalancingV2::ListenerRule",
                "listener/app" | "listener/net" | "listener-rule/app" | "listener-rule/net",
            ) => vec![Vec::new()],
            _ => Vec::new(),
        }
    }

    fn cluster(&self, change: &Change) -> String {
        let cluster = match change.wanted.get("cluster") {
            Some(cluster) => self.text(cluster, DEEP),
            // A deletion wants nothing: the identifier of a service ends in its cluster.
            None => match change.id.as_deref().and_then(|id| id.rsplit_once('|')) {
                Some((_, cluster)) => cluster.to_owned(),
                None => change.id.clone().unwrap_or_else(|| "default".to_owned()),
            },
        };
        cluster.rsplit('/').next().unwrap_or_default().to_owned()
    }

    fn with_path(&self, change: &Change, property: &str) -> String {
        let name = self.property(change, property);
        match change.wanted.get("path") {
            Some(path) => format!("{}{name}", self.text(path, DEEP).trim_start_matches('/')),
            // What is deleted may have any path.
            None if change.wanted.is_empty() && name != "*" => format!("*{name}"),
            None => name,
        }
    }

    /// The name of a change's object: as it is wanted, or as its identifier has it.
    fn property(&self, change: &Change, property: &str) -> String {
        match change.wanted.get(property) {
            Some(value) => self.text(value, DEEP),
            None => change.id.as_deref().map_or("*".to_owned(), |id| {
                let id = id.split('|').next().unwrap_or(id);
                let last = id.rsplit('/').next().unwrap_or(id);
                match change.kind.as_str() {
                    "AWS::Logs::LogGroup" => id.to_owned(),
                    "AWS::ECS::TaskDefinition" => last.split(':').next().unwrap_or(last).to_owned(),
                    "AWS::ElasticLoadBalancingV2::LoadBalancer" | "AWS::ElasticLoadBalancingV2::TargetGroup" => {
                        id.split('/').rev().nth(1).unwrap_or("*").to_owned()
                    }
                    "AWS::SecretsManager::Secret" => {
                        let name = id.rsplit(":secret:").next().unwrap_or(id);
                        name.rsplit_once('-').map_or(name, |(name, _)| name).to_owned()
                    }
                    "AWS::ECR::Repository" => id.to_owned(),
                    _ => last.to_owned(),
                }
            }),
        }
    }

    /// A value as text, `*` for what is not known.
    fn text(&self, value: &Value, deep: usize) -> String {
        match value {
            Value::String(text) => text.clone(),
            Value::Ref(reference) => self.attribute(reference, deep),
            Value::Template(parts) => {
                let part = |part: &TemplatePart| match part {
                    TemplatePart::Text(text) => text.clone(),
                    TemplatePart::Ref(reference) => self.attribute(reference, deep),
                    TemplatePart::Secret(_) => "*".to_owned(),
                };
                parts.iter().map(part).collect()
            }
            _ => "*".to_owned(),
        }
    }

    fn attribute(&self, reference: &Reference, deep: usize) -> String {
        let unknown = || "*".to_owned();
        let Some((change, deep)) = self.changes.get(&reference.address).zip(deep.checked_sub(1)) else {
            return unknown();
        };
        let name = reference.attribute.as_str();
        if let Some(value) = change.wanted.get(name) {
            return self.text(value, deep);
        }
        let facts = kinds::by_type(&change.kind).map(|kind| kind.facts());
        if name == "id"
            && let Some(value) = facts.and_then(|facts| change.wanted.get(facts.name_property()))
        {
            return self.text(value, deep);
        }
        if name.to_ascii_lowercase().ends_with("arn")
            && let Some((service, of)) = own(&change.kind)
            && matches!(service, "iam" | "ecs" | "logs" | "ecr")
        {
            let parts = self.parts(change, service, of, false).into_iter().next().unwrap_or_default();
            let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
            return arn_of(service, of, self.region, self.account, &parts).unwrap_or_else(unknown);
        }
        change.attributes.get(name).and_then(Json::as_str).map_or_else(unknown, str::to_owned)
    }
}
