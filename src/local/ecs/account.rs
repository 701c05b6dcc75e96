//! Account settings: what tools set before they begin. Nothing here follows from them, for ARNs have their long form.

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::paging;
use super::params::{flag, invalid, required, text};
use crate::local::service::Fault;
use crate::local::store::{Object, Tx};
use crate::model::{Json, JsonMap};

/// The settings, with what AWS sets them to.
const SETTINGS: &[(&str, &str)] = &[
    ("awsvpcTrunking", "disabled"),
    ("containerInsights", "disabled"),
    ("containerInstanceLongArnFormat", "enabled"),
    ("defaultLogDriverMode", "non-blocking"),
    ("fargateTaskRetirementWaitPeriod", "7"),
    ("guardDutyActivate", "off"),
    ("serviceLongArnFormat", "enabled"),
    ("tagResourceAuthorization", "on"),
    ("taskLongArnFormat", "enabled"),
];

#[derive(Debug, Serialize, Deserialize)]
struct Setting {
    name: String,
    value: String,
}

impl Object for Setting {
    const TABLE: &'static str = "ecs.account-setting";

    fn key(&self) -> String {
        self.name.clone()
    }
}

fn view(tx: &Tx<'_>, name: &str, value: &str) -> Json {
    let principal = format!("arn:aws:iam::{}:root", tx.account);
    json!({"name": name, "value": value, "principalArn": principal, "type": "user"})
}

/// `PutAccountSetting` and `PutAccountSettingDefault`.
pub fn put(tx: &mut Tx<'_>, params: &JsonMap) -> Result<Json, Fault> {
    let (name, value) = (required(params, "name")?, required(params, "value")?);
    if !SETTINGS.iter().any(|(known, _)| *known == name) {
        return Err(invalid(format!("Invalid setting name: {name}.")));
    }
    tx.put(&Setting { name: name.to_owned(), value: value.to_owned() })?;
    Ok(json!({"setting": view(tx, name, value)}))
}

/// `ListAccountSettings`: what was set, and with `effectiveSettings` also what was not.
pub fn list(tx: &mut Tx<'_>, params: &JsonMap) -> Result<Json, Fault> {
    let effective = flag(params, "effectiveSettings")?.unwrap_or(false);
    let (name, value) = (text(params, "name")?, text(params, "value")?);
    let mut shown = Vec::new();
    let mut names = Vec::new();
    for (known, default) in SETTINGS {
        let set: Option<Setting> = tx.get(known)?;
        let own = set.as_ref().map(|set| set.value.as_str()).or(effective.then_some(*default));
        let Some(own) =
            own.filter(|own| name.is_none_or(|name| name == *known) && value.is_none_or(|value| value == *own))
        else {
            continue;
        };
        names.push((*known).to_owned());
        shown.push(view(tx, known, own));
    }
    let mut page = paging::page(params, "settings", names, 100)?;
    let on_page = |setting: &&Json| page["settings"].as_array().is_some_and(|names| names.contains(&setting["name"]));
    let settings: Vec<Json> = shown.iter().filter(on_page).cloned().collect();
    page["settings"] = settings.into();
    Ok(page)
}
