//! Values as they are shown at the prompt: tables of things that are alike, trees of what has parts.

use std::collections::BTreeSet;

use hzscript::script::explore::Shown;

use super::super::render::escape;
use super::super::render::palette::Palette;
use super::super::render::table::lined_up;

/// The most rows and lines of one value.
const MOST: usize = 500;

/// The longest value on the line of its name, in characters.
const LINE: usize = 100;

/// How much of a task's identifier is in tables, in characters.
const TASK: usize = 13;

/// What tables of each sort of thing that runs are made of.
const COLUMNS: [(&str, &[&str]); 13] = [
    ("cluster", &["name", "status", "services", "running", "pending"]),
    ("service", &["name", "cluster", "status", "desired", "running", "pending", "definition"]),
    ("task", &["id", "service", "status", "desiredStatus", "health", "zone", "address", "started", "stoppedReason"]),
    ("container", &["name", "status", "health", "exitCode", "image", "reason"]),
    ("event", &["time", "service", "message"]),
    ("deployment", &["id", "status", "definition", "desired", "running", "pending", "failed", "rollout", "reason"]),
    ("member", &["address", "standing", "sees", "seenBy", "task", "service", "zone", "registered"]),
    ("instance", &["id", "address", "port", "health"]),
    ("namespace", &["name", "id", "kind"]),
    ("log group", &["name", "retentionDays", "storedBytes", "created"]),
    ("vpc", &["name", "id", "cidr", "state"]),
    ("subnet", &["id", "name", "zone", "cidr", "freeAddresses", "public"]),
    ("role", &["name", "arn"]),
];

/// A value as text; none for what is nothing.
pub fn shown(value: &Shown, palette: Palette) -> Option<String> {
    match value {
        Shown::Nothing => None,
        Shown::List(items) if items.is_empty() => Some(palette.dim("none")),
        Shown::List(items) if items.iter().all(is_group) => {
            Some(items.iter().filter_map(|item| shown(item, palette)).collect::<Vec<_>>().join("\n\n"))
        }
        Shown::List(items) if items.iter().all(is_line) => Some(log(items, palette)),
        Shown::List(items) => Some(list(items, palette)),
        Shown::Map(entries) if entries.is_empty() => Some("#{}".to_owned()),
        Shown::Map(entries) => Some(tree(entries, 0, palette).join("\n")),
        Shown::Resource { address, properties } => {
            let head = palette.bold(&escape::line(address));
            Some(std::iter::once(head).chain(tree(properties, 1, palette)).collect::<Vec<_>>().join("\n"))
        }
        Shown::Object { entries, .. } if is_group(value) => {
            let head = ["summary", "unread"].iter().filter_map(|name| text_of(entries, name));
            let mut lines: Vec<String> = head.map(|text| palette.bold(&escape::line(text))).collect();
            let members = entries.iter().filter(|(key, _)| key == "members");
            lines.extend(members.filter_map(|(_, members)| shown(members, palette)));
            Some(lines.join("\n"))
        }
        Shown::Object { sort, entries } => {
            let name = ["name", "id"].iter().find_map(|name| text_of(entries, name)).unwrap_or_default();
            let head = palette.bold(format!("{sort} {}", escape::line(name)).trim_end());
            Some(std::iter::once(head).chain(tree(entries, 1, palette)).collect::<Vec<_>>().join("\n"))
        }
        scalar => Some(inline(scalar, palette)),
    }
}

/// Whether it is members that are to be one cluster: shown by what is to be said of them together.
fn is_group(value: &Shown) -> bool {
    matches!(value, Shown::Object { sort, .. } if sort == "members")
}

/// Whether it is a line of a log, which is shown as such.
fn is_line(value: &Shown) -> bool {
    matches!(value, Shown::Object { sort, .. } if sort == "line")
}

fn log(items: &[Shown], palette: Palette) -> String {
    let line = |item: &Shown| {
        let entries = row(item).map_or(&[][..], |(_, entries)| entries);
        let [time, task, message] = ["time", "task", "message"].map(|name| text_of(entries, name).unwrap_or_default());
        log_line(time, task, message, palette)
    };
    items.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// A line of a log: when, by which task, and what; the last may be several.
pub fn log_line(time: &str, task: &str, message: &str, palette: Palette) -> String {
    let time = time.split_once('T').map_or(time, |(_, time)| time.get(..8).unwrap_or(time));
    let head = palette.dim(&format!("{} {}", escape::line(time), escape::line(&escape::shortened(task, 8))));
    let line = |text: &str| format!("{head} {}", escape::line(&text.replace('\t', "    ")));
    if message.is_empty() { head.clone() } else { message.lines().map(line).collect::<Vec<_>>().join("\n") }
}

fn text_of<'a>(entries: &'a [(String, Shown)], name: &str) -> Option<&'a str> {
    entries.iter().find_map(|(key, value)| match value {
        Shown::Text(text) if key == name => Some(text.as_str()),
        _ => None,
    })
}

