//! [`complete`]: what may stand where the cursor is, by the schemas, the language and what was said so far.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, OnceLock};

use rhai::Dynamic;

use super::live::{Object, ROOTS, Sort as Running};
use super::scan::{Sort, Token, scan};
use crate::model::{KindSchema, Shape, schemas};
use crate::script::fixed::Fixed;
use crate::script::handle::{Container, Handle};
use crate::script::{library, names};

/// A variable, as far as it matters to whoever types.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    /// Its name.
    pub name: String,
    /// What it holds, in a word.
    pub what: String,
    members: Members,
}

/// What can follow a dot.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Members {
    /// Attributes of a kind, and its methods.
    Kind(String),
    /// Keys of a map.
    Keys(Vec<String>),
    /// Attributes and methods of something that runs.
    Running(Running, Vec<String>),
    /// Methods of lists; of what their elements are, if that is known.
    List(Option<(Running, Vec<String>)>),
    /// Methods of containers of a task definition.
    Container,
    /// Methods of texts.
    Text,
    /// Nothing that is known.
    Nothing,
}

impl Known {
    /// Of a variable's value.
    pub(in super::super) fn new(name: &str, value: &Dynamic) -> Self {
        let (what, members) = members(value);
        Self { name: name.to_owned(), what, members }
    }
}

fn members(value: &Dynamic) -> (String, Members) {
    let keys = |map: &rhai::Map| map.keys().map(|key| key.to_string()).collect::<Vec<_>>();
    if let Some(handle) = value.read_lock::<Handle>() {
        return match handle.declared() {
            Some((address, schema)) => (address.to_string(), Members::Kind(schema.kind.to_string())),
            None => ("resource".to_owned(), Members::Nothing),
        };
    }
    if let Some(object) = value.read_lock::<Object>() {
        let sort = object.sort();
        return (sort.name().to_owned(), Members::Running(sort, keys(object.entries())));
    }
    if let Ok(map) = value.as_map_ref() {
        return ("map".to_owned(), Members::Keys(keys(&map)));
    }
    if let Some(fixed) = value.read_lock::<Fixed>() {
        return ("map".to_owned(), Members::Keys(keys(&fixed.entries)));
    }
    if value.is::<Container>() {
        return ("container".to_owned(), Members::Container);
    }
    if let Ok(items) = value.as_array_ref() {
        let element = items.first().and_then(|first| {
            let object = first.read_lock::<Object>()?;
            Some((object.sort(), keys(object.entries())))
        });
        return (format!("list of {}", items.len()), Members::List(element));
    }
    let what = match value.type_name() {
        "i64" => "whole number",
        "f64" => "number",
        "bool" => "true or false",
        _ if value.is_fnptr() => "function",
        _ if value.is_string() => return ("text".to_owned(), Members::Text),
        _ => "value",
    };
    (what.to_owned(), Members::Nothing)
}

/// Something that may stand at the cursor.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Completion {
    /// What is put there.
    pub text: String,
    /// What it is, in a few words.
    pub note: String,
}

/// Names that only what runs can tell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wanted {
    /// Of clusters.
    Clusters,
    /// Of services; of a cluster's, when it is known which.
    Services(Option<String>),
    /// Of roles that are declared or exist.
    Roles,
    /// Of VPCs.
    Vpcs,
}

/// What may stand at the cursor.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Completions {
    /// Where what is there already begins, in bytes.
    pub start: usize,
    /// What may stand there instead, sorted.
    pub found: Vec<Completion>,
    /// Names that may stand there as well.
    pub wanted: Option<Wanted>,
}

/// What may stand at `cursor` in an entry, given the variables, addresses and functions of the program.
pub fn complete(text: &str, cursor: usize, known: &[Known], addresses: &[String], functions: &[String]) -> Completions {
    let Some(before) = text.get(..cursor) else { return Completions::default() };
    let tokens: Vec<Token> = scan(before).tokens;
    let at = At { text: before, tokens: tokens.iter().filter(|token| token.says()).cloned().collect() };
    if tokens.last().is_some_and(|last| last.sort == Sort::Comment) {
        return Completions::default();
    }
    if let Some(last) = tokens.last().filter(|last| last.sort == Sort::Text && is_open(&before[last.range.clone()])) {
        return at.in_text(last.range.start + 1, addresses);
    }
    let word = at.tokens.last().filter(|last| last.sort == Sort::Word && last.range.end == cursor);
    let start = word.map_or(cursor, |word| word.range.start);
    let prefix = &before[start..];
    let rest = At { text: before, tokens: at.tokens[..at.tokens.len() - usize::from(word.is_some())].to_vec() };
    let found = match rest.shown(0) {
        Some(".") if rest.shown(1) != Some(".") => rest.after_dot(known),
        _ => match rest.key_position() {
            Some(found) => found,
            None => anywhere(known, functions),
        },
    };
    Completions { start, found: matching(found, prefix), wanted: None }
}

