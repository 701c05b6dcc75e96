//! `AWS::EC2::SecurityGroupIngress` and `AWS::EC2::SecurityGroupEgress`: a rule that is a resource of its own.
//!
//! It is identified by the rule's id (`sgr-…`). One whose answer was lost is taken for this stack's when it says just
//! what is wanted.

use async_trait::async_trait;

use super::properties::{gone_is_fine, in_order, object, refusal, text, unsaid, word};
use super::rule_calls;
use super::rules::{Direction, Rule};
use crate::cloud::{CallError, Cloud};
use crate::kinds::listing::Among;
use crate::kinds::{Accepted, Create, Created, Delete, Facts, Kind, Observed, Update};
use crate::model::JsonMap;

/// A rule of a security group, in one direction.
#[derive(Debug)]
pub struct SecurityGroupRule {
    pub(super) direction: Direction,
    pub(super) facts: &'static Facts,
}

/// The filter for rules by their own ids.
const BY_ID: &str = "security-group-rule-id";

#[async_trait]
impl Kind for SecurityGroupRule {
    fn facts(&self) -> &'static Facts {
        self.facts
    }

    async fn read(&self, cloud: &Cloud, ids: &[String]) -> Result<Vec<Option<Observed>>, CallError> {
        let found = rule_calls::describe(cloud, BY_ID, ids).await?;
        let told = found.iter().filter(|rule| rule_calls::direction(rule) == self.direction).filter_map(|described| {
            let id = described.security_group_rule_id()?;
            let mut properties = Rule::from_described(described)?.to_json(self.direction, None);
            properties.extend(object([("groupId", word(described.group_id()))]));
            Some((id.to_owned(), Observed { properties, attributes: attributes(id) }))
        });
        Ok(in_order(ids, &told.collect()))
    }

    async fn list(&self, cloud: &Cloud, among: Among<'_>) -> Result<Vec<String>, CallError> {
        let found = match (among.within("AWS::EC2::SecurityGroup"), among.is_within()) {
            (Some(groups), _) => rule_calls::describe(cloud, "group-id", groups).await?,
            (None, true) => Vec::new(),
            (None, false) => rule_calls::all(cloud).await?,
        };
        let own = found.into_iter().filter(|rule| rule_calls::direction(rule) == self.direction);
        Ok(own.filter_map(|rule| rule.security_group_rule_id).collect())
    }

    async fn find(&self, cloud: &Cloud, wanted: &Create<'_>) -> Result<Option<String>, CallError> {
        let (group, rule) = self.declared(wanted.properties)?;
        let found = rule_calls::describe(cloud, "group-id", &[group]).await?;
        let same = |(_, found): &(String, Rule)| found.key == rule.key && found.description == rule.description;
        Ok(rule_calls::of(&found, self.direction).into_iter().find(same).map(|(id, _)| id))
    }

    async fn create(&self, cloud: &Cloud, wanted: &Create<'_>) -> Result<Created, CallError> {
        let (group, rule) = self.declared(wanted.properties)?;
        let made = rule_calls::authorize(cloud, self.direction, &group, &[rule]).await?;
        let id = made.into_iter().find_map(|rule| rule.security_group_rule_id);
        let id = id.ok_or_else(|| unsaid(self.action(), "rule's id"))?;
        let accepted = Accepted { attributes: attributes(&id), waiting: None };
        Ok(Created { id, configure: false, accepted })
    }

    async fn update(&self, cloud: &Cloud, change: &Update<'_>) -> Result<Accepted, CallError> {
        if change.changes("description") {
            let (group, rule) = self.declared(change.wanted)?;
            let described = [(change.id.to_owned(), rule.description)];
            rule_calls::redescribe(cloud, self.direction, &group, &described).await?;
        }
        Ok(Accepted::default())
    }

    async fn delete(&self, cloud: &Cloud, target: &Delete<'_>) -> Result<Accepted, CallError> {
        let group = match text(target.prior, "groupId") {
            Some(group) => Some(group),
            None => {
                let found = rule_calls::describe(cloud, BY_ID, &[target.id.to_owned()]).await?;
                found.into_iter().find_map(|rule| rule.group_id)
            }
        };
        if let Some(group) = group {
            let answer = rule_calls::revoke(cloud, self.direction, &group, vec![target.id.to_owned()]).await;
            gone_is_fine(answer)?;
        }
        Ok(Accepted::default())
    }
}

impl SecurityGroupRule {
    /// The group and its rule.
    fn declared(&self, properties: &JsonMap) -> Result<(String, Rule), CallError> {
        let missing = |what: &str| refusal(self.action(), format!("{what} is missing"));
        let group = text(properties, "groupId").ok_or_else(|| missing("`groupId`"))?;
        let rule = Rule::from_json(self.direction, properties, None);
        Ok((group, rule.ok_or_else(|| missing("the protocol or the other side"))?))
    }

    const fn action(&self) -> &'static str {
        match self.direction {
            Direction::Ingress => "ec2:AuthorizeSecurityGroupIngress",
            Direction::Egress => "ec2:AuthorizeSecurityGroupEgress",
        }
    }
}

fn attributes(id: &str) -> JsonMap {
    object([("id", word(Some(id)))])
}
