//! What Hazelcast members say in their logs of whom they found, and of what kept them from it: pure.
//!
//! A member prints a new list each time its cluster changes: a line with `Members {size:3, ver:3} [`, then a line
//! `Member [10.0.1.5]:5701 - UUID` each, with ` this` after the one that prints. OrientDB's nodes print the same, by the
//! Hazelcast in them. Source: Hazelcast 3.12 to 5.x, `MemberMap` and `AbstractMember.toString`.

use std::collections::BTreeSet;

/// The most members a list is believed to have.
const MOST_MEMBERS: usize = 1000;
/// The most lines of one message that are looked at.
const MOST_LINES: usize = 5000;
/// The most hindrances that are kept of one log.
const MOST_HINDRANCES: usize = 20;
/// The longest line that is kept, in characters.
const LONGEST: usize = 300;

/// Finds the lines that [`Reading`] understands, as a filter pattern of CloudWatch Logs (at most 1024 characters).
pub(super) const PATTERN: &str = "?\"Members {\" ?\"Member [\" ?AccessDenied ?\"not authorized\" ?\"credentials\" \
     ?UnknownHostException ?\"unknown host\" ?\"DNS lookup\" ?\"Name or service not known\" ?mismatch ?\"wrong cluster\" \
     ?\"Wrong group\" ?\"Could not connect to\" ?\"onnection timed out\" ?\"No join method\"";

/// A list of members.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct List {
    /// Addresses with their ports.
    pub members: BTreeSet<String>,
    /// Which of them printed it.
    pub this: Option<String>,
}

/// What kept a member from finding others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Hindrance {
    /// AWS refused it an action.
    Denied(String),
    /// It has no credentials.
    NoCredentials,
    /// A name could not be resolved.
    UnknownHost(Option<String>),
    /// It met one of another cluster.
    OtherCluster,
    /// It could not reach another.
    Unreachable(String),
    /// It looks for nobody.
    LooksForNobody,
}

/// A log as far as it was read.
#[derive(Debug, Clone, Default)]
pub(crate) struct Reading {
    /// The newest list that is complete.
    pub newest: Option<List>,
    /// What went wrong, oldest first.
    pub hindrances: Vec<Hindrance>,
    open: Option<(usize, List)>,
}

impl Reading {
    /// Takes the next message in: one line, or several.
    pub fn message(&mut self, message: &str) {
        message.lines().take(MOST_LINES).for_each(|line| self.line(line));
    }

    fn line(&mut self, line: &str) {
        if let Some(size) = header(line) {
            self.open = (1..=MOST_MEMBERS).contains(&size).then(|| (size, List::default()));
            return;
        }
        if let Some((address, this)) = member(line) {
            let Some((size, list)) = &mut self.open else { return };
            if this {
                list.this = Some(address.clone());
            }
            list.members.insert(address);
            if list.members.len() == *size {
                self.newest = self.open.take().map(|(_, list)| list);
            }
            return;
        }
        let hindrance = hindrance(line).filter(|found| !self.hindrances.contains(found));
        if self.hindrances.len() < MOST_HINDRANCES {
            self.hindrances.extend(hindrance);
        }
    }
}

/// The size that a list's first line tells.
fn header(line: &str) -> Option<usize> {
    let (_, after) = line.split_once("Members {size:")?;
    after.split_once([',', '}'])?.0.trim().parse().ok()
}

/// The address and port of a list's member, and whether it is the one that prints.
fn member(line: &str) -> Option<(String, bool)> {
    let (host, rest) = line.trim().strip_prefix("Member [")?.split_once("]:")?;
    let digits = rest.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(rest.len());
    let (port, rest) = rest.split_at(digits);
    port.parse::<u16>().ok()?;
    Some((format!("{host}:{port}"), rest.split_whitespace().any(|word| word == "this")))
}

