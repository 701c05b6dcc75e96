//! The commands about what runs, as a user gives them.

use serde_json::{Value as Json, json};

use crate::support::World;
use crate::support::world::{Ended, project_script};

fn json_of(ended: &Ended) -> Json {
    serde_json::from_str(&ended.stdout).unwrap_or_else(|error| panic!("{error}\n{}", ended.stdout))
}

#[test]
fn a_cluster_is_looked_at_changed_and_broken() {
    let world = World::new();
    let script = project_script("hazelcast.rhai");
    world.hz(&["run", &script, "--yes"]).succeeds();

    world.hz(&["status", &script]).succeeds().told("cluster fargate-cluster").told("hazelcast-service").told("3/3");
    let status = json_of(&world.hz(&["status", "--json"]).succeeds());
    assert_eq!(status["cluster"]["name"], "fargate-cluster", "without a script it is the only cluster");
    let steady = json!([3, 3, "COMPLETED"]);
    let service = &status["services"][0];
    assert_eq!(json!([service["running"], service["desired"], service["deployments"][0]["rollout"]]), steady);

    let tasks = json_of(&world.hz(&["tasks", "--stack", "hazelcast", "--json"]).succeeds());
    let first = tasks[0]["id"].as_str().expect("an identifier").to_owned();
    world.hz(&["tasks"]).succeeds().told(&first[..12]).told("RUNNING").told("10.0.");
    world.hz(&["members", &script, "--json"]).told("formed");
    world.hz(&["logs", &script, "--filter", "Members {size:3"]).succeeds().told("Members {size:3").told(&first[..12]);
    assert_eq!(json_of(&world.hz(&["logs", "--filter", "nowhere", "--json"]).succeeds()), json!([]));

    world.hz(&["scale", "5", &script]).exits_with(1).told("desiredCount 3").told("there is no terminal").told("--yes");
    let scaled = world.hz(&["scale", "5", &script, "--yes"]).succeeds();
    assert!(scaled.says("3/5 tasks running") && scaled.says("Done: 5/5 tasks"), "{}", scaled.stderr);
    let stopped = world.hz(&["stop", &first[..8], "--yes", "--reason", "too \u{1b}[31mslow", "--json"]).succeeds();
    assert_eq!(json_of(&stopped)["state"], "steady");
    let traced = world.hz(&["trace", &first[..8], &script]).succeeds();
    assert!(traced.says("is to stop: too \\u{1b}[31mslow (UserInitiated)"), "{}", traced.stdout);
    assert!(traced.says("exit code 143") && traced.says("(task "), "{}", traced.stdout);
    world.hz(&["events", "-n", "3"]).succeeds().told("steady state.");
    world.hz(&["tasks", "--all"]).succeeds().told("STOPPED").told("too \\u{1b}[31mslow");
    world.hz(&["redeploy", "--yes"]).succeeds().told("Done: 5/5 tasks");
    let members = json_of(&world.hz(&["members", "--json"]));
    assert_eq!(members[0]["wanted"], 5);

    let refused = world.hz(&["exec", "0", &script]).exits_with(1);
    assert!(refused.says("there is no task `0`"), "{}", refused.stderr);
    let running = json_of(&world.hz(&["tasks", "--json"]).succeeds());
    let id = running[0]["id"].as_str().expect("an identifier");
    world.hz(&["exec", id]).exits_with(1).told("ECS Exec is off for service").told("enableExecuteCommand: true");
    world.hz(&["port-forward", id, "1:5701"]).exits_with(1).told("cannot be entered");
    world.hz(&["top"]).exits_with(1).told("needs a terminal").told("--once");
    world.hz(&["top", "--once"]).succeeds().told("hazelcast-service").told("Events").told("Members {size:5");
}

#[test]
fn a_name_that_is_not_there_is_told_with_what_is() {
    let world = World::new();
    world.hz(&["status"]).exits_with(1).told("has no cluster in eu-west-1").told("hzscript run SCRIPT");
    let script = world.script(
        "two.rhai",
        r#"ecs_cluster("one", #{ clusterName: "one" }); ecs_cluster("two", #{ clusterName: "two" });"#,
    );
    world.hz(&["run", &script, "--yes"]).succeeds();
    world.hz(&["status"]).exits_with(1).told("there are 2 clusters").told("--cluster").told("one, two");
    world.hz(&["status", &script]).exits_with(1).told("stack two has 2 clusters").told("one, two");
    world.hz(&["status", "--cluster", "tow"]).exits_with(1).told("there is no cluster `tow`").told("`two`");
    world.hz(&["status", "--cluster", "one"]).succeeds().told("It has no services.");
    world.hz(&["logs", "--cluster", "one"]).exits_with(1).told("nothing runs there");
    world.hz(&["members", "--cluster", "one"]).succeeds().told("No service runs members");
    world.hz(&["scale", "2", "--cluster", "one", "--yes"]).exits_with(1).told("has no service");
    world.hz(&["status", "--cluster", "one", "--service", "web"]).exits_with(1).told("there is no service `web`");
    world.hz(&["status", "tow.rhai"]).exits_with(1).told("did you mean two.rhai?");
}
