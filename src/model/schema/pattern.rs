//! Regular expressions of the schemas, in the dialect of the `regex` crate, each compiled when first used.

use std::fmt;
use std::sync::OnceLock;

use regex::Regex;
use serde_json::Value as Json;

/// A regular expression a text must match, with what look-around would have said kept beside it.
pub struct Pattern {
    source: String,
    expression: String,
    refuses: Option<String>,
    lengths: (usize, usize),
    meaning: Option<&'static str>,
    compiled: OnceLock<Option<(Regex, Option<Regex>)>>,
}

/// Expressions with look-around that the schemas' own list of rewrites leaves out: the expression, what a text must not
/// match, and the meaning.
const REWRITES: &[(&str, &str, &str)] = &[(
    r"^(?![.\-])(?!.*\.\.)(?!.*\-\.)(?!.*\.\-)[a-z0-9.\-]{3,63}(?<![.\-])$",
    r"^[a-z0-9.\-]{3,63}$",
    r"^[.\-]|\.\.|-\.|\.-|[.\-]$",
)];

/// What expressions mean, in words. An expression that is not here is shown as it is.
const MEANINGS: &[(&str, &str)] = &[
    (r"^sg-([a-fA-F0-9]{8}|[a-fA-F0-9]{17})$", "the id of a security group, such as sg-0123456789abcdef0"),
    (r"^sg-[0-9a-f]{8,40}$", "the id of a security group, such as sg-0123456789abcdef0"),
    (r"^subnet-(([0-9A-Fa-f]{8})|([0-9A-Fa-f]{17}))$", "the id of a subnet, such as subnet-0123456789abcdef0"),
    (r"^subnet-[0-9a-f]{8,40}$", "the id of a subnet, such as subnet-0123456789abcdef0"),
    (r"^vpc-(([0-9A-Fa-f]{8})|([0-9A-Fa-f]{17}))$", "the id of a VPC, such as vpc-0123456789abcdef0"),
    (r"^arn:aws[a-zA-Z-]*:iam::\d{12}:role/.+$", "the ARN of a role, such as arn:aws:iam::123456789012:role/name"),
    (
        r"^[a-zA-Z0-9 \._\-:\/()#\,@\[\]+=&;\{\}!\$\*]+$",
        "the name of a security group: letters, digits, spaces and ._-:/()#,@[]+=&;{}!$*",
    ),
    (r"^[.\-_/#A-Za-z0-9]{1,512}\Z", "the name of a log group: 1 to 512 letters, digits and . - _ / #"),
    (r"^[\.\-_\/#A-Za-z0-9]{1,512}\Z", "the name of a log group: 1 to 512 letters, digits and . - _ / #"),
    (r"^[\w+=,.@-]+$", "letters, digits and _ + = , . @ -"),
    (r"^([\w+=,.@-]+)?$", "letters, digits and _ + = , . @ -"),
    (r"[a-zA-Z0-9+=,.@\-_]+", "letters, digits and + = , . @ - _"),
    (r"^((/[A-Za-z0-9\.,\+@=_-]+)*)/$", "an IAM path: it begins and ends with /"),
    (r"^(\u002F)|(\u002F[\u0021-\u007E]+\u002F)$", "an IAM path: it begins and ends with /"),
    (r"^([\p{L}\p{Z}\p{N}_.:/=+\-@]*)$", "letters, digits, spaces and _ . : / = + - @"),
    (r"^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$", "letters, digits, spaces and _ . : / = + - @"),
    (r"^[\p{L}\p{Z}\p{N}_.:/=+\-@]+$", "letters, digits, spaces and _ . : / = + - @"),
    (r"^([a-z,A-Z,0-9,. _\-:/()#,@[\]+=&;\{\}!$*])*$", "letters, digits, spaces and ._-:/()#,@[]+=&;{}!$*"),
    (r"^\p{Print}+$", "printable ASCII characters"),
    (r"^[0-9]{12}$", "the 12 digits of an AWS account"),
    (r"^[0-7]{3,4}$", "permissions in octal, such as 0755"),
    (r"^[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}$", "an IPv4 address"),
    (r"^(?!arn:)[!-~]{1,253}$", "a name of 1 to 253 printable characters without spaces, not an ARN"),
    (r"^(?!arn:)[!-~]{1,1024}$", "a name of 1 to 1024 printable characters without spaces, not an ARN"),
    (
        r"^((?=^.{1,127}$)^([a-zA-Z0-9_][a-zA-Z0-9-_]{0,61}[a-zA-Z0-9_]|[a-zA-Z0-9])(\.([a-zA-Z0-9_][a-zA-Z0-9-_]{0,61}[a-zA-Z0-9_]|[a-zA-Z0-9]))*$)|(^\.$)$",
        "a DNS name: labels of at most 63 letters, digits, - and _, separated by dots",
    ),
    (
        r"^(?=.{2,256}$)([a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*(\/[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*)*)$",
        "the name of an image repository: 2 to 256 lowercase letters and digits, with . _ - / between them",
    ),
    (
        r"^(?![.\-])(?!.*\.\.)(?!.*\-\.)(?!.*\.\-)[a-z0-9.\-]{3,63}(?<![.\-])$",
        "the name of a bucket: 3 to 63 lowercase letters, digits, dots and hyphens, beginning and ending with a letter or digit",
    ),
    (
        r"^[\u0009\u000A\u000D\u0020-\u007E\u00A1-\u00FF]*$",
        "text in the Latin-1 range of characters, without control characters",
    ),
    (r"^[\u0009\u000A\u000D\u0020-\u00FF]+$", "text in the Latin-1 range of characters, without control characters"),
];

