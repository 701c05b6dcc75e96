//! A kind that is not AWS at all: texts in files below a folder. They are made, changed and deleted by plans, and a run that
//! is ended in between is taken up where it was.
//!
//! `cargo run --no-default-features --example custom_kind` needs no AWS, not even the embedded one.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use async_trait::async_trait;
use futures::StreamExt;
use hzscript::cloud::{CallError, ErrorClass};
use hzscript::kinds::{Accepted, Create, Created, Delete, Facts, Kind, Observed, Update};
use hzscript::model::{JsonMap, KindSchema};
use hzscript::{Cloud, Engine, Event, Events};
use serde_json::json;
use tokio::fs::{self, OpenOptions};
use tokio::io::AsyncWriteExt;

/// A text in a file. Its first line says which creation made it, so that it is known again when a run ended before it could
/// write that down.
struct TextFile;

static FACTS: Facts = Facts::new("Example::File::Text", &["path", "content"]);

fn schema() -> Result<KindSchema, hzscript::model::schema::SchemaError> {
    KindSchema::from_json(&json!({
        "typeName": "Example::File::Text",
        "properties": {
            "Path": { "type": "string", "pattern": "^[a-z0-9.-]+$" },
            "Content": { "type": "string", "maxLength": 4096 },
            "Length": { "type": "integer" },
        },
        "required": ["Path", "Content"],
        "createOnlyProperties": ["/properties/Path"],
        "readOnlyProperties": ["/properties/Length"],
        "primaryIdentifier": ["/properties/Path"],
        "tagging": { "taggable": false },
    }))
}

#[async_trait]
impl Kind for TextFile {
    fn facts(&self) -> &'static Facts {
        &FACTS
    }

    async fn read(&self, cloud: &Cloud, ids: &[String]) -> Result<Vec<Option<Observed>>, CallError> {
        let mut found = Vec::with_capacity(ids.len());
        for id in ids {
            let there = there(cloud, id).await?;
            found.push(there.map(|(_, content)| Observed {
                attributes: attributes(&content),
                properties: JsonMap::from_iter([("path".into(), json!(id)), ("content".into(), json!(content))]),
            }));
        }
        Ok(found)
    }

    async fn find(&self, cloud: &Cloud, wanted: &Create<'_>) -> Result<Option<String>, CallError> {
        let path = text(wanted.properties, "path");
        let there = there(cloud, &path).await?;
        Ok(there.filter(|(token, _)| token == wanted.token).map(|_| path))
    }

    async fn create(&self, cloud: &Cloud, wanted: &Create<'_>) -> Result<Created, CallError> {
        cloud.pass("files:Create")?;
        let (path, content) = (text(wanted.properties, "path"), text(wanted.properties, "content"));
        let failed = |error| failed("files:Create", &error);
        // What somebody else has put there is not written over.
        let file = OpenOptions::new().write(true).create_new(true).open(place(cloud, &path)).await;
        let mut file = file.map_err(failed)?;
        file.write_all(format!("{}\n{content}", wanted.token).as_bytes()).await.map_err(failed)?;
        file.sync_all().await.map_err(failed)?;
        let accepted = Accepted { attributes: attributes(&content), waiting: None };
        Ok(Created { id: path, configure: false, accepted })
    }

    async fn update(&self, cloud: &Cloud, change: &Update<'_>) -> Result<Accepted, CallError> {
        cloud.pass("files:Update")?;
        let gone = || CallError::own("files:Update", ErrorClass::NotFound, format!("{} is gone", change.id));
        let (token, _) = there(cloud, change.id).await?.ok_or_else(gone)?;
        let content = text(change.wanted, "content");
        // All or nothing: the new text takes the place of the old one in one go.
        let (place, beside) = (place(cloud, change.id), place(cloud, &format!("{}.new", change.id)));
        let written = async {
            fs::write(&beside, format!("{token}\n{content}")).await?;
            fs::rename(&beside, &place).await
        };
        written.await.map_err(|error| failed("files:Update", &error))?;
        Ok(Accepted { attributes: attributes(&content), waiting: None })
    }

    async fn delete(&self, cloud: &Cloud, target: &Delete<'_>) -> Result<Accepted, CallError> {
        cloud.pass("files:Delete")?;
        match fs::remove_file(place(cloud, target.id)).await {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(failed("files:Delete", &error)),
            _ => Ok(Accepted::default()),
        }
    }
}

