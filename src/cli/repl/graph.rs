//! `:graph`: what depends on what, as a tree.

use std::collections::{BTreeMap, BTreeSet};

use hzscript::model::{Address, Program};

use super::super::Tools;
use super::super::error::Error;
use super::super::render::escape;
use super::super::render::palette::Palette;
use super::Repl;

impl Repl<'_> {
    /// Shows what depends on what.
    pub(super) async fn graph(&self, tools: &Tools) -> Result<(), Error> {
        let evaluated = tools.interrupt.cut(self.exploring.program()).await?.map_err(Error::Mistakes)?;
        if evaluated.program.resources.is_empty() {
            tools.screen.out("The program declares nothing.");
            return Ok(());
        }
        tools.screen.out(&tree(&evaluated.program, tools.screen.out_palette()));
        Ok(())
    }
}

/// Resources that nothing depends on, with what they depend on below them. What is below twice is followed once.
pub fn tree(program: &Program, palette: Palette) -> String {
    let needs: BTreeMap<&Address, BTreeSet<Address>> = program
        .resources
        .iter()
        .map(|resource| (&resource.address, resource.dependencies().into_iter().collect()))
        .collect();
    let needed: BTreeSet<&Address> = needs.values().flatten().collect();
    let mut writer = Writer { needs: &needs, palette, seen: BTreeSet::new(), lines: Vec::new() };
    for resource in program.resources.iter().filter(|resource| !needed.contains(&resource.address)) {
        writer.write(&resource.address, "", "");
    }
    writer.lines.join("\n")
}

struct Writer<'a> {
    needs: &'a BTreeMap<&'a Address, BTreeSet<Address>>,
    palette: Palette,
    seen: BTreeSet<Address>,
    lines: Vec<String>,
}

impl Writer<'_> {
    /// The chain of dependencies is as long as the program has resources at most, and each is followed once.
    fn write(&mut self, address: &Address, branch: &str, below: &str) {
        let text = address.to_string();
        let shown = escape::line(&text);
        let needs: Vec<Address> = self.needs.get(address).into_iter().flatten().cloned().collect();
        let again = !self.seen.insert(address.clone()) && !needs.is_empty();
        let shown = if branch.is_empty() { self.palette.bold(&shown) } else { shown.into_owned() };
        let mark = if again { self.palette.dim(" (above)") } else { String::new() };
        self.lines.push(format!("{branch}{shown}{mark}"));
        // As deep as a terminal shows.
        const DEEPEST: usize = 200;
        if again || below.chars().count() > DEEPEST {
            return;
        }
        for (at, need) in needs.iter().enumerate() {
            let last = at + 1 == needs.len();
            let (sign, line) = if last { ("└─ ", "   ") } else { ("├─ ", "│  ") };
            self.write(need, &format!("{below}{sign}"), &format!("{below}{line}"));
        }
    }
}
