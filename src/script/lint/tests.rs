//! Each rule: what it finds, and what it lets be.

use super::super::tests::script;
use super::*;

/// What is found, as rule and line; notes left out unless they are asked for.
fn found(source: &str, notes: bool) -> Vec<String> {
    let request = script(source).request();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let linted = runtime.block_on(lint(request)).unwrap_or_else(|mistakes| panic!("{:#?}", mistakes.mistakes));
    let shown = |finding: &Finding| {
        let line = finding.diagnostic.place.as_ref().map_or(0, |place| place.line);
        format!("{} {line}", finding.rule.name)
    };
    let counted = linted.findings.iter().filter(|finding| notes || finding.rule.severity == Severity::Warning);
    counted.map(shown).collect()
}

const TASK: &str = "let d = fargate_task_definition(#{ name: \"t\", cpu: 1024, memoryLimitMiB: 2048 });\n";
const NET: &str = "let net = network(#{ name: \"n\" });\nlet own = ec2_security_group(\"g\", #{ groupDescription: \"d\", vpcId: net.vpc.vpcId });\n";

/// A service of the task definition `d` in the network `net`.
fn service(properties: &str) -> String {
    format!(
        "{NET}{TASK}d.add_container(\"c\", #{{ image: \"hazelcast/hazelcast:5.5.10\" }});\nlet s = ecs_service(\"s\", #{{ launchType: \"FARGATE\", \
         taskDefinition: d, {properties} }});\n"
    )
}