/// The entries of something that has some, and what it is.
fn row(value: &Shown) -> Option<(&str, &[(String, Shown)])> {
    match value {
        Shown::Object { sort, entries } => Some((sort, entries)),
        Shown::Map(entries) => Some(("map", entries)),
        _ => None,
    }
}

fn list(items: &[Shown], palette: Palette) -> String {
    let shown = &items[..items.len().min(MOST)];
    let rows: Vec<_> = shown.iter().filter_map(row).collect();
    let mut text = if rows.len() == shown.len() && !rows.is_empty() {
        table(&rows)
    } else {
        let whole = format!("[{}]", shown.iter().map(|item| inline(item, palette)).collect::<Vec<_>>().join(", "));
        let plain = format!("[{}]", shown.iter().map(plain).collect::<Vec<_>>().join(", "));
        if plain.chars().count() <= LINE {
            whole
        } else {
            let line = |item: &Shown| format!("- {}", inline(item, palette));
            shown.iter().map(line).collect::<Vec<_>>().join("\n")
        }
    };
    if items.len() > shown.len() {
        text.push_str(&palette.dim(&format!("\n… and {} more", items.len() - shown.len())));
    }
    text
}

fn table(rows: &[(&str, &[(String, Shown)])]) -> String {
    let sort = rows[0].0;
    let has: BTreeSet<&str> =
        rows.iter().flat_map(|(_, entries)| entries.iter().map(|(key, _)| key.as_str())).collect();
    let usual = COLUMNS.iter().find(|(known, _)| *known == sort).map_or(&[][..], |(_, columns)| columns);
    let mut columns: Vec<&str> = usual.iter().copied().filter(|column| has.contains(column)).collect();
    if columns.is_empty() {
        columns = has.into_iter().collect();
    }
    let cell = |entries: &[(String, Shown)], column: &str| {
        let value = entries.iter().find(|(key, _)| key == column).map(|(_, value)| value);
        let text = match value {
            None | Some(Shown::Nothing) => String::new(),
            Some(Shown::Text(text)) => text.clone(),
            Some(other) => plain(other),
        };
        match column {
            "time" | "started" | "created" => moment(&text),
            // As much of it as tells it from others, and can be given for the whole.
            "id" | "task" if matches!(sort, "task" | "member") => escape::shortened(&text, TASK),
            _ => text,
        }
    };
    let headings = columns.iter().map(|column| heading(column)).collect();
    let rows = rows.iter().map(|(_, entries)| columns.iter().map(|column| cell(entries, column)).collect()).collect();
    lined_up(headings, rows)
}

/// A column's heading: its name in capitals, words apart.
fn heading(name: &str) -> String {
    let mut heading = String::new();
    for c in name.chars() {
        if c.is_uppercase() {
            heading.push(' ');
        }
        heading.extend(c.to_uppercase());
    }
    heading
}

/// A time without what is finer than a second.
fn moment(text: &str) -> String {
    match text.split_once('.') {
        Some((seconds, rest)) if rest.ends_with('Z') && seconds.contains('T') => format!("{seconds}Z"),
        _ => text.to_owned(),
    }
}

/// Entries as lines, those with parts above these.
fn tree(entries: &[(String, Shown)], depth: usize, palette: Palette) -> Vec<String> {
    let indent = "  ".repeat(depth);
    let mut lines = Vec::new();
    for (key, value) in entries {
        let key = escape::line(key);
        let short = plain(value).chars().count() <= LINE;
        match value {
            Shown::Map(inner) if !short => {
                lines.push(format!("{indent}{key}:"));
                lines.extend(tree(inner, depth + 1, palette));
            }
            Shown::Object { entries: inner, .. } => {
                lines.push(format!("{indent}{key}:"));
                lines.extend(tree(inner, depth + 1, palette));
            }
            Shown::List(items) if !short || items.iter().any(|item| matches!(item, Shown::Object { .. })) => {
                lines.push(format!("{indent}{key}:"));
                let below = list(items, palette);
                lines.extend(below.lines().map(|line| format!("{indent}  {line}")));
            }
            Shown::Text(text) if text.contains('\n') => {
                lines.push(format!("{indent}{key}:"));
                lines.extend(text.lines().take(MOST).map(|line| format!("{indent}  {}", escape::line(line))));
            }
            Shown::Nothing => {}
            other => lines.push(format!("{indent}{key}: {}", inline(other, palette))),
        }
        if lines.len() > MOST {
            lines.truncate(MOST);
            lines.push(format!("{indent}…"));
            break;
        }
    }
    lines
}

