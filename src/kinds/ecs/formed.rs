//! Whether the members of a service have formed one cluster, judged from what their logs say, and if not, why: pure.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::member_list::{Hindrance, Reading};
use crate::kinds::Gathered;
use crate::model::Formation;

/// When to look again.
const AGAIN: Duration = Duration::from_secs(10);

/// What is known of a running task.
#[derive(Debug)]
pub(crate) struct Sighting {
    /// Its identifier, without the cluster.
    pub task: String,
    /// Its log.
    pub reading: Reading,
}

/// What was found out beside the logs, for the cause.
#[derive(Debug, Default)]
pub(super) struct Circumstances {
    /// The service's security groups, when none of their rules lets members reach each other.
    pub closed: Option<Vec<String>>,
    /// The task role, when there is one.
    pub role: Option<String>,
}

/// Judges. `expected` is how many members make the cluster.
pub(super) fn judge(
    sightings: &[Sighting],
    expected: usize,
    formation: &Formation,
    circumstances: &Circumstances,
) -> Gathered {
    let lists: Vec<&BTreeSet<String>> =
        sightings.iter().filter_map(|sighting| Some(&sighting.reading.newest.as_ref()?.members)).collect();
    let whole = lists.len() == sightings.len()
        && lists.first().is_some_and(|first| first.len() == expected && lists.iter().all(|list| list == first));
    // Without a size of its own the cluster has as many members as there are tasks.
    if whole && (formation.size.is_some() || sightings.len() == expected) {
        return Gathered::Formed { members: expected };
    }
    let largest = lists.iter().map(|list| list.len()).max().unwrap_or(0);
    let summary = match largest {
        0 => "no member has said yet whom it found".to_owned(),
        1 => format!("none of {expected} members has found another"),
        most if most >= expected => format!("not all of {expected} members say the same"),
        most => format!("{most} of {expected} members have found each other"),
    };
    let (cause, help) = cause(sightings, formation, circumstances, lists.is_empty());
    let reason = format!("its members have not formed one cluster of {expected}: {}; {cause}", seen(sightings));
    Gathered::Apart { summary, silent: lists.is_empty(), reason, help, again_in: AGAIN }
}

/// What each task sees, those that see the same together.
fn seen(sightings: &[Sighting]) -> String {
    if sightings.is_empty() {
        return "no task of the deployment is running".to_owned();
    }
    let mut views: BTreeMap<Option<&BTreeSet<String>>, Vec<&str>> = BTreeMap::new();
    for sighting in sightings {
        let list = sighting.reading.newest.as_ref().map(|list| &list.members);
        views.entry(list).or_default().push(&sighting.task);
    }
    let told = views.into_iter().map(|(list, tasks)| {
        let (who, one) = match tasks.as_slice() {
            [only] => (format!("task {only}"), true),
            several => (format!("tasks {}", several.join(", ")), false),
        };
        match list {
            None => format!("{who} {} of no member", if one { "tells" } else { "tell" }),
            Some(list) => {
                let members: Vec<&str> = list.iter().map(String::as_str).collect();
                let noun = if members.len() == 1 { "member" } else { "members" };
                let verb = if one { "sees" } else { "see" };
                format!("{who} {verb} {} {noun} ({})", members.len(), members.join(", "))
            }
        }
    });
    told.collect::<Vec<_>>().join("; ")
}

