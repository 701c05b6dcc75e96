//! `hzscript repl` without a terminal: entries from standard input. What it is on one is in `.ci/session.py`.

use std::io::Write;
use std::process::Stdio;

use crate::support::World;
use crate::support::world::{Ended, project_script};

/// What comes of entries that are piped in.
fn piped(world: &World, words: &[&str], entries: &str) -> Ended {
    let mut command = world.command(&[&["repl"], words].concat());
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("it starts");
    let mut input = child.stdin.take().expect("a pipe");
    // It may end before it has read everything.
    let _ = input.write_all(entries.as_bytes());
    drop(input);
    child.wait_with_output().expect("it ends").into()
}

#[test]
fn a_program_is_said_planned_run_saved_and_found_again() {
    let world = World::new();
    let entries = "\
let c = ecs_cluster(\"main\", #{
    clusterName: \"main\",
})
:plan
:apply
:plan
output(\"name\", c.clusterName)
:state
:save mine.rhai
:quit
nonsense
";
    let ended = piped(&world, &["--yes", "--stack", "mine"], entries).succeeds();
    for text in ["+ ecs_cluster.main", "1 to create", "nothing to do", "AWS::ECS::Cluster", "mine.rhai is written"] {
        assert!(ended.says(text), "{text}: {}{}", ended.stdout, ended.stderr);
    }
    assert_eq!(world.count("AWS::ECS::Cluster"), 1);
    let saved = std::fs::read_to_string(world.path().join("mine.rhai")).expect("it is there");
    insta::assert_snapshot!(saved, @r#"
    let c = ecs_cluster("main", #{
        clusterName: "main",
    });
    output("name", c.clusterName);
    "#);
    world.hz(&["run", "mine.rhai", "--yes"]).succeeds().told("main");
    piped(&world, &["mine.rhai", "--yes"], ":destroy\n").succeeds();
    assert_eq!(world.exists(), []);
}

#[test]
fn the_first_mistake_ends_what_is_piped() {
    let world = World::new();
    let ended = piped(&world, &[], "let a = 1\necs_cluster(\"a\", #{ nam: a })\n:save after.rhai\n");
    let ended = ended.exits_with(1).told("ecs_cluster has no property `nam`").told("(prompt):1:21");
    assert!(!ended.says("is written"));
    assert!(!world.path().join("after.rhai").exists());
    piped(&world, &[], ":plann\n").exits_with(1).told("did you mean :plan?");
    piped(&world, &[], "let a = (\n").exits_with(1);
}

#[test]
fn what_runs_is_asked_and_changed() {
    let world = World::new();
    world.hz(&["run", &project_script("hazelcast.rhai"), "--yes"]).succeeds();
    let asked = |entry: &str| world.hz(&["repl", "--yes", "-e", entry]).succeeds();
    asked("clusters()").told("fargate-cluster");
    asked("service(\"hazelcast-service\").tasks()").told("RUNNING");
    asked("tasks().filter(|t| t.lastStatus == \"STOPPED\")").told("none");
    asked("service(\"hazelcast-service\").scale(5)").told("5 tasks run");
    asked("tasks().len()").told("5");
    asked("members()").told("together");
    asked("service(\"hazelcast-service\").events()").told("steady state");
    asked("service(\"hazelcast-service\").logs(#{ since: \"1h\", filter: \"Members\" })").told("Members");
    asked("tasks()[0].stop(\"to see\")").told("is to stop");
    asked("role(\"hazelcast-ecs-role\")").told("hazelcast-policy");
    asked("role(\"hazelcast-ecs-role\").can(\"s3:PutObject\").verdict").told("implicitDeny");
    let cluster = "\"arn:aws:ecs:eu-west-1:000000000000:cluster/fargate-cluster\"";
    asked(&format!("role(\"hazelcast-ecs-role\").can(\"ecs:ListTasks\", {cluster})")).told("ecs:cluster");
    asked("vpcs()").told("10.0.0.0/16");
    let refused = world.hz(&["repl", "-e", "service(\"hazelcast-service\").scale(1)"]).exits_with(1);
    assert!(refused.says("there is no terminal to ask on"));
    world.hz(&["repl", "-e", "service(\"hazelcst\")"]).exits_with(1).told("hazelcast-service");
}

#[test]
fn inputs_are_given_and_names_explained() {
    let world = World::new();
    let script = project_script("hazelcast.rhai");
    let ended = piped(&world, &[&script], ":inputs desiredCount=5 image=\"nginx:1\"\nservice.desiredCount\n:inputs\n")
        .succeeds();
    assert!(ended.says("desiredCount = 5") && ended.says("image = \"nginx:1\""), "{}", ended.stdout);
    piped(&world, &[&script], ":inputs desiredCount=many\n").exits_with(1).told("not a whole number");
    piped(&world, &[], ":doc ecs_cluster\n:doc network\n:doc :plan\n:doc members\n")
        .succeeds()
        .told("AWS::ECS::Cluster");
    piped(&world, &[&script], ":graph\n:graph drawn.svg\n").succeeds().told("└─ ").told("drawn.svg is written");
    assert!(std::fs::read_to_string(world.path().join("drawn.svg")).expect("it is there").starts_with("<svg"));
    piped(&world, &[&script], ":graph drawn.xyz\n").exits_with(1).told(".svg");
    piped(&world, &[&script], ":diff ecs_service.hazelcast-service\n").succeeds().told("desiredCount: 3");
}

#[test]
fn what_reaches_the_terminal_obeys_nobody() {
    let world = World::new();
    let ended = piped(&world, &[], "ecs_cluster(\"a\", #{ clusterName: \"\\x1b[31mred\" })\n\"\\x1b[2J\"\n");
    assert!(!ended.stdout.contains('\u{1b}') && !ended.stderr.contains('\u{1b}'));
}
