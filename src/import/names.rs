//! Names for what is declared: addresses and variables, each once, and telling what a thing is.

use std::collections::{BTreeMap, BTreeSet};

use super::Found;
use super::leads::{CALLED_AFTER, texts};
use super::text::is_name;
use crate::kinds::tags::pairs;
use crate::model::{Address, Json};

/// The tag in which a run has written the address of an object.
const ADDRESS_TAG: &str = "hzscript:address";
/// The longest name that is made up.
const LONGEST: usize = 128;

/// An address for each object: the one it had or was given, or one made of its name; those taken are left alone.
pub(super) fn addresses(found: &[Found], taken: &BTreeSet<Address>) -> Vec<Address> {
    let mut used = taken.clone();
    let mut addresses: Vec<Option<Address>> =
        found.iter().map(|one| given(one).filter(|address| used.insert(address.clone()))).collect();
    // Those that are called after others come last.
    for after_others in [false, true] {
        for (at, one) in found.iter().enumerate() {
            let other = CALLED_AFTER.iter().find(|(type_name, _)| *type_name == one.type_name());
            if addresses[at].is_some() || other.is_some() != after_others {
                continue;
            }
            let other = other.and_then(|(_, at)| texts(&one.observed.properties, at).into_iter().next());
            let other = other.and_then(|id| found.iter().position(|other| other.id == id));
            let name = match other.and_then(|other| addresses[other].as_ref()) {
                Some(other) => other.name().to_owned(),
                None => called(one),
            };
            addresses[at] = Some(made_up(one, &name, &mut used));
        }
    }
    addresses.into_iter().flatten().collect()
}

/// The address that was said, or that a run has written on the object.
fn given(one: &Found) -> Option<Address> {
    let tagged = || {
        let address = one.tags().into_iter().find(|(key, _)| key == ADDRESS_TAG)?.1.parse::<Address>().ok()?;
        (*address.kind() == one.schema.kind).then_some(address)
    };
    one.address.clone().or_else(tagged)
}

fn made_up(one: &Found, name: &str, used: &mut BTreeSet<Address>) -> Address {
    let name = sayable(name);
    let mut number = 1;
    loop {
        let numbered = if number == 1 { name.clone() } else { format!("{name}-{number}") };
        number += 1;
        if let Ok(address) = Address::new(one.schema.kind.clone(), &numbered)
            && used.insert(address.clone())
        {
            return address;
        }
    }
}

/// What people call the object: its name, the tag `Name`, or its identifier without what all of its type begin with.
pub(super) fn called(one: &Found) -> String {
    let rule = one.kind.facts().name.map(|rule| rule.property).unwrap_or("name");
    let properties = &one.observed.properties;
    let named = properties.get(rule).and_then(Json::as_str).map(str::to_owned);
    let tagged = || {
        let tags = pairs(properties, one.schema.tag_property.as_deref()?);
        tags.into_iter().find(|(key, value)| key == "Name" && !value.is_empty()).map(|(_, name)| name)
    };
    let id = || one.id.split('|').next().unwrap_or_default().rsplit('/').next().unwrap_or_default().to_owned();
    named.or_else(tagged).unwrap_or_else(id)
}

/// A name that an address can have.
fn sayable(name: &str) -> String {
    let clean = |c: char| if c.is_ascii_alphanumeric() || "-_/.".contains(c) { c } else { '-' };
    let clean: String = name.chars().map(clean).take(LONGEST - 8).collect();
    let clean = clean.trim_matches(|c: char| !c.is_ascii_alphanumeric());
    if clean.is_empty() { "it".to_owned() } else { clean.to_owned() }
}

/// A variable for each address: what its kind is called where it is the only one of it, and that with its name before it
/// otherwise. Words that are taken are left alone.
pub(super) fn variables(addresses: &[Address], taken: &BTreeSet<String>) -> Vec<String> {
    let mut count: BTreeMap<&str, usize> = BTreeMap::new();
    for address in addresses {
        *count.entry(address.kind().as_str()).or_default() += 1;
    }
    let mut used = taken.clone();
    let variable = |address: &Address| {
        // Without the service: `task_definition` of `ecs_task_definition`.
        let kind = address.kind().as_str().split_once('_').map_or("it", |(_, kind)| kind);
        let wanted = match count.get(address.kind().as_str()) {
            Some(1) => camel(&[kind]),
            _ => camel(&[address.name(), kind]),
        };
        let mut number = 1;
        loop {
            let numbered = if number == 1 { wanted.clone() } else { format!("{wanted}{number}") };
            number += 1;
            if is_name(&numbered) && used.insert(numbered.clone()) {
                return numbered;
            }
        }
    };
    addresses.iter().map(variable).collect()
}

/// Words in camelCase; a name that begins or ends with the next is enough.
fn camel(names: &[&str]) -> String {
    let mut words: Vec<String> = Vec::new();
    for name in names {
        let own: Vec<String> = words_of(name);
        if !words.starts_with(&own) && !words.ends_with(&own) {
            words.extend(own);
        }
    }
    let mut text = String::new();
    for word in words {
        if text.is_empty() {
            text.push_str(&word);
        } else {
            let mut letters = word.chars();
            text.extend(letters.next().map(|c| c.to_ascii_uppercase()));
            text.push_str(letters.as_str());
        }
    }
    if text.starts_with(|c: char| c.is_ascii_digit()) { format!("the{text}") } else { text }
}

/// The words of a name, in small letters.
fn words_of(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut small = false;
    for c in name.chars() {
        let parts = !c.is_ascii_alphanumeric();
        if parts || (c.is_ascii_uppercase() && small) {
            words.push(String::new());
        }
        small = c.is_ascii_lowercase() || c.is_ascii_digit();
        if let (false, Some(word)) = (parts, words.last_mut()) {
            word.push(c.to_ascii_lowercase());
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(addresses: &[&str], taken: &[&str]) -> Vec<String> {
        let addresses: Vec<Address> = addresses.iter().map(|address| address.parse().expect("an address")).collect();
        variables(&addresses, &taken.iter().map(|word| (*word).to_owned()).collect())
    }

    #[test]
    fn variables_say_what_they_are_and_are_there_once() {
        assert_eq!(named(&["ec2_vpc.my-vpc", "ecs_task_definition.x"], &[]), ["vpc", "taskDefinition"]);
        let roles =
            ["iam_role.hazelcast-ecs-role", "iam_role.ecsTaskExecutionRole", "iam_role.1/a.b", "iam_role.1.a_b"];
        assert_eq!(named(&roles, &[]), ["hazelcastEcsRole", "ecsTaskExecutionRole", "the1ABRole", "the1ABRole2"]);
        assert_eq!(named(&["ec2_subnet.subnet-0a1", "ec2_subnet.subnet-0b2"], &[]), ["subnet0a1", "subnet0b2"]);
        assert_eq!(named(&["ec2_vpc.a"], &["vpc"]), ["vpc2"]);
    }

    #[test]
    fn names_are_those_that_addresses_can_have() {
        assert_eq!(sayable("/ecs/hazel cast"), "ecs/hazel-cast");
        assert_eq!(sayable("…"), "it");
        assert!(Address::check_name(&sayable(&"x".repeat(500))).is_ok());
    }
}
