//! Reading `hzscript.toml`: what is wrong in it is told with line and column, all of it at once.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};

use hzscript::model::Json;
use hzscript::script::{Diagnostic, Mistakes, Place};
use toml::de::{DeTable, DeValue};

use crate::cli::args::{TargetName, duration, how};
use crate::cli::connect::check_region;
use crate::cli::error::Error;
use crate::cli::input::json;
use crate::cli::known::closest;
use crate::cli::script::stack_name;
use clap::ValueEnum;

/// The largest file, in bytes.
const MAX: u64 = 1 << 20;

/// Tables of the file.
const TABLES: [&str; 2] = ["defaults", "stack"];

/// Says why a text is no value of a key.
type Check = fn(&str) -> Result<(), String>;

/// What a table may have, beside `inputs`: the options of the command line by their names.
const KEYS: [(&str, Check); 9] = [
    ("script", |_| Ok(())),
    ("stack", |text| stack_name(Some(text), None).map(drop).map_err(|error| reason(&error))),
    ("target", |text| {
        TargetName::from_str(text, false).map(drop).map_err(|_| "a target is `local` or `aws`".to_owned())
    }),
    ("region", |text| check_region(text).map_err(|error| reason(&error))),
    ("profile", |_| Ok(())),
    ("state", |_| Ok(())),
    ("dir", |_| Ok(())),
    ("encrypt", |text| how(text).map(drop)),
    ("lock-timeout", |text| duration(text).map(drop)),
];

fn reason(error: &Error) -> String {
    match error {
        Error::Usage { message, help: Some(help) } => format!("{message}: {help}"),
        Error::Usage { message, help: None } => message.clone(),
        other => format!("{other:?}"),
    }
}

/// The file.
#[derive(Debug, Clone, PartialEq)]
pub struct File {
    /// Its name as shown.
    pub shown: String,
    /// The folder it is in, as it goes from where the program was started.
    pub folder: PathBuf,
    /// What holds for all stacks.
    pub defaults: Table,
    /// What holds for each.
    pub stacks: BTreeMap<String, Table>,
}

/// A table of the file: values, and the lines they are in.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Table {
    /// Values of options by name.
    pub options: BTreeMap<&'static str, (String, usize)>,
    /// Values of inputs by name.
    pub inputs: BTreeMap<String, (Json, usize)>,
}

impl Table {
    /// The value of an option.
    pub fn option(&self, name: &str) -> Option<&(String, usize)> {
        self.options.get(name)
    }
}

impl File {
    /// Reads it.
    ///
    /// # Errors
    /// When it cannot be read, and all that is wrong in it.
    pub fn read(path: &Path) -> Result<Self, Error> {
        let unreadable = |reason: String| Error::Settings { path: path.to_owned(), reason };
        let length = std::fs::metadata(path).map_err(|error| unreadable(error.to_string()))?.len();
        if length > MAX {
            return Err(unreadable(format!("it is larger than {} MiB", MAX >> 20)));
        }
        let text = std::fs::read_to_string(path).map_err(|error| unreadable(error.to_string()))?;
        Self::parse(&text, path).map_err(Error::Project)
    }

    /// Reads a text.
    ///
    /// # Errors
    /// All that is wrong in it.
    pub fn parse(text: &str, path: &Path) -> Result<Self, Mistakes> {
        let mut reader = Reader { text, file: path.display().to_string(), mistakes: Vec::new() };
        let folder = path.parent().map(Path::to_owned).unwrap_or_default();
        let mut file = Self { shown: reader.file.clone(), folder, defaults: Table::default(), stacks: BTreeMap::new() };
        match DeTable::parse(text) {
            Ok(table) => reader.file(table.get_ref(), &mut file),
            Err(error) => {
                let message = error.message().to_owned();
                reader.wrong(error.span().unwrap_or_default(), message, None, None);
            }
        }
        if reader.mistakes.is_empty() {
            return Ok(file);
        }
        reader.mistakes.sort_by(|one, other| one.place.cmp(&other.place));
        let sources = BTreeMap::from([(reader.file, text.to_owned())]);
        Err(Mistakes { mistakes: reader.mistakes, sources })
    }
}

