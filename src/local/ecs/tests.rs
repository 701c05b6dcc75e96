//! Behaviour of ECS through its calls, on a store in memory and a clock that goes from timer to timer.

mod calls;
mod failures;
mod services;

use std::time::Duration;

use jiff::Timestamp;
use serde_json::json;

use crate::local::SERVICES;
use crate::local::service::Fault;
use crate::local::settings::Settings;
use crate::local::store::Store;
use crate::model::Json;

/// An embedded AWS in one region, whose time goes only when told to.
struct Aws {
    store: Store,
    settings: Settings,
    now: Timestamp,
    /// The VPC of [`Aws::with_network`].
    vpc: Json,
}

impl Aws {
    /// An empty one, as slow as AWS.
    fn new() -> Self {
        Self::at_pace(1.0)
    }

    fn at_pace(pace: f64) -> Self {
        let now = "2026-11-24T12:00:00Z".parse().expect("a time");
        let settings = Settings { pace, ..Settings::default() };
        Self { store: Store::in_memory().expect("a store"), settings, now, vpc: Json::Null }
    }

    fn ask(&mut self, service: &str, action: &str, params: Json) -> Result<Json, Fault> {
        let asked = SERVICES.iter().find(|one| one.name() == service).expect("a service");
        let params = params.as_object().expect("a map").clone();
        self.store.transact("eu-west-1", self.now, &self.settings, |tx| asked.call(tx, action, &params))
    }

    /// What ECS answers.
    fn ecs(&mut self, action: &str, params: Json) -> Json {
        self.ask("ecs", action, params).unwrap_or_else(|fault| panic!("{action}: {fault}"))
    }

    /// What ECS refuses with: code and message.
    fn refused(&mut self, action: &str, params: Json) -> (String, String) {
        let fault = self.ask("ecs", action, params).expect_err("refused");
        assert_eq!(fault.status, 400);
        (fault.code, fault.message)
    }

    /// Lets time pass: timers are carried out in their order, each at its own time. Answers how many there were.
    fn pass(&mut self, seconds: u64) -> usize {
        let until = self.now + Duration::from_secs(seconds);
        let mut done = 0;
        loop {
            let taken = self
                .store
                .transact("eu-west-1", until, &self.settings, |tx| -> Result<_, Fault> {
                    let Some((at, region, name, timer)) = tx.take_due()? else { return Ok(false) };
                    (tx.now, tx.region) = (at, region);
                    let service = SERVICES.iter().find(|one| one.name() == name).expect("a service");
                    service.due(tx, &timer)?;
                    Ok(true)
                })
                .expect("a timer");
            if !taken {
                break;
            }
            done += 1;
            assert!(done < 100_000, "timers go on for ever");
        }
        self.now = until;
        done
    }

    fn service(&mut self, name: &str) -> Json {
        let services = self.ecs("DescribeServices", json!({"cluster": "demo", "services": [name]}));
        services["services"][0].clone()
    }

    /// The messages of a service's events, the oldest first, task and deployment ids left out.
    fn events(&mut self, name: &str) -> Vec<String> {
        let ids = regex::Regex::new(r"(ecs-svc/)?[0-9a-f]{19,}").expect("a pattern");
        let service = self.service(name);
        let events = service["events"].as_array().expect("events").iter().rev();
        events.map(|event| ids.replace_all(event["message"].as_str().expect("a text"), "ID").into_owned()).collect()
    }

    /// The tasks of the cluster `demo` that are to run, or have stopped.
    fn tasks(&mut self, desired: &str) -> Vec<Json> {
        let arns = self.ecs("ListTasks", json!({"cluster": "demo", "desiredStatus": desired}))["taskArns"].clone();
        if arns == json!([]) {
            return Vec::new();
        }
        let described = self.ecs("DescribeTasks", json!({"cluster": "demo", "tasks": arns, "include": ["TAGS"]}));
        assert_eq!(described["failures"], json!([]));
        described["tasks"].as_array().expect("tasks").clone()
    }
}

