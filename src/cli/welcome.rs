//! What `hzscript` alone says: where to begin.

use super::environment::Environment;
use super::render::escape;
use super::render::palette::Palette;
use super::settings::file::File;
use super::settings::{Settings, find};

/// The overview, for the folder the program was started in.
pub fn text(environment: &Environment, palette: Palette) -> String {
    let title = format!("hzscript {}", env!("CARGO_PKG_VERSION"));
    let mut blocks = vec![format!(
        "{}: Hazelcast and OrientDB clusters on AWS ECS Fargate, from short scripts",
        palette.bold(&title)
    )];
    blocks.push(match script(environment) {
        Some((script, file)) => {
            let about = escape::line(&format!("In this folder, with {script} ({file}):")).into_owned();
            let commands = [
                ("plan", "what a run would change"),
                ("run", "show that, ask, and make it so"),
                ("outputs", "what the last run told"),
                ("drift", "what others have changed since"),
                ("destroy", "delete all of it"),
            ];
            listed(&about, &commands, palette)
        }
        None => {
            let about = "Without an account, on the AWS that is built in:";
            let commands = [
                ("init", "write a first script, and what goes with it"),
                ("plan main.rhai", "what a run would change"),
                ("run main.rhai", "show that, ask, and make it so"),
                ("destroy main.rhai", "delete all of it"),
            ];
            listed(about, &commands, palette)
        }
    });
    let more = [
        ("docs", "what scripts can say: builders, functions, options"),
        ("docs hazelcast_cluster", "all about one of them, with an example"),
        ("help", "every command there is"),
    ];
    blocks.push(listed("To read on:", &more, palette));
    blocks.join("\n\n")
}

fn listed(about: &str, commands: &[(&str, &str)], palette: Palette) -> String {
    let line = |(command, what): &(&str, &str)| {
        let command = format!("hzscript {command}");
        format!("\n  {}{what}", palette.cyan(&format!("{command:34}")))
    };
    format!("{about}{}", commands.iter().map(line).collect::<String>())
}

/// The script of the folder, and the file that names it.
fn script(environment: &Environment) -> Option<(String, String)> {
    let home = environment.variable("HOME").map(std::path::PathBuf::from);
    let path = find("".as_ref(), &environment.here, home.as_deref())?;
    let settings = Settings::of(&File::read(&path).ok()?, None, None);
    let (script, _) = settings.script?;
    Some((script.display().to_string(), settings.file))
}
