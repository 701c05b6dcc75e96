//! `--fault`: what goes wrong on purpose, as a user has it.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::Stdio;

use crate::support::World;

const SCRIPT: &str = r#"
let vpc = ec2_vpc("vpc", #{ cidrBlock: "10.0.0.0/16" });
ec2_subnet("a", #{ vpcId: vpc.vpcId, cidrBlock: "10.0.1.0/24" });
ec2_internet_gateway("gateway");
logs_log_group("logs", #{ logGroupName: "/test", retentionInDays: 5 });
iam_role("role", #{ assumeRolePolicyDocument: assume_role("ecs-tasks.amazonaws.com") });
"#;

fn world() -> (World, String) {
    let world = World::new();
    std::fs::create_dir_all(world.path().join(".hzscript/local")).expect("made");
    std::fs::write(world.path().join(".hzscript/local/settings.toml"), "pace = 0.0\n").expect("written");
    let script = world.script("stack.rhai", SCRIPT);
    (world, script)
}

/// A run that ends at this moment, and the next one: what there is then is what there would have been.
fn crashes_and_goes_on(point: &str) {
    let (world, script) = world();
    let fault = format!("--fault={point}");
    let ended = world.hz(&["run", &script, "--yes", &fault]);
    assert_eq!(ended.code, None, "{point}: it was no signal that ended it: {}", ended.stderr);
    world.hz(&["run", &script, "--yes"]).succeeds();
    world.hz(&["plan", &script, "--detailed-exitcode"]).exits_with(0);
    let mut types: Vec<String> = world.exists().into_iter().map(|(found, _)| found).collect();
    types.sort();
    let expected =
        ["AWS::EC2::InternetGateway", "AWS::EC2::Subnet", "AWS::EC2::VPC", "AWS::IAM::Role", "AWS::Logs::LogGroup"];
    assert_eq!(types, expected, "{point}");
}

#[test]
fn a_process_that_ends_at_a_call_is_gone_on_from() {
    for point in ["crash=call:1:after@ec2:CreateVpc", "crash=call:1:before@ec2:CreateSubnet", "crash=call:6:after"] {
        crashes_and_goes_on(point);
    }
}

#[test]
fn a_process_that_ends_at_a_write_of_the_state_is_gone_on_from() {
    for point in ["crash=journal:1:after", "crash=journal:4:before", "crash=journal:9:after"] {
        crashes_and_goes_on(point);
    }
}

#[test]
fn faults_are_told_with_the_seed_that_has_them_again() {
    let (world, script) = world();
    let ended = world.hz(&["run", &script, "--yes", "--fault=throttle=0.3", "--fault=drop=create"]).succeeds();
    let told = ended.stdout.lines().find(|line| line.starts_with("faults: ")).expect("they are told").to_owned();
    assert!(told.contains("throttle=0.3, drop=create; seed="), "{told}");
    world.hz(&["plan", &script, "--detailed-exitcode"]).exits_with(0);
    world.hz(&["plan", &script, "--fault=seed=5", "--fault=error=0"]).succeeds().told("faults: error=0; seed=5");
}

#[test]
fn faults_may_be_settings() {
    let (world, script) = world();
    let path = world.path().join(".hzscript/local/settings.toml");
    std::fs::write(&path, "pace = 0.0\nfaults = [\"throttle=1@logs\"]\n").expect("written");
    world.hz(&["check", &script]).succeeds();
    world.hz(&["plan", &script]).succeeds().told("faults: throttle=1@logs");
    std::fs::write(&path, "faults = [\"trottle=1\"]\n").expect("written");
    world.hz(&["plan", &script]).exits_with(1).told("nothing is called `trottle`").told("throttle=0.3");
}

#[test]
fn what_is_no_fault_is_refused_with_all_there_are_and_aws_has_none() {
    let (world, script) = world();
    for bad in ["throttle=2", "crash=call", "nonsense"] {
        let ended = world.hz(&["run", &script, "--yes", "--fault", bad]).exits_with(1);
        for form in ["throttle=0.3", "crash=journal:5:after", "lag=10s"] {
            assert!(ended.says(form), "{bad}: {}", ended.stderr);
        }
    }
    let aws = ["run", &script, "--yes", "--target", "aws", "--region", "eu-west-1", "--fault", "drop=create"];
    world.hz(&aws).exits_with(1).told("--fault is for the embedded AWS only");
    let elsewhere = ["run", &script, "--yes", "--endpoint-url", "http://127.0.0.1:1", "--fault", "drop=create"];
    world.hz(&elsewhere).exits_with(1).told("--fault is for the embedded AWS only");
    world.hz(&["local", "serve", "--fault", "crash=journal:1:after"]).exits_with(1).told("writes no state");
    world.hz(&["run", "--help"]).succeeds().told("Faults (embedded AWS only)");
}

#[test]
fn a_served_answer_that_is_lost_closes_the_connection() {
    let (world, _) = world();
    let mut command = world.command(&["local", "serve", "--fault", "drop=create"]);
    let mut served = command.stdout(Stdio::piped()).stdin(Stdio::null()).spawn().expect("it starts");
    let mut first = String::new();
    BufReader::new(served.stdout.as_mut().expect("piped")).read_line(&mut first).expect("a line");
    let address = first.trim().trim_start_matches("listening on http://").to_owned();
    let ask = |action: &str| {
        let mut stream = TcpStream::connect(&address).expect("connected");
        let body = r#"{"clusterName":"main"}"#;
        let head = format!(
            "POST / HTTP/1.1\r\nhost: {address}\r\nx-amz-target: AmazonEC2ContainerServiceV20141113.{action}\r\n\
             connection: close\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        stream.write_all(head.as_bytes()).expect("sent");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).map(|_| answer).unwrap_or_default()
    };
    let (lost, again) = (ask("CreateCluster"), ask("CreateCluster"));
    served.kill().expect("it runs");
    served.wait().expect("it ended");
    assert_eq!(lost, "");
    assert!(again.starts_with("HTTP/1.1 200"), "{again}");
    assert_eq!(world.count("AWS::ECS::Cluster"), 1);
}
