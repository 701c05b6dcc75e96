//! Sets up the interpreter, runs a script, and makes a program of what it declared.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use rhai::packages::{
    ArithmeticPackage, BasicArrayPackage, BasicFnPackage, BasicIteratorPackage, BasicMapPackage, BasicMathPackage,
    BasicStringPackage, LogicPackage, MoreStringPackage, Package,
};
use rhai::{AST, Dynamic, Engine, EvalAltResult, LexError, OptimizationLevel, Position, Scope, Token};
use tokio::runtime::Handle as Runtime;

use super::check::{self, Network};
use super::explore::{self, Trial, Tried, live};
use super::limits::{CALL_LEVELS, EXPRESSION_DEPTH, MOST_VARIABLES, Watch};
use super::resolver::Imports;
use super::session::{Mistake, Session, State};
use super::sources::{At, Origin};
use super::{
    Evaluated, Mistakes, Request, builders, diagnostics, existing, fixed, formation, functions, generic, handle, image,
    inputs, library, lists, mutators, names, own, policy, text,
};
use crate::model::{Program, PropertyPath, Resource};

/// Words that are functions of the interpreter itself, or its own, whatever they are written for.
const KEPT_RESERVED: [&str; 14] = [
    "this",
    "print",
    "debug",
    "type_of",
    "eval",
    "Fn",
    "call",
    "curry",
    "is_shared",
    "is_def_var",
    "is_def_fn",
    "async",
    "await",
    "yield",
];

/// An interpreter with the language's core and limits, and nothing of a session.
pub(super) fn plain_engine() -> Engine {
    let mut engine = Engine::new_raw();
    ArithmeticPackage::new().register_into_engine(&mut engine);
    LogicPackage::new().register_into_engine(&mut engine);
    BasicStringPackage::new().register_into_engine(&mut engine);
    MoreStringPackage::new().register_into_engine(&mut engine);
    BasicIteratorPackage::new().register_into_engine(&mut engine);
    BasicFnPackage::new().register_into_engine(&mut engine);
    BasicMathPackage::new().register_into_engine(&mut engine);
    BasicArrayPackage::new().register_into_engine(&mut engine);
    BasicMapPackage::new().register_into_engine(&mut engine);
    engine
        .set_optimization_level(OptimizationLevel::None)
        .set_strict_variables(true)
        .set_fail_on_invalid_map_property(true)
        .set_fast_operators(false)
        .set_allow_shadowing(false)
        .set_max_call_levels(CALL_LEVELS)
        .set_max_expr_depths(EXPRESSION_DEPTH, EXPRESSION_DEPTH)
        .disable_symbol("eval");
    #[allow(deprecated, reason = "rhai marks what may change between its versions; this one is pinned")]
    engine.on_parse_token(|token, _, _| usable(token));
    engine
}

/// Words that the interpreter reserves for itself without using them are names like any other.
fn usable(token: Token) -> Token {
    match token {
        Token::Reserved(word) if rhai::is_valid_identifier(&word) && !KEPT_RESERVED.contains(&word.as_str()) => {
            Token::Identifier(word)
        }
        other => other,
    }
}

fn engine(session: &Arc<Session>, request: &Request) -> Engine {
    let mut engine = plain_engine();
    confine(&mut engine, session.watch.clone());
    let watch = session.watch.clone();
    engine.on_progress(move |_| watch.operation().map(|stop| Dynamic::from(stop.to_string())));
    engine.set_module_resolver(Imports::new(session.clone(), request.root.as_deref(), &request.file));
    lists::register(&mut engine);
    text::register(&mut engine, session);
    handle::register(&mut engine, session);
    builders::register(&mut engine, session);
    generic::register(&mut engine, session);
    mutators::register(&mut engine, session);
    formation::register(&mut engine, session);
    policy::register(&mut engine, session);
    image::register(&mut engine, session);
    inputs::register(&mut engine, session);
    functions::register(&mut engine, session);
    existing::register(&mut engine, session);
    fixed::register(&mut engine, session);
    library::register(&mut engine, session);
    own::register(&mut engine, session);
    engine
}

