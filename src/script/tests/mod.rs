//! The language as a whole: scripts in, programs or mistakes out.

mod attacks;
mod callers;
mod documented;
mod exploring;
mod formation;
mod forms;
mod generic;
mod hazelcast;
mod inputs;
mod language;
mod limits;
mod load_balancer;
mod mistakes;
mod orientdb;
mod orientdb_node;
mod properties;
mod stdlib;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;

use super::{Diagnostic, Evaluated, Functions, Given, Limits, Lookups, Mistakes, Request, evaluate};
use crate::event::{Event, Events};
use crate::model::Value;
use crate::model::existing::{ExistingSubnet, ExistingVpc, VpcQuery};

/// An account that is always the same.
struct Account;

#[async_trait]
impl Lookups for Account {
    async fn account(&self) -> Result<String, String> {
        Ok("123456789012".to_owned())
    }

    async fn region(&self) -> Result<String, String> {
        Ok("eu-west-1".to_owned())
    }

    async fn zones(&self) -> Result<Vec<String>, String> {
        Ok(["a", "b", "c"].map(|zone| format!("eu-west-1{zone}")).to_vec())
    }

    /// One of any name and identifier, but none that is called `absent`, two that are called `twice`, and
    /// `public` has no private subnets.
    async fn vpcs(&self, wanted: &VpcQuery) -> Result<Vec<ExistingVpc>, String> {
        let subnet = |letter: &str, number: u8, public| ExistingSubnet {
            id: format!("subnet-0000000000000000{letter}"),
            zone: format!("eu-west-1{letter}"),
            cidr: format!("10.9.{number}.0/24"),
            public,
        };
        let subnets = vec![subnet("a", 0, true), subnet("b", 1, false), subnet("c", 2, false)];
        let vpc =
            |id: &str| ExistingVpc { id: id.to_owned(), cidr: "10.9.0.0/16".to_owned(), subnets: subnets.clone() };
        Ok(match wanted {
            VpcQuery::Id(id) => vec![vpc(id)],
            VpcQuery::Name(name) if name == "absent" => Vec::new(),
            VpcQuery::Name(name) if name == "twice" => vec![vpc("vpc-00000001"), vpc("vpc-00000002")],
            VpcQuery::Name(name) if name == "public" => {
                vec![ExistingVpc { subnets: subnets[..1].to_vec(), ..vpc("vpc-00000001") }]
            }
            VpcQuery::Name(_) => vec![vpc("vpc-00000001")],
        })
    }
}

/// A script to evaluate.
#[derive(Default)]
pub(super) struct Script {
    source: String,
    inputs: BTreeMap<String, Given>,
    root: Option<PathBuf>,
    limits: Limits,
    printed: Arc<Mutex<Vec<String>>>,
}

pub(super) fn script(source: &str) -> Script {
    Script { source: source.to_owned(), ..Script::default() }
}

impl Script {
    fn set(mut self, name: &str, text: &str) -> Self {
        self.inputs.insert(name.to_owned(), Given::Text(text.to_owned()));
        self
    }

    fn evaluate(&self) -> Result<Evaluated, Mistakes> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(evaluate(self.request()))
    }

    pub(super) fn request(&self) -> Request {
        let printed = self.printed.clone();
        Request {
            file: "main.rhai".to_owned(),
            source: self.source.clone(),
            root: self.root.clone(),
            inputs: self.inputs.clone(),
            lookups: Arc::new(Account),
            limits: self.limits.clone(),
            functions: Functions::default(),
            events: Events::to(move |event| {
                if let Event::Printed { text, source } = event {
                    printed.lock().expect("not poisoned").push(format!("{}: {text}", source.line));
                }
            }),
        }
    }

    /// What it says, one diagnostic a line; panics when it says nothing.
    fn mistakes(&self) -> String {
        match self.evaluate() {
            Ok(evaluated) => panic!("no mistake in {:?}", evaluated.program),
            Err(mistakes) => shown(&mistakes.mistakes),
        }
    }

    /// The program, as JSON.
    pub(super) fn program(&self) -> Evaluated {
        self.evaluate().unwrap_or_else(|mistakes| panic!("{}", shown(&mistakes.mistakes)))
    }

    /// The properties of an address, as stored.
    fn properties(&self, address: &str) -> String {
        let evaluated = self.program();
        let resource = evaluated.program.resources.iter().find(|resource| resource.address.to_string() == address);
        serde_json::to_string_pretty(&resource.expect("it is declared").properties).expect("it is JSON")
    }

    fn output(&self, name: &str) -> Value {
        self.program().program.outputs.remove(name).expect("an output")
    }
}

fn shown(diagnostics: &[Diagnostic]) -> String {
    let line = |diagnostic: &Diagnostic| {
        let place = |place: &super::Place| format!("{}:{}:{}+{}", place.file, place.line, place.column, place.length);
        let mut text = format!("{} {}", diagnostic.place.as_ref().map_or("-".to_owned(), place), diagnostic.message);
        for (mark, part) in [(" | ", &diagnostic.label), (" ? ", &diagnostic.help)] {
            if let Some(part) = part {
                text.push_str(mark);
                text.push_str(part);
            }
        }
        for from in &diagnostic.called_from {
            text.push_str(" < ");
            text.push_str(&place(from));
        }
        text
    };
    diagnostics.iter().map(line).collect::<Vec<_>>().join("\n")
}
