//! `hzscript synth`: what a template says, and what it never does.

use std::collections::BTreeSet;

use hzscript::kinds;
use hzscript::model::{Secret, Shape, Value, schemas};
use hzscript::synth::{Inputs, synth};
use proptest::prelude::*;
use serde_json::{Value as Json, json};

use super::guides::MY_VPC;
use super::samples::SAMPLES;
use crate::support::world::project_script;
use crate::support::{Stack, World};

/// The template of a script.
fn template(script: &str) -> Json {
    let world = World::new();
    let script = world.script("script.rhai", script);
    let written = world.hz(&["synth", &script, "--format", "json"]).succeeds().stdout;
    serde_json::from_str(&written).expect("JSON")
}

/// Every logical id and pseudo parameter that a value asks for.
fn asked(value: &Json, found: &mut BTreeSet<String>) {
    match value {
        Json::Object(map) => {
            for (key, item) in map {
                match (key.as_str(), item) {
                    ("Ref", Json::String(id)) => found.extend([id.clone()]),
                    ("Fn::GetAtt", Json::Array(path)) => found.extend(path[0].as_str().map(str::to_owned)),
                    ("Fn::Sub", Json::String(text)) => {
                        let names = text.split("${").skip(1).filter_map(|piece| piece.split('}').next());
                        let names = names.filter(|name| !name.starts_with('!'));
                        found.extend(names.map(|name| name.split('.').next().unwrap_or(name).to_owned()));
                    }
                    _ => asked(item, found),
                }
            }
        }
        Json::Array(items) => items.iter().for_each(|item| asked(item, found)),
        _ => {}
    }
}

#[test]
fn templates_of_all_scripts_hold_together() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts");
    let files = std::fs::read_dir(folder).expect("a folder").flatten().map(|entry| entry.path());
    let is_test = |path: &std::path::PathBuf| path.to_string_lossy().ends_with("_test.rhai");
    let scripts: Vec<_> = files.filter(|path| !is_test(path)).collect();
    assert!(!scripts.is_empty());
    let world = World::new();
    world.hz(&["run", &world.script("their.rhai", MY_VPC), "--yes"]).succeeds();
    for script in scripts {
        let script = script.to_str().expect("a readable path").to_owned();
        let first = world.hz(&["synth", &script, "--format", "json"]).succeeds().stdout;
        assert_eq!(first, world.hz(&["synth", &script, "--format", "json"]).succeeds().stdout);
        let template: Json = serde_json::from_str(&first).expect("JSON");
        let resources = template["Resources"].as_object().expect("resources");
        assert!(!resources.is_empty());
        for (id, resource) in resources {
            assert!(id.chars().all(|c| c.is_ascii_alphanumeric()), "{id}");
            let mut needed = BTreeSet::new();
            asked(&resource["Properties"], &mut needed);
            for name in needed.iter().filter(|name| !name.starts_with("AWS::")) {
                assert!(resources.contains_key(name) && name != id, "{script}: {id} needs {name}");
            }
            for other in resource["DependsOn"].as_array().into_iter().flatten().filter_map(Json::as_str) {
                assert!(resources.contains_key(other) && !needed.contains(other), "{script}: {id} depends on {other}");
            }
        }
    }
}

