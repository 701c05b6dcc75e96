//! Conditions of rules.
//!
//! Source: API reference, `RuleCondition`, and "Quotas for your Application Load Balancers": at most five values in all.

use ipnet::IpNet;
use serde_json::json;

use super::super::members::Members;
use super::super::service::Fault;
use crate::model::Json;

/// A rule's most values, over all its conditions.
const MOST_VALUES: usize = 5;

/// Reads the conditions of a call, as answers have them.
pub fn read(members: &Members<'_>) -> Result<Vec<Json>, Fault> {
    let given = members.structures("Conditions")?;
    if given.is_empty() {
        return Err(members.refuse("A rule must have at least one condition"));
    }
    let (mut told, mut count) = (Vec::new(), 0);
    for condition in &given {
        let (one, values) = condition_of(condition)?;
        told.push(one);
        count += values;
    }
    if count > MOST_VALUES {
        return Err(members.refuse(format!("A rule can only have '{MOST_VALUES}' condition values")));
    }
    Ok(told)
}

/// A condition and how many values it has.
fn condition_of(condition: &Members<'_>) -> Result<(Json, usize), Fault> {
    let field = condition.required("Field")?;
    let (config, longest) = match field {
        "path-pattern" => ("PathPatternConfig", 128),
        "host-header" => ("HostHeaderConfig", 128),
        "http-header" => ("HttpHeaderConfig", 128),
        "http-request-method" => ("HttpRequestMethodConfig", 40),
        "source-ip" => ("SourceIpConfig", 64),
        "query-string" => return query_string(condition),
        other => return Err(condition.refuse(format!("Condition field '{other}' must be one of '[path-pattern, …]'"))),
    };
    let own = condition.structure(config)?;
    let plain = condition.texts("Values")?;
    if own.is_some() && !plain.is_empty() {
        return Err(condition.refuse(format!("You cannot specify both Values and {config}")));
    }
    let (values, regular) = match &own {
        Some(own) => (own.texts("Values")?, own.texts("RegexValues")?),
        None => (plain, condition.texts("RegexValues")?),
    };
    if values.is_empty() == regular.is_empty() {
        return Err(condition.refuse(format!("A {field} condition must have values")));
    }
    for value in values.iter().chain(&regular) {
        condition.within("Values", value, 1, longest)?;
        let good = match field {
            "source-ip" => value.parse::<IpNet>().is_ok(),
            "http-request-method" => value.chars().all(|c| c.is_ascii_uppercase() || "-_".contains(c)),
            _ => !value.contains(char::is_whitespace) || field == "http-header",
        };
        if !good {
            return Err(condition.refuse(format!("Condition value '{value}' is not valid for {field}")));
        }
    }
    let mut inner = json!({});
    let mut one = json!({ "Field": field });
    if !values.is_empty() {
        inner["Values"] = json!(values);
        // The fields of before there were configurations are told in both forms.
        if ["path-pattern", "host-header"].contains(&field) {
            one["Values"] = json!(values);
        }
    }
    if !regular.is_empty() {
        inner["RegexValues"] = json!(regular);
    }
    if field == "http-header" {
        let name = own.as_ref().map(|own| own.required("HttpHeaderName")).transpose()?;
        let name = name.ok_or_else(|| condition.refuse("An http-header condition needs its HttpHeaderConfig"))?;
        inner["HttpHeaderName"] = json!(name);
    }
    one[config] = inner;
    Ok((one, values.len() + regular.len()))
}

fn query_string(condition: &Members<'_>) -> Result<(Json, usize), Fault> {
    let Some(config) = condition.structure("QueryStringConfig")? else {
        return Err(condition.refuse("A query-string condition needs its QueryStringConfig"));
    };
    let mut values = Vec::new();
    for pair in config.structures("Values")? {
        let value = pair.within("Value", pair.required("Value")?, 1, 128)?;
        values.push(json!({ "Key": pair.text("Key")?, "Value": value }));
    }
    if values.is_empty() {
        return Err(condition.refuse("A query-string condition must have values"));
    }
    let count = values.len();
    Ok((json!({ "Field": "query-string", "QueryStringConfig": { "Values": values } }), count))
}
