//! `service.expect_cluster(#{ … })`: that the tasks of a service are members which have to find each other.

use std::sync::Arc;

use rhai::{Dynamic, Engine, Map, NativeCallContext};

use super::convert::describe;
use super::handle::Handle;
use super::session::{Mistake, Session, State};
use super::sources::Origin;
use super::spans::Aim;
use super::suggest::{did_you_mean, listed};
use crate::model::{Formation, PathStep, Product};

/// The type whose objects run members.
pub(super) const SERVICE: &str = "AWS::ECS::Service";

const PROPERTIES: [&str; 5] = ["product", "port", "size", "container", "namespace"];

/// Registers the method.
pub(super) fn register(engine: &mut Engine, session: &Arc<Session>) {
    let own = session.clone();
    engine.register_fn("expect_cluster", move |context: NativeCallContext, handle: &mut Handle, expected: Map| {
        expect_cluster(&own, &context, handle, &expected);
        handle.clone()
    });
}

fn expect_cluster(session: &Session, context: &NativeCallContext, handle: &Handle, expected: &Map) {
    let Some((address, schema)) = handle.declared() else { return };
    let origin = session.origin(context);
    let mut state = session.state();
    if schema.type_name != SERVICE {
        let what = format!("{} has no `expect_cluster`: its objects run no members", schema.kind);
        let help = "it is a method of ecs_service".to_owned();
        return state.mistake_at(&origin, Mistake::new(what).label("not a method of it").help(help));
    }
    let Some(&index) = state.by_address.get(address) else { return };
    if state.declarations[index].options.formation.is_some() {
        return state.mistake_at(&origin, Mistake::new(format!("{address} expects a cluster already")).label("again"));
    }
    let formation = Reader { state: &mut state, origin: origin.argument(1) }.read(expected);
    state.declarations[index].options.formation = formation;
}

struct Reader<'a> {
    state: &'a mut State,
    origin: Origin,
}

impl Reader<'_> {
    /// Reads what is expected; what is wrong in it is recorded.
    fn read(&mut self, expected: &Map) -> Option<Formation> {
        for name in expected.keys().filter(|name| !PROPERTIES.contains(&name.as_str())) {
            let help = did_you_mean(name, PROPERTIES);
            let help = help.unwrap_or_else(|| format!("it has {}", listed(PROPERTIES, "and")));
            let mistake = Mistake::new(format!("expect_cluster has no property `{name}`")).label("not a property");
            let here = [PathStep::Key(name.to_string())];
            self.state.mistake(&self.origin, &here, Aim::Key, mistake.help(help));
        }
        let given = |name: &str| expected.get(name).filter(|value| !value.is_unit());
        let port = given("port").map(|value| self.number(value, "port", 1, 65535));
        let size = given("size").map(|value| self.number(value, "size", 1, 1000));
        let container = given("container").and_then(|value| self.text(value, "container"));
        let namespace = given("namespace").and_then(|value| self.text(value, "namespace"));
        let Some(product) = given("product") else {
            let names = listed(Product::ALL.map(|(name, _)| name), "or");
            let mistake = Mistake::new("expect_cluster needs `product`").label("`product` is missing");
            self.state.mistake_at(&self.origin, mistake.help(format!("it is {names}")));
            return None;
        };
        let product = self.product(product)?;
        let port = port.flatten().and_then(|port| u16::try_from(port).ok()).unwrap_or(product.port());
        Some(Formation { product, port, size: size.flatten(), container, namespace })
    }

    fn wrong(&mut self, name: &str, message: String, help: Option<String>) {
        let here = [PathStep::Key(name.to_owned())];
        self.state.mistake(&self.origin, &here, Aim::Value, Mistake::new(message).help(help));
    }

    fn product(&mut self, value: &Dynamic) -> Option<Product> {
        let name = self.text(value, "product")?;
        let known = Product::ALL.iter().find(|(known, _)| *known == name);
        if known.is_none() {
            let names = Product::ALL.map(|(known, _)| known);
            let help = did_you_mean(&name, names).unwrap_or_else(|| format!("it is {}", listed(names, "or")));
            self.wrong("product", format!("`product` cannot be `{name}`"), Some(help));
        }
        known.map(|(_, product)| *product)
    }

    fn text(&mut self, value: &Dynamic, name: &str) -> Option<String> {
        let text = value.as_immutable_string_ref().ok().map(|text| text.to_string());
        let Some(text) = text else {
            self.wrong(name, format!("`{name}` is {}, not a string", describe(value)), None);
            return None;
        };
        let known = self.state.known_text(&text);
        if known.is_none() {
            self.wrong(name, format!("`{name}` must be known before anything is made"), None);
        }
        known
    }

    fn number(&mut self, value: &Dynamic, name: &str, least: u32, most: u32) -> Option<u32> {
        let number = value.as_int().ok().and_then(|number| u32::try_from(number).ok());
        let number = number.filter(|number| (least..=most).contains(number));
        if number.is_none() {
            self.wrong(name, format!("`{name}` is a whole number from {least} to {most}"), None);
        }
        number
    }
}
