//! What Elastic Load Balancing does and refuses, call by call.

use std::time::Duration;

use serde_json::json;

use super::*;
use crate::local::SERVICES;
use crate::local::settings::Settings;
use crate::local::store::Store;

/// An account in `eu-west-1`, as slow as AWS.
struct Account {
    store: Store,
    settings: Settings,
    now: Timestamp,
    vpc: Json,
    /// In two zones of the VPC.
    subnets: Vec<Json>,
}

impl Account {
    fn new() -> Self {
        let settings = Settings { pace: 1.0, ..Settings::default() };
        let now = "2030-01-01T00:00:00Z".parse().expect("a time");
        let store = Store::in_memory().expect("a store");
        let mut account = Self { store, settings, now, vpc: Json::Null, subnets: Vec::new() };
        account.vpc = account.vpc();
        let vpc = account.vpc.clone();
        account.subnets = vec![account.subnet(&vpc, "10.0.0.0/24", "a"), account.subnet(&vpc, "10.0.1.0/24", "b")];
        account
    }

    fn ask(&mut self, service: &str, action: &str, params: &Json) -> Result<Json, Fault> {
        let asked = SERVICES.iter().find(|one| one.name() == service).expect("a service");
        let params = params.as_object().expect("parameters").clone();
        self.store.transact("eu-west-1", self.now, &self.settings, |tx| asked.call(tx, action, &params))
    }

    fn ok(&mut self, action: &str, params: Json) -> Json {
        self.ask("elasticloadbalancing", action, &params).unwrap_or_else(|fault| panic!("{action} {params}: {fault}"))
    }

    fn ec2(&mut self, action: &str, params: Json) -> Json {
        self.ask("ec2", action, &params).unwrap_or_else(|fault| panic!("{action}: {fault}"))
    }

    /// Asserts the codes of calls that are refused: each is one that is answered, with other members.
    fn refused(&mut self, action: &str, good: &Json, calls: impl IntoIterator<Item = (Json, &'static str)>) {
        for (more, code) in calls {
            let mut params = good.clone();
            for (name, value) in more.as_object().expect("members") {
                params[name] = value.clone();
            }
            match self.ask("elasticloadbalancing", action, &params) {
                Ok(answer) => panic!("{action} {params} is answered with {answer}"),
                Err(fault) => assert_eq!(fault.code, code, "{action} {params}: {fault}"),
            }
        }
    }

    fn pass(&mut self, seconds: u64) {
        let until = self.now + Duration::from_secs(seconds);
        let step = |tx: &mut Tx<'_>| -> Result<bool, Fault> {
            let Some((at, _, name, timer)) = tx.take_due()? else { return Ok(false) };
            tx.now = at;
            SERVICES.iter().find(|one| one.name() == name).expect("a service").due(tx, &timer)?;
            Ok(true)
        };
        while self.store.transact("eu-west-1", until, &self.settings, step).expect("a timer") {}
        self.now = until;
    }

    fn vpc(&mut self) -> Json {
        self.ec2("CreateVpc", json!({"CidrBlock": "10.0.0.0/16"}))["vpc"]["vpcId"].clone()
    }

    fn subnet(&mut self, vpc: &Json, cidr: &str, zone: &str) -> Json {
        let params = json!({"VpcId": vpc, "CidrBlock": cidr, "AvailabilityZone": format!("eu-west-1{zone}")});
        self.ec2("CreateSubnet", params)["subnet"]["subnetId"].clone()
    }

    fn balancer(&mut self, name: &str, kind: &str) -> Json {
        let params = json!({"Name": name, "Type": kind, "Scheme": "internal", "Subnets": self.subnets});
        self.ok("CreateLoadBalancer", params)["LoadBalancers"][0]["LoadBalancerArn"].clone()
    }

    fn group(&mut self, name: &str, protocol: &str) -> Json {
        let params = json!({"Name": name, "Protocol": protocol, "Port": 80, "VpcId": self.vpc, "TargetType": "ip"});
        self.ok("CreateTargetGroup", params)["TargetGroups"][0]["TargetGroupArn"].clone()
    }

