//! hzscript: scripts that plan, preview and execute Hazelcast and OrientDB clusters on ECS Fargate.
//!
//! The program `hzscript` is this library with a command line. Other tools embed it the same way: an [`Engine`] for a stack,
//! a script (or a [program built in Rust](script::ProgramBuilder)), a plan to look at, and its execution, told as it goes.
//!
//! ```
//! # #[cfg(feature = "local")]
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use hzscript::local::Local;
//! use hzscript::{Cloud, Engine};
//!
//! // The embedded AWS; `Cloud::connect` reaches an account.
//! let cloud = Cloud::embedded(&Local::empty()?, "eu-west-1").await?;
//! let engine = Engine::builder(cloud).stack("orders").state_in_memory().build()?;
//!
//! let evaluated = engine.evaluate(r#"logs_log_group("orders", #{ retentionInDays: 5 });"#).await?;
//! let planned = engine.plan(&evaluated.program).await?;
//! assert_eq!(planned.counts().create, 1);
//! let report = engine.apply(&planned).await?;
//! assert!(report.is_complete());
//! engine.destroy().await?;
//! # Ok(())
//! # }
//! # #[cfg(not(feature = "local"))]
//! # fn main() {}
//! ```
//!
//! # What embedders use
//!
//! | for | there is |
//! |---|---|
//! | putting an engine together | [`Engine::builder`]: stack, state, inputs, limits, look-ups, events, locking |
//! | whole pieces of work | [`Engine::evaluate`], [`plan`](Engine::plan), [`apply`](Engine::apply), [`run`](Engine::run), [`destroy`](Engine::destroy): futures that are `Send` and may be dropped |
//! | looking before going on | a [`Session`](engine::Session), by [`Engine::begin`] or [`Engine::look`] |
//! | programs without a script | [`script::ProgramBuilder`] |
//! | functions and look-ups of one's own in scripts | [`Builder::function`](engine::Builder::function), [`Builder::lookup`](engine::Builder::lookup), [`script::Lookups`] |
//! | kinds of one's own, AWS or not | [`kinds::Kind`], [`Builder::kind`](engine::Builder::kind), [`Cloud::own`] |
//! | a store of one's own | [`Builder::state_in_objects`](engine::Builder::state_in_objects), over [`object_store`] |
//! | progress | [`Event`]s, to a function ([`Events::to`]) or as a stream ([`Events::stream`]) |
//! | plans as text | [`Engine::saved`], [`plan::Saved`]; [`Planned`] serializes for showing |
//!
//! `examples/` has a program for each.
//!
//! # Features
//!
//! Without default features there are the language, the planner, the executor and states in folders and object stores, for
//! kinds of one's own. `aws` adds the SDK with its kinds, `local` the embedded AWS, `pictures` SVG and PNG, and `cli`, the
//! default, what the program needs.
//!
//! # Modules
//!
//! In the order data flows: a [`script`] becomes a program ([`model`]), the program and the [`state`] a [`plan`], the plan
//! calls ([`apply`]) through [`kinds`] on a [`cloud`], which may be the embedded AWS (`local`). [`synth`] writes a program
//! as a CloudFormation template instead, `import` what exists as a script. `stores` opens what states are kept in. `live`
//! asks what runs, and changes it by hand.
//! [`engine`] ties them together; [`event`] is how progress is told.
//!
//! What is at the root, [`engine`], [`event`], [`kinds::Kind`] with its types, [`model`], [`script`] and [`plan`]'s types are
//! kept stable within a version; the rest may change with a minor one.

#![warn(missing_docs)]

pub mod apply;
pub mod cloud;
pub mod engine;
pub mod event;
pub mod explain;
#[cfg(feature = "aws")]
pub mod import;
pub mod kinds;
#[cfg(feature = "aws")]
pub mod live;
#[cfg(feature = "local")]
pub mod local;
pub mod model;
pub mod permissions;
#[cfg(feature = "pictures")]
pub mod picture;
pub mod plan;
pub mod reference;
pub mod script;
pub mod state;
#[cfg(feature = "aws")]
pub mod stores;
pub mod synth;
#[cfg(feature = "aws")]
pub mod verify;

pub use cloud::Cloud;
pub use engine::{Engine, Planned};
pub use event::{Event, EventStream, Events};
pub use model::Program;
pub use object_store;
