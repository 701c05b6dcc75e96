//! Checks declarations against the schemas: [`check`] finds everything wrong with one, and answers its properties as AWS
//! is to get them. Pure: it knows values and schemas, not scripts.

mod actions;
mod fargate;
mod graph;
mod images;
mod names;
mod networks;
mod owners;
mod policies;
mod scalar;
mod secret;
mod service;
mod structure;

use std::collections::BTreeMap;

use super::session::Mistake;
use super::spans::Aim;
use crate::model::{KindSchema, PropertyPath, Value};

pub(super) use graph::{cycle, dangling};
pub(super) use networks::{Network, networks};
pub(super) use owners::owners;

/// Something wrong in a declaration.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Finding {
    /// Where in the properties.
    pub(super) path: PropertyPath,
    /// Whether the key is wrong, or what stands under it.
    pub(super) aim: Aim,
    /// What is wrong.
    pub(super) mistake: Mistake,
}

/// What the check of one declaration gives.
#[derive(Debug, Default)]
pub(super) struct Checked {
    /// Properties in the types the schema asks for, absent ones left out.
    pub(super) properties: BTreeMap<String, Value>,
    /// Everything wrong.
    pub(super) findings: Vec<Finding>,
    /// What is allowed but on its way out, or hardly meant.
    pub(super) warnings: Vec<Finding>,
}

/// Checks the properties of one declaration.
pub(super) fn check(schema: &KindSchema, properties: &BTreeMap<String, Value>) -> Checked {
    let mut checker = Checker { schema, findings: Vec::new(), warnings: Vec::new() };
    let mut properties = checker.object(properties, &schema.shape, &PropertyPath::whole());
    match schema.type_name.as_str() {
        "AWS::ECS::TaskDefinition" => {
            names::check("family", &properties, &mut checker);
            names::of_containers(&properties, &mut checker);
            images::check(&properties, &mut checker);
            fargate::check(&mut properties, &mut checker);
        }
        "AWS::ECS::Cluster" => names::check("clusterName", &properties, &mut checker),
        "AWS::ECS::Service" => {
            names::check("serviceName", &properties, &mut checker);
            service::check(&properties, &mut checker);
        }
        "AWS::IAM::Role" => policies::of_role(&properties, &mut checker),
        "AWS::IAM::ManagedPolicy" | "AWS::IAM::Policy" | "AWS::IAM::RolePolicy" => {
            policies::of_policy(&properties, &mut checker);
        }
        "AWS::SecretsManager::Secret" => secret::check(&properties, &mut checker),
        _ => {}
    }
    Checked { properties, findings: checker.findings, warnings: checker.warnings }
}

struct Checker<'a> {
    schema: &'a KindSchema,
    findings: Vec<Finding>,
    warnings: Vec<Finding>,
}

impl Checker<'_> {
    fn key(&mut self, path: &PropertyPath, mistake: Mistake) {
        self.findings.push(Finding { path: path.clone(), aim: Aim::Key, mistake });
    }

    fn value(&mut self, path: &PropertyPath, mistake: Mistake) {
        self.findings.push(Finding { path: path.clone(), aim: Aim::Value, mistake });
    }
}

