//! What those who write scripts have: `fmt`, `lint`, `test`, `definitions`.

use serde_json::Value as Json;

use crate::support::World;
use crate::support::world::{Ended, project_script};

const UGLY: &str = "let a=1 ;\n\n\n\nlogs_log_group( \"a\",#{retentionInDays:a} ) // kept\n;\n";
const BEAUTIFUL: &str = "let a = 1;\n\nlogs_log_group(\"a\", #{ retentionInDays: a }); // kept\n";

/// A script of the project, put into the world under a name.
fn copied(world: &World, name: &str, change: impl FnOnce(String) -> String) {
    let text = std::fs::read_to_string(project_script(name)).expect("readable");
    world.script(name, &change(text));
}

#[test]
fn scripts_are_formatted_in_place() {
    let world = World::new();
    world.script("a.rhai", UGLY);
    world.script("b.rhai", BEAUTIFUL);
    std::fs::create_dir(world.path().join("more")).expect("made");
    world.script("more/c.rhai", UGLY);
    let read = |name: &str| std::fs::read_to_string(world.path().join(name)).expect("readable");
    let checked = world.hz(&["fmt", "--check"]).exits_with(1).told("2 of 3 files are not formatted");
    assert!(checked.stdout.contains("- let a=1 ;") && checked.stdout.contains("+ let a = 1;"), "{}", checked.stdout);
    assert_eq!(read("a.rhai"), UGLY, "it is only looked at");
    assert_eq!(world.hz(&["fmt", "a.rhai", "--stdout"]).succeeds().stdout, BEAUTIFUL);
    world.script("tab.txt", "print(\"a\tb\");\n");
    assert_eq!(world.hz(&["fmt", "tab.txt", "--stdout"]).succeeds().stdout, "print(\"a\tb\");\n");
    std::fs::remove_file(world.path().join("tab.txt")).expect("removed");
    assert_eq!(read("a.rhai"), UGLY);
    let input = std::fs::File::open(world.path().join("a.rhai")).expect("it is there");
    let piped: Ended = world.command(&["fmt", "-"]).stdin(input).output().expect("it starts").into();
    assert_eq!(piped.succeeds().stdout, BEAUTIFUL);
    world.hz(&["fmt"]).succeeds().told("2 of 3 files formatted");
    for name in ["a.rhai", "b.rhai", "more/c.rhai"] {
        assert_eq!(read(name), BEAUTIFUL, "{name}");
    }
    world.hz(&["fmt", "--check", "."]).succeeds().told("3 files, all formatted");
    let names = std::fs::read_dir(world.path()).expect("a folder").count();
    assert_eq!(names, 3, "nothing is left beside them");
}

#[test]
fn a_script_that_is_none_is_left_alone() {
    let world = World::new();
    let wrong = "let a  =  ;\n";
    world.script("wrong.rhai", wrong);
    world.script("right.rhai", UGLY);
    let ended = world.hz(&["fmt", "wrong.rhai", "right.rhai"]).exits_with(1).told("wrong.rhai:1:11");
    assert!(!ended.says("panicked"));
    let read = |name: &str| std::fs::read_to_string(world.path().join(name)).expect("readable");
    assert_eq!((read("wrong.rhai").as_str(), read("right.rhai").as_str()), (wrong, BEAUTIFUL));
    world.hz(&["fmt", "none.rhai"]).exits_with(1).told("none.rhai");
    let empty = World::new();
    empty.hz(&["fmt"]).exits_with(1).told("there are no files *.rhai in .");
}

