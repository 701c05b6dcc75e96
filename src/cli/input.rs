//! Gathering a script's inputs: from `hzscript.toml`, the environment, files and `--set`, each over the one before.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use hzscript::model::{Json, JsonMap};
use hzscript::script::Given;

use super::args::InputArguments;
use super::environment::Environment;
use super::script::plain;

/// What the names of environment variables that give inputs start with.
const PREFIX: &str = "HZ_INPUT_";

/// Why the inputs cannot be gathered.
#[derive(Debug, thiserror::Error)]
pub enum InputError {
    /// Not of the form `NAME=VALUE`.
    #[error("`--set {0}` gives no value: write --set NAME=VALUE")]
    NoValue(String),
    /// No name before the `=`.
    #[error("`--set {0}` names no input: write --set NAME=VALUE")]
    NoName(String),
    /// The file cannot be read.
    #[error("cannot read inputs from {}: {}", file.display(), plain(source))]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// The cause.
        source: std::io::Error,
    },
    /// The name of the file says neither TOML nor JSON.
    #[error("cannot tell what {} is: the name of an inputs file ends in .toml or .json", .0.display())]
    UnknownFormat(PathBuf),
    /// What is in the file is not what its name says.
    #[error("cannot read inputs from {}: {reason}", file.display())]
    Malformed {
        /// The file.
        file: PathBuf,
        /// What is wrong, and where.
        reason: String,
    },
}

/// Gathers the inputs.
///
/// # Errors
/// At the first source that is not readable.
pub fn gather(arguments: &InputArguments, environment: &Environment) -> Result<BTreeMap<String, Given>, InputError> {
    let mut found = environment.settled.clone();
    for (name, value) in environment.starting_with(PREFIX).filter(|(name, _)| !name.is_empty()) {
        found.insert(input_name(name), Given::Ambient(value.to_owned()));
    }
    for file in &arguments.inputs {
        found.extend(from_file(file)?.into_iter().map(|(name, value)| (name, Given::Json(value))));
    }
    for text in &arguments.set {
        let (name, value) = text.split_once('=').ok_or_else(|| InputError::NoValue(text.clone()))?;
        if name.trim().is_empty() {
            return Err(InputError::NoName(text.clone()));
        }
        found.insert(name.trim().to_owned(), Given::Text(value.to_owned()));
    }
    Ok(found)
}

/// The input a variable is for: `DESIRED_COUNT` is `desiredCount`; a name with a small letter in it is taken as it is.
fn input_name(variable: &str) -> String {
    if variable.chars().any(|c| c.is_ascii_lowercase()) {
        return variable.to_owned();
    }
    let mut words = variable.split('_').filter(|word| !word.is_empty()).map(str::to_ascii_lowercase);
    let first = words.next().unwrap_or_default();
    words.fold(first, |name, word| {
        let mut letters = word.chars();
        let capital = letters.next().map(|c| c.to_ascii_uppercase());
        name.chars().chain(capital).chain(letters).collect()
    })
}

fn from_file(file: &Path) -> Result<JsonMap, InputError> {
    let malformed = |reason: String| InputError::Malformed { file: file.to_owned(), reason };
    let text = std::fs::read_to_string(file);
    let text = text.map_err(|source| InputError::Unreadable { file: file.to_owned(), source })?;
    match file.extension().and_then(|extension| extension.to_str()) {
        Some("json") => {
            let json = serde_json::from_str::<Json>(&text).map_err(|error| malformed(error.to_string()))?;
            match json {
                Json::Object(map) => Ok(map),
                _ => Err(malformed("an object is wanted, with an input's name for each key".to_owned())),
            }
        }
        Some("toml") => {
            let table = toml::from_str::<toml::Table>(&text).map_err(|error| malformed(error.to_string()))?;
            let inputs = table.into_iter().map(|(name, value)| match json(value) {
                Ok(value) => Ok((name, value)),
                Err(number) => {
                    Err(malformed(format!("`{name}` has {number} in it, which is no number an input can be")))
                }
            });
            inputs.collect()
        }
        _ => Err(InputError::UnknownFormat(file.to_owned())),
    }
}

