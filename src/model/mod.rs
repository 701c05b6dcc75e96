//! The vocabulary every other module speaks: addresses, values, schemas, resources and programs.
//!
//! Nothing here knows Rhai, AWS, tokio or any I/O.

pub mod actions;
pub mod address;
pub mod denial;
pub mod diff;
pub mod existing;
pub mod formation;
pub mod path;
pub mod program;
pub mod schema;
pub mod secrets;
pub mod value;

pub use address::{Address, AddressError, KindName};
pub use denial::{Because, Denial, FailedCall};
pub use formation::{Formation, Formed, Product};
pub use path::{PathPattern, PathStep, PropertyPath};
pub use program::{Options, Program, Resource, Source, Timeouts};
pub use schema::{
    Format, JsonType, KindSchema, Pattern, Property, SchemaError, Schemas, Shape, Tagging, Taken, camel_case, schemas,
};
pub use secrets::Secrets;
pub use value::{Json, JsonMap, Reference, Secret, TemplatePart, Value};
