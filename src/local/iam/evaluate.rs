//! What policies say about a request: pure functions of the documents.
//!
//! The order is AWS's: a `Deny` that applies ends it, else an `Allow` that applies allows it, else it is denied.

use super::condition::Keys;
use super::document::{Document, Statement};

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Request<'a> {
    /// Such as `ecs:ListTasks`.
    pub(super) action: &'a str,
    /// An ARN, or `*` where the action has none.
    pub(super) resource: &'a str,
    /// What is known of it for conditions.
    pub(super) keys: Keys,
    /// Whether there may be keys beside those of `keys`. A condition on one then counts in favour of the request: as
    /// met in an `Allow` and as not met in a `Deny`.
    pub(super) open: bool,
}

/// What a document says about a request that it says something about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Effect {
    /// It may be done.
    Allow,
    /// It must not be done.
    Deny,
}

/// What comes of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Decision {
    /// A statement allows it and none denies it.
    Allowed,
    /// A statement denies it.
    ExplicitDeny,
    /// No statement is about it.
    ImplicitDeny,
}

impl Decision {
    /// That of what several documents say.
    pub(super) fn of(effects: impl IntoIterator<Item = Effect>) -> Self {
        match effects.into_iter().max() {
            Some(Effect::Deny) => Self::ExplicitDeny,
            Some(Effect::Allow) => Self::Allowed,
            None => Self::ImplicitDeny,
        }
    }

    /// IAM's word for it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Allowed => "allowed",
            Self::ExplicitDeny => "explicitDeny",
            Self::ImplicitDeny => "implicitDeny",
        }
    }
}

/// What a document says about a request.
pub(super) fn effect(document: &Document, request: &Request<'_>) -> Option<Effect> {
    let applying = document.statements.iter().filter(|statement| applies(statement, request));
    applying.map(|statement| if statement.allow { Effect::Allow } else { Effect::Deny }).max()
}

fn applies(statement: &Statement, request: &Request<'_>) -> bool {
    statement.actions.has(|action| matches(&action.to_ascii_lowercase(), &request.action.to_ascii_lowercase()))
        && statement.resources.has(|resource| matches(resource, request.resource))
        && statement.conditions.iter().all(|condition| {
            if request.open && !request.keys.contains_key(condition.key()) {
                return statement.allow;
            }
            condition.met(&request.keys)
        })
}

/// Whether a role's trust policy lets one of these principals, as type and value, assume it. Its conditions are about
/// the caller's session, of which nothing is known: they count in the caller's favour.
pub(super) fn trusts(document: &Document, principals: &[(&str, &str)]) -> bool {
    let request = Request { action: "sts:AssumeRole", resource: "*", keys: Keys::new(), open: true };
    let named = document.statements.iter().filter(|statement| {
        statement.principals.has(|(kind, value)| {
            principals.iter().any(|(of, name)| kind == of && (value == name || (*of == "AWS" && value == "*")))
        })
    });
    let effects = named.filter(|statement| applies(statement, &request));
    let effects = effects.map(|statement| if statement.allow { Effect::Allow } else { Effect::Deny });
    Decision::of(effects) == Decision::Allowed
}

/// Whether a text has the form of a pattern, `*` standing for any characters and `?` for any one.
pub(super) fn matches(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
    let (mut at, mut from) = (0, 0);
    // The last `*`, and where in the text what follows it was last tried.
    let mut star: Option<(usize, usize)> = None;
    while from < text.len() {
        match pattern.get(at) {
            Some('*') => {
                star = Some((at, from));
                at += 1;
            }
            Some(letter) if *letter == '?' || *letter == text[from] => {
                at += 1;
                from += 1;
            }
            _ => match star {
                Some((place, tried)) => {
                    star = Some((place, tried + 1));
                    at = place + 1;
                    from = tried + 1;
                }
                None => return false,
            },
        }
    }
    pattern[at..].iter().all(|letter| *letter == '*')
}

