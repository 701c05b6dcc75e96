//! Finding an entry, or a property in one, by what somebody writes; and what they may have meant.

use serde::Serialize;

use super::{Entry, Heading, Property, Reference};
use crate::model::camel_case;
use crate::script::closest;

/// What a name stands for.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", tag = "found")]
pub enum Found {
    /// An entry.
    Entry(Entry),
    /// A property of what an entry takes.
    Property {
        /// Where it is, such as `ecs_service.networkConfiguration`.
        path: String,
        /// The entry's heading.
        of: Heading,
        /// The property.
        property: Property,
    },
    /// What a handle has beside its properties.
    Attribute {
        /// Its name.
        name: String,
        /// The entry's heading.
        of: Heading,
    },
}

/// Nothing has that name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is nothing named `{name}`")]
pub struct Unknown {
    /// The part of what was written that is not known, up to its end.
    pub name: String,
    /// What may have been meant, such as `ecs_service.desiredCount`.
    pub meant: Option<String>,
}

impl Reference {
    /// What is meant by a name: of an entry, of a CloudFormation type, of a method with or without what it is of
    /// (`role.add_to_policy`), or of a property by its path (`ecs_service.networkConfiguration.awsvpcConfiguration`).
    ///
    /// # Errors
    /// When nothing is.
    pub fn find(&self, written: &str) -> Result<Found, Unknown> {
        let written = written.trim().trim_end_matches("()");
        let (name, rest) = written.split_once('.').unwrap_or((written, ""));
        if let Some(entry) = self.entry(name) {
            return if rest.is_empty() { Ok(Found::Entry(entry)) } else { within(entry, rest) };
        }
        // What a method is of has a name of the reader's own.
        if !rest.is_empty()
            && let Some(method) = self.entry(rest).filter(|entry| entry.heading.section == super::Section::Method)
        {
            return Ok(Found::Entry(method));
        }
        let headings = self.headings();
        let names = headings.iter().map(|heading| heading.name.as_str());
        let types = headings.iter().filter_map(|heading| heading.type_name.as_deref());
        let meant = if name.contains("::") { closest(name, types) } else { closest(name, names) };
        let meant = meant.map(str::to_owned).or_else(|| part_of(name, &headings));
        Err(Unknown { name: written.to_owned(), meant })
    }

    /// The headings of entries in which all the words occur, in whatever case: those first that have them in their names, then
    /// those that have them in their summaries.
    pub fn search(&self, words: &[&str]) -> Vec<Heading> {
        let words: Vec<String> = words.iter().flat_map(|word| word.split_whitespace()).map(str::to_lowercase).collect();
        let mut found: Vec<(u8, Heading)> = Vec::new();
        for entry in self.entries() {
            let heading = &entry.heading;
            let name = format!("{} {}", heading.name, heading.type_name.as_deref().unwrap_or_default());
            let summary = format!("{name} {}", heading.summary);
            let all = format!("{summary} {}", entry.markdown(super::Depth::All));
            let rank = [name, summary, all].iter().position(|text| {
                let text = text.to_lowercase();
                words.iter().all(|word| text.contains(word.as_str()))
            });
            if let Some(rank) = rank.and_then(|rank| u8::try_from(rank).ok()) {
                found.push((rank, entry.heading));
            }
        }
        found.sort_by_key(|(rank, _)| *rank);
        found.into_iter().map(|(_, heading)| heading).collect()
    }
}

/// The only entry that has the name as a word of its own, such as `vpc` of `ec2_vpc`.
fn part_of(name: &str, headings: &[Heading]) -> Option<String> {
    let name = name.to_lowercase();
    let last = |heading: &&Heading| heading.name.strip_suffix(name.as_str()).is_some_and(|rest| rest.ends_with('_'));
    let mut named = headings.iter().filter(last);
    match (named.next(), named.next()) {
        (Some(only), None) if !name.is_empty() => Some(only.name.clone()),
        _ => None,
    }
}

/// What is at a path in an entry.
fn within(entry: Entry, rest: &str) -> Result<Found, Unknown> {
    let mut path = entry.heading.name.clone();
    let mut properties = &entry.properties;
    let mut found: Option<&Property> = None;
    for written in rest.split('.') {
        // Positions of lists, and CloudFormation's way to write a name, are understood.
        let plain = written.split('[').next().unwrap_or(written);
        let name = camel_case(plain);
        let known = |wanted: &str| properties.iter().find(|property| property.names.iter().any(|one| one == wanted));
        match known(plain).or_else(|| known(&name)) {
            Some(property) => {
                path = format!("{path}.{}", if known(plain).is_some() { plain } else { &name });
                found = Some(property);
                properties = &property.properties;
            }
            None if found.is_none() && entry.attributes.contains(&name) => {
                return Ok(Found::Attribute { name, of: entry.heading });
            }
            None => {
                let names = properties.iter().flat_map(|property| &property.names).map(String::as_str);
                let attributes = entry.attributes.iter().filter(|_| found.is_none()).map(String::as_str);
                let meant = closest(plain, names.chain(attributes)).map(|name| format!("{path}.{name}"));
                return Err(Unknown { name: format!("{path}.{plain}"), meant });
            }
        }
    }
    match found.cloned() {
        Some(property) => Ok(Found::Property { path, of: entry.heading, property }),
        None => Ok(Found::Entry(entry)),
    }
}