#[test]
fn the_projects_tests_pass_and_tell_when_a_script_is_broken() {
    let world = World::new();
    for name in ["hazelcast.rhai", "hazelcast_test.rhai", "orientdb.rhai", "orientdb_test.rhai"] {
        copied(&world, name, |text| text);
    }
    let passed = world.hz(&["test"]).succeeds();
    assert!(
        passed
            .stdout
            .starts_with("running 11 tests\ntest hazelcast_test.rhai::test_as_many_members_as_asked_for ... ok")
    );
    passed.told("test result: ok. 11 passed; 0 failed; 0 filtered out");
    // Each of these must be seen by a test.
    for (name, before, after, test) in [
        ("hazelcast.rhai", "desiredCount: members", "desiredCount: 3", "test_as_many_members_as_asked_for"),
        ("hazelcast.rhai", "net.privateSubnets", "net.publicSubnets", "test_members_are_private_and_in_two_zones"),
        (
            "hazelcast.rhai",
            "allow_from(cidr, 8080)",
            "allow_from(\"0.0.0.0/0\", 8080)",
            "test_nothing_is_open_to_the_world",
        ),
        ("hazelcast.rhai", "\"ecs:cluster\": cluster.arn", "\"ecs:cluster\": \"*\"", "test_members_may_ask"),
        ("orientdb.rhai", "input(\"desiredCount\", 3)", "3", "test_as_many_nodes_as_asked_for"),
        ("orientdb.rhai", "input(\"cloudNamespace\", \"orientdb.com\")", "\"a.b\"", "test_nodes_are_found"),
    ] {
        copied(&world, name, |text| {
            assert!(text.contains(before), "{name} has {before}");
            text.replace(before, after)
        });
        let failed = world.hz(&["test", "--filter", test]).exits_with(1);
        assert!(failed.stdout.contains(test) && failed.stdout.contains("FAILED"), "{name} {after}: {}", failed.stdout);
        copied(&world, name, |text| text);
    }
}