    fn listener(&mut self, balancer: &Json, port: u16, action: &Json) -> Json {
        let params = json!({"LoadBalancerArn": balancer, "Protocol": "HTTP", "Port": port, "DefaultActions": [action]});
        self.ok("CreateListener", params)["Listeners"][0]["ListenerArn"].clone()
    }

    fn rule(&mut self, listener: &Json, priority: u16) -> Json {
        self.ok("CreateRule", rule(listener, priority))["Rules"][0]["RuleArn"].clone()
    }

    /// Priorities and conditions of a listener's rules.
    fn rules(&mut self, listener: &Json) -> Vec<(String, String)> {
        let told = self.ok("DescribeRules", json!({"ListenerArn": listener}));
        let rules = told["Rules"].as_array().expect("a list").iter();
        let text = |json: &Json| json.as_str().unwrap_or_default().to_owned();
        rules.map(|rule| (text(&rule["Priority"]), text(&rule["Conditions"][0]["Values"][0]))).collect()
    }
}

fn not_found() -> Json {
    json!({"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404"}})
}

fn to(group: &Json) -> Json {
    json!({"Type": "forward", "TargetGroupArn": group})
}

fn rule(listener: &Json, priority: u16) -> Json {
    json!({
        "ListenerArn": listener, "Priority": priority, "Actions": [not_found()],
        "Conditions": [{"Field": "path-pattern", "Values": [format!("/{priority}")]}],
    })
}

#[test]
fn load_balancers_that_aws_refuses_are_refused() {
    let mut account = Account::new();
    let other = account.vpc();
    let elsewhere = account.subnet(&other, "10.0.1.0/24", "b");
    let third = account.subnet(&account.vpc.clone(), "10.0.2.0/24", "a");
    let [one, two] = [account.subnets[0].clone(), account.subnets[1].clone()];
    let good = json!({"Name": "one", "Scheme": "internal", "Subnets": [one, two]});
    account.refused(
        "CreateLoadBalancer",
        &good,
        [
            (json!({"Name": "internal-one"}), "ValidationError"),
            (json!({"Name": "-one"}), "ValidationError"),
            (json!({"Name": "one_"}), "ValidationError"),
            (json!({"Name": "x".repeat(33)}), "ValidationError"),
            (json!({"Subnets": []}), "ValidationError"),
            (json!({"Subnets": [one]}), "ValidationError"),
            (json!({"Subnets": [one, third]}), "InvalidConfigurationRequest"),
            (json!({"Subnets": [one, elsewhere]}), "InvalidConfigurationRequest"),
            (json!({"Subnets": [one, "subnet-0123456789abcdef0"]}), "SubnetNotFound"),
            (json!({"Scheme": "internet-facing"}), "InvalidSubnet"),
            (json!({"SecurityGroups": ["sg-0123456789abcdef0"]}), "InvalidSecurityGroup"),
        ],
    );
    let made = account.balancer("one", "application");
    assert_eq!(account.balancer("one", "application"), made, "the same again is the same");
    account.refused("CreateLoadBalancer", &good, [(json!({"Type": "network"}), "DuplicateLoadBalancerName")]);
}

