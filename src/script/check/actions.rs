//! Actions of IAM policies: which there are, and which can be allowed on single resources. A service that is not in the
//! table is not judged.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use serde::Deserialize;

/// What a service's actions are.
#[derive(Debug, Deserialize)]
pub(super) struct Service {
    /// Those that can be allowed on single resources.
    narrow: Vec<String>,
    /// Those that work on `*` only.
    whole: Vec<String>,
}

#[derive(Debug, Deserialize)]
struct Table {
    #[serde(rename = "_meta")]
    _meta: serde::de::IgnoredAny,
    #[serde(flatten)]
    services: BTreeMap<String, Service>,
}

/// The service whose actions have this prefix.
pub(super) fn service(prefix: &str) -> Option<&'static Service> {
    static TABLE: OnceLock<BTreeMap<String, Service>> = OnceLock::new();
    let table = TABLE.get_or_init(|| {
        let text = include_str!("../../../schemas/iam-actions.json");
        serde_json::from_str::<Table>(text).expect("it is part of the binary, and a test reads it").services
    });
    table.get(&prefix.to_ascii_lowercase())
}

impl Service {
    /// The names of all its actions.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.narrow.iter().chain(&self.whole).map(String::as_str)
    }

    /// Whether a name, which may have `*` and `?` in it, is that of an action or of several.
    pub(super) fn has(&self, name: &str) -> bool {
        self.names().any(|known| matches(name, known))
    }

    /// Whether everything that a name means can be allowed on single resources.
    pub(super) fn is_narrow(&self, name: &str) -> bool {
        self.narrow.iter().any(|known| matches(name, known)) && !self.whole.iter().any(|known| matches(name, known))
    }
}

/// Whether a name is as a pattern has it, in either case of the letters; `*` is any text and `?` any letter.
fn matches(pattern: &str, name: &str) -> bool {
    fn rest(pattern: &[u8], name: &[u8]) -> bool {
        // Where to go on after the last `*`, with how much of the name it stands for.
        let (mut at, mut of, mut star) = (0, 0, None);
        while of < name.len() {
            match pattern.get(at) {
                Some(b'*') => {
                    star = Some((at, of));
                    at += 1;
                }
                Some(letter) if *letter == b'?' || letter.eq_ignore_ascii_case(&name[of]) => {
                    at += 1;
                    of += 1;
                }
                _ => match &mut star {
                    Some((before, taken)) => {
                        *taken += 1;
                        (at, of) = (*before + 1, *taken);
                    }
                    None => return false,
                },
            }
        }
        pattern[at..].iter().all(|letter| *letter == b'*')
    }
    rest(pattern.as_bytes(), name.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn actions_are_known_with_what_they_can_be_allowed_on() {
        let ecs = service("ecs").expect("it is there");
        assert!(ecs.has("ListTasks") && ecs.has("listtasks") && ecs.has("List*") && !ecs.has("ListTask"));
        assert!(ecs.is_narrow("DescribeTasks") && !ecs.is_narrow("ListClusters") && !ecs.is_narrow("*"));
        assert!(service("ecr").is_some_and(|ecr| !ecr.is_narrow("GetAuthorizationToken")));
        assert!(service("lambda").is_none());
    }

    #[test]
    fn patterns_match_whole_names() {
        for (pattern, name, expected) in [
            ("Describe*", "DescribeTasks", true),
            ("*Tasks", "DescribeTasks", true),
            ("*a*b", "xaxbxb", true),
            ("Get?", "GetX", true),
            ("Get?", "Get", false),
            ("Get", "GetX", false),
            ("*x", "axb", false),
            ("*", "", true),
        ] {
            assert_eq!(matches(pattern, name), expected, "{pattern} {name}");
        }
    }
}
