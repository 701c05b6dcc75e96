//! `hzscript.toml`: what commands take as given beside a script, for all its stacks and for each. The command line wins over
//! the environment, the environment over the file, the file over what is built in.
//!
//! [`file`] reads it, and refuses what is wrong in it; [`Settings::of`] chooses what holds for a script and a stack;
//! [`words`] puts that on the command line where nothing else says it.

pub mod file;
mod words;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use hzscript::script::Given;

use file::{File, Table};

pub use words::{Parsed, Stopped, parse};

/// What the file is called.
pub const NAME: &str = "hzscript.toml";

/// What holds for a script and a stack.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Settings {
    /// The file as shown.
    pub file: String,
    /// Values of options, by their names without `--`, and the lines they are in. Paths are as they go from where the program
    /// was started.
    pub options: BTreeMap<&'static str, (String, usize)>,
    /// Inputs, and the lines they are in.
    pub inputs: BTreeMap<String, (Given, usize)>,
    /// The script, where the file names one.
    pub script: Option<(PathBuf, usize)>,
}

impl Settings {
    /// What holds for a script, or the file's own, and a stack, or the script's own.
    pub fn of(file: &File, script: Option<&Path>, stack: Option<&str>) -> Self {
        let own = file.defaults.option("script");
        let of_own = match (own, script) {
            (Some((own, _)), Some(script)) => same(&file.folder.join(own), script),
            _ => true,
        };
        // A stack and inputs that stand beside a script are that script's, and no other's.
        let none = Table::default();
        let beside = if of_own { &file.defaults } else { &none };
        let named = beside.option("stack").filter(|_| stack.is_none());
        let script_of = |table: &Table| table.option("script").cloned();
        let by_script = script.map(Path::to_owned).or_else(|| own.map(|(own, _)| PathBuf::from(own)));
        let stem = || by_script.as_deref().and_then(Path::file_stem).map(|stem| stem.to_string_lossy().into_owned());
        let stack = stack.map(str::to_owned).or_else(|| named.map(|(name, _)| name.clone())).or_else(stem);
        let table = stack.as_ref().and_then(|stack| file.stacks.get(stack)).unwrap_or(&none);

        let mut options = BTreeMap::new();
        for (key, set) in file.defaults.options.iter().chain(&table.options) {
            let value = match *key {
                "script" | "stack" => continue,
                "dir" => file.folder.join(&set.0).to_string_lossy().into_owned(),
                "state" if !set.0.contains("://") => file.folder.join(&set.0).to_string_lossy().into_owned(),
                _ => set.0.clone(),
            };
            options.insert(*key, (value, set.1));
        }
        options.extend(named.map(|named| ("stack", named.clone())));
        let given = |table: &Table, meant: bool| -> Vec<(String, (Given, usize))> {
            let kept = |(name, (value, line)): (&String, &(hzscript::model::Json, usize))| {
                let given = Given::Kept { value: value.clone(), file: file.shown.clone(), meant };
                (name.clone(), (given, *line))
            };
            table.inputs.iter().map(kept).collect()
        };
        let mut inputs: BTreeMap<_, _> = given(beside, own.is_some()).into_iter().collect();
        inputs.extend(given(table, true));
        let script = script_of(table).or_else(|| script_of(&file.defaults));
        let script = script.map(|(script, line)| (file.folder.join(script), line));
        // Beside the file, wherever the program was started.
        options.entry("dir").or_insert_with(|| {
            let folder = file.folder.join(super::args::DEFAULT_FOLDER);
            (folder.to_string_lossy().into_owned(), 0)
        });
        Self { file: file.shown.clone(), options, inputs, script }
    }
}

/// Whether two paths lead to one file.
fn same(one: &Path, other: &Path) -> bool {
    match (std::fs::canonicalize(one), std::fs::canonicalize(other)) {
        (Ok(one), Ok(other)) => one == other,
        _ => one == other,
    }
}

