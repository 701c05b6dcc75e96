//! Policy documents: reading them, refusing what IAM refuses, and writing them the way IAM's answers have them.
//!
//! The grammar is that of IAM's user guide ("Grammar of the IAM JSON policy language").

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::condition::{self, Condition};
use crate::model::{Json, JsonMap};

/// Everything but RFC 3986's unreserved characters.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The message for what does not follow the grammar.
const SYNTAX: &str = "Syntax errors in policy.";

/// A document as IAM's answers have it.
pub(super) fn url_encoded(document: &str) -> String {
    utf8_percent_encode(document, RESERVED).to_string()
}

/// What a document is for, which decides what it has to have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// Says what its bearer may do: inline, managed and boundary policies.
    Identity,
    /// Says who may assume a role.
    Trust,
}

/// A document that was read.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Document {
    /// Its statements.
    pub(super) statements: Vec<Statement>,
}

/// One statement.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Statement {
    /// `Allow` rather than `Deny`.
    pub(super) allow: bool,
    /// `Action` or `NotAction`.
    pub(super) actions: Choice,
    /// `Resource` or `NotResource`; everything where there is neither.
    pub(super) resources: Choice,
    /// `Principal` or `NotPrincipal`, each as type and value such as `("Service", "ecs-tasks.amazonaws.com")`.
    pub(super) principals: Choice<(String, String)>,
    /// All have to be met.
    pub(super) conditions: Vec<Condition>,
}

/// What an element or its opposite names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Choice<T = String> {
    /// These.
    In(Vec<T>),
    /// All but these.
    NotIn(Vec<T>),
}

impl<T> Choice<T> {
    /// Whether it has something that `is` holds for.
    pub(super) fn has(&self, is: impl Fn(&T) -> bool) -> bool {
        match self {
            Self::In(items) => items.iter().any(is),
            Self::NotIn(items) => !items.iter().any(is),
        }
    }
}

impl Document {
    /// Reads and checks a document.
    ///
    /// # Errors
    /// IAM's message when it is malformed.
    pub(super) fn parse(text: &str, purpose: Purpose) -> Result<Self, String> {
        let json: Json = match (serde_json::from_str(text), purpose) {
            (Ok(json), _) => json,
            (Err(_), Purpose::Trust) => return Err("This policy contains invalid Json".to_owned()),
            (Err(_), Purpose::Identity) => return Err(SYNTAX.to_owned()),
        };
        let members = json.as_object().ok_or(SYNTAX)?;
        if members.keys().any(|key| !["Version", "Id", "Statement"].contains(&key.as_str())) {
            return Err(SYNTAX.to_owned());
        }
        check_version(members.get("Version"), purpose)?;
        let statements = match members.get("Statement") {
            Some(Json::Array(items)) if !items.is_empty() => items.iter().collect(),
            Some(item @ Json::Object(_)) => vec![item],
            _ => return Err(SYNTAX.to_owned()),
        };
        let objects: Vec<&JsonMap> =
            statements.into_iter().map(|item| item.as_object().ok_or(SYNTAX)).collect::<Result<_, _>>()?;
        check_ids(&objects)?;
        let statements = objects.into_iter().map(|object| statement(object, purpose)).collect::<Result<_, _>>()?;
        Ok(Self { statements })
    }
}

fn check_version(version: Option<&Json>, purpose: Purpose) -> Result<(), String> {
    match (version.map(Json::as_str), purpose) {
        (Some(Some("2012-10-17")), _) => Ok(()),
        // The older language is the default, and what many trust policies are still written in.
        (None | Some(Some("2008-10-17")), Purpose::Trust) => Ok(()),
        (None | Some(Some("2008-10-17")), Purpose::Identity) => {
            Err("Policy document must be version 2012-10-17 or greater.".to_owned())
        }
        _ => Err(SYNTAX.to_owned()),
    }
}

fn check_ids(statements: &[&JsonMap]) -> Result<(), String> {
    let mut seen = Vec::new();
    for id in statements.iter().filter_map(|statement| statement.get("Sid")) {
        let id = id.as_str().ok_or(SYNTAX)?;
        if !id.chars().all(|letter| letter.is_ascii_alphanumeric()) {
            return Err("Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular \
                        expression [0-9A-Za-z]*"
                .to_owned());
        }
        if !id.is_empty() && seen.contains(&id) {
            return Err("Statement IDs (SID) in a single policy must be unique.".to_owned());
        }
        seen.push(id);
    }
    Ok(())
}

const MEMBERS: [&str; 9] =
    ["Sid", "Effect", "Action", "NotAction", "Resource", "NotResource", "Principal", "NotPrincipal", "Condition"];

