//! What differs of a property: before and after on one line; of long texts and lists only what is not in both.

use hzscript::model::Value;
use hzscript::plan::Difference;

use super::palette::Palette;
use super::{escape, value};

/// The longest value shown on the line of its property, in characters.
const MAX_VALUE: usize = 120;

/// How many characters are shown before the first that differs, of long texts.
const CONTEXT: usize = 24;

/// The longest item shown of a list, in characters.
const MAX_ITEM: usize = 400;

/// The most lines shown of a text or a list that differs in some.
const MAX_LINES: usize = 12;

/// The difference, as lines.
pub fn lines(difference: &Difference, palette: Palette) -> Vec<String> {
    let path = escape::line(&difference.path);
    let mark = if difference.replaces { palette.magenta(" (replaces)") } else { String::new() };
    let below = match (&difference.before, &difference.after) {
        (Some(Value::String(before)), Some(Value::String(after))) if before.contains('\n') || after.contains('\n') => {
            Some(of_texts(before, after, palette))
        }
        (Some(before @ Value::List(were)), Some(after @ Value::List(are)))
            if [before, after].iter().any(|list| value::whole(list).chars().count() > MAX_VALUE) =>
        {
            Some(of_lists(were, are, palette))
        }
        _ => None,
    };
    if let Some(below) = below {
        return std::iter::once(format!("        {path}:{mark}")).chain(below).collect();
    }
    let side = |side: &Option<Value>| side.as_ref().map_or("(none)".to_owned(), value::whole);
    let [before, after] = of_words(&side(&difference.before), &side(&difference.after));
    vec![format!("        {path}: {before} → {after}{mark}")]
}

/// Two texts of one line: of long ones, from shortly before they differ.
fn of_words(before: &str, after: &str) -> [String; 2] {
    let long = [before, after].iter().any(|text| text.chars().count() > MAX_VALUE);
    let same = before.chars().zip(after.chars()).take_while(|(a, b)| a == b).count();
    let skipped = if long { same.saturating_sub(CONTEXT) } else { 0 };
    [before, after].map(|text| {
        let rest: String = text.chars().skip(skipped).collect();
        let mark = if skipped > 0 { "…" } else { "" };
        escape::shortened(&format!("{mark}{rest}"), MAX_VALUE)
    })
}

/// The lines that differ of two texts: all between the beginning and the end they share.
fn of_texts(before: &str, after: &str, palette: Palette) -> Vec<String> {
    let (before, after): (Vec<&str>, Vec<&str>) = (before.lines().collect(), after.lines().collect());
    let same_start = before.iter().zip(&after).take_while(|(a, b)| a == b).count();
    let (before, after) = (&before[same_start..], &after[same_start..]);
    let same_end = before.iter().rev().zip(after.iter().rev()).take_while(|(a, b)| a == b).count();
    let shown = |lines: &[&str]| lines.iter().map(|line| escape::line(line).into_owned()).collect();
    let removed = shown(&before[..before.len() - same_end]);
    marked(removed, shown(&after[..after.len() - same_end]), "only the line breaks differ", palette)
}

/// The items that only one of two lists has.
fn of_lists(before: &[Value], after: &[Value], palette: Palette) -> Vec<String> {
    let only = |these: &[Value], those: &[Value]| {
        let mut others: Vec<&Value> = those.iter().collect();
        let alone = these.iter().filter(|item| match others.iter().position(|other| other == item) {
            Some(at) => {
                others.swap_remove(at);
                false
            }
            None => true,
        });
        alone.map(|item| value::short(item, MAX_ITEM)).collect()
    };
    marked(only(before, after), only(after, before), "only the order differs", palette)
}

/// Removed lines and added ones; `same` is said when there are none.
fn marked(removed: Vec<String>, added: Vec<String>, same: &str, palette: Palette) -> Vec<String> {
    let removed = removed.into_iter().map(|line| palette.red(&format!("- {line}")));
    let all: Vec<String> = removed.chain(added.into_iter().map(|line| palette.green(&format!("+ {line}")))).collect();
    let more = all.len().saturating_sub(MAX_LINES);
    let mut lines: Vec<String> = all.into_iter().take(MAX_LINES).map(|line| format!("          {line}")).collect();
    match (lines.is_empty(), more) {
        (true, _) => lines.push(format!("          {same}")),
        (false, 0) => {}
        (false, more) => lines.push(format!("          … and {more} more lines")),
    }
    lines
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn of_long_lists_only_what_is_not_in_both_is_shown() {
        let rule =
            |port: u32| json!({ "ipProtocol": "tcp", "fromPort": port, "toPort": port, "cidrIp": "10.0.0.0/16" });
        let shown = |before: &[u32], after: &[u32]| {
            let list = |ports: &[u32]| Some(Value::from_json(&ports.iter().map(|port| rule(*port)).collect()));
            let path = "securityGroupIngress".to_owned();
            let difference = Difference { path, before: list(before), after: list(after), replaces: false };
            lines(&difference, Palette::new(false)).join("\n")
        };
        insta::assert_snapshot!(shown(&[22, 5701, 8080], &[5701, 8080, 8080]), @r"
        securityGroupIngress:
          - { cidrIp: 10.0.0.0/16, fromPort: 22, ipProtocol: tcp, toPort: 22 }
          + { cidrIp: 10.0.0.0/16, fromPort: 8080, ipProtocol: tcp, toPort: 8080 }
        ");
        insta::assert_snapshot!(shown(&[1, 2, 3], &[3, 2, 1]), @r"
        securityGroupIngress:
          only the order differs
        ");
        insta::assert_snapshot!(shown(&[1], &[]), @"        securityGroupIngress: [{ cidrIp: 10.0.0.0/16, fromPort: 1, ipProtocol: tcp, toPort: 1 }] → []");
    }

    #[test]
    fn of_long_texts_what_differs_is_shown() {
        let long = |end: &str| format!("{}{end}{}", "a".repeat(200), "z".repeat(200));
        let [before, after] = of_words(&long("5701"), &long("5702"));
        assert!(before.starts_with('…') && before.contains("5701zz") && before.ends_with('…'), "{before}");
        assert!(after.contains("5702zz") && after.chars().count() == MAX_VALUE, "{after}");
        assert_eq!(of_words("aaaa 1", "aaaa 2"), ["aaaa 1", "aaaa 2"], "short ones whole");
    }
}
