//! The forms CDK writes: what they become, and where what is wrong in them is told.

use super::{script, shown};

#[test]
fn a_role_in_cdks_form_is_the_role_in_the_schemas() {
    let source = r#"
let read = policy_statement(#{ actions: "s3:GetObject", resources: "*" });
iam_role("form", #{
    assumedBy: service_principal("ecs-tasks.amazonaws.com"),
    inlinePolicies: #{ Read: policy_document(read) },
    managedPolicies: [managed_policy("service-role/AmazonECSTaskExecutionRolePolicy"), "ReadOnlyAccess"],
});
iam_role("schema", #{
    assumeRolePolicyDocument: assume_role("ecs-tasks.amazonaws.com"),
    policies: [#{ policyName: "Read", policyDocument: policy_document([read]) }],
    managedPolicyArns: [
        "arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy",
        "arn:aws:iam::aws:policy/ReadOnlyAccess",
    ],
});
"#;
    let script = script(source);
    assert_eq!(script.properties("iam_role.form"), script.properties("iam_role.schema"));
}

#[test]
fn forms_add_to_what_the_schemas_properties_say() {
    let source = r#"
let document = policy_document(policy_statement(#{ actions: "s3:GetObject", resources: "*" }));
let role = iam_role("both", #{
    assumedBy: "ecs-tasks.amazonaws.com",
    policies: [#{ policyName: "First", policyDocument: document }],
    inlinePolicies: #{ Second: document },
    managedPolicyArns: ["arn:aws:iam::aws:policy/A"],
    managedPolicies: ["B"],
});
role.add_to_policy(#{ actions: "s3:PutObject", resources: "*" });
output("names", role.policies.map(|policy| policy.policyName));
output("managed", role.managedPolicyArns);
"#;
    let shown = |name: &str| serde_json::to_string(&script(source).output(name)).expect("JSON");
    insta::assert_snapshot!(shown("names"), @r#"["First","Second","default"]"#);
    insta::assert_snapshot!(shown("managed"), @r#"["arn:aws:iam::aws:policy/A","arn:aws:iam::aws:policy/B"]"#);
}

#[test]
fn what_is_wrong_in_a_role_is_told_where_it_is_written() {
    let source = r#"iam_role("a", #{ asumedBy: service_principal("x"), inlinePolicies: [1] });
iam_role("b", #{ assumedBy: 5, assumeRolePolicyDocument: assume_role("x") });
iam_role("c", #{
    assumedBy: 5,
    inlinePolicies: #{ Own: 7, Good: policy_document([]) },
    managedPolicies: "x",
});
let policies = ["ReadOnlyAccess", 3];
iam_role("d", #{ assumedBy: service_principal("x"), managedPolicies: policies });
"#;
    insta::assert_snapshot!(script(source).mistakes(), @r#"
    main.rhai:1:18+8 iam_role has no property `asumedBy` | not a property ? did you mean `assumedBy`?
    main.rhai:1:68+1 `inlinePolicies` is a list, not a map | not a map ? from the name of each policy to its document: #{ name: policy_document([…]) }
    main.rhai:2:18+9 iam_role takes `assumedBy` or `assumeRolePolicyDocument`, not both | one too many
    main.rhai:4:16+1 `assumedBy` is a whole number, not a principal | not a principal ? such as service_principal("ecs-tasks.amazonaws.com")
    main.rhai:5:29+1 the policy `Own` is a whole number, not a document | not a document ? such as policy_document([policy_statement(#{ … })])
    main.rhai:6:22+3 `managedPolicies` is a string, not a list | not a list ? put it in a list: `[…]`
    main.rhai:8:35+1 `managedPolicyArns[1]` cannot be `3` | not of the right form ? it must match arn:(aws[a-zA-Z-]*)?:iam::(\d{12}|aws):policy/[a-zA-Z_0-9+=,.@\-_/]+
    "#);
}

#[test]
fn a_task_definition_has_roles_of_its_own_and_containers_in_either_form() {
    let source = r#"
let task = fargate_task_definition(#{ name: "web", cpu: 512, memoryLimitMiB: 1024 });
let container = task.add_container("web", #{
    image: "web:1",
    logging: aws_logs(#{ streamPrefix: "web", logGroup: "logs" }),
    environment: #{ B: 2, A: "one" },
    secrets: #{ P: "arn:aws:secretsmanager:eu-west-1:123456789012:secret:web-a1b2c3:password::" },
    portMappings: [8080],
});
container.add_port_mappings(#{ containerPort: 80, hostPort: 80, protocol: "tcp" });
task.add_volume(#{ name: "scratch" });
task.add_to_task_role_policy(#{ actions: "s3:GetObject", resources: "*" });
task.add_to_execution_role_policy(#{ actions: "s3:PutObject", resources: "*" });
"#;
    let compact = |address: &str| {
        let properties: serde_json::Value = serde_json::from_str(&script(source).properties(address)).expect("JSON");
        properties.to_string()
    };
    insta::assert_snapshot!(compact("ecs_task_definition.web"), @r#"{"containerDefinitions":[{"environment":[{"name":"A","value":"one"},{"name":"B","value":"2"}],"image":"web:1","logConfiguration":{"logDriver":"awslogs","options":{"awslogs-group":"logs","awslogs-region":"eu-west-1","awslogs-stream-prefix":"web"}},"name":"web","portMappings":[{"containerPort":8080,"protocol":"tcp"},{"containerPort":80,"hostPort":80,"protocol":"tcp"}],"secrets":[{"name":"P","valueFrom":"arn:aws:secretsmanager:eu-west-1:123456789012:secret:web-a1b2c3:password::"}]}],"cpu":"512","executionRoleArn":{"$ref":"iam_role.web-execution#arn"},"memory":"1024","networkMode":"awsvpc","requiresCompatibilities":["FARGATE"],"taskRoleArn":{"$ref":"iam_role.web-task#arn"},"volumes":[{"name":"scratch"}]}"#);
    insta::assert_snapshot!(compact("iam_role.web-task"), @r#"{"assumeRolePolicyDocument":{"Statement":[{"Action":"sts:AssumeRole","Effect":"Allow","Principal":{"Service":"ecs-tasks.amazonaws.com"}}],"Version":"2012-10-17"},"description":"What containers of web may do","policies":[{"policyDocument":{"Statement":[{"Action":["s3:GetObject"],"Effect":"Allow","Resource":["*"]}],"Version":"2012-10-17"},"policyName":"default"}]}"#);
    insta::assert_snapshot!(compact("iam_role.web-execution"), @r#"{"assumeRolePolicyDocument":{"Statement":[{"Action":"sts:AssumeRole","Effect":"Allow","Principal":{"Service":"ecs-tasks.amazonaws.com"}}],"Version":"2012-10-17"},"description":"Starts tasks of web","managedPolicyArns":["arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy"],"policies":[{"policyDocument":{"Statement":[{"Action":["secretsmanager:GetSecretValue"],"Effect":"Allow","Resource":["arn:aws:secretsmanager:eu-west-1:123456789012:secret:web-a1b2c3"]},{"Action":["s3:PutObject"],"Effect":"Allow","Resource":["*"]}],"Version":"2012-10-17"},"policyName":"default"}]}"#);
}

#[test]
fn what_is_wrong_in_a_task_is_told_where_it_is_written() {
    let source = r#"let task = fargate_task_definition(#{ cpu: 1024, memoryLimitMiB: 1024, executionRole: "arn:aws:iam::123456789012:role/x" });
let container = task.add_container("c", #{
    image: "x",
    loging: aws_logs(#{ streamPrefx: "x", streamPrefix: "b", logGroup: "g", logRetention: 5 }),
    environment: #{ A: 1, B: [1] },
    secrets: #{ P: "password", Q: secret("in clear") },
    healthCheck: #{ command: ["CMD-SHELL", "x"], intervall: 3 },
});
container.add_port_mappings(#{ containerPort: "x", hostPort: 80, protocol: "tcp" });
task.add_to_execution_role_policy(#{ actions: "a:b", resources: "*" });
task.add_to_task_role_policy(#{ actons: "a:b", actions: "a:c", resources: "*" });
fargate_task_definition(#{ name: "other", cpus: 3 });
ecr_image(#{ tag: "1" });
"#;
    insta::assert_snapshot!(script(source).mistakes(), @r"
    main.rhai:1:66+4 Fargate has no 1024 MiB for tasks of 1024 CPU units | not offered with this cpu ? it offers 2048 to 8192 in steps of 1024 MiB
    main.rhai:4:5+6 a container has no property `loging` | not a property ? did you mean `logging`?
    main.rhai:4:25+11 aws_logs has no property `streamPrefx` | not a property ? did you mean `streamPrefix`?
    main.rhai:4:91+1 `logRetention` is of a log group made here; set `retentionInDays` where this one is made
    main.rhai:5:30+1 `containerDefinitions[0].environment[1].value` is a list, not a string | not a string
    main.rhai:6:20+10 `password` is not the ARN of a secret | not an ARN of Secrets Manager or of a parameter ? arn:aws:secretsmanager:REGION:ACCOUNT:secret:NAME, or arn:aws:ssm:REGION:ACCOUNT:parameter/NAME
    main.rhai:6:35+6 the secret `Q` is given by its text, which the task definition would show | not an ARN ? keep it in Secrets Manager, and give its ARN
    main.rhai:7:50+9 `containerDefinitions[0].healthCheck` has no property `intervall` | not a property ? did you mean `interval`?
    main.rhai:9:47+3 `containerDefinitions[0].portMappings[0].containerPort` is a string, not a whole number | not a whole number
    main.rhai:10:6+28 `executionRoleArn` of the task definition is not declared in this script: nothing can be added to it ? give it a role that iam_role makes, or let fargate_task_definition make one
    main.rhai:11:33+6 a policy statement has no `actons` | not an element ? did you mean `actions`?
    main.rhai:12:1+23 ecs_task_definition needs `containerDefinitions` | `containerDefinitions` is missing
    main.rhai:12:43+4 fargate_task_definition has no property `cpus` | not a property ? did you mean `cpu`?
    main.rhai:13:11+2 ecr_image needs `repository`, a repository or its name
    ");
}

#[test]
fn what_is_wrong_in_a_service_is_told_where_it_is_written() {
    let source = r#"let task = fargate_task_definition(#{});
let net = network(#{});
fargate_service(#{ taskDefinition: task, network: net, loadBalancer: [], autoscaling: #{ max: 3 } });
fargate_service(#{ name: "b", cluster: "c", taskDefinition: task, network: net, desiredCount: -1, desiredCont: 1,
    cloudMapOptions: #{ name: "x", cloudMapNamspace: "y" },
    vpcSubnets: #{ subnetType: "isolated" }, circuitBreaker: #{ enabel: true } });
fargate_service(#{ name: "c", cluster: "c", taskDefinition: task, vpcSubnets: ["subnet-12345678"],
    cloudMapOptions: #{ cloudMapNamespace: "ns-1", dnsRecordType: "SRV" } });
fargate_service(#{ name: "d", cluster: "c", taskDefinition: task, network: net,
    cloudMapOptions: #{ cloudMapNamespace: "ns-1", dnsRecordType: "CNAME" }, circuitBreaker: 1, vpcSubnets: "a" });
"#;
    insta::assert_snapshot!(script(source).mistakes(), @r#"
    main.rhai:1:12+23 ecs_task_definition needs `containerDefinitions` | `containerDefinitions` is missing
    main.rhai:3:17+2 fargate_service needs `cluster`
    main.rhai:3:70+1 loadBalancer is true, #{ public, port, … } for one of the service's own, or #{ attachTo, priority, pathPatterns, … } for a shared one
    main.rhai:3:87+2 autoscaling needs a rule: `cpu`, `memory`, `requestsPerTarget` or `schedules`
    main.rhai:4:95+1 desiredCount is a number of tasks, from 0
    main.rhai:4:99+11 fargate_service has no property `desiredCont` | not a property ? did you mean `desiredCount`?
    main.rhai:5:22+2 cloudMapOptions needs `cloudMapNamespace`: without one nothing is registered
    main.rhai:5:36+16 `cloudMapOptions` of fargate_service has no property `cloudMapNamspace` | not a property ? did you mean `cloudMapNamespace`?
    main.rhai:6:32+10 the subnetType of vpcSubnets is "private" or "public"
    main.rhai:6:65+6 `circuitBreaker` of fargate_service has no property `enabel` | not a property ? did you mean `enable`?
    main.rhai:7:79+1 whose subnets? fargate_service needs `network` beside `vpcSubnets`, or a list of subnets and `securityGroups`
    main.rhai:8:22+2 SRV records need a port: no container of the task definition has it mapped
    main.rhai:10:67+7 tasks on Fargate are registered by A or SRV records
    main.rhai:10:94+1 circuitBreaker is true, false or #{ enable, rollback }
    main.rhai:10:109+3 vpcSubnets is a list of subnets, or #{ subnetType: "private" } or "public"
    "#);
}

#[test]
fn a_service_is_where_its_tasks_can_be_reached_as_asked() {
    let source = |more: &str| {
        format!(
            r#"
let task = fargate_task_definition(#{{}});
task.add_container("a", #{{ image: "a" }});
let theirs = existing_vpc(#{{ name: "theirs" }});
let made = fargate_service(#{{ cluster: "c", taskDefinition: task, {more} }});
let network = made.service.networkConfiguration.awsvpcConfiguration;
output("where", [network.assignPublicIp, network.subnets, network.securityGroups]);
"#
        )
    };
    let place = |more: &str| {
        let evaluated = script(&source(more)).program();
        let networks =
            evaluated.program.resources.iter().filter(|resource| resource.address.kind().as_str() == "ec2_vpc");
        let place = serde_json::to_string(&evaluated.program.outputs["where"]).expect("JSON");
        format!("{place}, {} networks made", networks.count())
    };
    insta::assert_snapshot!(place("network: theirs"), @r#"["DISABLED",["subnet-0000000000000000b","subnet-0000000000000000c"],[{"$ref":"ec2_security_group.service#id"}]], 0 networks made"#);
    insta::assert_snapshot!(place("network: theirs, assignPublicIp: true"), @r#"["ENABLED",["subnet-0000000000000000a"],[{"$ref":"ec2_security_group.service#id"}]], 0 networks made"#);
    insta::assert_snapshot!(place(r#"network: theirs, vpcSubnets: #{ subnetType: "public" }"#), @r#"["DISABLED",["subnet-0000000000000000a"],[{"$ref":"ec2_security_group.service#id"}]], 0 networks made"#);
    insta::assert_snapshot!(place(r#"vpcSubnets: ["subnet-12345678"], securityGroups: ["sg-12345678"]"#), @r#"["DISABLED",["subnet-12345678"],["sg-12345678"]], 0 networks made"#);
    insta::assert_snapshot!(place("desiredCount: 2"), @r#"["DISABLED",[{"$ref":"ec2_subnet.service-private-1#id"},{"$ref":"ec2_subnet.service-private-2#id"}],[{"$ref":"ec2_security_group.service#id"}]], 1 networks made"#);
}

#[test]
fn a_network_that_is_there_is_used_like_one_that_is_made() {
    let source = r#"
let vpc = existing_vpc(#{ name: "theirs" });
let hazelcast = hazelcast_cluster(#{ name: "hz", network: vpc });
output("vpc", [vpc.vpc, vpc.vpc.cidrBlock, vpc.cidr, vpc.zones, vpc.publicSubnets, vpc.privateSubnets[0].availabilityZone]);
output("id", existing_vpc(#{ id: "vpc-0000000f" }).vpc.id);
output("network", hazelcast.service.networkConfiguration);
"#;
    let shown = |name: &str| serde_json::to_string(&script(source).output(name)).expect("JSON");
    insta::assert_snapshot!(shown("vpc"), @r#"["vpc-00000001","10.9.0.0/16","10.9.0.0/16",["eu-west-1a","eu-west-1b","eu-west-1c"],["subnet-0000000000000000a"],"eu-west-1b"]"#);
    insta::assert_snapshot!(shown("id"), @r#""vpc-0000000f""#);
    insta::assert_snapshot!(shown("network"), @r#"{"awsvpcConfiguration":{"assignPublicIp":"DISABLED","securityGroups":[{"$ref":"ec2_security_group.hz#groupId"}],"subnets":["subnet-0000000000000000b","subnet-0000000000000000c"]}}"#);
}

#[test]
fn a_look_up_that_finds_not_one_is_a_mistake_of_the_call() {
    let source = r#"let vpc = ec2_vpc("own", #{ cidrBlock: "10.0.0.0/16" });
hazelcast_cluster(#{ network: existing_vpc(#{ name: "absent" }) });
existing_vpc(#{ name: "twice" });
existing_vpc(#{ nam: "x" });
existing_vpc(#{ name: "x", id: "y" });
existing_vpc(#{ id: vpc.vpcId });
existing_vpc(#{ id: 5 });
existing_vpc(#{ name: "x" }).vpc.vpcID;
let public = existing_vpc(#{ name: "public" });
hazelcast_cluster(#{ name: "p", network: public });
fargate_service(#{ name: "q", cluster: "c", taskDefinition: "a:1", network: public });
"#;
    insta::assert_snapshot!(script(source).mistakes(), @r"
    main.rhai:2:53+8 there is no VPC named `absent` | not found ? it is looked for in the account and region that the first line of the output names
    main.rhai:3:23+7 there are 2 VPCs named `twice` | not only one ? say which by its `id`: `vpc-00000001` or `vpc-00000002`
    main.rhai:4:14+2 existing_vpc takes the `name` of a VPC or its `id` | one of them
    main.rhai:4:17+3 existing_vpc has no property `nam` | not a property ? did you mean `name`?
    main.rhai:5:14+2 existing_vpc takes the `name` of a VPC or its `id` | one of them
    main.rhai:6:21+3 what is looked up must be known before anything is made | not known yet
    main.rhai:7:21+1 the `id` of a VPC is a whole number, not a string | not a string
    main.rhai:8:34+5 what was looked up has no attribute `vpcID` | not an attribute ? did you mean `vpcId`?
    main.rhai:10:42+6 the network has no private subnets: every one leads to an internet gateway
    main.rhai:11:77+6 the network has no private subnets: say which in a list, as vpcSubnets
    ");
}

#[test]
fn policies_that_allow_too_much_or_nothing_are_warned_of_where_they_are_written() {
    let source = r#"let role = iam_role("role", #{
    assumedBy: service_principal("ecs-tasks.amazonaws.com"),
    inlinePolicies: #{ wide: policy_document([policy_statement(#{ actions: ["ecs:RunTask"], resources: "*" })]) },
});
role.add_to_policy(policy_statement(#{
    actions: ["ecs:ListTask"],
    resources: ["arn:aws:ecs:eu-west-1:123456789012:cluster/a"],
}));
role.add_to_policy(#{ actions: ["logs:PutLogEvents", "ec2:DescribeVpcs"], resources: ["*"] });
"#;
    let evaluated = script(source).program();
    insta::assert_snapshot!(shown(&evaluated.warnings), @r"
    main.rhai:3:24+4 `ecs:RunTask` is allowed on every resource | more than is needed ? put them in a statement of their own, with the ARNs of what is meant, or with a condition
    main.rhai:6:15+14 ecs has no action `ListTask`: the policy says nothing of it | not an action ? did you mean `ecs:ListTasks`?
    main.rhai:9:86+1 `logs:PutLogEvents` is allowed on every resource | more than is needed ? put them in a statement of their own, with the ARNs of what is meant, or with a condition
    ");
}

#[test]
fn secrets_are_checked_before_anything_is_made() {
    let source = r#"
secretsmanager_secret("both", #{ secretString: "a", generateSecretString: #{} });
secretsmanager_secret("long", #{ generateSecretString: #{ passwordLength: 5000 } });
secretsmanager_secret("half", #{ generateSecretString: #{ generateStringKey: "password" } });
secretsmanager_secret("text", #{
    generateSecretString: #{ generateStringKey: "password", secretStringTemplate: "root" } });
"#;
    insta::assert_snapshot!(script(source).mistakes(), @r#"
    main.rhai:2:53+20 a secret takes `secretString` or `generateSecretString`, not both | one too many
    main.rhai:3:75+4 a password of 5000 characters cannot be generated | not 1 to 4096
    main.rhai:4:59+17 `generateStringKey` needs `secretStringTemplate` beside it ? the template is a JSON object, in which the password is put under the key
    main.rhai:6:83+6 `secretStringTemplate` is no JSON object | not a JSON object ? write json(#{ username: "root" })
    "#);
}
