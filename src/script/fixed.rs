//! [`Fixed`]: what a function of the standard library returns for reading only.

use std::sync::Arc;

use rhai::{Dynamic, Engine, Map, NativeCallContext};

use super::session::{Mistake, Session};
use super::suggest::{did_you_mean, listed};
use super::{text, tokens};

/// A map whose entries can be read and not set.
#[derive(Debug, Clone)]
pub(super) struct Fixed {
    /// Whose attributes they are: the function that returned it.
    owner: String,
    pub(super) entries: Arc<Map>,
}

impl Fixed {
    /// That there is no attribute of a name, and which there are.
    fn missing(&self, name: &str) -> Mistake {
        let names = || self.entries.keys().map(|key| key.as_str());
        let help = did_you_mean(name, names()).unwrap_or_else(|| format!("it has {}", listed(names(), "and")));
        let mistake = Mistake::new(format!("what {} returns has no attribute `{name}`", self.owner));
        mistake.label("not an attribute").help(help)
    }
}

/// Registers `read_only`, which makes one of a map, and what can be asked of it.
pub(super) fn register(engine: &mut Engine, session: &Arc<Session>) {
    engine.register_type_with_name::<Fixed>("read-only map");
    engine.register_fn("read_only", |owner: &str, entries: Map| Fixed {
        owner: owner.to_owned(),
        entries: Arc::new(entries),
    });
    let own = session.clone();
    engine.register_indexer_get(move |context: NativeCallContext, fixed: &mut Fixed, name: &str| -> Dynamic {
        if let Some(value) = fixed.entries.get(name) {
            return value.clone();
        }
        own.mistake(&context, fixed.missing(name));
        tokens::unknown().into()
    });
    let own = session.clone();
    engine.register_indexer_set(move |context: NativeCallContext, fixed: &mut Fixed, name: &str, value: Dynamic| {
        // A method called on an attribute, such as `add_to_policy` of a role, gives the attribute back.
        if fixed.entries.get(name).is_some_and(|before| text::of(before) == text::of(&value)) {
            return;
        }
        if !fixed.entries.contains_key(name) {
            own.mistake(&context, fixed.missing(name));
            return;
        }
        let mistake = Mistake::new(format!("`{name}` of {} is read only", fixed.owner)).label("cannot be set");
        own.mistake(&context, mistake.help(format!("say what it is where {} is called", fixed.owner)));
    });
    engine.register_fn("keys", |fixed: &mut Fixed| -> rhai::Array {
        fixed.entries.keys().map(|key| key.to_string().into()).collect()
    });
    let shown = |fixed: &mut Fixed| text::of(&Dynamic::from(fixed.clone()));
    engine.register_fn("to_string", shown).register_fn("to_debug", shown);
}