#[test]
fn each_rule_finds_and_is_silent_once_it_is_mended() {
    let placed =
        "networkConfiguration: #{ awsvpcConfiguration: #{ subnets: net.privateSubnets, securityGroups: [own] } }";
    let one = placed.replace("net.privateSubnets", "[net.privateSubnets[0]]");
    let public =
        placed.replace("net.privateSubnets", "net.publicSubnets").replace(" } }", ", assignPublicIp: \"ENABLED\" } }");
    let expected = "s.expect_cluster(#{ product: \"hazelcast\" });";
    let group = |rule: &str| format!("{NET}own.add_ingress(#{{ ipProtocol: \"tcp\", {rule} }});");
    let role = |statement: &str| {
        format!(
            "let r = iam_role(\"r\", #{{ assumedBy: service_principal(\"ecs-tasks.amazonaws.com\") }});\nr.add_to_policy(#{{ {statement} }});"
        )
    };
    let container = |properties: &str| format!("{TASK}d.add_container(\"c\", #{{ {properties} }});");
    let cases: Vec<(&str, String, String)> = vec![
        (
            "uninterpolated-text",
            "let a = 1;\noutput(\"x\", \"${a}\");".into(),
            "let a = 1;\noutput(\"x\", `${a}`);".into(),
        ),
        (
            "missing-key",
            "let m = #{};\nif false { output(\"x\", m.a ?? 1); }".into(),
            "let m = #{};\noutput(\"x\", m.get(\"a\") ?? 1);".into(),
        ),
        ("integer-division", "output(\"x\", 1 / 2);".into(), "output(\"x\", 1.0 / 2);\noutput(\"y\", 4 / 2);".into()),
        (
            "captured-loop-variable",
            "let all = [];\nfor i in 0..2 { all.push(|| i); }\noutput(\"x\", all.len());".into(),
            "let all = [];\nfor i in 0..2 { let own = i; all.push(|| own); }\noutput(\"x\", all.len());".into(),
        ),
        (
            "shadowed-function",
            "let network = 1;\noutput(\"x\", network);".into(),
            "let net = 1;\noutput(\"x\", net);".into(),
        ),
        ("unused-variable", "let a = 1;".into(), "let _a = 1;\nlet b = 2;\noutput(\"x\", b);".into()),
        (
            "unused-function",
            "fn a() { 1 }\noutput(\"x\", 1);".into(),
            "fn a() { 1 }\noutput(\"x\", a());\noutput(\"y\", [1].map(Fn(\"b\")));\nfn b(x) { x }".into(),
        ),
        (
            "unreachable-code",
            "fn a() { return 1; 2 }\noutput(\"x\", a());".into(),
            "fn a() { if true { return 1; } 2 }\noutput(\"x\", a());".into(),
        ),
        (
            "different-types",
            "let a = input(\"a\", 1);\nif a == \"1\" { output(\"x\", 1); }".into(),
            "let a = input(\"a\", 1);\nif a == 1 { output(\"x\", 1); }".into(),
        ),
        (
            "shallow-mixin",
            "let m = #{ a: 1 };\nm.mixin(#{ b: 1 });\noutput(\"x\", m.b);".into(),
            "let m = merge(#{ a: 1 }, #{ b: 1 });\noutput(\"x\", m.b);".into(),
        ),
        ("warned", "warn((), \"look\");".into(), "print(\"look\");".into()),
        (
            "open-to-the-world",
            group("fromPort: 5701, toPort: 5701, cidrIp: \"0.0.0.0/0\""),
            group("fromPort: 443, toPort: 443, cidrIp: \"0.0.0.0/0\""),
        ),
        (
            "all-ports-open",
            group("fromPort: 0, toPort: 65535, cidrIp: \"10.0.0.0/8\""),
            group("fromPort: 5701, toPort: 5708, cidrIp: \"10.0.0.0/8\""),
        ),
        (
            "wide-policy",
            role("actions: \"s3:GetObject\", resources: \"*\""),
            role("actions: \"s3:GetObject\", resources: \"arn:aws:s3:::a/*\""),
        ),
        (
            "wildcard-action",
            role("actions: \"s3:*\", resources: \"arn:aws:s3:::a/*\""),
            role("actions: \"s3:Get*\", resources: \"arn:aws:s3:::a/*\""),
        ),
        (
            "unknown-action",
            role("actions: \"ecs:ListTask\", resources: \"arn:aws:ecs:a:1:b\""),
            role("actions: \"ecs:DescribeTasks\", resources: \"arn:aws:ecs:a:1:b\""),
        ),
        (
            "secret-in-environment",
            container("image: \"a:1\", environment: #{ DB_PASSWORD: \"x\" }"),
            container(
                "image: \"a:1\", environment: #{ DB_PASSWORD_FILE: \"/x\", USER: \"y\" }, secrets: #{ DB_PASSWORD: \"arn:aws:secretsmanager:a:1:secret:b\" }",
            ),
        ),
        (
            "public-member",
            format!("{}{expected}", service(&format!("desiredCount: 2, {public}"))),
            format!("{}{expected}", service(&format!("desiredCount: 2, {placed}"))),
        ),
        ("kept-for-ever", "logs_log_group(\"a\");".into(), "logs_log_group(\"a\", #{ retentionInDays: 7 });".into()),
        ("unpinned-image", container("image: \"nginx\""), container("image: \"nginx:1.29\"")),
        (
            "unpinned-image",
            container("image: \"nginx:latest\""),
            container(&format!("image: \"nginx@sha256:{}\"", "0f".repeat(32))),
        ),
        (
            "unprotected-data",
            "efs_file_system(\"a\", #{ encrypted: true });".into(),
            "efs_file_system(\"a\", #{ encrypted: true }, #{ retain: true });".into(),
        ),
        (
            "single-zone",
            format!("{}{expected}", service(&format!("desiredCount: 2, {one}"))),
            format!("{}{expected}", service(&format!("desiredCount: 1, {one}"))),
        ),
        (
            "no-healthy-tasks",
            format!(
                "{}{expected}",
                service(&format!(
                    "desiredCount: 2, deploymentConfiguration: #{{ minimumHealthyPercent: 0 }}, {placed}"
                ))
            ),
            format!(
                "{}{expected}",
                service(&format!(
                    "desiredCount: 2, deploymentConfiguration: #{{ minimumHealthyPercent: 50 }}, {placed}"
                ))
            ),
        ),
        (
            "unexpected-cluster",
            format!("{}output(\"x\", s.arn);", service(&format!("desiredCount: 2, {placed}"))),
            format!("{}{expected}", service(&format!("desiredCount: 2, {placed}"))),
        ),
        (
            "unknown-rule",
            "// hzscript: allow(no-rule)\noutput(\"x\", 1);".into(),
            "// hzscript: allowed\noutput(\"x\", 1);".into(),
        ),
        (
            "nothing-to-allow",
            "// hzscript: allow(kept-for-ever)\noutput(\"x\", 1);".into(),
            "// hzscript: allow(kept-for-ever) it is small\nlogs_log_group(\"a\");".into(),
        ),
    ];
    let of = |found: &[String], rule: &str| found.iter().filter(|found| found.split(' ').next() == Some(rule)).count();
    for (rule, wrong, mended) in &cases {
        assert_eq!(of(&found(wrong, false), rule), 1, "{rule} is found in\n{wrong}\n{:?}", found(wrong, false));
        assert_eq!(found(mended, false), Vec::<String>::new(), "nothing is found in\n{mended}");
    }
    let notes = [
        (
            "public-address",
            service(&format!("desiredCount: 1, {public}")).replace("hazelcast/hazelcast", "nginx"),
            service(&format!("desiredCount: 1, {placed}")),
        ),
        (
            "image-without-digest",
            container("image: \"nginx:1.29\""),
            container(&format!("image: \"nginx:1@sha256:{}\"", "0f".repeat(32))),
        ),
    ];
    for (rule, wrong, mended) in &notes {
        assert_eq!(of(&found(wrong, true), rule), 1, "{rule} is found in\n{wrong}\n{:?}", found(wrong, true));
        assert_eq!(of(&found(mended, true), rule), 0, "it is not in\n{mended}");
    }
    let tried: Vec<&str> = cases.iter().map(|(rule, ..)| *rule).chain(notes.iter().map(|(rule, ..)| *rule)).collect();
    for rule in &RULES {
        assert!(tried.contains(&rule.name), "{} has no case", rule.name);
    }
}

