//! Entries that ask about what runs: tried with the program, and never part of it.

use std::collections::BTreeMap;

use tokio::sync::watch;

use super::document::Placed;
use super::entry::{self, Back};
use super::statements::{Defines, Statement, names};
use super::tried::{Changed, Said, Trial};
use super::{Entered, Exploring, live};
use crate::script::Mistakes;

impl Exploring {
    /// Whether an entry asks about what runs, or works on what was answered.
    pub(super) fn asks(&self, text: &str, parts: &[Statement]) -> bool {
        let own = |name: &str| {
            let defined = parts.iter().any(|part| part.defines == Defines::Function(name.to_owned()));
            defined || self.document.functions().any(|function| function == name)
        };
        let asking = |name: &String| {
            live::ROOTS.iter().any(|(root, _)| root == name) && !own(name)
                || self.asking.iter().any(|(function, _)| function == name)
        };
        let used = names(text);
        let held = |name: &String| self.held.iter().any(|(held, _)| held == name);
        let anew = |name: &String| parts.first().is_some_and(|part| part.defines == Defines::Variable(name.clone()));
        self.setting.queries.is_some() && used.calls.iter().any(asking)
            || used.variables.iter().filter(|name| held(name)).any(|name| {
                // `let t = 1` where `t` held an answer is a variable of the program.
                !anew(name) || used.variables.iter().filter(|other| *other == name).count() > 1
            })
    }

    /// Takes an entry that asks about what runs.
    pub(super) async fn ask(&mut self, text: &str, parts: &[Statement]) -> Result<Entered, Mistakes> {
        let mut all = self.document.open_text();
        let is_function = |part: &&Statement| matches!(part.defines, Defines::Function(_));
        let own: Vec<&Statement> = parts.iter().filter(is_function).collect();
        let replaced = |name: &str| own.iter().any(|part| part.defines == Defines::Function(name.to_owned()));
        for (_, function) in self.asking.iter().filter(|(name, _)| !replaced(name)) {
            all.push_str(function);
            all.push('\n');
        }
        let placed = vec![Placed { range: all.len()..all.len() + text.len(), offset: 0, statement: 0 }];
        all.push_str(text);
        let (waiting, waited_for) = watch::channel(());
        let queries = self.setting.queries.clone().map(|queries| live::Asking { queries, waited_for });
        let fresh = placed.iter().map(|placed| placed.range.clone()).collect();
        let trial = Trial { fresh, held: self.held.clone(), queries };
        let tried = self.attempt(&all, trial, &self.now.printed).await;
        drop(waiting);
        let back = Back { file: self.file(), text: &all, entry: text, placed: &placed };
        let (tried, _) = tried.map_err(|mistakes| back.mistakes(mistakes))?;
        let said = Said { variables: BTreeMap::new(), ..tried.said.clone() };
        let before = Said { variables: BTreeMap::new(), ..self.now.said.clone() };
        let reassigned = self
            .now
            .said
            .variables
            .iter()
            .find(|(name, was)| tried.said.variables.get(*name).is_some_and(|is| is != *was));
        if said != before {
            let what = "an entry that asks about what runs cannot declare anything";
            let help = "the program must be the same whenever it is evaluated: write down what was answered, in an entry of \
                        its own";
            return Err(entry::refused(text, what, Some(help)));
        }
        if let Some((name, _)) = reassigned {
            let what = format!("`{name}` is the program's: an entry that asks about what runs cannot change it");
            return Err(entry::refused(text, &what, Some("give the answer a name of its own with `let`")));
        }
        for part in own {
            if let Defines::Function(name) = &part.defines {
                self.asking.retain(|(known, _)| known != name);
                self.asking.push((name.clone(), text[part.range.clone()].to_owned()));
            }
        }
        let program = &self.now.said.variables;
        self.held = tried.variables.into_iter().filter(|(name, _)| !program.contains_key(name)).collect();
        Ok(Entered {
            value: tried.value,
            kept: false,
            changed: Changed::default(),
            warnings: Vec::new(),
            missing: Vec::new(),
            sources: tried.sources,
        })
    }
}
