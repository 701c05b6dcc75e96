//! Arguments of what tells about the program itself: `docs`, `completions`, `man`.

use std::path::PathBuf;

use clap::Args;
use clap_complete::Shell;

/// Where completions go.
pub const AFTER_COMPLETIONS: &str = "\
bash:        hzscript completions bash > ~/.local/share/bash-completion/completions/hzscript
zsh:         hzscript completions zsh > \"${fpath[1]}/_hzscript\"
fish:        hzscript completions fish > ~/.config/fish/completions/hzscript.fish
powershell:  hzscript completions powershell >> $PROFILE
elvish:      hzscript completions elvish >> ~/.config/elvish/rc.elv
They are there in the next shell.";

/// What can be looked up.
pub const AFTER_DOCS: &str = "\
Examples:
  hzscript docs                                     what there is
  hzscript docs hazelcast_cluster                   a function of the standard library
  hzscript docs ecs_service                         a builder: its properties, attributes, an example
  hzscript docs AWS::ECS::Service                   the same, by CloudFormation's name
  hzscript docs ecs_service.networkConfiguration    a property, and what is in it
  hzscript docs --search 'health check'             where these words occur
  hzscript docs --html --out reference.html         all of it as one page, with a search of its own";

/// Where pages go.
pub const AFTER_MAN: &str = "\
One page a command: hzscript-run(1) is of `hzscript run`.
  hzscript man --out ~/.local/share/man/man1        then: man hzscript-run
  hzscript man | man -l -                           the first page, without keeping it";

/// Arguments of `docs`.
#[derive(Debug, Args)]
pub struct DocsArguments {
    /// A builder, a function, a method, an option, a CloudFormation type, or a property by its path; without it everything
    /// is listed
    pub name: Option<String>,
    /// List where these words occur, in whatever case
    #[arg(long, value_name = "WORDS", conflicts_with_all = ["name", "markdown", "html"])]
    pub search: Option<String>,
    /// Write Markdown; without NAME of everything
    #[arg(long, conflicts_with = "html")]
    pub markdown: bool,
    /// Write everything as one page that needs nothing else
    #[arg(long, conflicts_with = "name")]
    pub html: bool,
    /// Write it to this file instead of standard output
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Print without colours (also: NO_COLOR)
    #[arg(long, help_heading = "Output")]
    pub no_color: bool,
}

/// Arguments of `completions`.
#[derive(Debug, Args)]
pub struct CompletionsArguments {
    /// The shell
    #[arg(value_enum)]
    pub shell: Shell,
}

/// Arguments of `man`.
#[derive(Debug, Args)]
pub struct ManArguments {
    /// Write the pages of all commands to this folder, which is made; by default the first page is printed
    #[arg(long, value_name = "FOLDER")]
    pub out: Option<PathBuf>,
}