impl Pattern {
    /// A pattern from a schema's expression and the schemas' rewrite of it, if there is one.
    pub(super) fn new(source: &str, rewrite: Option<&Json>) -> Self {
        let text = |key: &str| rewrite.and_then(|rewrite| rewrite.get(key)).and_then(Json::as_str);
        let length =
            |key: &str| rewrite.and_then(|r| r.get(key)).and_then(Json::as_u64).and_then(|n| n.try_into().ok());
        let own = REWRITES.iter().find(|(known, ..)| *known == source);
        let expression = text("pattern").or(own.map(|(_, expression, _)| *expression)).unwrap_or(source);
        // ECMA's classes are of ASCII, the crate's of Unicode; Python's end of text is the crate's `$`.
        let expression = expression.replace(r"\d", "[0-9]").replace(r"\w", "[A-Za-z0-9_]").replace(r"\Z", "$");
        Self {
            source: source.to_owned(),
            expression,
            refuses: text("not").or(own.map(|(.., refuses)| *refuses)).map(str::to_owned),
            lengths: (length("minLength").unwrap_or(0), length("maxLength").unwrap_or(usize::MAX)),
            meaning: MEANINGS.iter().find(|(known, _)| *known == source).map(|(_, meaning)| *meaning),
            compiled: OnceLock::new(),
        }
    }

    /// The expression as the schema has it.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// What it asks for in words, where that is known.
    pub fn meaning(&self) -> Option<&'static str> {
        self.meaning
    }

    /// Whether the text is as it should be. An expression that does not compile refuses nothing.
    pub fn matches(&self, text: &str) -> bool {
        let Some((wanted, refused)) = self.compiled() else { return true };
        let (min, max) = self.lengths;
        wanted.is_match(text)
            && !refused.as_ref().is_some_and(|refused| refused.is_match(text))
            && ((min == 0 && max == usize::MAX) || (min..=max).contains(&text.chars().count()))
    }

    fn compiled(&self) -> Option<&(Regex, Option<Regex>)> {
        let compile = || {
            let refused = self.refuses.as_deref().map(Regex::new).transpose().ok()?;
            Some((Regex::new(&self.expression).ok()?, refused))
        };
        self.compiled.get_or_init(compile).as_ref()
    }

    /// Whether the expression compiles.
    #[cfg(test)]
    pub(super) fn compiles(&self) -> bool {
        self.compiled().is_some()
    }
}

impl fmt::Debug for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pattern({})", self.source)
    }
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.source == other.source
    }
}
