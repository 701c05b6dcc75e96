//! The JSON of plans, described for the programs that read it.

/// The version of the format, in each line that has a plan. It grows when a member is taken away or means something else.
pub const FORMAT_VERSION: u32 = 1;

/// The JSON Schema (draft 2020-12) of a line that has a plan.
pub const SCHEMA: &str = include_str!("../../schemas/plan.schema.json");
