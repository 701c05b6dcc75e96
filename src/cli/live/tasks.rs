//! `hzscript tasks`: the tasks that run, and with `--all` those that have stopped.

use hzscript::live::{Task, TaskQuery, Which};
use jiff::Timestamp;

use super::place::Place;
use super::show;
use crate::cli::Tools;
use crate::cli::args::TasksArguments;
use crate::cli::error::Error;
use crate::cli::exit::Exit;
use crate::cli::render::table::table;

/// Lists them.
///
/// # Errors
/// When what runs cannot be asked for.
pub async fn run(arguments: &TasksArguments, tools: &Tools) -> Result<Exit, Error> {
    let place = Place::find(&arguments.at, tools).await?;
    let query = TaskQuery {
        cluster: place.cluster.clone(),
        service: place.only_service().map(str::to_owned),
        which: if arguments.all { Which::All } else { Which::Running },
    };
    let mut tasks = tools.interrupt.cut(place.live.tasks(&query)).await??;
    tasks.retain(|task| place.has(task.service.as_deref()));
    if arguments.at.output.json {
        tools.screen.raw_out(&format!("{:#}", serde_json::to_value(&tasks).unwrap_or_default()));
        return Ok(Exit::Success);
    }
    tools.screen.out(&place.header());
    tools.screen.out("");
    if tasks.is_empty() {
        let others = if arguments.all { "" } else { " --all shows those that have stopped." };
        tools.screen.out(&format!("No tasks run.{others}"));
    } else {
        let now = Timestamp::now();
        let headings = ["TASK", "SERVICE", "STATE", "ADDRESS", "ZONE", "TASK DEFINITION", "STARTED", "STOPPED"];
        tools.screen.out(&table(headings, tasks.iter().map(|task| row(task, now))));
    }
    Ok(Exit::Success)
}

fn row(task: &Task, now: Timestamp) -> [String; 8] {
    [
        show::short(&task.id),
        task.service.clone().unwrap_or_default(),
        show::state(task),
        task.address.clone().unwrap_or_default(),
        task.zone.clone().unwrap_or_default(),
        task.definition.clone(),
        show::ago(task.started, now),
        task.stopped_reason.clone().unwrap_or_default(),
    ]
}