/// What a value is, in words.
pub(super) fn describe(value: &Value) -> &'static str {
    match value {
        Value::Null => "nothing",
        Value::Bool(_) => "true or false",
        Value::Int(_) => "a whole number",
        Value::Float(_) => "a number",
        Value::String(_) | Value::Template(_) | Value::Secret(_) => "a string",
        Value::List(_) => "a list",
        Value::Map(_) => "a map",
        Value::Ref(_) => "a reference",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Json, schemas};

    fn findings(type_name: &str, properties: Json) -> Vec<String> {
        let schema = schemas().by_type(type_name).expect("the kind is there");
        let Value::Map(properties) = Value::from_json(&properties) else { panic!("an object") };
        let found = check(schema, &properties).findings;
        found.into_iter().map(|finding| format!("{}: {}", finding.path, finding.mistake.message)).collect()
    }

    #[test]
    fn numbers_and_texts_become_what_the_schema_says() {
        let schema = schemas().by_type("AWS::ECS::TaskDefinition").expect("the kind is there");
        let Value::Map(properties) = Value::from_json(&serde_json::json!({
            "requiresCompatibilities": ["FARGATE"], "networkMode": "awsvpc", "cpu": "1 vCPU", "memory": 2048,
            "containerDefinitions": [{ "name": "a", "image": "b", "portMappings": [{ "containerPort": "5701" }] }],
        })) else {
            panic!("an object")
        };
        let checked = check(schema, &properties);
        assert_eq!(checked.findings, []);
        let properties = serde_json::to_string(&checked.properties).expect("it is JSON");
        insta::assert_snapshot!(properties, @r#"{"containerDefinitions":[{"image":"b","name":"a","portMappings":[{"containerPort":5701}]}],"cpu":"1024","memory":"2048","networkMode":"awsvpc","requiresCompatibilities":["FARGATE"]}"#);
    }

    #[test]
    fn sizes_are_those_fargate_offers() {
        let base = |cpu: Json, memory: Json| {
            let container = serde_json::json!([{ "name": "a", "image": "b" }]);
            let properties = serde_json::json!({
                "requiresCompatibilities": ["FARGATE"], "networkMode": "awsvpc", "cpu": cpu, "memory": memory,
                "containerDefinitions": container,
            });
            findings("AWS::ECS::TaskDefinition", properties).join("\n")
        };
        insta::assert_snapshot!(base(256.into(), 4096.into()), @"memory: Fargate has no 4096 MiB for tasks of 256 CPU units");
        insta::assert_snapshot!(base(300.into(), 512.into()), @"cpu: Fargate has no tasks of 300 CPU units");
        insta::assert_snapshot!(base(Json::Null, 512.into()), @": a task definition for Fargate needs `cpu`");
    }

    #[test]
    fn services_need_what_aws_asks_for() {
        let found = |properties: Json| findings("AWS::ECS::Service", properties).join("\n");
        insta::assert_snapshot!(found(serde_json::json!({ "launchType": "FARGATE", "desiredCount": -1 })), @r"
        desiredCount: `desiredCount` is -1, not 0 or more
        : a service needs `taskDefinition`
        : a service on Fargate needs `networkConfiguration`
        ");
        assert_eq!(found(serde_json::json!({ "deploymentController": { "type": "EXTERNAL" } })), "");
    }

    #[test]
    fn ports_are_ports() {
        let found = |port: i64| {
            let container =
                serde_json::json!({ "name": "a", "image": "b", "portMappings": [{ "containerPort": port }] });
            findings("AWS::ECS::TaskDefinition", serde_json::json!({ "containerDefinitions": [container] })).join("\n")
        };
        assert_eq!([found(0), found(65535)], ["", ""]);
        insta::assert_snapshot!(found(65536), @"containerDefinitions[0].portMappings[0].containerPort: `containerDefinitions[0].portMappings[0].containerPort` is 65536, not 0 to 65535");
    }

    #[test]
    fn alternatives_and_exclusions_are_told_by_name() {
        let found = [
            findings("AWS::EC2::VPC", serde_json::json!({})),
            findings(
                "AWS::EC2::Subnet",
                serde_json::json!({ "vpcId": "vpc-12345678", "cidrBlock": "10.0.0.1/24",
                "availabilityZone": "a", "availabilityZoneId": "b" }),
            ),
            findings("AWS::IAM::Policy", serde_json::json!({ "policyName": "p", "policyDocument": {} })),
            findings(
                "AWS::ECS::Cluster",
                serde_json::json!({ "configuration": { "executeCommandConfiguration": { "kmsKeyId": "no key" } } }),
            ),
            findings(
                "AWS::CloudWatch::Alarm",
                serde_json::json!({ "comparisonOperator": "GreaterThanThreshold",
                    "evaluationWindow": { "wallClockWindow": {}, "slidingWindow": {} } }),
            ),
            findings(
                "AWS::EC2::SecurityGroup",
                serde_json::json!({ "groupDescription": "d", "securityGroupIngress": [
                { "ipProtocol": "tcp", "sourceSecurityGroupId": "self", "cidrIp": "0.0.0.0/0" },
                { "ipProtocol": "tcp", "sourceSecurityGroupId": "other" },
            ] }),
            ),
        ];
        insta::assert_snapshot!(found.concat().join("\n"), @r"
        : ec2_vpc needs `cidrBlock` or `ipv4IpamPoolId`
        cidrBlock: `cidrBlock`: `10.0.0.1/24` has bits beyond its prefix
        availabilityZoneId: ec2_subnet takes `availabilityZone` or `availabilityZoneId`, not both
        : iam_policy needs `users`, `groups` or `roles`
        configuration.executeCommandConfiguration.kmsKeyId: `configuration.executeCommandConfiguration.kmsKeyId` cannot be `no key`
        evaluationWindow.slidingWindow: `evaluationWindow` takes only one of `wallClockWindow` and `slidingWindow`
        : cloudwatch_alarm needs `metrics`, `metricName` or `evaluationCriteria`
        securityGroupIngress[0].sourceSecurityGroupId: `securityGroupIngress[0]` takes only one of `cidrIp` and `sourceSecurityGroupId`
        securityGroupIngress[1].sourceSecurityGroupId: `securityGroupIngress[1].sourceSecurityGroupId` cannot be `other`
        ");
    }
}