fn hindrance(line: &str) -> Option<Hindrance> {
    let lower = line.to_lowercase();
    let says = |phrase: &str| lower.contains(phrase);
    // Without that right a member asks in vain for public addresses, and joins all the same.
    if says("describenetworkinterfaces") {
        return None;
    }
    let shown = || line.trim().chars().take(LONGEST).collect::<String>();
    if says("accessdenied") || says("not authorized to perform") {
        let action = line.split_once("perform: ").and_then(|(_, after)| after.split_whitespace().next());
        return Some(Hindrance::Denied(action.map_or_else(shown, str::to_owned)));
    }
    if says("no credentials") || says("no aws credentials") {
        return Some(Hindrance::NoCredentials);
    }
    if says("unknownhostexception") || says("unknown host") || says("dns lookup") || says("name or service not known") {
        return Some(Hindrance::UnknownHost(host_name(line)));
    }
    let of_cluster = says("cluster") || says("group");
    if of_cluster && (says("name mismatch") || says("wrong cluster") || says("wrong group")) {
        return Some(Hindrance::OtherCluster);
    }
    if says("could not connect to") || says("connection timed out") {
        return Some(Hindrance::Unreachable(shown()));
    }
    says("no join method").then_some(Hindrance::LooksForNobody)
}

/// The name that a line says is unknown: what looks like one with a dot in it, and is no class of Java's.
fn host_name(line: &str) -> Option<String> {
    let part = |letter: char| !(letter.is_ascii_alphanumeric() || letter == '.' || letter == '-' || letter == '_');
    let named = |word: &&str| {
        let mut labels = word.split('.');
        word.contains('.')
            && labels.clone().all(|label| !label.is_empty())
            && !word.starts_with("java.")
            && !word.starts_with("com.hazelcast.")
            && labels.next_back().is_some_and(|last| last.chars().all(|letter| letter.is_ascii_lowercase()))
    };
    let after = ["UnknownHostException", "erviceDns", "DNS lookup", "nknown host"];
    let from = after.iter().find_map(|word| line.split_once(word)).map_or(line, |(_, after)| after);
    from.split(part).map(|word| word.trim_matches('.')).find(named).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(log: &str) -> Reading {
        let mut reading = Reading::default();
        log.lines().for_each(|line| reading.message(line));
        reading
    }

    fn members(reading: &Reading) -> Vec<&str> {
        reading.newest.iter().flat_map(|list| &list.members).map(String::as_str).collect()
    }

    const LOG: &str = "\
INFO: [10.0.1.5]:5701 [dev] [5.5.10] [10.0.1.5]:5701 is STARTING
Members {size:1, ver:1} [
\tMember [10.0.1.5]:5701 - 6f9e1c3e-0c3f-4b6e-9c38-7f0a9e2f3b11 this
]
Members {size:2, ver:2} [
\tMember [10.0.1.5]:5701 - 6f9e1c3e-0c3f-4b6e-9c38-7f0a9e2f3b11 this
\tMember [10.0.2.4]:5701 - 0b6d5b16-5b36-4ba1-bb93-0f2ab0b0ad02 lite
]
Members {size:3, ver:3} [
\tMember [10.0.1.5]:5701 - 6f9e1c3e-0c3f-4b6e-9c38-7f0a9e2f3b11 this
";

    #[test]
    fn the_newest_list_that_is_complete_counts() {
        let reading = read(LOG);
        assert_eq!(members(&reading), ["10.0.1.5:5701", "10.0.2.4:5701"]);
        assert_eq!(reading.newest.and_then(|list| list.this).as_deref(), Some("10.0.1.5:5701"));
        let mut whole = Reading::default();
        whole.message(&LOG[..LOG.rfind("Members").expect("it has some")]);
        assert_eq!(members(&whole), ["10.0.1.5:5701", "10.0.2.4:5701"]);
    }

    #[test]
    fn a_list_of_3_12_in_an_orientdb_log_is_read() {
        let log = "2026-01-01 00:00:00:000 INFO  [10.0.3.7]:2434 [orientdb] [3.12.8] \nMembers {size:2, ver:2} [\n\
                   \tMember [10.0.3.6]:2434 - a\n\tMember [10.0.3.7]:2434 - b this\n]\n\
                   INFO Removing Member [10.0.3.9]:2434 - c";
        assert_eq!(members(&read(log)), ["10.0.3.6:2434", "10.0.3.7:2434"]);
    }

    #[test]
    fn what_kept_a_member_is_told() {
        let cases = [
            (
                "User: arn:x is not authorized to perform: ecs:ListTasks on resource: *",
                Some(Hindrance::Denied("ecs:ListTasks".to_owned())),
            ),
            ("AccessDenied: User is not authorized to perform: ec2:DescribeNetworkInterfaces", None),
            ("No AWS credentials found! Starting standalone.", Some(Hindrance::NoCredentials)),
            (
                "DNS lookup for serviceDns 'members.hazelcast.local' failed: unknown host",
                Some(Hindrance::UnknownHost(Some("members.hazelcast.local".to_owned()))),
            ),
            (
                "java.net.UnknownHostException: nodes.orientdb.com: Name or service not known",
                Some(Hindrance::UnknownHost(Some("nodes.orientdb.com".to_owned()))),
            ),
            ("java.net.UnknownHostException", Some(Hindrance::UnknownHost(None))),
            ("Cluster name mismatch: the other is dev", Some(Hindrance::OtherCluster)),
            (
                "Could not connect to: /10.0.2.4:5701.",
                Some(Hindrance::Unreachable("Could not connect to: /10.0.2.4:5701.".to_owned())),
            ),
            ("No join method is enabled! Starting standalone.", Some(Hindrance::LooksForNobody)),
            ("Configuration mismatch of a map", None),
            ("[10.0.1.5]:5701 is STARTED", None),
        ];
        for (line, expected) in cases {
            assert_eq!(read(line).hindrances, Vec::from_iter(expected), "{line}");
        }
    }

    #[test]
    fn the_pattern_is_one_that_cloudwatch_takes() {
        assert!(PATTERN.len() <= 1024 && !PATTERN.contains("  "), "{PATTERN}");
    }

    proptest! {
        #[test]
        fn any_log_is_read_within_bounds(lines in prop::collection::vec(
            prop_oneof![
                any::<String>(),
                "Members \\{size:[0-9]{0,20}(, ver:1\\} \\[)?",
                "\tMember \\[[0-9a-f.:]{0,9}\\]:[0-9]{0,7}( - [a-f]{3})?( this)?",
                "UnknownHostException:? ?.{0,12}",
                "AccessDenied .{0,400}",
            ], 0..60)) {
            let mut reading = Reading::default();
            lines.iter().for_each(|line| reading.message(line));
            prop_assert!(reading.hindrances.len() <= MOST_HINDRANCES);
            if let Some(list) = &reading.newest {
                prop_assert!((1..=MOST_MEMBERS).contains(&list.members.len()));
                prop_assert!(list.this.as_ref().is_none_or(|this| list.members.contains(this)));
            }
        }

        #[test]
        fn a_list_that_is_printed_is_the_one_that_is_read(count in 1usize..9, this in 0usize..9, ver in 1u32..99) {
            let address = |number: usize| format!("10.0.{number}.4:5701");
            let mut log = format!("Members {{size:{count}, ver:{ver}}} [\n");
            for number in 0..count {
                let own = if number == this { " this" } else { "" };
                log += &format!("\tMember [10.0.{number}.4]:5701 - id{own}\n");
            }
            let list = read(&log).newest.expect("it is complete");
            prop_assert_eq!(list.members, (0..count).map(address).collect::<BTreeSet<_>>());
            prop_assert_eq!(list.this, (this < count).then(|| address(this)));
        }
    }
}
