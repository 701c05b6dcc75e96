//! What leads from one object to another: the few facts about kinds that importing needs and their schemas do not tell.

use crate::model::{Json, JsonMap};

pub(super) const CLUSTER: &str = "AWS::ECS::Cluster";
pub(super) const SERVICE: &str = "AWS::ECS::Service";
pub(super) const TASK_DEFINITION: &str = "AWS::ECS::TaskDefinition";
pub(super) const ROLE: &str = "AWS::IAM::Role";
pub(super) const MANAGED_POLICY: &str = "AWS::IAM::ManagedPolicy";
pub(super) const LOG_GROUP: &str = "AWS::Logs::LogGroup";
pub(super) const GROUP: &str = "AWS::EC2::SecurityGroup";
pub(super) const VPC: &str = "AWS::EC2::VPC";
pub(super) const SUBNET: &str = "AWS::EC2::Subnet";
pub(super) const GATEWAY: &str = "AWS::EC2::InternetGateway";
pub(super) const ATTACHMENT: &str = "AWS::EC2::VPCGatewayAttachment";
pub(super) const TABLE: &str = "AWS::EC2::RouteTable";
pub(super) const ROUTE: &str = "AWS::EC2::Route";
pub(super) const ASSOCIATION: &str = "AWS::EC2::SubnetRouteTableAssociation";
pub(super) const NAT: &str = "AWS::EC2::NatGateway";
pub(super) const ADDRESS: &str = "AWS::EC2::EIP";
pub(super) const ENDPOINT: &str = "AWS::EC2::VPCEndpoint";
pub(super) const BALANCER: &str = "AWS::ElasticLoadBalancingV2::LoadBalancer";
pub(super) const TARGETS: &str = "AWS::ElasticLoadBalancingV2::TargetGroup";
pub(super) const LISTENER: &str = "AWS::ElasticLoadBalancingV2::Listener";
pub(super) const RULE: &str = "AWS::ElasticLoadBalancingV2::ListenerRule";
pub(super) const NAMES: &str = "AWS::ServiceDiscovery::PrivateDnsNamespace";
pub(super) const HTTP_NAMES: &str = "AWS::ServiceDiscovery::HttpNamespace";
pub(super) const REGISTRY: &str = "AWS::ServiceDiscovery::Service";
pub(super) const SCALED: &str = "AWS::ApplicationAutoScaling::ScalableTarget";
pub(super) const SCALING: &str = "AWS::ApplicationAutoScaling::ScalingPolicy";
pub(super) const FILES: &str = "AWS::EFS::FileSystem";
pub(super) const MOUNT: &str = "AWS::EFS::MountTarget";

/// The order in which declarations are read: what others build on comes first.
pub(super) const ORDER: &[&str] = &[
    VPC,
    GATEWAY,
    ATTACHMENT,
    SUBNET,
    TABLE,
    ADDRESS,
    NAT,
    ROUTE,
    ASSOCIATION,
    GROUP,
    "AWS::EC2::SecurityGroupIngress",
    "AWS::EC2::SecurityGroupEgress",
    ENDPOINT,
    NAMES,
    HTTP_NAMES,
    REGISTRY,
    CLUSTER,
    "AWS::ECS::ClusterCapacityProviderAssociations",
    LOG_GROUP,
    "AWS::SecretsManager::Secret",
    "AWS::ECR::Repository",
    FILES,
    MOUNT,
    "AWS::EFS::AccessPoint",
    MANAGED_POLICY,
    ROLE,
    BALANCER,
    TARGETS,
    LISTENER,
    RULE,
    TASK_DEFINITION,
    SERVICE,
    SCALED,
    SCALING,
];

/// Kinds whose objects have no tags of their own and come with those of another: (the other, the kind).
pub(super) const PARTS: &[(&str, &str)] = &[
    (VPC, ATTACHMENT),
    (TABLE, ROUTE),
    (TABLE, ASSOCIATION),
    (FILES, MOUNT),
    (SCALED, SCALING),
    (ROLE, MANAGED_POLICY),
];

/// Kinds whose objects have no name and are called as another is: the kind, and where the identifier of that is.
pub(super) const CALLED_AFTER: &[(&str, &str)] = &[
    (ATTACHMENT, "vpcId"),
    (ROUTE, "routeTableId"),
    (ASSOCIATION, "subnetId"),
    (MOUNT, "subnetId"),
    (LISTENER, "loadBalancerArn"),
    (RULE, "actions/*/targetGroupArn"),
];

/// What else belongs to a cluster.
pub(super) const OF_CLUSTER: &[(&str, &str)] =
    &[(CLUSTER, SERVICE), (SERVICE, SCALED), (BALANCER, LISTENER), (LISTENER, RULE)];

/// What else belongs to a network.
pub(super) const OF_NETWORK: &[(&str, &str)] =
    &[(VPC, SUBNET), (VPC, GATEWAY), (VPC, TABLE), (VPC, NAT), (VPC, ENDPOINT), (NAT, ADDRESS)];

