//! What evaluating a script gives: resources, inputs and outputs. Pure data; a [`Program`] can equally be built in Rust.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Address, Formation, Value};

/// Where in a script a declaration stands, for messages.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// The script's path as the user wrote it.
    pub file: String,
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
}

/// How long a resource may take to settle, by what is done to it. `None` is no limit but the kind's own judgement.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Timeouts {
    /// For a creation.
    pub create: Option<Duration>,
    /// For an update in place.
    pub update: Option<Duration>,
    /// For a deletion.
    pub delete: Option<Duration>,
    /// For the members of a steady service to find each other; three minutes where none is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub formation: Option<Duration>,
}

/// What a declaration says about how it is handled, rather than what it is.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Options {
    /// Resources that must be there first, beside those referred to.
    pub depends_on: Vec<Address>,
    /// Whether any plan that deletes or replaces it is refused. `None` leaves that as it is in the state.
    pub protect: Option<bool>,
    /// Leave it in the account when it leaves the script.
    pub retain: bool,
    /// Top-level properties whose differences are not acted on.
    pub ignore_changes: Vec<String>,
    /// Values whose change replaces the resource.
    pub replace_on: Vec<Value>,
    /// Addresses it had before.
    pub aliases: Vec<Address>,
    /// Limits on waiting.
    pub timeouts: Timeouts,
    /// The physical identifier of something that exists, to be adopted rather than created.
    pub id: Option<String>,
    /// The stack from which what is adopted is taken over, when its tags say that it is that one's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from_stack: Option<String>,
    /// That its tasks are members which have to find each other.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub formation: Option<Formation>,
}

/// One declaration.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Resource {
    /// `kind.name`.
    pub address: Address,
    /// Properties by their camelCase names; `Null` ones are left out.
    pub properties: BTreeMap<String, Value>,
    /// How it is handled.
    pub options: Options,
    /// Where it was declared.
    pub source: Source,
}

impl Resource {
    /// Addresses this one needs: those its properties refer to and those it names in `dependsOn`, each once, sorted.
    pub fn dependencies(&self) -> Vec<Address> {
        let mut found: Vec<Address> = self
            .properties
            .values()
            .chain(&self.options.replace_on)
            .flat_map(Value::references)
            .map(|reference| reference.address.clone())
            .chain(self.options.depends_on.iter().cloned())
            .collect();
        found.sort();
        found.dedup();
        found
    }
}

/// A script evaluated: what it wants to exist, and what it tells about it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Program {
    /// Declarations in the order they were made. Addresses are unique.
    pub resources: Vec<Resource>,
    /// Outputs by name.
    pub outputs: BTreeMap<String, Value>,
    /// Inputs as evaluated, secrets hashed.
    pub inputs: BTreeMap<String, Value>,
}

impl Program {
    /// The same with each address of the pairs, from and to, changed wherever it stands; what is declared by one then has
    /// the address it had among its aliases. The order of the pairs does not matter.
    #[must_use]
    pub fn moved(mut self, pairs: &[(Address, Address)]) -> Self {
        let to = |address: &Address| pairs.iter().find(|(from, _)| from == address).map(|(_, to)| to.clone());
        let mut change = |address: &mut Address| {
            if let Some(to) = to(address) {
                *address = to;
            }
        };
        for resource in &mut self.resources {
            let had = resource.address.clone();
            change(&mut resource.address);
            if resource.address != had {
                resource.options.aliases.retain(|alias| *alias != resource.address);
                resource.options.aliases.push(had);
            }
            resource.options.depends_on.iter_mut().for_each(&mut change);
            let values = resource.properties.values_mut().chain(&mut resource.options.replace_on);
            values.for_each(|value| value.visit_references_mut(&mut |reference| change(&mut reference.address)));
        }
        let outputs = self.outputs.values_mut();
        outputs.for_each(|value| value.visit_references_mut(&mut |reference| change(&mut reference.address)));
        self
    }

    /// The same without the declarations of these addresses, and without outputs that refer to one.
    #[must_use]
    pub fn without(mut self, addresses: &BTreeSet<Address>) -> Self {
        self.resources.retain(|resource| !addresses.contains(&resource.address));
        self.outputs
            .retain(|_, value| !value.references().iter().any(|reference| addresses.contains(&reference.address)));
        self
    }

