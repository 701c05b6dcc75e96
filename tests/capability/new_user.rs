//! What somebody does first, in an empty folder, with no account and nothing read before.

use crate::support::World;

/// The commands there are.
fn commands(world: &World) -> Vec<String> {
    let help = world.hz(&["help"]).succeeds().stdout;
    let listed = help.lines().skip_while(|line| !line.starts_with("Commands:")).skip(1);
    let named = listed.take_while(|line| !line.is_empty()).filter_map(|line| line.strip_prefix("  "));
    named
        .filter(|line| !line.starts_with(' '))
        .filter_map(|line| Some(line.split_whitespace().next()?.to_owned()))
        .collect()
}

#[test]
fn from_nothing_to_a_cluster_and_back() {
    for (product, function) in [("--hazelcast", "hazelcast_cluster"), ("--orientdb", "orientdb_fargate_stack")] {
        let world = World::new();
        world.hz(&[]).succeeds().told("hzscript init").told("hzscript docs");
        world.hz(&["run"]).exits_with(1).told("`hzscript init` writes a first one");

        let begun = world.hz(&["init", product, "--name", "first", "--members", "2"]).succeeds();
        begun
            .told("first.rhai, first_test.rhai, hzscript.toml, .gitignore")
            .told("hzscript run")
            .told(&format!("hzscript docs {function}"));
        world.hz(&[]).succeeds().told("first.rhai (hzscript.toml)");
        world.hz(&["docs", function]).succeeds().told("Example");
        world.hz(&["check"]).succeeds();
        let there = commands(&world);
        // What is about the script alone, as far as there are commands for it.
        for words in [&["lint"][..], &["fmt", "--check"], &["test"]] {
            if there.iter().any(|command| command == words[0]) {
                world.hz(words).succeeds();
            }
        }
        world.hz(&["plan", "--detailed-exitcode"]).exits_with(2).told("desiredCount 2");
        world.hz(&["run", "--yes"]).succeeds().told("Done:");
        world.hz(&["outputs"]).succeeds().told("  service ");
        for words in [&["status"][..], &["graph", "--format", "mermaid"]] {
            if there.iter().any(|command| command == words[0]) {
                world.hz(words).succeeds().told("first");
            }
        }
        world.hz(&["plan", "--detailed-exitcode"]).exits_with(0).told("nothing to do");
        world.hz(&["destroy", "--yes"]).succeeds().told("Done:");
        world.hz(&["destroy", "--yes"]).succeeds().told("nothing to destroy");
    }
}

#[test]
fn what_is_there_is_not_written_over() {
    let world = World::new();
    world.script("first.rhai", "// mine\n");
    let words = ["init", "--name", "first", "--yes"];
    world.hz(&words).exits_with(1).told("first.rhai is there already").told("--force");
    assert!(!world.path().join("hzscript.toml").exists(), "nothing was written");
    world.script(".gitignore", "target\n");
    world.hz(&["init", "--name", "first", "--force"]).succeeds();
    let read = |name: &str| std::fs::read_to_string(world.path().join(name)).expect("readable");
    assert!(read("first.rhai").contains("hazelcast_cluster"));
    assert_eq!(read(".gitignore"), "target\n.hzscript/\n*.plan\n");
}

#[test]
fn init_takes_what_it_is_told() {
    let world = World::new();
    let words = [
        "init",
        "deep/graph",
        "--orientdb",
        "--vpc",
        "vpc-0123456789abcdef0",
        "--target",
        "aws",
        "--region",
        "eu-west-3",
    ];
    world.hz(&words).succeeds().told("cd deep/graph").told("in your account");
    let read = |name: &str| std::fs::read_to_string(world.path().join("deep/graph").join(name)).expect("readable");
    assert!(read("orientdb.rhai").contains(r#"existing_vpc(#{ id: "vpc-0123456789abcdef0" })"#));
    assert!(read("hzscript.toml").contains(r#"region = "eu-west-3""#));
    world.hz(&["check", "deep/graph/orientdb.rhai"]).succeeds();
    for (option, value, told) in [
        ("--name", "My Cluster", "cannot be a cluster's name"),
        ("--members", "0", "not a number of members"),
        ("--region", "Europe", "not a region"),
    ] {
        world.hz(&["init", "other", option, value, "--yes"]).exits_with(1).told(told);
        assert!(!world.path().join("other").exists());
    }
}

#[test]
fn what_is_mistyped_is_told_with_what_was_meant() {
    let world = World::new();
    world.hz(&["pln"]).exits_with(1).told("there is no command `hzscript pln`").told("did you mean `hzscript plan`?");
    world.hz(&["state", "lst"]).exits_with(1).told("did you mean `hzscript state list`?");
    world.hz(&["conquer"]).exits_with(1).told("`hzscript --help` lists the commands");
    world.hz(&["cluster.rhai"]).exits_with(1).told("hzscript run cluster.rhai");
    world.script("only.rhai", "");
    world.hz(&["plan"]).exits_with(1).told("hzscript plan only.rhai");
    world.script("second.rhai", "");
    world.hz(&["destroy"]).exits_with(1).told("which one? only.rhai, second.rhai; or give --stack NAME");
}