/// That an object names others.
pub(super) struct Lead {
    /// The type of the object.
    pub from: &'static str,
    /// Where, among properties or attributes: names with `/` between levels and `*` for any element.
    pub at: &'static str,
    /// The type of what is named.
    pub to: &'static str,
    /// How it is named.
    pub by: By,
}

/// How an object is named by another.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum By {
    /// By its physical identifier.
    Id,
    /// By an ARN that ends in it.
    Arn,
}

const fn lead(from: &'static str, at: &'static str, to: &'static str, by: By) -> Lead {
    Lead { from, at, to, by }
}

/// What objects of a cluster lead to.
pub(super) const LEADS: &[Lead] = &[
    lead(SERVICE, "taskDefinition", TASK_DEFINITION, By::Id),
    lead(SERVICE, "networkConfiguration/awsvpcConfiguration/securityGroups/*", GROUP, By::Id),
    lead(SERVICE, "loadBalancers/*/targetGroupArn", TARGETS, By::Id),
    lead(SERVICE, "serviceRegistries/*/registryArn", REGISTRY, By::Arn),
    lead(TASK_DEFINITION, "executionRoleArn", ROLE, By::Arn),
    lead(TASK_DEFINITION, "taskRoleArn", ROLE, By::Arn),
    lead(TASK_DEFINITION, "containerDefinitions/*/logConfiguration/options/awslogs-group", LOG_GROUP, By::Id),
    lead(REGISTRY, "namespaceId", NAMES, By::Id),
    lead(REGISTRY, "namespaceId", HTTP_NAMES, By::Id),
    lead(TARGETS, "loadBalancerArns/*", BALANCER, By::Id),
    lead(BALANCER, "securityGroups/*", GROUP, By::Id),
];

/// Kinds of which the list tells what reading does not: of which type a namespace is, and which VPC and subnets every
/// account has anyway.
pub(super) const BY_LIST: &[&str] = &[NAMES, HTTP_NAMES, VPC, SUBNET];

/// What leads to the network.
pub(super) const TO_NETWORK: &[Lead] = &[
    lead(SERVICE, "networkConfiguration/awsvpcConfiguration/subnets/*", SUBNET, By::Id),
    lead(BALANCER, "subnets/*", SUBNET, By::Id),
    lead(SUBNET, "vpcId", VPC, By::Id),
    lead(GROUP, "vpcId", VPC, By::Id),
];

/// Names by which objects are called where a text alone does not tell: the key that holds the name, the type, and the
/// attribute that answers it.
pub(super) const CALLED: &[(&str, &str, &str)] = &[
    ("cluster", CLUSTER, "clusterName"),
    ("awslogs-group", LOG_GROUP, "logGroupName"),
    ("roles", ROLE, "roleName"),
    ("resourceId", SERVICE, "name"),
];

/// The texts at a place.
pub(super) fn texts<'a>(map: &'a JsonMap, at: &str) -> Vec<&'a str> {
    fn below<'a>(value: &'a Json, steps: &[&str], found: &mut Vec<&'a str>) {
        match (steps, value) {
            ([], Json::String(text)) => found.push(text),
            (["*", rest @ ..], Json::Array(items)) => items.iter().for_each(|item| below(item, rest, found)),
            ([name, rest @ ..], Json::Object(map)) => {
                if let Some(value) = map.get(*name) {
                    below(value, rest, found);
                }
            }
            _ => {}
        }
    }
    let steps: Vec<&str> = at.split('/').collect();
    let mut found = Vec::new();
    if let Some((first, rest)) = steps.split_first()
        && let Some(value) = map.get(*first)
    {
        below(value, rest, &mut found);
    }
    found
}

/// The last part of an ARN.
pub(super) fn last_part(arn: &str) -> &str {
    arn.rsplit('/').next().unwrap_or(arn)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::json;

    use super::*;
    use crate::kinds::KINDS;
    use crate::model::{PropertyPath, schemas};

    #[test]
    fn every_kind_has_its_place_in_a_script() {
        let all: BTreeSet<&str> = KINDS.iter().map(|kind| kind.facts().type_name).collect();
        assert_eq!(ORDER.iter().copied().collect::<BTreeSet<_>>(), all);
        assert_eq!(ORDER.len(), all.len());
    }

    #[test]
    fn leads_are_in_the_schemas() {
        for lead in LEADS.iter().chain(TO_NETWORK) {
            let schema = schemas().by_type(lead.from).expect("a schema");
            let first = lead.at.split('/').next().unwrap_or_default();
            assert!(schema.shape_at(&PropertyPath::new(first)).is_some(), "{} {}", lead.from, lead.at);
        }
        for (_, type_name, attribute) in CALLED {
            let schema = schemas().by_type(type_name).expect("a schema");
            assert!(schema.shape.properties.contains_key(*attribute), "{type_name} {attribute}");
        }
    }

    #[test]
    fn texts_are_found_at_their_places() {
        let map = json!({ "a": [{ "b": "1" }, { "c": "2" }, { "b": "3" }], "d": "4" });
        let map = map.as_object().expect("an object");
        assert_eq!(texts(map, "a/*/b"), ["1", "3"]);
        assert_eq!((texts(map, "d"), texts(map, "d/*"), texts(map, "e")), (vec!["4"], vec![], vec![]));
    }
}
