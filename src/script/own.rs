//! [`Functions`]: functions of the host's own, for scripts to call beside those of the language.
//!
//! What a script gives them must be known: no reference to what is not made yet, no secret. So a function never has to ask
//! what a text may stand for, and none learns a secret that it could give away.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::sync::Arc;

use futures::FutureExt;
use futures::future::BoxFuture;
use rhai::{Dynamic, Engine, EvalAltResult, NativeCallContext};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::convert::{from_json, to_value};
use super::evaluator::plain_engine;
use super::session::{Mistake, Session};
use super::{library, names};
use crate::model::{Json, PathStep, Secrets, Value, schemas};

/// A function that scripts may call: a closure with up to four arguments, each of a type that JSON can be read as. It
/// answers something that can be written as JSON, or why not.
pub trait Function<A>: Send + Sync + 'static {
    /// How many arguments it takes.
    const ARGUMENTS: usize;

    /// Calls it.
    ///
    /// # Errors
    /// When an argument is not of its type, and whatever the function says.
    fn call(&self, arguments: Vec<Json>) -> Result<Json, String>;
}

/// A [`Function`] that may wait for its answer.
pub trait Lookup<A>: Send + Sync + 'static {
    /// How many arguments it takes.
    const ARGUMENTS: usize;

    /// Calls it.
    ///
    /// # Errors
    /// As [`Function::call`].
    fn ask(&self, arguments: Vec<Json>) -> BoxFuture<'static, Result<Json, String>>;
}

fn argument<T: DeserializeOwned>(position: usize, given: Option<Json>) -> Result<T, String> {
    serde_json::from_value(given.unwrap_or_default()).map_err(|error| format!("argument {position}: {error}"))
}

fn answer<R: Serialize, E: Display>(result: Result<R, E>) -> Result<Json, String> {
    let value = result.map_err(|error| error.to_string())?;
    serde_json::to_value(value).map_err(|error| format!("what it answers cannot be a script's value: {error}"))
}

macro_rules! functions {
    ($count:literal, $($type:ident $position:literal),*) => {
        impl<F, R, E, $($type),*> Function<(R, E, $($type,)*)> for F
        where
            F: Fn($($type),*) -> Result<R, E> + Send + Sync + 'static,
            R: Serialize,
            E: Display,
            $($type: DeserializeOwned,)*
        {
            const ARGUMENTS: usize = $count;

            #[allow(unused_mut, unused_variables, reason = "without arguments there is nothing to take")]
            fn call(&self, arguments: Vec<Json>) -> Result<Json, String> {
                let mut given = arguments.into_iter();
                answer(self($(argument::<$type>($position, given.next())?),*))
            }
        }

        impl<F, T, R, E, $($type),*> Lookup<(R, E, $($type,)*)> for F
        where
            F: Fn($($type),*) -> T + Send + Sync + 'static,
            T: Future<Output = Result<R, E>> + Send + 'static,
            R: Serialize + Send + 'static,
            E: Display + Send + 'static,
            $($type: DeserializeOwned,)*
        {
            const ARGUMENTS: usize = $count;

            #[allow(unused_mut, unused_variables, reason = "without arguments there is nothing to take")]
            fn ask(&self, arguments: Vec<Json>) -> BoxFuture<'static, Result<Json, String>> {
                let mut given = arguments.into_iter();
                let mut begin = || -> Result<T, String> { Ok(self($(argument::<$type>($position, given.next())?),*)) };
                match begin() {
                    Ok(asked) => asked.map(answer).boxed(),
                    Err(wrong) => std::future::ready(Err(wrong)).boxed(),
                }
            }
        }
    };
}

functions!(0,);
functions!(1, A 1);
functions!(2, A 1, B 2);
functions!(3, A 1, B 2, C 3);
functions!(4, A 1, B 2, C 3, D 4);

/// Why a function cannot have a name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FunctionError {
    /// It is not one that a script could call.
    #[error("`{0}` is not the name of a function that a script could call")]
    NotAName(String),
    /// The language has it already.
    #[error("the language has a function `{0}` already")]
    Taken(String),
    /// Another of the host's own functions has it.
    #[error("the function `{0}` is there twice")]
    Twice(String),
}

/// What is answered some time.
type Later = BoxFuture<'static, Result<Json, String>>;

#[derive(Clone)]
enum Call {
    Now(Arc<dyn Fn(Vec<Json>) -> Result<Json, String> + Send + Sync>),
    Later(Arc<dyn Fn(Vec<Json>) -> Later + Send + Sync>),
}

#[derive(Clone)]
struct Own {
    arguments: usize,
    call: Call,
}

/// The functions that a host gives scripts. Cheap to clone.
#[derive(Clone, Default)]
pub struct Functions(Arc<BTreeMap<String, Own>>);

impl std::fmt::Debug for Functions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