#[test]
fn nothing_is_written_but_the_template_and_no_cloud_is_opened_for_nothing() {
    let world = World::new();
    let script = world.script("a.rhai", r#"ecs_cluster("a", #{ clusterName: input("name", "one") });"#);
    let files = || std::fs::read_dir(world.path()).expect("a folder").count();
    let yaml = world.hz(&["synth", &script, "--set", "name=two"]).succeeds().stdout;
    assert_eq!(
        yaml,
        "AWSTemplateFormatVersion: \"2010-09-09\"\nResources:\n  ACluster:\n    Type: AWS::ECS::Cluster\n    \
         Properties:\n      ClusterName: two\n"
    );
    assert_eq!(files(), 1);
    world.hz(&["synth", &script, "--out", "a.json"]).succeeds();
    world.hz(&["synth", &script, "--out", "a.yaml"]).succeeds();
    assert_eq!(files(), 3);
    let read = |name: &str| std::fs::read_to_string(world.path().join(name)).expect("written");
    let written: Json = serde_json::from_str(&read("a.json")).expect("JSON");
    assert_eq!(written["Resources"]["ACluster"]["Properties"]["ClusterName"], "one");
    assert_eq!(read("a.yaml"), yaml.replace("two", "one"));
    // A script that looks something up asks the cloud, and still leaves no state.
    let script = world.script("b.rhai", r#"output("region", region());"#);
    world.hz(&["synth", &script]).succeeds().told("Ref: AWS::Region");
    assert!(!world.path().join(".hzscript/state").exists());
}

#[test]
fn a_secret_is_a_parameter_and_nowhere_in_clear() {
    let world = World::new();
    let script = world.script(
        "secret.rhai",
        r#"
            let password = secret(input("db-password", "hunter2"));
            let task = ecs_task_definition("a", #{ containerDefinitions: [#{ name: "a", image: "x", environment: [
                #{ name: "PASSWORD", value: password }, #{ name: "URL", value: `db://root:${password}@host` },
                #{ name: "OTHER", value: secret("hunter3") },
            ] }] });
            output("password", password);
            output("url", `db://root:${password}@host`);
            output("family", "plain");
        "#,
    );
    let text = world.hz(&["synth", &script, "--format", "json"]).succeeds().stdout;
    assert!(!text.contains("hunter"), "{text}");
    let template: Json = serde_json::from_str(&text).expect("JSON");
    let parameters = template["Parameters"].as_object().expect("parameters");
    assert_eq!(parameters.keys().collect::<Vec<_>>(), ["DbPassword", "Secret1"]);
    assert!(parameters.values().all(|parameter| parameter["NoEcho"] == true && parameter["Type"] == "String"));
    let environment = &template["Resources"]["ATaskDefinition"]["Properties"]["ContainerDefinitions"][0]["Environment"];
    assert_eq!(
        environment,
        &json!([
            { "Name": "PASSWORD", "Value": { "Ref": "DbPassword" } },
            { "Name": "URL", "Value": { "Fn::Sub": "db://root:${DbPassword}@host" } },
            { "Name": "OTHER", "Value": { "Ref": "Secret1" } },
        ])
    );
    assert_eq!(template["Outputs"], json!({ "Family": { "Value": "plain" } }));
}

