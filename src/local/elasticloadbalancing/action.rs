//! Actions of listeners and rules: forward, redirect and fixed response; authentication needs what is not here.

use serde_json::json;

use super::super::members::Members;
use super::super::service::Fault;
use super::super::store::Tx;
use super::load_balancer::LoadBalancer;
use super::target_group::{self, is_http};
use crate::model::{Json, JsonMap};

/// Actions as they are kept and told, and the target groups they send to.
#[derive(Debug)]
pub struct Actions {
    /// As answers have them.
    pub told: Vec<Json>,
    /// ARNs of target groups, each once.
    pub groups: Vec<String>,
}

fn invalid(message: impl Into<String>) -> Fault {
    Fault::new("InvalidLoadBalancerAction", message)
}

/// Reads the actions of a call about a load balancer, with what AWS fills in.
pub fn read(tx: &Tx<'_>, members: &Members<'_>, name: &str, balancer: &LoadBalancer) -> Result<Actions, Fault> {
    let given = members.structures(name)?;
    if given.is_empty() {
        return Err(members.refuse(format!("{name} cannot be empty")));
    }
    if given.len() > 1 {
        return Err(Fault::new("TooManyActions", "A rule has one forward, redirect or fixed-response action"));
    }
    let (mut told, mut groups) = (Vec::new(), Vec::new());
    for action in &given {
        let kind = action.required("Type")?;
        if balancer.network && kind != "forward" {
            return Err(invalid(format!("The action type '{kind}' is not valid with network load balancers")));
        }
        let more = match kind {
            "forward" => forward(tx, action, balancer, &mut groups)?,
            "redirect" => json!({ "RedirectConfig": redirect(action)? }),
            "fixed-response" => json!({ "FixedResponseConfig": fixed_response(action)? }),
            other => return Err(invalid(format!("The embedded AWS has no action of type '{other}'"))),
        };
        let mut one = json!({ "Type": kind });
        if let Some(order) = action.number("Order", 1, 50_000)? {
            one["Order"] = json!(order);
        }
        for (name, value) in more.as_object().into_iter().flatten() {
            one[name] = value.clone();
        }
        told.push(one);
    }
    Ok(Actions { told, groups })
}

fn forward(
    tx: &Tx<'_>,
    action: &Members<'_>,
    balancer: &LoadBalancer,
    groups: &mut Vec<String>,
) -> Result<Json, Fault> {
    let plain = action.text("TargetGroupArn")?;
    let mut tuples = Vec::new();
    let mut stickiness = json!({ "Enabled": false });
    if let Some(config) = action.structure("ForwardConfig")? {
        for tuple in config.structures("TargetGroups")? {
            let weight = tuple.number("Weight", 0, 999)?.unwrap_or(1);
            tuples.push((tuple.required("TargetGroupArn")?, weight));
        }
        if let Some(sticky) = config.structure("TargetGroupStickinessConfig")? {
            let enabled = sticky.flag("Enabled")?.unwrap_or(false);
            let seconds = sticky.number("DurationSeconds", 1, 604_800)?;
            if enabled && seconds.is_none() {
                return Err(invalid("Stickiness needs a duration"));
            }
            stickiness = json!({ "Enabled": enabled, "DurationSeconds": seconds });
        }
    }
    match (plain, tuples.as_slice()) {
        (None, []) => return Err(invalid("A forward action must have a target group")),
        (Some(group), []) => tuples.push((group, 1)),
        (Some(group), [(only, _)]) if group == *only => {}
        (Some(_), _) => return Err(invalid("TargetGroupArn must be the one of ForwardConfig's target groups")),
        (None, _) => {}
    }
    if tuples.len() > 5 {
        return Err(Fault::new("TooManyUniqueTargetGroupsPerLoadBalancer", "An action has at most 5 target groups"));
    }
    for (arn, _) in &tuples {
        let group = target_group::find(tx, arn)?;
        if is_http(&group.protocol) == balancer.network {
            let message = format!(
                "The protocol {} of target group '{arn}' is not supported by the load balancer",
                group.protocol
            );
            return Err(Fault::new("IncompatibleProtocols", message));
        }
        if group.vpc != balancer.vpc {
            let message = format!("The target group '{arn}' is in another VPC than the load balancer");
            return Err(Fault::new("InvalidConfigurationRequest", message));
        }
        if !groups.contains(&group.arn) {
            groups.push(group.arn);
        }
    }
    let list: Vec<Json> =
        (tuples.iter()).map(|(arn, weight)| json!({ "TargetGroupArn": arn, "Weight": weight })).collect();
    let only = (tuples.len() == 1).then(|| tuples[0].0);
    let config = json!({ "TargetGroups": list, "TargetGroupStickinessConfig": stickiness });
    Ok(json!({ "TargetGroupArn": only, "ForwardConfig": config }))
}

fn texts(members: &Members<'_>, names: &[(&str, &str)]) -> Result<JsonMap, Fault> {
    let text = |(name, default): &(&str, &str)| {
        let value = members.text(name)?.unwrap_or(default);
        Ok(((*name).to_owned(), json!(value)))
    };
    names.iter().map(text).collect()
}

fn redirect(action: &Members<'_>) -> Result<JsonMap, Fault> {
    let Some(config) = action.structure("RedirectConfig")? else {
        return Err(invalid("A redirect action needs its RedirectConfig"));
    };
    let status = config.one_of("StatusCode", &["HTTP_301", "HTTP_302"])?;
    let status = status.ok_or_else(|| invalid("A redirect action needs a status code"))?;
    let parts = [
        ("Protocol", "#{protocol}"),
        ("Port", "#{port}"),
        ("Host", "#{host}"),
        ("Path", "/#{path}"),
        ("Query", "#{query}"),
    ];
    let mut told = texts(&config, &parts)?;
    if parts[..4].iter().all(|(name, default)| told[*name] == *default) {
        return Err(invalid("A redirect must change the protocol, port, host or path, or it would loop"));
    }
    told.insert("StatusCode".to_owned(), json!(status));
    Ok(told)
}

fn fixed_response(action: &Members<'_>) -> Result<JsonMap, Fault> {
    let Some(config) = action.structure("FixedResponseConfig")? else {
        return Err(invalid("A fixed-response action needs its FixedResponseConfig"));
    };
    let status = config.required("StatusCode")?;
    let good = status.len() == 3 && status.starts_with(['2', '4', '5']) && status.chars().all(|c| c.is_ascii_digit());
    if !good {
        return Err(invalid(format!("The status code '{status}' must be 2XX, 4XX or 5XX")));
    }
    let kinds = ["text/plain", "text/css", "text/html", "application/javascript", "application/json"];
    let kind = config.one_of("ContentType", &kinds)?.unwrap_or("text/plain");
    let mut told = JsonMap::new();
    told.insert("StatusCode".to_owned(), json!(status));
    told.insert("ContentType".to_owned(), json!(kind));
    if let Some(body) = config.text("MessageBody")? {
        told.insert("MessageBody".to_owned(), json!(config.within("MessageBody", body, 0, 1024)?));
    }
    Ok(told)
}
