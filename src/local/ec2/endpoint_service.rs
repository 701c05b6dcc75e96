//! The services of AWS that a VPC endpoint can lead to, and their names.
//!
//! Source: <https://docs.aws.amazon.com/vpc/latest/privatelink/aws-services-privatelink-support.html>

use serde::{Deserialize, Serialize};

/// Whether an endpoint is in route tables or in subnets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Form {
    /// In route tables.
    Gateway,
    /// In subnets.
    Interface,
}

impl Form {
    /// As AWS writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Gateway => "Gateway",
            Self::Interface => "Interface",
        }
    }
}

/// Those with gateways, each with its prefix list.
const GATEWAYS: &[(&str, &str)] = &[("dynamodb", "pl-0f1a2b3c"), ("s3", "pl-0a1b2c3d")];

/// Those with interfaces.
const INTERFACES: &[&str] = &[
    "acm-pca",
    "application-autoscaling",
    "autoscaling",
    "backup",
    "cloudformation",
    "cloudtrail",
    "data-servicediscovery",
    "dynamodb",
    "ec2",
    "ec2messages",
    "ecr.api",
    "ecr.dkr",
    "ecs",
    "ecs-agent",
    "ecs-telemetry",
    "elasticfilesystem",
    "elasticloadbalancing",
    "events",
    "execute-api",
    "kinesis-firehose",
    "kinesis-streams",
    "kms",
    "lambda",
    "logs",
    "monitoring",
    "s3",
    "secretsmanager",
    "servicediscovery",
    "sns",
    "sqs",
    "ssm",
    "ssmmessages",
    "states",
    "sts",
    "xray",
];

/// What stands behind the region in the name of a service of AWS; `None` for other names.
pub fn short<'a>(region: &str, service: &'a str) -> Option<&'a str> {
    service.strip_prefix("com.amazonaws.")?.strip_prefix(region)?.strip_prefix('.')
}

/// The forms of endpoints that a service has; `None` when there is no such service.
pub fn forms(region: &str, service: &str) -> Option<Vec<Form>> {
    let name = short(region, service)?;
    let gateway = GATEWAYS.iter().any(|(known, _)| *known == name).then_some(Form::Gateway);
    let interface = INTERFACES.contains(&name).then_some(Form::Interface);
    let forms: Vec<Form> = gateway.into_iter().chain(interface).collect();
    (!forms.is_empty()).then_some(forms)
}

/// The prefix list of a service with gateways.
pub fn prefix_list(service: &str) -> &'static str {
    GATEWAYS.iter().find(|(name, _)| service.ends_with(&format!(".{name}"))).map_or("", |(_, list)| list)
}

/// The name by which a service is called: `api.ecr.eu-west-1.amazonaws.com` for `com.amazonaws.eu-west-1.ecr.api`.
pub fn private_name(region: &str, service: &str) -> String {
    let name = short(region, service).unwrap_or(service);
    match name.split_once('.') {
        Some(("ecr", "dkr")) => format!("*.dkr.ecr.{region}.amazonaws.com"),
        Some((service, part)) => format!("{part}.{service}.{region}.amazonaws.com"),
        None => format!("{name}.{region}.amazonaws.com"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn services_are_known_by_their_whole_names_in_their_region() {
        let forms = |service| forms("eu-west-1", service);
        assert_eq!(forms("com.amazonaws.eu-west-1.s3"), Some(vec![Form::Gateway, Form::Interface]));
        assert_eq!(forms("com.amazonaws.eu-west-1.ecr.api"), Some(vec![Form::Interface]));
        for unknown in
            ["ecr.api", "com.amazonaws.eu-west-2.s3", "com.amazonaws.eu-west-1.ecr", "com.amazonaws.eu-west-1"]
        {
            assert_eq!(forms(unknown), None, "{unknown}");
        }
        assert_eq!(private_name("eu-west-1", "com.amazonaws.eu-west-1.ecr.api"), "api.ecr.eu-west-1.amazonaws.com");
        assert_eq!(private_name("eu-west-1", "com.amazonaws.eu-west-1.logs"), "logs.eu-west-1.amazonaws.com");
    }
}
