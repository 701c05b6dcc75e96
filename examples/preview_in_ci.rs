//! What a script would change, as Markdown for a comment on a change: `preview_in_ci SCRIPT [OPTION…]` writes it to standard
//! output, and ends with 1 when there is nothing to show but mistakes.
//!
//! ```text
//! --state URL|FOLDER   where the state is kept (s3://…, gs://…, az://…, file://…); without it, nothing was run yet
//! --aws                the account that the environment's credentials belong to; without it, an empty embedded AWS
//! --stack NAME         by default the script's file name
//! --set NAME=VALUE     an input, any number of times
//! ```
//!
//! Nothing is written and no lock is taken. No secret is shown.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use hzscript::cloud::Connection;
use hzscript::local::Local;
use hzscript::model::Value;
use hzscript::plan::{Action, Change, Difference, Plan};
use hzscript::script::{Given, Script};
use hzscript::state::StateStore;
use hzscript::stores::{self, Access};
use hzscript::{Cloud, Engine};

type Failed = Box<dyn std::error::Error>;

/// The longest value that is shown, in characters.
const LONGEST: usize = 120;

#[derive(Default)]
struct Arguments {
    script: PathBuf,
    state: Option<String>,
    aws: bool,
    stack: Option<String>,
    inputs: BTreeMap<String, Given>,
}