/// TOML as JSON; dates and times become text. The error is a number that JSON does not have.
///
/// # Errors
/// That number.
pub fn json(value: toml::Value) -> Result<Json, f64> {
    Ok(match value {
        toml::Value::String(text) => Json::String(text),
        toml::Value::Integer(number) => Json::from(number),
        toml::Value::Float(number) => Json::Number(serde_json::Number::from_f64(number).ok_or(number)?),
        toml::Value::Boolean(yes) => Json::Bool(yes),
        toml::Value::Datetime(time) => Json::String(time.to_string()),
        toml::Value::Array(items) => Json::Array(items.into_iter().map(json).collect::<Result<_, _>>()?),
        toml::Value::Table(table) => {
            let items = table.into_iter().map(|(key, item)| Ok((key, json(item)?)));
            Json::Object(items.collect::<Result<_, f64>>()?)
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arguments(set: &[&str], inputs: &[PathBuf]) -> InputArguments {
        InputArguments { set: set.iter().map(|text| (*text).to_owned()).collect(), inputs: inputs.to_vec() }
    }

    fn text(value: &str) -> Given {
        Given::Text(value.to_owned())
    }

    #[test]
    fn later_sources_win() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("prod.toml");
        std::fs::write(&file, "image = 'b'\ncpu = 512\n[tags]\nsince = 2024-01-02\n").expect("it is written");
        let environment = Environment::with(&[
            ("HOME", "/"),
            ("HZ_INPUT_", "nothing"),
            ("HZ_INPUT_CPU", "256"),
            ("HZ_INPUT_DESIRED_COUNT", "2"),
            ("HZ_INPUT_image", "a"),
        ]);
        let found = gather(&arguments(&["image=c=d", "empty="], &[file]), &environment).expect("it is gathered");
        let expected = BTreeMap::from([
            ("cpu".to_owned(), Given::Json(512.into())),
            ("desiredCount".to_owned(), Given::Ambient("2".to_owned())),
            ("empty".to_owned(), text("")),
            ("image".to_owned(), text("c=d")),
            ("tags".to_owned(), Given::Json(serde_json::json!({ "since": "2024-01-02" }))),
        ]);
        assert_eq!(found, expected);
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        let folder = tempfile::tempdir().expect("a folder");
        let write = |name: &str, text: &str| {
            let file = folder.path().join(name);
            std::fs::write(&file, text).expect("it is written");
            file
        };
        let refused = |files: &[PathBuf]| match gather(&arguments(&[], files), &Environment::with(&[])) {
            Ok(found) => panic!("gathered {found:?}"),
            Err(error) => error.to_string().replace(&folder.path().display().to_string(), "."),
        };
        assert_eq!(
            refused(&[folder.path().join("none.json")]),
            "cannot read inputs from ./none.json: there is no such file"
        );
        assert_eq!(
            refused(&[write("list.json", "[1]")]),
            "cannot read inputs from ./list.json: an object is wanted, with an input's name for each key"
        );
        assert_eq!(
            refused(&[write("nan.toml", "size = nan")]),
            "cannot read inputs from ./nan.toml: `size` has NaN in it, which is no number an input can be"
        );
        assert_eq!(
            refused(&[write("inputs.yaml", "a: 1")]),
            "cannot tell what ./inputs.yaml is: the name of an inputs file ends in .toml or .json"
        );
        let set = |text: &str| gather(&arguments(&[text], &[]), &Environment::with(&[])).map_err(|e| e.to_string());
        assert_eq!(set("image"), Err("`--set image` gives no value: write --set NAME=VALUE".to_owned()));
        assert_eq!(set("=5"), Err("`--set =5` names no input: write --set NAME=VALUE".to_owned()));
    }
}
