//! Comments that allow: `// hzscript: allow(rule, rule) why`. One behind a statement or an entry is about that, one on a
//! line of its own about what follows; `allow-file` is about the whole file.

use super::super::Place;
use super::super::session::Mistake;
use super::super::syntax::lexer::Token;
use super::super::syntax::tree::{self, Group, Item, Node};
use super::{Finding, Rule, rule};

/// A comment that allows.
#[derive(Debug)]
pub(super) struct Comment {
    place: Place,
    /// What it is about, in bytes of the file.
    covers: (usize, usize),
    /// Each name, its rule, and whether anything was found that it allows.
    rules: Vec<(String, Option<&'static Rule>, bool)>,
}

impl Comment {
    /// Whether a finding is let be.
    pub(super) fn allows(&self, finding: &Finding) -> bool {
        let within =
            |place: &Place| place.file == self.place.file && (self.covers.0..=self.covers.1).contains(&place.offset);
        let names = self.rules.iter().any(|(_, rule, _)| rule.is_some_and(|rule| rule == finding.rule));
        names && finding.diagnostic.place.as_ref().is_some_and(within)
    }

    /// Remembers that there was something to allow.
    pub(super) fn used(&mut self, rule: &Rule) {
        for (_, own, used) in &mut self.rules {
            *used |= own.is_some_and(|own| own == rule);
        }
    }

    /// What there is to say of the comment itself.
    pub(super) fn idle(&self) -> Vec<Finding> {
        let finding = |(name, known, used): &(String, Option<&'static Rule>, bool)| {
            let (by, mistake) = match (known, used) {
                (None, _) => {
                    let names = super::RULES.iter().map(|rule| rule.name);
                    let help = super::super::suggest::did_you_mean(name, names);
                    let help = help.unwrap_or_else(|| "`hzscript lint --list` lists the rules".to_owned());
                    ("unknown-rule", Mistake::new(format!("there is no rule `{name}`")).help(help))
                }
                (Some(_), false) => {
                    let mistake = Mistake::new(format!("nothing here is found by `{name}`"));
                    ("nothing-to-allow", mistake.help("take it away: it would hide what comes later".to_owned()))
                }
                (Some(_), true) => return None,
            };
            Some(Finding { rule: rule(by)?, diagnostic: mistake.at(Some(self.place.clone()), Vec::new()) })
        };
        self.rules.iter().filter_map(finding).collect()
    }
}

/// The comments of a file that allow something.
pub(super) fn comments(file: &str, text: &str) -> Vec<Comment> {
    let mut found = Vec::new();
    within(&tree::parse(text), file, text, &mut found);
    found
}

fn within(group: &Group<'_>, file: &str, text: &str, found: &mut Vec<Comment>) {
    for (at, item) in group.items.iter().enumerate() {
        let about =
            || if item.is_comment() { group.items[at..].iter().find(|item| !item.is_comment()) } else { Some(item) };
        for comment in own_comments(item) {
            let covers = about().and_then(Item::extent);
            found.extend(read(comment, file, text, covers.unwrap_or((comment.offset, comment.offset))));
        }
        for node in &item.nodes {
            if let Node::Group(group) = node {
                within(group, file, text, found);
            }
        }
    }
}

fn own_comments<'i, 'a>(item: &'i Item<'a>) -> impl Iterator<Item = &'i Token<'a>> {
    let inside = item.nodes.iter().filter_map(|node| match node {
        Node::Comment(token) => Some(token),
        _ => None,
    });
    inside.chain(&item.trailing)
}

fn read(comment: &Token<'_>, file: &str, text: &str, covers: (usize, usize)) -> Option<Comment> {
    let said = comment.text.trim_start_matches('/').trim_start().strip_prefix("hzscript:")?.trim_start();
    let (covers, rest) = match said.strip_prefix("allow-file(") {
        Some(rest) => ((0, text.len()), rest),
        None => (covers, said.strip_prefix("allow(")?),
    };
    let names = rest.split(')').next()?.split(',').map(str::trim).filter(|name| !name.is_empty());
    let rules = names.map(|name| (name.to_owned(), rule(name), false)).collect();
    Some(Comment { place: place(file, text, comment.offset, comment.text.len()), covers, rules })
}

/// A place from an offset.
pub(super) fn place(file: &str, text: &str, offset: usize, length: usize) -> Place {
    let before = &text[..offset];
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    Place { file: file.to_owned(), line, column, offset, length }
}
