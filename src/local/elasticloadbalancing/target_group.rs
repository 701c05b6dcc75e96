//! Target groups, and how their targets are checked.

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::super::ec2;
use super::super::members::Members;
use super::super::service::Fault;
use super::super::store::{Object, StoreError, Tx};
use super::attribute::{self, Attributes};
use super::tags::{self, Tags};
use super::{arn, check_name, fresh, paged, target, usage};
use crate::model::{Json, JsonMap};

/// A target group.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct TargetGroup {
    /// Its ARN.
    pub arn: String,
    /// Its name.
    pub name: String,
    /// What speaks to its targets: `HTTP`, `HTTPS`, `TCP`, `UDP`, `TCP_UDP` or `TLS`.
    pub protocol: String,
    /// The port of targets that say none.
    pub port: i64,
    /// Its VPC.
    pub vpc: String,
    /// `ip` or `instance`.
    pub target_type: String,
    /// How its targets are checked.
    pub check: Check,
    /// Its tags.
    pub tags: Tags,
    /// Its attributes.
    pub attributes: Attributes,
    version: Option<String>,
}

/// A health check.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Check {
    /// `HTTP`, `HTTPS` or `TCP`.
    pub protocol: String,
    /// A port, or `traffic-port`.
    pub port: String,
    /// The path, where it speaks HTTP.
    pub path: Option<String>,
    /// Between two, in seconds.
    pub interval: i64,
    timeout: i64,
    /// How many must pass.
    pub healthy: i64,
    /// How many must fail.
    pub unhealthy: i64,
    matcher: Option<(String, String)>,
}

impl Object for TargetGroup {
    const TABLE: &'static str = "elb.target-group";

    fn key(&self) -> String {
        self.arn.clone()
    }

    fn parent(&self) -> String {
        self.name.clone()
    }
}

/// Whether a protocol is one of an application load balancer.
pub fn is_http(protocol: &str) -> bool {
    matches!(protocol, "HTTP" | "HTTPS")
}

impl TargetGroup {
    /// For how long targets that are taken out are drained, in seconds.
    pub fn drain(&self) -> u64 {
        let delay = self.attributes.get("deregistration_delay.timeout_seconds");
        delay.and_then(|text| text.parse().ok()).unwrap_or(300)
    }

    fn show(&self, tx: &Tx<'_>) -> Result<Json, StoreError> {
        let balancers: Vec<String> = usage::balancer_of(tx, &self.arn)?.into_iter().collect();
        let check = &self.check;
        Ok(json!({
            "TargetGroupArn": self.arn,
            "TargetGroupName": self.name,
            "Protocol": self.protocol,
            "ProtocolVersion": self.version,
            "Port": self.port,
            "VpcId": self.vpc,
            "TargetType": self.target_type,
            "IpAddressType": "ipv4",
            "HealthCheckEnabled": true,
            "HealthCheckProtocol": check.protocol,
            "HealthCheckPort": check.port,
            "HealthCheckPath": check.path,
            "HealthCheckIntervalSeconds": check.interval,
            "HealthCheckTimeoutSeconds": check.timeout,
            "HealthyThresholdCount": check.healthy,
            "UnhealthyThresholdCount": check.unhealthy,
            "Matcher": check.matcher.as_ref().map(|(name, codes)| json!({ name: codes })),
            "LoadBalancerArns": balancers,
        }))
    }
}

/// The target group of an ARN.
pub fn find(tx: &Tx<'_>, arn: &str) -> Result<TargetGroup, Fault> {
    let absent = || Fault::new("TargetGroupNotFound", format!("Target groups '{arn}' not found"));
    tx.get(arn)?.ok_or_else(absent)
}

fn asked(tx: &Tx<'_>, members: &Members<'_>) -> Result<TargetGroup, Fault> {
    find(tx, members.required("TargetGroupArn")?)
}

/// What ECS asks of a target group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fitness {
    /// `ip` or `instance`.
    pub target_type: String,
    /// Its VPC.
    pub vpc: String,
    /// Whether a listener or a rule sends to it.
    pub has_balancer: bool,
}

/// What ECS asks of the target group of an ARN; `None` when there is none.
///
/// # Errors
/// When the store fails.
pub fn fitness(tx: &Tx<'_>, arn: &str) -> Result<Option<Fitness>, Fault> {
    let Some(group) = tx.get::<TargetGroup>(arn)? else { return Ok(None) };
    let has_balancer = usage::balancer_of(tx, arn)?.is_some();
    Ok(Some(Fitness { target_type: group.target_type, vpc: group.vpc, has_balancer }))
}

