//! Mistakes in what functions of the standard library make up are told where they were called.

use super::script;
use crate::model::Value;

#[test]
fn a_bad_name_is_told_once_where_it_is_written() {
    let source = r#"orientdb_fargate_stack(#{ name: "or ient" });
orientdb_fargate_stack(#{ name: "a", desiredCount: 1, vpcName: "v p" });
network(#{ name: "n w" });
hazelcast_cluster(#{ name: "h c" });
fargate_task_definition(#{ family: "t d" });
"#;
    insta::assert_snapshot!(script(source).mistakes(), @r"
    main.rhai:1:33+9 `or ient` is not a name: 1 to 128 letters, digits, `-`, `_`, `/` or `.`, starting with a letter or digit | not a name
    main.rhai:2:64+5 `v p` is not a name: 1 to 128 letters, digits, `-`, `_`, `/` or `.`, starting with a letter or digit | not a name
    main.rhai:3:18+5 `n w` is not a name: 1 to 128 letters, digits, `-`, `_`, `/` or `.`, starting with a letter or digit | not a name
    main.rhai:4:28+5 `h c` is not a name: 1 to 128 letters, digits, `-`, `_`, `/` or `.`, starting with a letter or digit | not a name
    main.rhai:5:1+23 `t d-task` is not a name: 1 to 128 letters, digits, `-`, `_`, `/` or `.`, starting with a letter or digit | not a name ? the name of the declaration is not the name in AWS: that is a property
    ");
}

#[test]
fn a_name_that_is_none_is_told_once() {
    let mistakes =
        |name: &str| script(&format!("orientdb_fargate_stack(#{{ name: {name}, desiredCount: 1 }});")).mistakes();
    insta::assert_snapshot!(mistakes("\"\""), @"main.rhai:1:33+2 `` is not a name: 1 to 128 letters, digits, `-`, `_`, `/` or `.`, starting with a letter or digit | not a name");
    insta::assert_snapshot!(mistakes("5"), @"main.rhai:1:33+1 `name` is a whole number, not a string | not a string");
}

#[test]
fn what_is_wrong_inside_is_told_where_it_was_called() {
    let source = r#"fargate_task_definition(#{});
orientdb_fargate_stack(#{ name: "a", desiredCount: 1, cpu: 1024 });
orientdb_fargate_stack(#{ name: "b", desiredCount: 1, persistence: #{ fileSystem: "fs-1" } });
orientdb_fargate_stack(#{ name: "c", desiredCount: 1, containerRegistryImageName: "" });
orientdb_fargate_stack(#{ name: "d", desiredCount: 1, rootPassword: "arn:aws:s3:::x" });
hazelcast_cluster(#{ name: "e", cpu: 2048 });
"#;
    insta::assert_snapshot!(script(source).mistakes(), @r"
    main.rhai:1:1+23 ecs_task_definition needs `containerDefinitions` | `containerDefinitions` is missing
    main.rhai:2:1+22 Fargate has no 1024 MiB for tasks of 1024 CPU units | not offered with this cpu ? it offers 2048 to 8192 in steps of 1024 MiB
    main.rhai:3:1+22 `fileSystemId` cannot be `fs-1` | not of the right form ? it must match ^(arn:aws[-a-z]*:elasticfilesystem:[0-9a-z-:]+:file-system/fs-[0-9a-f]{8,40}|fs-[0-9a-f]{8,40})$
    main.rhai:4:1+22 `` is no name of an image | not a name of an image ? such as `hazelcast/hazelcast:5.5.10`: lower case, without spaces, a tag after a colon
    main.rhai:5:1+22 `arn:aws:s3:::x` is not the ARN of a secret | not an ARN of Secrets Manager or of a parameter ? arn:aws:secretsmanager:REGION:ACCOUNT:secret:NAME, or arn:aws:ssm:REGION:ACCOUNT:parameter/NAME
    main.rhai:6:1+17 Fargate has no 2048 MiB for tasks of 2048 CPU units | not offered with this cpu ? it offers 4096 to 16384 in steps of 1024 MiB
    ");
}

#[test]
fn what_cannot_be_used_is_refused_where_it_is_written() {
    let source = r#"orientdb_fargate_stack(#{ name: "a", desiredCount: 1, vpc: ecs_cluster("x", #{}) });
orientdb_fargate_stack(#{ name: "b", desiredCount: 1, vpc: #{} });
orientdb_fargate_stack(#{ name: "c", desiredCount: 1, rootPassword: ecs_cluster("y", #{}) });
orientdb_fargate_stack(#{ name: "d", desiredCount: 1, ecsTaskRole: "x", ecsExecutionRole: 4 });
orientdb_fargate_stack(#{ name: "e", desiredCount: 1, persistence: #{ backup: 1, retain: "no" } });
orientdb_fargate_stack(#{ name: "f", desiredCount: 1, persistence: #{ fileSystem: "fs-12345678", retain: true } });
orientdb_fargate_stack(#{ name: "g", desiredCount: 1, availabilityZones: ["eu-west-1a", "eu-west-1a"] });
orientdb_fargate_stack(#{ name: "h", desiredCount: 1, ingress: #{ hazelcast: 2480 } });
orientdb_fargate_stack(#{ name: "i", cloudNamespace: "a.b", cloudMapOptionsName: "a b" });
orientdb_fargate_stack(#{ name: "j", desiredCount: 2000 });
orientdb_fargate_stack(#{ name: "k", desiredCount: 1, streamPrefix: "" });
network(#{ name: "l", vpc: ecs_cluster("z", #{}) });
"#;
    insta::assert_snapshot!(script(source).mistakes(), @r#"
    main.rhai:1:60+11 vpc is what network, existing_vpc or ec2_vpc returns
    main.rhai:2:60+2 vpc is what network, existing_vpc or ec2_vpc returns
    main.rhai:3:69+11 rootPassword is a secret, its ARN, or secret(…): a password in clear would stand in plans, state and the task definition
    main.rhai:4:68+3 `taskRoleArn` cannot be `x` | not of the right form ? it takes the ARN of a role, such as arn:aws:iam::123456789012:role/name
    main.rhai:4:91+1 `executionRoleArn` cannot be `4` | not of the right form ? it takes the ARN of a role, such as arn:aws:iam::123456789012:role/name
    main.rhai:5:79+1 `backup` of persistence is true or false
    main.rhai:5:90+4 `retain` of persistence is true or false
    main.rhai:6:106+4 `retain` is of a file system made here: leave it out beside `fileSystem`
    main.rhai:7:74+1 "eu-west-1a" is there twice: name each zone once
    main.rhai:8:78+4 OrientDB listens at 2480 itself: give Hazelcast a port of its own, such as 2434
    main.rhai:9:82+5 `name` cannot be `a b` | not of the right form ? it takes a DNS name: labels of at most 63 letters, digits, - and _, separated by dots
    main.rhai:10:52+4 desiredCount is a number of nodes, from 0 to 1000
    main.rhai:11:69+2 `` is not a name: 1 to 128 letters, digits, `-`, `_`, `/` or `.`, starting with a letter or digit | not a name
    main.rhai:12:28+11 the vpc of a network is what ec2_vpc returns; for one that exists already, use existing_vpc
    "#);
}

#[test]
fn a_task_definition_that_is_given_says_by_which_records_nodes_find_each_other() {
    let source = |image: &str| {
        format!(
            r#"
            let task = fargate_task_definition(#{{ name: "t" }});
            task.add_container("db", #{{ image: "{image}" }}).add_port_mappings(2434);
            let s = orientdb_fargate_stack(#{{ name: "o", cloudNamespace: "a.b", taskDefinition: task }});
            output("records", json(s.ecsService.serviceRegistries[0].keys()));
            "#
        )
    };
    let registered = |image| script(&source(image)).output("records").as_str().map(str::to_owned);
    assert_eq!(registered("orientdb:3.2.11").as_deref(), Some(r#"["registryArn"]"#));
    assert_eq!(registered("orientdb:3.1.11").as_deref(), Some(r#"["containerName","containerPort","registryArn"]"#));
}

#[test]
fn a_task_definition_from_elsewhere_is_taken_for_one_that_asks_for_addresses() {
    let source = r#"orientdb_fargate_stack(#{ name: "o", cloudNamespace: "a.b", taskDefinition: "orient:1" });"#;
    let warnings = super::shown(&script(source).program().warnings);
    insta::assert_snapshot!(warnings, @"main.rhai:1:77+10 which OrientDB is in it? It is taken for 3.2.11 or later, which finds nodes by A records ? give a task definition that this script declares, or leave `cloudNamespace` out");
}

#[test]
fn what_is_given_has_the_names_that_it_has() {
    let source = r##"
        let task = fargate_task_definition(#{ family: "mine" });
        task.add_container("db", #{ image: "orientdb:3.2.11" });
        let s = orientdb_fargate_stack(#{
            name: "o", desiredCount: 1, taskDefinition: task, cluster: "theirs",
            vpc: ec2_vpc("v", #{ cidrBlock: "10.1.0.0/16" }),
        });
        output("names", json([
            s.clusterName, s.vpcName, s.logGroupName, s.containerName, s.containerRegistryImageName, s.cpu, s.memoryLimit,
        ]));
        let logs = logs_log_group("l", #{ logGroupName: "/theirs" });
        let cluster = ecs_cluster("c", #{ clusterName: "ours" });
        let p = orientdb_fargate_stack(#{ name: "p", desiredCount: 1, logGroup: logs, cluster: cluster });
        output("resources", p.logGroupName == logs.logGroupName && p.clusterName == cluster.clusterName);
        output("family", s.taskDefName == task.family);
    "##;
    let output = |name| script(source).output(name);
    assert_eq!(output("names").as_str(), Some(r#"["theirs",null,null,null,null,null,null]"#));
    assert_eq!((output("resources"), output("family")), (Value::Bool(true), Value::Bool(true)));
}

#[test]
fn what_a_stack_returns_says_what_it_has_when_another_is_set() {
    let source = r#"let s = orientdb_fargate_stack(#{ name: "o", desiredCount: 1 });
s.desiredCont = 3;
s.network = 1;
"#;
    insta::assert_snapshot!(script(source).mistakes(), @r"
    main.rhai:2:3+11 what orientdb_fargate_stack returns has no attribute `desiredCont` | not an attribute ? did you mean `desiredCount`?
    main.rhai:3:3+7 `network` of orientdb_fargate_stack is read only | cannot be set ? say what it is where orientdb_fargate_stack is called
    ");
}

#[test]
fn what_aws_would_refuse_of_zones_schedules_and_addresses_is_refused_before() {
    let source = r#"let net = network(#{ name: "a", azs: ["eu-west-1a", "eu-west-1a"] });
network(#{ name: "b", azs: ["eu-west-9a"] });
let task = fargate_task_definition(#{ name: "t" });
task.add_container("web", #{ image: "nginx:1.27" });
fargate_service(#{ cluster: "c", taskDefinition: task, network: net, assignPublicIp: "yes", autoscaling: #{
    max: 4, cpu: 60, scaleInCooldown: -1, schedules: #{ night: #{ schedule: "0 20 * * ?", min: 0 } },
} });
"#;
    insta::assert_snapshot!(script(source).mistakes(), @r#"
    main.rhai:1:38+1 "eu-west-1a" is there twice: name each zone once
    main.rhai:2:28+1 there is no availability zone "eu-west-9a": eu-west-1 has ["eu-west-1a", "eu-west-1b", "eu-west-1c"]
    main.rhai:5:86+5 assignPublicIp is true or false
    main.rhai:6:39+1 `scaleInCooldown` is a number of seconds, from 0
    main.rhai:6:64+2 a `schedule` is cron(…), rate(…) or at(…), such as "cron(0 20 * * ? *)"
    "#);
}