/// Where a file is. The folder is what the connection calls its account: a state made in one is refused in another.
fn place(cloud: &Cloud, path: &str) -> PathBuf {
    Path::new(&cloud.account).join(path)
}

/// The token and the text of a file, if it is there.
async fn there(cloud: &Cloud, path: &str) -> Result<Option<(String, String)>, CallError> {
    cloud.pass("files:Read")?;
    match fs::read_to_string(place(cloud, path)).await {
        Ok(whole) => {
            let (token, content) = whole.split_once('\n').unwrap_or(("", &whole));
            Ok(Some((token.to_owned(), content.to_owned())))
        }
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(failed("files:Read", &error)),
    }
}

fn text(properties: &JsonMap, name: &str) -> String {
    properties.get(name).and_then(|value| value.as_str()).unwrap_or_default().to_owned()
}

fn attributes(content: &str) -> JsonMap {
    JsonMap::from_iter([("length".into(), json!(content.len()))])
}

fn failed(action: &'static str, error: &std::io::Error) -> CallError {
    let class = match error.kind() {
        ErrorKind::NotFound => ErrorClass::NotFound,
        ErrorKind::AlreadyExists => ErrorClass::AlreadyExists,
        ErrorKind::PermissionDenied => ErrorClass::Denied,
        _ => ErrorClass::Unknown,
    };
    CallError::own(action, class, error.to_string())
}

const SCRIPT: &str = r#"
    let before = file_text("f0", #{ path: "f0.txt", content: "the first" });
    for n in 1..8 {
        before = file_text(`f${n}`, #{ path: `f${n}.txt`, content: `${input("word", "follows")} ${before.length}` });
    }
    output("last", before.length);
"#;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = std::env::temp_dir().join(format!("hzscript-custom-kind-{}", std::process::id()));
    fs::create_dir_all(folder.join("files")).await?;
    let files = folder.join("files");
    let engine = |word: &str| {
        Engine::builder(Cloud::own("files", &files.display().to_string(), "here"))
            .kind(&TextFile, schema()?)
            .state_in_folder(folder.join("state"))
            .input("word", word)
            .build()
            .map_err(Box::<dyn std::error::Error>::from)
    };

    let first = engine("follows")?;
    let program = first.evaluate(SCRIPT).await?.program;
    let (events, mut told) = Events::stream();
    let run = first.reporting_to(events);
    // The run is dropped as soon as it has made three files, whatever it is at then.
    let three = async {
        let mut made = 0;
        while let Some(event) = told.next().await {
            made += usize::from(matches!(event, Event::StepDone { .. }));
            if made == 3 {
                break;
            }
        }
    };
    tokio::select! {
        biased;
        () = three => println!("stopped after 3 files"),
        report = run.run(&program) => return Err(format!("it was to be stopped: {:?}", report?.done).into()),
    }
    let report = first.run(&program).await?;
    if !report.is_complete() || count(&files)? != 8 {
        return Err(format!("{report:#?}").into());
    }
    println!("went on: {} files, last is {} bytes long", count(&files)?, first.outputs().await?["last"]);

    let second = engine("comes after")?;
    let planned = second.plan(&second.evaluate(SCRIPT).await?.program).await?;
    println!("changes: {} update, {} replace", planned.counts().update, planned.counts().replace);
    second.apply(&planned).await?;
    println!("f1 is now: {}", std::fs::read_to_string(files.join("f1.txt"))?.lines().last().unwrap_or_default());

    println!("destroyed: {}, left: {}", second.destroy().await?.done, count(&files)?);
    fs::remove_dir_all(folder).await?;
    Ok(())
}

fn count(folder: &Path) -> std::io::Result<usize> {
    Ok(std::fs::read_dir(folder)?.count())
}
