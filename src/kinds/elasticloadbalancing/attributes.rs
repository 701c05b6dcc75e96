//! Attributes with a key and a value: AWS tells all there are, and what is no longer declared goes back to its default.

use crate::kinds::{Update, tags};
use crate::model::{Json, JsonMap};

/// What an attribute is where nobody sets it.
/// Source: API reference, `LoadBalancerAttribute`, `TargetGroupAttribute`, `ListenerAttribute`.
const DEFAULTS: &[(&str, &str)] = &[
    ("access_logs.s3.enabled", "false"),
    ("client_keep_alive.seconds", "3600"),
    ("connection_logs.s3.enabled", "false"),
    ("deletion_protection.enabled", "false"),
    ("deregistration_delay.connection_termination.enabled", "false"),
    ("deregistration_delay.timeout_seconds", "300"),
    ("dns_record.client_routing_policy", "any_availability_zone"),
    ("idle_timeout.timeout_seconds", "60"),
    ("load_balancing.algorithm.anomaly_mitigation", "off"),
    ("load_balancing.algorithm.type", "round_robin"),
    ("preserve_client_ip.enabled", "false"),
    ("proxy_protocol_v2.enabled", "false"),
    ("routing.http.desync_mitigation_mode", "defensive"),
    ("routing.http.drop_invalid_header_fields.enabled", "false"),
    ("routing.http.preserve_host_header.enabled", "false"),
    ("routing.http.response.server.enabled", "true"),
    ("routing.http.x_amzn_tls_version_and_cipher_suite.enabled", "false"),
    ("routing.http.xff_client_port.enabled", "false"),
    ("routing.http.xff_header_processing.mode", "append"),
    ("routing.http2.enabled", "true"),
    ("slow_start.duration_seconds", "0"),
    ("stickiness.app_cookie.duration_seconds", "86400"),
    ("stickiness.enabled", "false"),
    ("stickiness.lb_cookie.duration_seconds", "86400"),
    ("target_group_health.dns_failover.minimum_healthy_targets.count", "1"),
    ("target_group_health.dns_failover.minimum_healthy_targets.percentage", "off"),
    ("target_group_health.unhealthy_state_routing.minimum_healthy_targets.count", "1"),
    ("target_group_health.unhealthy_state_routing.minimum_healthy_targets.percentage", "off"),
    ("tcp.idle_timeout.seconds", "350"),
    ("waf.fail_open.enabled", "false"),
    ("zonal_shift.config.enabled", "false"),
];

/// The attributes declared.
pub(super) fn declared(properties: &JsonMap, property: &str) -> Vec<(String, String)> {
    tags::pairs(properties, property)
}

/// The attributes that an update sets: those that differ, and those no longer declared at their defaults. One without a
/// default that is known stays as it is.
pub(super) fn to_set(change: &Update<'_>, property: &str) -> Vec<(String, String)> {
    let changes = tags::changes_in(property, change.wanted, change.prior, change.observed);
    let default = |key: String| {
        let (_, value) = DEFAULTS.iter().find(|(known, _)| *known == key)?;
        Some((key, (*value).to_owned()))
    };
    changes.set.into_iter().chain(changes.remove.into_iter().filter_map(default)).collect()
}

/// Attributes that were read, as a property.
pub(super) fn told(pairs: impl IntoIterator<Item = (Option<String>, Option<String>)>) -> Json {
    tags::to_property(pairs.into_iter().filter_map(|(key, value)| Some((key?, value.unwrap_or_default()))))
}