impl Arguments {
    fn parse(mut words: impl Iterator<Item = String>) -> Result<Self, Failed> {
        let mut parsed = Self::default();
        while let Some(word) = words.next() {
            let mut value = || words.next().ok_or(format!("{word} needs a value"));
            match word.as_str() {
                "--state" => parsed.state = Some(value()?),
                "--stack" => parsed.stack = Some(value()?),
                "--aws" => parsed.aws = true,
                "--set" => {
                    let set = value()?;
                    let (name, value) = set.split_once('=').ok_or("--set takes NAME=VALUE")?;
                    parsed.inputs.insert(name.to_owned(), Given::Text(value.to_owned()));
                }
                option if option.starts_with("--") => return Err(format!("there is no option {option}").into()),
                script => parsed.script = script.into(),
            }
        }
        if parsed.script.as_os_str().is_empty() { Err("which script? preview_in_ci SCRIPT".into()) } else { Ok(parsed) }
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    let previewed = match Arguments::parse(std::env::args().skip(1)) {
        Ok(arguments) => preview(arguments).await,
        Err(error) => Err(error),
    };
    match previewed {
        Ok((text, good)) => {
            print!("{text}");
            ExitCode::from(u8::from(!good))
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// The Markdown, and whether there is a plan in it.
async fn preview(arguments: Arguments) -> Result<(String, bool), Failed> {
    let cloud = match arguments.aws {
        true => Cloud::connect(&Connection::default()).await?,
        false => Cloud::embedded(&Local::empty()?, "eu-west-1").await?,
    };
    let stem = arguments.script.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let stack = arguments.stack.unwrap_or(stem);
    let builder = Engine::builder(cloud).stack(&stack).inputs(arguments.inputs);
    let engine = match &arguments.state {
        None => builder.state_in_memory(),
        Some(url) if url.contains("://") => builder.state(opened(url, &stack).await?),
        Some(folder) => builder.state_in_folder(folder),
    };
    let engine = engine.build()?;
    let evaluated = match engine.evaluate(Script::read(&arguments.script).await?).await {
        Ok(evaluated) => evaluated,
        Err(mistakes) => {
            let mistakes = mistakes.mistakes.iter().map(|mistake| format!("- {}\n", code(&mistake.to_string())));
            return Ok((format!("### {}: mistakes\n\n{}", code(&stack), mistakes.collect::<String>()), false));
        }
    };
    let mut text = markdown(&*engine.plan(&evaluated.program).await?)?;
    for warning in &evaluated.warnings {
        writeln!(text, "\n> {}", code(&warning.to_string()))?;
    }
    Ok((text, true))
}

/// A store by its URL; credentials are those of the environment.
async fn opened(url: &str, stack: &str) -> Result<StateStore, Failed> {
    let variables = std::env::vars().filter(|(name, _)| name.starts_with("GOOGLE_") || name.starts_with("AZURE_"));
    Ok(stores::open(url, stack, &Access { variables: variables.collect(), ..Access::default() }).await?)
}

fn markdown(plan: &Plan) -> Result<String, std::fmt::Error> {
    let counts = plan.counts();
    let target = &plan.target;
    let mut text = String::new();
    writeln!(text, "### {}: {}", code(&plan.stack), if plan.is_empty() { "nothing to do" } else { "would change" })?;
    writeln!(text, "\n{}, account {}, {}", code(&target.cloud), code(&target.account), code(&target.region))?;
    let changed: Vec<&Change> = plan.changes.iter().filter(|change| change.action != Action::NoOp).collect();
    if changed.is_empty() {
        return Ok(text);
    }
    let numbers = [
        (counts.create, "to create"),
        (counts.update, "to update"),
        (counts.replace, "to replace"),
        (counts.delete, "to delete"),
        (counts.forget, "to forget"),
    ];
    let numbers = numbers.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("**{count}** {what}"));
    writeln!(text, "\n{}\n", numbers.collect::<Vec<_>>().join(", "))?;
    writeln!(text, "| | resource | type | differs |\n|---|---|---|---|")?;
    for change in &changed {
        let paths: Vec<String> = change.differences.iter().map(|difference| code(&difference.path)).collect();
        let differs = if change.action == Action::Create { String::new() } else { paths.join(", ") };
        let address = code(&change.address.to_string());
        writeln!(text, "| {} | {address} | {} | {differs} |", word(change.action), code(&change.kind))?;
    }
    let detailed = changed.iter().filter(|change| change.action != Action::Create && !change.differences.is_empty());
    for change in detailed {
        writeln!(text, "\n<details><summary>{}</summary>\n", html(&change.address.to_string()))?;
        change.differences.iter().try_for_each(|difference| writeln!(text, "- {}", line(difference)))?;
        writeln!(text, "\n</details>")?;
    }
    Ok(text)
}

fn word(action: Action) -> &'static str {
    match action {
        Action::NoOp => "as it is",
        Action::Settle => "wait",
        Action::Import => "take over",
        Action::Create => "create",
        Action::Update => "update",
        Action::ReplaceCreateFirst | Action::ReplaceDeleteFirst => "**replace**",
        Action::Delete => "**delete**",
        Action::Forget => "forget",
    }
}

fn line(difference: &Difference) -> String {
    let (before, after) = (value(difference.before.as_ref()), value(difference.after.as_ref()));
    let replaces = if difference.replaces { " (replaces)" } else { "" };
    format!("{}: {before} → {after}{replaces}", code(&difference.path))
}

fn value(value: Option<&Value>) -> String {
    let Some(value) = value else { return "nothing".to_owned() };
    let stored = serde_json::to_value(value).unwrap_or_default();
    let text = hzscript::model::value::without_secrets(&stored).to_string();
    let short: String = text.chars().take(LONGEST).collect();
    code(&if short.len() < text.len() { format!("{short}…") } else { short })
}

/// A text as it stands, whatever is in it: it comes from a script or from AWS.
fn code(text: &str) -> String {
    format!("<code>{}</code>", html(text))
}

/// A text in which neither HTML nor Markdown has a meaning.
fn html(text: &str) -> String {
    let escaped = |c: char| match c {
        c if c.is_control() => " ".to_owned(),
        c if c.is_ascii_punctuation() && !"-./:,()\"'".contains(c) => format!("&#{};", u32::from(c)),
        c => c.to_string(),
    };
    text.chars().map(escaped).collect()
}
