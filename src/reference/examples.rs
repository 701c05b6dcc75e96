//! Examples of builders, one file each: comments at its head are the summary of the kind, the rest is the script.

/// An example of a builder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Example {
    /// What the kind is for, in a sentence.
    pub(super) summary: String,
    /// A script that stands by itself.
    pub(super) script: String,
}

macro_rules! files {
    ($($kind:literal)*) => {
        [$(($kind, include_str!(concat!("examples/", $kind, ".rhai"))),)*]
    };
}

/// The files, by the names of the builders.
pub(super) const FILES: [(&str, &str); 41] = files! {
    "apigatewayv2_vpc_link"
    "applicationautoscaling_scalable_target"
    "applicationautoscaling_scaling_policy"
    "cloudwatch_alarm"
    "ec2_eip"
    "ec2_flow_log"
    "ec2_internet_gateway"
    "ec2_nat_gateway"
    "ec2_route"
    "ec2_route_table"
    "ec2_security_group"
    "ec2_security_group_egress"
    "ec2_security_group_ingress"
    "ec2_subnet"
    "ec2_subnet_route_table_association"
    "ec2_vpc"
    "ec2_vpc_endpoint"
    "ec2_vpc_gateway_attachment"
    "ecr_repository"
    "ecs_cluster"
    "ecs_cluster_capacity_provider_associations"
    "ecs_service"
    "ecs_task_definition"
    "efs_access_point"
    "efs_file_system"
    "efs_mount_target"
    "elasticloadbalancingv2_listener"
    "elasticloadbalancingv2_listener_rule"
    "elasticloadbalancingv2_load_balancer"
    "elasticloadbalancingv2_target_group"
    "iam_instance_profile"
    "iam_managed_policy"
    "iam_policy"
    "iam_role"
    "iam_role_policy"
    "logs_log_group"
    "secretsmanager_secret"
    "servicediscovery_http_namespace"
    "servicediscovery_private_dns_namespace"
    "servicediscovery_service"
    "ssm_parameter"
};

/// The example of a builder; none of a kind that the program was taught while it runs.
pub(super) fn of(kind: &str) -> Option<Example> {
    let (_, text) = FILES.iter().find(|(name, _)| *name == kind)?;
    let comments = text.lines().take_while(|line| line.starts_with("//"));
    let summary: Vec<&str> = comments.map(|line| line.trim_start_matches('/').trim()).collect();
    let script: Vec<&str> = text.lines().skip(summary.len()).collect();
    Some(Example { summary: summary.join(" "), script: script.join("\n").trim().to_owned() })
}
