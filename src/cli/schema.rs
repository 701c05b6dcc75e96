//! `hzscript schema`: the JSON Schema of what other commands print. It needs neither a script nor a stack.

use hzscript::plan::schema::SCHEMA;

use super::Tools;
use super::args::SchemaCommand;
use super::exit::Exit;

/// Prints the schema.
pub fn run(command: &SchemaCommand, tools: &Tools) -> Exit {
    match command {
        SchemaCommand::Plan => tools.screen.raw_out(SCHEMA.trim_end()),
    }
    Exit::Success
}
