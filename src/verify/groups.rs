//! Whether the members of a cluster reach each other through their security groups.

use aws_sdk_ec2::types::IpPermission;

use super::sight::{Named, exists, items, member, number};
use super::{Look, Outcome};
use crate::cloud::failed;
use crate::model::Value;
use crate::plan::Change;

impl Look<'_> {
    /// Whether members let each other in, where a cluster is expected.
    pub(super) async fn members(&mut self, network: &Value) {
        let Some(formation) = &self.change.options.formation else { return };
        let port = i64::from(formation.port);
        let what = format!("members on port {port}");
        let groups = items(member(network, "securityGroups")).to_vec();
        if groups.is_empty() {
            let says = "they are in the default group of their VPC, which lets its like in unless it was changed";
            return self.tell(Outcome::Unseen, what, says, None);
        }
        let mut unknown = false;
        for group in &groups {
            let lets_in = match self.sight.named(group) {
                Named::Own(own) if !exists(own) || !own.wanted.is_empty() => self.lets_in(own, &groups, port),
                Named::Own(own) => match &own.id {
                    Some(id) => self.lets_in_there(id, port).await.unwrap_or_default(),
                    None => false,
                },
                Named::Other(id) => match self.lets_in_there(&id, port).await {
                    Ok(found) => found,
                    Err(error) if error.is_not_found() => {
                        return self.failed(what, error.message.clone(), "look at the identifier, and at the region");
                    }
                    Err(error) => return self.unseen(what, &error),
                },
                Named::Unknown => {
                    unknown = true;
                    false
                }
            };
            if lets_in {
                return self.ok(what, "their security group lets them in from each other");
            }
        }
        if unknown {
            return self.tell(Outcome::Unseen, what, "their group is not known before the run", None);
        }
        let help = format!("let the group in from itself: group.allow_from(group, {port})");
        self.failed(what, "no rule of their security groups lets them in from each other", &help);
    }

    /// Whether a group of the program lets members in, by rules inside it or beside.
    fn lets_in(&self, group: &Change, groups: &[Value], port: i64) -> bool {
        let inside = items(group.wanted.get("securityGroupIngress")).iter();
        let beside = self
            .sight
            .all("AWS::EC2::SecurityGroupIngress")
            .filter(|rule| self.sight.names(rule.wanted.get("groupId"), group));
        let beside: Vec<Value> = beside.map(|rule| Value::Map(rule.wanted.clone())).collect();
        inside.chain(&beside).any(|rule| {
            let protocol = member(rule, "ipProtocol").and_then(Value::as_str);
            let from = number(member(rule, "fromPort")).unwrap_or(0);
            let to = number(member(rule, "toPort")).unwrap_or(65_535);
            let of_port = match protocol {
                Some("-1") => true,
                Some("tcp" | "6") => (from..=to).contains(&port),
                _ => false,
            };
            let source = member(rule, "sourceSecurityGroupId");
            let of_members = match source {
                Some(source) if source.as_str() == Some("self") => true,
                Some(source) => groups.iter().any(|group| match self.sight.named(group) {
                    Named::Own(own) => self.sight.names(Some(source), own),
                    Named::Other(id) => source.as_str() == Some(&id),
                    Named::Unknown => false,
                }),
                // A range is taken to have the members in it.
                None => member(rule, "cidrIp").is_some(),
            };
            of_port && of_members
        })
    }

    async fn lets_in_there(&self, id: &str, port: i64) -> Result<bool, crate::cloud::CallError> {
        let call = self.cloud.ec2.describe_security_groups().group_ids(id);
        let answer = call.send().await.map_err(failed("ec2:DescribeSecurityGroups"))?;
        let of_port = |rule: &&IpPermission| match rule.ip_protocol() {
            Some("-1") => true,
            Some("tcp") => {
                let from = i64::from(rule.from_port().unwrap_or(0));
                (from..=i64::from(rule.to_port().unwrap_or(65_535))).contains(&port)
            }
            _ => false,
        };
        let rules = answer.security_groups().iter().flat_map(|group| group.ip_permissions());
        Ok(rules.filter(of_port).any(|rule| {
            !rule.ip_ranges().is_empty() || rule.user_id_group_pairs().iter().any(|pair| pair.group_id() == Some(id))
        }))
    }
}