/// The likeliest cause, and the way out.
fn cause(
    sightings: &[Sighting],
    formation: &Formation,
    circumstances: &Circumstances,
    silent: bool,
) -> (String, String) {
    let Formation { product, port, container, namespace, .. } = formation;
    let own = |list: &super::member_list::List| {
        list.this.clone().filter(|this| ["127.", "169.254.", "localhost"].iter().any(|bad| this.starts_with(bad)))
    };
    if let Some(bound) = sightings.iter().find_map(|sighting| own(sighting.reading.newest.as_ref()?)) {
        return (
            format!("a member listens on {bound}, where no other task reaches it"),
            "have members pick the interface of the VPC (`interfaces` with the VPC's addresses, see hazelcast_config), \
             and set no HZ_NETWORK_INTERFACES_… beside it"
                .to_owned(),
        );
    }
    let hindrances: Vec<&Hindrance> =
        sightings.iter().flat_map(|sighting| sighting.reading.hindrances.iter()).collect();
    let role = circumstances.role.as_deref().unwrap_or("none");
    for hindrance in &hindrances {
        match hindrance {
            Hindrance::Denied(what) => {
                return (
                    format!("the task role ({role}) is refused {what}"),
                    "allow the task role (not the execution role) ecs:ListTasks and ecs:DescribeTasks: \
                     role.add_to_policy(#{ actions: [\"ecs:ListTasks\", \"ecs:DescribeTasks\"], resources: \"*\" })"
                        .to_owned(),
                );
            }
            Hindrance::NoCredentials => {
                return (
                    format!("members have no credentials (task role: {role})"),
                    "give the task definition a `taskRoleArn` whose role allows ecs:ListTasks and ecs:DescribeTasks"
                        .to_owned(),
                );
            }
            Hindrance::UnknownHost(name) => {
                let name = name.as_ref().or(namespace.as_ref());
                let what = name.map_or_else(|| "the name of the others".to_owned(), |name| format!("`{name}`"));
                return (
                    format!("{what} cannot be resolved"),
                    "check that it is `<service>.<namespace>` of a Cloud Map service in `serviceRegistries` of the \
                     ECS service, that the namespace belongs to this VPC, and that the VPC has enableDnsSupport and \
                     enableDnsHostnames"
                        .to_owned(),
                );
            }
            Hindrance::OtherCluster => {
                return (
                    "members met others of another cluster name".to_owned(),
                    "give all of them the same cluster name (HZ_CLUSTERNAME, or the group's name in hazelcast.xml)"
                        .to_owned(),
                );
            }
            Hindrance::Unreachable(_) | Hindrance::LooksForNobody => {}
        }
    }
    let open = format!("let the security group allow itself: group.allow_from(group, {port})");
    if let Some(groups) = &circumstances.closed {
        let groups = groups.join(", ");
        return (format!("no rule of {groups} lets members reach each other on port {port}"), open);
    }
    if hindrances.contains(&&Hindrance::LooksForNobody) {
        return (
            "members look for nobody: no way to join is enabled".to_owned(),
            "set HZ_NETWORK_JOIN_AWS_ENABLED=true, or a join of hazelcast.xml or hazelcast.yaml".to_owned(),
        );
    }
    if let Some(Hindrance::Unreachable(line)) =
        hindrances.iter().find(|hindrance| matches!(hindrance, Hindrance::Unreachable(_)))
    {
        return (
            format!("a member could not reach another: {line}"),
            format!("{open}; check the network ACLs of the subnets, too"),
        );
    }
    if silent {
        let container = container.as_ref().map_or_else(|| "container".to_owned(), |name| format!("container {name}"));
        return (
            "none has logged a list of its members".to_owned(),
            format!("check that {} runs in the {container}, and that it logs at INFO", product.name()),
        );
    }
    (
        "nothing in their logs says why".to_owned(),
        format!(
            "check that members look for each other (join by ECS, or by a Cloud Map name), that all have the same \
             cluster name, and that the security group allows itself port {port}; then run again: it is looked at anew"
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Product;

    fn formation() -> Formation {
        Formation { product: Product::Hazelcast, port: 5701, size: None, container: None, namespace: None }
    }

    fn task(name: &str, list: &[&str], this: &str, line: &str) -> Sighting {
        let mut reading = Reading::default();
        reading.message(line);
        if !list.is_empty() {
            reading.message(&format!("Members {{size:{}, ver:1}} [", list.len()));
            for member in list {
                reading
                    .message(&format!("\tMember [{member}]:5701 - id{}", if *member == this { " this" } else { "" }));
            }
        }
        Sighting { task: name.to_owned(), reading }
    }

    fn judged(sightings: &[Sighting], circumstances: &Circumstances) -> (String, String) {
        match judge(sightings, 3, &formation(), circumstances) {
            Gathered::Formed { members } => (format!("{members} formed"), String::new()),
            Gathered::Apart { summary, reason, .. } => (summary, reason),
            Gathered::Unseen { reason } => ("unseen".to_owned(), reason),
        }
    }

    #[test]
    fn one_cluster_is_what_every_task_sees_the_same() {
        let all = ["10.0.1.1", "10.0.1.2", "10.0.1.3"];
        let three: Vec<Sighting> = all.iter().map(|this| task(this, &all, this, "")).collect();
        let none = Circumstances::default();
        assert_eq!(judged(&three, &none).0, "3 formed");
        // One of three tasks is not running, though the two left still list it.
        assert_eq!(judged(&three[..2], &none).0, "not all of 3 members say the same");
        let other = ["10.0.1.1", "10.0.1.2", "10.0.1.9"];
        let two = [task("a", &all, all[0], ""), task("b", &other, all[1], ""), task("c", &all, all[2], "")];
        assert_eq!(judged(&two, &none).0, "not all of 3 members say the same");
    }

    #[test]
    fn a_size_of_its_own_needs_no_more_tasks() {
        let all = ["10.0.1.1", "10.0.1.2", "10.0.1.3"];
        let sized = Formation { size: Some(3), ..formation() };
        let one = [task("a", &all, all[0], "")];
        assert_eq!(judge(&one, 3, &sized, &Circumstances::default()), Gathered::Formed { members: 3 });
    }

    #[test]
    fn what_was_seen_is_told_by_task() {
        let pair = ["10.0.1.1", "10.0.1.2"];
        let tasks = [task("a", &pair, pair[0], ""), task("b", &pair, pair[1], ""), task("c", &[], "", "")];
        let (summary, reason) = judged(&tasks, &Circumstances::default());
        assert_eq!(summary, "2 of 3 members have found each other");
        assert_eq!(
            reason,
            "its members have not formed one cluster of 3: task c tells of no member; tasks a, b see 2 members \
             (10.0.1.1:5701, 10.0.1.2:5701); nothing in their logs says why"
        );
    }

    #[test]
    fn the_likeliest_cause_is_named() {
        let closed = || Circumstances { closed: Some(vec!["sg-1".to_owned()]), role: Some("members".to_owned()) };
        let cases = [
            (
                "10.0.1.1",
                "x is not authorized to perform: ecs:ListTasks on",
                "task role (members) is refused ecs:ListTasks",
            ),
            ("10.0.1.1", "No AWS credentials found! Starting standalone.", "members have no credentials"),
            ("10.0.1.1", "java.net.UnknownHostException: a.b.local", "`a.b.local` cannot be resolved"),
            ("10.0.1.1", "Cluster name mismatch", "another cluster name"),
            ("10.0.1.1", "", "no rule of sg-1 lets members reach each other on port 5701"),
            ("127.0.0.1", "Cluster name mismatch", "listens on 127.0.0.1:5701"),
            ("169.254.172.2", "", "listens on 169.254.172.2:5701"),
        ];
        for (address, line, expected) in cases {
            let reason = judged(&[task("a", &[address], address, line)], &closed()).1;
            assert!(reason.contains(expected), "{line}: {reason}");
        }
        let open = Circumstances::default();
        for (line, expected) in [
            ("No join method is enabled! Starting standalone.", "members look for nobody"),
            ("Could not connect to: /10.0.1.2:5701", "could not reach another: Could not connect"),
        ] {
            let reason = judged(&[task("a", &["10.0.1.1"], "10.0.1.1", line)], &open).1;
            assert!(reason.contains(expected), "{line}: {reason}");
        }
        assert!(judged(&[task("a", &[], "", "")], &open).1.contains("none has logged a list"));
    }
}
