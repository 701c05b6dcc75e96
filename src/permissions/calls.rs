//! Which actions each kind's code needs, beside those of passing roles and of AWS's own service-linked roles.
//!
//! Source: the code of `src/kinds`, and for what AWS asks beside the call itself the service authorization reference and
//! Cloud Map's "API permissions". CloudFormation's handlers need more: they do more.

/// What stands for every property that is not named by itself.
pub(super) const ANY: &str = "*";

/// The actions that a kind's code needs.
pub(super) struct Calls {
    /// The CloudFormation type.
    pub(super) kind: &'static str,
    /// To make one.
    pub(super) make: &'static [&'static str],
    /// To make one that declares a property.
    pub(super) set: &'static [(&'static str, &'static [&'static str])],
    /// To read one.
    pub(super) read: &'static [&'static str],
    /// To change a property; [`ANY`] stands for all that are not named.
    pub(super) change: &'static [(&'static str, &'static [&'static str])],
    /// To delete one.
    pub(super) remove: &'static [&'static str],
    /// To look for one whose creation was not answered.
    pub(super) find: &'static [&'static str],
    /// To see why it takes long, and what came of it.
    pub(super) wait: &'static [&'static str],
}

/// Nothing.
const NONE: Calls = Calls { kind: "", make: &[], set: &[], read: &[], change: &[], remove: &[], find: &[], wait: &[] };

/// Those of a CloudFormation type.
pub(super) fn of(kind: &str) -> Option<&'static Calls> {
    CALLS.iter().find(|calls| calls.kind == kind)
}

const EC2_TAGS: (&str, &[&str]) = ("tags", &["ec2:CreateTags", "ec2:DeleteTags"]);
const ECS_TAGS: (&str, &[&str]) = ("tags", &["ecs:TagResource", "ecs:UntagResource"]);
const EFS_TAGS: &[&str] = &["elasticfilesystem:TagResource", "elasticfilesystem:UntagResource"];
const ELB_TAGS: (&str, &[&str]) = ("tags", &["elasticloadbalancing:AddTags", "elasticloadbalancing:RemoveTags"]);
const MAP_TAGS: (&str, &[&str]) = ("tags", &["servicediscovery:TagResource", "servicediscovery:UntagResource"]);
const SUBNET: &[&str] = &["ec2:ModifySubnetAttribute"];
const DNS: &[&str] = &["ec2:ModifyVpcAttribute"];
const CAPACITY: &[&str] = &["ecs:PutClusterCapacityProviders"];