/// Whether a text in quotes is not ended.
fn is_open(text: &str) -> bool {
    let Some(quote) = text.chars().next().filter(|c| matches!(c, '"' | '`')) else { return false };
    let mut escaped = false;
    let mut ends = false;
    for c in text.chars().skip(1) {
        ends = c == quote && !escaped;
        escaped = c == '\\' && !escaped;
    }
    !ends
}

fn matching(mut found: Vec<Completion>, prefix: &str) -> Vec<Completion> {
    let lower = prefix.to_lowercase();
    found.retain(|completion| completion.text.to_lowercase().starts_with(&lower));
    found.sort();
    found.dedup_by(|one, other| one.text == other.text);
    found
}

fn completion(text: impl Into<String>, note: impl Into<String>) -> Completion {
    Completion { text: text.into(), note: note.into() }
}

/// Words that begin statements.
const KEYWORDS: [&str; 11] = ["let", "const", "fn", "if", "else", "for", "in", "while", "switch", "import", "return"];

/// Everything that may stand where an expression may.
fn anywhere(known: &[Known], functions: &[String]) -> Vec<Completion> {
    let kinds = schemas().kinds().map(|(kind, type_name)| completion(kind.as_str(), type_name));
    let own = names::FUNCTIONS.iter().map(|(name, usage)| completion(*name, *usage));
    let live = ROOTS.iter().map(|(name, usage)| completion(*name, format!("what runs: {usage}")));
    let library = library::names().iter().map(|name| completion(name.as_str(), "standard library"));
    let variables = known.iter().map(|known| completion(known.name.as_str(), known.what.as_str()));
    let functions = functions.iter().map(|name| completion(name.as_str(), "function"));
    let keywords = KEYWORDS.iter().map(|word| completion(*word, "keyword"));
    // A variable hides a function of its name.
    variables.chain(functions).chain(kinds).chain(library).chain(own).chain(live).chain(keywords).collect()
}

/// Methods of lists.
const LIST: [&str; 14] = [
    "len", "filter", "map", "reduce", "some", "all", "find", "contains", "push", "sort", "reverse", "for_each",
    "extract", "is_empty",
];

/// Methods of texts.
const TEXT: [&str; 10] = [
    "len",
    "contains",
    "starts_with",
    "ends_with",
    "split",
    "sub_string",
    "replace",
    "to_upper",
    "to_lower",
    "index_of",
];

/// Where the cursor is.
struct At<'a> {
    text: &'a str,
    /// What says something before the cursor.
    tokens: Vec<Token>,
}

/// A bracket that is open at the cursor.
struct Frame {
    /// The token that opens it.
    opens: usize,
    /// The function called, for `(`.
    call: Option<String>,
    /// How many commas came since.
    commas: usize,
    /// The key whose value is being written, in a map.
    key: Option<String>,
    /// Keys that are there already.
    keys: BTreeSet<String>,
}

