//! Forms of a property that AWS rewrites into one of its own: what is declared is compared in that form.
//!
//! Sources: `propertyTransform` in CloudFormation's schemas, and
//! [IpPermission](https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_IpPermission.html).

use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::model::{Json, Value};

/// The properties of a kind in the form in which AWS answers them.
pub(super) fn canonical<'a>(
    type_name: &str,
    properties: &'a BTreeMap<String, Value>,
) -> Cow<'a, BTreeMap<String, Value>> {
    match type_name {
        "AWS::EC2::SecurityGroupIngress" | "AWS::EC2::SecurityGroupEgress" => {
            let mut properties = properties.clone();
            rule(&mut properties);
            Cow::Owned(properties)
        }
        "AWS::EC2::SecurityGroup" => {
            let mut properties = properties.clone();
            for list in ["securityGroupIngress", "securityGroupEgress"] {
                if let Some(Value::List(rules)) = properties.get_mut(list) {
                    rules.iter_mut().for_each(|item| {
                        if let Value::Map(item) = item {
                            rule(item);
                        }
                    });
                }
            }
            Cow::Owned(properties)
        }
        "AWS::ServiceDiscovery::Service" => {
            let mut properties = properties.clone();
            if let Some(Value::Map(check)) = properties.get_mut("healthCheckCustomConfig")
                && let Some(threshold) = check.get_mut("failureThreshold")
            {
                // "This parameter is no longer supported and is always set to 1."
                *threshold = Value::from_json(&Json::from(1));
            }
            Cow::Owned(properties)
        }
        "AWS::EC2::VPCEndpoint" => unless_empty(properties, "securityGroupIds"),
        "AWS::EFS::MountTarget" => unless_empty(properties, "securityGroups"),
        _ => Cow::Borrowed(properties),
    }
}

/// Without a list that is empty: what has no security group gets the VPC's default one.
fn unless_empty<'a>(properties: &'a BTreeMap<String, Value>, list: &str) -> Cow<'a, BTreeMap<String, Value>> {
    match properties.get(list) {
        Some(Value::List(groups)) if groups.is_empty() => {
            let mut properties = properties.clone();
            properties.remove(list);
            Cow::Owned(properties)
        }
        _ => Cow::Borrowed(properties),
    }
}

/// Protocols by their names, and ports only where they mean something: elsewhere both are -1.
fn rule(rule: &mut BTreeMap<String, Value>) {
    let Some(Json::String(written)) = rule.get("ipProtocol").and_then(Value::to_json).map(as_text) else { return };
    let protocol = match written.to_lowercase().as_str() {
        "1" => "icmp",
        "6" => "tcp",
        "17" => "udp",
        "58" => "icmpv6",
        "all" => "-1",
        other => other,
    }
    .to_owned();
    if !matches!(protocol.as_str(), "tcp" | "udp" | "icmp" | "icmpv6") {
        for port in ["fromPort", "toPort"] {
            rule.entry(port.to_owned()).and_modify(|port| *port = Value::from_json(&Json::from(-1)));
        }
    }
    rule.insert("ipProtocol".to_owned(), Value::String(protocol));
}

fn as_text(json: Json) -> Json {
    match json {
        Json::Number(number) => Json::String(number.to_string()),
        other => other,
    }
}
