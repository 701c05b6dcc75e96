//! [`Secrets`]: every secret of a thing that has values in it, visited by one walk.

use std::collections::BTreeMap;

use super::{Program, Resource, Secret, TemplatePart, Value};

/// What may have secrets in it.
pub trait Secrets {
    /// Visits each, in order of appearance. What is not visited is stored as its hash only.
    fn visit_secrets(&mut self, visit: &mut dyn FnMut(&mut Secret));
}

impl Secrets for Value {
    fn visit_secrets(&mut self, visit: &mut dyn FnMut(&mut Secret)) {
        match self {
            Self::Secret(secret) => visit(secret),
            Self::Template(parts) => {
                for part in parts {
                    if let TemplatePart::Secret(secret) = part {
                        visit(secret);
                    }
                }
            }
            Self::List(items) => items.visit_secrets(visit),
            Self::Map(map) => map.visit_secrets(visit),
            Self::Null | Self::Bool(_) | Self::Int(_) | Self::Float(_) | Self::String(_) | Self::Ref(_) => {}
        }
    }
}

impl<T: Secrets> Secrets for Vec<T> {
    fn visit_secrets(&mut self, visit: &mut dyn FnMut(&mut Secret)) {
        self.iter_mut().for_each(|item| item.visit_secrets(visit));
    }
}

impl<T: Secrets> Secrets for Option<T> {
    fn visit_secrets(&mut self, visit: &mut dyn FnMut(&mut Secret)) {
        self.iter_mut().for_each(|item| item.visit_secrets(visit));
    }
}

impl<K, T: Secrets> Secrets for BTreeMap<K, T> {
    fn visit_secrets(&mut self, visit: &mut dyn FnMut(&mut Secret)) {
        self.values_mut().for_each(|item| item.visit_secrets(visit));
    }
}

impl Secrets for Resource {
    fn visit_secrets(&mut self, visit: &mut dyn FnMut(&mut Secret)) {
        self.properties.visit_secrets(visit);
        self.options.replace_on.visit_secrets(visit);
    }
}

impl Secrets for Program {
    fn visit_secrets(&mut self, visit: &mut dyn FnMut(&mut Secret)) {
        self.resources.visit_secrets(visit);
        self.outputs.visit_secrets(visit);
        self.inputs.visit_secrets(visit);
    }
}
