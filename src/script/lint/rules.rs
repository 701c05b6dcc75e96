//! [`RULES`]: what is looked for, why, and what to do about it.

use serde::Serialize;

/// How much a finding matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Severity {
    /// Worth knowing; most scripts have some.
    Note,
    /// Hardly meant, or dangerous.
    Warning,
}

/// A rule.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Rule {
    /// Its code, such as `L201`; one is never used for another rule.
    pub code: &'static str,
    /// Its name, by which comments allow it.
    pub name: &'static str,
    /// How much it matters.
    pub severity: Severity,
    /// What it finds, in a sentence.
    pub summary: &'static str,
    /// Why it matters, and what to do.
    pub explanation: &'static str,
}

/// The name of the rule for what functions warn of by `warn(…)`.
pub(super) const WARNED: &str = "warned";

const fn rule_of(
    code: &'static str,
    name: &'static str,
    severity: Severity,
    summary: &'static str,
    explanation: &'static str,
) -> Rule {
    Rule { code, name, severity, summary, explanation }
}

use Severity::{Note, Warning};

/// All rules, by code: L1 of the language, L2 of who may do and reach what, L3 of what runs and what is kept, L9 of
/// comments that allow.
pub static RULES: [Rule; 28] = [
    rule_of(
        "L101",
        "uninterpolated-text",
        Warning,
        "a text in double quotes has `${` in it",
        "Only texts in backticks have values put into them: in double quotes `${x}` stays as it is. Write the text in backticks.",
    ),
    rule_of(
        "L102",
        "missing-key",
        Warning,
        "a property of a map has a default, and fails where it is missing",
        "`m.key ?? x` fails when the map has no `key`: the default is for a value that is `()`. Write `m.get(\"key\") ?? x`.",
    ),
    rule_of(
        "L103",
        "integer-division",
        Warning,
        "a division of whole numbers drops the rest",
        "`1 / 2` is 0. Write `1.0 / 2`, or the result itself.",
    ),
    rule_of(
        "L104",
        "captured-loop-variable",
        Warning,
        "a closure uses the variable of a loop around it",
        "Closures hold variables, not their values: called after the loop, all of them see the last one. Copy it into a \
         variable inside the loop, and use that.",
    ),
    rule_of(
        "L105",
        "shadowed-function",
        Warning,
        "a variable has the name of a function of the language",
        "Both work, by whether a bracket follows, and readers will take one for the other. Give it another name.",
    ),
    rule_of(
        "L106",
        "unused-variable",
        Warning,
        "a variable is never read",
        "Leave `let name =` out; or begin its name with `_`.",
    ),
    rule_of(
        "L107",
        "unused-function",
        Warning,
        "a function is never called",
        "Take it away. One that other files import is not private and stands in a file of functions alone.",
    ),
    rule_of(
        "L108",
        "unreachable-code",
        Warning,
        "statements stand behind one that leaves",
        "Nothing behind `return`, `throw`, `break` or `continue` in the same block is reached. Take it away, or put a \
         condition around what leaves.",
    ),
    rule_of(
        "L109",
        "different-types",
        Warning,
        "values of different types are compared",
        "A text is never equal to a number, whatever is in it: the comparison has one outcome only. Compare like with like.",
    ),
    rule_of(
        "L110",
        "shallow-mixin",
        Warning,
        "`mixin` replaces maps within maps",
        "`mixin` changes the map it is called on, returns nothing, and replaces whole entries. `merge(a, b)` answers a new map, \
         with maps within merged as well.",
    ),
    rule_of(
        "L120",
        WARNED,
        Warning,
        "a function warns of how it is called",
        "The function itself says what is wrong and what to do.",
    ),
    rule_of(
        "L201",
        "open-to-the-world",
        Warning,
        "a port other than 80 and 443 is open to every address",
        "0.0.0.0/0 and ::/0 are the whole internet. Name the addresses of clients, or let in their security group: \
         group.allow_from(other, port).",
    ),
    rule_of(
        "L202",
        "all-ports-open",
        Warning,
        "a rule lets addresses in at a thousand ports or more",
        "Whatever listens there is reached, also what nobody thinks of. Open the ports that are meant, one by one.",
    ),
    rule_of(
        "L203",
        "wide-policy",
        Warning,
        "actions are allowed on every resource though they can be allowed on single ones",
        "Put them in a statement of their own, with the ARNs of what is meant or with a condition.",
    ),
    rule_of(
        "L204",
        "wildcard-action",
        Warning,
        "a policy allows all actions, or all of a service",
        "Who gets hold of the credentials may do all of it. Name the actions that are needed; `hzscript plan --iam` lists \
         those of a plan.",
    ),
    rule_of(
        "L205",
        "unknown-action",
        Warning,
        "a policy names an action that its service does not have",
        "AWS takes it and the policy says nothing of what is meant. See the name again.",
    ),
    rule_of(
        "L206",
        "secret-in-environment",
        Warning,
        "an environment variable that looks secret has its value in the script",
        "Whoever may describe the task definition reads it, and so do plans and state. Keep it in Secrets Manager and name \
         it under `secrets` of the container.",
    ),
    rule_of(
        "L207",
        "public-member",
        Warning,
        "members of a cluster have public addresses",
        "Members only talk to each other and to clients: put them into private subnets, with `assignPublicIp: \"DISABLED\"`.",
    ),
    rule_of(
        "L208",
        "public-address",
        Note,
        "tasks have public addresses",
        "Without a security group that is strict, they are reached from everywhere. Private subnets with NAT or endpoints, \
         and a load balancer for those who come in, do without.",
    ),
    rule_of(
        "L301",
        "kept-for-ever",
        Warning,
        "a log group keeps its logs for ever",
        "They are paid for as long. Set `retentionInDays`.",
    ),
    rule_of(
        "L302",
        "unpinned-image",
        Warning,
        "an image has no tag, or `latest`",
        "What runs changes without a plan, and two tasks of one service may differ. Name a version.",
    ),
    rule_of(
        "L303",
        "image-without-digest",
        Note,
        "an image has a tag and no digest",
        "A tag may be moved to another image. `name:tag@sha256:…` cannot.",
    ),
    rule_of(
        "L304",
        "unprotected-data",
        Warning,
        "what holds data is neither protected nor retained",
        "A change of its name, or a `destroy`, deletes the data. Give it `protect: true` or `retain: true` as an option, in \
         the third place.",
    ),
    rule_of(
        "L305",
        "single-zone",
        Warning,
        "all tasks of a service are in one availability zone",
        "With the zone all of them are gone. Give the service subnets of two zones.",
    ),
    rule_of(
        "L306",
        "no-healthy-tasks",
        Warning,
        "a deployment may stop all tasks before it starts others",
        "A cluster that keeps its data in memory loses it. Set `minimumHealthyPercent` to 50 or more, or leave it out.",
    ),
    rule_of(
        "L307",
        "unexpected-cluster",
        Warning,
        "members of a cluster are not expected to find each other",
        "The service is done as soon as its tasks run, though each may stand alone. Say so: \
         service.expect_cluster(#{ product: \"hazelcast\" }), or \"orientdb\".",
    ),
    rule_of(
        "L901",
        "unknown-rule",
        Warning,
        "a comment allows a rule that there is not",
        "`hzscript lint --list` lists the rules.",
    ),
    rule_of(
        "L902",
        "nothing-to-allow",
        Warning,
        "a comment allows what is not found",
        "Take it away: it would hide what comes later.",
    ),
];

/// The rule of a name or a code.
pub fn rule(name: &str) -> Option<&'static Rule> {
    RULES.iter().find(|rule| rule.name == name || rule.code == name)
}