struct Reader<'a> {
    text: &'a str,
    file: String,
    mistakes: Vec<Diagnostic>,
}

impl Reader<'_> {
    fn file(&mut self, table: &DeTable<'_>, file: &mut File) {
        for (key, value) in table {
            match (key.get_ref().as_ref(), value.get_ref().as_table()) {
                ("defaults", Some(table)) => file.defaults = self.table(table, true),
                ("stack", Some(stacks)) => {
                    for (name, value) in stacks {
                        let known = stack_name(Some(name.get_ref()), None);
                        match (known, value.get_ref().as_table()) {
                            (Ok(name), Some(table)) => drop(file.stacks.insert(name, self.table(table, false))),
                            (Err(error), _) => self.wrong(name.span(), reason(&error), Some("not a name"), None),
                            (Ok(_), None) => {
                                let help = "the stack that commands mean is `stack` of [defaults]; what is said of one is in \
                                            a table of its own, such as [stack.prod]";
                                self.wrong(name.span(), "a stack is a table".to_owned(), None, Some(help.to_owned()));
                            }
                        }
                    }
                }
                (name @ ("defaults" | "stack"), None) => {
                    let help =
                        "what commands take as given is in [defaults], what is said of one stack in [stack.NAME]";
                    self.wrong(key.span(), format!("`{name}` is a table"), None, Some(help.to_owned()));
                }
                (name, _) => {
                    let of_options = KEYS.iter().any(|(key, _)| *key == name) || name == "inputs";
                    let help = if of_options {
                        format!(
                            "write it below [defaults], or below [stack.NAME]{}",
                            if name == "inputs" { ": [defaults.inputs]" } else { "" }
                        )
                    } else {
                        match closest(name, TABLES.into_iter()) {
                            Some(meant) => format!("did you mean `{meant}`?"),
                            None => "it has [defaults] and [stack.NAME]".to_owned(),
                        }
                    };
                    self.wrong(key.span(), format!("there is no table `{name}`"), Some("not a table"), Some(help));
                }
            }
        }
    }

    fn table(&mut self, table: &DeTable<'_>, defaults: bool) -> Table {
        let mut read = Table::default();
        for (key, value) in table {
            let name = key.get_ref().as_ref();
            let known = KEYS.iter().find(|(known, _)| *known == name && (defaults || name != "stack"));
            match (known, value.get_ref()) {
                (Some((name, check)), DeValue::String(text)) => match check(text) {
                    Ok(()) => drop(read.options.insert(name, (text.to_string(), self.line(key.span().start)))),
                    Err(reason) => self.wrong(value.span(), reason, None, None),
                },
                (Some((name, _)), other) => {
                    let message = format!("`{name}` is {}, not a string", described(other));
                    self.wrong(value.span(), message, Some("not a string"), None);
                }
                (None, DeValue::Table(inputs)) if name == "inputs" => self.inputs(inputs, &mut read),
                (None, _) if name == "inputs" => {
                    let help = "such as inputs = { members = 5 }".to_owned();
                    self.wrong(value.span(), "`inputs` is a table".to_owned(), None, Some(help));
                }
                (None, _) => {
                    let names = KEYS.iter().map(|(key, _)| *key).filter(|key| defaults || *key != "stack");
                    let names: Vec<&str> = names.chain(["inputs"]).collect();
                    let help = match closest(name, names.iter().copied()) {
                        Some(meant) => format!("did you mean `{meant}`?"),
                        None => format!("settings are {}", names.join(", ")),
                    };
                    self.wrong(key.span(), format!("there is no setting `{name}`"), Some("not a setting"), Some(help));
                }
            }
        }
        read
    }

    fn inputs(&mut self, inputs: &DeTable<'_>, read: &mut Table) {
        for (key, value) in inputs {
            match json(of_value(value.get_ref())) {
                Ok(value) => drop(read.inputs.insert(key.get_ref().to_string(), (value, self.line(key.span().start)))),
                Err(number) => {
                    let message = format!("`{}` has {number} in it, which is no number an input can be", key.get_ref());
                    self.wrong(value.span(), message, None, None);
                }
            }
        }
    }

    fn line(&self, offset: usize) -> usize {
        self.text.as_bytes().iter().take(offset).filter(|byte| **byte == b'\n').count() + 1
    }

    fn wrong(&mut self, span: Range<usize>, message: String, label: Option<&str>, help: Option<String>) {
        let start = span.start.min(self.text.len());
        let begun = self.text.get(..start).unwrap_or_default();
        let column = begun.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        let place = Place {
            file: self.file.clone(),
            line: self.line(start),
            column,
            offset: start,
            length: span.end.saturating_sub(start),
        };
        let label = label.map(str::to_owned);
        self.mistakes.push(Diagnostic { message, label, place: Some(place), called_from: Vec::new(), help });
    }
}