    /// What a stack is to be of which only a part was brought from `before` to `now`: each address in scope as `now` has
    /// it, each other as `before` had it. What an address in scope was called before is not there beside it. An output
    /// that refers to what is not there any more or not there yet is as it was before, or left out.
    pub fn merged(before: &Self, now: &Self, in_scope: impl Fn(&Address) -> bool) -> Self {
        let renamed: BTreeSet<&Address> = now
            .resources
            .iter()
            .filter(|resource| in_scope(&resource.address))
            .flat_map(|resource| &resource.options.aliases)
            .collect();
        let earlier: BTreeMap<&Address, &Resource> = before
            .resources
            .iter()
            .map(|resource| (&resource.address, resource))
            .filter(|(address, _)| !in_scope(address) && !renamed.contains(address))
            .collect();
        let declared: BTreeSet<&Address> = now.resources.iter().map(|resource| &resource.address).collect();
        let changed = now.resources.iter().filter_map(|resource| match in_scope(&resource.address) {
            true => Some(resource),
            false => earlier.get(&resource.address).copied(),
        });
        let kept = before
            .resources
            .iter()
            .filter(|resource| earlier.contains_key(&resource.address) && !declared.contains(&resource.address));
        let resources: Vec<Resource> = changed.chain(kept).cloned().collect();
        let there: BTreeSet<&Address> = resources.iter().map(|resource| &resource.address).collect();
        let holds = |value: &&Value| value.references().iter().all(|reference| there.contains(&reference.address));
        let output = |name: &String| now.outputs.get(name).filter(holds).or(before.outputs.get(name).filter(holds));
        let outputs = now.outputs.keys().filter_map(|name| Some((name.clone(), output(name)?.clone()))).collect();
        Self { resources, outputs, inputs: now.inputs.clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Reference;

    fn resource(name: &str, days: i64, aliases: &[&str]) -> Resource {
        let address = |name: &str| format!("logs_log_group.{name}").parse().expect("an address");
        Resource {
            address: address(name),
            properties: BTreeMap::from([("retentionInDays".to_owned(), Value::Int(days))]),
            options: Options { aliases: aliases.iter().map(|name| address(name)).collect(), ..Options::default() },
            source: Source::default(),
        }
    }

    fn program(resources: Vec<Resource>, outputs: &[(&str, &str)]) -> Program {
        let arn = |of: &str| Reference {
            address: format!("logs_log_group.{of}").parse().expect("an address"),
            attribute: "arn".to_owned(),
        };
        let outputs = outputs.iter().map(|(name, of)| ((*name).to_owned(), Value::from(arn(of)))).collect();
        Program { resources, outputs, inputs: BTreeMap::new() }
    }

    #[test]
    fn what_is_out_of_scope_stays_as_it_was() {
        let before =
            program(vec![resource("a", 1, &[]), resource("b", 1, &[]), resource("gone", 1, &[])], &[("x", "b")]);
        let now = program(
            vec![resource("new", 2, &[]), resource("b", 2, &[]), resource("c", 2, &["a"])],
            &[("x", "new"), ("y", "new"), ("z", "c")],
        );
        let shown = |scope: &[&str]| {
            let merged = Program::merged(&before, &now, |address| scope.contains(&address.name()));
            let days = |resource: &Resource| match resource.properties["retentionInDays"] {
                Value::Int(days) => days,
                _ => panic!("{resource:?}"),
            };
            let resources = merged.resources.iter().map(|one| format!("{} {}", one.address.name(), days(one)));
            let outputs = merged.outputs.iter().map(|(name, value)| {
                format!("{name} of {}", value.references().first().expect("a reference").address.name())
            });
            resources.chain(outputs).collect::<Vec<_>>().join(", ")
        };
        assert_eq!(shown(&[]), "b 1, a 1, gone 1, x of b");
        assert_eq!(shown(&["b", "gone"]), "b 2, a 1, x of b");
        assert_eq!(shown(&["c"]), "b 1, c 2, gone 1, x of b, z of c");
        let all = Program::merged(&before, &now, |_| true);
        assert_eq!(all, now);
    }
}
