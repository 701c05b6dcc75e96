//! What a script can say.

use std::fs;

use super::{script, shown};
use crate::model::{Secret, Value};

#[test]
fn references_survive_interpolation() {
    let source = r#"
let vpc = ec2_vpc("v", #{ cidrBlock: "10.0.0.0/16" });
let cluster = ecs_cluster("c", #{ clusterName: "c" });
output("alone", vpc.vpcId);
output("id", `${vpc}`);
output("within", `a ${vpc.vpcId} b` + cluster.arn);
output("list", `${[vpc.vpcId, 1]}`);
output("json", json(#{ vpc: vpc.vpcId, n: 1.5, no: () }));
output("known", `${vpc.cidrBlock}`);
output("named", cluster.name);
output("clusterName", cluster.clusterName);
output("resource", cluster);
output("address", cluster.address);
"#;
    let outputs = serde_json::to_string_pretty(&script(source).program().program.outputs).expect("JSON");
    insta::assert_snapshot!(outputs, @r#"
    {
      "address": "ecs_cluster.c",
      "alone": {
        "$ref": "ec2_vpc.v#vpcId"
      },
      "clusterName": {
        "$ref": "ecs_cluster.c#clusterName"
      },
      "id": {
        "$ref": "ec2_vpc.v#id"
      },
      "json": {
        "$template": [
          "{\"n\":1.5,\"no\":null,\"vpc\":\"",
          {
            "$ref": "ec2_vpc.v#vpcId"
          },
          "\"}"
        ]
      },
      "known": "10.0.0.0/16",
      "list": {
        "$template": [
          "[\"",
          {
            "$ref": "ec2_vpc.v#vpcId"
          },
          "\", 1]"
        ]
      },
      "named": {
        "$ref": "ecs_cluster.c#name"
      },
      "resource": {
        "$ref": "ecs_cluster.c#id"
      },
      "within": {
        "$template": [
          "a ",
          {
            "$ref": "ec2_vpc.v#vpcId"
          },
          " b",
          {
            "$ref": "ecs_cluster.c#arn"
          }
        ]
      }
    }
    "#);
}

#[test]
fn secrets_are_neither_printed_nor_stored() {
    let source = r#"
let password = secret(input("password", "abc"));
print(`it is ${password}`);
output("url", `redis://${password}@host`);
output("plain", password);
"#;
    let script = script(source);
    let program = script.program().program;
    let stored = serde_json::to_string_pretty(&program).expect("JSON");
    assert!(!stored.contains("abc"));
    insta::assert_snapshot!(stored, @r#"
    {
      "resources": [],
      "outputs": {
        "plain": {
          "$secret": "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        },
        "url": {
          "$template": [
            "redis://",
            {
              "$secret": "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
            },
            "@host"
          ]
        }
      },
      "inputs": {
        "password": {
          "$secret": "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        }
      }
    }
    "#);
    assert_eq!(*script.printed.lock().expect("not poisoned"), ["3: it is (secret)"]);
}

#[test]
fn json_with_a_secret_in_it_is_json_whatever_the_secret_has_in_it() {
    let source = r#"
let password = secret(input("password", "abc"));
output("once", json(#{ p: password, q: [`<${password}>`], vpc: ec2_vpc("v", #{ cidrBlock: "10.0.0.0/16" }).vpcId }));
output("twice", json(#{ within: json(#{ p: password }) }));
output("plain", `${password}`);
"#;
    for password in ["abc", "a\"b\\c", "\\", "\"", "\n\u{1}\u{7f}é\u{2028}", "${x}", "\",\"admin\":\"yes"] {
        let script = script(source).set("password", password);
        let known = |name: &str| match script.output(name).resolve(&|_| Some("vpc-1".into())) {
            Value::Secret(Secret::Clear(text)) => text,
            other => panic!("not secret: {other:?}"),
        };
        let read = |text: &str| serde_json::from_str::<crate::model::Json>(text).expect(text);
        let expected = serde_json::json!({ "p": password, "q": [format!("<{password}>")], "vpc": "vpc-1" });
        assert_eq!(read(&known("once")), expected);
        let within = read(&known("twice"))["within"].as_str().expect("a text").to_owned();
        assert_eq!(read(&within), serde_json::json!({ "p": password }));
        assert_eq!(known("plain"), password);
    }
}

#[test]
fn options_are_read() {
    let source = r#"
let vpc = ec2_vpc("v", #{ cidrBlock: "10.0.0.0/16" }, #{
    protect: true, retain: true, ignoreChanges: ["tags"], replaceOn: [1, "a"], aliases: ["ec2_vpc.old"],
    timeouts: #{ create: "20m", update: "90s", delete: "1h" }, id: "vpc-12345678",
});
ecs_cluster("c", #{}, #{ dependsOn: [vpc, "ec2_vpc.v"] });
"#;
    let program = script(source).program().program;
    let options: Vec<_> = program.resources.iter().map(|resource| &resource.options).collect();
    insta::assert_snapshot!(serde_json::to_string_pretty(&options).expect("JSON"), @r#"
    [
      {
        "dependsOn": [],
        "protect": true,
        "retain": true,
        "ignoreChanges": [
          "tags"
        ],
        "replaceOn": [
          1,
          "a"
        ],
        "aliases": [
          "ec2_vpc.old"
        ],
        "timeouts": {
          "create": {
            "secs": 1200,
            "nanos": 0
          },
          "update": {
            "secs": 90,
            "nanos": 0
          },
          "delete": {
            "secs": 3600,
            "nanos": 0
          }
        },
        "id": "vpc-12345678"
      },
      {
        "dependsOn": [
          "ec2_vpc.v"
        ],
        "protect": null,
        "retain": false,
        "ignoreChanges": [],
        "replaceOn": [],
        "aliases": [],
        "timeouts": {
          "create": null,
          "update": null,
          "delete": null
        },
        "id": null
      }
    ]
    "#);
}

#[test]
fn policies_are_collected() {
    let source = r#"
let role = iam_role("r", #{ assumeRolePolicyDocument: assume_role(["a.amazonaws.com", "b.amazonaws.com"]) });
role.add_to_policy(policy_statement(#{ actions: "s3:*", resources: "*", effect: "Deny" }));
role.add_to_policy(#{ actions: ["s3:Get"], resources: role.arn + "/*" });
role.attach_managed_policy("service-role/X");
role.attach_managed_policy("AmazonECSTaskExecutionRolePolicy");
role.attach_managed_policy("arn:aws:iam::123456789012:policy/own");
"#;
    // A role that names itself in its own policy needs itself.
    insta::assert_snapshot!(script(source).mistakes(), @"main.rhai:2:12+8 these need each other: iam_role.r → iam_role.r | needs itself ? leave one of the references out");
    insta::assert_snapshot!(script(&source.replace("role.arn + \"/*\"", "\"*\"")).properties("iam_role.r"), @r#"
    {
      "assumeRolePolicyDocument": {
        "Statement": [
          {
            "Action": "sts:AssumeRole",
            "Effect": "Allow",
            "Principal": {
              "Service": [
                "a.amazonaws.com",
                "b.amazonaws.com"
              ]
            }
          }
        ],
        "Version": "2012-10-17"
      },
      "managedPolicyArns": [
        "arn:aws:iam::aws:policy/service-role/X",
        "arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy",
        "arn:aws:iam::123456789012:policy/own"
      ],
      "policies": [
        {
          "policyDocument": {
            "Statement": [
              {
                "Action": [
                  "s3:*"
                ],
                "Effect": "Deny",
                "Resource": [
                  "*"
                ]
              },
              {
                "Action": [
                  "s3:Get"
                ],
                "Effect": "Allow",
                "Resource": [
                  "*"
                ]
              }
            ],
            "Version": "2012-10-17"
          },
          "policyName": "default"
        }
      ]
    }
    "#);
}

#[test]
fn reserved_words_are_names_and_text_is_printed_with_its_line() {
    let source =
        "let m = #{ default: 1, public: 2, module: 3, new: 4, with: 5 };\nprint(m.default + m.with);\nprint(m);";
    let script = script(source);
    script.program();
    let printed = script.printed.lock().expect("not poisoned").join("\n");
    insta::assert_snapshot!(printed, @r#"
    2: 6
    3: #{"default": 1, "module": 3, "new": 4, "public": 2, "with": 5}
    "#);
}

#[test]
fn sorting_and_looking_up() {
    let source = r#"
output("sorted", [3, 1, 2].order(|a, b| b - a));
output("natural", { let x = ["b", "a"]; x.sort(); x });
output("zones", availability_zones());
output("me", caller_identity());
output("region", region());
output("subnets", cidr_subnets("10.0.0.0/16", 8, 2));
output("pattern", cidr_pattern("10.0.16.0/20"));
output("merged", merge(#{ a: #{ b: 1, c: 2 } }, #{ a: #{ c: 3 }, d: 4 }));
output("parsed", parse_json(`{"a": [1, null, 2.5]}`));
"#;
    let outputs = serde_json::to_string(&script(source).program().program.outputs).expect("JSON");
    insta::assert_snapshot!(outputs, @r#"{"me":{"account":"123456789012","region":"eu-west-1"},"merged":{"a":{"b":1,"c":3},"d":4},"natural":["a","b"],"parsed":{"a":[1,null,2.5]},"pattern":"10.0.16-31.*","region":"eu-west-1","sorted":[3,2,1],"subnets":["10.0.0.0/24","10.0.1.0/24"],"zones":["eu-west-1a","eu-west-1b","eu-west-1c"]}"#);
}

#[test]
fn double_quotes_with_a_placeholder_are_warned_of() {
    let evaluated = script("let a = 1;\nprint(\"${a}\");\nprint(`${a}`);\nlet b = \"${aws:username}\";").program();
    insta::assert_snapshot!(shown(&evaluated.warnings), @"main.rhai:2:7+6 a text in double quotes is taken as it stands, `${` and all | as it stands ? write it in backticks to have values put in");
}

#[test]
fn a_script_can_warn_without_failing() {
    let evaluated =
        script("for n in 0..2 {\n  warn((), \"alone\", \"set more\");\n}\nwarn(\"cpu\", \"small\");").program();
    insta::assert_snapshot!(shown(&evaluated.warnings), @r"
    main.rhai:2:3+4 alone ? set more
    main.rhai:4:1+4 small
    ");
}

#[test]
fn imports_are_relative_and_confined() {
    let folder = tempfile::tempdir().expect("a folder");
    let root = folder.path().join("project");
    fs::create_dir_all(root.join("lib")).expect("made");
    let write = |name: &str, text: &str| fs::write(root.join(name), text).expect("written");
    fs::write(folder.path().join("outside.rhai"), "fn f() { 1 }").expect("written");
    write("lib/one.rhai", "import \"two\" as two;\nfn make(name) { two::cluster(name) }");
    write("lib/two.rhai", "fn cluster(name) {\n    ecs_cluster(name, #{ clusterName: name })\n}");
    write("lib/bad.rhai", "fn cluster(name) {\n    ecs_cluster(name, #{ clusterNam: name })\n}");
    write("lib/broken.rhai", "fn cluster(name) {");
    write("lib/a.rhai", "import \"b\" as b;");
    write("lib/b.rhai", "import \"a\" as a;");
    let run = |source: &str| {
        let mut script = script(source);
        script.root = Some(root.clone());
        script
    };
    let good = run("import \"lib/one\" as one;\noutput(\"c\", one::make(\"x\").clusterName);").program();
    assert_eq!(good.program.resources.len(), 1);
    assert_eq!(good.program.resources[0].source.file, "lib/two.rhai");
    let mistakes: Vec<String> = [
        "import \"lib/bad\" as bad;\nbad::cluster(\"x\");",
        "import \"lib/broken\" as broken;",
        "import \"lib/a\" as a;",
        "import \"../outside\" as outside;",
        "import \"lib/../../outside\" as outside;",
        "import \"/etc/passwd\" as outside;",
        "import \"lib/absent\" as absent;",
    ]
    .map(|source| run(source).mistakes())
    .to_vec();
    insta::assert_snapshot!(mistakes.join("\n"), @r"
    lib/bad.rhai:2:26+10 ecs_cluster has no property `clusterNam` | not a property ? did you mean `clusterName`?
    lib/broken.rhai:1:19+0 expecting '}' to terminate this block < main.rhai:1:8+12
    lib/b.rhai:1:8+3 files import each other: lib/a.rhai → lib/b.rhai → lib/a.rhai < lib/a.rhai:1:8+3 < main.rhai:1:8+7
    main.rhai:1:8+12 `../outside` is outside of the folder that imports are confined to
    main.rhai:1:8+19 `lib/../../outside` is outside of the folder that imports are confined to
    main.rhai:1:8+13 `/etc/passwd` is outside of the folder that imports are confined to
    main.rhai:1:8+12 cannot import `lib/absent`: there is no such file
    ");
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink(folder.path().join("outside.rhai"), root.join("link.rhai")).expect("linked");
        insta::assert_snapshot!(run("import \"link\" as link;").mistakes(), @"main.rhai:1:8+6 `link` is outside of the folder that imports are confined to");
    }
    insta::assert_snapshot!(script("import \"lib/one\" as one;").mistakes(), @"main.rhai:1:8+9 this script may not import files");
}

#[test]
fn resources_stand_for_what_the_property_asks_for() {
    let source = r#"
let net = network(#{ natGateways: 0 });
let address = ec2_eip("e", #{});
ec2_nat_gateway("n", #{ subnetId: net.publicSubnets[0], allocationId: address });
let role = iam_role("r", #{ assumeRolePolicyDocument: assume_role("ecs-tasks.amazonaws.com") });
ecs_task_definition("t", #{ taskRoleArn: role, containerDefinitions: [#{ name: "a", image: "b" }] });
"#;
    insta::assert_snapshot!(script(source).properties("ec2_nat_gateway.n"), @r#"
    {
      "allocationId": {
        "$ref": "ec2_eip.e#allocationId"
      },
      "subnetId": {
        "$ref": "ec2_subnet.network-public-1#subnetId"
      }
    }
    "#);
    insta::assert_snapshot!(script(source).properties("ecs_task_definition.t"), @r#"
    {
      "containerDefinitions": [
        {
          "image": "b",
          "name": "a"
        }
      ],
      "taskRoleArn": {
        "$ref": "iam_role.r#arn"
      }
    }
    "#);
}

#[test]
fn nothing_is_reached_that_is_not_granted() {
    let said = ["eval(\"1\");", "sleep(1);", "timestamp();", "exit();", "blob(1000000000);", "rand();"]
        .map(|source| script(source).mistakes());
    insta::assert_snapshot!(said.join("\n"), @r"
    main.rhai:1:1+4 reserved keyword 'eval' is disabled
    main.rhai:1:1+5 there is no function `sleep (number)` | not a function
    main.rhai:1:1+9 there is no function `timestamp ()` | not a function
    main.rhai:1:1+4 there is no function `exit ()` | not a function
    main.rhai:1:1+4 there is no function `blob (number)` | not a function
    main.rhai:1:1+4 there is no function `rand ()` | not a function
    ");
}

#[test]
fn maps_take_new_keys() {
    let output = script("let m = #{};\nm.a = 1;\nm[\"b\"] = 2;\noutput(\"m\", m);").output("m");
    assert_eq!(serde_json::to_string(&output).expect("JSON"), r#"{"a":1,"b":2}"#);
}

#[test]
fn outputs_keep_types() {
    assert_eq!(script("output(\"n\", 1.5);").output("n"), Value::Float(1.5));
    assert_eq!(
        script("output(\"n\", [1, true, ()]);").output("n"),
        Value::List(vec![Value::Int(1), Value::Bool(true), Value::Null,])
    );
}

#[test]
fn the_mark_some_editors_begin_files_with_is_no_part_of_the_script() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("part.rhai"), "\u{feff}fn five() { 5 }\r\n").expect("it is written");
    let mut marked = script("\u{feff}import \"part\" as part;\r\noutput(\"five\", part::five());\r\n");
    marked.root = Some(folder.path().to_owned());
    assert_eq!(marked.output("five"), crate::model::Value::Int(5));
    insta::assert_snapshot!(script("\u{feff}nothing;").mistakes(), @"main.rhai:1:1+7 there is no variable `nothing` | not defined");
}