#[test]
fn comments_allow_what_they_stand_by() {
    let group = "logs_log_group(\"a\", #{\n    logGroupName: \"a\",\n});";
    assert_eq!(found(group, false), ["kept-for-ever 1"]);
    assert_eq!(found(&format!("// hzscript: allow(kept-for-ever): small\n{group}"), false), Vec::<String>::new());
    assert_eq!(found(&format!("{group} // hzscript: allow(L301, unused-variable)"), false), ["nothing-to-allow 3"]);
    assert_eq!(
        found(&format!("// hzscript: allow-file(kept-for-ever)\noutput(\"x\", 1);\n{group}"), false),
        Vec::<String>::new()
    );
    // It is about the next statement alone.
    let apart = format!("// hzscript: allow(kept-for-ever)\noutput(\"x\", 1);\n{group}");
    assert_eq!(found(&apart, false), ["nothing-to-allow 1", "kept-for-ever 3"]);
}

#[test]
fn places_are_in_the_script_though_the_standard_library_declares_it() {
    let source = "\nhazelcast_cluster(#{\n    clientCidr: \"0.0.0.0/0\",\n});";
    assert_eq!(found(source, false), ["open-to-the-world 3"]);
    assert_eq!(
        found(
            "fargate_service(#{ cluster: ecs_cluster(\"a\"), taskDefinition: \"b:1\", loadBalancer: #{ public: true, containerName: \"c\", containerPort: 80 } });",
            false
        ),
        Vec::<String>::new()
    );
}

#[test]
fn rules_have_names_and_codes_of_their_own() {
    for (at, rule) in RULES.iter().enumerate() {
        assert!(RULES[..at].iter().all(|other| other.name != rule.name && other.code < rule.code), "{}", rule.name);
        assert_eq!((super::rule(rule.code), super::rule(rule.name)), (Some(rule), Some(rule)));
        assert!(rule.explanation.ends_with('.') && !rule.summary.ends_with('.'), "{}", rule.name);
    }
}

#[test]
fn the_projects_own_scripts_are_clean() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    for file in std::fs::read_dir(folder).expect("a folder") {
        let path = file.expect("a file").path();
        let text = std::fs::read_to_string(&path).expect("readable");
        let name = path.display().to_string();
        if name.ends_with("_test.rhai") {
            let linted = runtime.block_on(lint_text(&name, &text)).expect("it can be parsed");
            assert_eq!(linted.findings, [], "{name}");
        } else {
            assert_eq!(found(&text, false), Vec::<String>::new(), "{name}");
        }
    }
}