fn statement(object: &JsonMap, purpose: Purpose) -> Result<Statement, String> {
    if object.keys().any(|key| !MEMBERS.contains(&key.as_str())) {
        return Err(SYNTAX.to_owned());
    }
    let allow = match object.get("Effect").and_then(Json::as_str) {
        Some("Allow") => true,
        Some("Deny") => false,
        _ => return Err(SYNTAX.to_owned()),
    };
    let actions = choice(object, "Action", "NotAction")?.ok_or("Policy statement must contain actions.")?;
    check_actions(&actions, purpose)?;
    let resources = choice(object, "Resource", "NotResource")?;
    let principals = principals(object)?;
    let resources = match (purpose, resources, &principals) {
        (Purpose::Identity, _, Some(_)) => {
            return Err("Policy document should not specify a principal.".to_owned());
        }
        (Purpose::Identity, None, None) => return Err("Policy statement must contain resources.".to_owned()),
        (Purpose::Identity, Some(resources), None) => {
            check_resources(&resources)?;
            resources
        }
        (Purpose::Trust, Some(_), _) => return Err("Has prohibited field Resource".to_owned()),
        (Purpose::Trust, None, None) => return Err("Missing required field Principal".to_owned()),
        (Purpose::Trust, None, Some(_)) => Choice::NotIn(Vec::new()),
    };
    let conditions = match object.get("Condition") {
        None => Vec::new(),
        Some(conditions) => condition::parse(conditions)?,
    };
    Ok(Statement { allow, actions, resources, principals: principals.unwrap_or(Choice::NotIn(Vec::new())), conditions })
}

/// The one of an element and its opposite that is there; both is an error.
fn choice(object: &JsonMap, name: &str, opposite: &str) -> Result<Option<Choice>, String> {
    match (object.get(name), object.get(opposite)) {
        (None, None) => Ok(None),
        (Some(value), None) => Ok(Some(Choice::In(texts(value)?))),
        (None, Some(value)) => Ok(Some(Choice::NotIn(texts(value)?))),
        (Some(_), Some(_)) => Err(SYNTAX.to_owned()),
    }
}

fn texts(value: &Json) -> Result<Vec<String>, String> {
    let text = |item: &Json| item.as_str().map(str::to_owned).ok_or_else(|| SYNTAX.to_owned());
    match value {
        Json::String(text) => Ok(vec![text.clone()]),
        Json::Array(items) => items.iter().map(text).collect(),
        _ => Err(SYNTAX.to_owned()),
    }
}

fn check_actions(actions: &Choice, purpose: Purpose) -> Result<(), String> {
    let (Choice::In(actions) | Choice::NotIn(actions)) = actions;
    if actions.is_empty() {
        return Err("Policy statement must contain actions.".to_owned());
    }
    for action in actions.iter().filter(|action| *action != "*") {
        let Some((vendor, name)) = action.split_once(':') else {
            return Err("Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.".to_owned());
        };
        let is_word = |word: &str, others: &str| {
            word.chars().all(|letter| letter.is_ascii_alphanumeric() || others.contains(letter))
        };
        if vendor.is_empty() || !is_word(vendor, "-") {
            return Err(format!("Vendor {vendor} is not valid"));
        }
        if name.is_empty() || !is_word(name, "*?") {
            return Err("Actions/Condition can contain only one colon.".to_owned());
        }
        if purpose == Purpose::Trust && vendor != "sts" {
            return Err("AssumeRole policy may only specify STS AssumeRole actions.".to_owned());
        }
    }
    Ok(())
}

fn check_resources(resources: &Choice) -> Result<(), String> {
    let (Choice::In(resources) | Choice::NotIn(resources)) = resources;
    if resources.is_empty() {
        return Err("Policy statement must contain resources.".to_owned());
    }
    for resource in resources.iter().filter(|resource| *resource != "*") {
        if !resource.starts_with("arn:") {
            return Err(format!("Resource {resource} must be in ARN format or \"*\"."));
        }
        if resource.splitn(6, ':').count() < 6 && !resource.contains('*') {
            return Err(format!("Resource {resource} must be in ARN format or \"*\"."));
        }
    }
    Ok(())
}

fn principals(object: &JsonMap) -> Result<Option<Choice<(String, String)>>, String> {
    match (object.get("Principal"), object.get("NotPrincipal")) {
        (None, None) => Ok(None),
        (Some(value), None) => Ok(Some(Choice::In(principal_list(value)?))),
        (None, Some(value)) => Ok(Some(Choice::NotIn(principal_list(value)?))),
        (Some(_), Some(_)) => Err(SYNTAX.to_owned()),
    }
}