/// Every function that scripts can call beside operators, as name and number of parameters.
#[cfg(test)]
pub(super) fn signatures() -> std::collections::BTreeSet<(String, usize)> {
    let request = super::tests::script("").request();
    let watch = Arc::new(Watch::start(request.limits.clone(), Arc::default()));
    let session = Arc::new(Session::new(&request, None, watch));
    let signature = |text: String| {
        let (name, rest) = text.split_once('(')?;
        let parameters = rest.split(')').next()?;
        Some((name.to_owned(), parameters.split(',').filter(|parameter| !parameter.trim().is_empty()).count()))
    };
    engine(&session, &request).gen_fn_signatures(true).into_iter().filter_map(signature).collect()
}

/// Keeps parsing within the limits.
fn confine(engine: &mut Engine, watch: Arc<Watch>) {
    let variables = AtomicUsize::new(0);
    #[allow(deprecated, reason = "rhai marks what may change between its versions; this one is pinned")]
    engine.on_parse_token(move |token, _, _| {
        let refused = |why: String| Token::LexError(Box::new(LexError::Runtime(why)));
        if let Some(stop) = watch.clock() {
            return refused(stop.to_string());
        }
        if matches!(token, Token::Let | Token::Const) && variables.fetch_add(1, Ordering::Relaxed) >= MOST_VARIABLES {
            return refused(format!("the script defines more than {MOST_VARIABLES} variables"));
        }
        usable(token)
    });
}

/// What every file of a script goes through once it is parsed.
pub(super) fn take_in(session: &Session, file: &str, ast: &AST) {
    session.state().sources.index(file, ast);
    for name in names::taken(ast, &session.functions) {
        let mut state = session.state();
        let position = state.sources.definition(file, &name).unwrap_or(Position::NONE);
        let origin = Origin { at: At { file: file.to_owned(), position }, argument: None, frames: Vec::new() };
        let mistake = Mistake::new(format!("the script defines a function `{name}`, which the language has already"));
        state.mistake_at(&origin, mistake.help(format!("give it another name, such as `my_{name}`")));
    }
    let functions: BTreeSet<String> = ast.iter_functions().map(|function| function.name.to_owned()).collect();
    builders::unknown_kinds(session, file, &functions);
}

/// Evaluates a script on this thread, which must have stack enough.
pub(super) fn run(request: Request, runtime: Option<Runtime>, watch: Arc<Watch>) -> Result<Evaluated, Mistakes> {
    looked_at(request, runtime, watch, |_, _| ()).map(|(evaluated, ())| evaluated)
}

/// The same, with a look at what was gathered on the way.
pub(super) fn looked_at<T>(
    request: Request,
    runtime: Option<Runtime>,
    watch: Arc<Watch>,
    look: impl FnOnce(&State, &Evaluated) -> T,
) -> Result<(Evaluated, T), Mistakes> {
    let session = Arc::new(Session::new(&request, runtime, watch));
    let source = without_mark(&request.source);
    session.state().sources.add(&request.file, source);
    let engine = engine(&session, &request);
    let ended = execute(&engine, &session, &request.file, source, &mut Scope::new());
    drop(engine);
    let evaluated = finish(&session, ended.err())?;
    let looked = look(&session.state(), &evaluated);
    Ok((evaluated, looked))
}

/// A script's syntax tree, without evaluating anything. Variables need not be there: what is written is looked at, not
/// what it means.
pub(super) fn parsed(file: &str, source: &str, watch: &Arc<Watch>) -> Result<AST, Mistakes> {
    let mut engine = plain_engine();
    engine.set_strict_variables(false).set_allow_shadowing(true);
    confine(&mut engine, watch.clone());
    let mut ast = engine.compile(source).map_err(|error| {
        let mut state = State::default();
        state.sources.add(file, source);
        let error = EvalAltResult::ErrorParsing(*error.0, error.1);
        let mistakes = vec![diagnostics::of(error, file, &state, watch)];
        Mistakes { mistakes, sources: state.sources.texts() }
    })?;
    ast.set_source(file);
    Ok(ast)
}

