//! Capacity providers: the two that every account has. Groups of instances are not there.

use serde_json::json;

use super::arn;
use super::params::{invalid, maps, required, texts, whole};
use crate::local::service::Fault;
use crate::local::store::Tx;
use crate::model::{Json, JsonMap};

/// The capacity providers of Fargate.
pub const FARGATE: [&str; 2] = ["FARGATE", "FARGATE_SPOT"];

fn known(provider: &str) -> Result<(), Fault> {
    if FARGATE.contains(&provider) {
        return Ok(());
    }
    let message = format!(
        "The specified capacity provider '{provider}' was not found. Specify a valid name or ARN and try again."
    );
    Err(invalid(message))
}

/// The capacity providers and the default strategy of a request about a cluster.
///
/// # Errors
/// `InvalidParameterException` for a provider that is not there or not the cluster's.
pub fn read(params: &JsonMap) -> Result<(Vec<String>, Vec<Json>), Fault> {
    let providers: Vec<String> = texts(params, "capacityProviders")?.into_iter().map(str::to_owned).collect();
    providers.iter().try_for_each(|provider| known(provider))?;
    let strategy = strategy(params, "defaultCapacityProviderStrategy", &providers)?;
    Ok((providers, strategy))
}

/// A strategy, with AWS's defaults filled in, that may name the given providers.
///
/// # Errors
/// `InvalidParameterException`.
pub fn strategy(params: &JsonMap, member: &str, providers: &[String]) -> Result<Vec<Json>, Fault> {
    let mut strategy = Vec::new();
    for item in maps(params, member)? {
        let provider = required(item, "capacityProvider")?;
        known(provider)?;
        if !providers.iter().any(|own| own == provider) {
            return Err(invalid(
                "The specified capacity provider strategy cannot contain a capacity provider that is not associated \
                 with the cluster. Associate the capacity provider with the cluster and try again.",
            ));
        }
        let (weight, base) = (whole(item, "weight")?.unwrap_or(0), whole(item, "base")?.unwrap_or(0));
        if !(0..=1000).contains(&weight) || !(0..=100_000).contains(&base) {
            return Err(invalid("A weight is 0 to 1000 and a base 0 to 100000."));
        }
        strategy.push(json!({"capacityProvider": provider, "weight": weight, "base": base}));
    }
    Ok(strategy)
}

/// `DescribeCapacityProviders`.
pub fn describe(tx: &mut Tx<'_>, params: &JsonMap) -> Result<Json, Fault> {
    let asked = texts(params, "capacityProviders")?;
    let name = |reference: &str| reference.rsplit_once('/').map_or(reference, |(_, name)| name).to_owned();
    let names: Vec<String> =
        if asked.is_empty() { FARGATE.map(str::to_owned).to_vec() } else { asked.into_iter().map(name).collect() };
    let (found, missing): (Vec<_>, Vec<_>) = names.into_iter().partition(|name| FARGATE.contains(&name.as_str()));
    let arn = |name: &String| arn::of(tx, &format!("capacity-provider/{name}"));
    let view = |name: &String| json!({"capacityProviderArn": arn(name), "name": name, "status": "ACTIVE", "tags": []});
    let failure = |name: &String| json!({"arn": arn(name), "reason": "MISSING"});
    Ok(json!({
        "capacityProviders": found.iter().map(view).collect::<Vec<_>>(),
        "failures": missing.iter().map(failure).collect::<Vec<_>>(),
    }))
}
