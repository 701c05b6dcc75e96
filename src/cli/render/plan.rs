//! The preview of a plan: one line a resource, what differs below it, why where that is not obvious, and the counts.

use hzscript::plan::{Action, Change, Plan, Reason};

use super::hint::hint;
use super::palette::Palette;
use super::{difference, escape};

/// The preview, as lines. For a plan without changes, only what is there.
pub fn preview(plan: &Plan, palette: Palette) -> String {
    let mut lines: Vec<String> = Vec::new();
    for (from, to) in &plan.moves {
        lines.push(format!("  {} {from} is {to} from now on", palette.cyan("=")));
    }
    let shown: Vec<&Change> = plan.changes.iter().filter(|change| change.action != Action::NoOp).collect();
    let width = shown.iter().map(|change| address(change).chars().count()).max().unwrap_or(0).min(MAX_ADDRESS);
    for change in &shown {
        lines.push(headline(change, width, palette));
        lines.extend(change.reasons.iter().filter_map(|reason| told(reason, change)).map(|reason| {
            let reason = format!("        {reason}");
            palette.dim(&reason)
        }));
        if change.action != Action::Create {
            lines.extend(change.differences.iter().flat_map(|difference| difference::lines(difference, palette)));
        }
    }
    if plan.outputs_change && shown.is_empty() {
        lines.push("  Only outputs change.".to_owned());
    }
    if !lines.is_empty() {
        lines.push(String::new());
    }
    lines.push(counts(plan));
    lines.join("\n")
}

/// Addresses are lined up to this width; a longer one pushes its hint aside.
const MAX_ADDRESS: usize = 56;

/// The sign of an action, as it stands before an address.
pub fn sign(action: Action) -> &'static str {
    match action {
        Action::NoOp => " ",
        Action::Settle => "…",
        Action::Import => ">",
        Action::Create => "+",
        Action::Update => "~",
        Action::ReplaceCreateFirst => "+/-",
        Action::ReplaceDeleteFirst => "-/+",
        Action::Delete => "-",
        Action::Forget => "x",
    }
}

/// The colour of an action.
pub fn colored(action: Action, text: &str, palette: Palette) -> String {
    match action {
        Action::NoOp => text.to_owned(),
        Action::Settle | Action::Import => palette.cyan(text),
        Action::Create => palette.green(text),
        Action::Update => palette.yellow(text),
        Action::ReplaceCreateFirst | Action::ReplaceDeleteFirst => palette.magenta(text),
        Action::Delete | Action::Forget => palette.red(text),
    }
}

fn address(change: &Change) -> String {
    change.address.to_string()
}

fn headline(change: &Change, width: usize, palette: Palette) -> String {
    let sign = colored(change.action, &format!("{:>3}", sign(change.action)), palette);
    let beside = match change.action {
        Action::Create | Action::ReplaceCreateFirst | Action::ReplaceDeleteFirst => hint(&change.wanted),
        _ => change.id.as_deref().map(|id| escape::line(id).into_owned()).unwrap_or_default(),
    };
    let address = address(change);
    if beside.is_empty() {
        return format!("{sign} {address}");
    }
    format!("{sign} {address:width$}  {}", palette.dim(&beside))
}

/// A reason, where it does not go without saying.
fn told(reason: &Reason, change: &Change) -> Option<String> {
    Some(match reason {
        Reason::Destroyed if change.action == Action::Forget => {
            "its option `retain` leaves it in the account".to_owned()
        }
        Reason::New | Reason::Differs | Reason::Destroyed => return None,
        Reason::Vanished { id } => format!("{} is no longer there", escape::line(id)),
        Reason::Immutable { paths } => format!("because {} cannot be changed in place", listed(paths)),
        Reason::Asked => "because --replace names it".to_owned(),
        Reason::Protection { on: true } => "it becomes protected from deletion and replacement".to_owned(),
        Reason::Protection { on: false } => {
            "its protection is lifted: from the next run on it can be deleted and replaced".to_owned()
        }
        Reason::ReplaceOn => "because a value in its replaceOn differs".to_owned(),
        Reason::Uses { address } => format!("because {address}, which it uses, is deleted before it is made again"),
        Reason::Exclusive { properties } => {
            format!("the old one goes first: no two can have the same {}", listed(properties))
        }
        Reason::FailedBefore { reason } => {
            format!("an earlier run did not bring it to life: {}", escape::line(reason))
        }
        Reason::Unsettled => "an earlier run ended while AWS was working on it".to_owned(),
        Reason::Apart { reason } => {
            format!("whether its members found each other is looked at: {}", escape::line(reason))
        }
        Reason::Handling => "its options differ: they are written down, and nothing is called".to_owned(),
        Reason::Unfinished => "an earlier run ended before everything was set".to_owned(),
        Reason::Undeclared if change.action == Action::Forget => {
            "the script no longer declares it; it stays in the account".to_owned()
        }
        Reason::Undeclared => "the script no longer declares it".to_owned(),
        Reason::Deposed => "a replacement has put it aside".to_owned(),
        Reason::Adopted { id } => format!("takes over {}", escape::line(id)),
    })
}

