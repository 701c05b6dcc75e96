//! `hzscript local`: the embedded AWS itself.

use std::net::Ipv4Addr;

use hzscript::local::Local;
use hzscript::local::service::Listed;
use tokio::net::TcpListener;

use super::Tools;
use super::args::{FaultArguments, LocalCommand};
use super::connect::{Folder, LOCAL_REGION};
use super::error::Error;
use super::exit::Exit;
use super::faults::{Upset, told};
use super::prompt::{Consent, ask};
use super::render::escape;
use super::render::table::table;

/// Carries the command out.
///
/// # Errors
/// When its data cannot be read or removed, or the port not be listened on.
pub async fn run(command: &LocalCommand, tools: &Tools) -> Result<Exit, Error> {
    match command {
        LocalCommand::Serve { port, folder, faults } => serve(*port, &Folder::new(folder), faults, tools).await,
        LocalCommand::List { json, folder } => list(*json, &Folder::new(folder), tools),
        LocalCommand::Reset { yes, folder } => reset(*yes, &Folder::new(folder), tools).await,
    }
}

async fn serve(port: u16, folder: &Folder, faults: &FaultArguments, tools: &Tools) -> Result<Exit, Error> {
    let upset = Upset::given(faults)?;
    if upset.faults.crash_of_writes().is_some() {
        return Err(Error::Usage {
            message: "what is served writes no state, so no crash can be at a write of it".to_owned(),
            help: Some("crash=call:17:before is at a call; run, apply and destroy take crash=journal".to_owned()),
        });
    }
    let local = folder.open_local_with(&upset)?;
    let failed = |source| Error::Io { what: format!("listen on port {port} of this machine"), source };
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await.map_err(failed)?;
    let url = format!("http://{}", listener.local_addr().map_err(failed)?);
    tools.screen.out(&format!("listening on {url}"));
    tools.screen.out(&format!(
        "
The embedded AWS of {} answers there until Ctrl-C. For other programs, for example:

  export AWS_ENDPOINT_URL={url} AWS_REGION={LOCAL_REGION} AWS_ACCESS_KEY_ID=local AWS_SECRET_ACCESS_KEY=local
  aws ecs list-clusters",
        escape::line(&folder.local().display().to_string())
    ));
    if let Some(told) = told(local.settings()) {
        tools.screen.out(&format!("\n{told}"));
    }
    match tools.interrupt.cut(local.serve(listener)).await {
        Ok(ended) => ended.map(|()| Exit::Success).map_err(failed),
        Err(_) => Ok(Exit::Success),
    }
}

/// Everything there is; none where there is no data, which is not made for it.
fn listed(folder: &Folder) -> Result<Vec<Listed>, Error> {
    if folder.local().exists() { folder.open_local()?.list().map_err(Error::Refused) } else { Ok(Vec::new()) }
}

fn list(json: bool, folder: &Folder, tools: &Tools) -> Result<Exit, Error> {
    let found = listed(folder)?;
    if json {
        let array = serde_json::to_value(&found).unwrap_or_default();
        tools.screen.raw_out(&format!("{array:#}"));
    } else if found.is_empty() {
        tools.screen.out("The embedded AWS is empty.");
    } else {
        tools.screen.out(&listing(found));
    }
    Ok(Exit::Success)
}

/// A row for each thing.
fn listing(found: Vec<Listed>) -> String {
    let row = |listed: Listed| {
        let Listed { type_name, id, region, name, status } = listed;
        [type_name, id, region, name.unwrap_or_default(), status.unwrap_or_default()]
    };
    table(["TYPE", "ID", "REGION", "NAME", "STATUS"], found.into_iter().map(row))
}

async fn reset(yes: bool, folder: &Folder, tools: &Tools) -> Result<Exit, Error> {
    let path = folder.local();
    let shown = escape::line(&path.display().to_string()).into_owned();
    if !path.exists() {
        tools.screen.out(&format!("Nothing to remove: there is no embedded AWS in {shown}."));
        return Ok(Exit::Success);
    }
    if !yes {
        if !tools.environment.interactive {
            return Err(Error::Usage {
                message: "there is no terminal to ask on, so nothing was removed".to_owned(),
                help: Some("to remove everything: hzscript local reset --yes".to_owned()),
            });
        }
        let question = format!("Remove everything in the embedded AWS of {shown}?");
        if !ask(&question, Consent::Short, &tools.screen, &tools.interrupt).await? {
            tools.screen.err("Nothing was removed.");
            return Ok(Exit::Failure);
        }
    }
    Local::reset(&path).map_err(|source| Error::Io { what: format!("remove what is in {shown}"), source })?;
    tools.screen.out("The embedded AWS is empty. The next run of a stack that lived in it makes everything anew.");
    Ok(Exit::Success)
}
