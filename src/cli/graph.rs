//! `hzscript graph`: what needs what, or the network, as a picture.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use hzscript::apply::formation::FormationCheck;
use hzscript::model::Program;
use hzscript::model::existing::{ExistingVpc, VpcQuery};
use hzscript::picture::draw::svg::{Use, svg};
use hzscript::picture::draw::{dot, mermaid, png};
use hzscript::picture::page::{Beside, plan_page};
use hzscript::picture::{Diagram, Subject, graph_of, html, network_of, outline, tree};
use hzscript::plan::{Plan, Scope};
use hzscript::script::{Diagnostic, Lookups};

use super::args::{DEFAULT_PARALLELISM, GraphArguments, PictureFormat};
use super::connect::{Folder, Target};
use super::error::Error;
use super::exit::Exit;
use super::input::gather;
use super::run::not_planned;
use super::script::{Script, stack_name};
use super::stack::{Calls, Stack};
use super::synth::Asked;
use super::{Tools, evaluate, saved};

/// Draws it.
///
/// # Errors
/// When the script cannot be evaluated or planned, or the picture not be drawn or written.
pub async fn run(arguments: &GraphArguments, tools: &Tools) -> Result<Exit, Error> {
    let format = format(arguments)?;
    if format == PictureFormat::Png && arguments.out.is_none() && tools.environment.stdout_is_terminal {
        let message = "a terminal cannot show a PNG".to_owned();
        return Err(Error::Usage { message, help: Some("write it to a file: --out FILE".to_owned()) });
    }
    let bytes = match (&arguments.plan, &arguments.script) {
        (Some(path), _) => {
            let plan = saved::read(path)?.plan;
            if format == PictureFormat::Html && !arguments.network {
                plan_page(&plan, Beside::default()).map_err(not_drawn)?.into_bytes()
            } else {
                drawn(Subject::Plan(&plan), &[], None, arguments.network, format)?
            }
        }
        (None, Some(script)) => of_script(script, format, arguments, tools).await?,
        // Either is there: the arguments say so.
        (None, None) => Vec::new(),
    };
    match &arguments.out {
        Some(path) => write(path, &bytes)?,
        None if format == PictureFormat::Png => tools.screen.bytes_out(&bytes, false),
        None => tools.screen.raw_out(String::from_utf8_lossy(&bytes).trim_end()),
    }
    Ok(Exit::Success)
}

/// Writes a file.
///
/// # Errors
/// When it cannot be written.
pub fn write(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    std::fs::write(path, bytes).map_err(|source| Error::Io { what: format!("write {}", path.display()), source })
}

/// The page of a plan, for reviewers.
///
/// # Errors
/// When it cannot be laid out.
pub fn review(plan: &Plan, warnings: &[Diagnostic], existing: &[ExistingVpc]) -> Result<String, Error> {
    let warnings: Vec<String> = warnings
        .iter()
        .map(|Diagnostic { message, place, .. }| match place {
            Some(place) => format!("{}:{}: {message}", place.file, place.line),
            None => message.clone(),
        })
        .collect();
    plan_page(plan, Beside { warnings: &warnings, existing }).map_err(not_drawn)
}

fn not_drawn(error: impl std::fmt::Display) -> Error {
    Error::Io { what: "draw it".to_owned(), source: std::io::Error::other(error.to_string()) }
}

async fn of_script(
    script: &Path,
    format: PictureFormat,
    arguments: &GraphArguments,
    tools: &Tools,
) -> Result<Vec<u8>, Error> {
    let script = Script::read(script)?;
    let name = stack_name(arguments.stack.stack.as_deref(), Some(&script.path))?;
    let inputs = gather(&arguments.inputs, &tools.environment)?;
    if !arguments.changes {
        let target = Target::choose(&arguments.target, &tools.environment)?;
        let asked = Asked::new(target, Folder::new(&arguments.stack.folder));
        let seen = Arc::new(Seen::new(Arc::new(asked)));
        let evaluated = tools.interrupt.cut(evaluate::run(&script, inputs, seen.clone(), &tools.screen)).await??;
        return drawn(Subject::Program(&evaluated.program), &seen.vpcs(), Some(&name), arguments.network, format);
    }
    let calls = Calls { parallelism: DEFAULT_PARALLELISM, wait: true, formation: FormationCheck::Never };
    let stack = Stack::open(name, &arguments.stack, &arguments.target, calls, tools).await?;
    let seen = Arc::new(Seen::new(Arc::new(stack.engine.cloud().clone())));
    let evaluated = tools.interrupt.cut(evaluate::run(&script, inputs, seen.clone(), &tools.screen)).await??;
    let planning = async {
        let session = stack.engine.look().await.map_err(|error| stack.failed(error))?;
        let plan = session.plan_within(&evaluated.program, &Scope::default()).await;
        plan.map_err(|error| not_planned(error, &evaluated, &stack))
    };
    let plan = tools.interrupt.cut(planning).await??;
    if format == PictureFormat::Html && !arguments.network {
        return Ok(review(&plan, &evaluated.warnings, &seen.vpcs())?.into_bytes());
    }
    drawn(Subject::Plan(&plan), &seen.vpcs(), None, arguments.network, format)
}

