//! A service that plans what it is sent, and executes what was planned while it tells how far it is.
//!
//! `cargo run --example embed_server` prints its address. Then:
//!
//! ```text
//! curl --data-binary @scripts/hazelcast.rhai http://127.0.0.1:PORT/plans         a plan as JSON, with its number
//! curl -X POST http://127.0.0.1:PORT/plans/NUMBER/apply                           events, a line of JSON each
//! ```
//!
//! It works on the embedded AWS, in memory. `--self-test` does both by itself and ends.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::body::Body;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use futures::{FutureExt, StreamExt};
use hzscript::local::Local;
use hzscript::script::Script;
use hzscript::{Cloud, Engine, Events, Planned};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

type Failed = Box<dyn std::error::Error + Send + Sync>;

/// The largest script, in bytes.
const LARGEST: usize = 1 << 20;

#[derive(Clone)]
struct Service {
    engine: Engine,
    /// Plans that were not executed yet, by their numbers.
    plans: Arc<Mutex<Plans>>,
}

#[derive(Default)]
struct Plans {
    last: u64,
    waiting: HashMap<u64, Planned>,
}

#[tokio::main]
async fn main() -> Result<(), Failed> {
    let cloud = Cloud::embedded(&Local::empty()?, "eu-west-1").await?;
    let engine = Engine::builder(cloud).stack("served").state_in_memory().build()?;
    let service = Service { engine, plans: Arc::default() };
    let routes = Router::new()
        .route("/plans", post(plan))
        .route("/plans/{number}/apply", post(apply))
        .layer(DefaultBodyLimit::max(LARGEST))
        .with_state(service);
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    println!("listening on http://{address}");
    let serving = async move { axum::serve(listener, routes).await };
    if std::env::args().any(|argument| argument == "--self-test") {
        tokio::select! {
            served = serving => served?,
            tested = self_test(address) => tested?,
        }
        return Ok(());
    }
    Ok(serving.await?)
}

/// Plans the script in the body.
async fn plan(State(service): State<Service>, text: String) -> Response {
    let evaluated = match service.engine.evaluate(Script::new("posted.rhai", text)).await {
        Ok(evaluated) => evaluated,
        Err(mistakes) => return told(StatusCode::BAD_REQUEST, &json!({ "mistakes": mistakes.mistakes })),
    };
    match service.engine.plan(&evaluated.program).await {
        Ok(planned) => {
            let shown = json!({ "counts": planned.counts(), "plan": planned, "warnings": evaluated.warnings });
            let mut plans = service.plans.lock().unwrap_or_else(PoisonError::into_inner);
            plans.last += 1;
            let number = plans.last;
            plans.waiting.insert(number, planned);
            told(StatusCode::OK, &json!({ "number": number, "of": shown }))
        }
        Err(error) => told(StatusCode::CONFLICT, &json!({ "error": error.to_string() })),
    }
}

/// Executes a plan, once. The run does not depend on the caller: who hangs up stops nothing.
async fn apply(State(service): State<Service>, Path(number): Path<u64>) -> Response {
    let planned = service.plans.lock().unwrap_or_else(PoisonError::into_inner).waiting.remove(&number);
    let Some(planned) = planned else {
        return told(StatusCode::NOT_FOUND, &json!({ "error": format!("there is no plan {number}") }));
    };
    let (events, stream) = Events::stream();
    let engine = service.engine.reporting_to(events);
    let run = tokio::spawn(async move { engine.apply(&planned).await });
    let ended = run.map(|ended| match ended {
        Ok(Ok(report)) => json!({ "event": "ended", "complete": report.is_complete(), "done": report.done }),
        Ok(Err(error)) => json!({ "event": "failed", "reason": error.to_string() }),
        Err(error) => json!({ "event": "failed", "reason": error.to_string() }),
    });
    // The stream of events ends with the run, whose own line comes then.
    let lines = stream.map(|event| json!(event)).chain(ended.into_stream());
    let lines = lines.map(|line| Ok::<_, std::convert::Infallible>(format!("{line}\n")));
    ([(header::CONTENT_TYPE, "application/x-ndjson")], Body::from_stream(lines)).into_response()
}

fn told(status: StatusCode, body: &Value) -> Response {
    (status, [(header::CONTENT_TYPE, "application/json")], body.to_string()).into_response()
}

/// Asks the service as its users do.
async fn self_test(address: SocketAddr) -> Result<(), Failed> {
    let (status, body) = asked(address, "/plans", "logs_log_group(\"a\", #{ retentionInDay: 5 });").await?;
    check(status == 400 && body.contains("did you mean `retentionInDays`?"), &body)?;
    let script = "for n in 0..3 { logs_log_group(`a${n}`, #{ retentionInDays: 5 }); }";
    let (status, body) = asked(address, "/plans", script).await?;
    let planned: Value = serde_json::from_str(&body)?;
    check(status == 200 && planned["of"]["counts"]["create"] == 3, &body)?;
    let apply = format!("/plans/{}/apply", planned["number"]);
    let (status, body) = asked(address, &apply, "").await?;
    let events = body.lines().map(serde_json::from_str).collect::<Result<Vec<Value>, _>>()?;
    check(status == 200 && events.iter().filter(|event| event["event"] == "stepDone").count() == 3, &body)?;
    check(events.last().is_some_and(|last| last["event"] == "ended" && last["complete"] == true), &body)?;
    let (status, body) = asked(address, &apply, "").await?;
    check(status == 404, &body)?;
    println!("self-test passed: {} events", events.len());
    Ok(())
}

fn check(holds: bool, body: &str) -> Result<(), Failed> {
    if holds { Ok(()) } else { Err(format!("not what was expected: {body}").into()) }
}

/// Posts a text; answers the status and the body.
async fn asked(address: SocketAddr, path: &str, body: &str) -> Result<(u16, String), Failed> {
    let mut connection = TcpStream::connect(address).await?;
    let length = body.len();
    let head = format!("POST {path} HTTP/1.1\r\nhost: {address}\r\ncontent-length: {length}\r\nconnection: close\r\n");
    connection.write_all(format!("{head}\r\n{body}").as_bytes()).await?;
    let mut answer = String::new();
    connection.read_to_string(&mut answer).await?;
    let (head, mut rest) = answer.split_once("\r\n\r\n").ok_or("an answer has a head and a body")?;
    let status = head.split(' ').nth(1).ok_or("an answer has a status")?.parse()?;
    if !head.to_ascii_lowercase().contains("transfer-encoding: chunked") {
        return Ok((status, rest.to_owned()));
    }
    let mut whole = String::new();
    while let Some((length, chunk)) = rest.split_once("\r\n") {
        let length = usize::from_str_radix(length, 16)?;
        whole.push_str(chunk.get(..length).ok_or("a chunk is as long as it says")?);
        rest = chunk.get(length + 2..).unwrap_or_default();
    }
    Ok((status, whole))
}