/// The file for what is in a folder: in it or above, no further than the repository or the home folder that it is in. The
/// folder is as it goes from `here`, where the program was started.
pub fn find(folder: &Path, here: &Path, home: Option<&Path>) -> Option<PathBuf> {
    let start = here.join(folder);
    let start = std::fs::canonicalize(&start).unwrap_or(start);
    for above in start.ancestors() {
        let file = above.join(NAME);
        if file.is_file() {
            return Some(near(&file, here));
        }
        if above.join(".git").exists() || Some(above) == home {
            return None;
        }
    }
    None
}

/// A path as it goes from a folder, where it is in it or a little above.
fn near(path: &Path, here: &Path) -> PathBuf {
    let here = std::fs::canonicalize(here).unwrap_or_else(|_| here.to_owned());
    for (up, above) in here.ancestors().take(4).enumerate() {
        if let Ok(rest) = path.strip_prefix(above) {
            return std::iter::repeat_n(Path::new(".."), up).collect::<PathBuf>().join(rest);
        }
    }
    path.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = r#"
[defaults]
script = "main.rhai"
stack = "dev"
region = "eu-central-1"
state = "kept"
inputs = { members = 3 }

[stack.prod]
target = "aws"
region = "eu-west-1"
state = "s3://bucket/team?region=eu-west-1"
inputs = { members = 5, zones = 3 }
"#;

    fn settings(script: Option<&str>, stack: Option<&str>) -> (Settings, Vec<String>) {
        let file = File::parse(TEXT, Path::new("app/hzscript.toml")).expect("it is good");
        let settings = Settings::of(&file, script.map(Path::new), stack);
        let mut shown: Vec<String> =
            settings.options.iter().map(|(key, (value, _))| format!("{key}={value}")).collect();
        shown.extend(settings.inputs.iter().map(|(name, (given, _))| match given {
            Given::Kept { value, meant, .. } => format!("{name}:{value}{}", if *meant { "!" } else { "" }),
            other => panic!("{other:?}"),
        }));
        (settings, shown)
    }

    #[test]
    fn what_is_said_of_a_stack_wins_over_what_is_said_of_all() {
        let (default, shown) = settings(None, None);
        assert_eq!(default.script, Some((PathBuf::from("app/main.rhai"), 3)));
        assert_eq!(shown, ["dir=app/.hzscript", "region=eu-central-1", "stack=dev", "state=app/kept", "members:3!"]);
        let (_, shown) = settings(None, Some("prod"));
        let state = "state=s3://bucket/team?region=eu-west-1";
        assert_eq!(shown, ["dir=app/.hzscript", "region=eu-west-1", state, "target=aws", "members:5!", "zones:3!"]);
    }

    #[test]
    fn a_stack_and_inputs_are_of_the_script_they_stand_beside() {
        let (_, shown) = settings(Some("app/other.rhai"), None);
        assert_eq!(shown, ["dir=app/.hzscript", "region=eu-central-1", "state=app/kept"]);
        let (_, shown) = settings(Some("app/prod.rhai"), None);
        assert!(shown.contains(&"members:5!".to_owned()), "its stack is named after it: {shown:?}");
    }

    #[test]
    fn the_file_is_looked_for_above_and_not_beyond_the_repository() {
        let outer = tempfile::tempdir().expect("a folder");
        let root = std::fs::canonicalize(outer.path()).expect("it is there");
        let deep = root.join("project/scripts/deep");
        std::fs::create_dir_all(&deep).expect("made");
        std::fs::write(root.join(NAME), "").expect("written");
        assert_eq!(find(Path::new("scripts"), &root.join("project"), None), Some(PathBuf::from("../hzscript.toml")));
        assert_eq!(find(Path::new(""), &deep, Some(&root.join("project"))), None, "not above home");
        std::fs::create_dir(root.join("project/.git")).expect("made");
        assert_eq!(find(Path::new(""), &deep, None), None);
        std::fs::write(root.join("project").join(NAME), "").expect("written");
        assert_eq!(find(Path::new(""), &deep, None), Some(PathBuf::from("../../hzscript.toml")));
        assert_eq!(find(Path::new("project/scripts"), &root, None), Some(PathBuf::from("project/hzscript.toml")));
    }
}
