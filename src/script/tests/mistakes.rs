//! Mistakes are collected, each with its place and its way out.

use super::script;

#[test]
fn eight_mistakes_are_told_at_once() {
    let source = r#"let vpc = ec2_vpc("main", #{ cidrBlok: "10.0.0.0/16", cidrBlock: "10.0.0.0/16", vpcId: "vpc-1" });
ec2_subnet("a", #{ vpcId: vpc.vpcId, cidrBlock: "10.1.0.0/24" });
ec2_subnet("b", #{ cidrBlock: "10.0.0.1/24" });
ecs_service("web", #{
    launchType: "FARGAT", taskDefinition: "web",
    desiredCount: "three",
    networkConfiguration: #{
        awsvpcConfiguration: #{ subnets: [vpc.nope] },
    },
}, #{ dependOn: vpc });
ecs_cluter("c", #{});
ecs_task_definition("t", #{
    requiresCompatibilities: ["FARGATE"], networkMode: "awsvpc", cpu: 256, memory: 4096,
    containerDefinitions: [#{ name: "a" }],
});
logs_log_group("ä", #{ retentionInDays: 31 });
ec2_vpc("main", #{ cidrBlock: "10.0.0.0/8" });
"#;
    insta::assert_snapshot!(script(source).mistakes(), @r"
    main.rhai:1:30+8 ec2_vpc has no property `cidrBlok` | not a property ? did you mean `cidrBlock`?
    main.rhai:1:81+5 `vpcId` of ec2_vpc is read-only | AWS sets this
    main.rhai:2:49+13 10.1.0.0/24 is not inside 10.0.0.0/16, the addresses of ec2_vpc.main | outside of its VPC
    main.rhai:3:17+2 ec2_subnet needs `vpcId` | `vpcId` is missing
    main.rhai:3:31+13 `cidrBlock`: `10.0.0.1/24` has bits beyond its prefix | not a network ? write `10.0.0.0/24`
    main.rhai:5:17+8 `launchType` cannot be `FARGAT` | not one of its values ? did you mean `FARGATE`?
    main.rhai:6:19+7 `desiredCount` is a string, not a whole number | not a whole number
    main.rhai:8:47+4 ec2_vpc has no attribute `nope` | not an attribute ? beside its properties it has `arn`, `cidrBlockAssociations`, `defaultNetworkAcl`, `defaultSecurityGroup`, `id`, `ipv6CidrBlocks`, `name` and `vpcId`
    main.rhai:10:7+8 there is no option `dependOn` | not an option ? did you mean `dependsOn`?
    main.rhai:11:1+10 there is no kind `ecs_cluter` | not a kind ? did you mean `ecs_cluster`?
    main.rhai:13:84+4 Fargate has no 4096 MiB for tasks of 256 CPU units | not offered with this cpu ? it offers 512, 1024, 2048 MiB
    main.rhai:14:28+2 `containerDefinitions[0]` needs `image` | `image` is missing
    main.rhai:16:16+4 `ä` is not a name: 1 to 128 letters, digits, `-`, `_`, `/` or `.`, starting with a letter or digit | not a name ? the name of the declaration is not the name in AWS: that is a property
    main.rhai:17:9+6 ec2_vpc.main is declared twice, first at main.rhai:1:11 | again ? give one of them another name
    ");
}

#[test]
fn values_are_placed_through_variables_calls_and_mutators() {
    let source = r#"let common = #{ tags: [#{ key: "a", value: [1] }] };
let more = merge(common, #{ groupDescription: "é" });
let group = ec2_security_group("g", more);
group.add_ingress(#{
    ipProtocol: "tcp",
    cidrIp: "0.0.0.0/0/0",
});
group.allow_from("10.0.0.0/8", 70000);
let task = ecs_task_definition("t", #{});
let container = task.add_container("c", #{ image: 1, cpus: 3 });
container.add_port_mappings([#{ containerPort: "x" }]);
group.add_container("d", #{});
group.tags = [];
"#;
    insta::assert_snapshot!(script(source).mistakes(), @r#"
    main.rhai:1:44+1 `tags[0].value` is a list, not a string | not a string
    main.rhai:2:47+4 `groupDescription` cannot be `é` | not of the right form ? it takes letters, digits, spaces and ._-:/()#,@[]+=&;{}!$*
    main.rhai:6:13+13 `securityGroupIngress[0].cidrIp`: `0.0.0.0/0/0` is not an IPv4 network | not a network ? such as `10.0.0.0/16`
    main.rhai:8:32+5 a port is a number from 0 to 65535, or a range such as "5701-5708"
    main.rhai:10:54+4 `containerDefinitions[0]` has no property `cpus` | not a property ? did you mean `cpu`?
    main.rhai:11:48+3 `containerDefinitions[0].portMappings[0].containerPort` is a string, not a whole number | not a whole number
    main.rhai:12:7+13 ec2_security_group has no `add_container`: it has no `containerDefinitions` | not a method of it
    main.rhai:13:7+4 `tags` of ec2_security_group.g cannot be set afterwards ? write it where the resource is declared
    "#);
}

#[test]
fn cycles_and_dangling_references() {
    let source = r#"let one = ec2_security_group("one", #{ groupDescription: "1" });
let two = ec2_security_group("two", #{ groupDescription: "2" });
one.allow_from(two, 80);
two.allow_from(one, 80);
ecs_cluster("c", #{}, #{ dependsOn: ["ec2_security_group.on", "nonsense"], timeouts: #{ create: "20", updat: "1m" } });
"#;
    insta::assert_snapshot!(script(source).mistakes(), @r#"
    main.rhai:1:11+18 these need each other: ec2_security_group.one → ec2_security_group.two → ec2_security_group.one | needs itself ? put one of the rules in a resource of its own: ec2_security_group_ingress
    main.rhai:5:37+1 nothing declares `ec2_security_group.on` | needs what is not declared ? did you mean `ec2_security_group.one`?
    main.rhai:5:63+10 `nonsense` is not an address: write kind.name, such as ecs_cluster.main
    main.rhai:5:97+4 the timeout `create` is not a length of time ? such as "90s", "20m" or "1h"
    main.rhai:5:103+5 there is no timeout `updat` ? did you mean `update`?
    "#);
}

#[test]
fn what_ends_a_script_is_told_with_its_callers() {
    let thrown = r#"fn inner(x) {
    throw "no " + x;
}
fn outer(x) { inner(x) }
ecs_cluster("c", #{ clusterNam: "x" });
outer("good");
"#;
    insta::assert_snapshot!(script(thrown).mistakes(), @r"
    main.rhai:2:5+5 no good < main.rhai:4:15+5 < main.rhai:6:1+5
    main.rhai:5:21+10 ecs_cluster has no property `clusterNam` | not a property ? did you mean `clusterName`?
    ");
    insta::assert_snapshot!(script("let a = #{ b: 1 };\nlet c = a.d;").mistakes(), @r#"main.rhai:2:11+1 the map has no `d` | not there ? ask for it with a default: `.get("d") ?? …`"#);
    insta::assert_snapshot!(script("let a = 1;\nfoo(a, \"x\");").mistakes(), @"main.rhai:2:1+3 there is no function `foo (number, string)` | not a function");
    insta::assert_snapshot!(script("ec2_vpc(#{});").mistakes(), @r#"main.rhai:1:1+7 `ec2_vpc (map)` cannot be called | not how a builder is called ? write ec2_vpc("name", #{ … }), and options in a third place"#);
    insta::assert_snapshot!(script("let a = b + 1;").mistakes(), @"main.rhai:1:9+1 there is no variable `b` | not defined");
    insta::assert_snapshot!(script("let a = 'abc';").mistakes(), @"main.rhai:1:9+1 'abc' is not a character ? texts are in double quotes, or in backticks to put values into them");
    insta::assert_snapshot!(script("let a = #{ b: 1, b: 2 };").mistakes(), @"main.rhai:1:18+1 the map has `b` twice | again");
    insta::assert_snapshot!(script("let a = [1, 2;").mistakes(), @"main.rhai:1:14+1 expecting ',' to separate the items of this array literal");
    insta::assert_snapshot!(script("fn network(x) { x }\nnetwork(1);").mistakes(), @"main.rhai:1:4+7 the script defines a function `network`, which the language has already ? give it another name, such as `my_network`");
    insta::assert_snapshot!(script("let v = ec2_vpc(\"v\", #{ cidrBlock: \"10.0.0.0/16\" });\nv.add_polcy(1);").mistakes(), @"main.rhai:2:3+9 there is no function `add_polcy (resource, number)` | not a function ? did you mean `add_to_policy`?");
}

#[test]
fn references_are_not_taken_apart() {
    let source =
        |expression: &str| format!("let v = ec2_vpc(\"v\", #{{ cidrBlock: \"10.0.0.0/16\" }});\nlet x = {expression};");
    insta::assert_snapshot!(script(&source("v.vpcId == \"vpc-1\"")).mistakes(), @"main.rhai:2:17+1 `(ec2_vpc.v.vpcId)` is not known before it is made, so it cannot be compared or taken apart");
    insta::assert_snapshot!(script(&source("v.vpcId.len()")).mistakes(), @"main.rhai:2:17+3 `(ec2_vpc.v.vpcId)` is not known before it is made, so it cannot be compared or taken apart");
    insta::assert_snapshot!(script(&source("secret(\"x\").to_upper()")).mistakes(), @"main.rhai:2:21+8 `(secret)` is secret, so it cannot be compared or taken apart");
    insta::assert_snapshot!(script(&source("parse_json(secret(\"5\"))")).mistakes(), @"main.rhai:2:9+10 `(secret)` is secret, so it cannot be compared or taken apart");
    let known = source("v.cidrBlock == \"10.0.0.0/16\"") + "output(\"same\", x);";
    assert_eq!(script(&known).output("same"), crate::model::Value::Bool(true));
}

#[test]
fn wrong_arguments_are_told_with_the_right_ones() {
    insta::assert_snapshot!(script("input(5);").mistakes(), @r#"main.rhai:1:1+5 `input (number)` cannot be called: other arguments are wanted ? write input("name"), or input("name", default)"#);
    let source = "let g = ec2_security_group(\"g\", #{ groupDescription: \"d\" });\ng.allow_from(g);";
    insta::assert_snapshot!(script(source).mistakes(), @r#"main.rhai:2:3+10 `allow_from (resource, resource)` cannot be called: other arguments are wanted ? write group.allow_from(group or "10.0.0.0/16", 5701), and a description in a third place"#);
}

#[test]
fn what_ecs_refuses_of_names_and_disks_is_told_before() {
    let source = r#"ecs_cluster("a", #{ clusterName: "with space" });
let task = fargate_task_definition(#{ name: "t", family: "with.dot", ephemeralStorageGiB: 20 });
task.add_container("db", #{ image: "nginx:1.27" });
task.add_container("db", #{ image: "nginx:1.28" });
task.add_container("d b", #{ image: "nginx:1.27" });
hazelcast_cluster(#{ name: "h", serviceName: "a b" });
"#;
    insta::assert_snapshot!(script(source).mistakes(), @r"
    main.rhai:1:34+12 `clusterName` cannot be `with space` | not of the right form ? it takes a name of 1 to 255 letters, digits, - and _
    main.rhai:2:12+23 Fargate has no disks of 20 GiB for tasks | not a size of Fargate ? it offers 21 to 200 GiB, and 20 when nothing is said
    main.rhai:2:58+10 `family` cannot be `with.dot` | not of the right form ? it takes a name of 1 to 255 letters, digits, - and _
    main.rhai:4:26+2 two containers of the task definition have the name `db` | again ? give one of them another name
    main.rhai:5:27+2 `name` cannot be `d b` | not of the right form ? it takes a name of 1 to 255 letters, digits, - and _
    main.rhai:6:46+5 `serviceName` cannot be `a b` | not of the right form ? it takes a name of 1 to 255 letters, digits, - and _
    ");
}