/// A value on one line.
fn inline(value: &Shown, palette: Palette) -> String {
    match value {
        Shown::Text(_) => palette.green(&plain(value)),
        Shown::Bool(_) | Shown::Int(_) | Shown::Float(_) => palette.cyan(&plain(value)),
        Shown::Other(_) => palette.dim(&plain(value)),
        _ => plain(value),
    }
}

/// The same without colours.
fn plain(value: &Shown) -> String {
    let entry = |(key, value): &(String, Shown)| format!("{}: {}", escape::line(key), plain(value));
    let entries = |entries: &[(String, Shown)]| {
        let there = entries.iter().filter(|(_, value)| *value != Shown::Nothing);
        let inside = there.map(entry).collect::<Vec<_>>().join(", ");
        if inside.is_empty() { "#{}".to_owned() } else { format!("#{{ {inside} }}") }
    };
    match value {
        Shown::Nothing => "()".to_owned(),
        Shown::Bool(yes) => yes.to_string(),
        Shown::Int(number) => number.to_string(),
        Shown::Float(number) => format!("{number:?}"),
        Shown::Text(text) => format!("\"{}\"", escape::line(text)),
        Shown::List(items) => format!("[{}]", items.iter().map(plain).collect::<Vec<_>>().join(", ")),
        Shown::Map(map) => entries(map),
        Shown::Resource { address, .. } => escape::line(address).into_owned(),
        Shown::Object { sort, entries: inner } => {
            let name = ["name", "id"].iter().find_map(|name| text_of(inner, name));
            name.map_or_else(|| sort.clone(), |name| format!("{sort} {}", escape::line(name)))
        }
        Shown::Other(what) => format!("({what})"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Shown {
        Shown::Text(text.to_owned())
    }

    fn map(entries: &[(&str, Shown)]) -> Vec<(String, Shown)> {
        entries.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect()
    }

    fn without_colours(value: &Shown) -> String {
        shown(value, Palette::new(false)).unwrap_or_default()
    }

    #[test]
    fn lines_of_logs_are_lines() {
        let line = Shown::Object {
            sort: "line".to_owned(),
            entries: map(&[
                ("time", text("2026-01-02T03:04:05.123Z")),
                ("task", text("6ad6badf608996836cb8d71f55436939")),
                ("message", text("Members {size:1} [\n\tMember this\u{1b}[2J\n]")),
            ]),
        };
        insta::assert_snapshot!(without_colours(&Shown::List(vec![line])), @r"
        03:04:05 6ad6bad… Members {size:1} [
        03:04:05 6ad6bad…     Member this\u{1b}[2J
        03:04:05 6ad6bad… ]
        ");
    }

    #[test]
    fn things_alike_are_a_table_and_what_has_parts_a_tree() {
        let task = |id: &str, status: &str, reason: Shown| Shown::Object {
            sort: "task".to_owned(),
            entries: map(&[
                ("id", text(id)),
                ("status", text(status)),
                ("started", text("2026-01-02T03:04:05.123456789Z")),
                ("stoppedReason", reason),
                ("cpu", text("1024")),
            ]),
        };
        let tasks = Shown::List(vec![
            task("1a2b", "RUNNING", Shown::Nothing),
            task("3c4d", "STOPPED", text("Essential container \u{1b}[31mexited")),
        ]);
        insta::assert_snapshot!(without_colours(&tasks), @r"
        ID    STATUS   STARTED               STOPPED REASON
        1a2b  RUNNING  2026-01-02T03:04:05Z
        3c4d  STOPPED  2026-01-02T03:04:05Z  Essential container \u{1b}[31mexited
        ");
        let resource = Shown::Resource {
            address: "ecs_service.a".to_owned(),
            properties: map(&[
                ("desiredCount", Shown::Int(3)),
                ("cluster", text("(ecs_cluster.c.clusterName)")),
                ("subnets", Shown::List((0..6).map(|n| text(&format!("(ec2_subnet.private-{n}.subnetId)"))).collect())),
            ]),
        };
        insta::assert_snapshot!(without_colours(&resource), @r#"
        ecs_service.a
          desiredCount: 3
          cluster: "(ecs_cluster.c.clusterName)"
          subnets:
            - "(ec2_subnet.private-0.subnetId)"
            - "(ec2_subnet.private-1.subnetId)"
            - "(ec2_subnet.private-2.subnetId)"
            - "(ec2_subnet.private-3.subnetId)"
            - "(ec2_subnet.private-4.subnetId)"
            - "(ec2_subnet.private-5.subnetId)"
        "#);
        assert_eq!(
            without_colours(&Shown::List(vec![Shown::Int(1), text("a"), Shown::Bool(true)])),
            "[1, \"a\", true]"
        );
    }
}