impl At<'_> {
    /// A token from the end.
    fn shown(&self, from_end: usize) -> Option<&str> {
        let at = self.tokens.len().checked_sub(from_end + 1)?;
        Some(&self.text[self.tokens[at].range.clone()])
    }

    fn token(&self, at: usize) -> &str {
        self.tokens.get(at).map_or("", |token| &self.text[token.range.clone()])
    }

    /// The brackets that are open, outermost first.
    fn frames(&self) -> Vec<Frame> {
        let mut frames: Vec<Frame> = Vec::new();
        for (at, token) in self.tokens.iter().enumerate() {
            match token.sort {
                Sort::Open => {
                    let before = at.checked_sub(1).map(|before| &self.tokens[before]);
                    let call = before.filter(|before| before.sort == Sort::Word && self.token(at) == "(");
                    let call = call.map(|before| self.text[before.range.clone()].to_owned());
                    frames.push(Frame { opens: at, call, commas: 0, key: None, keys: BTreeSet::new() });
                }
                Sort::Close => drop(frames.pop()),
                Sort::Sign => {
                    let Some(frame) = frames.last_mut() else { continue };
                    match self.token(at) {
                        "," => (frame.commas, frame.key) = (frame.commas + 1, None),
                        ":" if frame.key.is_none() && at > 0 => {
                            let key = self.token(at - 1).trim_matches('"').to_owned();
                            frame.keys.insert(key.clone());
                            frame.key = Some(key);
                        }
                        _ => {}
                    }
                }
                _ => {}
            }
        }
        frames
    }

    /// What may follow a dot, which is the last token.
    fn after_dot(&self, known: &[Known]) -> Vec<Completion> {
        let end = self.tokens.len() - 1;
        match self.members_of(end, known) {
            Members::Kind(kind) => attributes(&kind),
            Members::Keys(keys) => keys.into_iter().map(|key| completion(key, "attribute")).collect(),
            Members::Running(sort, keys) => running(sort, &keys),
            Members::List(_) => LIST.iter().map(|name| completion(*name, "of lists")).collect(),
            Members::Text => TEXT.iter().map(|name| completion(*name, "of texts")).collect(),
            Members::Container => ["add_port_mappings", "name"].map(|name| completion(name, "of containers")).to_vec(),
            Members::Nothing => Vec::new(),
        }
    }

    /// What is known of the expression that ends before a token.
    fn members_of(&self, end: usize, known: &[Known]) -> Members {
        let Some(last) = end.checked_sub(1) else { return Members::Nothing };
        match self.tokens[last].sort {
            Sort::Text => Members::Text,
            // What an attribute is, is not known.
            Sort::Word if last > 0 && self.token(last - 1) == "." => Members::Nothing,
            Sort::Word => self.variable(self.token(last), last, known),
            Sort::Close if self.token(last) == ")" => {
                let Some(open) = self.opening(last) else { return Members::Nothing };
                let Some(called) = open.checked_sub(1).filter(|at| self.tokens[*at].sort == Sort::Word) else {
                    return Members::Nothing;
                };
                let name = self.token(called);
                if called > 0 && self.token(called - 1) == "." {
                    return self.called(name, self.members_of(called - 1, known));
                }
                root(name)
            }
            Sort::Close if self.token(last) == "]" => {
                let Some(open) = self.opening(last).filter(|open| *open > 0) else { return Members::Nothing };
                match self.members_of(open, known) {
                    Members::List(Some((sort, keys))) => Members::Running(sort, keys),
                    _ => Members::Nothing,
                }
            }
            _ => Members::Nothing,
        }
    }

    fn variable(&self, name: &str, at: usize, known: &[Known]) -> Members {
        if let Some(element) = self.parameter(name, at, known) {
            return element;
        }
        known.iter().find(|known| known.name == name).map_or(Members::Nothing, |known| known.members.clone())
    }

    /// What a closure's parameter is: an element of the list whose method takes the closure.
    fn parameter(&self, name: &str, at: usize, known: &[Known]) -> Option<Members> {
        let bars = (1..at).rev().find(|bar| {
            self.token(*bar) == name && self.token(bar - 1) == "|" && matches!(self.token(bar + 1), "|" | ",")
        })?;
        let open = bars.checked_sub(2)?;
        let method = open.checked_sub(1)?;
        if self.token(open) != "(" || self.token(method.checked_sub(1)?) != "." {
            return None;
        }
        match self.members_of(method - 1, known) {
            Members::List(Some((sort, keys))) => Some(Members::Running(sort, keys)),
            _ => Some(Members::Nothing),
        }
    }

    /// What a method gives.
    fn called(&self, name: &str, of: Members) -> Members {
        match (name, of) {
            ("filter" | "sort" | "reverse", list @ Members::List(_)) => list,
            ("find", Members::List(Some((sort, keys)))) => Members::Running(sort, keys),
            ("map" | "extract", Members::List(_)) => Members::List(None),
            ("add_container", Members::Kind(_)) => Members::Container,
            ("deployments" | "containers" | "logs" | "events", _) => Members::List(None),
            (_, of @ Members::Kind(_)) => of,
            (_, Members::Running(..)) => root(name),
            _ => Members::Nothing,
        }
    }

    /// The token that opens the bracket which a token closes.
    fn opening(&self, close: usize) -> Option<usize> {
        let mut depth = 0usize;
        (0..=close).rev().find(|at| {
            match self.tokens[*at].sort {
                Sort::Close => depth += 1,
                Sort::Open => depth = depth.saturating_sub(1),
                _ => return false,
            }
            depth == 0
        })
    }

    /// The keys that may stand at the cursor, when it is where a key of a known map is written.
    fn key_position(&self) -> Option<Vec<Completion>> {
        let frames = self.frames();
        let innermost = frames.last()?;
        if self.token(innermost.opens) != "#{" || !matches!(self.shown(0), Some("#{" | ",")) {
            return None;
        }
        let known = self.properties(&frames)?;
        let written = &innermost.keys;
        Some(known.into_iter().filter(|completion| !written.contains(&completion.text)).collect())
    }

    /// What may be written in the innermost of maps that are open.
    fn properties(&self, frames: &[Frame]) -> Option<Vec<Completion>> {
        let call = frames.iter().rposition(|frame| frame.call.is_some())?;
        let name = frames[call].call.as_deref()?;
        let within = &frames[call + 1..];
        if let Some(schema) = builder(name) {
            if frames[call].commas >= 2 {
                let options = OPTIONS.iter().map(|(name, note)| completion(*name, *note));
                return (within.len() == 1).then(|| options.collect());
            }
            let shape = self.shape(&schema.shape, within)?;
            let property = |(name, property): (&String, &crate::model::Property)| {
                let required = shape.required.contains(name) || within.len() == 1 && schema.required.contains(name);
                let types: Vec<String> = property.shape.types.iter().map(ToString::to_string).collect();
                let types = types.join(" or ");
                completion(name.as_str(), if required { format!("{types}, required") } else { types })
            };
            let read_only = schema.attributes();
            let settable = |name: &&str| within.len() > 1 || !read_only.contains(name);
            let properties = shape.properties.iter().filter(|(name, _)| settable(&name.as_str()));
            return Some(properties.map(property).collect());
        }
        if within.len() == 1 {
            let given = library_properties().get(name)?;
            return Some(given.iter().map(|(name, what)| completion(name.as_str(), what.as_str())).collect());
        }
        None
    }

    /// The shape of the value that is written in the innermost of brackets.
    fn shape(&self, outermost: &Arc<Shape>, within: &[Frame]) -> Option<Arc<Shape>> {
        let mut shape = outermost.clone();
        for frame in within.iter().take(within.len().saturating_sub(1)) {
            shape = match (&frame.key, self.token(frame.opens)) {
                (Some(key), "#{") => shape.properties.get(key)?.shape.clone(),
                (_, "[") => shape.items.clone()?,
                _ => return None,
            };
        }
        Some(shape)
    }

    /// What may stand in a text that begins at `start`.
    fn in_text(mut self, start: usize, addresses: &[String]) -> Completions {
        let prefix = self.text[start..].to_owned();
        self.tokens.pop();
        let frames = self.frames();
        let call = frames.last().and_then(|frame| frame.call.as_deref());
        let of_cluster = self.cluster_before();
        let wanted = match (call, frames.last().map_or(0, |frame| frame.commas)) {
            (Some("cluster" | "services" | "tasks" | "members"), 0) => Some(Wanted::Clusters),
            (Some("service"), 0) => Some(Wanted::Services(of_cluster)),
            (Some("service"), 1) => Some(Wanted::Services(self.shown(1).map(|name| name.trim_matches('"').to_owned()))),
            (Some("role"), 0) => Some(Wanted::Roles),
            (Some("vpc"), 0) => Some(Wanted::Vpcs),
            _ => None,
        };
        let values = self.values(&frames);
        let is_list_of_addresses = frames.iter().rev().take(2).any(|frame| frame.key.as_deref() == Some("dependsOn"));
        let found = match (values, is_list_of_addresses) {
            (Some(values), _) => values,
            (None, true) => addresses.iter().map(|address| completion(address.as_str(), "resource")).collect(),
            (None, false) => Vec::new(),
        };
        Completions { start, found: matching(found, &prefix), wanted }
    }

    /// The cluster that a method is called on, where it is written before.
    fn cluster_before(&self) -> Option<String> {
        let dot = self.tokens.len().checked_sub(3)?;
        if self.token(dot) != "." || self.token(dot.checked_sub(1)?) != ")" {
            return None;
        }
        let open = self.opening(dot - 1)?;
        let called = open.checked_sub(1)?;
        (self.token(called) == "cluster").then(|| self.token(open + 1).trim_matches('"').to_owned())
    }

    /// The values that the schema allows for the text at the cursor.
    fn values(&self, frames: &[Frame]) -> Option<Vec<Completion>> {
        let call = frames.iter().rposition(|frame| frame.call.is_some())?;
        let schema = builder(frames[call].call.as_deref()?)?;
        let within = &frames[call + 1..];
        let innermost = within.last()?;
        let shape = self.shape(&schema.shape, within)?;
        let shape = match (&innermost.key, self.token(innermost.opens)) {
            (Some(key), "#{") => shape.properties.get(key)?.shape.clone(),
            (_, "[") => shape.items.clone()?,
            _ => return None,
        };
        let allowed = shape.choices.iter().filter_map(|choice| choice.as_str());
        let found: Vec<Completion> = allowed.map(|value| completion(value, "value")).collect();
        (!found.is_empty()).then_some(found)
    }
}

