//! The standard library: functions written in the language itself, part of the binary, there without import.

use std::collections::BTreeSet;
use std::sync::{Arc, OnceLock};

use rhai::{AST, CallFnOptions, Dynamic, Engine, EvalAltResult, FnAccess, Map, NativeCallContext, Scope};

use super::evaluator;
use super::session::Session;

/// Files of the library: their names in messages, and their texts.
const FILES: [(&str, &str); 7] = [
    ("stdlib/network.rhai", include_str!("../../stdlib/network.rhai")),
    ("stdlib/load_balancer.rhai", include_str!("../../stdlib/load_balancer.rhai")),
    ("stdlib/fargate_task.rhai", include_str!("../../stdlib/fargate_task.rhai")),
    ("stdlib/fargate_service.rhai", include_str!("../../stdlib/fargate_service.rhai")),
    ("stdlib/hazelcast.rhai", include_str!("../../stdlib/hazelcast.rhai")),
    ("stdlib/orientdb.rhai", include_str!("../../stdlib/orientdb.rhai")),
    ("stdlib/orientdb_node.rhai", include_str!("../../stdlib/orientdb_node.rhai")),
];

struct Library {
    files: Vec<(&'static str, Arc<AST>)>,
    names: BTreeSet<String>,
}

fn library() -> &'static Library {
    static LIBRARY: OnceLock<Library> = OnceLock::new();
    LIBRARY.get_or_init(|| {
        let engine = evaluator::plain_engine();
        let compile = |(name, text): &(&'static str, &str)| {
            let mut ast = engine.compile(text).expect("the library is part of the binary, and a test compiles it");
            ast.set_source(*name);
            (*name, Arc::new(ast))
        };
        let files: Vec<_> = FILES.iter().map(compile).collect();
        let names = files.iter().flat_map(|(_, ast)| public(ast)).collect();
        Library { files, names }
    })
}

fn public(ast: &AST) -> Vec<String> {
    let functions = ast.iter_functions().filter(|function| function.access == FnAccess::Public);
    functions.map(|function| function.name.to_owned()).collect()
}

/// Its files: their names, and their texts.
pub(crate) fn files() -> impl Iterator<Item = (&'static str, &'static str)> {
    FILES.iter().copied()
}

/// Names of its functions.
pub(super) fn names() -> &'static BTreeSet<String> {
    &library().names
}

/// The texts of its files.
pub(super) fn texts() -> impl Iterator<Item = &'static str> {
    FILES.iter().map(|(_, text)| *text)
}

/// Its functions by name, with the comments they are documented by.
pub(super) fn documented() -> Vec<(String, Vec<String>)> {
    let mut found = Vec::new();
    for (_, ast) in &library().files {
        for function in ast.iter_functions().filter(|function| function.access == FnAccess::Public) {
            let comments = function.comments.iter().map(|comment| (*comment).to_owned());
            found.push((function.name.to_owned(), comments.collect()));
        }
    }
    found.sort();
    found
}

/// Whether a file's name is that of one of its files.
pub(super) fn is_file(name: &str) -> bool {
    FILES.iter().any(|(file, _)| *file == name)
}

/// Registers its functions. Each takes one map; a call is remembered while it is under way, so that what goes wrong in it
/// can be told with where it was called.
pub(super) fn register(engine: &mut Engine, session: &Arc<Session>) {
    for ((file, text), (_, ast)) in FILES.iter().zip(&library().files) {
        {
            let mut state = session.state();
            state.sources.add(file, text);
            state.sources.index(file, ast);
        }
        for name in public(ast) {
            let (own, ast, function) = (session.clone(), ast.clone(), name.clone());
            engine.register_fn(name, move |context: NativeCallContext, properties: Map| {
                call(&own, &context, &ast, &function, properties)
            });
        }
    }
}

fn call(
    session: &Session,
    context: &NativeCallContext,
    ast: &AST,
    function: &str,
    properties: Map,
) -> Result<Dynamic, Box<EvalAltResult>> {
    let at = session.at(context);
    session.state().frames.push(at);
    let options = CallFnOptions::new().eval_ast(false);
    let result = context.engine().call_fn_with_options(options, &mut Scope::new(), ast, function, (properties,));
    session.state().frames.pop();
    result.map_err(|error| {
        let file = ast.source().unwrap_or_default().to_owned();
        EvalAltResult::ErrorInFunctionCall(function.to_owned(), file, error, context.call_position()).into()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_take_one_map_and_are_documented() {
        for (file, ast) in &library().files {
            for function in ast.iter_functions().filter(|function| function.access == FnAccess::Public) {
                assert_eq!(function.params.len(), 1, "{file} {}", function.name);
                assert!(!function.comments.is_empty(), "{file} {} has no documentation", function.name);
            }
        }
    }
}