/// Evaluates what stands at a prompt with all that was said before, on this thread, which must have stack enough.
pub(super) fn explore(
    request: Request,
    runtime: Option<Runtime>,
    watch: Arc<Watch>,
    trial: Trial,
) -> Result<Tried, Mistakes> {
    let session = Session::new(&request, runtime, watch);
    let session = Arc::new(session.at_prompt(trial.fresh));
    session.state().sources.add(&request.file, &request.source);
    let mut engine = engine(&session, &request);
    if let Some(queries) = trial.queries {
        live::register(&mut engine, &session, &queries);
    }
    let mut scope = Scope::new();
    for (name, value) in trial.held {
        scope.push_dynamic(name, value);
    }
    let ended = execute(&engine, &session, &request.file, &request.source, &mut scope);
    drop(engine);
    let (value, error) = match ended {
        Ok(value) => (value, None),
        Err(error) => (Dynamic::UNIT, Some(error)),
    };
    let mut state = session.state();
    end(&session, &mut state, error);
    if session.watch.stopped().is_none() {
        // What is not there yet may be said later.
        check_declarations(&mut state, true);
    }
    if !state.mistakes.is_empty() {
        return Err(mistakes(&mut state));
    }
    let value = explore::shown(&value, &state);
    let tried = Tried::new(value, scope, &mut state);
    let mut resources = check_declarations(&mut state, false);
    across(&mut state, &mut resources);
    let warnings = std::mem::take(&mut state.warnings);
    let missing = match state.mistakes.is_empty() {
        true => Vec::new(),
        false => mistakes(&mut state).mistakes,
    };
    Ok(Tried { warnings, missing, sources: state.sources.texts(), ..tried })
}

/// The text without the mark of its encoding that some editors begin files with.
pub(super) fn without_mark(text: &str) -> &str {
    text.strip_prefix('\u{feff}').unwrap_or(text)
}

fn execute(
    engine: &Engine,
    session: &Session,
    file: &str,
    source: &str,
    scope: &mut Scope<'static>,
) -> Result<Dynamic, Box<EvalAltResult>> {
    let mut ast = engine.compile_with_scope(scope, source)?;
    ast.set_source(file);
    take_in(session, file, &ast);
    engine.eval_ast_with_scope(scope, &ast)
}

/// Records the error that ended the evaluation.
fn end(session: &Session, state: &mut State, error: Option<Box<EvalAltResult>>) {
    if let Some(error) = error {
        let diagnostic = diagnostics::of(*error, &session.file, state, &session.watch);
        state.mistakes.push(diagnostic);
    }
}

/// The mistakes there are, in the order of their places.
fn mistakes(state: &mut State) -> Mistakes {
    let mut mistakes = std::mem::take(&mut state.mistakes);
    mistakes.sort_by(|one, other| {
        let key = |diagnostic: &super::Diagnostic| (diagnostic.place.is_none(), diagnostic.place.clone());
        key(one).cmp(&key(other))
    });
    mistakes.dedup();
    Mistakes { mistakes, sources: state.sources.texts() }
}

/// Checks what was declared and makes a program of it.
fn finish(session: &Session, error: Option<Box<EvalAltResult>>) -> Result<Evaluated, Mistakes> {
    let mut state = session.state();
    let ended = error.is_some();
    end(session, &mut state, error);
    let mut resources =
        if session.watch.stopped().is_none() { check_declarations(&mut state, ended) } else { Vec::new() };
    if !ended {
        across(&mut state, &mut resources);
        let unused = inputs::unused(session, &state);
        state.mistakes.extend(unused);
    }
    for at in state.sources.uninterpolated() {
        let mistake = Mistake::new("a text in double quotes is taken as it stands, `${` and all").label("as it stands");
        let warning = mistake.help("write it in backticks to have values put in".to_owned());
        let warning = warning.at(state.sources.place(&at), Vec::new());
        state.warnings.push(warning);
        state.warned_by.push(Some("uninterpolated-text"));
    }
    conclude(&mut state, resources)
}

/// Checks what was declared without a script, and makes a program of it.
pub(super) fn finish_built(state: &mut State) -> Result<Evaluated, Mistakes> {
    let mut resources = check_declarations(state, false);
    across(state, &mut resources);
    conclude(state, resources)
}

