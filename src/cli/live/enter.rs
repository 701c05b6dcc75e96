//! `hzscript exec` and `hzscript port-forward`: look whether a container can be entered, and hand over to AWS's programs.

use std::io::ErrorKind;
use std::process::Command;

use hzscript::cloud::Answering;
use hzscript::live::Entry;
use serde_json::json;

use super::place::Place;
use super::show;
use crate::cli::Tools;
use crate::cli::args::{ExecArguments, PortForwardArguments};
use crate::cli::connect::Target;
use crate::cli::error::Error;
use crate::cli::exit::Exit;
use crate::cli::render::escape;

/// The program that speaks to Systems Manager.
const PLUGIN: &str = "session-manager-plugin";

/// How to get it.
const PLUGIN_HELP: &str = "install AWS's session plugin: https://docs.aws.amazon.com/systems-manager/latest/userguide/\
                           session-manager-working-with-install-plugin.html";

/// Enters a container.
///
/// # Errors
/// When it cannot be entered, and why.
pub async fn exec(arguments: &ExecArguments, tools: &Tools) -> Result<Exit, Error> {
    let place = Place::find(&arguments.at, tools).await?;
    let entry = place.live.entry(&place.cluster, &arguments.task, arguments.container.as_deref());
    let entry = tools.interrupt.cut(entry).await??;
    can_be_entered(&entry)?;
    let target = target(&entry)?;
    let command = match arguments.command.as_slice() {
        [] => "/bin/sh".to_owned(),
        words => words.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(" "),
    };
    let session = tools.interrupt.cut(place.live.enter(&entry, &command)).await??;
    if let Answering::Embedded = place.live.cloud().answering {
        return Err(nobody(&entry, "enter"));
    }
    let region = &place.live.cloud().region;
    let mut plugin = Command::new(PLUGIN);
    plugin.arg(serde_json::to_string(&session).unwrap_or_default()).arg(region).arg("StartSession");
    plugin.arg(profile(&place.target).unwrap_or_default()).arg(json!({ "Target": target }).to_string());
    plugin.arg(format!("https://ecs.{region}.amazonaws.com"));
    hand_over(plugin, PLUGIN, PLUGIN_HELP, tools)
}

/// Has a local port lead to one in a container.
///
/// # Errors
/// When it cannot, and why.
pub async fn port_forward(arguments: &PortForwardArguments, tools: &Tools) -> Result<Exit, Error> {
    let place = Place::find(&arguments.at, tools).await?;
    let entry = place.live.entry(&place.cluster, &arguments.task, arguments.container.as_deref());
    let entry = tools.interrupt.cut(entry).await??;
    can_be_entered(&entry)?;
    let target = target(&entry)?;
    if let Answering::Embedded = place.live.cloud().answering {
        return Err(nobody(&entry, "reach"));
    }
    let words = session_words(&target, arguments.ports, &place.live.cloud().region, profile(&place.target));
    let typed = words.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(" ");
    let mut aws = Command::new("aws");
    aws.args(&words);
    let help = format!("install the aws command line and AWS's session plugin, then this or: aws {typed}");
    hand_over(aws, "aws", &help, tools)
}

/// What `aws` is called with, so that a local port leads to one in a container.
fn session_words(target: &str, (local, remote): (u16, u16), region: &str, profile: Option<&str>) -> Vec<String> {
    let ports = json!({ "portNumber": [remote.to_string()], "localPortNumber": [local.to_string()] });
    let mut words = ["ssm", "start-session", "--target", target, "--document-name", "AWS-StartPortForwardingSession"]
        .map(str::to_owned)
        .to_vec();
    words.extend(["--parameters".to_owned(), ports.to_string(), "--region".to_owned(), region.to_owned()]);
    words.extend(profile.into_iter().flat_map(|profile| ["--profile".to_owned(), profile.to_owned()]));
    words
}

/// All that stands in the way, as one error.
fn can_be_entered(entry: &Entry) -> Result<(), Error> {
    let told: Vec<(String, String)> = entry.obstacles.iter().map(hzscript::live::Obstacle::told).collect();
    if told.is_empty() {
        return Ok(());
    }
    let (what, help): (Vec<String>, Vec<String>) = told.into_iter().unzip();
    let message = format!(
        "container {} of task {} cannot be entered: {}",
        entry.container.name,
        show::short(&entry.task.id),
        what.join("; ")
    );
    Err(Error::Usage { message, help: Some(help.join("\n       ")) })
}

fn target(entry: &Entry) -> Result<String, Error> {
    entry.target().ok_or_else(|| Error::Usage {
        message: format!("ECS does not tell yet by what container {} is entered", entry.container.name),
        help: Some("try again in a moment".to_owned()),
    })
}

/// The embedded AWS has nothing to enter.
fn nobody(entry: &Entry, what: &str) -> Error {
    Error::Usage {
        message: format!(
            "container {} can be entered, but the embedded AWS runs no containers: there is nothing to {what}",
            entry.container.name
        ),
        help: Some("with --target aws the same command does it".to_owned()),
    }
}

fn profile(target: &Target) -> Option<&str> {
    match target {
        Target::Aws { profile, .. } => profile.as_deref(),
        Target::Local { .. } => None,
    }
}

/// A word for a shell.
fn quoted(word: &str) -> String {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || "-_./:=,@+".contains(letter);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}

/// Becomes another program.
fn hand_over(mut program: Command, name: &str, help: &str, tools: &Tools) -> Result<Exit, Error> {
    tools.screen.err(&escape::line(&format!("Handing over to {name}.")));
    #[cfg(unix)]
    let error = std::os::unix::process::CommandExt::exec(&mut program);
    #[cfg(not(unix))]
    let error = match program.status() {
        Ok(status) => return Ok(if status.success() { Exit::Success } else { Exit::Failure }),
        Err(error) => error,
    };
    match error.kind() {
        ErrorKind::NotFound => {
            Err(Error::Usage { message: format!("{name} is not on this machine"), help: Some(help.to_owned()) })
        }
        _ => Err(Error::Io { what: format!("start {name}"), source: error }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_is_forwarded_by_the_document_for_it() {
        let words = session_words("ecs:main_1f_2e", (15701, 5701), "eu-west-1", Some("dev"));
        let typed = words.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(" ");
        assert_eq!(
            typed,
            "ssm start-session --target ecs:main_1f_2e --document-name AWS-StartPortForwardingSession --parameters \
             '{\"localPortNumber\":[\"15701\"],\"portNumber\":[\"5701\"]}' --region eu-west-1 --profile dev"
        );
        assert_eq!(quoted("it's"), "'it'\\''s'");
    }
}