/// What may be said in the third place of a builder.
const OPTIONS: [(&str, &str); 9] = [
    ("dependsOn", "resources that come first"),
    ("protect", "refuse to delete or replace it"),
    ("retain", "leave it in the account"),
    ("ignoreChanges", "properties not acted on"),
    ("replaceOn", "values whose change replaces it"),
    ("aliases", "addresses it had before"),
    ("timeouts", "limits on waiting"),
    ("id", "adopt what exists"),
    ("fromStack", "take it over from another stack"),
];

/// How a function is called that the language has, after its opening bracket.
pub fn usage(name: &str) -> Option<String> {
    if builder(name).is_some() {
        return Some("\"name\", #{ … })".to_owned());
    }
    if library::names().contains(name) {
        return Some("#{ … })".to_owned());
    }
    let known = names::FUNCTIONS.iter().chain(&ROOTS).chain(&names::METHODS).find(|(known, _)| *known == name)?;
    let (_, after) = known.1.split_once('(')?;
    Some(after.to_owned())
}

fn builder(name: &str) -> Option<&'static KindSchema> {
    let (kind, _) = schemas().kinds().find(|(kind, _)| kind.as_str() == name)?;
    schemas().by_kind(kind)
}

fn attributes(kind: &str) -> Vec<Completion> {
    let Some(schema) = builder(kind) else { return Vec::new() };
    let own = schema.shape.properties.keys().map(|name| completion(name.as_str(), "attribute"));
    let always = ["id", "arn", "name", "address"].map(|name| completion(name, "attribute"));
    let has = |property: &str| schema.shape.properties.contains_key(property);
    let fits = |method: &str| match method {
        "add_to_policy" | "attach_managed_policy" => kind == "iam_role",
        "add_container" | "add_to_task_role_policy" | "add_to_execution_role_policy" => has("containerDefinitions"),
        "add_volume" => has("volumes"),
        "add_ingress" => has("securityGroupIngress"),
        "add_egress" => has("securityGroupEgress"),
        "allow_from" => kind == "ec2_security_group",
        "expect_cluster" => kind == "ecs_service",
        _ => false,
    };
    let methods = names::METHODS.iter().filter(|(name, _)| fits(name));
    own.chain(always).chain(methods.map(|(name, usage)| completion(*name, *usage))).collect()
}

