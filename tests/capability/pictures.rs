//! Pictures of scripts and plans: each format, what must not get into them, and that they are the same each time.

use crate::support::world::{World, project_script};

const SMALL: &str = r#"
let net = network(#{ name: "n", azs: 2, natGateways: 1 });
let group = ec2_security_group("members", #{ groupDescription: "members", vpcId: net.vpc.vpcId });
group.allow_from(group, 5701);
group.allow_from("0.0.0.0/0", 8080);
let password = secretsmanager_secret("password", #{ secretString: secret(input("password", "hunter2")) });
let logs = logs_log_group("logs", #{ logGroupName: "/x", retentionInDays: input("days", 5) });
"#;

fn picture(world: &World, words: &[&str]) -> String {
    let mut all = vec!["graph"];
    all.extend(words);
    world.hz(&all).succeeds().stdout
}

#[test]
fn every_format_has_what_is_declared_and_is_the_same_each_time() {
    let world = World::new();
    let script = world.script("a.rhai", SMALL);
    for format in ["text", "svg", "html", "mermaid", "dot"] {
        for network in [false, true] {
            let mut words = vec![script.as_str(), "--format", format];
            words.extend(network.then_some("--network"));
            let drawn = picture(&world, &words);
            assert!(drawn.contains("members"), "{format}: {drawn}");
            assert_eq!(drawn, picture(&world, &words), "{format}");
            assert!(!drawn.contains("hunter2"), "{format}");
        }
    }
    world.hz(&["graph", &script, "--out", "a.png"]).succeeds();
    let png = std::fs::read(world.path().join("a.png")).expect("a picture");
    assert!(png.starts_with(b"\x89PNG\r\n\x1a\n") && png.len() > 10_000);
}

#[test]
fn the_tree_shows_what_needs_what() {
    let world = World::new();
    let script = r#"
let vpc = ec2_vpc("v", #{ cidrBlock: "10.0.0.0/16" });
let subnet = ec2_subnet("s", #{ vpcId: vpc.vpcId, cidrBlock: "10.0.0.0/24" });
let group = ec2_security_group("g", #{ groupDescription: "g", vpcId: vpc.vpcId });
"#;
    let script = world.script("a.rhai", script);
    insta::assert_snapshot!(picture(&world, &[&script]), @r"
    ec2_subnet.s
    └─ ec2_vpc.v
    ec2_security_group.g
    └─ ec2_vpc.v
    ");
    world.hz(&["run", &script, "--yes"]).succeeds();
    let more = world.script("a.rhai", "let vpc = ec2_vpc(\"v\", #{ cidrBlock: \"10.1.0.0/16\" });");
    let drawn = picture(&world, &[&more, "--changes"]);
    assert!(drawn.contains("± ec2_vpc.v") && drawn.contains("− ec2_subnet.s"), "{drawn}");
}

#[test]
fn the_network_says_who_may_talk_to_whom() {
    let world = World::new();
    let script = world.script("a.rhai", SMALL);
    let drawn = picture(&world, &[&script, "--network"]);
    assert!(drawn.contains("The internet → members: tcp 8080"), "{drawn}");
    assert!(drawn.contains("each other: tcp 5701"), "{drawn}");
}

#[test]
fn a_name_that_says_no_format_is_refused() {
    let world = World::new();
    let script = world.script("a.rhai", SMALL);
    world.hz(&["graph", &script, "--out", "picture"]).exits_with(1).told("--format");
    world.hz(&["graph", &script, "--plan", "p"]).exits_with(1).told("cannot be used with");
}

#[test]
fn the_page_of_a_plan_has_changes_but_no_secrets_and_nothing_breaks_out() {
    let world = World::new();
    let hostile = "</script><img src=x onerror=alert(1)>";
    let script = world.script(
        "a.rhai",
        &format!("{SMALL}\nlogs_log_group(\"h\", #{{ tags: [#{{ key: \"k\", value: {hostile:?} }}] }});"),
    );
    world.hz(&["plan", &script, "--html", "p.html", "--set", "password=swordfish"]).succeeds();
    let page = std::fs::read_to_string(world.path().join("p.html")).expect("a page");
    assert!(!page.contains("swordfish") && !page.contains("hunter2"));
    assert!(!page.contains("<img") && page.contains("&lt;img src=x"));
    assert!(page.contains("id=\"change-ec2_security_group.members\"") && page.contains("Content-Security-Policy"));
    assert_eq!(page.matches("</script>").count(), 1);

    // What is deleted and changed is told with what differs.
    world.hz(&["run", &script, "--yes"]).succeeds();
    world.hz(&["plan", &script, "--set", "days=7", "--html", "q.html"]).succeeds();
    let page = std::fs::read_to_string(world.path().join("q.html")).expect("a page");
    assert!(page.contains("<del>5</del> → <ins>7</ins>"), "the difference is shown");
}

#[test]
fn a_saved_plan_is_drawn_without_its_script() {
    let world = World::new();
    let script = world.script("a.rhai", "logs_log_group(\"logs\", #{ logGroupName: \"/x\" });");
    world.hz(&["plan", &script, "--out", "p"]).succeeds();
    assert_eq!(picture(&world, &["--plan", "p"]), "+ logs_log_group.logs\n");
    assert!(picture(&world, &["--plan", "p", "--format", "html"]).contains("Plan of a"));
}

#[test]
fn the_pictures_of_the_readme_are_what_the_command_writes() {
    let world = World::new();
    let script = project_script("hazelcast.rhai");
    for (words, name) in [(&["graph"][..], "graph"), (&["graph", "--network"], "network")] {
        let file: std::path::PathBuf =
            [env!("CARGO_MANIFEST_DIR"), "docs", "pictures", &format!("hazelcast-{name}.svg")].iter().collect();
        let mut words = words.to_vec();
        words.extend([script.as_str(), "--format", "svg"]);
        let drawn = world.hz(&words).succeeds().stdout;
        assert_eq!(
            drawn.trim_end(),
            std::fs::read_to_string(&file).expect("a picture").trim_end(),
            "{}",
            file.display()
        );
    }
}
