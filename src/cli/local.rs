//! `hzscript local`: the embedded AWS itself.

use std::net::Ipv4Addr;

use hzscript::local::Local;
use hzscript::local::service::Listed;
use tokio::net::TcpListener;

use super::Tools;
use super::args::LocalCommand;
use super::connect::{Folder, LOCAL_REGION};
use super::error::Error;
use super::exit::Exit;
use super::prompt::{Consent, ask};
use super::render::escape;

/// Carries the command out.
///
/// # Errors
/// When its data cannot be read or removed, or the port not be listened on.
pub async fn run(command: &LocalCommand, tools: &Tools) -> Result<Exit, Error> {
    match command {
        LocalCommand::Serve { port, folder } => serve(*port, &Folder::new(folder), tools).await,
        LocalCommand::List { json, folder } => list(*json, &Folder::new(folder), tools),
        LocalCommand::Reset { yes, folder } => reset(*yes, &Folder::new(folder), tools).await,
    }
}

async fn serve(port: u16, folder: &Folder, tools: &Tools) -> Result<Exit, Error> {
    let local = folder.open_local()?;
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
        tools.screen.out(&table(&found));
    }
    Ok(Exit::Success)
}

/// Cells are lined up to this width; a longer one pushes the rest of its row aside.
const MAX_CELL: usize = 56;

/// Columns lined up, without those that are empty in every row.
fn table(found: &[Listed]) -> String {
    let cell = |text: &str| escape::line(text).into_owned();
    let mut rows = vec![["TYPE", "ID", "REGION", "NAME", "STATUS"].map(str::to_owned)];
    rows.extend(found.iter().map(|listed| {
        let Listed { type_name, id, region, name, status } = listed;
        [type_name, id, region, name.as_deref().unwrap_or_default(), status.as_deref().unwrap_or_default()].map(cell)
    }));
    let width = |column: usize| {
        let widths = rows.iter().map(|row| row[column].chars().count());
        widths.filter(|width| *width <= MAX_CELL).max().unwrap_or(0)
    };
    let empty = |column: usize| rows.iter().skip(1).all(|row| row[column].is_empty());
    let columns: Vec<(usize, usize)> = (0..5).filter(|&column| !empty(column)).map(|c| (c, width(c))).collect();
    let line = |row: &[String; 5]| {
        let cells: Vec<String> = columns.iter().map(|&(column, width)| format!("{:width$}", row[column])).collect();
        cells.join("  ").trim_end().to_owned()
    };
    rows.iter().map(line).collect::<Vec<_>>().join("\n")
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_has_only_columns_with_something_in_them() {
        let listed = |type_name: &str, id: &str, name: Option<&str>| Listed {
            type_name: type_name.to_owned(),
            id: id.to_owned(),
            region: "eu-west-1".to_owned(),
            name: name.map(str::to_owned),
            status: None,
        };
        let long = "arn:aws:ecs:eu-west-1:000000000000:service/fargate-cluster/hazelcast-service";
        let found = [
            listed("AWS::EC2::VPC", "vpc-1", Some("my-vpc\u{1b}")),
            listed("AWS::ECS::Service", long, None),
            listed("AWS::IAM::Role", "role", None),
        ];
        insta::assert_snapshot!(table(&found), @r"
        TYPE               ID     REGION     NAME
        AWS::EC2::VPC      vpc-1  eu-west-1  my-vpc\u{1b}
        AWS::ECS::Service  arn:aws:ecs:eu-west-1:000000000000:service/fargate-cluster/hazelcast-service  eu-west-1
        AWS::IAM::Role     role   eu-west-1
        ");
    }
}
