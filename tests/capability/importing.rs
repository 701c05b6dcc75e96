//! What exists becomes a script, whose run takes it over and changes nothing.

use hzscript::cloud::Cloud;
use hzscript::import::{Imported, Taken, Wanted, Why, find, write};
use hzscript::kinds::listing::{Among, TagFilter};
use hzscript::kinds::{self, KINDS};
use hzscript::model::schemas;
use hzscript::plan::{Action, Plan};
use hzscript::script::Given;

use super::samples::SAMPLES;
use super::scripts::{Deployed, scripts};
use crate::support::stack::summary;
use crate::support::{Stack, World};

fn tag(key: &str, value: &str) -> TagFilter {
    TagFilter { key: key.to_owned(), value: Some(value.to_owned()) }
}

async fn imported(stack: &Stack, wanted: &Wanted, from: &str) -> Imported {
    let found = find(stack.engine.cloud(), wanted).await.unwrap_or_else(|error| panic!("{error}"));
    write(found, &Taken { from_stacks: [from.to_owned()].into(), ..Taken::default() })
}

/// What is there, by type and identifier.
fn inventory(stack: &Stack) -> Vec<(String, String)> {
    let listed = stack.local.list().expect("readable");
    listed.into_iter().map(|one| (one.type_name, one.id)).collect()
}

/// Whether a plan takes over what there is and changes nothing but the tags of the stack.
#[track_caller]
fn only_takes_over(plan: &Plan, text: &str) {
    for change in &plan.changes {
        assert_eq!(change.action, Action::Import, "{}\n{text}", summary(plan));
        let schema = schemas().by_type(&change.kind).expect("a schema");
        let tags = schema.tag_property.as_deref().unwrap_or_default();
        for found in &change.differences {
            let named = found.path == "tags.Name" && found.before.is_none();
            let own = found.path.starts_with(tags) && (found.path.contains("hzscript:") || named);
            assert!(!tags.is_empty() && own, "{}: {found:?}\n{text}", change.address);
        }
    }
}

/// Runs an imported script as a stack of its own: everything is taken over, nothing changes, nothing is left to do.
async fn takes_over(there: &Stack, text: &str) -> Stack {
    let other = there.beside("other");
    let before = inventory(there);
    only_takes_over(&other.plan(text).await, text);
    other.runs(text).await;
    let again = other.plan(text).await;
    let differences: Vec<_> = again.changes.iter().flat_map(|change| &change.differences).collect();
    assert!(again.is_empty(), "{}\n{differences:#?}\n{text}", summary(&again));
    assert_eq!(inventory(there), before, "nothing was made and nothing went");
    let drift = other.engine.look().await.expect("begun").drift().await.expect("readable");
    assert!(drift.is_none(), "{:#?}", drift.resources);
    other
}

#[tokio::test(start_paused = true)]
async fn every_script_that_has_run_is_written_again_from_what_exists() {
    for script in scripts() {
        println!("{}", script.name);
        let deployed = Deployed::new(&script).await;
        let there = &deployed.stack;
        let has_code = |kind: &str| KINDS.iter().any(|known| known.facts().type_name == kind);
        if there.state().await.resources.values().any(|recorded| !has_code(&recorded.kind)) {
            // What Cloud Control makes is brought one by one: there is no asking for the tags of objects of all its types.
            assert_eq!(script.name, "any_resource.rhai");
            continue;
        }
        let wanted = Wanted::Tagged(tag("hzscript:stack", "test"));
        let imported = imported(there, &wanted, "test").await;
        let text = imported.text();
        assert!(imported.left.is_empty() && imported.inputs.is_empty(), "{imported:#?}");
        // What has no tags belongs to something, but for rules: they are in their groups.
        let missing: Vec<_> = there.state().await.resources.into_iter().collect();
        let declared: Vec<String> = imported.declared.iter().map(|one| one.address.to_string()).collect();
        let tagged = |kind: &str| schemas().by_type(kind).is_some_and(|schema| schema.tag_property.is_some());
        for (address, recorded) in missing.iter().filter(|(_, recorded)| tagged(&recorded.kind)) {
            assert!(declared.contains(&address.to_string()), "{address} {}\n{text}", recorded.id);
        }
        let other = takes_over(there, &text).await;
        other.destroy().await;
        let mut was: Vec<_> = deployed.was.iter().map(|one| (one.type_name.clone(), one.id.clone())).collect();
        was.sort();
        let mut left = inventory(there);
        left.sort();
        assert_eq!(left, was, "{}: all of it can be deleted\n{text}", script.name);
    }
}