fn principal_list(value: &Json) -> Result<Vec<(String, String)>, String> {
    let members = match value {
        Json::String(text) if text == "*" => return Ok(vec![("AWS".to_owned(), "*".to_owned())]),
        Json::Object(members) if !members.is_empty() => members,
        _ => return Err(SYNTAX.to_owned()),
    };
    let mut principals = Vec::new();
    for (kind, value) in members {
        if !["AWS", "Service", "Federated", "CanonicalUser"].contains(&kind.as_str()) {
            return Err(SYNTAX.to_owned());
        }
        for value in texts(value)? {
            let known = match kind.as_str() {
                "Service" => value.ends_with(".amazonaws.com") || value.ends_with(".amazonaws.com.cn"),
                "AWS" => {
                    let is_account = value.len() == 12 && value.bytes().all(|digit| digit.is_ascii_digit());
                    value == "*" || is_account || value.starts_with("arn:")
                }
                _ => true,
            };
            if !known {
                return Err(format!("Invalid principal in policy: \"{}\":\"{value}\"", kind.to_uppercase()));
            }
            principals.push((kind.clone(), value));
        }
    }
    Ok(principals)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn refusal(purpose: Purpose, document: &Json) -> String {
        Document::parse(&document.to_string(), purpose).unwrap_err()
    }

    fn identity(statement: Json) -> Json {
        json!({"Version": "2012-10-17", "Statement": statement})
    }

    #[test]
    fn an_identity_policy_says_what_is_missing() {
        let cases = [
            (json!({"Effect": "Allow", "Action": "ecs:ListTasks"}), "Policy statement must contain resources."),
            (json!({"Effect": "Allow", "Resource": "*"}), "Policy statement must contain actions."),
            (json!({"Effect": "allow", "Action": "ecs:ListTasks", "Resource": "*"}), SYNTAX),
            (json!({"Effect": "Allow", "Action": 1, "Resource": "*"}), SYNTAX),
            (json!({"Effect": "Allow", "Action": "ecs:ListTasks", "Resource": "*", "Foo": 1}), SYNTAX),
            (json!([]), SYNTAX),
            (
                json!({"Effect": "Allow", "Action": "ListTasks", "Resource": "*"}),
                "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.",
            ),
            (
                json!({"Effect": "Allow", "Action": "ecs:ListTasks", "Resource": "tasks"}),
                "Resource tasks must be in ARN format or \"*\".",
            ),
            (
                json!({"Effect": "Allow", "Action": "ecs:*", "Resource": "*", "Principal": "*"}),
                "Policy document should not specify a principal.",
            ),
            (
                json!([
                    {"Sid": "A", "Effect": "Allow", "Action": "ecs:*", "Resource": "*"},
                    {"Sid": "A", "Effect": "Allow", "Action": "ec2:*", "Resource": "*"},
                ]),
                "Statement IDs (SID) in a single policy must be unique.",
            ),
        ];
        for (statement, message) in cases {
            assert_eq!(refusal(Purpose::Identity, &identity(statement)), message);
        }
        assert_eq!(
            refusal(
                Purpose::Identity,
                &json!({"Statement": [{"Effect": "Allow", "Action": "ecs:*", "Resource": "*"}]})
            ),
            "Policy document must be version 2012-10-17 or greater."
        );
        assert_eq!(Document::parse("{", Purpose::Identity).unwrap_err(), SYNTAX);
    }

    #[test]
    fn a_trust_policy_has_principals_and_no_resources() {
        let trust =
            |principal: Json| identity(json!({"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}));
        assert!(
            Document::parse(&trust(json!({"Service": "ecs-tasks.amazonaws.com"})).to_string(), Purpose::Trust).is_ok()
        );
        assert_eq!(
            refusal(Purpose::Trust, &trust(json!({"Service": "ecs-tasks"}))),
            "Invalid principal in policy: \"SERVICE\":\"ecs-tasks\""
        );
        assert_eq!(
            refusal(Purpose::Trust, &identity(json!({"Effect": "Allow", "Action": "sts:AssumeRole"}))),
            "Missing required field Principal"
        );
        assert_eq!(
            refusal(
                Purpose::Trust,
                &identity(json!({"Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole", "Resource": "*"}))
            ),
            "Has prohibited field Resource"
        );
        assert_eq!(
            refusal(Purpose::Trust, &identity(json!({"Effect": "Allow", "Principal": "*", "Action": "ecs:RunTask"}))),
            "AssumeRole policy may only specify STS AssumeRole actions."
        );
        assert_eq!(Document::parse("nonsense", Purpose::Trust).unwrap_err(), "This policy contains invalid Json");
    }

    #[test]
    fn what_url_encoding_leaves_alone() {
        assert_eq!(url_encoded("{\"a\": \"b+c-d._~é\"}"), "%7B%22a%22%3A%20%22b%2Bc-d._~%C3%A9%22%7D");
    }

    proptest! {
        #[test]
        fn url_encoding_can_be_undone_and_has_unreserved_characters_only(text in any::<String>()) {
            let encoded = url_encoded(&text);
            prop_assert!(encoded.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~%".contains(&byte)));
            let decoded = percent_encoding::percent_decode_str(&encoded).decode_utf8().unwrap();
            prop_assert_eq!(decoded, text);
        }
    }
}