fn conclude(state: &mut State, resources: Vec<Resource>) -> Result<Evaluated, Mistakes> {
    if state.mistakes.is_empty() {
        let sources = state.sources.texts();
        let outputs = std::mem::take(&mut state.outputs);
        let inputs = std::mem::take(&mut state.inputs);
        let warnings = std::mem::take(&mut state.warnings);
        return Ok(Evaluated { program: Program { resources, outputs, inputs }, warnings, sources });
    }
    Err(mistakes(state))
}

/// Checks each declaration for itself. A script that ended early may not have said everything, so what is missing is not
/// told of it.
fn check_declarations(state: &mut State, ended: bool) -> Vec<Resource> {
    let mut resources = Vec::with_capacity(state.declarations.len());
    for index in 0..state.declarations.len() {
        let declaration = &state.declarations[index];
        let checked = check::check(declaration.schema, &declaration.properties);
        resources.push(Resource {
            address: declaration.address.clone(),
            properties: checked.properties,
            options: declaration.options.clone(),
            source: declaration.origin.outermost().source(),
        });
        for finding in checked.findings {
            if ended && finding.path.steps().is_empty() {
                continue;
            }
            let (origin, steps) = state.declarations[index].origin_of(&finding.path);
            state.mistake(&origin, &steps, finding.aim, finding.mistake);
        }
        for finding in checked.warnings {
            let (origin, steps) = state.declarations[index].origin_of(&finding.path);
            state.warn(&origin, &steps, finding.aim, finding.mistake);
        }
    }
    resources
}

/// Checks declarations against each other, and settles whose is what several have a say in.
fn across(state: &mut State, resources: &mut [Resource]) {
    for (index, path, mistake) in check::owners(resources) {
        let (origin, steps) = state.declarations[index].origin_of(&path);
        state.mistake(&origin, &steps, super::spans::Aim::Value, mistake);
    }
    let resources: &[Resource] = resources;
    let of_type = |type_name: &str| -> Vec<Network<'_>> {
        let own = state.declarations.iter().zip(resources).enumerate();
        own.filter(|(_, (declaration, _))| declaration.schema.type_name == type_name)
            .map(|(index, (_, resource))| Network {
                index,
                address: &resource.address,
                properties: &resource.properties,
            })
            .collect()
    };
    let found = check::networks(&of_type("AWS::EC2::VPC"), &of_type("AWS::EC2::Subnet"));
    for (index, mistake) in found {
        let path = PropertyPath::new("cidrBlock");
        let (origin, steps) = state.declarations[index].origin_of(&path);
        state.mistake(&origin, &steps, super::spans::Aim::Value, mistake);
    }
    for (index, address) in check::dangling(resources) {
        let names: Vec<String> = resources.iter().map(|resource| resource.address.to_string()).collect();
        let wrong = address.to_string();
        let help = super::suggest::did_you_mean(&wrong, names.iter().map(String::as_str));
        let declaration = &state.declarations[index];
        let origin = declaration.origin.argument(declaration.first + 2);
        let mistake = Mistake::new(format!("nothing declares `{wrong}`")).label("needs what is not declared");
        let steps = [crate::model::PathStep::Key("dependsOn".to_owned())];
        state.mistake(&origin, &steps, super::spans::Aim::Value, mistake.help(help));
    }
    if let Some(cycle) = check::cycle(resources) {
        let names = cycle.iter().chain(cycle.first()).map(|index| resources[*index].address.to_string());
        let names: Vec<String> = names.collect();
        let mistake = Mistake::new(format!("these need each other: {}", names.join(" → "))).label("needs itself");
        let is_group = |index: &usize| resources[*index].address.kind().as_str() == "ec2_security_group";
        let help = if cycle.iter().all(is_group) {
            "put one of the rules in a resource of its own: ec2_security_group_ingress".to_owned()
        } else {
            "leave one of the references out".to_owned()
        };
        if let Some(first) = cycle.first() {
            let origin = state.declarations[*first].origin.clone();
            state.mistake_at(&origin, mistake.help(help));
        }
    }
}
