//! Values as a script writes them: escaped, on one line while they fit, and on several where they do not.
//!
//! What is written here and evaluated is the same value again, whatever it is.

use std::fmt::Write;

use crate::model::Json;

/// Columns a line may take.
pub const WIDTH: usize = 120;
/// Spaces that a level is indented by.
const INDENT: usize = 4;

/// Words that cannot be names in a script ([The Rhai Book](https://rhai.rs/book/appendix/keywords.html)), among them those
/// that are kept for what the interpreter has itself.
const KEYWORDS: [&str; 44] = [
    "true",
    "false",
    "let",
    "const",
    "is",
    "if",
    "else",
    "switch",
    "do",
    "while",
    "until",
    "loop",
    "for",
    "in",
    "continue",
    "break",
    "return",
    "throw",
    "try",
    "catch",
    "import",
    "export",
    "as",
    "global",
    "private",
    "fn",
    "this",
    "print",
    "debug",
    "type_of",
    "eval",
    "Fn",
    "call",
    "curry",
    "is_shared",
    "is_def_var",
    "is_def_fn",
    "async",
    "await",
    "yield",
    "var",
    "static",
    "shared",
    "null",
];

/// An expression.
#[derive(Debug, Clone, PartialEq)]
pub enum Expr {
    /// Nothing.
    Unit,
    /// True or false.
    Bool(bool),
    /// A number.
    Number(serde_json::Number),
    /// A text.
    Text(String),
    /// A variable's attribute, such as `vpc.vpcId`, or the variable alone when there is no attribute.
    Of(String, Option<String>),
    /// Texts and variables' attributes one after the other, which make one text.
    Joined(Vec<Expr>),
    /// A function of one expression.
    Call(&'static str, Box<Expr>),
    /// A list.
    List(Vec<Expr>),
    /// A map.
    Map(Vec<(String, Expr)>),
}

impl Expr {
    /// A plain value.
    pub fn of(json: &Json) -> Self {
        match json {
            Json::Null => Self::Unit,
            Json::Bool(value) => Self::Bool(*value),
            Json::Number(number) => Self::Number(number.clone()),
            Json::String(text) => Self::Text(text.clone()),
            Json::Array(items) => Self::List(items.iter().map(Self::of).collect()),
            Json::Object(map) => Self::Map(map.iter().map(|(key, item)| (key.clone(), Self::of(item))).collect()),
        }
    }

    /// The expression as text that begins in the column `column` of a line that is indented by `level` levels and has
    /// `after` more characters behind it.
    pub fn write(&self, level: usize, column: usize, after: usize) -> String {
        let line = self.on_one_line();
        if column + line.chars().count() + after <= WIDTH {
            return line;
        }
        self.on_several(level)
    }

    /// The expression with each of its parts on a line of its own; on one line when it has no parts.
    pub fn on_several(&self, level: usize) -> String {
        let (inner, outer) = (" ".repeat((level + 1) * INDENT), " ".repeat(level * INDENT));
        let mut text = String::new();
        match self {
            Self::List(items) if !items.is_empty() => {
                text.push_str("[\n");
                for item in items {
                    let item = item.write(level + 1, inner.len(), 1);
                    let _ = writeln!(text, "{inner}{item},");
                }
                let _ = write!(text, "{outer}]");
            }
            Self::Map(entries) if !entries.is_empty() => {
                text.push_str("#{\n");
                for (name, item) in entries {
                    let name = key(name);
                    let item = item.write(level + 1, inner.len() + name.chars().count() + 2, 1);
                    let _ = writeln!(text, "{inner}{name}: {item},");
                }
                let _ = write!(text, "{outer}}}");
            }
            other => text = other.on_one_line(),
        }
        text
    }

