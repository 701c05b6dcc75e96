//! Attributes of load balancers, target groups and listeners: texts by key, of which there are only certain ones.
//!
//! Source: API reference, `LoadBalancerAttribute`, `TargetGroupAttribute`, `ListenerAttribute`.

use std::collections::BTreeMap;

use serde_json::json;

use super::super::members::Members;
use super::super::service::Fault;
use crate::model::Json;

/// Attributes, by key.
pub type Attributes = BTreeMap<String, String>;

/// Those of an application load balancer.
pub const APPLICATION: &[(&str, &str)] = &[
    ("access_logs.s3.bucket", ""),
    ("access_logs.s3.enabled", "false"),
    ("access_logs.s3.prefix", ""),
    ("client_keep_alive.seconds", "3600"),
    ("connection_logs.s3.bucket", ""),
    ("connection_logs.s3.enabled", "false"),
    ("connection_logs.s3.prefix", ""),
    ("deletion_protection.enabled", "false"),
    ("idle_timeout.timeout_seconds", "60"),
    ("load_balancing.cross_zone.enabled", "true"),
    ("routing.http.desync_mitigation_mode", "defensive"),
    ("routing.http.drop_invalid_header_fields.enabled", "false"),
    ("routing.http.preserve_host_header.enabled", "false"),
    ("routing.http.x_amzn_tls_version_and_cipher_suite.enabled", "false"),
    ("routing.http.xff_client_port.enabled", "false"),
    ("routing.http.xff_header_processing.mode", "append"),
    ("routing.http2.enabled", "true"),
    ("waf.fail_open.enabled", "false"),
    ("zonal_shift.config.enabled", "false"),
];

/// Those of a network load balancer.
pub const NETWORK: &[(&str, &str)] = &[
    ("access_logs.s3.bucket", ""),
    ("access_logs.s3.enabled", "false"),
    ("access_logs.s3.prefix", ""),
    ("deletion_protection.enabled", "false"),
    ("dns_record.client_routing_policy", "any_availability_zone"),
    ("load_balancing.cross_zone.enabled", "false"),
    ("zonal_shift.config.enabled", "false"),
];

/// Those of a target group that speaks HTTP.
pub const HTTP_GROUP: &[(&str, &str)] = &[
    ("deregistration_delay.timeout_seconds", "300"),
    ("load_balancing.algorithm.anomaly_mitigation", "off"),
    ("load_balancing.algorithm.type", "round_robin"),
    ("load_balancing.cross_zone.enabled", "use_load_balancer_configuration"),
    ("slow_start.duration_seconds", "0"),
    ("stickiness.app_cookie.cookie_name", ""),
    ("stickiness.app_cookie.duration_seconds", "86400"),
    ("stickiness.enabled", "false"),
    ("stickiness.lb_cookie.duration_seconds", "86400"),
    ("stickiness.type", "lb_cookie"),
    ("target_group_health.dns_failover.minimum_healthy_targets.count", "1"),
    ("target_group_health.dns_failover.minimum_healthy_targets.percentage", "off"),
    ("target_group_health.unhealthy_state_routing.minimum_healthy_targets.count", "1"),
    ("target_group_health.unhealthy_state_routing.minimum_healthy_targets.percentage", "off"),
];

/// Those of a target group of a network load balancer.
pub const TCP_GROUP: &[(&str, &str)] = &[
    ("deregistration_delay.connection_termination.enabled", "false"),
    ("deregistration_delay.timeout_seconds", "300"),
    ("load_balancing.cross_zone.enabled", "use_load_balancer_configuration"),
    ("preserve_client_ip.enabled", "false"),
    ("proxy_protocol_v2.enabled", "false"),
    ("stickiness.enabled", "false"),
    ("stickiness.type", "source_ip"),
    ("target_group_health.dns_failover.minimum_healthy_targets.count", "1"),
    ("target_group_health.dns_failover.minimum_healthy_targets.percentage", "off"),
    ("target_group_health.unhealthy_state_routing.minimum_healthy_targets.count", "1"),
    ("target_group_health.unhealthy_state_routing.minimum_healthy_targets.percentage", "off"),
    ("target_health_state.unhealthy.connection_termination.enabled", "true"),
    ("target_health_state.unhealthy.draining_interval_seconds", "0"),
];

/// Those of a listener of an application load balancer.
pub const HTTP_LISTENER: &[(&str, &str)] = &[("routing.http.response.server.enabled", "true")];

/// Those of a TCP listener of a network load balancer.
pub const TCP_LISTENER: &[(&str, &str)] = &[("tcp.idle_timeout.seconds", "350")];

/// Attributes at their defaults.
pub fn defaults(of: &[(&str, &str)]) -> Attributes {
    of.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

/// The attributes of a call put to those that there are; AWS tells them all again.
pub fn modify(members: &Members<'_>, attributes: &mut Attributes) -> Result<Json, Fault> {
    let given = members.structures("Attributes")?;
    if given.is_empty() {
        return Err(members.refuse("At least one attribute must be specified"));
    }
    let mut seen = Vec::new();
    for one in given {
        let (key, value) = (one.required("Key")?, one.text("Value")?.unwrap_or_default());
        if seen.contains(&key) {
            return Err(refused(format!("Attribute key '{key}' is specified more than once")));
        }
        seen.push(key);
        // A listener's may also rename or add headers: those have no default.
        let header = key.starts_with("routing.http.re") && key.ends_with(".header_value")
            || key.ends_with(".header_name") && key.starts_with("routing.http.request.");
        let Some(known) = attributes.get(key).or(header.then_some(&String::new())).cloned() else {
            return Err(refused(format!("Load balancer attribute key '{key}' is not recognized")));
        };
        check(key, value, &known)?;
        attributes.insert(key.to_owned(), value.to_owned());
    }
    Ok(told(attributes))
}

fn check(key: &str, value: &str, known: &str) -> Result<(), Fault> {
    let is_flag = key.ends_with(".enabled") && ["true", "false"].contains(&known);
    let bad = || refused(format!("The value '{value}' of the attribute '{key}' is not valid"));
    if is_flag && !["true", "false"].contains(&value) {
        return Err(bad());
    }
    let range = match key {
        "idle_timeout.timeout_seconds" => 1..=4000,
        "client_keep_alive.seconds" => 60..=604_800,
        "deregistration_delay.timeout_seconds" => 0..=3600,
        "slow_start.duration_seconds" => 0..=900,
        "tcp.idle_timeout.seconds" => 60..=6000,
        "stickiness.lb_cookie.duration_seconds" | "stickiness.app_cookie.duration_seconds" => 1..=604_800,
        _ => return Ok(()),
    };
    if value.parse::<i64>().is_ok_and(|number| range.contains(&number)) { Ok(()) } else { Err(bad()) }
}

fn refused(message: String) -> Fault {
    Fault::new("InvalidConfigurationRequest", message)
}

/// As answers have them.
pub fn told(attributes: &Attributes) -> Json {
    let pairs: Vec<Json> = attributes.iter().map(|(key, value)| json!({ "Key": key, "Value": value })).collect();
    json!({ "Attributes": pairs })
}