static CALLS: &[Calls] = &[
    Calls {
        kind: "AWS::ApplicationAutoScaling::ScalableTarget",
        make: &["application-autoscaling:RegisterScalableTarget", "application-autoscaling:TagResource"],
        set: &[("scheduledActions", &["application-autoscaling:PutScheduledAction"])],
        read: &[
            "application-autoscaling:DescribeScalableTargets",
            "application-autoscaling:DescribeScheduledActions",
            "application-autoscaling:ListTagsForResource",
        ],
        change: &[
            (ANY, &["application-autoscaling:RegisterScalableTarget"]),
            (
                "scheduledActions",
                &["application-autoscaling:PutScheduledAction", "application-autoscaling:DeleteScheduledAction"],
            ),
            ("tags", &["application-autoscaling:TagResource", "application-autoscaling:UntagResource"]),
        ],
        remove: &["application-autoscaling:DeregisterScalableTarget"],
        ..NONE
    },
    Calls {
        kind: "AWS::ApplicationAutoScaling::ScalingPolicy",
        make: &["application-autoscaling:PutScalingPolicy"],
        read: &["application-autoscaling:DescribeScalingPolicies"],
        change: &[(ANY, &["application-autoscaling:PutScalingPolicy"])],
        remove: &["application-autoscaling:DeleteScalingPolicy"],
        ..NONE
    },
    Calls {
        kind: "AWS::EC2::EIP",
        make: &["ec2:AllocateAddress", "ec2:CreateTags"],
        read: &["ec2:DescribeAddresses"],
        change: &[EC2_TAGS],
        remove: &["ec2:ReleaseAddress"],
        ..NONE
    },
    Calls {
        kind: "AWS::EC2::InternetGateway",
        make: &["ec2:CreateInternetGateway", "ec2:CreateTags"],
        read: &["ec2:DescribeInternetGateways"],
        change: &[EC2_TAGS],
        remove: &["ec2:DeleteInternetGateway"],
        ..NONE
    },
    Calls {
        kind: "AWS::EC2::NatGateway",
        make: &["ec2:CreateNatGateway", "ec2:CreateTags"],
        read: &["ec2:DescribeNatGateways"],
        change: &[EC2_TAGS],
        remove: &["ec2:DeleteNatGateway"],
        ..NONE
    },
    Calls {
        kind: "AWS::EC2::Route",
        make: &["ec2:CreateRoute"],
        read: &["ec2:DescribeRouteTables"],
        change: &[(ANY, &["ec2:ReplaceRoute"])],
        remove: &["ec2:DeleteRoute"],
        ..NONE
    },
    Calls {
        kind: "AWS::EC2::RouteTable",
        make: &["ec2:CreateRouteTable", "ec2:CreateTags"],
        read: &["ec2:DescribeRouteTables"],
        change: &[EC2_TAGS],
        remove: &["ec2:DeleteRouteTable"],
        ..NONE
    },
    Calls {
        kind: "AWS::EC2::SecurityGroup",
        make: &["ec2:CreateSecurityGroup", "ec2:CreateTags"],
        set: &[
            ("securityGroupIngress", &["ec2:AuthorizeSecurityGroupIngress", "ec2:DescribeSecurityGroupRules"]),
            (
                "securityGroupEgress",
                &[
                    "ec2:AuthorizeSecurityGroupEgress",
                    "ec2:RevokeSecurityGroupEgress",
                    "ec2:DescribeSecurityGroupRules",
                ],
            ),
        ],
        read: &["ec2:DescribeSecurityGroups"],
        change: &[
            EC2_TAGS,
            (
                "securityGroupIngress",
                &[
                    "ec2:AuthorizeSecurityGroupIngress",
                    "ec2:RevokeSecurityGroupIngress",
                    "ec2:UpdateSecurityGroupRuleDescriptionsIngress",
                    "ec2:DescribeSecurityGroupRules",
                ],
            ),
            (
                "securityGroupEgress",
                &[
                    "ec2:AuthorizeSecurityGroupEgress",
                    "ec2:RevokeSecurityGroupEgress",
                    "ec2:UpdateSecurityGroupRuleDescriptionsEgress",
                    "ec2:DescribeSecurityGroupRules",
                ],
            ),
        ],
        remove: &["ec2:DeleteSecurityGroup"],
        ..NONE
    },
    Calls {
        kind: "AWS::EC2::SecurityGroupEgress",
        make: &["ec2:AuthorizeSecurityGroupEgress"],
        read: &["ec2:DescribeSecurityGroupRules"],
        change: &[(ANY, &["ec2:UpdateSecurityGroupRuleDescriptionsEgress"])],
        remove: &["ec2:RevokeSecurityGroupEgress"],
        ..NONE
    },
    Calls {
        kind: "AWS::EC2::SecurityGroupIngress",
        make: &["ec2:AuthorizeSecurityGroupIngress"],
        read: &["ec2:DescribeSecurityGroupRules"],
        change: &[(ANY, &["ec2:UpdateSecurityGroupRuleDescriptionsIngress"])],
        remove: &["ec2:RevokeSecurityGroupIngress"],
        ..NONE
    },
    Calls {
        kind: "AWS::EC2::Subnet",
        make: &["ec2:CreateSubnet", "ec2:CreateTags"],
        set: &[
            ("mapPublicIpOnLaunch", SUBNET),
            ("assignIpv6AddressOnCreation", SUBNET),
            ("enableDns64", SUBNET),
            ("privateDnsNameOptionsOnLaunch", SUBNET),
        ],
        read: &["ec2:DescribeSubnets", "ec2:DescribeNetworkAcls"],
        change: &[EC2_TAGS, (ANY, SUBNET)],
        remove: &["ec2:DeleteSubnet"],
        ..NONE
    },
    Calls {
        kind: "AWS::EC2::SubnetRouteTableAssociation",
        make: &["ec2:AssociateRouteTable"],
        read: &["ec2:DescribeRouteTables"],
        remove: &["ec2:DisassociateRouteTable"],
        ..NONE
    },
    Calls {
        kind: "AWS::EC2::VPC",
        make: &["ec2:CreateVpc", "ec2:CreateTags"],
        set: &[("enableDnsSupport", DNS), ("enableDnsHostnames", DNS)],
        read: &[
            "ec2:DescribeVpcs",
            "ec2:DescribeVpcAttribute",
            "ec2:DescribeSecurityGroups",
            "ec2:DescribeNetworkAcls",
        ],
        change: &[
            EC2_TAGS,
            ("enableDnsSupport", DNS),
            ("enableDnsHostnames", DNS),
            ("instanceTenancy", &["ec2:ModifyVpcTenancy"]),
        ],
        remove: &["ec2:DeleteVpc"],
        ..NONE
    },
    Calls {
        kind: "AWS::EC2::VPCEndpoint",
        make: &["ec2:CreateVpcEndpoint", "ec2:CreateTags"],
        read: &["ec2:DescribeVpcEndpoints"],
        change: &[EC2_TAGS, (ANY, &["ec2:ModifyVpcEndpoint"])],
        remove: &["ec2:DeleteVpcEndpoints"],
        ..NONE
    },
    Calls {
        kind: "AWS::EC2::VPCGatewayAttachment",
        make: &["ec2:AttachInternetGateway"],
        read: &["ec2:DescribeInternetGateways"],
        change: &[(ANY, &["ec2:AttachInternetGateway", "ec2:DetachInternetGateway"])],
        remove: &["ec2:DetachInternetGateway"],
        ..NONE
    },
    Calls {
        kind: "AWS::ECR::Repository",
        make: &["ecr:CreateRepository", "ecr:TagResource"],
        set: &[
            ("lifecyclePolicy", &["ecr:PutLifecyclePolicy"]),
            ("repositoryPolicyText", &["ecr:SetRepositoryPolicy"]),
        ],
        read: &[
            "ecr:DescribeRepositories",
            "ecr:GetLifecyclePolicy",
            "ecr:GetRepositoryPolicy",
            "ecr:ListTagsForResource",
        ],
        change: &[
            ("imageTagMutability", &["ecr:PutImageTagMutability"]),
            ("imageTagMutabilityExclusionFilters", &["ecr:PutImageTagMutability"]),
            ("imageScanningConfiguration", &["ecr:PutImageScanningConfiguration"]),
            ("lifecyclePolicy", &["ecr:PutLifecyclePolicy", "ecr:DeleteLifecyclePolicy"]),
            ("repositoryPolicyText", &["ecr:SetRepositoryPolicy", "ecr:DeleteRepositoryPolicy"]),
            ("tags", &["ecr:TagResource", "ecr:UntagResource"]),
        ],
        remove: &["ecr:DeleteRepository"],
        ..NONE
    },
    Calls {
        kind: "AWS::ECS::Cluster",
        make: &["ecs:CreateCluster", "ecs:TagResource"],
        read: &["ecs:DescribeClusters"],
        change: &[
            ECS_TAGS,
            ("capacityProviders", CAPACITY),
            ("defaultCapacityProviderStrategy", CAPACITY),
            (ANY, &["ecs:UpdateCluster"]),
        ],
        remove: &["ecs:DeleteCluster"],
        ..NONE
    },
    Calls {
        kind: "AWS::ECS::ClusterCapacityProviderAssociations",
        make: CAPACITY,
        read: &["ecs:DescribeClusters"],
        change: &[(ANY, CAPACITY)],
        remove: CAPACITY,
        ..NONE
    },
    Calls {
        kind: "AWS::ECS::Service",
        make: &["ecs:CreateService", "ecs:TagResource"],
        read: &["ecs:DescribeServices"],
        change: &[ECS_TAGS, (ANY, &["ecs:UpdateService"])],
        remove: &["ecs:DeleteService", "ecs:ListTasks"],
        wait: &["ecs:ListTasks", "ecs:DescribeTasks", "ecs:DescribeTaskDefinition", "logs:FilterLogEvents"],
        ..NONE
    },
    Calls {
        kind: "AWS::ECS::TaskDefinition",
        make: &["ecs:RegisterTaskDefinition", "ecs:TagResource"],
        read: &["ecs:DescribeTaskDefinition"],
        change: &[ECS_TAGS],
        remove: &["ecs:DeregisterTaskDefinition"],
        find: &["ecs:ListTaskDefinitions"],
        ..NONE
    },
    Calls {
        kind: "AWS::EFS::AccessPoint",
        make: &["elasticfilesystem:CreateAccessPoint", "elasticfilesystem:TagResource"],
        read: &["elasticfilesystem:DescribeAccessPoints"],
        change: &[("accessPointTags", EFS_TAGS)],
        remove: &["elasticfilesystem:DeleteAccessPoint"],
        ..NONE
    },
    Calls {
        kind: "AWS::EFS::FileSystem",
        make: &["elasticfilesystem:CreateFileSystem", "elasticfilesystem:TagResource"],
        set: &[
            ("backupPolicy", &["elasticfilesystem:PutBackupPolicy"]),
            ("fileSystemPolicy", &["elasticfilesystem:PutFileSystemPolicy"]),
            ("fileSystemProtection", &["elasticfilesystem:UpdateFileSystemProtection"]),
            ("lifecyclePolicies", &["elasticfilesystem:PutLifecycleConfiguration"]),
        ],
        read: &[
            "elasticfilesystem:DescribeFileSystems",
            "elasticfilesystem:DescribeBackupPolicy",
            "elasticfilesystem:DescribeFileSystemPolicy",
            "elasticfilesystem:DescribeLifecycleConfiguration",
        ],
        change: &[
            ("backupPolicy", &["elasticfilesystem:PutBackupPolicy"]),
            (
                "fileSystemPolicy",
                &["elasticfilesystem:PutFileSystemPolicy", "elasticfilesystem:DeleteFileSystemPolicy"],
            ),
            ("fileSystemProtection", &["elasticfilesystem:UpdateFileSystemProtection"]),
            ("lifecyclePolicies", &["elasticfilesystem:PutLifecycleConfiguration"]),
            ("fileSystemTags", EFS_TAGS),
            (ANY, &["elasticfilesystem:UpdateFileSystem"]),
        ],
        remove: &["elasticfilesystem:DeleteFileSystem"],
        ..NONE
    },
    Calls {
        kind: "AWS::EFS::MountTarget",
        make: &["elasticfilesystem:CreateMountTarget"],
        read: &["elasticfilesystem:DescribeMountTargets", "elasticfilesystem:DescribeMountTargetSecurityGroups"],
        change: &[(ANY, &["elasticfilesystem:ModifyMountTargetSecurityGroups"])],
        remove: &["elasticfilesystem:DeleteMountTarget"],
        ..NONE
    },
    Calls {
        kind: "AWS::ElasticLoadBalancingV2::Listener",
        make: &["elasticloadbalancing:CreateListener"],
        set: &[("listenerAttributes", &["elasticloadbalancing:ModifyListenerAttributes"])],
        read: &["elasticloadbalancing:DescribeListeners", "elasticloadbalancing:DescribeListenerAttributes"],
        change: &[
            ("listenerAttributes", &["elasticloadbalancing:ModifyListenerAttributes"]),
            (ANY, &["elasticloadbalancing:ModifyListener"]),
        ],
        remove: &["elasticloadbalancing:DeleteListener"],
        ..NONE
    },
    Calls {
        kind: "AWS::ElasticLoadBalancingV2::ListenerRule",
        make: &["elasticloadbalancing:CreateRule"],
        read: &["elasticloadbalancing:DescribeRules"],
        change: &[
            ("priority", &["elasticloadbalancing:SetRulePriorities"]),
            (ANY, &["elasticloadbalancing:ModifyRule"]),
        ],
        remove: &["elasticloadbalancing:DeleteRule"],
        ..NONE
    },
    Calls {
        kind: "AWS::ElasticLoadBalancingV2::LoadBalancer",
        make: &["elasticloadbalancing:CreateLoadBalancer", "elasticloadbalancing:AddTags"],
        set: &[("loadBalancerAttributes", &["elasticloadbalancing:ModifyLoadBalancerAttributes"])],
        read: &[
            "elasticloadbalancing:DescribeLoadBalancers",
            "elasticloadbalancing:DescribeLoadBalancerAttributes",
            "elasticloadbalancing:DescribeTags",
        ],
        change: &[
            ELB_TAGS,
            ("loadBalancerAttributes", &["elasticloadbalancing:ModifyLoadBalancerAttributes"]),
            ("ipAddressType", &["elasticloadbalancing:SetIpAddressType"]),
            ("securityGroups", &["elasticloadbalancing:SetSecurityGroups"]),
            ("subnets", &["elasticloadbalancing:SetSubnets"]),
            ("subnetMappings", &["elasticloadbalancing:SetSubnets"]),
            ("enforceSecurityGroupInboundRulesOnPrivateLinkTraffic", &["elasticloadbalancing:SetSecurityGroups"]),
        ],
        remove: &["elasticloadbalancing:DeleteLoadBalancer"],
        wait: &["ec2:DescribeNetworkInterfaces"],
        ..NONE
    },
    Calls {
        kind: "AWS::ElasticLoadBalancingV2::TargetGroup",
        make: &["elasticloadbalancing:CreateTargetGroup", "elasticloadbalancing:AddTags"],
        set: &[
            ("targets", &["elasticloadbalancing:RegisterTargets"]),
            ("targetGroupAttributes", &["elasticloadbalancing:ModifyTargetGroupAttributes"]),
        ],
        read: &[
            "elasticloadbalancing:DescribeTargetGroups",
            "elasticloadbalancing:DescribeTargetGroupAttributes",
            "elasticloadbalancing:DescribeTargetHealth",
            "elasticloadbalancing:DescribeTags",
        ],
        change: &[
            ELB_TAGS,
            ("targets", &["elasticloadbalancing:RegisterTargets", "elasticloadbalancing:DeregisterTargets"]),
            ("targetGroupAttributes", &["elasticloadbalancing:ModifyTargetGroupAttributes"]),
            (ANY, &["elasticloadbalancing:ModifyTargetGroup"]),
        ],
        remove: &["elasticloadbalancing:DeleteTargetGroup"],
        ..NONE
    },
    Calls {
        kind: "AWS::IAM::ManagedPolicy",
        make: &["iam:CreatePolicy"],
        set: &[("roles", &["iam:AttachRolePolicy"])],
        read: &["iam:GetPolicy", "iam:GetPolicyVersion", "iam:ListEntitiesForPolicy"],
        change: &[
            ("policyDocument", &["iam:CreatePolicyVersion", "iam:ListPolicyVersions", "iam:DeletePolicyVersion"]),
            ("roles", &["iam:AttachRolePolicy", "iam:DetachRolePolicy"]),
        ],
        remove: &["iam:DetachRolePolicy", "iam:ListPolicyVersions", "iam:DeletePolicyVersion", "iam:DeletePolicy"],
        ..NONE
    },
    Calls {
        kind: "AWS::IAM::Role",
        make: &["iam:CreateRole", "iam:TagRole"],
        set: &[("policies", &["iam:PutRolePolicy"]), ("managedPolicyArns", &["iam:AttachRolePolicy"])],
        read: &["iam:GetRole", "iam:ListRolePolicies", "iam:GetRolePolicy", "iam:ListAttachedRolePolicies"],
        change: &[
            ("assumeRolePolicyDocument", &["iam:UpdateAssumeRolePolicy"]),
            ("policies", &["iam:PutRolePolicy", "iam:DeleteRolePolicy"]),
            ("managedPolicyArns", &["iam:AttachRolePolicy", "iam:DetachRolePolicy"]),
            ("permissionsBoundary", &["iam:PutRolePermissionsBoundary", "iam:DeleteRolePermissionsBoundary"]),
            ("tags", &["iam:TagRole", "iam:UntagRole"]),
            (ANY, &["iam:UpdateRole"]),
        ],
        remove: &["iam:DeleteRolePolicy", "iam:DetachRolePolicy", "iam:ListInstanceProfilesForRole", "iam:DeleteRole"],
        ..NONE
    },
    Calls {
        kind: "AWS::Logs::LogGroup",
        make: &["logs:CreateLogGroup", "logs:TagResource"],
        set: &[("retentionInDays", &["logs:PutRetentionPolicy"])],
        read: &["logs:DescribeLogGroups", "logs:ListTagsForResource"],
        change: &[
            ("deletionProtectionEnabled", &["logs:PutLogGroupDeletionProtection"]),
            ("kmsKeyId", &["logs:AssociateKmsKey", "logs:DisassociateKmsKey"]),
            ("retentionInDays", &["logs:PutRetentionPolicy", "logs:DeleteRetentionPolicy"]),
            ("tags", &["logs:TagResource", "logs:UntagResource"]),
        ],
        remove: &["logs:DeleteLogGroup"],
        ..NONE
    },
    Calls {
        kind: "AWS::SecretsManager::Secret",
        make: &["secretsmanager:CreateSecret", "secretsmanager:TagResource"],
        set: &[("generateSecretString", &["secretsmanager:GetRandomPassword"])],
        read: &["secretsmanager:DescribeSecret"],
        change: &[
            ("secretString", &["secretsmanager:PutSecretValue"]),
            ("generateSecretString", &["secretsmanager:GetRandomPassword", "secretsmanager:PutSecretValue"]),
            ("tags", &["secretsmanager:TagResource", "secretsmanager:UntagResource"]),
            (ANY, &["secretsmanager:UpdateSecret"]),
        ],
        remove: &["secretsmanager:DeleteSecret"],
        ..NONE
    },
    Calls {
        kind: "AWS::ServiceDiscovery::HttpNamespace",
        make: &[
            "servicediscovery:CreateHttpNamespace",
            "servicediscovery:TagResource",
            "servicediscovery:GetOperation",
        ],
        read: &["servicediscovery:GetNamespace", "servicediscovery:ListTagsForResource"],
        change: &[MAP_TAGS, (ANY, &["servicediscovery:UpdateHttpNamespace", "servicediscovery:GetOperation"])],
        remove: &["servicediscovery:DeleteNamespace", "servicediscovery:GetOperation"],
        find: &["servicediscovery:ListOperations", "servicediscovery:ListNamespaces"],
        ..NONE
    },
    Calls {
        kind: "AWS::ServiceDiscovery::PrivateDnsNamespace",
        make: &[
            "servicediscovery:CreatePrivateDnsNamespace",
            "servicediscovery:TagResource",
            "servicediscovery:GetOperation",
            "route53:CreateHostedZone",
            "route53:GetHostedZone",
            "route53:ListHostedZonesByName",
            "ec2:DescribeVpcs",
            "ec2:DescribeRegions",
        ],
        read: &["servicediscovery:GetNamespace", "servicediscovery:ListTagsForResource"],
        change: &[
            MAP_TAGS,
            (
                ANY,
                &[
                    "servicediscovery:UpdatePrivateDnsNamespace",
                    "servicediscovery:GetOperation",
                    "route53:ChangeResourceRecordSets",
                ],
            ),
        ],
        remove: &["servicediscovery:DeleteNamespace", "servicediscovery:GetOperation"],
        find: &["servicediscovery:ListOperations", "servicediscovery:ListNamespaces"],
        ..NONE
    },
    Calls {
        kind: "AWS::ServiceDiscovery::Service",
        make: &["servicediscovery:CreateService", "servicediscovery:TagResource"],
        read: &["servicediscovery:GetService", "servicediscovery:ListTagsForResource"],
        change: &[MAP_TAGS, (ANY, &["servicediscovery:UpdateService", "servicediscovery:GetOperation"])],
        remove: &["servicediscovery:DeleteService"],
        find: &["servicediscovery:ListServices"],
        ..NONE
    },
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kinds::KINDS;
    use crate::model::actions::subject_of;

    #[test]
    fn every_kind_has_its_calls_and_every_action_is_known() {
        for kind in KINDS {
            assert!(of(kind.facts().type_name).is_some(), "{}", kind.facts().type_name);
        }
        for calls in CALLS {
            let by_property = calls.set.iter().chain(calls.change).flat_map(|(_, actions)| *actions);
            let whole = [calls.make, calls.read, calls.remove, calls.find, calls.wait].concat();
            for action in by_property.chain(&whole) {
                assert!(subject_of(action).is_some(), "{} {action}", calls.kind);
            }
        }
    }
}
