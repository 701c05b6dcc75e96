//! Types without code of their own, through Cloud Control: made, changed, replaced, adopted, found again after any
//! interruption, and gone, as all others.

use hzscript::model::Json;
use hzscript::plan::Action;

use crate::support::interruption::{programs, survives};
use crate::support::moments::Watch;
use crate::support::stack::{account, summary};
use crate::support::world::project_script;
use crate::support::{Stack, World};

/// With an identifier of AWS's making and with a given one, with tags in a list, in a map and without, one that refers to
/// another, beside kinds with code of their own.
const SCRIPT: &str = r#"
let topic = aws_resource("AWS::SNS::Topic", "alerts", #{ topicName: "alerts", displayName: "{shown}" });
aws_resource("AWS::SNS::Subscription", "mail", #{
    topicArn: topic.topicArn, protocol: "email", endpoint: "{mail}",
});
aws_resource("AWS::SNS::TopicInlinePolicy", "alerts", #{
    topicArn: topic.topicArn,
    policyDocument: policy_document([#{ actions: "sns:Publish", resources: "*", principals: #{ Service: "events.amazonaws.com" } }]),
});
let bucket = aws_resource("AWS::S3::Bucket", "backups", #{
    versioningConfiguration: #{ status: "{versions}" },
    tags: [#{ key: "team", value: "{team}" }],
});
ssm_parameter("where", #{ type: "String", value: bucket.bucketName, description: "{described}" });
aws_resource("AWS::Logs::LogGroup", "logs", #{ logGroupName: "/any", retentionInDays: 5 }, #{ dependsOn: [topic] });
"#;

const CHANGES: &[(&str, &str, &str)] = &[
    ("shown", "Alerts", "Alarms"),
    ("mail", "a@example.com", "b@example.com"),
    ("versions", "Enabled", "Suspended"),
    ("team", "a", "b"),
    ("described", "one", "two"),
];

fn first() -> String {
    CHANGES.iter().fold(SCRIPT.to_owned(), |text, (name, value, _)| text.replace(&format!("{{{name}}}"), value))
}

fn second() -> String {
    CHANGES.iter().fold(SCRIPT.to_owned(), |text, (name, _, value)| text.replace(&format!("{{{name}}}"), value))
}

/// What Cloud Control tells of an object.
async fn told(stack: &Stack, type_name: &str, address: &str) -> Json {
    let call = stack.engine.cloud().cloudcontrol.get_resource().type_name(type_name);
    let answer = call.identifier(stack.id(address).await).send().await.expect("it is there");
    let description = answer.resource_description.expect("it is described");
    serde_json::from_str(description.properties().expect("it has properties")).expect("JSON")
}

#[tokio::test(start_paused = true)]
async fn any_type_is_made_changed_replaced_and_gone() {
    let stack = Stack::new().await;
    stack.runs(&first()).await;
    assert!(stack.plan(&first()).await.is_empty(), "{}", summary(&stack.plan(&first()).await));
    let topic = told(&stack, "AWS::SNS::Topic", "sns_topic.alerts").await;
    assert_eq!(topic["DisplayName"], "Alerts");
    let tags = topic["Tags"].to_string();
    assert!(tags.contains("hzscript:stack") && tags.contains("sns_topic.alerts"), "{tags}");
    let parameter = told(&stack, "AWS::SSM::Parameter", "ssm_parameter.where").await;
    assert_eq!(parameter["Value"], stack.id("s3_bucket.backups").await);
    assert_eq!(parameter["Tags"]["hzscript:address"], "ssm_parameter.where");
    assert!(stack.exists().iter().any(|one| one.contains("AWS::Logs::LogGroup")), "a type with code becomes that kind");

    let plan = stack.plan(&second()).await;
    let of = |name: &str| plan.changes.iter().find(|change| change.address.to_string() == name).expect("it is planned");
    assert_eq!(of("sns_topic.alerts").action, Action::Update);
    assert_eq!(of("sns_subscription.mail").action, Action::ReplaceCreateFirst);
    assert_eq!(of("ssm_parameter.where").action, Action::Update);
    stack.runs(&second()).await;
    assert!(stack.plan(&second()).await.is_empty());
    assert_eq!(told(&stack, "AWS::SNS::Topic", "sns_topic.alerts").await["DisplayName"], "Alarms");
    let bucket = told(&stack, "AWS::S3::Bucket", "s3_bucket.backups").await;
    assert_eq!(bucket["VersioningConfiguration"]["Status"], "Suspended");

    stack.destroy().await;
    assert_eq!(stack.exists(), Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn a_replacement_of_the_same_name_waits_for_the_old_one_to_go() {
    let stack = Stack::new().await;
    let topic = |fifo: bool| {
        format!("aws_resource(\"AWS::SNS::Topic\", \"a\", #{{ topicName: \"a.fifo\", fifoTopic: {fifo} }});")
    };
    stack.runs(&topic(true)).await;
    assert_eq!(stack.plan(&topic(false)).await.changes[0].action, Action::ReplaceDeleteFirst);
    stack.runs(&topic(false)).await;
    assert!(stack.plan(&topic(false)).await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn what_others_change_is_drift_and_a_run_puts_it_right() {
    let stack = Stack::new().await;
    stack.runs(&first()).await;
    let (id, cloud) = (stack.id("sns_topic.alerts").await, stack.engine.cloud());
    let patch = r#"[{ "op": "add", "path": "/DisplayName", "value": "Theirs" },
        { "op": "add", "path": "/Tags/-", "value": { "Key": "theirs", "Value": "1" } }]"#;
    let call = cloud.cloudcontrol.update_resource().type_name("AWS::SNS::Topic").identifier(&id);
    call.patch_document(patch).send().await.expect("changed");
    tokio::time::sleep(std::time::Duration::from_secs(60)).await;
    let drift = stack.engine.look().await.expect("begun").drift().await.expect("read");
    let found: Vec<String> = drift
        .resources
        .iter()
        .flat_map(|one| one.differences.iter().map(move |found| format!("{} {}", one.address, found.path)))
        .collect();
    assert_eq!(found, ["sns_topic.alerts displayName"]);
    stack.runs(&first()).await;
    let topic = told(&stack, "AWS::SNS::Topic", "sns_topic.alerts").await;
    assert_eq!(topic["DisplayName"], "Alerts");
    assert!(topic["Tags"].to_string().contains("theirs"), "another's tag stays: {topic}");
}

#[tokio::test(start_paused = true)]
async fn runs_that_end_at_any_record_are_gone_on_with() {
    for runs in [vec![Some(first())], vec![Some(first()), Some(second())], vec![Some(first()), None]] {
        let scripts: Vec<Option<&str>> = runs.iter().map(Option::as_deref).collect();
        let survived = survives(&programs(&scripts).await, 1).await;
        assert_eq!(survived.survived, survived.points);
    }
}

#[tokio::test(start_paused = true)]
async fn the_answer_to_every_change_may_be_lost_once() {
    let undisturbed = Stack::new().await;
    undisturbed.runs(&first()).await;
    let watch = Watch::new(&account(&["drop=change"]));
    let stack = watch.stack().await;
    stack.runs(&first()).await;
    assert_eq!(stack.exists().len(), undisturbed.exists().len(), "{:#?}", stack.exists());
    stack.runs(&second()).await;
    assert!(stack.plan(&second()).await.is_empty());
    stack.destroy().await;
    assert_eq!(stack.exists(), Vec::<String>::new());
    let lost = watch.answers().lost;
    for made in ["CreateResource", "UpdateResource", "DeleteResource"] {
        assert!(lost.iter().any(|asked| asked == made), "{made}: {lost:#?}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_has_the_name_already_is_not_taken_for_ones_own() {
    let stack = Stack::new().await;
    let theirs = stack.beside("theirs");
    let parameter = r#"ssm_parameter("a", #{ name: "/a", type: "String", value: "1" });"#;
    theirs.runs(parameter).await;
    let report = stack.run(parameter).await;
    assert_eq!(report.failures.len(), 1, "{report:#?}");
    assert!(report.failures[0].reason.contains("AlreadyExists"), "{report:#?}");
    assert!(stack.state().await.resources.is_empty());
    stack.destroy().await;
    assert_eq!(stack.exists().len(), 1, "theirs stays");
}

#[test]
fn the_script_goes_through_its_life_a_process_a_step() {
    let world = World::new();
    let script = project_script("any_resource.rhai");
    world.hz(&["run", &script, "--yes"]).succeeds();
    world.hz(&["plan", &script, "--detailed-exitcode"]).exits_with(0);
    let plan = world.path().join("any.plan").display().to_string();
    world.hz(&["plan", &script, "--set", "keepDays=7", "--set", "email=b@example.com", "--out", &plan]).succeeds();
    world.hz(&["apply", &plan, "--yes"]).succeeds();
    world.hz(&["drift", &script]).exits_with(0);
    world.hz(&["state", "list", "--stack", "any_resource"]).succeeds().told("AWS::SNS::Topic");
    world.hz(&["rollback", &script, "--yes"]).succeeds();
    world.hz(&["plan", &script, "--detailed-exitcode"]).exits_with(0);
    let template = world.hz(&["synth", &script]).succeeds();
    for text in ["AWS::SNS::Topic", "DisplayName", "Fn::Sub", "LifecycleConfiguration"] {
        assert!(template.says(text), "{text}");
    }
    world.hz(&["destroy", &script, "--yes"]).succeeds();
    assert_eq!(world.exists(), []);
}

#[test]
fn what_exists_is_adopted_by_its_identifier() {
    let world = World::new();
    let made =
        world.script("made.rhai", r#"aws_resource("AWS::SNS::Topic", "a", #{ topicName: "a" }, #{ retain: true });"#);
    world.hz(&["run", &made, "--yes"]).succeeds();
    let none = world.script("made.rhai", "");
    world.hz(&["run", &none, "--yes"]).succeeds();
    let (_, id) = world.exists().remove(0);
    let adopted = world.script(
        "adopted.rhai",
        &format!(
            "let a = aws_resource(\"AWS::SNS::Topic\", \"b\", #{{ TopicName: \"a\", DisplayName: \"A\" }}, \
             #{{ id: \"{id}\", fromStack: \"made\" }}); output(\"arn\", a.arn);"
        ),
    );
    world.hz(&["run", &adopted, "--yes"]).succeeds().told(&id);
    world.hz(&["destroy", &adopted, "--yes"]).succeeds();
    assert_eq!(world.exists(), []);
}
