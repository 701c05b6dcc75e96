//! `hzscript members`: who found whom, beside who runs.

use hzscript::live::{Member, MemberGroup, Standing};

use super::place::Place;
use super::show;
use crate::cli::Tools;
use crate::cli::args::StatusArguments;
use crate::cli::error::Error;
use crate::cli::exit::Exit;
use crate::cli::render::palette::Palette;
use crate::cli::render::{escape, table::table};

/// Shows them. Exit status 0 when all of them found each other, 1 otherwise.
///
/// # Errors
/// When they cannot be asked for.
pub async fn run(arguments: &StatusArguments, tools: &Tools) -> Result<Exit, Error> {
    let place = Place::find(&arguments.at, tools).await?;
    let mut groups = tools.interrupt.cut(place.live.members(&place.cluster)).await??;
    groups.retain(|group| group.services.iter().any(|service| place.has(Some(service))));
    if arguments.at.output.json {
        tools.screen.raw_out(&format!("{:#}", serde_json::to_value(&groups).unwrap_or_default()));
    } else {
        tools.screen.out(&place.header());
        if groups.is_empty() {
            tools.screen.out("\nNo service runs members of Hazelcast or OrientDB, as far as images and logs tell.");
        }
        groups.iter().for_each(|group| tools.screen.out(&told(group, &place.again, tools.screen.out_palette())));
    }
    Ok(if groups.iter().all(|group| group.formed) { Exit::Success } else { Exit::Failure })
}

fn told(group: &MemberGroup, again: &str, palette: Palette) -> String {
    let title = format!("{} of {}: {}", group.product.name(), group.services.join(", "), group.summary);
    let title = escape::line(&title);
    let mut lines =
        vec![String::new(), if group.formed { palette.green(&title) } else { palette.yellow(&title) }, String::new()];
    let several = group.services.len() > 1;
    let rows = group.members.iter().map(|member| row(member, several));
    lines.push(table(["MEMBER", "STANDING", "SEES", "SEEN BY", "TASK", "SERVICE", "ZONE", "CLOUD MAP"], rows));
    if let Some(unread) = &group.unread {
        lines.push(palette.yellow(&escape::line(&format!("Their logs could not be read: {unread}"))));
    }
    let odd = group
        .members
        .iter()
        .find(|member| member.task.is_some() && !matches!(member.standing, Standing::Together | Standing::Starting));
    if let Some(task) = odd.and_then(|member| member.task.as_ref()) {
        let command = format!("hzscript trace {} {again}", show::short(task));
        lines.push(escape::line(&format!("The story of one that is not with the others: {command}")).into_owned());
    }
    lines.join("\n")
}

fn row(member: &Member, several: bool) -> [String; 8] {
    let standing = match member.standing {
        Standing::Together => "together",
        Standing::Divided => "divided: sees others than most do",
        Standing::Missing => "missing: runs, and most do not see it",
        Standing::Silent => "silent: has not said whom it sees",
        Standing::Starting => "starting",
        Standing::Stale => "stale: no task of this address runs",
    };
    [
        member.address.clone().unwrap_or_default(),
        standing.to_owned(),
        member.sees.map(|count| count.to_string()).unwrap_or_default(),
        member.seen_by.to_string(),
        member.task.as_deref().map(show::short).unwrap_or_default(),
        member.service.clone().filter(|_| several).unwrap_or_default(),
        member.zone.clone().unwrap_or_default(),
        member.registered.map(|yes| if yes { "registered" } else { "not registered" }.to_owned()).unwrap_or_default(),
    ]
}