/// `CreateTargetGroup`. With the same settings as one of that name it tells that one.
pub fn create(tx: &mut Tx<'_>, members: &Members<'_>) -> Result<Json, Fault> {
    let name = members.required("Name")?;
    check_name(members, "target group", name)?;
    let target_type = members.text("TargetType")?.unwrap_or("instance");
    if !["ip", "instance"].contains(&target_type) {
        return Err(members.refuse(format!("The embedded AWS has no target groups of type {target_type}")));
    }
    let required =
        |name: &str| members.text(name)?.ok_or_else(|| members.refuse(format!("A {name} must be specified")));
    let protocol = required("Protocol")?;
    if !["HTTP", "HTTPS", "TCP", "UDP", "TCP_UDP", "TLS"].contains(&protocol) {
        return Err(members.refuse(format!("Target group protocol '{protocol}' must be one of 'HTTP, HTTPS, TCP, …'")));
    }
    let port = members.number("Port", 1, 65535)?.ok_or_else(|| members.refuse("A port must be specified"))?;
    let vpc = required("VpcId")?;
    if ec2::default_group(tx, vpc)?.is_none() {
        return Err(members.refuse(format!("The VPC ID '{vpc}' is not found")));
    }
    for absent in ["TargetControlPort"] {
        if members.text(absent)?.is_some() {
            return Err(members.refuse(format!("The embedded AWS has nothing to do {absent} with")));
        }
    }
    if members.text("IpAddressType")?.is_some_and(|kind| kind != "ipv4") {
        return Err(members.refuse("The embedded AWS has no IPv6 target groups"));
    }
    let version = match members.one_of("ProtocolVersion", &["HTTP1", "HTTP2", "GRPC"])? {
        Some(_) if !is_http(protocol) => {
            return Err(members.refuse(format!("Protocol version cannot be specified for protocol {protocol}")));
        }
        given => is_http(protocol).then(|| given.unwrap_or("HTTP1").to_owned()),
    };
    let grpc = version.as_deref() == Some("GRPC");
    let mut check = Check::of(members.text("HealthCheckProtocol")?, protocol, grpc);
    check.modify(members)?;
    let group = TargetGroup {
        arn: String::new(),
        name: name.to_owned(),
        protocol: protocol.to_owned(),
        port,
        vpc: vpc.to_owned(),
        target_type: target_type.to_owned(),
        check,
        tags: tags::at_creation(members)?,
        attributes: attribute::defaults(if is_http(protocol) { attribute::HTTP_GROUP } else { attribute::TCP_GROUP }),
        version,
    };
    let group = match tx.under::<TargetGroup>(name)?.into_iter().next() {
        Some(there) => {
            let settings = |group: &TargetGroup| -> Result<JsonMap, Fault> {
                let mut told = group.show(tx)?.as_object().cloned().unwrap_or_default();
                told.remove("TargetGroupArn");
                told.remove("LoadBalancerArns");
                told.insert("Tags".to_owned(), json!(group.tags));
                Ok(told)
            };
            if settings(&there)? != settings(&group)? {
                let message = format!("A target group with the same name '{name}' exists, but with different settings");
                return Err(Fault::new("DuplicateTargetGroupName", message));
            }
            there
        }
        None => {
            let id = fresh(tx, "target-group")?;
            TargetGroup { arn: arn(tx, &format!("targetgroup/{name}/{id}")), ..group }
        }
    };
    tx.put(&group)?;
    Ok(json!({ "TargetGroups": [group.show(tx)?] }))
}

impl Check {
    /// The defaults, of the protocol of the check where one is given, and of the group.
    fn of(own: Option<&str>, group: &str, grpc: bool) -> Self {
        let http_group = is_http(group);
        let protocol = own.unwrap_or(if http_group { "HTTP" } else { "TCP" }).to_owned();
        let http = is_http(&protocol);
        let codes = match (grpc, http_group) {
            (true, _) => ("GrpcCode", "12"),
            (false, true) => ("HttpCode", "200"),
            (false, false) => ("HttpCode", "200-399"),
        };
        Self {
            port: "traffic-port".to_owned(),
            path: http.then(|| if grpc { "/AWS.ALB/healthcheck" } else { "/" }.to_owned()),
            interval: 30,
            timeout: match (http_group, http) {
                (true, _) => 5,
                (false, true) => 6,
                (false, false) => 10,
            },
            healthy: 5,
            unhealthy: 2,
            matcher: http.then(|| (codes.0.to_owned(), codes.1.to_owned())),
            protocol,
        }
    }

