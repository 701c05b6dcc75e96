//! What a plan has to be allowed: exactly what `plan --iam` says, no less and no more; and what is said of what is not.

use std::collections::BTreeSet;
use std::path::Path;

use hzscript::engine::EngineError;
use hzscript::local::Local;
use hzscript::local::iam::caller::CallerPolicies;
use hzscript::local::settings::Settings;
use hzscript::permissions::{PolicyDocument, Surroundings, permissions};
use hzscript::plan::Plan;
use hzscript::state::StateStore;
use serde_json::{Value as Json, json};

use super::samples::SAMPLES;
use crate::support::stack::{connected, owner};
use crate::support::world::project_script;
use crate::support::{Stack, World};

/// What happens to a stack in turn.
const SCRIPT: &str = r#"
let net = network(#{ name: "net", cidr: "10.0.0.0/16", azs: 2, natGateways: 1 });
let logs = logs_log_group("logs", #{ logGroupName: "/test", retentionInDays: 5 });
let role = iam_role("role", #{
    assumeRolePolicyDocument: assume_role("ecs-tasks.amazonaws.com"),
    managedPolicyArns: ["arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy"],
});
role.add_to_policy(policy_statement(#{ actions: ["ecs:ListTasks"], resources: ["*"] }));
let cluster = ecs_cluster("main", #{});
let task = ecs_task_definition("task", #{
    cpu: 256, memory: 512, networkMode: "awsvpc", requiresCompatibilities: ["FARGATE"],
    taskRoleArn: role.arn, executionRoleArn: role.arn,
    containerDefinitions: [#{ name: "member", image: "hazelcast/hazelcast:5.5.10" }],
});
let group = ec2_security_group("group", #{
    groupDescription: "members", vpcId: net.vpc.vpcId,
    securityGroupIngress: [#{ ipProtocol: "tcp", fromPort: 5701, toPort: 5701, cidrIp: net.cidr }],
});
let subnets = [];
for subnet in net.privateSubnets { subnets.push(subnet.subnetId); }
let namespace = servicediscovery_private_dns_namespace("namespace", #{ name: "test.internal", vpc: net.vpc.vpcId });
let registry = servicediscovery_service("registry", #{
    namespaceId: namespace.id, dnsConfig: #{ dnsRecords: [#{ type: "A", ttl: 10 }] },
});
ecs_service("service", #{
    cluster: cluster.clusterName, taskDefinition: task.taskDefinitionArn, desiredCount: COUNT, launchType: "FARGATE",
    networkConfiguration: #{ awsvpcConfiguration: #{ subnets: subnets, securityGroups: [group.groupId] } },
    serviceRegistries: [#{ registryArn: registry.arn }],
}, #{ dependsOn: net.routes });
"#;

/// An account in a folder, and a stack's state beside it, as callers who may do this or that see them.
struct Account(tempfile::TempDir);

impl Account {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a folder"))
    }

    /// The stack, whose caller may do what this document allows; without one everything.
    async fn as_caller(&self, document: Option<&Json>) -> Stack {
        self.upset(document, &[]).await
    }

    async fn upset(&self, document: Option<&Json>, faults: &[&str]) -> Stack {
        let policies = CallerPolicies::new(document.iter().map(ToString::to_string).collect()).expect("a policy");
        let faults: Vec<String> = faults.iter().map(|rule| (*rule).to_owned()).collect();
        let faults = faults.try_into().expect("faults");
        let settings = Settings { pace: 0.0, caller_policies: policies, faults, ..Settings::default() };
        let local = Local::open(&self.0.path().join("local"), settings).expect("an embedded AWS");
        let cloud = connected(&local).await;
        Stack::with(local, cloud, store(self.0.path()))
    }
}

fn store(folder: &Path) -> StateStore {
    StateStore::in_folder(&folder.join("state"), "test").expect("a store")
}

fn script(count: u32) -> String {
    SCRIPT.replace("COUNT", &count.to_string())
}

/// The policy of a plan, with what planning it has looked up.
fn policy(plan: &Plan, stack: &Stack) -> Json {
    let looked = stack.engine.cloud().calls.counted();
    let looked = looked.keys().filter(|(service, _)| service != "sts");
    let looked = looked.map(|(service, operation)| format!("{service}:{operation}")).collect();
    let surroundings = Surroundings { looked, ..Surroundings::default() };
    serde_json::to_value(PolicyDocument::allowing(&permissions(plan, &surroundings))).expect("JSON")
}

/// The same without an action.
fn without(policy: &Json, action: &str) -> Json {
    let mut policy = policy.clone();
    let statements = policy["Statement"].as_array_mut().expect("statements");
    for statement in statements.iter_mut() {
        statement["Action"].as_array_mut().expect("actions").retain(|found| found != action);
    }
    statements.retain(|statement| statement["Action"].as_array().is_some_and(|actions| !actions.is_empty()));
    policy
}

/// Actions of statements, those for what happens rarely left out.
fn always_needed(policy: &Json) -> BTreeSet<String> {
    let statements = policy["Statement"].as_array().expect("statements").iter();
    let needed = statements.filter(|found| !found["Sid"].as_str().expect("a name").starts_with("Sometimes"));
    let actions = needed.flat_map(|statement| statement["Action"].as_array().expect("actions"));
    actions.map(|action| action.as_str().expect("a text").to_owned()).collect()
}

/// What carrying out a script says is missing, and that of planning it again after that; nothing when all is allowed.
async fn missing(stack: &Stack, text: &str) -> Vec<Json> {
    let refused = |error: EngineError| match error {
        EngineError::Observe(error) => error.facts(None).missing_statement.into_iter().collect::<Vec<_>>(),
        other => panic!("{other:?}"),
    };
    let program = stack.program(text).await;
    let session = match stack.engine.begin(&owner()).await {
        Ok(session) => session,
        Err(error) => return refused(error),
    };
    let plan = match session.plan(&program).await {
        Ok(plan) => plan,
        Err(error) => {
            session.end().await.expect("ended");
            return refused(error);
        }
    };
    let report = session.apply(&plan).await.expect("the state can be written");
    let failures = report.failures.iter();
    let found: Vec<Json> = failures.filter_map(|failure| failure.call.as_ref()?.missing_statement.clone()).collect();
    assert_eq!(report.is_complete(), found.is_empty(), "{:#?}", report.failures);
    if !found.is_empty() {
        return found;
    }
    match stack.engine.look().await.expect("looked").plan(&program).await {
        Ok(plan) => {
            assert!(plan.is_empty(), "nothing is left to do");
            Vec::new()
        }
        Err(error) => refused(error),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_under_exactly_its_policy_succeeds_and_so_does_every_one_after_it() {
    let account = Account::new();
    for count in [1, 2] {
        let anybody = account.as_caller(None).await;
        let policy = policy(&anybody.plan(&script(count)).await, &anybody);
        let found = missing(&account.as_caller(Some(&policy)).await, &script(count)).await;
        assert_eq!(found, Vec::<Json>::new(), "{policy:#}");
    }
    let anybody = account.as_caller(None).await;
    let plan = anybody.engine.look().await.expect("looked").plan_destroy().await.expect("a plan");
    let policy = policy(&plan, &anybody);
    let allowed = account.as_caller(Some(&policy)).await;
    allowed.destroy().await;
    assert_eq!(allowed.exists(), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn without_any_one_of_its_actions_a_run_fails_and_names_the_statement_that_mends_it() {
    let anybody = Account::new().as_caller(None).await;
    let policy = policy(&anybody.plan(&script(1)).await, &anybody);
    let (mut spared, mut tried) = (Vec::new(), BTreeSet::new());
    for action in always_needed(&policy) {
        // It is asked for while the script is evaluated.
        if action == "ec2:DescribeAvailabilityZones" {
            continue;
        }
        let account = Account::new();
        let mut limited = without(&policy, &action);
        let found = missing(&account.as_caller(Some(&limited)).await, &script(1)).await;
        if found.is_empty() {
            spared.push(action);
            continue;
        }
        let named: BTreeSet<&str> = found.iter().filter_map(|statement| statement["Action"].as_str()).collect();
        assert_eq!(named, BTreeSet::from([action.as_str()]), "{found:#?}");
        // What is named mends it, be it one resource after the other: tried once a service.
        if !tried.insert(action.split(':').next().expect("a service").to_owned()) {
            continue;
        }
        let mut more = found;
        for _ in 0..8 {
            limited["Statement"].as_array_mut().expect("statements").append(&mut more);
            more = missing(&account.as_caller(Some(&limited)).await, &script(1)).await;
            if more.is_empty() {
                break;
            }
        }
        assert_eq!(more, Vec::<Json>::new(), "{action}");
    }
    assert_eq!(spared, Vec::<String>::new(), "nothing needs these");
}

#[tokio::test(flavor = "multi_thread")]
async fn kinds_of_networks_and_of_scaling_are_made_changed_and_deleted_under_exactly_the_policies_of_their_plans() {
    let mut found = Vec::new();
    let of_it = |kind: &str| kind.starts_with("AWS::EC2::") || kind.starts_with("AWS::ApplicationAutoScaling::");
    for sample in SAMPLES.iter().filter(|sample| of_it(sample.kind)) {
        println!("{}", sample.kind);
        let account = Account::new();
        let changes = [None].into_iter().chain(sample.updates.iter().map(Some));
        for text in changes.map(|change| sample.script(change)) {
            let anybody = account.as_caller(None).await;
            let policy = policy(&anybody.plan(&text).await, &anybody);
            let lacking = missing(&account.as_caller(Some(&policy)).await, &text).await;
            if !lacking.is_empty() {
                // What was not done now does not disturb what follows.
                missing(&anybody, &text).await;
                found.push(format!("{}: {lacking:?}\n{text}\n{policy:#}", sample.kind));
            }
        }
        let anybody = account.as_caller(None).await;
        let plan = anybody.engine.look().await.expect("looked").plan_destroy().await.expect("a plan");
        let policy = policy(&plan, &anybody);
        let limited = account.as_caller(Some(&policy)).await;
        let session = limited.engine.begin(&owner()).await.expect("begun");
        let report = session.apply(&plan).await.expect("the state can be written");
        if !report.is_complete() {
            found.push(format!("{}: {:?}\n{policy:#}", sample.kind, report.failures));
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn lost_answers_need_no_more_than_the_policy_allows() {
    let account = Account::new();
    let anybody = account.as_caller(None).await;
    let policy = policy(&anybody.plan(&script(1)).await, &anybody);
    let found = missing(&account.upset(Some(&policy), &["drop=create"]).await, &script(1)).await;
    assert_eq!(found, Vec::<Json>::new());
}

fn world() -> (World, String) {
    let world = World::new();
    std::fs::create_dir_all(world.path().join(".hzscript/local")).expect("made");
    std::fs::write(world.path().join(".hzscript/local/settings.toml"), "pace = 0.0\n").expect("written");
    (world, project_script("hazelcast.rhai"))
}

#[test]
fn the_policy_is_printed_alone_and_a_run_under_it_succeeds() {
    let (world, script) = world();
    let printed = world.hz(&["plan", &script, "--iam", "--json"]).succeeds();
    let policy: Json = serde_json::from_str(&printed.stdout).expect("one document");
    assert_eq!((policy["Version"].as_str(), printed.stderr.as_str()), (Some("2012-10-17"), ""));
    let pass = policy["Statement"].as_array().expect("statements").iter();
    let pass: Vec<&Json> = pass.filter(|found| found["Sid"] == "PassRole").collect();
    assert_eq!(pass.len(), 1, "{policy:#}");
    assert_eq!(pass[0]["Condition"], json!({"StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}}));
    assert!(
        pass[0]["Resource"]
            .as_array()
            .is_some_and(|roles| roles.iter().all(|role| !role.as_str().expect("a text").contains('*')))
    );

    let told = world.hz(&["plan", &script, "--iam"]).succeeds();
    assert_eq!(serde_json::from_str::<Json>(&told.stdout).expect("one document"), policy);
    assert!(told.stderr.contains("aws iam put-role-policy"), "{}", told.stderr);

    world.hz(&["plan", &script, "--out", "saved.plan"]).succeeds();
    let saved = world.hz(&["plan", "saved.plan", "--iam", "--json"]).succeeds();
    let saved: Json = serde_json::from_str(&saved.stdout).expect("one document");
    let looked = ["ec2:DescribeAvailabilityZones".to_owned()];
    let difference: Vec<String> = always_needed(&policy).difference(&always_needed(&saved)).cloned().collect();
    assert_eq!(difference, looked, "a saved plan looks nothing up");

    std::fs::write(world.path().join("policy.json"), policy.to_string()).expect("written");
    let limited = ["run", &script, "--yes", "--as-policy", "policy.json"];
    world.hz(&limited).succeeds().told("caller: may do only what the given policies allow");
    world.hz(&["plan", &script, "--detailed-exitcode", "--as-policy", "policy.json"]).exits_with(0);
}

#[test]
fn what_is_missing_is_told_with_call_code_request_and_statement() {
    let (world, script) = world();
    let ended = world.hz(&["run", &script, "--yes", "--fault", "deny=1@ecs:CreateCluster"]).exits_with(1);
    for told in [
        "ecs:CreateCluster: AccessDeniedException: User: arn:aws:iam::000000000000:user/local is not authorized",
        "(request ",
        "add this statement to a policy of arn:aws:iam::000000000000:user/local:",
        r#"{"Action":"ecs:CreateCluster","Effect":"Allow","Resource":"arn:aws:ecs:eu-west-1:000000000000:cluster/fargate-cluster"}"#,
        "declared at ",
    ] {
        assert!(ended.says(told), "{told}\n{}\n{}", ended.stdout, ended.stderr);
    }
    let ended = world.hz(&["run", &script, "--yes", "--json", "--fault", "deny=1@ecs:CreateCluster"]).exits_with(1);
    let lines = ended.json_lines();
    let failed = lines.iter().find(|line| line["event"] == "stepFailed").expect("it failed");
    let call = &failed["call"];
    assert_eq!(
        (call["action"].as_str(), call["code"].as_str()),
        (Some("ecs:CreateCluster"), Some("AccessDeniedException"))
    );
    assert!(call["requestId"].as_str().is_some_and(|id| !id.is_empty()), "{call}");
    assert_eq!(call["missingStatement"]["Action"], "ecs:CreateCluster");
    assert_eq!(call["denied"]["because"], "notAllowed");
    let report = lines.iter().find(|line| line["event"] == "report").expect("a report");
    assert_eq!(report["report"]["failures"][0]["call"], *call);

    let ended = world.hz(&["plan", &script, "--json", "--fault", "deny=1@iam:GetRole"]).exits_with(1);
    let lines = ended.json_lines();
    let error = lines.iter().find(|line| line["event"] == "error").expect("it failed");
    assert_eq!(error["call"]["missingStatement"]["Action"], "iam:GetRole");
}

#[test]
fn what_no_statement_can_allow_is_said_to_be_so() {
    let (world, script) = world();
    let denied = json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": "*", "Resource": "*"},
        {"Effect": "Deny", "Action": "logs:CreateLogGroup", "Resource": "*"},
    ]});
    std::fs::write(world.path().join("denied.json"), denied.to_string()).expect("written");
    let ended = world.hz(&["run", &script, "--yes", "--as-policy", "denied.json"]).exits_with(1);
    assert!(ended.says("denies it, and no other statement can allow it then"), "{}", ended.stderr);
    assert!(!ended.says("add this statement"), "{}", ended.stderr);
    std::fs::write(world.path().join("broken.json"), "{}").expect("written");
    world.hz(&["plan", &script, "--as-policy", "broken.json"]).exits_with(1).told("Policy document must be version");
    world.hz(&["plan", &script, "--as-policy", "none.json"]).exits_with(1).told("there is no such file");
    let aws = ["plan", &script, "--target", "aws", "--region", "eu-west-1", "--as-policy", "denied.json"];
    world.hz(&aws).exits_with(1).told("--as-policy is for the embedded AWS only");
}