/// What a service needs around it.
impl Aws {
    /// An account with the cluster `demo`, and a VPC with a subnet in each of two zones. Answers a network configuration
    /// of the subnets, with public addresses.
    fn with_network(pace: f64) -> (Self, Json) {
        let mut aws = Self::at_pace(pace);
        aws.ecs("CreateCluster", json!({"clusterName": "demo"}));
        let vpc = aws.ec2("CreateVpc", json!({"CidrBlock": "10.0.0.0/16"}))["vpc"]["vpcId"].clone();
        aws.ec2("ModifyVpcAttribute", json!({"VpcId": vpc, "EnableDnsHostnames": {"Value": "true"}}));
        let gateway = aws.ec2("CreateInternetGateway", json!({}))["internetGateway"]["internetGatewayId"].clone();
        aws.ec2("AttachInternetGateway", json!({"InternetGatewayId": gateway, "VpcId": vpc}));
        let table = aws.ec2("CreateRouteTable", json!({"VpcId": vpc}))["routeTable"]["routeTableId"].clone();
        let route = json!({"RouteTableId": table, "DestinationCidrBlock": "0.0.0.0/0", "GatewayId": gateway});
        aws.ec2("CreateRoute", route);
        let mut subnets = Vec::new();
        for (zone, cidr) in [("eu-west-1a", "10.0.1.0/24"), ("eu-west-1b", "10.0.2.0/24")] {
            let params = json!({"VpcId": vpc, "CidrBlock": cidr, "AvailabilityZone": zone});
            let subnet = aws.ec2("CreateSubnet", params)["subnet"]["subnetId"].clone();
            aws.ec2("AssociateRouteTable", json!({"RouteTableId": table, "SubnetId": subnet}));
            subnets.push(subnet);
        }
        let group = json!({"GroupName": "members", "GroupDescription": "members", "VpcId": vpc});
        let group = aws.ec2("CreateSecurityGroup", group)["groupId"].clone();
        aws.vpc = vpc;
        let configuration = json!({"subnets": subnets, "securityGroups": [group], "assignPublicIp": "ENABLED"});
        (aws, json!({"awsvpcConfiguration": configuration}))
    }

    fn ec2(&mut self, action: &str, params: Json) -> Json {
        self.ask("ec2", action, params).unwrap_or_else(|fault| panic!("{action}: {fault}"))
    }

    /// Makes a Cloud Map service in a private namespace of the VPC, and answers its ARN.
    fn registry(&mut self, namespace: &str, name: &str) -> Json {
        let params = json!({"Name": namespace, "Vpc": self.vpc, "CreatorRequestId": "one"});
        self.ask("servicediscovery", "CreatePrivateDnsNamespace", params).expect("a namespace");
        self.pass(120);
        let listed = self.ask("servicediscovery", "ListNamespaces", json!({})).expect("namespaces");
        let id = &listed["Namespaces"][0]["Id"];
        let records = json!({"DnsRecords": [{"Type": "A", "TTL": 10}]});
        let params = json!({"Name": name, "NamespaceId": id, "DnsConfig": records, "HealthCheckCustomConfig": {}});
        let made = self.ask("servicediscovery", "CreateService", params).expect("a registry");
        made["Service"]["Arn"].clone()
    }

    /// Makes a role that tasks can have, with a policy that allows some actions.
    fn role(&mut self, name: &str, actions: &[&str]) {
        let trust = json!({"Version": "2012-10-17", "Statement": [{
            "Effect": "Allow", "Principal": {"Service": "ecs-tasks.amazonaws.com"}, "Action": "sts:AssumeRole"}]});
        let params = json!({"RoleName": name, "AssumeRolePolicyDocument": trust.to_string()});
        self.ask("iam", "CreateRole", params).expect("a role");
        let allowed = json!({"Version": "2012-10-17", "Statement": [{
            "Effect": "Allow", "Action": actions, "Resource": "*"}]});
        let params = json!({"RoleName": name, "PolicyName": "allowed", "PolicyDocument": allowed.to_string()});
        self.ask("iam", "PutRolePolicy", params).expect("a policy");
        // A role is there for others after a while.
        self.pass(60);
    }

    /// Creates the service `web` of a registered family; `more` goes over the parameters.
    fn create(&mut self, family: &str, network: &Json, desired: i64, more: Json) -> Json {
        let mut params = json!({
            "cluster": "demo", "serviceName": "web", "taskDefinition": family, "desiredCount": desired,
            "launchType": "FARGATE", "networkConfiguration": network,
        });
        let over = more.as_object().expect("a map").clone();
        params.as_object_mut().expect("a map").extend(over);
        self.ecs("CreateService", params)["service"].clone()
    }
}

/// A task definition that Fargate runs, without roles or logs.
fn definition(family: &str) -> Json {
    json!({
        "family": family, "networkMode": "awsvpc", "cpu": "256", "memory": "512",
        "requiresCompatibilities": ["FARGATE"],
        "containerDefinitions": [{"name": "app", "image": "nginx:1", "portMappings": [{"containerPort": 80}]}],
    })
}
