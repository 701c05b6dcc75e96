//! The script file: reading it, and the name of the stack it gives.

use std::io::Read;
use std::path::{Path, PathBuf};

use hzscript::engine::{BuildError, is_stack_name};

use super::error::Error;

/// The largest script, in bytes.
const MAX_SCRIPT: u64 = 4 << 20;

/// A script as read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Script {
    /// Its path as the user wrote it.
    pub path: PathBuf,
    /// Its text.
    pub source: String,
}

impl Script {
    /// Reads a script.
    ///
    /// # Errors
    /// When there is no such file, or it is no text.
    pub fn read(path: &Path) -> Result<Self, Error> {
        let unreadable = |reason: String, help: Option<String>| Error::Script { path: path.to_owned(), reason, help };
        let file = std::fs::File::open(path).map_err(|error| unreadable(plain(&error), similar(path)))?;
        if file.metadata().is_ok_and(|metadata| metadata.is_dir()) {
            return Err(unreadable("it is a folder".to_owned(), None));
        }
        let mut bytes = Vec::new();
        let read = file.take(MAX_SCRIPT + 1).read_to_end(&mut bytes);
        read.map_err(|error| unreadable(plain(&error), None))?;
        if bytes.len() as u64 > MAX_SCRIPT {
            return Err(unreadable(format!("it is larger than {} MiB", MAX_SCRIPT >> 20), None));
        }
        match String::from_utf8(bytes) {
            Ok(source) => Ok(Self { path: path.to_owned(), source }),
            Err(error) => {
                let good = error.utf8_error().valid_up_to();
                let line = error.as_bytes()[..good].iter().filter(|byte| **byte == b'\n').count() + 1;
                Err(unreadable(format!("line {line} is not UTF-8"), None))
            }
        }
    }

    /// Its path as shown.
    pub fn shown(&self) -> String {
        self.path.display().to_string()
    }

    /// The folder its imports are confined to: its own.
    pub fn folder(&self) -> PathBuf {
        match self.path.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
            _ => PathBuf::from("."),
        }
    }
}

/// The stack's name: as given, or the script's file name.
///
/// # Errors
/// When it cannot be one.
pub fn stack_name(given: Option<&str>, script: Option<&Path>) -> Result<String, Error> {
    let name = match (given, script) {
        (Some(given), _) => given.to_owned(),
        (None, script) => script.and_then(Path::file_stem).unwrap_or_default().to_string_lossy().into_owned(),
    };
    if is_stack_name(&name) {
        return Ok(name);
    }
    Err(Error::Usage {
        message: BuildError::BadStack(name).to_string(),
        help: given.is_none().then(|| "the name is the script's file name; give another with --stack NAME".to_owned()),
    })
}

/// A file beside the one that is not there, whose name is much like it.
pub fn similar(path: &Path) -> Option<String> {
    if std::fs::symlink_metadata(path).is_ok() {
        return None;
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let wanted = path.file_name()?.to_string_lossy().into_owned();
    let entries = std::fs::read_dir(folder.unwrap_or(Path::new("."))).ok()?;
    let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let scripts = names.filter(|name| Path::new(name).extension().is_some_and(|extension| extension == "rhai"));
    let near = |name: &str| {
        let stem = |name: &str| name.strip_suffix(".rhai").unwrap_or(name).to_lowercase();
        strsim::damerau_levenshtein(&stem(name), &stem(&wanted))
    };
    let (_, best) = scripts.map(|name| (near(&name), name)).min()?;
    let close = near(&best) <= (wanted.chars().count() / 4).max(1);
    let found = folder.map_or_else(|| PathBuf::from(&best), |folder| folder.join(&best));
    close.then(|| format!("did you mean {}?", found.display()))
}

/// What went wrong, without the operating system's number for it.
pub fn plain(error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::NotFound => "there is no such file".to_owned(),
        std::io::ErrorKind::IsADirectory => "it is a folder".to_owned(),
        std::io::ErrorKind::PermissionDenied => "reading it is not permitted".to_owned(),
        _ => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stack_is_named_after_the_script_unless_it_is_named() {
        let named = |given: Option<&str>, script: &str| stack_name(given, Some(Path::new(script))).ok();
        assert_eq!(named(None, "scripts/hazelcast.rhai"), Some("hazelcast".to_owned()));
        assert_eq!(named(Some("prod"), "scripts/hazelcast.rhai"), Some("prod".to_owned()));
        for bad in ["", "..", "a b", "a/b", "-a", "é", &"a".repeat(65)] {
            assert_eq!(named(Some(bad), "x.rhai"), None, "{bad}");
        }
        assert_eq!(named(None, "my script.rhai"), None);
    }

    #[test]
    fn a_name_mistyped_is_told_from_one_that_is_nowhere() {
        let folder = tempfile::tempdir().expect("a folder");
        for name in ["hazelcast.rhai", "orientdb.rhai", "hazelcst.txt"] {
            std::fs::write(folder.path().join(name), "").expect("it is written");
        }
        let meant = |name: &str| similar(&folder.path().join(name));
        let hazelcast = format!("did you mean {}?", folder.path().join("hazelcast.rhai").display());
        assert_eq!(meant("hazelcst.rhai"), Some(hazelcast.clone()));
        assert_eq!(meant("hazelcast"), Some(hazelcast));
        assert_eq!(meant("redis.rhai"), None);
        assert_eq!(meant("hazelcst.txt"), None);
    }

    #[test]
    fn what_is_no_text_is_refused_with_the_line() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("a.rhai");
        std::fs::write(&file, b"let a = 1;\nlet b = \"\xff\";\n").expect("it is written");
        match Script::read(&file) {
            Err(Error::Script { reason, .. }) => assert_eq!(reason, "line 2 is not UTF-8"),
            other => panic!("{other:?}"),
        }
    }
}