#[test]
fn one_is_provisioned_for_a_while_and_leaves_its_interfaces_behind_for_another() {
    let mut account = Account::new();
    let made = account.balancer("one", "application");
    let state = |account: &mut Account| {
        let told = account.ok("DescribeLoadBalancers", json!({"Names": ["one"]}));
        told["LoadBalancers"][0]["State"]["Code"].clone()
    };
    assert_eq!(state(&mut account), "provisioning");
    account.pass(600);
    assert_eq!(state(&mut account), "active");
    let keys = [("deletion_protection.enabled", "true"), ("idle_timeout.timeout_seconds", "30")];
    let attributes = keys.map(|(key, value)| json!({"Key": key, "Value": value}));
    account.ok("ModifyLoadBalancerAttributes", json!({"LoadBalancerArn": made, "Attributes": attributes}));
    let of = json!({"LoadBalancerArn": made});
    account.refused("DeleteLoadBalancer", &of, [(json!({}), "OperationNotPermitted")]);
    account.refused(
        "ModifyLoadBalancerAttributes",
        &of,
        [
            (json!({"Attributes": [{"Key": "idle_timeout", "Value": "1"}]}), "InvalidConfigurationRequest"),
            (
                json!({"Attributes": [{"Key": "idle_timeout.timeout_seconds", "Value": "0"}]}),
                "InvalidConfigurationRequest",
            ),
            (json!({"Attributes": [{"Key": "routing.http2.enabled", "Value": "yes"}]}), "InvalidConfigurationRequest"),
        ],
    );
    let off = json!([{"Key": "deletion_protection.enabled", "Value": "false"}]);
    account.ok("ModifyLoadBalancerAttributes", json!({"LoadBalancerArn": made, "Attributes": off}));
    account.ok("DeleteLoadBalancer", of.clone());
    account.ok("DeleteLoadBalancer", of);
    let subnet = json!({"SubnetId": account.subnets[0]});
    let fault = account.ask("ec2", "DeleteSubnet", &subnet).expect_err("its interface is there still");
    assert_eq!(fault.code, "DependencyViolation");
    account.pass(600);
    account.ec2("DeleteSubnet", subnet);
}

#[test]
fn target_groups_that_aws_refuses_are_refused() {
    let mut account = Account::new();
    let good = json!({"Name": "web", "Protocol": "HTTP", "Port": 80, "VpcId": account.vpc, "TargetType": "ip"});
    account.refused(
        "CreateTargetGroup",
        &good,
        [
            (json!({"Name": "web-"}), "ValidationError"),
            (json!({"Protocol": "GOPHER"}), "ValidationError"),
            (json!({"Port": 0}), "ValidationError"),
            (json!({"VpcId": "vpc-0123456789abcdef0"}), "ValidationError"),
            (json!({"Protocol": "TCP", "ProtocolVersion": "HTTP2"}), "ValidationError"),
            (json!({"HealthCheckPath": "health"}), "ValidationError"),
            (json!({"HealthCheckPort": "70000"}), "ValidationError"),
            (json!({"HealthCheckIntervalSeconds": 5}), "ValidationError"),
            (json!({"HealthCheckEnabled": false}), "ValidationError"),
            (json!({"HealthyThresholdCount": 1}), "ValidationError"),
            (json!({"Matcher": {"HttpCode": "200-abc"}}), "ValidationError"),
        ],
    );
    let made = account.group("web", "HTTP");
    assert_eq!(account.group("web", "HTTP"), made, "the same again is the same");
    account.refused("CreateTargetGroup", &good, [(json!({"Port": 81}), "DuplicateTargetGroupName")]);

    let target = json!({"TargetGroupArn": made, "Targets": [{"Id": "10.0.0.9"}]});
    account.refused(
        "RegisterTargets",
        &target,
        [
            (json!({"Targets": []}), "ValidationError"),
            (json!({"Targets": [{"Id": "i-0123456789abcdef0"}]}), "ValidationError"),
            (json!({"Targets": [{"Id": "10.1.0.9"}]}), "ValidationError"),
            (
                json!({"TargetGroupArn": "arn:aws:elasticloadbalancing:eu-west-1:1:targetgroup/x/1"}),
                "TargetGroupNotFound",
            ),
        ],
    );
}

#[test]
fn targets_are_used_once_something_sends_to_them_and_drained_when_they_are_taken_out() {
    let mut account = Account::new();
    let group = account.group("web", "HTTP");
    let target = json!({"TargetGroupArn": group, "Targets": [{"Id": "10.0.0.9"}]});
    let health = |account: &mut Account| {
        let told = account.ok("DescribeTargetHealth", json!({"TargetGroupArn": group}));
        let states = told["TargetHealthDescriptions"].as_array().expect("a list").iter();
        states.map(|one| one["TargetHealth"]["State"].as_str().expect("a text").to_owned()).collect::<Vec<_>>()
    };
    account.ok("RegisterTargets", target.clone());
    assert_eq!(health(&mut account), ["unused"]);
    let balancer = account.balancer("one", "application");
    account.listener(&balancer, 80, &to(&group));
    assert_eq!(health(&mut account), ["initial"]);
    account.pass(600);
    assert_eq!(health(&mut account), ["unhealthy"], "nothing is at its address");
    account.ok("DeregisterTargets", target.clone());
    account.pass(299);
    assert_eq!(health(&mut account), ["draining"]);
    account.pass(1);
    assert_eq!(health(&mut account), Vec::<String>::new());
    let told = account.ok("DescribeTargetHealth", target);
    assert_eq!(told["TargetHealthDescriptions"][0]["TargetHealth"]["Reason"], "Target.NotRegistered");
}

