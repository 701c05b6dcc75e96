//! The main job, as the README has it.

use hzscript::cloud::Cloud;
use hzscript::local::Local;
use hzscript::local::settings::Settings;
use serde_json::Value as Json;

use crate::support::World;
use crate::support::world::project_script;

#[test]
fn the_script_runs_settles_changes_and_goes() {
    let world = World::new();
    let script = project_script("hazelcast.rhai");
    let plan = |more: &[&str]| world.hz(&[&["plan", script.as_str(), "--detailed-exitcode"], more].concat());

    plan(&[]).exits_with(2);
    assert_eq!(world.exists(), [], "planning makes nothing");
    let run = world.hz(&["run", &script, "--yes"]).succeeds();
    assert!(run.stdout.lines().chain(run.stderr.lines()).next().is_some_and(|line| line.contains("local")));
    plan(&[]).exits_with(0).told("nothing to do");
    world.hz(&["run", &script, "--yes"]).succeeds().told("nothing to do");
    assert_eq!(running(&world), 3);

    // In place, and waited for.
    plan(&["--set", "desiredCount=5"]).exits_with(2).told("0 to create, 1 to update, 0 to replace, 0 to delete");
    world.hz(&["run", &script, "--yes", "--set", "desiredCount=5"]).succeeds();
    assert_eq!(running(&world), 5);

    // A new revision, and the service rolled.
    let bigger = ["--set", "desiredCount=5", "--set", "cpu=2048", "--set", "memory=4096"];
    plan(&bigger).exits_with(2).told("ecs_task_definition").told("1 to update, 1 to replace");
    world.hz(&[&["run", script.as_str(), "--yes"], &bigger[..]].concat()).succeeds();
    plan(&bigger).exits_with(0);
    assert_eq!(world.count("AWS::ECS::TaskDefinition"), 1, "the old revision is inactive");

    world.hz(&["destroy", &script, "--yes"]).succeeds();
    assert_eq!(world.exists(), [], "nothing is left");
    world.hz(&["destroy", &script, "--yes"]).succeeds().told("nothing to destroy");
}

#[test]
fn another_range_replaces_the_network_and_what_must_follow() {
    let world = World::new();
    let script = project_script("hazelcast.rhai");
    world.hz(&["run", &script, "--yes"]).succeeds();
    let other = ["--set", "cidr=10.7.0.0/16"];
    let plan = world.hz(&[&["plan", script.as_str()], &other[..]].concat()).succeeds();
    for follows in ["ec2_vpc", "ec2_subnet", "ec2_security_group", "ec2_nat_gateway", "ecs_service"] {
        assert!(plan.says(follows), "{follows} follows\n{}", plan.stdout);
    }
    assert!(plan.says("cidrBlock"), "the reason is told\n{}", plan.stdout);
    let roles_before: Vec<_> = world.exists().into_iter().filter(|(kind, _)| kind == "AWS::IAM::Role").collect();
    world.hz(&[&["run", script.as_str(), "--yes"], &other[..]].concat()).succeeds();
    world.hz(&[&["plan", script.as_str(), "--detailed-exitcode"], &other[..]].concat()).exits_with(0);
    let exists = world.exists();
    assert_eq!(world.count("AWS::EC2::VPC"), 1, "the old network is gone: {exists:#?}");
    assert_eq!(world.count("AWS::EC2::NatGateway"), 1);
    let roles: Vec<_> = exists.into_iter().filter(|(kind, _)| kind == "AWS::IAM::Role").collect();
    assert_eq!(roles, roles_before, "what need not follow stays");
}

#[test]
fn outputs_are_one_object() {
    let world = World::new();
    let script = project_script("hazelcast.rhai");
    world.hz(&["run", &script, "--yes"]).succeeds();
    let outputs: Json =
        serde_json::from_str(&world.hz(&["outputs", &script, "--json"]).succeeds().stdout).expect("JSON");
    assert!(outputs.as_object().is_some_and(|outputs| !outputs.is_empty()), "{outputs}");
}

/// How many tasks of the service the embedded AWS says run, asked by the SDK.
fn running(world: &World) -> i32 {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(async {
        let local = Local::open(&world.path().join(".hzscript/local"), Settings::default()).expect("its data");
        let cloud = Cloud::embedded(&local, "eu-west-1").await.expect("a connection");
        let asked = cloud.ecs.describe_services().cluster("fargate-cluster").services("hazelcast-service");
        asked.send().await.expect("an answer").services()[0].running_count()
    })
}