impl Functions {
    /// Adds a function.
    ///
    /// # Errors
    /// When it cannot have the name.
    pub fn add<A>(&mut self, name: &str, function: impl Function<A>) -> Result<(), FunctionError> {
        let arguments = arguments_of(&function);
        self.insert(name, Own { arguments, call: Call::Now(Arc::new(move |given| function.call(given))) })
    }

    /// Adds a function that may wait for its answer.
    ///
    /// # Errors
    /// When it cannot have the name.
    pub fn add_lookup<A>(&mut self, name: &str, lookup: impl Lookup<A>) -> Result<(), FunctionError> {
        let arguments = arguments_asked(&lookup);
        self.insert(name, Own { arguments, call: Call::Later(Arc::new(move |given| lookup.ask(given))) })
    }

    /// Their names, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    fn insert(&mut self, name: &str, own: Own) -> Result<(), FunctionError> {
        check(name)?;
        match Arc::make_mut(&mut self.0).insert(name.to_owned(), own) {
            None => Ok(()),
            Some(_) => Err(FunctionError::Twice(name.to_owned())),
        }
    }
}

fn arguments_of<A, F: Function<A>>(_: &F) -> usize {
    F::ARGUMENTS
}

fn arguments_asked<A, F: Lookup<A>>(_: &F) -> usize {
    F::ARGUMENTS
}

/// A name that scripts can call and that nothing of the language has, so that neither stands in for the other.
fn check(name: &str) -> Result<(), FunctionError> {
    let interpreter = plain_engine();
    if !rhai::is_valid_identifier(name) || interpreter.compile(format!("{name}()")).is_err() {
        return Err(FunctionError::NotAName(name.to_owned()));
    }
    let begins = format!("{name}(");
    let taken = names::is_function(name)
        || library::names().contains(name)
        || schemas().kinds().any(|(kind, _)| kind.as_str() == name)
        || interpreter.gen_fn_signatures(true).iter().any(|signature| signature.starts_with(&begins));
    if taken { Err(FunctionError::Taken(name.to_owned())) } else { Ok(()) }
}

type Outcome = Result<Dynamic, Box<EvalAltResult>>;

/// Registers the functions of a session.
pub(super) fn register(engine: &mut Engine, session: &Arc<Session>) {
    for (name, own) in session.functions.0.iter() {
        let (session, called, call) = (session.clone(), name.clone(), own.call.clone());
        let call = move |context: &NativeCallContext, given: &[Dynamic]| -> Outcome {
            called_with(&session, context, &called, &call, given)
        };
        type Context<'a> = NativeCallContext<'a>;
        match own.arguments {
            0 => engine.register_fn(name, move |at: Context| call(&at, &[])),
            1 => engine.register_fn(name, move |at: Context, a: Dynamic| call(&at, &[a])),
            2 => engine.register_fn(name, move |at: Context, a: Dynamic, b: Dynamic| call(&at, &[a, b])),
            3 => engine.register_fn(name, move |at: Context, a: Dynamic, b: Dynamic, c: Dynamic| call(&at, &[a, b, c])),
            _ => engine.register_fn(name, move |at: Context, a: Dynamic, b: Dynamic, c: Dynamic, d: Dynamic| {
                call(&at, &[a, b, c, d])
            }),
        };
    }
}

/// Calls one with what a script gave it. The time it takes is not the script's.
fn called_with(session: &Session, context: &NativeCallContext, name: &str, call: &Call, given: &[Dynamic]) -> Outcome {
    let mut arguments = Vec::with_capacity(given.len());
    for (position, value) in given.iter().enumerate() {
        match known(session, value) {
            Ok(json) => arguments.push(json),
            Err((steps, what)) => {
                let mistake = Mistake::new(format!("{name} is given {what}")).label("it must be known");
                session.mistake_in(context, position, &steps, mistake);
                return Ok(super::tokens::unknown().into());
            }
        }
    }
    let answer = match call {
        Call::Now(call) => session.watch.aside(|| call(arguments)),
        Call::Later(ask) => session.ask(ask(arguments)),
    };
    match answer {
        Ok(json) => Ok(from_json(&json)),
        Err(reason) => Err(format!("{name}: {reason}").into()),
    }
}

/// A script's value as JSON, with what is known put in the place of references.
fn known(session: &Session, value: &Dynamic) -> Result<Json, (Vec<PathStep>, String)> {
    let state = session.state();
    let value = to_value(value, "", &state.secrets).map_err(|unfit| (unfit.steps, unfit.what))?;
    let mut value = value.resolve(&|reference| {
        let declaration = &state.declarations[*state.by_address.get(&reference.address)?];
        declaration.properties.get(&reference.attribute).and_then(Value::to_json)
    });
    let mut secret = false;
    value.visit_secrets(&mut |_| secret = true);
    match value.to_json() {
        Some(json) if !secret => Ok(json),
        Some(_) => Err((Vec::new(), "a secret".to_owned())),
        None => Err((Vec::new(), "what is not known before it is made".to_owned())),
    }
}
