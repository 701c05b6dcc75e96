//! Arguments of `explain`.

use clap::Args;

/// Arguments of `explain`.
#[derive(Debug, Args)]
pub struct ExplainArguments {
    /// The code, such as HZ0301, DependencyViolation or 137 (an exit code); without one all are listed
    #[arg(num_args = 0..)]
    pub code: Vec<String>,
    /// Print JSON: an object, or without a code an array
    #[arg(long, help_heading = "Output")]
    pub json: bool,
    /// Print without colours (also: NO_COLOR)
    #[arg(long, help_heading = "Output")]
    pub no_color: bool,
}
