//! The reference tells of everything the language has, and of nothing that it has not.

use std::collections::BTreeSet;

use regex::Regex;

use super::super::names::{FUNCTIONS, METHODS};
use super::super::{forms, library, options};
use crate::reference::{Reference, Section};

fn documented(section: Section) -> BTreeSet<String> {
    let headings = Reference::new().headings();
    headings.into_iter().filter(|heading| heading.section == section).map(|heading| heading.name).collect()
}

#[test]
fn everything_the_language_has_is_in_the_reference() {
    let functions = documented(Section::Function);
    // That what is documented exists is seen where its example is planned.
    let missing: Vec<&str> =
        FUNCTIONS.iter().map(|(name, _)| *name).filter(|name| !functions.contains(*name)).collect();
    assert_eq!(missing, Vec::<&str>::new());
    assert_eq!(documented(Section::Method), METHODS.iter().map(|(name, _)| (*name).to_owned()).collect());
    assert_eq!(documented(Section::Option), options::NAMES.iter().map(|name| (*name).to_owned()).collect());
    assert_eq!(documented(Section::Library), library::names().clone());
}

#[test]
fn the_library_documents_exactly_the_properties_it_takes() {
    let call =
        Regex::new(r#"known_properties\(\s*properties,\s*#\{([^}]*)\},\s*"(\w+)",?\s*\)"#).expect("an expression");
    let property = Regex::new(r#"(\w+): "(?:string|map|any|name)""#).expect("an expression");
    let mut seen = BTreeSet::new();
    for (file, text) in library::files() {
        for found in call.captures_iter(text) {
            let (known, function) = (&found[1], &found[2]);
            let known: BTreeSet<&str> =
                property.captures_iter(known).filter_map(|found| Some(found.get(1)?.as_str())).collect();
            let entry = Reference::new().entry(function).unwrap_or_else(|| panic!("{file}: no entry of {function}"));
            let said: BTreeSet<&str> = entry.properties.iter().flat_map(|one| &one.names).map(String::as_str).collect();
            assert_eq!(said, known, "{file} {function}");
            seen.insert(function.to_owned());
        }
    }
    assert_eq!(&seen, library::names(), "every function says which properties it knows");
}

#[test]
fn forms_of_builders_are_properties_in_the_reference() {
    let has = |name: &str, property: &str| {
        let entry = Reference::new().entry(name).expect("an entry");
        let of = entry.properties.iter().chain(entry.properties.iter().flat_map(|one| &one.properties));
        of.flat_map(|one| &one.names).any(|one| one == property)
    };
    for name in forms::OF_ROLE {
        assert!(has("iam_role", name), "{name}");
    }
    for name in forms::OF_CONTAINER {
        assert!(has("ecs_task_definition", name), "{name}");
    }
}
