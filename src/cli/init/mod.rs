//! `hzscript init`: a first script, and what goes with it. What is not said by arguments is asked for.

mod project;

use std::fs::OpenOptions;
use std::io::Write;
use std::path::{Path, PathBuf};

use super::Tools;
use super::args::{InitArguments, TargetName};
use super::connect::{LOCAL_REGION, check_region};
use super::error::Error;
use super::exit::Exit;
use super::prompt::{Consent, answer, ask};
use super::render::escape;
use super::settings;
use project::{Network, Product, Project};

/// Writes the files.
///
/// # Errors
/// When an answer cannot be, or a file is there, or not be written.
pub async fn run(arguments: &InitArguments, tools: &Tools) -> Result<Exit, Error> {
    let folder = arguments.folder.clone().unwrap_or_default();
    if folder.is_file() {
        let message = format!("{} is a file: a folder is wanted", folder.display());
        return Err(Error::Usage { message, help: None });
    }
    let asker = Asker { asks: tools.environment.interactive && !arguments.yes, tools };
    let project = gathered(arguments, &asker).await?;
    let files = project.files();
    let there: Vec<PathBuf> = files.iter().map(|(name, _)| folder.join(name)).filter(|path| path.exists()).collect();
    if !there.is_empty() && !arguments.force {
        let named: Vec<String> = there.iter().map(|path| path.display().to_string()).collect();
        let named = named.join(" and ");
        if !asker.asks {
            return Err(Error::Usage {
                message: format!(
                    "{named} {} already: nothing was written",
                    if there.len() == 1 { "is there" } else { "are there" }
                ),
                help: Some("choose another folder or --name, or write over with --force".to_owned()),
            });
        }
        let question = escape::line(&format!("{named} will be written over. Go on?")).into_owned();
        if !ask(&question, Consent::Short, &tools.screen, &tools.interrupt).await? {
            tools.screen.err("Nothing was written.");
            return Ok(Exit::Failure);
        }
    }
    let failed = |what: &Path| {
        let what = format!("write {}", what.display());
        move |source| Error::Io { what, source }
    };
    if !folder.as_os_str().is_empty() {
        std::fs::create_dir_all(&folder).map_err(failed(&folder))?;
    }
    let mut written = Vec::new();
    for (name, text) in &files {
        let path = folder.join(name);
        std::fs::write(&path, text).map_err(failed(&path))?;
        written.push((*name).to_owned());
    }
    let ignored = folder.join(".gitignore");
    if ignore(&ignored).map_err(failed(&ignored))? {
        written.push(".gitignore".to_owned());
    }
    tools.screen.out(&ended(&project, &written, arguments.folder.as_deref(), tools));
    Ok(Exit::Success)
}

/// Adds what version control is to leave alone, unless it is there; whether it was not.
fn ignore(path: &Path) -> Result<bool, std::io::Error> {
    const LINES: [&str; 2] = [".hzscript/", "*.plan"];
    let before = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
        Err(error) => return Err(error),
    };
    let missing: Vec<&str> =
        LINES.into_iter().filter(|line| !before.lines().any(|known| known.trim() == *line)).collect();
    if missing.is_empty() {
        return Ok(false);
    }
    let gap = if before.is_empty() || before.ends_with('\n') { "" } else { "\n" };
    let mut file = OpenOptions::new().create(true).append(true).open(path)?;
    writeln!(file, "{gap}{}", missing.join("\n"))?;
    Ok(true)
}

