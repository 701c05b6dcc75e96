//! Capacity providers: the two that every account has. Groups of instances are not there.

use serde_json::json;

use super::arn;
use super::params::{invalid, maps, required, texts, whole};
use crate::local::service::Fault;
use crate::local::store::Tx;
use crate::model::{Json, JsonMap};

/// The capacity providers of Fargate.
pub const FARGATE: [&str; 2] = ["FARGATE", "FARGATE_SPOT"];

/// The most providers of a strategy (ECS API reference, CreateService).
const MOST: usize = 20;

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
        if strategy.iter().any(|item: &Json| item["capacityProvider"] == provider) {
            return Err(invalid("A capacity provider strategy cannot contain a capacity provider more than once."));
        }
        strategy.push(json!({"capacityProvider": provider, "weight": weight, "base": base}));
    }
    let with = |name: &str| strategy.iter().filter(|item| item[name] != 0).count();
    if strategy.len() > MOST {
        return Err(invalid(format!("A capacity provider strategy can contain at most {MOST} capacity providers.")));
    }
    if with("base") > 1 {
        return Err(invalid("Only one capacity provider in a capacity provider strategy can have a base defined."));
    }
    if strategy.len() > 1 && with("weight") == 0 {
        return Err(invalid(
            "At least one of the capacity providers in a capacity provider strategy must have a weight greater than 0.",
        ));
    }
    Ok(strategy)
}

/// Shares tasks out among the capacity providers of a strategy: first as many as the base says, then by weight.
///
/// Source: the documentation of `CapacityProviderStrategyItem`.
#[derive(Debug)]
pub struct Providers {
    shares: Vec<Share>,
}

#[derive(Debug)]
struct Share {
    name: String,
    base: u64,
    weight: u64,
    tasks: u64,
}

impl Providers {
    /// Those of a strategy, with no tasks yet.
    pub fn of(strategy: &[Json]) -> Self {
        let share = |item: &Json| {
            let number = |name: &str| item[name].as_u64().unwrap_or(0);
            let name = item["capacityProvider"].as_str().unwrap_or_default().to_owned();
            Share { name, base: number("base"), weight: number("weight"), tasks: 0 }
        };
        Self { shares: strategy.iter().map(share).collect() }
    }

    /// There is a task on this one.
    pub fn count(&mut self, provider: Option<&str>) {
        let own = self.shares.iter_mut().find(|share| Some(share.name.as_str()) == provider);
        own.into_iter().for_each(|share| share.tasks += 1);
    }

    /// The one the next task goes to, which is counted; `None` when there is no strategy.
    pub fn choose(&mut self) -> Option<String> {
        let below_base = self.shares.iter().position(|share| share.tasks < share.base);
        let by_weight = || {
            let able = self.shares.iter().enumerate().filter(|(_, share)| share.weight > 0);
            // The one whose share would stay the smallest: (tasks + 1) / weight, compared without dividing.
            let more = |share: &Share| u128::from(share.tasks - share.base.min(share.tasks) + 1);
            let least = able.min_by(|(_, one), (_, other)| {
                (more(one) * u128::from(other.weight)).cmp(&(more(other) * u128::from(one.weight)))
            });
            least.map(|(at, _)| at)
        };
        let at = below_base.or_else(by_weight).or((!self.shares.is_empty()).then_some(0))?;
        let share = &mut self.shares[at];
        share.tasks += 1;
        Some(share.name.clone())
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_base_goes_first_and_the_rest_by_weight() {
        let strategy = [
            json!({"capacityProvider": "FARGATE", "base": 2, "weight": 1}),
            json!({"capacityProvider": "FARGATE_SPOT", "base": 0, "weight": 3}),
        ];
        let mut providers = Providers::of(&strategy);
        let chosen: Vec<String> = (0..10).filter_map(|_| providers.choose()).collect();
        assert_eq!(chosen[..2], ["FARGATE", "FARGATE"], "the base");
        assert_eq!(chosen.iter().filter(|name| *name == "FARGATE_SPOT").count(), 6, "three of four of the rest");

        // What is there already counts: a task of the base that went is made good first.
        let mut providers = Providers::of(&strategy);
        [Some("FARGATE"), Some("FARGATE_SPOT"), None].into_iter().for_each(|at| providers.count(at));
        assert_eq!([providers.choose(), providers.choose()].map(Option::unwrap), ["FARGATE", "FARGATE_SPOT"]);
        assert_eq!(Providers::of(&[]).choose(), None);
        let alone = [json!({"capacityProvider": "FARGATE", "base": 0, "weight": 0})];
        assert_eq!(Providers::of(&alone).choose().as_deref(), Some("FARGATE"));
    }
}
