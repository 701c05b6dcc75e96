//! `existing_vpc`: what the account has already, looked up while the script is evaluated.

use std::collections::BTreeMap;
use std::sync::Arc;

use rhai::{Array, Dynamic, Engine, EvalAltResult, Map, NativeCallContext};

use super::session::{Mistake, Session};
use super::spans::Aim;
use super::suggest::{did_you_mean, listed};
use super::tokens;
use crate::model::PathStep;
use crate::model::existing::{ExistingSubnet, ExistingVpc, VpcQuery};

/// What a warning is that says nothing of the script: no rule has that name.
const MADE_UP: &str = "made-up";

/// What `existing_vpc` takes.
const PROPERTIES: [&str; 2] = ["id", "name"];

/// An object that exists already, as scripts hold it: its attributes are known, and as a property's value it is its
/// identifier.
#[derive(Debug, Clone)]
pub(super) struct Found {
    pub(super) id: String,
    attributes: Arc<BTreeMap<&'static str, String>>,
}

impl Found {
    fn new<const N: usize>(id: &str, attributes: [(&'static str, &str); N]) -> Self {
        let attributes = attributes.into_iter().chain([("id", id)]).map(|(name, value)| (name, value.to_owned()));
        Self { id: id.to_owned(), attributes: Arc::new(attributes.collect()) }
    }
}

/// Registers the function, and what can be asked of what it finds.
pub(super) fn register(engine: &mut Engine, session: &Arc<Session>) {
    let own = session.clone();
    engine.register_fn("existing_vpc", move |context: NativeCallContext, properties: Map| {
        existing_vpc(&own, &context, &properties)
    });
    engine.register_type_with_name::<Found>("existing object");
    let own = session.clone();
    engine.register_indexer_get(move |context: NativeCallContext, found: &mut Found, name: &str| -> String {
        if let Some(value) = found.attributes.get(name) {
            return value.clone();
        }
        let names = || found.attributes.keys().copied();
        let help = did_you_mean(name, names()).unwrap_or_else(|| format!("it has {}", listed(names(), "and")));
        let mistake = Mistake::new(format!("what was looked up has no attribute `{name}`")).label("not an attribute");
        own.mistake(&context, mistake.help(help));
        tokens::unknown()
    });
    let text = |found: &mut Found| found.id.clone();
    engine.register_fn("to_string", text).register_fn("to_debug", text);
}

/// A map as `network` returns it, of a VPC that exists.
fn existing_vpc(session: &Session, context: &NativeCallContext, given: &Map) -> Result<Map, Box<EvalAltResult>> {
    let Some(query) = query(session, context, given) else { return Ok(network(&unknown())) };
    let found = session.ask(session.lookups.vpcs(&query))?;
    if session.lookups.stand_in() {
        let origin = session.origin(context);
        let mistake = Mistake::new("no account is asked: the VPC is made up").label("not looked up").rule(MADE_UP);
        session.state().warn(&origin, &[], Aim::Value, mistake);
    }
    let (what, key) = match &query {
        VpcQuery::Name(name) => (format!("named `{name}`"), "name"),
        VpcQuery::Id(id) => (format!("`{id}`"), "id"),
    };
    let mistake = match found.as_slice() {
        [only] => return Ok(network(only)),
        [] => Mistake::new(format!("there is no VPC {what}"))
            .label("not found")
            .help("it is looked for in the account and region that the first line of the output names".to_owned()),
        several => Mistake::new(format!("there are {} VPCs {what}", several.len()))
            .label("not only one")
            .help(format!("say which by its `id`: {}", listed(several.iter().map(|vpc| vpc.id.as_str()), "or"))),
    };
    session.mistake_in(context, 0, &[PathStep::Key(key.to_owned())], mistake);
    Ok(network(&unknown()))
}

/// Which VPC is meant; what is wrong is recorded.
fn query(session: &Session, context: &NativeCallContext, given: &Map) -> Option<VpcQuery> {
    let origin = session.origin(context).argument(0);
    let mut state = session.state();
    for key in given.keys().filter(|key| !PROPERTIES.contains(&key.as_str())) {
        let help = did_you_mean(key, PROPERTIES).unwrap_or_else(|| format!("it has {}", listed(PROPERTIES, "and")));
        let mistake = Mistake::new(format!("existing_vpc has no property `{key}`")).label("not a property").help(help);
        state.mistake(&origin, &[PathStep::Key(key.to_string())], Aim::Key, mistake);
    }
    let known = |key: &str, value: &Dynamic| PROPERTIES.contains(&key) && !value.is_unit();
    let there: Vec<_> = given.iter().filter(|(key, value)| known(key, value)).collect();
    let [(key, value)] = there.as_slice() else {
        let what = "existing_vpc takes the `name` of a VPC or its `id`";
        state.mistake(&origin, &[], Aim::Value, Mistake::new(what).label("one of them"));
        return None;
    };
    let text = value.as_immutable_string_ref().ok().map(|text| text.to_string());
    match text.as_deref().map(|text| state.known_text(text)) {
        Some(Some(text)) if key.as_str() == "name" => Some(VpcQuery::Name(text)),
        Some(Some(text)) => Some(VpcQuery::Id(text)),
        Some(None) => {
            let mistake = Mistake::new("what is looked up must be known before anything is made");
            let step = [PathStep::Key(key.to_string())];
            state.mistake(&origin, &step, Aim::Value, mistake.label("not known yet"));
            None
        }
        None => {
            let what = format!("the `{key}` of a VPC is {}, not a string", super::convert::describe(value));
            let step = [PathStep::Key(key.to_string())];
            state.mistake(&origin, &step, Aim::Value, Mistake::new(what).label("not a string"));
            None
        }
    }
}

/// Stands in for a VPC of which a mistake is told already, so that nothing more is said about it.
fn unknown() -> ExistingVpc {
    let subnet =
        |public| ExistingSubnet { id: tokens::unknown(), zone: tokens::unknown(), cidr: tokens::unknown(), public };
    ExistingVpc { id: tokens::unknown(), cidr: "10.0.0.0/16".to_owned(), subnets: vec![subnet(true), subnet(false)] }
}

/// What `network` of the standard library would return for it. Its gateways, tables and routes are not looked up: there
/// is nothing to wait for.
fn network(vpc: &ExistingVpc) -> Map {
    let subnets = |public: bool| -> Array {
        let those = vpc.subnets.iter().filter(|subnet| subnet.public == public);
        those
            .map(|subnet| {
                let attributes =
                    [("subnetId", &*subnet.id), ("availabilityZone", &*subnet.zone), ("cidrBlock", &*subnet.cidr)];
                Dynamic::from(Found::new(&subnet.id, attributes))
            })
            .collect()
    };
    let mut zones: Vec<&str> = vpc.subnets.iter().map(|subnet| subnet.zone.as_str()).collect();
    zones.sort_unstable();
    zones.dedup();
    let found = Found::new(&vpc.id, [("vpcId", &*vpc.id), ("cidrBlock", &*vpc.cidr)]);
    let nothing = || Dynamic::from(Array::new());
    Map::from([
        ("vpc".into(), Dynamic::from(found)),
        ("cidr".into(), vpc.cidr.clone().into()),
        ("zones".into(), zones.into_iter().map(|zone| zone.to_owned().into()).collect::<Array>().into()),
        ("internetGateway".into(), Dynamic::UNIT),
        ("attachment".into(), Dynamic::UNIT),
        ("publicSubnets".into(), subnets(true).into()),
        ("privateSubnets".into(), subnets(false).into()),
        ("natGateways".into(), nothing()),
        ("publicRouteTable".into(), Dynamic::UNIT),
        ("privateRouteTables".into(), nothing()),
        ("routes".into(), nothing()),
    ])
}
