//! Names of container images: `image_reference`, which takes one apart, and what a name may look like.

use std::sync::{Arc, OnceLock};

use regex::Regex;
use rhai::{Array, Dynamic, Engine, Map};

use super::session::Session;

/// A name taken apart: `host:port/path/name:tag@digest`.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Image<'a> {
    /// Registry and path.
    pub(super) repository: &'a str,
    /// The tag, where there is one.
    pub(super) tag: Option<&'a str>,
}

/// A name of an image, as registries and ECS take it. Source: the grammar of references of the distribution project, on
/// which `image` of ECS's `ContainerDefinition` rests; a repository is at most 255 characters, a tag 128.
pub(super) fn parse(name: &str) -> Option<Image<'_>> {
    static FORM: OnceLock<Regex> = OnceLock::new();
    let form = FORM.get_or_init(|| {
        let part = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*";
        let host = r"(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)*(?::[0-9]+)?";
        let whole = format!(
            r"^(?<repository>(?:{host}/)?{part}(?:/{part})*)(?::(?<tag>[A-Za-z0-9_][A-Za-z0-9._-]{{0,127}}))?(?:@[a-z0-9]+:[0-9a-f]{{32,}})?$"
        );
        Regex::new(&whole).expect("the form of names is an expression")
    });
    let found = form.captures(name)?;
    let repository = found.name("repository")?.as_str();
    (repository.len() <= 255).then(|| Image { repository, tag: found.name("tag").map(|tag| tag.as_str()) })
}

/// The numbers a tag begins with: 3, 1 and 11 of `3.1.11-tp3`.
fn version(tag: &str) -> Option<Vec<i64>> {
    let tag = tag.strip_prefix('v').unwrap_or(tag);
    let numbers = tag.split(['-', '_']).next()?;
    numbers.split('.').map(|number| number.parse().ok()).collect()
}

/// Registers `image_reference`, which answers `repository`, `tag` and `version` (the numbers the tag begins with) of a
/// name, and `()` when it is none. What is not known yet has no tag.
pub(super) fn register(engine: &mut Engine, session: &Arc<Session>) {
    let own = session.clone();
    engine.register_fn("image_reference", move |name: &str| -> Dynamic {
        let Some(known) = own.state().known_text(name) else {
            let entries = [("repository", name.into()), ("tag", Dynamic::UNIT), ("version", Dynamic::UNIT)];
            return Dynamic::from(
                entries.map(|(key, value): (&str, Dynamic)| (key.into(), value)).into_iter().collect::<Map>(),
            );
        };
        let Some(image) = parse(&known) else { return Dynamic::UNIT };
        let numbers = image.tag.and_then(version);
        let numbers =
            numbers.map_or(Dynamic::UNIT, |numbers| numbers.into_iter().map(Dynamic::from).collect::<Array>().into());
        let text = |text: Option<&str>| text.map_or(Dynamic::UNIT, |text| text.to_owned().into());
        let entries = [("repository", text(Some(image.repository))), ("tag", text(image.tag)), ("version", numbers)];
        Dynamic::from(entries.map(|(key, value)| (key.into(), value)).into_iter().collect::<Map>())
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_taken_apart() {
        let parts = |name| parse(name).map(|image| (image.repository, image.tag));
        assert_eq!(parts("orientdb"), Some(("orientdb", None)));
        assert_eq!(parts("orientdb:3.1.11-tp3"), Some(("orientdb", Some("3.1.11-tp3"))));
        assert_eq!(parts("localhost:5000/a/b:c"), Some(("localhost:5000/a/b", Some("c"))));
        let ecr = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/orientdb";
        let tagged = format!("{ecr}:1");
        assert_eq!(parts(&tagged), Some((ecr, Some("1"))));
        let digest = format!("a/b@sha256:{}", "0f".repeat(32));
        assert_eq!(parts(&digest), Some(("a/b", None)));
        for wrong in ["", "a b", "Orient", "a//b", "a:", "a:-1", ":1", "a@sha256:12", "a:b:c", "http://a/b"] {
            assert_eq!(parts(wrong), None, "{wrong}");
        }
        let long = "a".repeat(256);
        assert_eq!(parts(&long), None);
    }

    #[test]
    fn versions_are_what_tags_begin_with() {
        assert_eq!(version("3.1.11-tp3"), Some(vec![3, 1, 11]));
        assert_eq!(version("v3.2"), Some(vec![3, 2]));
        for none in ["latest", "tp3", "3.x", ""] {
            assert_eq!(version(none), None, "{none}");
        }
    }
}
