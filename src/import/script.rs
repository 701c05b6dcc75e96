//! The script: declarations in an order in which each comes after what it refers to, with their options and comments.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use super::declare::{self, Properties};
use super::leads::{
    ATTACHMENT, LISTENER, MANAGED_POLICY, NAT, ORDER, ROLE, ROUTE, RULE, SCALED, SCALING, SERVICE, VPC,
};
use super::refer::{Index, Referring};
use super::text::{Expr, quoted};
use super::{Found, leads, names};
use crate::model::{Address, Json, schemas};

/// The tag in which a run writes its stack on an object.
const STACK_TAG: &str = "hzscript:stack";

/// What is there already, in the script that is added to.
#[derive(Debug, Clone, Default)]
pub struct Taken {
    /// Addresses that are declared.
    pub addresses: BTreeSet<Address>,
    /// Words that are no free names for variables.
    pub words: BTreeSet<String>,
    /// Objects that are adopted, by builder's name and identifier, with their addresses.
    pub adopted: BTreeMap<(String, String), Address>,
    /// Stacks whose objects may be taken over.
    pub from_stacks: BTreeSet<String>,
}

/// A declaration that was written.
#[derive(Debug, Clone, PartialEq)]
pub struct Declared {
    /// Its address.
    pub address: Address,
    /// The physical identifier of what it takes over.
    pub id: String,
    /// Its text, comments included, without a line break at the end.
    pub text: String,
}

/// An object that was found and not declared.
#[derive(Debug, Clone, PartialEq)]
pub struct Left {
    /// The builder's name.
    pub kind: String,
    /// Its physical identifier.
    pub id: String,
    /// Why not.
    pub why: Why,
}

/// Why an object is not declared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Why {
    /// It is a stack's, and nobody said that it is to be taken over from that one.
    Stacks(String),
    /// The script has it already, at this address.
    Declared(Address),
}

/// What came of importing.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Imported {
    /// Declarations, in the order of the script.
    pub declared: Vec<Declared>,
    /// What was not declared.
    pub left: Vec<Left>,
    /// Inputs that have no default, for they stand for what is not told or secret.
    pub inputs: Vec<String>,
}

impl Imported {
    /// The declarations as one text, which ends with a line break.
    pub fn text(&self) -> String {
        let texts: Vec<&str> = self.declared.iter().map(|declared| declared.text.as_str()).collect();
        let mut text = texts.join("\n\n");
        if !text.is_empty() {
            text.push('\n');
        }
        text
    }
}

/// Declares what was found.
pub fn write(found: Vec<Found>, taken: &Taken) -> Imported {
    let mut left = Vec::new();
    let mut found: Vec<Found> = found.into_iter().filter(|one| keep(one, taken, &mut left)).collect();
    let rank = |one: &Found| ORDER.iter().position(|name| *name == one.type_name());
    found.sort_by_cached_key(|one| (rank(one), names::called(one), one.id.clone()));
    let addresses = names::addresses(&found, &taken.addresses);
    let variables = names::variables(&addresses, &taken.words);
    let index = Index::of(&found);
    let vpc = only_vpc(&found);
    let mut properties: Vec<Properties> = found.iter().map(|one| declare::properties(one, vpc.as_deref())).collect();
    policies_said_once(&found, &mut properties);

    let referring = |own: usize, places| Referring {
        index: &index,
        found: &found,
        variables: &variables,
        own,
        places,
        used: BTreeSet::new(),
        inputs: Vec::new(),
    };
    let needs: Vec<BTreeSet<usize>> = (0..found.len())
        .map(|own| {
            let mut asking = referring(own, None);
            asking.properties(&properties[own].map);
            asking.used.into_iter().chain(after(own, &found)).collect()
        })
        .collect();
    let order = order(&needs);

    let mut places = vec![0; found.len()];
    order.iter().enumerate().for_each(|(place, at)| places[*at] = place);

    let mut used: BTreeSet<usize> = BTreeSet::new();
    let mut inputs: Vec<String> = Vec::new();
    let mut written = Vec::new();
    for own in order {
        let mut telling = referring(own, Some(places.as_slice()));
        let declared = telling.properties(&properties[own].map);
        let mut first = after(own, &found);
        first.retain(|one| places[*one] < places[own] && !telling.used.contains(one));
        used.extend(telling.used.iter().chain(&first));
        let missing: Vec<String> = telling.inputs.into_iter().filter(|input| !inputs.contains(input)).collect();
        inputs.extend(missing);
        let options = options(&found[own], first.iter().map(|at| variables[*at].clone()).collect());
        written.push((own, declared, options));
    }
    let declared = written
        .into_iter()
        .map(|(own, declared, options)| {
            let variable = used.contains(&own).then(|| variables[own].as_str());
            let text = declaration(&addresses[own], variable, &declared, &options, &properties[own].notes);
            Declared { address: addresses[own].clone(), id: found[own].id.clone(), text }
        })
        .collect();
    Imported { declared, left, inputs }
}