/// What is said at the end: what was written, and what to type next.
fn ended(project: &Project, written: &[String], folder: Option<&Path>, tools: &Tools) -> String {
    let palette = tools.screen.out_palette();
    let at = folder.map(|folder| format!(" in {}", folder.display())).unwrap_or_default();
    let mut text = format!("Written{at}: {}\n\nNext:", written.join(", "));
    let step = |command: &str, what: &str| format!("\n  {}{what}", palette.cyan(&format!("{command:34}")));
    if let Some(folder) = folder {
        text.push_str(&step(&format!("cd {}", folder.display()), ""));
    }
    text.push_str(&step("hzscript plan", "what a run would change"));
    let on = match project.target {
        TargetName::Local => "show that, ask, and make it so on the embedded AWS: no account, no cost",
        TargetName::Aws => "show that, ask, and make it so in your account, which costs money",
    };
    text.push_str(&step("hzscript run", on));
    let function = project.product.function();
    text.push_str(&step(&format!("hzscript docs {function}"), "what else it can have"));
    if let (Network::Existing(vpc), TargetName::Local) = (&project.network, project.target) {
        let note = format!(
            "The embedded AWS has no VPC `{vpc}` until a script makes one there; --target aws looks in your account."
        );
        text.push_str(&format!("\n\n{}", palette.yellow(&escape::line(&note))));
    }
    text
}

/// Everything that is to be known, from arguments, answers, or as usual.
async fn gathered(arguments: &InitArguments, asker: &Asker<'_>) -> Result<Project, Error> {
    let product = match (arguments.hazelcast, arguments.orientdb) {
        (true, _) => Product::Hazelcast,
        (_, true) => Product::OrientDb,
        _ => asker.value("Hazelcast or OrientDB?", None, "hazelcast", Product::parse).await?,
    };
    let name = asker.value("Name of the cluster?", arguments.name.as_deref(), product.name(), project::name).await?;
    let members = asker.value("How many members?", arguments.members.as_deref(), "3", project::members).await?;
    let target = match arguments.target {
        Some(target) => target,
        None => asker.value("Where: local (the embedded AWS) or aws?", None, "local", target).await?,
    };
    let usual = ["AWS_REGION", "AWS_DEFAULT_REGION"].iter().find_map(|name| asker.tools.environment.variable(name));
    let region = arguments.region.as_deref();
    let region = asker.value("Region?", region, usual.unwrap_or(LOCAL_REGION), region_of).await?;
    let vpc = arguments.vpc.as_deref();
    let network = asker.value("A VPC of its own (own), or the name or id of one?", vpc, "own", Network::parse).await?;
    Ok(Project { product, name, members, target, region, network })
}

fn target(text: &str) -> Result<TargetName, String> {
    match text.to_lowercase().as_str() {
        "local" => Ok(TargetName::Local),
        "aws" => Ok(TargetName::Aws),
        _ => Err("local and aws are what there is".to_owned()),
    }
}

fn region_of(text: &str) -> Result<String, String> {
    match check_region(text) {
        Ok(()) => Ok(text.to_owned()),
        Err(_) => Err(format!("`{text}` is not a region: one looks like eu-west-1")),
    }
}

/// Asks, where somebody is there to answer.
struct Asker<'a> {
    asks: bool,
    tools: &'a Tools,
}

impl Asker<'_> {
    /// A value: as given, as answered, or as usual. An answer that cannot be is asked for again.
    async fn value<T>(
        &self,
        question: &str,
        given: Option<&str>,
        usual: &str,
        read: impl Fn(&str) -> Result<T, String>,
    ) -> Result<T, Error> {
        let wrong = |message: String| Error::Usage { message, help: None };
        if let Some(given) = given {
            return read(given).map_err(wrong);
        }
        if !self.asks {
            return read(usual).map_err(wrong);
        }
        loop {
            let answered = answer(question, usual, &self.tools.screen, &self.tools.interrupt).await?;
            match read(&answered) {
                Ok(value) => return Ok(value),
                Err(message) => self.tools.screen.err(&self.tools.screen.err_palette().yellow(&escape::line(&message))),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_ignored_already_stays_as_it_is() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join(".gitignore");
        assert!(ignore(&path).expect("written"));
        assert!(!ignore(&path).expect("read"));
        std::fs::write(&path, "target\n*.plan").expect("written");
        assert!(ignore(&path).expect("written"));
        assert_eq!(std::fs::read_to_string(&path).expect("read"), "target\n*.plan\n.hzscript/\n");
    }
}