/// The picture in its format.
fn drawn(
    subject: Subject<'_>,
    existing: &[ExistingVpc],
    stack: Option<&str>,
    network: bool,
    format: PictureFormat,
) -> Result<Vec<u8>, Error> {
    if network {
        let network = network_of(subject, existing);
        if network.is_empty() {
            let message =
                "there is no network in it: no VPC, subnet, security group, load balancer or service".to_owned();
            return Err(Error::Usage { message, help: Some("leave out --network to see what needs what".to_owned()) });
        }
        let mut diagram = network.diagram().clone();
        if let Some(stack) = stack {
            diagram.title = format!("Network of {stack}");
        }
        return in_format(&diagram, format, || outline(&diagram));
    }
    let mut graph = graph_of(subject);
    if let Some(stack) = stack {
        graph.title = format!("Stack {stack}");
    }
    in_format(&graph.diagram(), format, || tree(&graph))
}

fn in_format(diagram: &Diagram, format: PictureFormat, text: impl FnOnce() -> String) -> Result<Vec<u8>, Error> {
    Ok(match format {
        PictureFormat::Text => text().into_bytes(),
        PictureFormat::Svg => svg(diagram, Use::Alone).map_err(not_drawn)?.into_bytes(),
        PictureFormat::Png => png::png(diagram).map_err(not_drawn)?,
        PictureFormat::Html => html::html(diagram).map_err(not_drawn)?.into_bytes(),
        PictureFormat::Mermaid => mermaid::mermaid(diagram).into_bytes(),
        PictureFormat::Dot => dot::dot(diagram).into_bytes(),
    })
}

/// Draws what needs what in a program into a file, in the format that its name ends in.
///
/// # Errors
/// When the name does not say in which, or it cannot be drawn or written.
pub fn to_file(path: &Path, program: &Program, stack: &str) -> Result<(), Error> {
    let format = of_name(path)?;
    write(path, &drawn(Subject::Program(program), &[], Some(stack), false, format)?)
}

/// The format that is asked for, or that the file's name ends in.
fn format(arguments: &GraphArguments) -> Result<PictureFormat, Error> {
    match (arguments.format, &arguments.out) {
        (None, Some(path)) => of_name(path),
        (asked, _) => Ok(asked.unwrap_or(PictureFormat::Text)),
    }
}

fn of_name(path: &Path) -> Result<PictureFormat, Error> {
    let ending = path.extension().unwrap_or_default().to_string_lossy().to_lowercase();
    Ok(match ending.as_str() {
        "svg" => PictureFormat::Svg,
        "png" => PictureFormat::Png,
        "html" | "htm" => PictureFormat::Html,
        "mmd" | "mermaid" => PictureFormat::Mermaid,
        "dot" | "gv" => PictureFormat::Dot,
        "txt" => PictureFormat::Text,
        _ => {
            let message = format!("the name {} does not say in which format it is to be", path.display());
            let help = "let it end in .svg, .png, .html, .mmd, .dot or .txt, or give --format".to_owned();
            return Err(Error::Usage { message, help: Some(help) });
        }
    })
}

/// Answers as another does, and remembers the networks that it told of.
pub struct Seen {
    of: Arc<dyn Lookups>,
    vpcs: Mutex<Vec<ExistingVpc>>,
}

impl Seen {
    /// Nothing yet.
    pub fn new(of: Arc<dyn Lookups>) -> Self {
        Self { of, vpcs: Mutex::default() }
    }

    /// The networks.
    pub fn vpcs(&self) -> Vec<ExistingVpc> {
        self.vpcs.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

#[async_trait]
impl Lookups for Seen {
    async fn account(&self) -> Result<String, String> {
        self.of.account().await
    }

    async fn region(&self) -> Result<String, String> {
        self.of.region().await
    }

    async fn zones(&self) -> Result<Vec<String>, String> {
        self.of.zones().await
    }

    async fn vpcs(&self, wanted: &VpcQuery) -> Result<Vec<ExistingVpc>, String> {
        let found = self.of.vpcs(wanted).await?;
        self.vpcs.lock().unwrap_or_else(PoisonError::into_inner).extend(found.iter().cloned());
        Ok(found)
    }

    fn stand_in(&self) -> bool {
        self.of.stand_in()
    }
}
