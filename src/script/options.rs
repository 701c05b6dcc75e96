//! Options of a declaration: the third argument of a builder.

use std::time::Duration;

use rhai::{Dynamic, Map};

use super::convert::{describe, to_value};
use super::formation::SERVICE;
use super::handle::Handle;
use super::session::{Mistake, State};
use super::sources::Origin;
use super::spans::Aim;
use super::suggest::{did_you_mean, listed};
use crate::model::{Address, KindSchema, Options, PathStep, Value};

/// The options there are.
pub(super) const NAMES: [&str; 9] =
    ["dependsOn", "protect", "retain", "ignoreChanges", "replaceOn", "aliases", "timeouts", "id", "fromStack"];
const ACTIONS: [&str; 3] = ["create", "update", "delete"];
/// The timeout that only kinds have whose objects run members of a cluster.
const FORMATION: &str = "formation";

/// Reads options; what is wrong in them is recorded.
pub(super) fn read(map: &Map, schema: &KindSchema, state: &mut State, origin: &Origin) -> Options {
    let mut options = Options::default();
    let mut reader = Reader { state, origin };
    for (name, value) in map {
        if value.is_unit() {
            continue;
        }
        let here = [PathStep::Key(name.to_string())];
        match name.as_str() {
            "dependsOn" => {
                for address in reader.addresses(value, &here) {
                    if !options.depends_on.contains(&address) {
                        options.depends_on.push(address);
                    }
                }
            }
            "protect" => options.protect = Some(reader.flag(value, &here)),
            "retain" => options.retain = reader.flag(value, &here),
            "ignoreChanges" => options.ignore_changes = reader.properties(value, &here, schema),
            "replaceOn" => options.replace_on = reader.values(value, &here),
            "aliases" => options.aliases = reader.addresses(value, &here),
            "timeouts" => reader.timeouts(value, &mut options, schema),
            "id" => options.id = reader.text(value, &here),
            "fromStack" => options.from_stack = reader.text(value, &here),
            unknown => {
                let help = did_you_mean(unknown, NAMES).unwrap_or_else(|| format!("options are {}", NAMES.join(", ")));
                let mistake = Mistake::new(format!("there is no option `{unknown}`")).label("not an option");
                reader.state.mistake(reader.origin, &here, Aim::Key, mistake.help(help));
            }
        }
    }
    options
}

struct Reader<'a> {
    state: &'a mut State,
    origin: &'a Origin,
}