    /// Takes what a call gives.
    fn modify(&mut self, members: &Members<'_>) -> Result<(), Fault> {
        if let Some(protocol) = members.one_of("HealthCheckProtocol", &["HTTP", "HTTPS", "TCP"])? {
            self.protocol = protocol.to_owned();
            if !is_http(protocol) {
                (self.path, self.matcher) = (None, None);
            }
        }
        if members.flag("HealthCheckEnabled")? == Some(false) {
            let message = "Health check enabled must be true for target groups with target type 'instance' or 'ip'";
            return Err(members.refuse(message));
        }
        if let Some(port) = members.text("HealthCheckPort")? {
            if port != "traffic-port" && !port.parse::<u16>().is_ok_and(|port| port > 0) {
                return Err(members.refuse(format!("Health check port '{port}' must be 'traffic-port' or a port")));
            }
            self.port = port.to_owned();
        }
        if let Some(path) = members.text("HealthCheckPath")? {
            if !is_http(&self.protocol) {
                return Err(members.refuse(format!("Health check path is not supported for {}", self.protocol)));
            }
            if !path.starts_with('/') {
                return Err(members.refuse(format!("Health check path '{path}' must begin with a '/' character")));
            }
            self.path = Some(members.within("HealthCheckPath", path, 1, 1024)?.to_owned());
        }
        let set = |name: &str, least, most, to: &mut i64| -> Result<(), Fault> {
            if let Some(number) = members.number(name, least, most)? {
                *to = number;
            }
            Ok(())
        };
        set("HealthCheckIntervalSeconds", 5, 300, &mut self.interval)?;
        set("HealthCheckTimeoutSeconds", 2, 120, &mut self.timeout)?;
        set("HealthyThresholdCount", 2, 10, &mut self.healthy)?;
        set("UnhealthyThresholdCount", 2, 10, &mut self.unhealthy)?;
        if self.timeout >= self.interval {
            let message = format!(
                "Health check interval '{}' must be greater than the timeout '{}'",
                self.interval, self.timeout
            );
            return Err(members.refuse(message));
        }
        if let Some(matcher) = members.structure("Matcher")? {
            let given = ["HttpCode", "GrpcCode"].into_iter().find_map(|name| Some((name, matcher.json().get(name)?)));
            let Some((name, Json::String(codes))) = given else {
                return Err(members.refuse("A matcher must be specified"));
            };
            let code = |text: &str| text.parse::<u16>().is_ok_and(|code| code <= 599);
            let good = |part: &str| match part.split_once('-') {
                Some((from, to)) => code(from) && code(to),
                None => code(part),
            };
            if !is_http(&self.protocol) || !codes.split(',').all(good) {
                return Err(members.refuse(format!("Health check matcher '{codes}' is not valid")));
            }
            self.matcher = Some((name.to_owned(), codes.clone()));
        }
        Ok(())
    }
}

/// `DescribeTargetGroups`: by ARN, by name, by load balancer, or all.
pub fn describe(tx: &Tx<'_>, members: &Members<'_>) -> Result<Json, Fault> {
    let (arns, names) = (members.texts("TargetGroupArns")?, members.texts("Names")?);
    let mut found = Vec::new();
    for arn in &arns {
        found.push(find(tx, arn)?);
    }
    for name in &names {
        let absent = || Fault::new("TargetGroupNotFound", format!("Target groups '{name}' not found"));
        found.push(tx.under::<TargetGroup>(name)?.into_iter().next().ok_or_else(absent)?);
    }
    if let Some(balancer) = members.text("LoadBalancerArn")? {
        super::load_balancer::find(tx, balancer)?;
        for group in tx.all::<TargetGroup>()? {
            if usage::balancer_of(tx, &group.arn)?.as_deref() == Some(balancer) {
                found.push(group);
            }
        }
    } else if arns.is_empty() && names.is_empty() {
        found = tx.all()?;
    }
    paged(members, "TargetGroups", found, |group| Ok(group.show(tx)?))
}

/// `DescribeTargetGroupAttributes`.
pub fn describe_attributes(tx: &Tx<'_>, members: &Members<'_>) -> Result<Json, Fault> {
    Ok(attribute::told(&asked(tx, members)?.attributes))
}

/// `ModifyTargetGroup`.
pub fn modify(tx: &mut Tx<'_>, members: &Members<'_>) -> Result<Json, Fault> {
    let mut group = asked(tx, members)?;
    // A check that comes to speak HTTP gets the path and codes that it begins with.
    if let Some(protocol) = members.text("HealthCheckProtocol")?
        && is_http(protocol)
        && !is_http(&group.check.protocol)
    {
        let Check { path, matcher, .. } = Check::of(Some(protocol), &group.protocol, false);
        (group.check.path, group.check.matcher) = (path, matcher);
    }
    group.check.modify(members)?;
    tx.put(&group)?;
    Ok(json!({ "TargetGroups": [group.show(tx)?] }))
}

/// `ModifyTargetGroupAttributes`.
pub fn modify_attributes(tx: &mut Tx<'_>, members: &Members<'_>) -> Result<Json, Fault> {
    let mut group = asked(tx, members)?;
    let told = attribute::modify(members, &mut group.attributes)?;
    tx.put(&group)?;
    Ok(told)
}

/// `DeleteTargetGroup`: refused while a listener or a rule sends to it; one that is not there is fine.
pub fn delete(tx: &mut Tx<'_>, members: &Members<'_>) -> Result<Json, Fault> {
    let arn = members.required("TargetGroupArn")?;
    if usage::balancer_of(tx, arn)?.is_some() {
        let message = format!("Target group '{arn}' is currently in use by a listener or a rule");
        return Err(Fault::new("ResourceInUse", message));
    }
    target::forget_all(tx, arn)?;
    tx.delete::<TargetGroup>(arn)?;
    Ok(json!({}))
}
