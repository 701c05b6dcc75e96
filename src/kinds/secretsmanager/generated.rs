//! `generateSecretString`: a password that AWS draws, alone or in a template, as CloudFormation makes it.

use crate::cloud::{CallError, Cloud, failed};
use crate::kinds::json::{Misfit, member, misfit, refusal, text};
use crate::model::{Json, JsonMap};

const ACTION: &str = "secretsmanager:GetRandomPassword";

/// A fresh password.
pub(super) async fn generated(cloud: &Cloud, wanted: &JsonMap) -> Result<String, CallError> {
    let call = cloud.secrets.get_random_password();
    let asked = || -> Result<_, Misfit> {
        Ok(call
            .set_password_length(member(wanted, "passwordLength")?)
            .set_exclude_characters(member(wanted, "excludeCharacters")?)
            .set_exclude_lowercase(member(wanted, "excludeLowercase")?)
            .set_exclude_numbers(member(wanted, "excludeNumbers")?)
            .set_exclude_punctuation(member(wanted, "excludePunctuation")?)
            .set_exclude_uppercase(member(wanted, "excludeUppercase")?)
            .set_include_space(member(wanted, "includeSpace")?)
            .set_require_each_included_type(member(wanted, "requireEachIncludedType")?))
    };
    let answer = asked().map_err(misfit(ACTION))?.send().await.map_err(failed(ACTION))?;
    match answer.random_password {
        Some(password) if !password.is_empty() => Ok(password),
        _ => Err(CallError::new(ACTION, "EmptyAnswer", "no password was answered")),
    }
}

/// The password put into the template under its key; without a template it stands alone.
pub(super) fn template_filled(wanted: &JsonMap, password: String) -> Result<String, CallError> {
    let (Some(template), Some(key)) = (text(wanted, "secretStringTemplate"), text(wanted, "generateStringKey")) else {
        return Ok(password);
    };
    let mut filled: JsonMap = serde_json::from_str(template)
        .map_err(|_| refusal(ACTION, "`secretStringTemplate` needs an object as JSON"))?;
    filled.insert(key.to_owned(), Json::String(password));
    Ok(Json::Object(filled).to_string())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_template_gets_the_password_under_its_key_and_keeps_the_rest() {
        let wanted = |json: Json| json.as_object().cloned().expect("an object");
        let with = wanted(json!({ "secretStringTemplate": r#"{"user":"root"}"#, "generateStringKey": "password" }));
        let filled: Json = serde_json::from_str(&template_filled(&with, "p\"w".to_owned()).unwrap()).unwrap();
        assert_eq!(filled, json!({ "user": "root", "password": "p\"w" }));
        assert_eq!(template_filled(&wanted(json!({})), "pw".to_owned()).unwrap(), "pw");
        let bad = wanted(json!({ "secretStringTemplate": "[]", "generateStringKey": "password" }));
        let refused = template_filled(&bad, "pw".to_owned()).unwrap_err();
        assert!(refused.to_string().contains("secretStringTemplate"), "{refused}");
    }
}