impl Reader<'_> {
    fn wrong(&mut self, steps: &[PathStep], message: String, help: Option<String>) {
        self.state.mistake(self.origin, steps, Aim::Value, Mistake::new(message).help(help));
    }

    fn flag(&mut self, value: &Dynamic, steps: &[PathStep]) -> bool {
        value.as_bool().unwrap_or_else(|_| {
            self.wrong(steps, format!("{} is {}, not true or false", named(steps), describe(value)), None);
            false
        })
    }

    fn text(&mut self, value: &Dynamic, steps: &[PathStep]) -> Option<String> {
        let text = value.as_immutable_string_ref().ok().and_then(|text| self.state.known_text(&text));
        if text.is_none() {
            self.wrong(steps, format!("{} is no string that is known", named(steps)), None);
        }
        text
    }

    /// One or a list, each with where it stands.
    fn each<T>(
        &mut self,
        value: &Dynamic,
        steps: &[PathStep],
        mut read: impl FnMut(&mut Self, &Dynamic, &[PathStep]) -> Option<T>,
    ) -> Vec<T> {
        let Ok(items) = value.as_array_ref() else { return read(self, value, steps).into_iter().collect() };
        let mut found = Vec::with_capacity(items.len());
        for (index, item) in items.iter().enumerate() {
            let here = [steps, &[PathStep::Index(index)]].concat();
            found.extend(read(self, item, &here));
        }
        found
    }

    fn addresses(&mut self, value: &Dynamic, steps: &[PathStep]) -> Vec<Address> {
        self.each(value, steps, |reader, item, here| {
            if let Some(handle) = item.read_lock::<Handle>() {
                return handle.declared().map(|(address, _)| address.clone());
            }
            let text = item.as_immutable_string_ref().map(|text| text.to_string());
            match text.as_deref().map(str::parse::<Address>) {
                Ok(Ok(address)) => return Some(address),
                Ok(Err(error)) => reader.wrong(here, error.to_string(), None),
                Err(_) => {
                    let message = format!("{} is neither a resource nor an address", describe(item));
                    reader.wrong(here, message, Some("write what a builder returned, or `kind.name`".to_owned()));
                }
            }
            None
        })
    }

    fn properties(&mut self, value: &Dynamic, steps: &[PathStep], schema: &KindSchema) -> Vec<String> {
        self.each(value, steps, |reader, item, here| {
            let name = reader.text(item, here)?;
            if !schema.is_open() && !schema.shape.properties.contains_key(&name) {
                let help = did_you_mean(&name, schema.shape.properties.keys().map(String::as_str));
                reader.wrong(here, format!("{} has no property `{name}`", schema.kind), help);
            }
            Some(name)
        })
    }

    fn values(&mut self, value: &Dynamic, steps: &[PathStep]) -> Vec<Value> {
        self.each(value, steps, |reader, item, here| match to_value(item, "", &reader.state.secrets) {
            Ok(value) => Some(value),
            Err(unfit) => {
                reader.wrong(here, format!("{} cannot be compared", unfit.what), None);
                None
            }
        })
    }

    fn timeouts(&mut self, value: &Dynamic, options: &mut Options, schema: &KindSchema) {
        let forms = schema.type_name == SERVICE;
        let names = || ACTIONS.into_iter().chain(forms.then_some(FORMATION));
        let here = PathStep::Key("timeouts".to_owned());
        let Ok(map) = value.as_map_ref() else {
            let help = "such as `#{ create: \"20m\" }`".to_owned();
            self.wrong(&[here], format!("`timeouts` is {}, not a map", describe(value)), Some(help));
            return;
        };
        for (name, value) in map.iter() {
            let steps = [here.clone(), PathStep::Key(name.to_string())];
            let slot = match name.as_str() {
                "create" => &mut options.timeouts.create,
                "update" => &mut options.timeouts.update,
                "delete" => &mut options.timeouts.delete,
                FORMATION if forms => &mut options.timeouts.formation,
                unknown => {
                    let mistake = Mistake::new(format!("there is no timeout `{unknown}`"));
                    let help = did_you_mean(unknown, names()).unwrap_or_else(|| listed(names(), "and"));
                    self.state.mistake(self.origin, &steps, Aim::Key, mistake.help(help));
                    continue;
                }
            };
            *slot = value.as_immutable_string_ref().ok().and_then(|text| duration(&text));
            if slot.is_none() {
                let help = "such as \"90s\", \"20m\" or \"1h\"".to_owned();
                self.wrong(&steps, format!("the timeout `{name}` is not a length of time"), Some(help));
            }
        }
    }
}

/// The option a value is of.
fn named(steps: &[PathStep]) -> String {
    match steps.first() {
        Some(PathStep::Key(name)) => format!("the option `{name}`"),
        _ => "the option".to_owned(),
    }
}

/// A length of time from a whole number and `s`, `m` or `h`.
fn duration(text: &str) -> Option<Duration> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let per_unit = match &text[digits.len()..] {
        "s" => 1,
        "m" => 60,
        "h" => 3600,
        _ => return None,
    };
    digits.parse::<u64>().ok()?.checked_mul(per_unit).map(Duration::from_secs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_of_time_are_numbers_with_a_unit() {
        assert_eq!(duration("90s"), Some(Duration::from_secs(90)));
        assert_eq!(duration("20m"), Some(Duration::from_secs(1200)));
        assert_eq!(duration("1h"), Some(Duration::from_secs(3600)));
        assert_eq!((duration("5"), duration("m"), duration("1.5h"), duration("ä")), (None, None, None, None));
    }
}