fn listed(names: &[String]) -> String {
    let names: Vec<_> = names.iter().map(|name| escape::line(name)).collect();
    match names.as_slice() {
        [first @ .., last] if !first.is_empty() => format!("{} and {last}", first.join(", ")),
        _ => names.concat(),
    }
}

/// The last line: how many there are of each sort.
pub fn counts(plan: &Plan) -> String {
    let counts = plan.counts();
    let imports = plan.changes.iter().filter(|change| change.action == Action::Import).count();
    let mut parts = vec![
        format!("{} to create", counts.create - imports),
        format!("{} to update", counts.update),
        format!("{} to replace", counts.replace),
        format!("{} to delete", counts.delete),
    ];
    let sometimes = [(imports, "to take over"), (counts.settle, "to wait for"), (counts.forget, "to forget")];
    parts.extend(sometimes.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}")));
    parts.push(format!("{} unchanged", counts.unchanged));
    format!("Plan: {}.", parts.join(", "))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use hzscript::model::{JsonMap, Options, Reference, Secret, Source, Value};
    use hzscript::plan::{Difference, Scope};
    use hzscript::state::Target;
    use serde_json::json;

    use super::*;

    fn properties(json: serde_json::Value) -> BTreeMap<String, Value> {
        match Value::from_json(&json) {
            Value::Map(map) => map,
            other => panic!("{other:?} has no properties"),
        }
    }

    fn change(address: &str, action: Action, reasons: Vec<Reason>) -> Change {
        Change {
            address: address.parse().expect("an address"),
            kind: "AWS::ECS::Service".to_owned(),
            action,
            reasons,
            differences: Vec::new(),
            wanted: BTreeMap::new(),
            generation: 1,
            id: (action != Action::Create).then(|| "id-1".to_owned()),
            dependencies: Vec::new(),
            options: Options::default(),
            source: Some(Source::default()),
            observed: JsonMap::new(),
            attributes: JsonMap::new(),
        }
    }

    fn difference(path: &str, before: Option<Value>, after: Option<Value>, replaces: bool) -> Difference {
        Difference { path: path.to_owned(), before, after, replaces }
    }

    fn text(text: &str) -> Value {
        Value::String(text.to_owned())
    }

    fn plan(changes: Vec<Change>) -> Plan {
        Plan {
            stack: "hazelcast".to_owned(),
            target: Target {
                cloud: "local".to_owned(),
                account: "000000000000".to_owned(),
                region: "eu-west-1".to_owned(),
            },
            serial: 1,
            lineage: "l".to_owned(),
            changes,
            moves: Vec::new(),
            outputs: BTreeMap::new(),
            outputs_change: false,
            scope: Scope::default(),
            left_out: BTreeMap::new(),
            suggested_moves: Vec::new(),
            program: None,
        }
    }

    fn shown(plan: &Plan) -> String {
        preview(plan, Palette::new(false))
    }

    #[test]
    fn creations_say_what_matters_of_them() {
        let mut vpc = change("ec2_vpc.my-vpc", Action::Create, vec![Reason::New]);
        vpc.wanted = properties(json!({ "cidrBlock": "10.0.0.0/16", "enableDnsSupport": true }));
        let mut task = change("ecs_task_definition.hazelcast-definition", Action::Create, vec![Reason::New]);
        task.wanted = properties(json!({
            "cpu": "512", "memory": "1024",
            "containerDefinitions": [{ "name": "c", "image": "hazelcast/hazelcast:5.5" }],
        }));
        let gone = vec![Reason::Vanished { id: "vpc-1\u{1b}[2J".to_owned() }];
        let again = change("ec2_internet_gateway.my-vpc", Action::Create, gone);
        let unchanged = change("ecs_cluster.main", Action::NoOp, Vec::new());
        insta::assert_snapshot!(shown(&plan(vec![vpc, task, again, unchanged])), @r"
          + ec2_vpc.my-vpc                            cidrBlock 10.0.0.0/16
          + ecs_task_definition.hazelcast-definition  image hazelcast/hazelcast:5.5, cpu 512, memory 1024
          + ec2_internet_gateway.my-vpc
                vpc-1\u{1b}[2J is no longer there

        Plan: 3 to create, 0 to update, 0 to replace, 0 to delete, 1 unchanged.
        ");
    }

    #[test]
    fn updates_show_each_property_before_and_after() {
        let mut service = change("ecs_service.members", Action::Update, vec![Reason::Differs]);
        let reference = Reference {
            address: "ecs_task_definition.members".parse().expect("an address"),
            attribute: "taskDefinitionArn".to_owned(),
        };
        let secret = |of: &str| Some(Value::Secret(Secret::Clear(of.to_owned())));
        service.differences = vec![
            difference("desiredCount", Some(Value::Int(3)), Some(Value::Int(5)), false),
            difference("taskDefinition", Some(text("arn:aws:ecs:x:1")), Some(Value::from(reference)), false),
            difference("environment[0].value", secret("old"), secret("new"), false),
            difference("tags", None, Some(Value::from_json(&json!([{ "key": "team", "value": "a b" }]))), false),
            difference("healthCheckGracePeriodSeconds", Some(Value::Int(0)), None, false),
            difference("config", Some(text("a: 1\nb: 2\nc: 3\n")), Some(text("a: 1\nb: 4\nd: 5\nc: 3\n")), false),
        ];
        let rendered = shown(&plan(vec![service]));
        assert!(!rendered.contains("old") && !rendered.contains("new"));
        insta::assert_snapshot!(rendered, @r#"
          ~ ecs_service.members  id-1
                desiredCount: 3 → 5
                taskDefinition: arn:aws:ecs:x:1 → (known after apply: ecs_task_definition.members.taskDefinitionArn)
                environment[0].value: (secret) → (secret)
                tags: (none) → [{ key: team, value: "a b" }]
                healthCheckGracePeriodSeconds: 0 → (none)
                config:
                  - b: 2
                  + b: 4
                  + d: 5

        Plan: 0 to create, 1 to update, 0 to replace, 0 to delete, 0 unchanged.
        "#);
    }

    #[test]
    fn replacements_say_why_and_in_which_order() {
        let immutable = Reason::Immutable { paths: vec!["cidrBlock".to_owned()] };
        let mut vpc = change("ec2_vpc.my-vpc", Action::ReplaceCreateFirst, vec![immutable]);
        vpc.wanted = properties(json!({ "cidrBlock": "10.1.0.0/16" }));
        vpc.differences = vec![difference("cidrBlock", Some(text("10.0.0.0/16")), Some(text("10.1.0.0/16")), true)];
        let uses = Reason::Uses { address: "ec2_vpc.my-vpc".parse().expect("an address") };
        let exclusive = Reason::Exclusive { properties: vec!["name".to_owned(), "vpc".to_owned()] };
        let namespace = "servicediscovery_private_dns_namespace.local";
        let namespace = change(namespace, Action::ReplaceDeleteFirst, vec![uses, exclusive]);
        insta::assert_snapshot!(shown(&plan(vec![vpc, namespace])), @r"
        +/- ec2_vpc.my-vpc                                cidrBlock 10.1.0.0/16
                because cidrBlock cannot be changed in place
                cidrBlock: 10.0.0.0/16 → 10.1.0.0/16 (replaces)
        -/+ servicediscovery_private_dns_namespace.local
                because ec2_vpc.my-vpc, which it uses, is deleted before it is made again
                the old one goes first: no two can have the same name and vpc

        Plan: 0 to create, 0 to update, 2 to replace, 0 to delete, 0 unchanged.
        ");
    }

    #[test]
    fn the_rest_says_what_becomes_of_what_there_is() {
        let failed = Reason::FailedBefore { reason: "3 tasks stopped:\nno image".to_owned() };
        let mut all = plan(vec![
            change("ecs_service.a", Action::Settle, vec![Reason::Unsettled]),
            change("ec2_vpc.b", Action::Import, vec![Reason::Adopted { id: "vpc-2".to_owned() }]),
            change("ecs_service.c", Action::Update, vec![failed]),
            change("logs_log_group.d", Action::Forget, vec![Reason::Undeclared]),
            change("logs_log_group.g", Action::Forget, vec![Reason::Destroyed]),
            change("ec2_eip.e", Action::Delete, vec![Reason::Undeclared]),
            change("ec2_eip.f", Action::Delete, vec![Reason::Deposed]),
        ]);
        let moved = |name: &str| format!("ecs_cluster.{name}").parse().expect("an address");
        all.moves = vec![(moved("old"), moved("new"))];
        insta::assert_snapshot!(shown(&all), @r"
          = ecs_cluster.old is ecs_cluster.new from now on
          … ecs_service.a     id-1
                an earlier run ended while AWS was working on it
          > ec2_vpc.b         id-1
                takes over vpc-2
          ~ ecs_service.c     id-1
                an earlier run did not bring it to life: 3 tasks stopped:\nno image
          x logs_log_group.d  id-1
                the script no longer declares it; it stays in the account
          x logs_log_group.g  id-1
                its option `retain` leaves it in the account
          - ec2_eip.e         id-1
                the script no longer declares it
          - ec2_eip.f         id-1
                a replacement has put it aside

        Plan: 0 to create, 1 to update, 0 to replace, 2 to delete, 1 to take over, 1 to wait for, 2 to forget, 0 unchanged.
        ");
    }

    #[test]
    fn a_plan_without_changes_is_its_counts() {
        let mut none = plan(vec![change("ecs_cluster.main", Action::NoOp, Vec::new())]);
        insta::assert_snapshot!(shown(&none), @"Plan: 0 to create, 0 to update, 0 to replace, 0 to delete, 1 unchanged.");
        none.outputs_change = true;
        insta::assert_snapshot!(shown(&none), @r"
          Only outputs change.

        Plan: 0 to create, 0 to update, 0 to replace, 0 to delete, 1 unchanged.
        ");
    }
}
