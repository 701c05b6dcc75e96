//! [`Imports`]: which files a script may import. Paths are relative to the importing file and confined to one folder.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use rhai::{Dynamic, Engine, EvalAltResult, Module, ModuleResolver, Position, Scope, Shared};

use super::evaluator;
use super::session::Session;

/// Longest file that is read, in bytes.
const LONGEST_FILE: u64 = 4 << 20;

/// Resolves imports.
pub(super) struct Imports {
    session: Arc<Session>,
    /// The folder they are confined to, made canonical; `None` allows none.
    root: Option<PathBuf>,
    /// That folder as messages name it.
    shown: PathBuf,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Folders of the files met, by their names in messages.
    folders: HashMap<String, PathBuf>,
    modules: HashMap<PathBuf, Shared<Module>>,
    /// Files being imported, outermost first.
    under_way: Vec<PathBuf>,
}

impl Imports {
    /// For a script whose path is `file`.
    pub(super) fn new(session: Arc<Session>, root: Option<&Path>, file: &str) -> Self {
        let root = root.and_then(|root| root.canonicalize().ok());
        let mut state = State::default();
        let mut shown = PathBuf::new();
        if let Some(root) = &root {
            let own = Path::new(file).canonicalize().ok();
            let folder = own.as_deref().and_then(Path::parent).filter(|folder| folder.starts_with(root));
            if folder == Some(root) {
                shown = Path::new(file).parent().unwrap_or(Path::new("")).to_owned();
            }
            state.folders.insert(file.to_owned(), folder.unwrap_or(root).to_owned());
            state.under_way.extend(own);
        }
        Self { session, root, shown, state: Mutex::new(state) }
    }

    fn find(&self, source: &str, path: &str) -> Result<(PathBuf, PathBuf), String> {
        let root = self.root.as_ref().ok_or("this script may not import files")?;
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let folder = state.folders.get(source).unwrap_or(root);
        let mut wanted = folder.join(path);
        if wanted.extension().is_none() {
            wanted.set_extension("rhai");
        }
        // Nothing is told of files outside: not even whether they exist.
        let outside = || format!("`{path}` is outside of the folder that imports are confined to");
        let is_up = Path::new(path).is_absolute() || lexically(&wanted).is_none_or(|path| !path.starts_with(root));
        if is_up {
            return Err(outside());
        }
        let file = wanted.canonicalize().map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => format!("cannot import `{path}`: there is no such file"),
            _ => format!("cannot import `{path}`: {error}"),
        })?;
        if !file.starts_with(root) {
            return Err(outside());
        }
        if let Some(from) = state.under_way.iter().position(|other| *other == file) {
            let mut names: Vec<String> = state.under_way[from..].iter().map(|path| self.name(root, path)).collect();
            names.push(self.name(root, &file));
            return Err(format!("files import each other: {}", names.join(" → ")));
        }
        Ok((root.clone(), file))
    }

    /// A file's name in messages.
    fn name(&self, root: &Path, file: &Path) -> String {
        self.shown.join(file.strip_prefix(root).unwrap_or(file)).display().to_string()
    }

    fn load(&self, engine: &Engine, root: &Path, file: &Path) -> Result<Module, Box<EvalAltResult>> {
        let shown = self.name(root, file);
        // What is no file may never end, or never begin.
        if !file.is_file() {
            return Err(format!("`{shown}` is no file").into());
        }
        let length = file.metadata().map_or(0, |metadata| metadata.len());
        if length > LONGEST_FILE {
            return Err(format!("`{shown}` is longer than {} MiB", LONGEST_FILE >> 20).into());
        }
        let text = std::fs::read_to_string(file).map_err(|error| format!("cannot read `{shown}`: {error}"))?;
        let text = evaluator::without_mark(&text);
        self.session.state().sources.add(&shown, text);
        let within = |error: EvalAltResult| {
            Box::new(EvalAltResult::ErrorInModule(shown.clone(), Box::new(error), Position::NONE))
        };
        let mut ast = engine.compile(text).map_err(|error| within(EvalAltResult::ErrorParsing(*error.0, error.1)))?;
        ast.set_source(shown.as_str());
        evaluator::take_in(&self.session, &shown, &ast);
        if let Some(folder) = file.parent() {
            let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
            state.folders.insert(shown.clone(), folder.to_owned());
        }
        Module::eval_ast_as_new(Scope::new(), &ast, engine).map_err(|error| within(*error))
    }
}

/// The path without `.` and `..`, without looking at the file system; `None` when it leads above its beginning.
fn lexically(path: &Path) -> Option<PathBuf> {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            std::path::Component::ParentDir => {
                if !plain.pop() {
                    return None;
                }
            }
            std::path::Component::CurDir => {}
            other => plain.push(other),
        }
    }
    Some(plain)
}

impl ModuleResolver for Imports {
    fn resolve(
        &self,
        engine: &Engine,
        source: Option<&str>,
        path: &str,
        position: Position,
    ) -> Result<Shared<Module>, Box<EvalAltResult>> {
        let source = source.unwrap_or(&self.session.file);
        let (root, file) = self
            .find(source, path)
            .map_err(|error| Box::new(EvalAltResult::ErrorRuntime(Dynamic::from(error), position)))?;
        {
            let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(module) = state.modules.get(&file) {
                return Ok(module.clone());
            }
            state.under_way.push(file.clone());
        }
        let loaded = self.load(engine, &root, &file);
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.under_way.pop();
        let module = Shared::new(loaded.map_err(|mut error| {
            if error.position().is_none() {
                error.set_position(position);
            }
            error
        })?);
        state.modules.insert(file, module.clone());
        Ok(module)
    }
}
