//! Secrets of Secrets Manager: how their value comes about, which the schema leaves open.

use std::collections::BTreeMap;

use super::super::session::Mistake;
use super::Checker;
use crate::model::{Json, PropertyPath, Value};

/// Checks that a value is given or generated, not both, and that it can be generated. Source: `GenerateSecretString` in
/// the CloudFormation reference, `GetRandomPassword` in the Secrets Manager API reference.
pub(super) fn check(properties: &BTreeMap<String, Value>, checker: &mut Checker<'_>) {
    const GENERATE: &str = "generateSecretString";
    let Some(Value::Map(generate)) = properties.get(GENERATE) else { return };
    let path = PropertyPath::new(GENERATE);
    if properties.contains_key("secretString") {
        let mistake = Mistake::new(format!("a secret takes `secretString` or `{GENERATE}`, not both"));
        checker.key(&path, mistake.label("one too many"));
    }
    let length = match generate.get("passwordLength") {
        Some(Value::Int(length)) => Some(*length),
        _ => None,
    };
    if let Some(length) = length.filter(|length| !(1..=4096).contains(length)) {
        let mistake = Mistake::new(format!("a password of {length} characters cannot be generated"));
        checker.value(&path.key("passwordLength"), mistake.label("not 1 to 4096"));
    }
    for (given, missing) in
        [("secretStringTemplate", "generateStringKey"), ("generateStringKey", "secretStringTemplate")]
    {
        if generate.contains_key(given) && !generate.contains_key(missing) {
            let mistake = Mistake::new(format!("`{given}` needs `{missing}` beside it"));
            let help = "the template is a JSON object, in which the password is put under the key".to_owned();
            checker.key(&path.key(given), mistake.help(help));
        }
    }
    if let Some(template) = generate.get("secretStringTemplate").and_then(Value::as_str)
        && !serde_json::from_str::<Json>(template).is_ok_and(|template| template.is_object())
    {
        let mistake = Mistake::new("`secretStringTemplate` is no JSON object").label("not a JSON object");
        let help = "write json(#{ username: \"root\" })".to_owned();
        checker.value(&path.key("secretStringTemplate"), mistake.help(help));
    }
}