/// Whether an object is declared; why not is noted.
fn keep(one: &Found, taken: &Taken, left: &mut Vec<Left>) -> bool {
    let kind = one.schema.kind.to_string();
    let stack = stack_of(one).filter(|stack| !taken.from_stacks.contains(stack));
    let there = taken.adopted.get(&(kind.clone(), one.id.clone()));
    let why = match (there, stack) {
        (Some(address), _) => Why::Declared(address.clone()),
        (None, Some(stack)) => Why::Stacks(stack),
        (None, None) => return true,
    };
    left.push(Left { kind, id: one.id.clone(), why });
    false
}

/// The stack that an object is of, by its tags.
fn stack_of(one: &Found) -> Option<String> {
    one.tags().into_iter().find(|(key, _)| key == STACK_TAG).map(|(_, stack)| stack)
}

/// The VPC that everything is in, when it is one.
fn only_vpc(found: &[Found]) -> Option<String> {
    let named =
        found.iter().flat_map(|one| leads::texts(&one.observed.properties, "vpcId").into_iter().map(str::to_owned));
    let own = found.iter().filter(|one| one.type_name() == VPC).map(|one| one.id.clone());
    let all: BTreeSet<String> = named.chain(own).collect();
    all.first().filter(|_| all.len() == 1).cloned()
}

/// That a role has a policy is said by the role where both are declared.
fn policies_said_once(found: &[Found], properties: &mut [Properties]) {
    let roles: BTreeSet<&str> = found.iter().filter(|one| one.type_name() == ROLE).map(|one| one.id.as_str()).collect();
    for (one, declared) in found.iter().zip(properties) {
        let named = leads::texts(&one.observed.properties, "roles/*");
        if one.type_name() == MANAGED_POLICY && named.iter().all(|role| roles.contains(role)) {
            declared.map.remove("roles");
        }
    }
}

/// What must be there before an object though it does not refer to it, so that everything can be deleted in the other
/// order: AWS keeps a gateway attached while addresses of its VPC are in use, and wants a target group that a service
/// registers with to have a load balancer.
fn after(own: usize, found: &[Found]) -> BTreeSet<usize> {
    let one = &found[own];
    let text = |one: &Found, name: &str| {
        let properties = &one.observed.properties;
        properties.get(name).and_then(Json::as_str).map(str::to_owned)
    };
    let of =
        |type_name: &'static str| found.iter().enumerate().filter(move |(_, other)| other.type_name() == type_name);
    match one.type_name() {
        NAT => {
            let subnet = text(one, "subnetId");
            let vpc =
                found.iter().find(|other| Some(&other.id) == subnet.as_ref()).and_then(|subnet| text(subnet, "vpcId"));
            let same = |other: &Found| vpc.is_none() || text(other, "vpcId") == vpc;
            of(ATTACHMENT).filter(|(_, other)| same(other)).map(|(at, _)| at).collect()
        }
        ROUTE => {
            let gateway = text(one, "gatewayId");
            let same = |other: &Found| gateway.is_some() && text(other, "internetGatewayId") == gateway;
            of(ATTACHMENT).filter(|(_, other)| same(other)).map(|(at, _)| at).collect()
        }
        SERVICE => {
            let targets = leads::texts(&one.observed.properties, "loadBalancers/*/targetGroupArn");
            let leads_there = |other: &Found| {
                let said = Json::Object(other.observed.properties.clone()).to_string();
                targets.iter().any(|arn| said.contains(&format!("\"{arn}\"")))
            };
            of(LISTENER).chain(of(RULE)).filter(|(_, other)| leads_there(other)).map(|(at, _)| at).collect()
        }
        SCALING => {
            let scaled = text(one, "resourceId");
            of(SCALED).filter(|(_, other)| text(other, "resourceId") == scaled).map(|(at, _)| at).collect()
        }
        _ => BTreeSet::new(),
    }
}

