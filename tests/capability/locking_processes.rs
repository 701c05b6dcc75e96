//! Two processes at one stack: one is at work, the other is refused, and takes over when the first is killed.

use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};

use serde_json::Value as Json;

use crate::support::World;

const SCRIPT: &str = r#"
    let vpc = ec2_vpc("net", #{ cidrBlock: "10.0.0.0/16" });
    let subnet = ec2_subnet("a", #{ vpcId: vpc.vpcId, cidrBlock: "10.0.1.0/24" });
    let gateway = ec2_internet_gateway("net", #{});
    let way = ec2_vpc_gateway_attachment("net", #{ vpcId: vpc.vpcId, internetGatewayId: gateway.internetGatewayId });
    let address = ec2_eip("nat", #{ domain: "vpc" });
    let nat = #{ subnetId: subnet.subnetId, allocationId: address.allocationId };
    ec2_nat_gateway("nat", nat, #{ dependsOn: [way] });
"#;

/// A run that waits for AWS, as slow as in truth.
fn at_work(world: &World) -> Child {
    let settings = world.path().join(".hzscript/local");
    std::fs::create_dir_all(&settings).expect("a folder");
    std::fs::write(settings.join("settings.toml"), "pace = 1.0\n").expect("written");
    world.script("slow.rhai", SCRIPT);
    let mut command = world.command(&["run", "slow.rhai", "--yes", "--json"]);
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("started");
    let lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
    let waits = |line: std::io::Result<String>| {
        let event: Json = serde_json::from_str(&line.expect("a line")).expect("JSON");
        event["event"] == "stepWaiting"
    };
    assert!(lines.into_iter().any(waits), "it ended before it waited");
    child
}

fn kill(mut child: Child) {
    child.kill().expect("killed");
    child.wait().expect("it ended");
}

/// The identifier of the lock, as a refusal tells it.
fn told_id(refusal: &str) -> String {
    let after = refusal.split("hzscript state unlock ").nth(1).expect("it says how to unlock");
    after.split_whitespace().next().expect("an identifier").to_owned()
}

#[test]
fn one_works_the_other_is_refused_and_takes_over_once_the_first_is_killed() {
    let world = World::new();
    let first = at_work(&world);
    let refused = world.hz(&["run", "slow.rhai", "--yes"]).exits_with(1);
    let refused = refused.told(&format!("(process {}, `run slow.rhai`) since ", first.id()));
    let refused = refused.told("that run renewed it").told("--lock-timeout 5m").told(" --stack slow --state ");
    let id = told_id(&refused.stderr);
    let unlock = |id: &str, yes: &[&str]| world.hz(&[&["state", "unlock", id, "slow.rhai"], yes].concat());
    unlock("4f1c", &["--yes"]).exits_with(1).told(&format!("locked with lock {id}, not with lock 4f1c"));
    unlock(&id, &[]).exits_with(1).told("warning: stack slow is locked by").told("That run is at work").told("--yes");
    kill(first);
    let over = world.hz(&["run", "slow.rhai", "--yes", "--no-wait"]).succeeds();
    over.told("ec2_nat_gateway.nat");
    assert_eq!(world.count("AWS::EC2::NatGateway"), 1);
    unlock(&id, &["--yes"]).exits_with(1).told("stack slow is not locked");
}

#[test]
fn the_lock_of_a_process_that_is_no_more_is_taken_away_at_once() {
    let world = World::new();
    let first = at_work(&world);
    let id = told_id(&world.hz(&["run", "slow.rhai", "--yes"]).exits_with(1).stderr);
    kill(first);
    world
        .hz(&["state", "unlock", &id, "--stack", "slow", "--yes"])
        .succeeds()
        .told("Stack slow is not locked any more.");
    world.hz(&["state", "unlock", &id, "--stack", "slow", "--yes"]).exits_with(1).told("stack slow is not locked");
}
