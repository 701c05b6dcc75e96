//! `aws_resource`: what it declares, and where what is wrong in it is told.

use super::{script, shown};

#[test]
fn a_type_with_a_builder_becomes_what_that_makes() {
    let source = r#"
let one = ec2_vpc("one", #{ cidrBlock: "10.0.0.0/16", tags: [#{ key: "a", value: "b" }] });
let other = aws_resource("AWS::EC2::VPC", "other", #{ CidrBlock: "10.0.0.0/16", Tags: [#{ Key: "a", Value: "b" }] });
"#;
    let script = script(source);
    assert_eq!(script.properties("ec2_vpc.one"), script.properties("ec2_vpc.other"));
}

#[test]
fn properties_may_be_written_as_cloudformation_writes_them() {
    let source = r#"
aws_resource("AWS::Lambda::Function", "one", #{
    role: "arn:aws:iam::123456789012:role/a", code: #{ s3Bucket: "code", s3Key: "k" },
    environment: #{ variables: #{ Some_Name: "x", other: "y" } },
});
aws_resource("AWS::Lambda::Function", "other", #{
    Role: "arn:aws:iam::123456789012:role/a", Code: #{ S3Bucket: "code", s3Key: "k" },
    Environment: #{ Variables: #{ Some_Name: "x", other: "y" } },
});
"#;
    let script = script(source);
    assert_eq!(script.properties("lambda_function.one"), script.properties("lambda_function.other"));
}

#[test]
fn attributes_are_those_of_the_schema() {
    let source = r#"
let topic = aws_resource("AWS::SNS::Topic", "a", #{ topicName: "alerts", fifoTopic: false });
output("told", `${topic.topicArn} ${topic.fifoTopic} ${topic.address}`);
"#;
    let told = serde_json::to_string(&script(source).output("told")).expect("it is JSON");
    assert!(told.contains("topicArn") && told.contains("false sns_topic.a"), "{told}");
}

#[test]
fn of_a_type_that_is_not_known_everything_passes_as_written() {
    let source = r#"
let thing = aws_resource("AWS::NotYet::Thing", "a", #{ SomeName: "x", Inner: #{ a: 1, B: 2 } }, #{ ignoreChanges: "Tags" });
output("arn", thing.AnyArn);
"#;
    let script = script(source);
    let evaluated = script.program();
    assert_eq!(
        shown(&evaluated.warnings),
        "main.rhai:2:26+20 this version does not know AWS::NotYet::Thing: AWS alone judges its properties | not known \
         ? did you mean `AWS::IoT::Thing`?"
    );
    assert_eq!(evaluated.program.resources[0].address.to_string(), "AWS::NotYet::Thing.a");
    insta::assert_snapshot!(script.properties("AWS::NotYet::Thing.a"), @r#"
    {
      "Inner": {
        "B": 2,
        "a": 1
      },
      "SomeName": "x"
    }
    "#);
}

#[test]
fn what_is_wrong_is_told_where_it_stands() {
    let source = r##"let t = aws_resource("AWS::SNS::Topik", "a", #{ displayName: "x" });
let u = aws_resource("AWS::SNS::Topic", "b", #{ DisplayNam: "x", Subscription: [#{ Endpoint: 1, Protocl: "sqs" }] });
let v = aws_resource("AWS::Sns::Topic", "c", #{});
let w = aws_resource("SNS topic", "d");
let x = sns_topic("e", #{});
let y = aws_resource("AWS::SNS::Topic", "f", #{ topicArn: "x", TopicName: "a", topicName: "b" });
let z = aws_resource("AWS::EC2::VPC", "g", #{ CidrBlock: "10.0.0.0/8" });
let q = aws_resource("AWS::S3::Bucket", "h", #{}, #{ protekt: true });
let r = aws_resource(z.vpcId, "i", #{});
let s = aws_resource("AWS::S3::Bucket", "j j", #{});
"##;
    insta::assert_snapshot!(script(source).mistakes(), @"
    main.rhai:1:49+11 the properties of AWS::SNS::Topik are not known: `displayName` may stand for several | not CloudFormation's name ? did you mean `AWS::SNS::Topic`? if not, write it as CloudFormation's documentation does, such as `DisplayName`
    main.rhai:2:49+10 sns_topic has no property `DisplayNam` | not a property ? did you mean `displayName`?
    main.rhai:2:81+2 `subscription[0]` needs `protocol` | `protocol` is missing
    main.rhai:2:97+7 `subscription[0]` has no property `Protocl` | not a property ? did you mean `protocol`?
    main.rhai:3:22+17 there is no type AWS::Sns::Topic | not a type ? did you mean `AWS::SNS::Topic`?
    main.rhai:4:22+11 `SNS topic` is not the name of a type | not a type ? did you mean `AWS::SNS::Topic`?
    main.rhai:5:9+9 there is no kind `sns_topic` | not a kind ? of what has no builder, write the type: aws_resource(\"AWS::SNS::Topic\", \"name\", #{ … })
    main.rhai:6:49+8 `topicArn` of sns_topic is read-only | AWS sets this
    main.rhai:6:80+9 `topicName` is there twice, also as CloudFormation writes it | again
    main.rhai:7:58+12 `cidrBlock` is a /8 | too large or too small ? VPCs and subnets are from /16 to /28
    main.rhai:8:54+7 there is no option `protekt` | not an option ? did you mean `protect`?
    main.rhai:9:22+1 the type of a resource must be known before anything is made | not known yet
    main.rhai:10:41+5 `j j` is not a name: 1 to 128 letters, digits, `-`, `_`, `/` or `.`, starting with a letter or digit | not a name ? the name of the declaration is not the name in AWS: that is a property
    ");
}
