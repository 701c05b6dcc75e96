//! The guides: what each script makes is what its guide says, and what is wrong in their forms is told. That they run,
//! settle, change and go is in `scripts.rs`.

use aws_sdk_elasticloadbalancingv2::types as elb;
use hzscript::cloud::Cloud;
use hzscript::local::Local;
use hzscript::local::settings::Settings;
use serde_json::Value as Json;

use crate::support::World;
use crate::support::world::project_script;

/// A network that another stack makes, with the name that scripts look for.
pub const MY_VPC: &str = r#"
    let net = network(#{ name: "my-vpc", cidr: "10.8.0.0/16" });
    output("vpc", net.vpc.vpcId);
    output("private", net.privateSubnets.map(|subnet| subnet.subnetId));
"#;

/// A folder in which a script of the project has run.
fn with(name: &str) -> World {
    let world = World::new();
    world.hz(&["run", &project_script(name), "--yes"]).succeeds();
    world
}

/// A stack's outputs.
fn outputs(world: &World, script: &str) -> Json {
    serde_json::from_str(&world.hz(&["outputs", script, "--json"]).succeeds().stdout).expect("JSON")
}

/// Asks the embedded AWS something.
pub fn ask<T>(world: &World, question: impl AsyncFnOnce(Cloud) -> T) -> T {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(async {
        let local = Local::open(&world.path().join(".hzscript/local"), Settings::default()).expect("its data");
        question(Cloud::embedded(&local, "eu-west-1").await.expect("a connection")).await
    })
}

/// The documents of a role's inline policies, by name.
async fn documents(cloud: &Cloud, role: &str) -> Vec<(String, Json)> {
    let listed = cloud.iam.list_role_policies().role_name(role).send().await.expect("an answer");
    let mut found = Vec::new();
    for name in listed.policy_names() {
        let policy = cloud.iam.get_role_policy().role_name(role).policy_name(name).send().await.expect("an answer");
        let text = percent_encoding::percent_decode_str(policy.policy_document()).decode_utf8().expect("UTF-8");
        found.push((name.clone(), serde_json::from_str(&text).expect("JSON")));
    }
    found
}

#[test]
fn both_forms_of_a_role_allow_the_same() {
    let (with, added) = ask(&with("roles.rhai"), async |cloud| {
        (documents(&cloud, "hazelcast-ecs-role").await, documents(&cloud, "hazelcast-ecs-role-2").await)
    });
    assert_eq!(with.len(), 1, "{with:?}");
    assert_eq!((with[0].0.as_str(), added[0].0.as_str()), ("DescribeAndListTasks", "default"));
    assert_eq!(with[0].1, added[0].1);
    let actions = with[0].1["Statement"].as_array().expect("statements").len();
    assert_eq!(actions, 2, "{with:?}");
}

#[test]
fn the_ecs_sample_runs_with_each_list_on_its_role() {
    let world = with("ecs_sample.rhai");
    ask(&world, async |cloud| {
        let asked = cloud.ecs.describe_task_definition().task_definition("ecs-cdk-taskdef").send().await;
        let definition = asked.expect("an answer").task_definition.expect("it is there");
        assert_eq!((definition.cpu(), definition.memory()), (Some("256"), Some("512")));
        let container = &definition.container_definitions()[0];
        assert_eq!((container.name(), container.image()), (Some("FargateImage"), Some("amazon/amazon-ecs-sample")));
        assert_eq!(container.port_mappings()[0].container_port(), Some(80));
        let options = container.log_configuration().and_then(|logs| logs.options()).expect("options");
        assert_eq!(options["awslogs-stream-prefix"], "ecs-fargate-logs");
        assert!(definition.execution_role_arn().is_some_and(|arn| arn.ends_with("/ecs-cdk-execution-role")));
        assert!(definition.task_role_arn().is_some_and(|arn| arn.ends_with("/ecs-cdk-task-role")));
        let of = async |role| documents(&cloud, role).await[0].1.to_string();
        assert!(of("ecs-cdk-execution-role").await.contains("logs:PutLogEvents"), "ECS writes the logs");
        assert!(!of("ecs-cdk-task-role").await.contains("logs:PutLogEvents"), "the containers do not");
    });
    let script = project_script("ecs_sample.rhai");
    for [set, told] in [
        ["desiredCount=2", "1 to update, 0 to replace"],
        ["memory=1024", "1 to update, 1 to replace"],
        ["image=amazon/amazon-ecs-sample:latest", "1 to update, 1 to replace"],
    ] {
        world.hz(&["plan", &script, "--set", set]).succeeds().told(told);
    }
}

#[test]
fn hazelcast_goes_into_a_vpc_that_is_there_and_leaves_it_there() {
    let world = World::new();
    let theirs = world.script("their.rhai", MY_VPC);
    let script = project_script("existing_vpc.rhai");
    world.hz(&["plan", &script]).exits_with(1).told("there is no VPC named `my-vpc`").told("existing_vpc.rhai:5:");
    world.hz(&["run", &theirs, "--yes"]).succeeds();
    let before = world.exists();
    world.hz(&["run", &script, "--yes"]).succeeds();
    assert_eq!(world.count("AWS::EC2::VPC"), 1, "no network is made");
    let there = outputs(&world, &theirs);
    assert_eq!(outputs(&world, &script)["vpc"], there["vpc"]);
    let subnets = ask(&world, async |cloud| {
        let asked = cloud.ecs.describe_services().cluster(cluster(&cloud).await).services("demo-service");
        let answer = asked.send().await.expect("an answer");
        let network = answer.services()[0].network_configuration().and_then(|network| network.awsvpc_configuration());
        network.expect("it has one").subnets().to_vec()
    });
    assert_eq!(serde_json::json!(subnets), there["private"], "the ones that lead to no internet gateway");
    let scaled = ["--set", "desiredCount=5"];
    world
        .hz(&[&["run", script.as_str(), "--yes"], &scaled[..]].concat())
        .succeeds()
        .told("0 to create, 1 to update, 0 to replace");
    // Looked up by its identifier, it is the same.
    let id = there["vpc"].as_str().expect("a text");
    let by_id = format!("output(\"zones\", existing_vpc(#{{ id: \"{id}\" }}).zones);");
    let by_id = world.script("by_id.rhai", &by_id);
    world.hz(&["run", &by_id, "--yes"]).succeeds();
    assert_eq!(outputs(&world, &by_id)["zones"], serde_json::json!(["eu-west-1a", "eu-west-1b"]));

    world.hz(&["destroy", &script, "--yes"]).succeeds();
    assert_eq!(world.exists(), before, "what was there stays");
    world.hz(&["destroy", &theirs, "--yes"]).succeeds();
    assert_eq!(world.exists(), []);
}

/// The only cluster there is.
async fn cluster(cloud: &Cloud) -> String {
    cloud.ecs.list_clusters().send().await.expect("an answer").cluster_arns()[0].clone()
}

#[test]
fn two_vpcs_of_a_name_are_told_apart_by_their_ids() {
    let world = World::new();
    let twice = r#"
        for i in 0..2 {
            ec2_vpc(`vpc-${i}`, #{ cidrBlock: "10.0.0.0/16", tags: [#{ key: "Name", value: "my-vpc" }] });
        }
    "#;
    world.hz(&["run", &world.script("twice.rhai", twice), "--yes"]).succeeds();
    let script = project_script("existing_vpc.rhai");
    world.hz(&["plan", &script]).exits_with(1).told("there are 2 VPCs named `my-vpc`").told("say which by its `id`");
    world.hz(&["check", &script]).succeeds().told("no account is asked: the VPC is made up");
}

#[test]
fn services_of_the_form_are_registered_in_cloud_map_with_secrets_read() {
    let world = World::new();
    let script = |record: &str| {
        format!(
            r#"
        let net = network(#{{ name: "net" }});
        let namespace = servicediscovery_private_dns_namespace("names", #{{ name: "demo.internal", vpc: net.vpc.vpcId }});
        let password = secretsmanager_secret("web", #{{ generateSecretString: #{{
            secretStringTemplate: json(#{{ username: "web" }}), generateStringKey: "password" }} }});
        let definition = fargate_task_definition(#{{ name: "web" }});
        let container = definition.add_container("web", #{{
            image: ecr_image(#{{ repository: ecr_repository("web", #{{}}), tag: "1" }}),
            logging: aws_logs(#{{ streamPrefix: "web", logRetention: 5 }}),
            environment: #{{ B: 2, A: "one" }},
            secrets: #{{ PASSWORD: `${{password.arn}}:password::` }},
            healthCheck: #{{ command: ["CMD-SHELL", "curl -f http://localhost/ || exit 1"] }},
        }});
        container.add_port_mappings(80);
        definition.add_volume(#{{ name: "scratch" }});
        definition.add_to_task_role_policy(policy_statement(#{{ actions: "s3:GetObject", resources: "*" }}));
        let web = fargate_service(#{{
            serviceName: "web",
            cluster: ecs_cluster("web", #{{ clusterName: "web" }}),
            taskDefinition: definition,
            network: net,
            desiredCount: 2,
            cloudMapOptions: #{{ name: "web", cloudMapNamespace: namespace, dnsRecordType: "{record}", dnsTtl: 10 }},
            circuitBreaker: #{{ rollback: false }},
        }});
        output("registered", web.cloudMapService.id);
    "#
        )
    };
    for record in ["A", "SRV"] {
        let script = world.script("web.rhai", &script(record));
        world.hz(&["run", &script, "--yes"]).succeeds();
        world.hz(&["plan", &script, "--detailed-exitcode"]).exits_with(0);
        let service = outputs(&world, &script)["registered"].as_str().expect("a text").to_owned();
        let instances = ask(&world, async |cloud| {
            cloud.servicediscovery.list_instances().service_id(service).send().await.expect("an answer").instances
        });
        let instances = instances.unwrap_or_default();
        assert_eq!(instances.len(), 2, "{instances:?}");
        let ports =
            instances.iter().filter(|one| one.attributes().is_some_and(|of| of.contains_key("AWS_INSTANCE_PORT")));
        assert_eq!(ports.count(), if record == "SRV" { 2 } else { 0 }, "{instances:?}");
    }
    world.hz(&["destroy", "web.rhai", "--yes"]).succeeds();
    assert_eq!(world.exists(), []);
}

#[test]
fn what_the_forms_do_not_have_is_told_with_its_place() {
    let world = World::new();
    let script = r#"let task = fargate_task_definition(#{ cpu: 256, memoryLimitMib: 512 });
task.add_container("a", #{ image: "a" });
fargate_service(#{ cluster: "c", taskDefinition: task, loadBalancer: #{ publc: true } });
"#;
    let script = world.script("wrong.rhai", script);
    let told = world.hz(&["check", &script]).exits_with(1).told("error: 3 mistakes in the script");
    let told = told.told("wrong.rhai:1:49").told("did you mean `memoryLimitMiB`?");
    let told = told.told("wrong.rhai:3:73").told("did you mean `public`?");
    told.told("wrong.rhai:3:70").told("no container of the task definition has it mapped");
}

#[test]
fn management_center_finds_the_members_and_is_reached_from_where_it_may() {
    let script = project_script("management_center.rhai");
    let world = with("management_center.rhai");
    let out = outputs(&world, &script);
    let name = |arn: &Json| arn.as_str().and_then(|arn| arn.rsplit('/').next()).expect("a name").to_owned();
    let (members, center) = (name(&out["service"]), name(&out["managementCenter"]));
    ask(&world, async |cloud| {
        let asked = cloud.ecs.describe_services().cluster(cluster(&cloud).await).services(members).services(center);
        let described = asked.send().await.expect("an answer").services.expect("both");
        let groups = |at: usize| {
            let network = described[at].network_configuration().and_then(|network| network.awsvpc_configuration());
            network.expect("it has one").security_groups()[0].clone()
        };
        let asked = cloud.ec2.describe_security_groups().group_ids(groups(0)).group_ids(groups(1)).send().await;
        let found = asked.expect("an answer").security_groups.expect("both");
        let group = |id: &str| found.iter().find(|group| group.group_id() == Some(id)).expect("it is there");
        let ports = |id: &str| {
            let rules = group(id).ip_permissions().iter();
            let mut ports: Vec<i32> = rules.filter_map(aws_sdk_ec2::types::IpPermission::from_port).collect();
            ports.sort_unstable();
            ports
        };
        assert_eq!((ports(&groups(0)), ports(&groups(1))), (vec![5701], vec![8080]));
        let to_members = &group(&groups(0)).ip_permissions()[0];
        let from: Vec<&str> = to_members.user_id_group_pairs().iter().filter_map(|pair| pair.group_id()).collect();
        assert!(from.contains(&groups(0).as_str()) && from.contains(&groups(1).as_str()), "{from:?}");
        let asked = cloud.ecs.describe_task_definition().task_definition(described[1].task_definition().expect("one"));
        let definition = asked.send().await.expect("an answer").task_definition.expect("it is there");
        let environment = definition.container_definitions()[0].environment();
        let value = |name: &str| {
            let found = environment.iter().find(|pair| pair.name() == Some(name));
            found.and_then(|pair| pair.value()).expect("it is set").to_owned()
        };
        assert_eq!(value("MC_DEFAULT_CLUSTER"), "demo");
        assert_eq!(value("MC_DEFAULT_CLUSTER_MEMBERS"), "demo-service.demo.internal:5701");
        // That name leads to the members.
        let services = cloud.servicediscovery.list_services().send().await.expect("an answer").services;
        let service = services.expect("one").remove(0);
        assert_eq!(service.name(), Some("demo-service"));
        let listed = cloud.servicediscovery.list_instances().service_id(service.id.expect("an id")).send().await;
        assert_eq!(listed.expect("an answer").instances().len(), 3);
    });
}

/// The states of a target group's targets.
async fn health(cloud: &Cloud, group: &Json) -> Vec<String> {
    let group = group.as_str().expect("a text");
    let asked = cloud.elb.describe_target_health().target_group_arn(group).send().await.expect("an answer");
    let of = |one: &elb::TargetHealthDescription| one.target_health().and_then(|of| of.state()).cloned();
    let states = asked
        .target_health_descriptions()
        .iter()
        .map(|one| of(one).map_or_else(String::new, |state| state.to_string()));
    states.collect()
}

#[test]
fn named_services_are_reached_by_their_paths_and_find_each_other_by_name() {
    let script = project_script("named_services.rhai");
    let world = with("named_services.rhai");
    let out = outputs(&world, &script);
    ask(&world, async |cloud| {
        let listener = out["listener"].as_str().expect("a text");
        let rules = cloud.elb.describe_rules().listener_arn(listener).send().await.expect("an answer");
        let told = rules.rules().iter().map(|rule| {
            let paths = rule.conditions().iter().flat_map(|condition| condition.values()).cloned().collect::<Vec<_>>();
            let action = &rule.actions()[0];
            (rule.priority().unwrap_or_default(), paths.join(" "), action.target_group_arn().unwrap_or("404"))
        });
        let mut told: Vec<_> = told.collect();
        told.sort();
        let (orders, users) = (out["orders"].as_str().expect("a text"), out["users"].as_str().expect("a text"));
        let expected = [
            ("10", "/orders /orders/*".to_owned(), orders),
            ("20", "/users /users/*".to_owned(), users),
            ("default", String::new(), "404"),
        ];
        assert_eq!(told, expected);
        for name in ["orders", "users"] {
            assert_eq!(health(&cloud, &out[name]).await, ["healthy", "healthy"], "{name}");
            let service = out[format!("{name}Names")].as_str().expect("a text");
            let asked = cloud.servicediscovery.list_instances().service_id(service).send().await.expect("an answer");
            assert_eq!(asked.instances().len(), 2, "{name}");
        }
        let all = cloud.elb.describe_load_balancers().send().await.expect("an answer");
        let [only] = all.load_balancers() else { panic!("one for both: {all:?}") };
        assert_eq!(only.scheme(), Some(&elb::LoadBalancerSchemeEnum::Internal));
        assert_eq!(out["url"], format!("http://{}", only.dns_name().expect("it has one")));
    });

    world.hz(&["run", &script, "--yes", "--set", "usersCount=3"]).succeeds().told("0 to create, 1 to update");
    let counts = ask(&world, async |cloud| {
        (health(&cloud, &out["orders"]).await.len(), health(&cloud, &out["users"]).await.len())
    });
    assert_eq!(counts, (2, 3));
    world.hz(&["destroy", &script, "--yes"]).succeeds();
    assert_eq!(world.exists(), []);
}

#[test]
fn a_service_has_a_load_balancer_of_its_own_or_a_rule_and_its_tasks_let_no_other_in() {
    let world = World::new();
    let script = world.script(
        "web.rhai",
        r#"
        let net = network(#{ name: "net" });
        let shared = application_load_balancer(#{ name: "shared", network: net, clientCidr: ["10.1.0.0/16", "10.2.0.0/16"] });
        let cluster = ecs_cluster("web", #{});
        let task = fargate_task_definition(#{ name: "web" });
        task.add_container("web", #{ image: "web:1", portMappings: [8080] });
        let own = fargate_service(#{
            name: "own", cluster: cluster, taskDefinition: task, network: net, loadBalancer: #{ public: input("public", true), port: 81 },
            autoscaling: #{ max: 3, requestsPerTarget: 100 },
        });
        let rule = fargate_service(#{ name: "rule", cluster: cluster, taskDefinition: task, loadBalancer: #{
            attachTo: shared, priority: 1, hostHeaders: "a.example.com", healthCheckPath: "/health", healthyHttpCodes: "200-299",
        } });
        output("own", own.targetGroup.targetGroupArn);
        output("rule", rule.targetGroup.targetGroupArn);
        output("ownUrl", own.url);
        output("label", `${own.loadBalancer.loadBalancerFullName}/${own.targetGroup.targetGroupFullName}`);
        output("ownGroup", own.securityGroups[0].groupId);
        output("ruleGroup", rule.securityGroups[0].groupId);
        output("sharedGroup", shared.securityGroups[0].groupId);
        "#,
    );
    world.hz(&["run", &script, "--yes"]).succeeds();
    world.hz(&["plan", &script, "--detailed-exitcode"]).exits_with(0);
    let out = outputs(&world, &script);
    ask(&world, async |cloud| {
        assert_eq!(health(&cloud, &out["own"]).await, ["healthy"]);
        assert_eq!(health(&cloud, &out["rule"]).await, ["healthy"]);
        let all = cloud.elb.describe_load_balancers().send().await.expect("an answer");
        assert_eq!(all.load_balancers().len(), 2, "the rule has none of its own");
        let public =
            all.load_balancers().iter().find(|one| one.scheme() == Some(&elb::LoadBalancerSchemeEnum::InternetFacing));
        let public = public.expect("one is public");
        assert_eq!(out["ownUrl"], format!("http://{}:81", public.dns_name().expect("it has one")));
        let policies = cloud.autoscaling.describe_scaling_policies().service_namespace("ecs".into());
        let policies = policies.send().await.expect("an answer").scaling_policies.unwrap_or_default();
        let metric = policies[0].target_tracking_scaling_policy_configuration().expect("it tracks a target");
        let metric = metric.predefined_metric_specification().expect("one of AWS's");
        assert_eq!(metric.resource_label(), out["label"].as_str());

        let let_in = async |group: &Json| {
            let asked = cloud.ec2.describe_security_groups().group_ids(group.as_str().expect("a text"));
            let answer = asked.send().await.expect("an answer");
            let permissions = answer.security_groups()[0].ip_permissions().to_vec();
            let from = permissions.iter().flat_map(|one| {
                let groups = one.user_id_group_pairs().iter().filter_map(|pair| pair.group_id());
                let ranges = one.ip_ranges().iter().filter_map(|range| range.cidr_ip());
                groups.chain(ranges).map(|source| format!("{} {source}", one.from_port().unwrap_or_default()))
            });
            let mut from: Vec<String> = from.collect();
            from.sort();
            from
        };
        let shared = out["sharedGroup"].as_str().expect("a text");
        assert_eq!(let_in(&out["ruleGroup"]).await, [format!("8080 {shared}")]);
        assert_eq!(let_in(&out["sharedGroup"]).await, ["80 10.1.0.0/16", "80 10.2.0.0/16"]);
        let own = let_in(&out["ownGroup"]).await;
        assert_eq!(own, [format!("8080 {}", public.security_groups()[0])]);
        assert_eq!(let_in(&Json::from(public.security_groups()[0].clone())).await, ["81 0.0.0.0/0"]);
    });
    // Another scheme is another load balancer, and a target group is of one.
    world
        .hz(&["run", &script, "--yes", "--set", "public=false"])
        .succeeds()
        .told("1 to create, 3 to update, 2 to replace, 1 to delete");
    let out = outputs(&world, &script);
    ask(&world, async |cloud| {
        assert_eq!(health(&cloud, &out["own"]).await, ["healthy"]);
        let all = cloud.elb.describe_load_balancers().send().await.expect("an answer");
        let internal = |one: &elb::LoadBalancer| one.scheme() == Some(&elb::LoadBalancerSchemeEnum::Internal);
        assert!(all.load_balancers().len() == 2 && all.load_balancers().iter().all(internal), "{all:?}");
    });
    world.hz(&["destroy", &script, "--yes"]).succeeds();
    assert_eq!(world.exists(), []);
}
