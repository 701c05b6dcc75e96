//! What hzscript says in a way of its own, said in CloudFormation's.
//!
//! A rule of a security group about the group itself has the group's own id, which CloudFormation does not know while it
//! makes the group: the rule becomes a resource beside it, as AWS advises in
//! ["AWS::EC2::SecurityGroup"](https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ec2-securitygroup.html).

use serde_json::json;

use super::Entry;
use crate::model::{Json, JsonMap};

/// How scripts say the group itself.
const SELF: &str = "self";

/// Lists of rules: the property, the member that names a group, and the type of a rule that is a resource.
const RULES: [(&str, &str, &str); 2] = [
    ("SecurityGroupEgress", "DestinationSecurityGroupId", "AWS::EC2::SecurityGroupEgress"),
    ("SecurityGroupIngress", "SourceSecurityGroupId", "AWS::EC2::SecurityGroupIngress"),
];

/// Takes out of a resource's properties what must stand beside it, and gives the resources that do. `free` finds an id
/// that no other has.
pub(super) fn beside(
    type_name: &str,
    id: &str,
    properties: &mut JsonMap,
    free: impl Fn(String) -> String,
) -> Vec<Entry> {
    let mut found = Vec::new();
    if type_name != "AWS::EC2::SecurityGroup" {
        return found;
    }
    for (property, member, rule_type) in RULES {
        let Some(Json::Array(rules)) = properties.get_mut(property) else { continue };
        let (own, others): (Vec<Json>, Vec<Json>) = std::mem::take(rules).into_iter().partition(|r| r[member] == SELF);
        let kept = !others.is_empty();
        *rules = others;
        for (number, mut rule) in own.into_iter().enumerate() {
            let group = json!({ "Fn::GetAtt": [id, "GroupId"] });
            rule["GroupId"] = group.clone();
            rule[member] = group;
            let ending = rule_type.rsplit("::").next().unwrap_or_default();
            let ending = ending.strip_prefix("SecurityGroup").unwrap_or(ending);
            let id = free(format!("{id}Self{ending}{}", number + 1));
            found.push(Entry { id, fields: vec![("Type", rule_type.into()), ("Properties", rule)] });
        }
        if kept {
            continue;
        }
        if property == "SecurityGroupEgress" {
            // Without a rule, a group lets everything out: this one lets out what no packet is.
            *rules = vec![json!({
                "CidrIp": "255.255.255.255/32",
                "Description": "Lets nothing out",
                "FromPort": 252,
                "IpProtocol": "icmp",
                "ToPort": 86,
            })];
        } else {
            properties.remove(property);
        }
    }
    found
}
