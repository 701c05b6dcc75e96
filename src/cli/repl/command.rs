//! Commands at the prompt: what begins with `:`.

use std::path::PathBuf;

/// A command at the prompt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// What there is.
    Help,
    /// What a name means.
    Doc(String),
    /// What a run would change.
    Plan,
    /// Change it.
    Apply,
    /// Delete everything the stack has.
    Destroy,
    /// The differences of a plan in full; of one resource only.
    Diff(Option<String>),
    /// Show what needs what, or draw it into a file.
    Graph(Option<PathBuf>),
    /// What the stack has; one resource in full.
    State(Option<String>),
    /// Take a script in.
    Load(PathBuf),
    /// Read it again.
    Reload,
    /// Write the program as a script.
    Save(Option<PathBuf>),
    /// The program's text.
    Program,
    /// Forget what was said.
    Clear,
    /// Work on another cloud.
    Target(Option<String>),
    /// The inputs; give some a value.
    Inputs(Vec<String>),
    /// Follow the logs of a service.
    Follow(String),
    /// Say how long each entry takes, or no longer.
    Time,
    /// End.
    Quit,
}

/// Each command: its name, what it takes, and what it does.
pub const COMMANDS: [(&str, &str, &str); 18] = [
    (":help", "", "what can be typed here"),
    (":doc", "NAME", "what a builder, a function or a command is, and takes"),
    (":plan", "", "show what a run of the program would change"),
    (":apply", "", "show the plan, ask, and carry it out"),
    (":destroy", "", "show what would be deleted, ask, and delete everything that the stack has"),
    (":diff", "[ADDRESS]", "the differences of the plan in full"),
    (":graph", "[FILE]", "what needs what, as a tree, or as a picture: FILE.svg, .png, .html, .mmd, .dot"),
    (":state", "[ADDRESS]", "what the stack has, or one resource of it in full"),
    (":load", "FILE", "take a script in as the beginning of the program"),
    (":reload", "", "read that script again"),
    (":save", "[FILE]", "write the program as a script"),
    (":program", "", "show the program so far"),
    (":clear", "", "forget the program; nothing that exists is touched"),
    (":inputs", "[NAME=VALUE …]", "show the inputs of the program, or give some a value"),
    (":target", "[local|aws]", "show what is worked on, or work on another"),
    (":follow", "SERVICE", "show the logs of a service as they come; Ctrl-C ends it"),
    (":time", "", "say how long each entry takes, or no longer"),
    (":quit", "", "end; so does Ctrl-D"),
];

/// Reads a command.
///
/// # Errors
/// What is wrong with it, and the way out.
pub fn read(line: &str) -> Result<Command, (String, Option<String>)> {
    let (name, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
    let rest = rest.trim();
    let given = || (!rest.is_empty()).then(|| rest.to_owned());
    let needed =
        |what: &str| given().ok_or_else(|| (format!("{name} takes {what}"), Some(format!("write {name} {what}"))));
    let nothing = |command: Command| match rest {
        "" => Ok(command),
        more => Err((format!("{name} takes nothing, and `{more}` was given"), None)),
    };
    match name {
        ":help" | ":h" | ":?" => nothing(Command::Help),
        ":doc" => Ok(Command::Doc(needed("NAME")?)),
        ":plan" => nothing(Command::Plan),
        ":apply" => nothing(Command::Apply),
        ":destroy" => nothing(Command::Destroy),
        ":diff" => Ok(Command::Diff(given())),
        ":graph" => Ok(Command::Graph(given().map(|file| path(&file)))),
        ":state" => Ok(Command::State(given())),
        ":load" | ":l" => Ok(Command::Load(path(&needed("FILE")?))),
        ":reload" | ":r" => nothing(Command::Reload),
        ":save" => Ok(Command::Save(given().map(|file| path(&file)))),
        ":program" => nothing(Command::Program),
        ":clear" => nothing(Command::Clear),
        ":target" => Ok(Command::Target(given())),
        ":inputs" => Ok(Command::Inputs(words(rest))),
        ":follow" => Ok(Command::Follow(needed("SERVICE")?)),
        ":time" => nothing(Command::Time),
        ":quit" | ":q" | ":exit" => nothing(Command::Quit),
        other => {
            let near =
                COMMANDS.iter().map(|(name, ..)| *name).min_by_key(|name| strsim::damerau_levenshtein(name, other));
            let near = near.filter(|name| strsim::damerau_levenshtein(name, other) <= 2);
            let help = match near {
                Some(name) => format!("did you mean {name}?"),
                None => ":help lists those there are".to_owned(),
            };
            Err((format!("there is no command `{other}`"), Some(help)))
        }
    }
}

/// A path, out of quotes where it is in some.
fn path(text: &str) -> PathBuf {
    let inside = text.strip_prefix('"').and_then(|text| text.strip_suffix('"'));
    PathBuf::from(inside.unwrap_or(text))
}

/// `NAME=VALUE` words; a value in double quotes may have spaces.
fn words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut quoted = false;
    for c in text.chars() {
        match c {
            '"' => quoted = !quoted,
            c if c.is_whitespace() && !quoted => {
                if !word.is_empty() {
                    words.push(std::mem::take(&mut word));
                }
            }
            c => word.push(c),
        }
    }
    if !word.is_empty() {
        words.push(word);
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_read_with_what_they_take() {
        assert_eq!(read(":load \"my script.rhai\""), Ok(Command::Load("my script.rhai".into())));
        let inputs = ["image=a b", "n=5"].map(str::to_owned).to_vec();
        assert_eq!(read(":inputs  image=\"a b\" n=5 "), Ok(Command::Inputs(inputs)));
        assert_eq!(read(":save"), Ok(Command::Save(None)));
        let refused = [":pln", ":load", ":quit now", ":xyzzy"].map(|line| match read(line) {
            Err((what, help)) => format!("{what}; {}", help.unwrap_or_default()),
            Ok(command) => panic!("{command:?}"),
        });
        insta::assert_snapshot!(refused.join("\n"), @r"
        there is no command `:pln`; did you mean :plan?
        :load takes FILE; write :load FILE
        :quit takes nothing, and `now` was given; 
        there is no command `:xyzzy`; :help lists those there are
        ");
    }
}