#[test]
fn a_test_that_fails_tells_where_and_what_differs() {
    let world = World::new();
    world.script(
        "a.rhai",
        "let n = input(\"n\", 1);\nlogs_log_group(\"a\", #{ retentionInDays: n });\nprint(\"made\");\n",
    );
    let tests = "fn test_days() {\n    let p = plan(\"a.rhai\", #{ n: 5 });\n    assert_eq(p.resource(\"logs_log_group.a\").properties, #{\n        retentionInDays: 7,\n    });\n}\n\nfn test_name() {\n    plan(\"a.rhai\").resource(\"logs_log_group.b\");\n}\n\nfn test_wrong() {\n    plan(\"a.rhai\", #{ n: 6 });\n}\n\nfn test_good() {\n    assert_fails(\"a.rhai\", #{ n: 6 }, \"retentionInDays\");\n}\n\nfn helper() { assert(false) }\n";
    world.script("a_test.rhai", tests);
    let failed = world.hz(&["test", "a_test.rhai", "."]).exits_with(1);
    insta::assert_snapshot!(settled(&failed.stdout), @r#"
    running 4 tests
    test a_test.rhai::test_days ... FAILED
    test a_test.rhai::test_name ... FAILED
    test a_test.rhai::test_wrong ... FAILED
    test a_test.rhai::test_good ... ok

    failures:

    ---- a_test.rhai::test_days ----
      × these are not the same
       ╭─[a_test.rhai:3:5]
     2 │     let p = plan("a.rhai", #{ n: 5 });
     3 │     assert_eq(p.resource("logs_log_group.a").properties, #{
       ·     ─────────
     4 │         retentionInDays: 7,
       ╰────

      expected (-) and actual (+):
          #{
        -     retentionInDays: 7,
        +     retentionInDays: 5,
          }

      printed:
        made


    ---- a_test.rhai::test_name ----
      × a.rhai declares no `logs_log_group.b`: did you mean `logs_log_group.a`?
        ╭─[a_test.rhai:9:20]
      8 │ fn test_name() {
      9 │     plan("a.rhai").resource("logs_log_group.b");
        ·                    ────────
     10 │ }
        ╰────

      printed:
        made


    ---- a_test.rhai::test_wrong ----
      × a.rhai has mistakes:
      │ a.rhai:2:41 `retentionInDays` cannot be `6`
        ╭─[a_test.rhai:13:5]
     12 │ fn test_wrong() {
     13 │     plan("a.rhai", #{ n: 6 });
        ·     ────
     14 │ }
        ╰────

      printed:
        made


    test result: FAILED. 1 passed; 3 failed; 0 filtered out
    "#);
    let lines = world.hz(&["test", "--json", "--filter", "test_days"]).exits_with(1).json_lines();
    let kinds: Vec<&str> = lines.iter().filter_map(|line| line["event"].as_str()).collect();
    assert_eq!(kinds, ["test", "tested"]);
    assert_eq!(lines[0]["failure"]["place"]["line"], 3);
    assert_eq!(lines[0]["comparison"]["expected"], "#{\n    retentionInDays: 7,\n}");
    assert_eq!(lines[1], serde_json::json!({ "event": "tested", "passed": 0, "failed": 1, "filteredOut": 3 }));
}

/// A report without the time it took.
fn settled(report: &str) -> String {
    let end = report.rfind("; finished in").unwrap_or(report.len());
    report[..end].to_owned()
}

#[test]
fn tests_that_are_none_are_told_of() {
    let world = World::new();
    world.script("a.rhai", "");
    world.hz(&["test"]).exits_with(1).told("there are no files *_test.rhai in .");
    world.script("a_test.rhai", "fn helper() {}");
    world.hz(&["test"]).exits_with(1).told("there are no tests in these files");
    world.script("a_test.rhai", "fn test_a(b) {}");
    world.hz(&["test"]).exits_with(1).told("`test_a` takes parameters");
    world.script("a_test.rhai", "fn test_a() { loop {} }\nfn test_b() { plan(\"none/b.rhai\") }\nfn test_c() {}");
    let ended = world
        .hz(&["test"])
        .exits_with(1)
        .told("the script takes")
        .told("there is no script `none/b.rhai` beside a_test.rhai");
    assert!(ended.stdout.contains("a_test.rhai::test_c ... ok"));
    world.hz(&["test", "--filter", "nothing"]).exits_with(1).told("none of 3 tests has `nothing` in its name");
    let lines: Vec<Json> = world.hz(&["test", "--json", "--filter", "test_c"]).succeeds().json_lines();
    assert_eq!(lines[0]["passed"], true);
}

#[test]
fn scripts_are_looked_at() {
    let world = World::new();
    world.script("a.rhai", "logs_log_group(\"a\");\nlet unused = 1;\n");
    world.script("b.rhai", "// hzscript: allow(kept-for-ever): it is a test\nlogs_log_group(\"b\");\n");
    let told = world.hz(&["lint"]).succeeds().told("2 files, 2 warnings, 0 notes, 1 allowed");
    assert!(told.stdout.contains("logs_log_group.a keeps its logs for ever [L301 kept-for-ever]"), "{}", told.stdout);
    assert!(told.stdout.contains("a.rhai:1:1") && told.stdout.contains("a.rhai:2:5"), "{}", told.stdout);
    world.hz(&["lint", "--deny", "warnings"]).exits_with(1);
    world.hz(&["lint", "--deny", "L106"]).exits_with(1);
    world.hz(&["lint", "--deny", "open-to-the-world", "--deny", "unused-function"]).succeeds();
    world.hz(&["lint", "b.rhai", "--deny", "warnings"]).succeeds();
    world.hz(&["lint", "--deny", "open-to-the-word"]).exits_with(1).told("did you mean open-to-the-world?");
    let lines = world.hz(&["lint", "--json"]).succeeds().json_lines();
    let kinds: Vec<&str> = lines.iter().filter_map(|line| line["event"].as_str()).collect();
    assert_eq!(kinds, ["finding", "finding", "linted"]);
    assert_eq!((&lines[0]["code"], &lines[0]["diagnostic"]["place"]["line"]), (&"L301".into(), &1.into()));
    world.script("c.rhai", "let a = ;");
    world
        .hz(&["lint"])
        .exits_with(1)
        .told("c.rhai:1:9")
        .told("3 files, 2 warnings, 0 notes, 1 allowed, 1 with mistakes");
    let listed = world.hz(&["lint", "--list"]).succeeds();
    assert!(listed.stdout.contains("L201 open-to-the-world: a port other than 80 and 443 is open to every address"));
    let rules = world.hz(&["lint", "--list", "--json"]).succeeds().json_lines();
    assert!(rules.iter().all(|rule| rule["explanation"].is_string()) && rules.len() > 20);
}

#[test]
fn the_projects_scripts_are_formatted_and_clean() {
    let folder = project_script("");
    let world = World::new();
    world.hz(&["fmt", "--check", &folder]).succeeds();
    world.hz(&["lint", "--deny", "warnings", &folder]).succeeds();
}

#[test]
fn editors_are_told_of_the_language() {
    let world = World::new();
    world.hz(&["definitions", "--out", "editor/rhai"]).succeeds().told("wrote 4 files");
    let read = |name: &str| std::fs::read_to_string(world.path().join("editor/rhai").join(name)).expect("written");
    assert!(read("builders.d.rhai").contains("fn ecs_service(name: string, properties: map) -> resource;"));
    assert!(read("stdlib.d.rhai").contains("fn hazelcast_cluster(properties: map) -> ?;"));
    // They are no scripts.
    world.hz(&["fmt", "--check"]).exits_with(1).told("there are no files *.rhai in .");
}
