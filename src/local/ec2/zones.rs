//! Regions and availability zones. Every region has three zones.

use serde_json::json;

use super::filter::{Filters, Page};
use super::params::{Params, invalid};
use crate::local::service::Fault;
use crate::local::store::Tx;
use crate::model::Json;

/// The regions an account has without asking for them.
/// Source: <https://docs.aws.amazon.com/global-infrastructure/latest/regions/aws-regions.html>
const REGIONS: &[&str] = &[
    "ap-northeast-1",
    "ap-northeast-2",
    "ap-northeast-3",
    "ap-south-1",
    "ap-southeast-1",
    "ap-southeast-2",
    "ca-central-1",
    "eu-central-1",
    "eu-north-1",
    "eu-west-1",
    "eu-west-2",
    "eu-west-3",
    "sa-east-1",
    "us-east-1",
    "us-east-2",
    "us-west-1",
    "us-west-2",
];

/// An availability zone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Zone {
    /// Such as `eu-west-1a`.
    pub name: String,
    /// Such as `euw1-az1`.
    pub id: String,
}

/// The zones of a region.
pub fn of(region: &str) -> Vec<Zone> {
    let short = short(region);
    let zone = |(letter, number)| Zone { name: format!("{region}{letter}"), id: format!("{short}-az{number}") };
    [('a', 1), ('b', 2), ('c', 3)].into_iter().map(zone).collect()
}

/// The identifier of a zone by its name.
pub fn id_of(region: &str, name: &str) -> Option<String> {
    of(region).into_iter().find(|zone| zone.name == name).map(|zone| zone.id)
}

/// The region as the identifiers of its zones have it: `eu-west-1` is `euw1`, `us-gov-east-1` is `usge1`.
fn short(region: &str) -> String {
    let mut short = String::new();
    for (at, part) in region.split('-').enumerate() {
        match part {
            _ if at == 0 => short.push_str(part),
            "northeast" => short.push_str("ne"),
            "northwest" => short.push_str("nw"),
            "southeast" => short.push_str("se"),
            "southwest" => short.push_str("sw"),
            _ if part.bytes().all(|byte| byte.is_ascii_digit()) => short.push_str(part),
            _ => short.extend(part.chars().next()),
        }
    }
    short
}

/// The zone that parameters ask for, by name or identifier; without either the first.
///
/// # Errors
/// `InvalidParameterValue` when the region has no such zone.
pub fn chosen(region: &str, params: Params<'_>) -> Result<String, Fault> {
    let zones = of(region);
    let asked = match (params.text("AvailabilityZone"), params.text("AvailabilityZoneId")) {
        (Some(_), Some(_)) => return Err(invalid("Only one of availabilityZone and availabilityZoneId can be given.")),
        (Some(name), None) => Some(("availabilityZone", name)),
        (None, Some(id)) => Some(("availabilityZoneId", id)),
        (None, None) => None,
    };
    let zone = match asked {
        None => zones.first(),
        Some((_, value)) => zones.iter().find(|zone| zone.name == value || zone.id == value),
    };
    zone.map(|zone| zone.name.clone()).ok_or_else(|| {
        let names: Vec<&str> = zones.iter().map(|zone| zone.name.as_str()).collect();
        let (parameter, value) = asked.unwrap_or_default();
        invalid(format!(
            "Value ({value}) for parameter {parameter} is invalid. Subnets can currently only be created in the \
             following availability zones: {}.",
            names.join(", ")
        ))
    })
}

/// `DescribeAvailabilityZones`.
pub fn describe(tx: &Tx<'_>, params: Params<'_>) -> Result<Json, Fault> {
    let known = &[
        ("group-name", "groupName"),
        ("opt-in-status", "optInStatus"),
        ("region-name", "regionName"),
        ("state", "zoneState"),
        ("zone-id", "zoneId"),
        ("zone-name", "zoneName"),
        ("zone-type", "zoneType"),
    ];
    let filters = Filters::of(params, known)?;
    let zones = of(&tx.region);
    let (names, ids) = (params.list("ZoneName"), params.list("ZoneId"));
    let there = |asked: &str| zones.iter().any(|zone| zone.name == asked || zone.id == asked);
    if let Some(absent) = names.iter().chain(&ids).find(|asked| !there(asked)) {
        return Err(Fault::new("InvalidZone.NotFound", format!("The zone '{absent}' does not exist.")));
    }
    let all = names.is_empty() && ids.is_empty();
    let asked = zones.iter().filter(|zone| all || names.contains(&&*zone.name) || ids.contains(&&*zone.id));
    let shown = asked.map(|zone| {
        json!({
            "zoneName": zone.name, "zoneId": zone.id, "zoneState": "available", "regionName": tx.region,
            "zoneType": "availability-zone", "optInStatus": "opt-in-not-required", "messageSet": [],
            "groupName": format!("{}-zg-1", tx.region), "networkBorderGroup": tx.region,
        })
    });
    let shown: Vec<Json> = shown.filter(|zone| filters.pass(zone)).collect();
    Ok(json!({ "availabilityZoneInfo": shown }))
}

/// `DescribeRegions`.
pub fn describe_regions(tx: &Tx<'_>, params: Params<'_>) -> Result<Json, Fault> {
    let known = &[("endpoint", "regionEndpoint"), ("opt-in-status", "optInStatus"), ("region-name", "regionName")];
    let filters = Filters::of(params, known)?;
    let mut regions: Vec<&str> = REGIONS.to_vec();
    if !regions.contains(&tx.region.as_str()) {
        regions.push(&tx.region);
    }
    let asked = params.list("RegionName");
    if let Some(absent) = asked.iter().find(|name| !regions.contains(name)) {
        return Err(invalid(format!("Invalid region provided: {absent}")));
    }
    let shown = regions.iter().filter(|name| asked.is_empty() || asked.contains(name)).map(|name| {
        let endpoint = format!("ec2.{name}.amazonaws.com");
        let region = json!({ "regionName": name, "regionEndpoint": endpoint, "optInStatus": "opt-in-not-required" });
        ((*name).to_owned(), region)
    });
    let shown = shown.filter(|(_, region)| filters.pass(region)).collect();
    Ok(Page::of(params, 1000)?.answer("regionInfo", shown))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zone_identifiers_have_the_form_of_aws() {
        for (region, id) in [
            ("eu-west-1", "euw1-az1"),
            ("us-east-1", "use1-az1"),
            ("ap-southeast-2", "apse2-az1"),
            ("ap-northeast-1", "apne1-az1"),
            ("us-gov-west-1", "usgw1-az1"),
            ("ca-central-1", "cac1-az1"),
        ] {
            assert_eq!(of(region)[0].id, id);
        }
    }
}
