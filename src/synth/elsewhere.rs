//! What a script was told of its account and region, found again in what it declares.
//!
//! A region's code is a text like any other once a script has it. So the script is evaluated a second time, for an
//! account and region that are none: where the one evaluation has the one's code and the other the other's, in texts
//! that are the same otherwise, the code came of the look-up, and the template asks CloudFormation for it. What the
//! script has written itself is the same in both, and stays.

use super::text::Piece;
use crate::model::Program;

/// An account and region, as look-ups tell it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Environment {
    /// The account's twelve digits.
    pub account: String,
    /// The region's code.
    pub region: String,
    /// Names of the region's availability zones, sorted.
    pub zones: Vec<String>,
}

impl Environment {
    /// One that differs from this in everything, with as many zones: for the second evaluation.
    pub fn other(&self) -> Self {
        const ACCOUNTS: [&str; 2] = ["210987654321", "109876543210"];
        const REGIONS: [&str; 2] = ["zz-elsewhere-9", "zz-nowhere-8"];
        let another = |choices: [&str; 2], own: &str| choices[usize::from(choices[0] == own)].to_owned();
        let region = another(REGIONS, &self.region);
        let zone = |(number, zone): (usize, &String)| match zone.strip_prefix(&self.region) {
            Some(rest) => format!("{region}{rest}"),
            None => format!("{region}-{number}"),
        };
        let zones = self.zones.iter().enumerate().map(zone).collect();
        Self { account: another(ACCOUNTS, &self.account), region, zones }
    }
}

/// A program evaluated for another account and region.
#[derive(Debug, Clone, Copy)]
pub struct Elsewhere<'a> {
    /// What the script declares there.
    pub program: &'a Program,
    /// What look-ups told the program that is synthesized.
    pub here: &'a Environment,
    /// What they told this one.
    pub there: &'a Environment,
}

impl Elsewhere<'_> {
    /// Whether both declare the same resources: a script may choose by region what it declares.
    pub(super) fn is_of(&self, program: &Program) -> bool {
        let addresses = |program: &'_ Program| program.resources.iter().map(|r| r.address.clone()).collect::<Vec<_>>();
        addresses(program) == addresses(self.program)
    }

    /// The pieces of a text that is `other` elsewhere; `None` when they differ in more than where they are.
    pub(super) fn pieces(&self, text: &str, other: &str) -> Option<Vec<Piece>> {
        let (here, there) = (self.here, self.there);
        let zone = here.zones.iter().position(|zone| zone == text);
        if let Some(zone) = zone.filter(|zone| there.zones.get(*zone).is_some_and(|zone| zone == other)) {
            return Some(vec![Piece::Zone(zone)]);
        }
        let told = [(&here.region, &there.region, "AWS::Region"), (&here.account, &there.account, "AWS::AccountId")];
        let (mut text, mut other) = (text, other);
        let mut pieces = Vec::new();
        let mut plain = String::new();
        while !text.is_empty() || !other.is_empty() {
            let found = told.iter().find_map(|(here, there, name)| {
                Some((text.strip_prefix(here.as_str())?, other.strip_prefix(there.as_str())?, name))
            });
            if let Some((text_rest, other_rest, name)) = found {
                pieces.push(Piece::Text(std::mem::take(&mut plain)));
                pieces.push(Piece::Ref((*name).to_owned()));
                (text, other) = (text_rest, other_rest);
                continue;
            }
            let next = text.chars().next()?;
            other = other.strip_prefix(next)?;
            text = &text[next.len_utf8()..];
            plain.push(next);
        }
        pieces.push(Piece::Text(plain));
        Some(pieces)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_looked_up_is_told_from_what_was_written() {
        let zones = ["eu-west-1a", "eu-west-1b"].map(str::to_owned).to_vec();
        let here = Environment { account: "123456789012".to_owned(), region: "eu-west-1".to_owned(), zones };
        let there = here.other();
        let program = Program::default();
        let elsewhere = Elsewhere { program: &program, here: &here, there: &there };
        let pieces = |text: &str, other: &str| {
            let mut pieces = elsewhere.pieces(text, other)?;
            pieces.retain(|piece| *piece != Piece::Text(String::new()));
            Some(pieces)
        };
        let text = |text: &str| Piece::Text(text.to_owned());
        let asked = |name: &str| Piece::Ref(name.to_owned());
        assert_eq!(pieces("eu-west-1", "eu-west-1"), Some(vec![text("eu-west-1")]), "written");
        assert_eq!(pieces("eu-west-1", &there.region), Some(vec![asked("AWS::Region")]));
        assert_eq!(pieces("eu-west-1b", &there.zones[1]), Some(vec![Piece::Zone(1)]));
        assert_eq!(pieces("eu-west-1b", &there.zones[0]), None, "two zones");
        assert_eq!(
            pieces("123456789012.ecr.eu-west-1/eu-west-1", "210987654321.ecr.zz-elsewhere-9/eu-west-1"),
            Some(vec![asked("AWS::AccountId"), text(".ecr."), asked("AWS::Region"), text("/eu-west-1")])
        );
        assert_eq!(pieces("eu-west-1 and more", "zz-elsewhere-9"), None);
    }
}