/// Whether an ARN has the form of a pattern, part by part: a wildcard does not reach over the first five colons.
pub(super) fn arn_matches(pattern: &str, arn: &str) -> bool {
    let (pattern, arn): (Vec<&str>, Vec<&str>) = (pattern.splitn(6, ':').collect(), arn.splitn(6, ':').collect());
    pattern.len() == arn.len() && pattern.iter().zip(&arn).all(|(pattern, part)| matches(pattern, part))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::super::document::Purpose;
    use super::*;

    fn document(statements: Value) -> Document {
        let json = json!({"Version": "2012-10-17", "Statement": statements});
        Document::parse(&json.to_string(), Purpose::Identity).unwrap()
    }

    fn decision(statements: Value, action: &str, resource: &str) -> Decision {
        let request = Request { action, resource, keys: Keys::new(), open: false };
        Decision::of(effect(&document(statements), &request))
    }

    #[test]
    fn a_deny_wins_over_an_allow_wherever_it_stands() {
        let statements = json!([
            {"Effect": "Deny", "Action": "ecs:StopTask", "Resource": "*"},
            {"Effect": "Allow", "Action": "ecs:*", "Resource": "*"},
        ]);
        assert_eq!(decision(statements.clone(), "ecs:StopTask", "*"), Decision::ExplicitDeny);
        assert_eq!(decision(statements.clone(), "ecs:ListTasks", "*"), Decision::Allowed);
        assert_eq!(decision(statements, "ec2:RunInstances", "*"), Decision::ImplicitDeny);
    }

    #[test]
    fn actions_ignore_case_and_resources_do_not() {
        let statement = json!({"Effect": "Allow", "Action": "ECS:listtasks", "Resource": "arn:aws:ecs:*:*:cluster/A"});
        let arn = "arn:aws:ecs:eu-west-1:000000000000:cluster/A";
        assert_eq!(decision(statement.clone(), "ecs:ListTasks", arn), Decision::Allowed);
        assert_eq!(decision(statement, "ecs:ListTasks", &arn.to_lowercase()), Decision::ImplicitDeny);
    }

    #[test]
    fn not_action_and_not_resource_are_everything_else() {
        let statement = json!({"Effect": "Allow", "NotAction": "iam:*", "NotResource": "arn:aws:s3:::secret/*"});
        assert_eq!(decision(statement.clone(), "ecs:ListTasks", "*"), Decision::Allowed);
        assert_eq!(decision(statement.clone(), "iam:PassRole", "*"), Decision::ImplicitDeny);
        assert_eq!(decision(statement, "s3:GetObject", "arn:aws:s3:::secret/a"), Decision::ImplicitDeny);
    }

    #[test]
    fn what_is_not_known_counts_in_favour_of_an_open_request() {
        let condition = json!({"ArnEquals": {"ecs:cluster": "arn:aws:ecs:eu-west-1:000000000000:cluster/a"}});
        let allow = json!({"Effect": "Allow", "Action": "ecs:*", "Resource": "*", "Condition": condition});
        let deny = json!([
            {"Effect": "Allow", "Action": "ecs:*", "Resource": "*"},
            {"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": {"Bool": {"aws:SecureTransport": "false"}}},
        ]);
        let ask = |statements: &Value, open, keys: &[(&str, &str)]| {
            let keys = keys.iter().map(|(key, value)| ((*key).to_owned(), vec![(*value).to_owned()])).collect();
            let request = Request { action: "ecs:ListTasks", resource: "*", keys, open };
            Decision::of(effect(&document(statements.clone()), &request))
        };
        assert_eq!(ask(&allow, true, &[]), Decision::Allowed);
        assert_eq!(ask(&allow, false, &[]), Decision::ImplicitDeny);
        let other = [("ecs:cluster", "arn:aws:ecs:eu-west-1:000000000000:cluster/b")];
        assert_eq!(ask(&allow, true, &other), Decision::ImplicitDeny);
        assert_eq!(ask(&deny, true, &[]), Decision::Allowed);
        assert_eq!(ask(&deny, true, &[("aws:securetransport", "false")]), Decision::ExplicitDeny);
    }

    #[test]
    fn trust_is_by_type_and_name() {
        let text = json!({"Statement": {"Effect": "Allow", "Action": "sts:AssumeRole",
            "Principal": {"Service": ["ecs-tasks.amazonaws.com"], "AWS": "111111111111"}}});
        let document = Document::parse(&text.to_string(), Purpose::Trust).unwrap();
        assert!(trusts(&document, &[("Service", "ecs-tasks.amazonaws.com")]));
        assert!(!trusts(&document, &[("Service", "ecs.amazonaws.com")]));
        assert!(!trusts(&document, &[("AWS", "ecs-tasks.amazonaws.com")]));
        assert!(trusts(&document, &[("AWS", "arn:aws:iam::111111111111:root"), ("AWS", "111111111111")]));
    }

    /// The same question asked the plain way: every way to divide the text.
    fn plainly(pattern: &[char], text: &[char]) -> bool {
        match pattern.split_first() {
            None => text.is_empty(),
            Some(('*', rest)) => (0..=text.len()).any(|from| plainly(rest, &text[from..])),
            Some((letter, rest)) => {
                text.first().is_some_and(|first| *letter == '?' || letter == first) && plainly(rest, &text[1..])
            }
        }
    }

    proptest! {
        #[test]
        fn wildcards_match_as_trying_every_division_does(pattern in "[ab*?]{0,8}", text in "[ab]{0,10}") {
            let (letters, of): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
            prop_assert_eq!(matches(&pattern, &text), plainly(&letters, &of));
        }

        #[test]
        fn a_text_matches_itself_and_what_it_begins_with(text in "[a-z:/-]{0,20}", more in "[a-z:/*?-]{0,20}") {
            prop_assert!(matches(&text, &text));
            let longer = format!("{text}{more}");
            let pattern = format!("{text}*");
            prop_assert!(matches(&pattern, &longer));
        }
    }
}