#[test]
fn what_was_looked_up_is_asked_again_and_what_was_written_stays() {
    let template = template(
        r#"
            let zones = availability_zones();
            let caller = caller_identity();
            let vpc = ec2_vpc("a", #{ cidrBlock: "10.0.0.0/16" });
            for (zone, i) in ["eu-west-1a", zones[1]] {
                ec2_subnet(`a${i}`, #{ vpcId: vpc, cidrBlock: `10.0.${i}.0/24`, availabilityZone: zone });
            }
            output("written", "eu-west-1");
            output("asked", region());
            output("image", `${caller.account}.dkr.ecr.${caller.region}.amazonaws.com/a of ${vpc.vpcId} in ${"$" + "{x}"}`);
            output("zones", zones);
            output("managed", managed_policy("service-role/AmazonECSTaskExecutionRolePolicy"));
        "#,
    );
    let zone = |id: &str| &template["Resources"][id]["Properties"]["AvailabilityZone"];
    let second = json!({ "Fn::Select": [1, { "Fn::GetAZs": "" }] });
    assert_eq!((zone("A0Subnet"), zone("A1Subnet")), (&json!("eu-west-1a"), &second));
    let output = |name: &str| &template["Outputs"][name]["Value"];
    assert_eq!(output("Written"), "eu-west-1");
    assert_eq!(output("Asked"), &json!({ "Ref": "AWS::Region" }));
    let image = "${AWS::AccountId}.dkr.ecr.${AWS::Region}.amazonaws.com/a of ${AVPC} in ${!x}";
    assert_eq!(output("Image"), &json!({ "Fn::Sub": image }));
    assert_eq!(output("Zones")["Fn::Join"][1][1], second);
    let policy = "arn:${AWS::Partition}:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy";
    assert_eq!(output("Managed"), &json!({ "Fn::Sub": policy }));
}

#[test]
fn a_script_that_declares_other_things_elsewhere_has_what_it_was_told_in_its_template() {
    let template = template(
        r#"
            let here = region();
            ecs_cluster(if here == "eu-west-1" { "a" } else { "b" }, #{ clusterName: here });
        "#,
    );
    assert_eq!(template["Resources"]["ACluster"]["Properties"]["ClusterName"], "eu-west-1");
}

#[test]
fn references_are_what_cloudformation_answers() {
    let template = template(
        r#"
            let cluster = ecs_cluster("main", #{ clusterName: "main" });
            let group = ec2_security_group("g", #{ groupDescription: "g", groupName: "the-group" });
            let task = ecs_task_definition("t", #{ containerDefinitions: [#{ name: "a", image: "x" }], cpu: 256 });
            let web = ecs_service("web", #{ cluster: cluster, taskDefinition: task, serviceName: "web",
                desiredCount: 1, tags: [#{ key: "group", value: group.groupName }] });
            let address = ec2_eip("e", #{});
            output("of", #{
                "cluster": cluster.clusterName, "arn": cluster.arn, "group": group.id, "groupName": group.groupName,
                "task": task.taskDefinitionArn, "family": task.family, "service": web.id, "name": web.serviceName,
                "serviceArn": web.arn, "ip": address.publicIp, "allocation": address.allocationId,
            });
            output("several", [cluster.arn, "b"]);
            output("plain", [1, true]);
        "#,
    );
    let output = |name: &str| &template["Outputs"][name]["Value"];
    let ref_to = |id: &str| json!({ "Ref": id });
    let attribute = |id: &str, name: &str| json!({ "Fn::GetAtt": [id, name] });
    let family = json!({ "Fn::Sub": "${AWS::StackName}-TTaskDefinition" });
    for (name, value) in [
        ("OfCluster", ref_to("MainCluster")),
        ("OfArn", attribute("MainCluster", "Arn")),
        ("OfGroup", ref_to("GSecurityGroup")),
        ("OfGroupName", json!("the-group")),
        ("OfTask", ref_to("TTaskDefinition")),
        ("OfFamily", family.clone()),
        ("OfService", json!({ "Fn::Sub": "${WebECSService}|${MainCluster}" })),
        ("OfName", attribute("WebECSService", "Name")),
        ("OfServiceArn", ref_to("WebECSService")),
        ("OfIp", ref_to("EEIP")),
        ("OfAllocation", attribute("EEIP", "AllocationId")),
        ("Several", json!({ "Fn::Join": [",", [attribute("MainCluster", "Arn"), "b"]] })),
        ("Plain", json!("1,true")),
    ] {
        assert_eq!(output(name), &value, "{name}");
    }
    let resources = &template["Resources"];
    // A name that somebody calls it by is given, and the declared one that stands in for a reference keeps its place.
    assert_eq!(resources["TTaskDefinition"]["Properties"]["Family"], family);
    assert_eq!(resources["TTaskDefinition"]["Properties"]["Cpu"], "256");
    assert_eq!(resources["WebECSService"]["DependsOn"], json!(["GSecurityGroup"]));
}

#[test]
fn what_nobody_tells_is_a_problem_with_its_place() {
    let world = World::new();
    let script = world.script("a.rhai", "let vpc = ec2_vpc(\"a\", #{ cidrBlock: \"10.0.0.0/16\" });\nec2_vpc(\"b\", #{ cidrBlock: \"10.1.0.0/16\", instanceTenancy: vpc.instanceTenancy });\n");
    let ended = world.hz(&["synth", &script]).exits_with(1);
    assert_eq!(ended.stdout, "");
    ended
        .told("ec2_vpc.b: CloudFormation does not tell `ec2_vpc.a#instanceTenancy`, and nothing declares it")
        .told("a.rhai:2:1");
}

#[test]
fn options_become_policies_and_an_order() {
    let template = template(
        r#"
            let a = logs_log_group("a", #{}, #{ retain: true });
            let b = logs_log_group("b", #{}, #{ protect: true, dependsOn: a });
            logs_log_group("c", #{}, #{ id: "/there" });
            logs_log_group("d", #{ tags: [#{ key: "after", value: a.arn }] }, #{ dependsOn: [a, b] });
        "#,
    );
    let resource = |id: &str| template["Resources"][id].clone();
    let kept = json!({ "Type": "AWS::Logs::LogGroup", "DeletionPolicy": "Retain", "UpdateReplacePolicy": "Retain" });
    assert_eq!(resource("ALogGroup"), kept);
    let mut after = kept;
    after["DependsOn"] = json!(["ALogGroup"]);
    assert_eq!(resource("BLogGroup"), after);
    assert_eq!(resource("CLogGroup")["DeletionPolicy"], "Delete");
    assert_eq!(resource("DLogGroup")["DependsOn"], json!(["BLogGroup"]), "the other is referred to");
}

#[test]
fn documents_and_rules_of_a_group_about_itself_take_the_form_that_cloudformation_wants() {
    let template = template(
        r#"
            let cluster = ecs_cluster("c", #{});
            iam_role("r", #{ assumeRolePolicyDocument:
                `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole",
                  "Principal": {"AWS": "${cluster.arn}"}}]}` });
            let vpc = ec2_vpc("v", #{ cidrBlock: "10.0.0.0/16" });
            let group = ec2_security_group("g", #{ groupDescription: "g", vpcId: vpc,
                securityGroupEgress: [#{ ipProtocol: "-1", destinationSecurityGroupId: "self" }] });
            group.allow_from(group, 5701);
            group.allow_from("10.0.0.0/16", 8080);
        "#,
    );
    let properties = |id: &str| &template["Resources"][id]["Properties"];
    let principal = &properties("RRole")["AssumeRolePolicyDocument"]["Statement"][0]["Principal"];
    assert_eq!(principal["AWS"], json!({ "Fn::GetAtt": ["CCluster", "Arn"] }));
    let own = json!({ "Fn::GetAtt": ["GSecurityGroup", "GroupId"] });
    let rules = properties("GSecurityGroup");
    assert_eq!(rules["SecurityGroupIngress"].as_array().map(Vec::len), Some(1));
    assert_eq!(rules["SecurityGroupEgress"][0]["CidrIp"], "255.255.255.255/32", "not everything, as without a rule");
    let ingress = properties("GSecurityGroupSelfIngress1");
    assert_eq!(
        (&ingress["GroupId"], &ingress["SourceSecurityGroupId"], &ingress["FromPort"]),
        (&own, &own, &json!(5701))
    );
    assert_eq!(properties("GSecurityGroupSelfEgress1")["DestinationSecurityGroupId"], own);
}

#[test]
fn a_vpc_that_exists_stands_in_the_template_as_it_is() {
    let world = World::new();
    let script = project_script("existing_vpc.rhai");
    world.hz(&["synth", &script]).exits_with(1).told("there is no VPC named `my-vpc`");
    world.hz(&["run", &world.script("their.rhai", MY_VPC), "--yes"]).succeeds();
    let vpc = world.exists().into_iter().find(|(kind, _)| kind == "AWS::EC2::VPC").map(|(_, id)| id).expect("a VPC");
    let text = world.hz(&["synth", &script, "--format", "json"]).succeeds().stdout;
    let template: Json = serde_json::from_str(&text).expect("JSON");
    assert_eq!(template["Outputs"]["Vpc"]["Value"], vpc.as_str());
}

/// Keys that the schema does not have at a place where it has names.
fn unknown_keys(path: &str, value: &Json, shape: &Shape, found: &mut Vec<String>) {
    match value {
        Json::Object(map) if !shape.properties.is_empty() => {
            for (key, item) in map.iter().filter(|(key, _)| *key != "Ref" && !key.starts_with("Fn::")) {
                let path = format!("{path}.{key}");
                match shape.by_cfn_name(key).and_then(|name| shape.under(name)) {
                    Some(below) => unknown_keys(&path, item, below, found),
                    None => found.push(path),
                }
            }
        }
        Json::Array(items) => {
            for item in items {
                if let Some(below) = shape.items.as_deref() {
                    unknown_keys(path, item, below, found);
                }
            }
        }
        _ => {}
    }
}

/// Another text, or a secret, in the place of some of the texts of a value.
fn upset(value: &mut Value, texts: &mut dyn Iterator<Item = Option<Value>>) {
    match value {
        Value::List(items) => items.iter_mut().for_each(|item| upset(item, texts)),
        Value::Map(map) => map.values_mut().for_each(|item| upset(item, texts)),
        Value::String(_) => {
            if let Some(Some(text)) = texts.next() {
                *value = text;
            }
        }
        _ => {}
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(128) })]

    #[test]
    fn any_text_and_any_secret_gives_a_template_that_holds_together(
        which in any::<prop::sample::Index>(),
        texts in prop::collection::vec(prop_oneof![
            3 => Just(None),
            2 => prop_oneof![
                ".{0,12}",
                prop::sample::select(vec![
                    "${", "${a}", "${AWS::Region}", "${!a}", "yes", "null", "~", "- a", "a: b", "#", "'", "\"", "%", "@", "\n", " ",
                    "\u{7f}\u{85}\u{2028}\u{feff}", "0x1", "1e3", "=", "<<", "!Ref a", "a\n b\n", "\\", "{\"Ref\":\"a\"}",
                ]).prop_map(str::to_owned),
            ].prop_map(|text| Some(Value::String(text))),
            1 => "[a-z]{4}".prop_map(|text| Some(Value::Secret(Secret::Clear(format!("hush\"{text}\\hush"))))),
        ], 40),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build();
        let sample = &SAMPLES[which.index(SAMPLES.len())];
        let mut program = runtime.expect("a runtime").block_on(async { Stack::new().await.program(&sample.script(None)).await });
        let mut texts = texts.into_iter();
        for resource in &mut program.resources {
            resource.properties.values_mut().for_each(|value| upset(value, &mut texts));
        }
        let facts = |kind: &str| kinds::by_type(kind).map(|kind| kind.facts());
        let Ok(template) = synth(Inputs { program: &program, facts, elsewhere: None }) else { return Ok(()) };
        let (text, yaml) = (template.to_json(), template.to_yaml());
        prop_assert!(!text.contains("hush") && !yaml.contains("hush"), "{}", text);
        prop_assert!(!yaml.contains(|c: char| c.is_control() && c != '\n'), "{:?}", yaml);
        let read: Json = serde_json::from_str(&text).expect("JSON");
        let mut named = BTreeSet::new();
        asked(&read["Resources"], &mut named);
        for name in named {
            let there = ["Resources", "Parameters"].iter().any(|part| read[part].get(&name).is_some());
            prop_assert!(there || name.starts_with("AWS::"), "{} is nothing in {}", name, text);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn every_kind_is_spelled_as_its_schema_spells_it() {
    let stack = Stack::new().await;
    for sample in SAMPLES {
        let changes = sample.updates.iter().chain(sample.replacements).map(Some);
        for change in std::iter::once(None).chain(changes) {
            let script = sample.script(change);
            let program = stack.program(&script).await;
            let facts = |kind: &str| kinds::by_type(kind).map(|kind| kind.facts());
            let template = synth(Inputs { program: &program, facts, elsewhere: None })
                .unwrap_or_else(|error| panic!("{:#?}\n{script}", error.problems));
            let template: Json = serde_json::from_str(&template.to_json()).expect("JSON");
            let resources = template["Resources"].as_object().expect("resources");
            assert!(resources.values().any(|resource| resource["Type"] == sample.kind), "{script}");
            let mut unknown = Vec::new();
            for (id, resource) in resources {
                let schema = schemas().by_type(resource["Type"].as_str().expect("a type")).expect("a schema");
                unknown_keys(id, &resource["Properties"], &schema.shape, &mut unknown);
            }
            assert_eq!(unknown, Vec::<String>::new(), "{script}");
        }
    }
}
