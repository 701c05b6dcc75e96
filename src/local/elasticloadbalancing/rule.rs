//! Rules of listeners, by priority. The default rule of a listener is the listener itself, told as a rule.

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::super::members::Members;
use super::super::service::Fault;
use super::super::store::{Object, Tx};
use super::listener::{self, Listener};
use super::tags::{self, Tags};
use super::{action, arn, condition, fresh, load_balancer, paged, usage};
use crate::model::Json;

/// The most rules a load balancer has.
/// Source: <https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-limits.html>
const MOST: usize = 100;

/// A rule.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Rule {
    /// Its ARN.
    pub arn: String,
    /// Its tags.
    pub tags: Tags,
    listener: String,
    priority: i64,
    conditions: Vec<Json>,
    actions: Vec<Json>,
    groups: Vec<String>,
}

impl Object for Rule {
    const TABLE: &'static str = "elb.rule";

    fn key(&self) -> String {
        self.arn.clone()
    }

    fn parent(&self) -> String {
        self.listener.clone()
    }
}

impl Rule {
    fn show(&self) -> Json {
        json!({
            "RuleArn": self.arn,
            "Priority": self.priority.to_string(),
            "Conditions": self.conditions,
            "Actions": self.actions,
            "IsDefault": false,
        })
    }
}

/// The default rule of a listener.
fn default_of(listener: &Listener) -> Json {
    json!({
        "RuleArn": format!("{}/default", listener.arn.replace(":listener/", ":listener-rule/")),
        "Priority": "default",
        "Conditions": [],
        "Actions": listener.actions,
        "IsDefault": true,
    })
}

/// The rule of an ARN.
pub fn find(tx: &Tx<'_>, arn: &str) -> Result<Rule, Fault> {
    let absent = || Fault::new("RuleNotFound", format!("Rule '{arn}' not found"));
    tx.get(arn)?.ok_or_else(absent)
}

/// The rule that a call changes, which is not a default one.
fn asked(tx: &Tx<'_>, members: &Members<'_>) -> Result<Rule, Fault> {
    let arn = members.required("RuleArn")?;
    if arn.ends_with("/default") {
        return Err(Fault::new("OperationNotPermitted", format!("Default rule '{arn}' cannot be modified or deleted")));
    }
    find(tx, arn)
}

/// `CreateRule`.
pub fn create(tx: &mut Tx<'_>, members: &Members<'_>) -> Result<Json, Fault> {
    let listener = listener::find(tx, members.required("ListenerArn")?)?;
    let balancer = load_balancer::find(tx, &listener.balancer)?;
    if balancer.network {
        let message = "Rules are not supported for listeners of network load balancers";
        return Err(Fault::new("InvalidConfigurationRequest", message));
    }
    let priority = members.number("Priority", 1, 50_000)?;
    let priority = priority.ok_or_else(|| members.refuse("A rule must have a priority"))?;
    let rules = tx.under::<Rule>(&listener.arn)?;
    if rules.len() >= MOST {
        return Err(Fault::new("TooManyRules", "The maximum number of rules on the load balancer has been reached"));
    }
    if rules.iter().any(|rule| rule.priority == priority) {
        return Err(in_use(priority));
    }
    if !members.list("Transforms")?.is_empty() {
        return Err(members.refuse("The embedded AWS has nothing to do Transforms with"));
    }
    let conditions = condition::read(members)?;
    let actions = action::read(tx, members, "Actions", &balancer)?;
    let id = fresh(tx, "rule")?;
    let rule = Rule {
        arn: arn(tx, &format!("listener-rule/{}/{id}", listener.path())),
        tags: tags::at_creation(members)?,
        listener: listener.arn,
        priority,
        conditions,
        actions: actions.told,
        groups: actions.groups,
    };
    usage::change(tx, &rule.arn, &balancer.arn, &[], &rule.groups)?;
    tx.put(&rule)?;
    Ok(json!({ "Rules": [rule.show()] }))
}

fn in_use(priority: i64) -> Fault {
    Fault::new("PriorityInUse", format!("Priority '{priority}' is currently in use"))
}

/// `DescribeRules`: by ARN, or of a listener, the default one last.
pub fn describe(tx: &Tx<'_>, members: &Members<'_>) -> Result<Json, Fault> {
    let arns = members.texts("RuleArns")?;
    if let Some(listener) = members.text("ListenerArn")? {
        let listener = listener::find(tx, listener)?;
        let mut rules = tx.under::<Rule>(&listener.arn)?;
        rules.sort_by_key(|rule| rule.priority);
        let mut shown: Vec<Json> = rules.iter().map(Rule::show).collect();
        shown.push(default_of(&listener));
        return Ok(json!({ "Rules": shown }));
    }
    if arns.is_empty() {
        return Err(members.refuse("You must specify either listener rule ARNs or a listener ARN"));
    }
    let mut found = Vec::new();
    for arn in arns {
        found.push(find(tx, arn)?);
    }
    paged(members, "Rules", found, |rule| Ok(rule.show()))
}

/// `ModifyRule`.
pub fn modify(tx: &mut Tx<'_>, members: &Members<'_>) -> Result<Json, Fault> {
    let mut rule = asked(tx, members)?;
    let listener = listener::find(tx, &rule.listener)?;
    let balancer = load_balancer::find(tx, &listener.balancer)?;
    if members.json().contains_key("Conditions") {
        rule.conditions = condition::read(members)?;
    }
    if members.json().contains_key("Actions") {
        let actions = action::read(tx, members, "Actions", &balancer)?;
        usage::change(tx, &rule.arn, &balancer.arn, &rule.groups, &actions.groups)?;
        (rule.actions, rule.groups) = (actions.told, actions.groups);
    }
    tx.put(&rule)?;
    Ok(json!({ "Rules": [rule.show()] }))
}

/// `SetRulePriorities`: all at once, so that two may change places.
pub fn set_priorities(tx: &mut Tx<'_>, members: &Members<'_>) -> Result<Json, Fault> {
    let mut changed = Vec::new();
    for pair in members.structures("RulePriorities")? {
        let mut rule = asked(tx, &pair)?;
        rule.priority = pair.number("Priority", 1, 50_000)?.unwrap_or(rule.priority);
        tx.put(&rule)?;
        changed.push(rule);
    }
    for rule in &changed {
        let of_listener = tx.under::<Rule>(&rule.listener)?;
        if of_listener.iter().any(|other| other.priority == rule.priority && other.arn != rule.arn) {
            return Err(in_use(rule.priority));
        }
    }
    Ok(json!({ "Rules": changed.iter().map(Rule::show).collect::<Vec<_>>() }))
}

/// `DeleteRule`.
pub fn delete(tx: &mut Tx<'_>, members: &Members<'_>) -> Result<Json, Fault> {
    let rule = asked(tx, members)?;
    forget(tx, &rule)?;
    Ok(json!({}))
}

fn forget(tx: &mut Tx<'_>, rule: &Rule) -> Result<(), Fault> {
    // Without what it sent to, whose load balancer it was does not matter.
    usage::change(tx, &rule.arn, "", &rule.groups, &[])?;
    tx.delete::<Rule>(&rule.arn)?;
    Ok(())
}

/// Forgets the rules of a listener.
pub fn forget_all(tx: &mut Tx<'_>, listener: &str) -> Result<(), Fault> {
    for rule in tx.under::<Rule>(listener)? {
        forget(tx, &rule)?;
    }
    Ok(())
}