#[test]
fn a_group_is_of_one_load_balancer_of_its_vpc_and_protocol_and_stays_while_it_is_sent_to() {
    let mut account = Account::new();
    let (one, two) = (account.balancer("one", "application"), account.balancer("two", "application"));
    let network = account.balancer("network", "network");
    let (web, raw) = (account.group("web", "HTTP"), account.group("raw", "TCP"));
    let free = account.group("free", "HTTP");
    let listener = account.listener(&one, 80, &to(&web));
    let other = account.listener(&two, 80, &not_found());
    let good = json!({"LoadBalancerArn": two, "Protocol": "HTTP", "Port": 81, "DefaultActions": [not_found()]});
    let actions = |action: Json| json!({"DefaultActions": [action]});
    account.refused(
        "CreateListener",
        &good,
        [
            (json!({"Port": 80, "DefaultActions": [to(&free)]}), "DuplicateListener"),
            (json!({"Protocol": "TCP"}), "UnsupportedProtocol"),
            (json!({"Protocol": "HTTPS"}), "ValidationError"),
            (json!({"LoadBalancerArn": network, "Protocol": "TCP"}), "InvalidLoadBalancerAction"),
            (json!({"LoadBalancerArn": "arn:aws:elasticloadbalancing:eu-west-1:1:x"}), "LoadBalancerNotFound"),
            (actions(to(&web)), "TargetGroupAssociationLimit"),
            (actions(to(&raw)), "IncompatibleProtocols"),
            (json!({"DefaultActions": [not_found(), not_found()]}), "TooManyActions"),
            (actions(json!({"Type": "forward"})), "InvalidLoadBalancerAction"),
            (
                actions(json!({"Type": "redirect", "RedirectConfig": {"StatusCode": "HTTP_301"}})),
                "InvalidLoadBalancerAction",
            ),
            (
                actions(json!({"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "302"}})),
                "InvalidLoadBalancerAction",
            ),
        ],
    );
    account.refused("CreateRule", &rule(&other, 1), [(json!({"Actions": [to(&web)]}), "TargetGroupAssociationLimit")]);
    account.refused("DeleteTargetGroup", &json!({"TargetGroupArn": web}), [(json!({}), "ResourceInUse")]);
    account.ok("DeleteListener", json!({"ListenerArn": listener}));
    account.ok("ModifyListener", json!({"ListenerArn": other, "DefaultActions": [to(&web)]}));
    account.ok("DeleteLoadBalancer", json!({"LoadBalancerArn": two}));
    account.ok("DeleteTargetGroup", json!({"TargetGroupArn": web}));
}

#[test]
fn conditions_that_aws_refuses_are_refused() {
    let mut account = Account::new();
    let balancer = account.balancer("one", "application");
    let listener = account.listener(&balancer, 80, &not_found());
    let good = rule(&listener, 1);
    let values = |field: &str, values: &[&str]| json!({"Field": field, "Values": values});
    let wrong = [
        json!([]),
        json!([values("path", &["/a"])]),
        json!([values("path-pattern", &[])]),
        json!([values("path-pattern", &["/a b"])]),
        json!([values("path-pattern", &["/".repeat(129).as_str()])]),
        json!([values("path-pattern", &["/a", "/b", "/c"]), values("host-header", &["a", "b", "c"])]),
        json!([{"Field": "path-pattern", "Values": ["/a"], "PathPatternConfig": {"Values": ["/a"]}}]),
        json!([{"Field": "path-pattern", "PathPatternConfig": {"Values": ["/a"], "RegexValues": ["/a"]}}]),
        json!([{"Field": "source-ip", "SourceIpConfig": {"Values": ["10.0.0.1"]}}]),
        json!([{"Field": "http-request-method", "HttpRequestMethodConfig": {"Values": ["get"]}}]),
        json!([{"Field": "http-header", "HttpHeaderConfig": {"Values": ["a"]}}]),
        json!([{"Field": "query-string", "QueryStringConfig": {"Values": [{"Key": "a"}]}}]),
    ];
    account.refused(
        "CreateRule",
        &good,
        wrong.map(|conditions| (json!({"Conditions": conditions}), "ValidationError")),
    );

    let all = json!([
        {"Field": "path-pattern", "PathPatternConfig": {"Values": ["/a"]}},
        {"Field": "host-header", "HostHeaderConfig": {"RegexValues": ["^a"]}},
        {"Field": "source-ip", "SourceIpConfig": {"Values": ["10.0.0.0/8"]}},
        {"Field": "http-header", "HttpHeaderConfig": {"HttpHeaderName": "X-A", "Values": ["a b"]}},
        {"Field": "query-string", "QueryStringConfig": {"Values": [{"Value": "v"}]}},
    ]);
    let made = account.ok(
        "CreateRule",
        json!({
            "ListenerArn": listener, "Priority": 1, "Actions": [not_found()], "Conditions": all,
        }),
    );
    let told = &made["Rules"][0]["Conditions"];
    assert_eq!(told[0]["Values"], json!(["/a"]), "told in the older form too");
    assert_eq!(told[2]["Values"], Json::Null, "which this field never had");
    assert_eq!(told[3]["HttpHeaderConfig"], all[3]["HttpHeaderConfig"]);
}

#[test]
fn rules_are_tried_by_priority_and_two_may_change_places() {
    let mut account = Account::new();
    let balancer = account.balancer("one", "application");
    let listener = account.listener(&balancer, 80, &not_found());
    let (second, first) = (account.rule(&listener, 20), account.rule(&listener, 10));
    let told = |rules: &[(&str, &str)]| -> Vec<(String, String)> {
        rules.iter().map(|(priority, path)| ((*priority).to_owned(), (*path).to_owned())).collect()
    };
    assert_eq!(account.rules(&listener), told(&[("10", "/10"), ("20", "/20"), ("default", "")]));
    account.refused(
        "CreateRule",
        &rule(&listener, 10),
        [
            (json!({}), "PriorityInUse"),
            (json!({"Priority": 0}), "ValidationError"),
            (json!({"Priority": 50_001}), "ValidationError"),
            (json!({"Priority": null}), "ValidationError"),
        ],
    );
    let to = |rule: &Json, priority: u16| json!({"RuleArn": rule, "Priority": priority});
    let clash = json!({"RulePriorities": [to(&first, 20)]});
    account.refused("SetRulePriorities", &clash, [(json!({}), "PriorityInUse")]);
    assert_eq!(account.rules(&listener)[0].0, "10", "nothing of it is done");
    account.ok("SetRulePriorities", json!({"RulePriorities": [to(&first, 20), to(&second, 10)]}));
    assert_eq!(account.rules(&listener), told(&[("10", "/20"), ("20", "/10"), ("default", "")]));

    let default = account.ok("DescribeRules", json!({"ListenerArn": listener}))["Rules"][2]["RuleArn"].clone();
    account.refused("DeleteRule", &json!({"RuleArn": default}), [(json!({}), "OperationNotPermitted")]);
    account.ok("DeleteRule", json!({"RuleArn": first}));
    account.refused("DeleteRule", &json!({"RuleArn": first}), [(json!({}), "RuleNotFound")]);
    account.ok("DeleteListener", json!({"ListenerArn": listener}));
    account.refused("DescribeRules", &json!({"RuleArns": [second]}), [(json!({}), "RuleNotFound")]);
}

#[test]
fn a_load_balancer_has_a_hundred_rules_at_most() {
    let mut account = Account::new();
    let balancer = account.balancer("one", "application");
    let listener = account.listener(&balancer, 80, &not_found());
    for priority in 1..=100 {
        account.rule(&listener, priority);
    }
    account.refused("CreateRule", &rule(&listener, 101), [(json!({}), "TooManyRules")]);
}