/// A value apart from the text it was read from.
fn of_value(value: &DeValue<'_>) -> toml::Value {
    match value {
        DeValue::String(text) => toml::Value::String(text.to_string()),
        DeValue::Integer(number) => {
            let read = i64::from_str_radix(number.as_str(), number.radix());
            read.map_or_else(|_| toml::Value::String(number.as_str().to_owned()), toml::Value::Integer)
        }
        DeValue::Float(number) => toml::Value::Float(number.as_str().parse().unwrap_or(f64::NAN)),
        DeValue::Boolean(yes) => toml::Value::Boolean(*yes),
        DeValue::Datetime(time) => toml::Value::Datetime(*time),
        DeValue::Array(items) => toml::Value::Array(items.iter().map(|item| of_value(item.get_ref())).collect()),
        DeValue::Table(table) => toml::Value::Table(
            table.iter().map(|(key, item)| (key.get_ref().to_string(), of_value(item.get_ref()))).collect(),
        ),
    }
}

fn described(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a string",
        DeValue::Integer(_) | DeValue::Float(_) => "a number",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a time",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_wrong_is_told_with_its_place() {
        let text = "\
region = \"eu-west-1\"
[defaults]
regoin = \"eu-west-1\"
target = \"azure\"
stack = 3
encrypt = \"hunter2\"
inputs = { size = nan, tags = [{ a = 1 }] }
[stack.\"no name\"]
[stack.prod]
stack = \"x\"
[tasks]
";
        let mistakes = File::parse(text, Path::new("hzscript.toml")).expect_err("it is wrong");
        let told = mistakes.mistakes.iter().map(|one| {
            let place = one.place.as_ref().expect("it has a place");
            format!("{}:{} {} | {}", place.line, place.column, one.message, one.help.as_deref().unwrap_or_default())
        });
        insta::assert_snapshot!(told.collect::<Vec<_>>().join("\n"), @r"
        1:1 there is no table `region` | write it below [defaults], or below [stack.NAME]
        3:1 there is no setting `regoin` | did you mean `region`?
        4:10 a target is `local` or `aws` | 
        5:9 `stack` is a number, not a string | 
        6:11 `passphrase` is wanted, or `kms:` and a key such as kms:alias/states | 
        7:19 `size` has NaN in it, which is no number an input can be | 
        8:8 `no name` cannot be a stack's name: at most 64 letters, digits, `-` and `_`, a letter or digit first | 
        10:1 there is no setting `stack` | settings are script, target, region, profile, state, dir, encrypt, lock-timeout, inputs
        11:2 there is no table `tasks` | it has [defaults] and [stack.NAME]
        ");
    }

    #[test]
    fn values_are_read_as_they_stand() {
        let text = "[defaults.inputs]\nmembers = 3\nratio = 0.5\nnames = [\"a\"]\n[defaults.inputs.tags]\nteam = \"data\"\nsize = 0x10\n";
        let file = File::parse(text, Path::new("hzscript.toml")).expect("it is good");
        let inputs: BTreeMap<_, _> = file.defaults.inputs.into_iter().map(|(name, (value, _))| (name, value)).collect();
        let expected = serde_json::json!({
            "members": 3, "ratio": 0.5, "names": ["a"], "tags": { "team": "data", "size": 16 },
        });
        assert_eq!(serde_json::to_value(inputs).ok(), Some(expected));
    }
}