#[tokio::test(start_paused = true)]
async fn every_kind_lists_what_there_is() {
    for sample in SAMPLES {
        println!("{}", sample.kind);
        let stack = Stack::new().await;
        stack.runs(&sample.script(None)).await;
        let cloud = stack.engine.cloud();
        for recorded in stack.state().await.resources.into_values() {
            let kind = kinds::by_type(&recorded.kind).expect("a kind");
            let all = kind.list(cloud, Among::All).await.expect("an answer");
            let found = kind.read(cloud, &all).await.expect("an answer");
            assert!(found.iter().all(Option::is_some), "{}: what is listed is there: {all:?}", recorded.kind);
            // The cluster of a service may be declared by its ARN; it is listed by its name.
            let service = recorded.id.split('|').next().filter(|_| recorded.kind == "AWS::ECS::Service");
            let listed = |ids: &[String]| {
                ids.contains(&recorded.id)
                    || service.is_some_and(|arn| ids.iter().any(|id| id.starts_with(&format!("{arn}|"))))
            };
            assert!(listed(&all), "{}: {} is not in {all:?}", recorded.kind, recorded.id);
            if schemas().by_type(&recorded.kind).expect("a schema").tag_property.is_some() {
                let of = tag("hzscript:stack", "test");
                let tagged = kind.list(cloud, Among::Tagged(&of)).await.expect("an answer");
                assert!(listed(&tagged), "{}: {} is not in {tagged:?}", recorded.kind, recorded.id);
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn every_kind_is_written_and_taken_over() {
    for sample in SAMPLES {
        println!("{}", sample.kind);
        let stack = Stack::new().await;
        stack.runs(&sample.script(None)).await;
        let recorded = stack.state().await.resources;
        let (address, one) = recorded.iter().find(|(address, _)| address.name() == "it").expect("it is there");
        let wanted = Wanted::One { address: address.clone(), id: one.id.clone() };
        let imported = imported(&stack, &wanted, "test").await;
        assert_eq!(imported.declared.len(), 1, "{imported:#?}");
        let text = imported.text();
        // What AWS does not tell is asked for.
        let given = imported.inputs.iter().map(|name| {
            assert_eq!((name.as_str(), sample.kind), ("vpc", "AWS::ServiceDiscovery::PrivateDnsNamespace"));
            let (_, vpc) =
                recorded.iter().find(|(address, _)| address.to_string() == "ec2_vpc.vpc").expect("it is there");
            (name.clone(), Given::Text(vpc.id.clone()))
        });
        let other = stack.beside("other");
        let program = other.program_with(&text, given.collect()).await;
        let (plan, report) = other.carry_out(&program).await;
        only_takes_over(&plan, &text);
        assert!(report.is_complete(), "{:#?}", report.failures);
        let again = other.engine.look().await.expect("begun").plan(&program).await.expect("a plan");
        assert!(again.is_empty(), "{}\n{text}", summary(&again));
    }
}

const CLUSTER: &str = r#"
let hazelcast = hazelcast_cluster(#{ name: "demo", cloudMapNamespace: "demo.internal" });
ecs_cluster("another", #{ clusterName: "another" });
"#;

#[tokio::test(start_paused = true)]
async fn a_cluster_comes_with_what_its_services_use() {
    let stack = Stack::new().await;
    stack.runs(CLUSTER).await;
    let name = stack.id("ecs_cluster.demo").await;
    let wanted = |network| Wanted::Cluster { name: name.clone(), network };
    let alone = imported(&stack, &wanted(false), "test").await;
    let kinds: Vec<&str> = alone.declared.iter().map(|one| one.address.kind().as_str()).collect();
    let expected = [
        "ec2_security_group",
        "servicediscovery_private_dns_namespace",
        "servicediscovery_service",
        "ecs_cluster",
        "logs_log_group",
        "iam_role",
        "iam_role",
        "ecs_task_definition",
        "ecs_service",
    ];
    assert_eq!(kinds, expected, "{}", alone.text());
    takes_over(&stack, &alone.text()).await;

    let stack = Stack::new().await;
    stack.runs(CLUSTER).await;
    let name = stack.id("ecs_cluster.demo").await;
    let whole = imported(&stack, &Wanted::Cluster { name, network: true }, "test").await;
    let text = whole.text();
    assert!(!text.contains("\"vpc-") || text.matches("\"vpc-").count() == text.matches("id: \"vpc-").count(), "{text}");
    assert!(!text.contains("another"), "{text}");
    let other = takes_over(&stack, &text).await;
    other.destroy().await;
    assert_eq!(inventory(&stack).len(), 1, "{:?}", inventory(&stack));
}

/// What people have made by hand: nothing has a name, groups let each other in, and others use the same listener and
/// policy.
async fn made_by_hand(cloud: &Cloud) {
    let json = |text: &str| text.replace('\'', "\"");
    let vpc = cloud.ec2.create_vpc().cidr_block("10.1.0.0/16").send().await.expect("made");
    let vpc = vpc.vpc.and_then(|vpc| vpc.vpc_id).expect("an id");
    let gateway = cloud.ec2.create_internet_gateway().send().await.expect("made");
    let gateway = gateway.internet_gateway.and_then(|gateway| gateway.internet_gateway_id).expect("an id");
    cloud.ec2.attach_internet_gateway().vpc_id(&vpc).internet_gateway_id(gateway).send().await.expect("attached");
    let mut subnets = Vec::new();
    for (block, zone) in [("10.1.0.0/24", "eu-west-1a"), ("10.1.1.0/24", "eu-west-1b")] {
        let call = cloud.ec2.create_subnet().vpc_id(&vpc).cidr_block(block).availability_zone(zone);
        subnets.extend(call.send().await.expect("made").subnet.and_then(|subnet| subnet.subnet_id));
    }
    let mut groups = Vec::new();
    for name in ["one", "two"] {
        let call = cloud.ec2.create_security_group().vpc_id(&vpc).group_name(name).description(name);
        groups.extend(call.send().await.expect("made").group_id);
    }
    for (to, from) in [(0, 1), (1, 0)] {
        let pair = aws_sdk_ec2::types::UserIdGroupPair::builder().group_id(&groups[from]).build();
        let rule = aws_sdk_ec2::types::IpPermission::builder().ip_protocol("tcp").from_port(80).to_port(80);
        let call = cloud.ec2.authorize_security_group_ingress().group_id(&groups[to]);
        call.ip_permissions(rule.user_id_group_pairs(pair).build()).send().await.expect("authorized");
    }
    let policy =
        "{'Version': '2012-10-17', 'Statement': [{'Effect': 'Allow', 'Action': 's3:GetObject', 'Resource': '*'}]}";
    let trust = "{'Version': '2012-10-17', 'Statement': [{'Effect': 'Allow', 'Action': 'sts:AssumeRole',
        'Principal': {'Service': 'ecs-tasks.amazonaws.com'}}]}";
    for role in ["task", "another"] {
        let call = cloud.iam.create_role().role_name(role).assume_role_policy_document(json(trust));
        call.send().await.expect("made");
    }
    for (name, roles) in [("own", &["task"][..]), ("shared", &["task", "another"])] {
        let made =
            cloud.iam.create_policy().policy_name(name).policy_document(json(policy)).send().await.expect("made");
        let arn = made.policy.and_then(|policy| policy.arn).expect("an ARN");
        for role in roles {
            cloud.iam.attach_role_policy().role_name(*role).policy_arn(&arn).send().await.expect("attached");
        }
    }
    let balancer = cloud.elb.create_load_balancer().name("web").set_subnets(Some(subnets.clone()));
    let balancer = balancer.security_groups(&groups[0]).send().await.expect("made");
    let balancer = balancer.load_balancers()[0].load_balancer_arn().expect("an ARN").to_owned();
    let answer = aws_sdk_elasticloadbalancingv2::types::FixedResponseActionConfig::builder().status_code("404").build();
    let nothing = aws_sdk_elasticloadbalancingv2::types::Action::builder();
    let nothing = nothing.r#type("fixed-response".into()).fixed_response_config(answer).build();
    let listener = cloud.elb.create_listener().load_balancer_arn(balancer).port(80).protocol("HTTP".into());
    let listener = listener.default_actions(nothing).send().await.expect("made");
    let listener = listener.listeners()[0].listener_arn().expect("an ARN").to_owned();
    let mut own = String::new();
    for (priority, name) in [(1, "foreign"), (2, "web")] {
        let group = cloud.elb.create_target_group().name(name).port(80).protocol("HTTP".into()).vpc_id(&vpc);
        let group = group.target_type("ip".into()).send().await.expect("made");
        own = group.target_groups()[0].target_group_arn().expect("an ARN").to_owned();
        let there = aws_sdk_elasticloadbalancingv2::types::Action::builder();
        let there = there.r#type("forward".into()).target_group_arn(&own).build();
        let paths = aws_sdk_elasticloadbalancingv2::types::RuleCondition::builder().field("path-pattern");
        let paths = paths.values(format!("/{name}/*")).build();
        let rule = cloud.elb.create_rule().listener_arn(&listener).priority(priority);
        rule.conditions(paths).actions(there).send().await.expect("made");
    }
    cloud.ecs.create_cluster().cluster_name("web").send().await.expect("made");
    let container = aws_sdk_ecs::types::ContainerDefinition::builder().name("web").image("nginx");
    let port = aws_sdk_ecs::types::PortMapping::builder().container_port(80).build();
    let definition = cloud.ecs.register_task_definition().family("web").cpu("256").memory("512");
    let definition = definition.network_mode("awsvpc".into()).requires_compatibilities("FARGATE".into());
    let definition = definition.task_role_arn("arn:aws:iam::000000000000:role/task");
    definition.container_definitions(container.port_mappings(port).build()).send().await.expect("registered");
    let place = aws_sdk_ecs::types::AwsVpcConfiguration::builder().set_subnets(Some(subnets));
    let place = place.security_groups(&groups[1]).build().expect("complete");
    let place = aws_sdk_ecs::types::NetworkConfiguration::builder().awsvpc_configuration(place).build();
    let targets = aws_sdk_ecs::types::LoadBalancer::builder().target_group_arn(own).container_name("web");
    let service = cloud.ecs.create_service().cluster("web").service_name("web").task_definition("web").desired_count(0);
    let service = service.launch_type("FARGATE".into()).network_configuration(place);
    service.load_balancers(targets.container_port(80).build()).send().await.expect("made");
}

#[tokio::test(start_paused = true)]
async fn what_people_have_made_by_hand_is_taken_over() {
    let stack = Stack::new().await;
    made_by_hand(stack.engine.cloud()).await;
    let wanted = Wanted::Cluster { name: "web".to_owned(), network: true };
    let imported = imported(&stack, &wanted, "nobody").await;
    let text = imported.text();
    assert!(!text.contains("foreign") && !text.contains("another"), "{text}");
    assert!(text.contains("[managedPolicy.policyArn, \"arn:aws:iam::000000000000:policy/shared\"]"), "{text}");
    // Of two groups that let each other in, one refers to the other.
    assert_eq!(text.matches("sourceSecurityGroupId: twoSecurityGroup.groupId").count(), 1, "{text}");
    assert_eq!(text.matches("sourceSecurityGroupId: \"sg-").count(), 1, "{text}");
    assert!(!text.contains("idle_timeout") && !text.contains("stickiness"), "defaults are left out: {text}");
    takes_over(&stack, &text).await;
}

#[tokio::test(start_paused = true)]
async fn what_others_wrote_in_tags_stays_a_text_in_the_script() {
    let stack = Stack::new().await;
    let hostile = [
        "*/ loop { } /*",
        "a\nloop { }\n// b",
        "\"}); loop { } (#{a:\"",
        "'; throw 1; '",
        "${aws:username}",
        "${loop { }}",
        "`${loop { }}`",
        "\\",
        "\\\" \\u{41} \\n",
        "#{ a: 1 }",
        "\u{202e}}; loop { }",
        "\u{200b}\u{feff}\u{2028}",
        "a\tb",
    ];
    let cloud = stack.engine.cloud();
    for text in hostile {
        let tags = [("team", "data"), ("Name", text), (text, "key"), ("value", text)]
            .map(|(key, value)| aws_sdk_ec2::types::Tag::builder().key(key).value(value).build());
        let tags = aws_sdk_ec2::types::TagSpecification::builder()
            .resource_type(aws_sdk_ec2::types::ResourceType::Vpc)
            .set_tags(Some(tags.to_vec()))
            .build();
        cloud.ec2.create_vpc().cidr_block("10.0.0.0/16").tag_specifications(tags).send().await.expect("made");
    }
    let imported = imported(&stack, &Wanted::Tagged(tag("team", "data")), "nobody").await;
    assert_eq!(imported.declared.len(), hostile.len());
    let text = imported.text();
    let hidden =
        |c: char| (c.is_control() && c != '\n') || matches!(c, '\u{200b}' | '\u{2028}' | '\u{202e}' | '\u{feff}');
    assert!(!text.contains(hidden), "{text:?}");
    assert_eq!(stack.program(&text).await.resources.len(), hostile.len(), "{text}");
    takes_over(&stack, &text).await;
}

#[tokio::test(start_paused = true)]
async fn what_another_stack_has_is_left_to_it() {
    let stack = Stack::new().await;
    stack.runs(r#"ec2_vpc("main", #{ cidrBlock: "10.0.0.0/16", tags: [#{ key: "team", value: "data" }] });"#).await;
    let found = find(stack.engine.cloud(), &Wanted::Tagged(tag("team", "data"))).await.expect("found");
    let imported = write(found, &Taken::default());
    assert!(imported.declared.is_empty());
    assert_eq!(imported.left[0].why, Why::Stacks("test".to_owned()));

    // What is declared without saying so is refused by the plan.
    let id = stack.id("ec2_vpc.main").await;
    let text = format!(r#"ec2_vpc("main", #{{ cidrBlock: "10.0.0.0/16" }}, #{{ id: "{id}" }});"#);
    let refused = stack.beside("other").try_plan(&text).await.expect_err("refused").to_string();
    assert!(refused.contains("problem"), "{refused}");
    let text = text.replace("#{ id:", r#"#{ fromStack: "test", id:"#);
    only_takes_over(&stack.beside("other").plan(&text).await, &text);
}

#[tokio::test(start_paused = true)]
async fn secrets_are_asked_for_and_never_written() {
    let stack = Stack::new().await;
    let script = r#"
        ecs_task_definition("task", #{
            family: "task", cpu: 256, memory: 512, networkMode: "awsvpc", requiresCompatibilities: ["FARGATE"],
            containerDefinitions: [#{ name: "c", image: "busybox", environment: [
                #{ name: "DB_PASSWORD", value: "hunter2" }, #{ name: "STAGE", value: "demo" },
            ] }],
        });
        secretsmanager_secret("secret", #{ name: "secret", secretString: secret("hunter2") });
    "#;
    stack.runs(script).await;
    let imported = imported(&stack, &Wanted::Tagged(tag("hzscript:stack", "test")), "test").await;
    let text = imported.text();
    assert!(!text.contains("hunter2"), "{text}");
    assert!(text.contains(r#"secret(input("DB_PASSWORD"))"#) && text.contains(r#"value: "demo""#), "{text}");
    assert!(text.contains("AWS does not tell"), "{text}");
    assert_eq!(imported.inputs, ["DB_PASSWORD"]);
    let given = Given::Text("hunter2".to_owned());
    let other = stack.beside("other");
    let program = other.program_with(&text, [("DB_PASSWORD".to_owned(), given)].into()).await;
    let plan = other.engine.look().await.expect("begun").plan(&program).await.expect("a plan");
    only_takes_over(&plan, &text);
}

#[test]
fn a_user_imports_and_takes_over() {
    let world = World::new();
    let made = r#"
        let cluster = ecs_cluster("main", #{ clusterName: "production" });
        logs_log_group("logs", #{ logGroupName: "/ecs/production", retentionInDays: 30 });
    "#;
    world.script("made.rhai", made);
    world.hz(&["run", "made.rhai", "--yes"]).succeeds();
    std::fs::remove_dir_all(world.path().join(".hzscript/state")).expect("it is there");

    // Bad input.
    world.hz(&["import", "ecs_clstr.main", "production"]).exits_with(1).told("did you mean ecs_cluster?");
    world.hz(&["import", "ecs_cluster.main", "prodution"]).exits_with(1).told("did you mean production?");
    world.hz(&["import", "--cluster", "prodution"]).exits_with(1).told("did you mean production?");
    world.hz(&["import", "--from-tag", "team=data"]).exits_with(1).told("nothing has the tag `team`");
    world.hz(&["import", "--from-tag", "=x"]).exits_with(1).told("is no tag");
    world.hz(&["import", "ecs_cluster.main"]).exits_with(1);
    world.hz(&["import"]).exits_with(1);
    world.hz(&["import", "--cluster", "production", "--adopt"]).exits_with(1);
    let refused = world.hz(&["import", "--cluster", "production"]).exits_with(1);
    refused.told("all that was found is of the stack made").told("--from-stack made");

    // One to look at.
    let shown = world.hz(&["import", "ecs_cluster.main", "production", "--from-stack", "made"]).succeeds();
    let declared = r#"ecs_cluster("main", #{ clusterName: "production" }, #{ id: "production", fromStack: "made" });"#;
    assert!(shown.stdout.contains(declared), "{}", shown.stdout);

    // A file, which is never written over, and to which is added only what it has not.
    let one = ["import", "ecs_cluster.main", "production", "--from-stack", "made", "--out", "new.rhai"];
    world.hz(&one).succeeds().told("1 object declared in new.rhai").told("hzscript run new.rhai");
    world.hz(&one).exits_with(1).told("nothing is written over it");
    let add = ["import", "--from-tag", "hzscript:stack=made", "--append", "new.rhai"];
    let added = world.hz(&[&add[..], &["--adopt"]].concat());
    let added = added.exits_with(1).told("Declared already: ecs_cluster.main").told("there is no terminal to ask on");
    drop(added);
    world.hz(&["check", "new.rhai"]).succeeds().told("ok: 2 resources");
    world.hz(&add).succeeds().told("nothing was written");
    world.hz(&["run", "new.rhai", "--yes"]).succeeds();
    world.hz(&["plan", "new.rhai", "--detailed-exitcode"]).succeeds();
    assert_eq!(world.count("AWS::ECS::Cluster"), 1);

    // In one step, from a stack that has not let go.
    let all = ["import", "--from-tag", "hzscript:stack=new", "--out", "all.rhai", "--adopt", "--yes"];
    world.hz(&all).succeeds().told("The state of the stack new still has resources").told("2 to take over");
    world.hz(&["plan", "all.rhai", "--detailed-exitcode"]).succeeds();
    world.hz(&["destroy", "all.rhai", "--yes"]).succeeds();
    assert_eq!(world.exists(), []);
}

#[test]
fn a_script_that_declares_it_takes_it_over() {
    let world = World::new();
    world.script("made.rhai", r#"ecs_cluster("main", #{ clusterName: "production" });"#);
    world.hz(&["run", "made.rhai", "--yes"]).succeeds();
    std::fs::remove_dir_all(world.path().join(".hzscript/state")).expect("it is there");
    let other = r#"
        ecs_cluster("cluster", #{ clusterName: "production", clusterSettings: [#{ name: "containerInsights", value: "enabled" }] });
        logs_log_group("logs", #{});
    "#;
    world.script("other.rhai", other);
    let import = |address: &str, more: &[&str]| {
        let words = ["import", address, "production", "other.rhai", "--yes"];
        world.hz(&[&words[..], more].concat())
    };
    import("ecs_cluster.clustr", &["--from-stack", "made"]).exits_with(1).told("did you mean ecs_cluster.cluster?");
    import("ecs_cluster.cluster", &[]).exits_with(1).told("belongs to the stack");
    let done = import("ecs_cluster.cluster", &["--from-stack", "made"]).succeeds();
    assert!(done.stdout.contains("clusterSettings"), "what changes is shown: {}", done.stdout);
    import("ecs_cluster.cluster", &["--from-stack", "made"]).exits_with(1).told("already");
    // Nothing else of the script was made.
    assert_eq!((world.count("AWS::ECS::Cluster"), world.count("AWS::Logs::LogGroup")), (1, 0));
    world.hz(&["plan", "other.rhai"]).succeeds().told("logs_log_group.logs");
}