fn running(sort: Running, keys: &[String]) -> Vec<Completion> {
    let methods = sort.methods().iter().map(|(name, usage)| completion(*name, *usage));
    methods.chain(keys.iter().map(|key| completion(key.as_str(), "attribute"))).collect()
}

/// What a function that asks about what runs gives.
fn root(name: &str) -> Members {
    let one = |sort| Members::Running(sort, Vec::new());
    let all = |sort| Members::List(Some((sort, Vec::new())));
    match name {
        "cluster" => one(Running::Cluster),
        "service" => one(Running::Service),
        "role" => one(Running::Role),
        "vpc" => one(Running::Vpc),
        "clusters" => all(Running::Cluster),
        "services" => all(Running::Service),
        "tasks" => all(Running::Task),
        "members" => all(Running::Members),
        "instances" => all(Running::Instance),
        "log_groups" => all(Running::LogGroup),
        "vpcs" => all(Running::Vpc),
        other if builder(other).is_some() => Members::Kind(other.to_owned()),
        _ => Members::Nothing,
    }
}

/// What each function of the standard library takes: names and types, as it says itself where it refuses others.
fn library_properties() -> &'static BTreeMap<String, BTreeMap<String, String>> {
    static PROPERTIES: OnceLock<BTreeMap<String, BTreeMap<String, String>>> = OnceLock::new();
    PROPERTIES.get_or_init(|| {
        let mut found = BTreeMap::new();
        for text in library::texts() {
            let tokens: Vec<Token> = scan(text).tokens.into_iter().filter(Token::says).collect();
            let shown = |at: usize| tokens.get(at).map_or("", |token| &text[token.range.clone()]);
            for at in (0..tokens.len()).filter(|at| shown(*at) == "known_properties" && shown(at + 2) == "properties") {
                let mut properties = BTreeMap::new();
                let mut next = at + 5;
                while next < tokens.len() && shown(next) != "}" {
                    if shown(next + 1) == ":" {
                        properties.insert(shown(next).to_owned(), shown(next + 2).trim_matches('"').to_owned());
                    }
                    next += 1;
                }
                found.insert(shown(next + 2).trim_matches('"').to_owned(), properties);
            }
        }
        found
    })
}