/// An order in which each comes after what it needs, as near to the one given as that allows. Of those that need each other
/// the one that is met first comes last, and the others do not refer to it.
fn order(needs: &[BTreeSet<usize>]) -> Vec<usize> {
    let mut order = Vec::with_capacity(needs.len());
    let mut met = vec![false; needs.len()];
    for first in 0..needs.len() {
        // Each with what it needs and nobody has looked at yet.
        let mut open: Vec<(usize, Vec<usize>)> = Vec::new();
        if !std::mem::replace(&mut met[first], true) {
            open.push((first, needs[first].iter().rev().copied().collect()));
        }
        while let Some((one, rest)) = open.last_mut() {
            match rest.pop() {
                Some(next) if !std::mem::replace(&mut met[next], true) => {
                    open.push((next, needs[next].iter().rev().copied().collect()));
                }
                Some(_) => {}
                None => {
                    order.push(*one);
                    open.pop();
                }
            }
        }
    }
    order
}

fn options(one: &Found, first: Vec<String>) -> Expr {
    let mut options = vec![("id".to_owned(), Expr::Text(one.id.clone()))];
    if let Some(stack) = stack_of(one) {
        options.push(("fromStack".to_owned(), Expr::Text(stack)));
    }
    if !first.is_empty() {
        let first = first.into_iter().map(|variable| Expr::Of(variable, None)).collect();
        options.push(("dependsOn".to_owned(), Expr::List(first)));
    }
    Expr::Map(options)
}

fn declaration(
    address: &Address,
    variable: Option<&str>,
    properties: &Expr,
    options: &Expr,
    notes: &[String],
) -> String {
    let mut text = String::new();
    for note in notes {
        // A comment ends with its line, whatever the note says.
        let note: String = note.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        let _ = writeln!(text, "// {note}");
    }
    let mut call = match variable {
        Some(variable) => format!("let {variable} = "),
        None => String::new(),
    };
    let kind = address.kind();
    let called = match schemas().by_kind(kind).filter(|_| !schemas().has_builder(kind)) {
        Some(schema) => format!("aws_resource({}, ", quoted(&schema.type_name)),
        None => format!("{kind}("),
    };
    let _ = write!(call, "{called}{}, ", quoted(address.name()));
    let short = format!("{call}{}, {});", properties.write(0, 0, 0), options.write(0, 0, 0));
    if !short.contains('\n') && short.chars().count() <= super::text::WIDTH {
        text.push_str(&short);
        return text;
    }
    text.push_str(&call);
    text.push_str(&properties.on_several(0));
    let column = text.lines().next_back().map_or(0, |line| line.chars().count());
    let _ = write!(text, ", {});", options.write(0, column + 2, 2));
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_comes_after_what_it_needs_and_a_circle_is_cut() {
        let needs = |list: &[&[usize]]| -> Vec<BTreeSet<usize>> {
            list.iter().map(|needs| needs.iter().copied().collect()).collect()
        };
        assert_eq!(order(&needs(&[&[2], &[0], &[]])), [2, 0, 1]);
        assert_eq!(order(&needs(&[&[], &[], &[0]])), [0, 1, 2]);
        assert_eq!(order(&needs(&[&[1], &[0, 1], &[]])), [1, 0, 2]);
    }
}
