//! Drift: one line a resource, what differs below it as asked for → as it is, and the counts.

use hzscript::model::Address;
use hzscript::plan::drift::{Drift, Drifted};

use super::palette::Palette;
use super::{difference, escape};

/// Addresses are lined up to this width; a longer one pushes its identifier aside.
const MAX_ADDRESS: usize = 56;

/// All that differs, as lines; without any, only the counts.
pub fn found(drift: &Drift, palette: Palette) -> String {
    let mut lines = resources(&drift.resources, &drift.unread, palette);
    if !lines.is_empty() {
        lines.push(String::new());
    }
    lines.push(counts(drift));
    if !drift.is_none() {
        lines.push(
            "Before the arrow is what the last run asked for, after it what there is. A run puts it right.".to_owned(),
        );
    }
    lines.join("\n")
}

/// What differs of each resource and what is gone, as lines, and what could not be read.
pub(super) fn resources(drifted: &[Drifted], unread: &[Address], palette: Palette) -> Vec<String> {
    let width = drifted.iter().map(|drifted| drifted.address.to_string().chars().count()).max().unwrap_or(0);
    let width = width.min(MAX_ADDRESS);
    let mut lines: Vec<String> = Vec::new();
    for drifted in drifted {
        lines.push(headline(drifted, width, palette));
        if drifted.gone {
            lines.push(palette.dim("        it is no longer there"));
        }
        lines.extend(drifted.differences.iter().flat_map(|difference| difference::lines(difference, palette)));
    }
    lines
        .extend(unread.iter().map(|address| format!("  {} {address}: this version cannot read it", palette.cyan("?"))));
    lines
}

fn headline(drifted: &Drifted, width: usize, palette: Palette) -> String {
    let sign = if drifted.gone { palette.red("  -") } else { palette.yellow("  ~") };
    let address = drifted.address.to_string();
    format!("{sign} {address:width$}  {}", palette.dim(&escape::line(&drifted.id)))
}

fn counts(drift: &Drift) -> String {
    let gone = drift.gone();
    let differ = drift.resources.len() - gone;
    let unread = match drift.unread.len() {
        0 => String::new(),
        count => format!(", {count} not read"),
    };
    if drift.is_none() {
        return format!("No drift: {} as asked for{unread}.", drift.unchanged);
    }
    format!("Drift: {differ} changed, {gone} gone, {} as asked for{unread}.", drift.unchanged)
}

#[cfg(test)]
mod tests {
    use hzscript::model::{Secret, Value};
    use hzscript::plan::Difference;
    use hzscript::state::Target;

    use super::*;

    fn drift(resources: Vec<Drifted>) -> Drift {
        let target = Target { cloud: "local".to_owned(), account: "0".repeat(12), region: "eu-west-1".to_owned() };
        Drift { stack: "s".to_owned(), target, serial: 1, resources, unchanged: 3, unread: Vec::new() }
    }

    fn drifted(address: &str, differences: Vec<Difference>) -> Drifted {
        Drifted {
            address: address.parse().expect("an address"),
            kind: "AWS::ECS::Service".to_owned(),
            id: "id-1\u{1b}".to_owned(),
            gone: differences.is_empty(),
            differences,
        }
    }

    #[test]
    fn each_property_is_shown_as_asked_for_and_as_it_is() {
        let difference = |path: &str, before: Option<Value>, after: Option<Value>| Difference {
            path: path.to_owned(),
            before,
            after,
            replaces: false,
        };
        let secret = |of: &str| Some(Value::Secret(Secret::Clear(of.to_owned())));
        let found = found(
            &drift(vec![
                drifted(
                    "ecs_service.members",
                    vec![
                        difference("desiredCount", Some(Value::Int(3)), Some(Value::Int(5))),
                        difference("environment[0].value", secret("old"), secret("new")),
                        difference("tags.team", Some(Value::String("a".to_owned())), None),
                    ],
                ),
                drifted("ec2_eip.nat", Vec::new()),
            ]),
            Palette::new(false),
        );
        insta::assert_snapshot!(found, @r"
          ~ ecs_service.members  id-1\u{1b}
                desiredCount: 3 → 5
                environment[0].value: (secret) → (secret)
                tags.team: a → (none)
          - ec2_eip.nat          id-1\u{1b}
                it is no longer there

        Drift: 1 changed, 1 gone, 3 as asked for.
        Before the arrow is what the last run asked for, after it what there is. A run puts it right.
        ");
    }

    #[test]
    fn what_could_not_be_read_is_said() {
        let mut none = drift(Vec::new());
        insta::assert_snapshot!(found(&none, Palette::new(false)), @"No drift: 3 as asked for.");
        none.unread = vec!["ecs_task_set.a".parse().expect("an address")];
        insta::assert_snapshot!(found(&none, Palette::new(false)), @r"
          ? ecs_task_set.a: this version cannot read it

        No drift: 3 as asked for, 1 not read.
        ");
    }
}