    fn on_one_line(&self) -> String {
        let listed = |items: &[Self]| items.iter().map(Self::on_one_line).collect::<Vec<_>>().join(", ");
        match self {
            Self::Unit => "()".to_owned(),
            Self::Bool(value) => value.to_string(),
            Self::Number(value) => number(value),
            Self::Text(text) => literal(text),
            Self::Of(variable, None) => variable.clone(),
            Self::Of(variable, Some(attribute)) => format!("{variable}.{attribute}"),
            Self::Joined(parts) => joined(parts),
            Self::Call(function, argument) => format!("{function}({})", argument.on_one_line()),
            Self::List(items) => format!("[{}]", listed(items)),
            Self::Map(entries) if entries.is_empty() => "#{}".to_owned(),
            Self::Map(entries) => {
                let entry = |(name, item): &(String, Self)| format!("{}: {}", key(name), item.on_one_line());
                format!("#{{ {} }}", entries.iter().map(entry).collect::<Vec<_>>().join(", "))
            }
        }
    }
}

/// Whether a word can be a name.
pub fn is_name(word: &str) -> bool {
    let begins = word.starts_with(|c: char| c.is_ascii_alphabetic());
    begins && word.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') && !KEYWORDS.contains(&word)
}

/// A key of a map.
fn key(name: &str) -> String {
    if is_name(name) { name.to_owned() } else { quoted(name) }
}

/// A text as an expression. One with `${` in it looks as if something were to be put in, which is warned of but for the
/// variables of IAM's policies: it is written in two.
fn literal(text: &str) -> String {
    if text.contains("${aws:") {
        return quoted(text);
    }
    let mut parts = text.split("${");
    let mut written = vec![parts.next().unwrap_or_default().to_owned()];
    for part in parts {
        if let Some(last) = written.last_mut() {
            last.push('$');
        }
        written.push(format!("{{{part}"));
    }
    written.iter().map(|part| quoted(part)).collect::<Vec<_>>().join(" + ")
}

/// A text in double quotes, which takes everything as it stands but for backslashes and quotes.
pub fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for c in text.chars() {
        match c {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            c if hides(c) => {
                let _ = write!(quoted, "\\U{:08x}", u32::from(c));
            }
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

/// Whether a character does something to the text around it rather than show itself.
fn hides(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// A number. The smallest whole one has no literal; those beyond the whole ones that scripts have are floating-point.
fn number(number: &serde_json::Number) -> String {
    if let Some(whole) = number.as_i64() {
        return if whole == i64::MIN { format!("({} - 1)", whole + 1) } else { whole.to_string() };
    }
    let text = format!("{:?}", number.as_f64().unwrap_or_default());
    // `1e300` is no literal, `1.0e300` is one.
    match text.split_once('e') {
        Some((digits, power)) if !digits.contains('.') => format!("{digits}.0e{power}"),
        _ => text,
    }
}

/// In backticks while the texts in between can stand there, with `+` otherwise.
fn joined(parts: &[Expr]) -> String {
    let fits = |part: &Expr| match part {
        Expr::Text(text) => !text.contains(['`', '$', '\\']) && !text.chars().any(|c| c == '\n' || hides(c)),
        Expr::Of(..) => true,
        _ => false,
    };
    if !parts.iter().all(fits) {
        return parts.iter().map(Expr::on_one_line).collect::<Vec<_>>().join(" + ");
    }
    let piece = |part: &Expr| match part {
        Expr::Text(text) => text.clone(),
        other => format!("${{{}}}", other.on_one_line()),
    };
    format!("`{}`", parts.iter().map(piece).collect::<String>())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::sync::Arc;

    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::event::Events;
    use crate::model::Value;
    use crate::model::existing::{ExistingVpc, VpcQuery};
    use crate::script::{Functions, Limits, Lookups, Request, evaluate};

    /// No account: nothing is looked up.
    struct Nowhere;

    #[async_trait::async_trait]
    impl Lookups for Nowhere {
        async fn account(&self) -> Result<String, String> {
            Err("nowhere".to_owned())
        }

        async fn region(&self) -> Result<String, String> {
            Err("nowhere".to_owned())
        }

        async fn zones(&self) -> Result<Vec<String>, String> {
            Err("nowhere".to_owned())
        }

        async fn vpcs(&self, _: &VpcQuery) -> Result<Vec<ExistingVpc>, String> {
            Err("nowhere".to_owned())
        }
    }

    fn evaluated(expression: &str) -> Value {
        let request = Request {
            file: "test.rhai".to_owned(),
            source: format!("output(\"value\", {expression});"),
            root: None,
            inputs: BTreeMap::new(),
            lookups: Arc::new(Nowhere),
            limits: Limits::default(),
            functions: Functions::default(),
            events: Events::none(),
        };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        match runtime.block_on(evaluate(request)) {
            Ok(evaluated) => evaluated.program.outputs["value"].clone(),
            Err(mistakes) => panic!("{:#?}\n{expression}", mistakes.mistakes),
        }
    }

    /// Texts, without the two characters that scripts keep for references.
    fn texts() -> impl Strategy<Value = String> {
        let odd = prop::sample::select(vec![
            '"', '\\', '$', '{', '}', '`', '\n', '\r', '\t', '\0', '\u{1b}', '\u{202e}', 'é', '𝄞',
        ]);
        let character = prop_oneof![3 => any::<char>(), 2 => odd, 2 => prop::char::range(' ', '~')];
        let kept = |c: &char| !matches!(c, '\u{e000}' | '\u{e001}');
        prop::collection::vec(character.prop_filter("not kept", kept), 0..12).prop_map(String::from_iter)
    }

    fn values() -> impl Strategy<Value = Json> {
        let leaf = prop_oneof![
            Just(Json::Null),
            any::<bool>().prop_map(Json::from),
            any::<i64>().prop_map(Json::from),
            prop::sample::select(vec![i64::MIN, i64::MAX, 0, -1]).prop_map(Json::from),
            any::<f64>().prop_filter("a number", |x| x.is_finite()).prop_map(Json::from),
            texts().prop_map(Json::from),
        ];
        leaf.prop_recursive(4, 40, 6, |inner| {
            let word = prop_oneof![
                texts(),
                prop::sample::select(KEYWORDS.to_vec()).prop_map(str::to_owned),
                "[a-z][A-Z0-9_]{0,6}"
            ];
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(Json::from),
                prop::collection::btree_map(word, inner, 0..6).prop_map(|map| map.into_iter().collect::<Json>()),
            ]
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 120, ..ProptestConfig::default() })]

        #[test]
        fn what_is_written_and_evaluated_is_the_same_again(value in values(), column in 0usize..140) {
            let written = Expr::of(&value).write(0, column, 0);
            prop_assert_eq!(evaluated(&written), Value::from_json(&value), "{}", written);
        }
    }

    #[test]
    fn no_character_of_a_text_is_lost_or_shows_as_another() {
        let text = "a\"b\\c\u{1b}[31m${d}`\u{202e}é\n";
        assert_eq!(quoted(text), "\"a\\\"b\\\\c\\U0000001b[31m${d}`\\U0000202eé\\n\"");
    }

    #[test]
    fn what_does_not_fit_is_written_on_several_lines() {
        let long = "x".repeat(60);
        let value = Expr::of(&json!({ "a": 1, "b-c": [long, long], "d": {} }));
        let expected = format!(
            "#{{\n    a: 1,\n    \"b-c\": [\n        \"{long}\",\n        \"{long}\",\n    ],\n    d: #{{}},\n}}"
        );
        assert_eq!(value.write(0, 0, 0), expected);
        assert_eq!(Expr::of(&json!({ "a": [1, 2.0, null] })).write(0, 0, 0), "#{ a: [1, 2.0, ()] }");
    }

    #[test]
    fn texts_are_joined_so_that_they_stay_what_they_are() {
        let of = || Expr::Of("logs".to_owned(), Some("arn".to_owned()));
        let joined = |text: &str| Expr::Joined(vec![of(), Expr::Text(text.to_owned())]).write(0, 0, 0);
        assert_eq!(joined(":*"), "`${logs.arn}:*`");
        assert_eq!(joined(":${x}"), "logs.arn + \":$\" + \"{x}\"");
        let policy = Expr::Text("${aws:username}".to_owned());
        assert_eq!(policy.write(0, 0, 0), "\"${aws:username}\"");
    }
}
