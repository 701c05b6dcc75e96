//! The engine in another program, at its shortest: a script is planned and executed on the embedded AWS.
//!
//! `cargo run --example embed_minimal`

use hzscript::local::Local;
use hzscript::{Cloud, Engine};

const SCRIPT: &str = r#"
    let logs = logs_log_group("orders", #{ retentionInDays: 5 });
    output("logs", logs.arn);
"#;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let cloud = Cloud::embedded(&Local::empty()?, "eu-west-1").await?;
    let engine = Engine::builder(cloud)
        .stack("orders")
        .state_in_memory()
        .on_event(|event| eprintln!("{}", serde_json::to_string(&event).unwrap_or_default()))
        .build()?;
    let program = engine.evaluate(SCRIPT).await?.program;
    let planned = engine.plan(&program).await?;
    println!("to create: {}", planned.counts().create);
    let report = engine.apply(&planned).await?;
    println!("done: {}, outputs: {:?}", report.done, engine.outputs().await?);
    println!("destroyed: {}", engine.destroy().await?.done);
    Ok(())
}
