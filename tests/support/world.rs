//! The program as a user runs it.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value as Json;

/// A folder of its own, with the project's scripts at hand.
pub struct World {
    folder: tempfile::TempDir,
}

/// How a command ended.
#[derive(Debug)]
pub struct Ended {
    /// Its exit code; none when a signal ended it.
    pub code: Option<i32>,
    /// What it printed.
    pub stdout: String,
    /// What it printed beside that.
    pub stderr: String,
}

impl World {
    pub fn new() -> Self {
        Self { folder: tempfile::tempdir().expect("a folder") }
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Writes a script and gives its name back.
    pub fn script(&self, name: &str, text: &str) -> String {
        std::fs::write(self.path().join(name), text).expect("written");
        name.to_owned()
    }

    /// Runs the program in the folder, without a terminal and without anything of this machine's settings.
    pub fn hz(&self, words: &[&str]) -> Ended {
        self.command(words).stdin(Stdio::null()).output().expect("it starts").into()
    }

    /// The same, not started yet.
    pub fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_hzscript"));
        command.args(words).current_dir(self.path()).env_clear().env("HOME", self.path());
        command
    }

    /// What the embedded AWS has, as (type, id).
    pub fn exists(&self) -> Vec<(String, String)> {
        let listed = self.hz(&["local", "list", "--json"]).succeeds();
        let listed: Vec<Json> = serde_json::from_str(&listed.stdout).expect("an array");
        let text = |item: &Json, key: &str| item[key].as_str().expect("a text").to_owned();
        listed.iter().map(|item| (text(item, "type"), text(item, "id"))).collect()
    }

    /// How many of a type the embedded AWS has.
    pub fn count(&self, type_name: &str) -> usize {
        self.exists().iter().filter(|(found, _)| found == type_name).count()
    }
}

/// A script of the project.
pub fn project_script(name: &str) -> String {
    let path: PathBuf = [env!("CARGO_MANIFEST_DIR"), "scripts", name].iter().collect();
    path.to_str().expect("a readable path").to_owned()
}

impl From<Output> for Ended {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).expect("UTF-8"),
            stderr: String::from_utf8(output.stderr).expect("UTF-8"),
        }
    }
}

impl Ended {
    #[track_caller]
    pub fn succeeds(self) -> Self {
        self.exits_with(0)
    }

    #[track_caller]
    pub fn exits_with(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "stdout:\n{}\nstderr:\n{}", self.stdout, self.stderr);
        self
    }

    /// Whether it said this anywhere.
    pub fn says(&self, text: &str) -> bool {
        self.stdout.contains(text) || self.stderr.contains(text)
    }

    #[track_caller]
    pub fn told(self, text: &str) -> Self {
        assert!(self.says(text), "nothing says {text:?}\nstdout:\n{}\nstderr:\n{}", self.stdout, self.stderr);
        self
    }

    /// The lines of standard output as JSON objects.
    pub fn json_lines(&self) -> Vec<Json> {
        self.stdout.lines().map(|line| serde_json::from_str(line).expect(line)).collect()
    }
}
