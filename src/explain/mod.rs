//! What errors mean, at length: hzscript's own codes, and those of AWS that these stacks meet.
//!
//! Every class of hzscript's errors has a [`Code`], which never changes its meaning. The texts are in `own.md` and
//! `aws.md`: a heading with the code and a title, then paragraphs that begin with `Cause:`, `Example:` and `Way out:`.

mod code;
mod of;

use std::sync::OnceLock;

pub use code::Code;
#[cfg(feature = "aws")]
pub use of::of_connection;
pub use of::{of_edit, of_engine, of_failure, of_problem, of_scope, of_state};

/// What a code means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation {
    /// The code, such as `HZ0301` or `DependencyViolation`.
    pub code: &'static str,
    /// Whether it is AWS's.
    pub of_aws: bool,
    /// What happened, in a line.
    pub title: &'static str,
    /// Why.
    pub cause: &'static str,
    /// How it looks.
    pub example: &'static str,
    /// What to do.
    pub way_out: &'static str,
}

/// Everything that is explained: hzscript's own codes, then AWS's, each in the order of the texts.
pub fn explanations() -> &'static [Explanation] {
    static ALL: OnceLock<Vec<Explanation>> = OnceLock::new();
    ALL.get_or_init(|| {
        let own = parsed(include_str!("own.md"), false);
        own.into_iter().chain(parsed(include_str!("aws.md"), true)).collect()
    })
}

/// What a code means, whatever the case of its letters; `exit code 137` is `137`.
pub fn explain(code: &str) -> Option<&'static Explanation> {
    let code = code.trim();
    let number = code.rsplit(' ').next().filter(|number| number.parse::<u8>().is_ok());
    explanations().iter().find(|known| {
        known.code.eq_ignore_ascii_case(code) || number.is_some_and(|number| known.code == format!("exit {number}"))
    })
}

/// The code of AWS that a text speaks of, the first that it has: in the reason why a task stopped, for example.
pub fn mentioned(text: &str) -> Option<&'static Explanation> {
    let at = |known: &&Explanation| match known.code.strip_prefix("exit ") {
        Some(number) => {
            text.find(&format!("exit code {number}")).or_else(|| text.find(&format!("exit code: {number}")))
        }
        None => text.find(known.code),
    };
    let known = explanations().iter().filter(|known| known.of_aws && at(known).is_some());
    known.min_by_key(|known| (at(known), std::cmp::Reverse(known.code.len())))
}

fn parsed(text: &'static str, of_aws: bool) -> Vec<Explanation> {
    let sections = text.split("\n## ").skip(1);
    let section = |section: &'static str| {
        // The body begins with the end of the heading's line.
        let (head, body) = section.split_at(section.find('\n')?);
        let (code, title) = head.split_once(": ")?;
        let part = |name: &str, next: Option<&str>| {
            let (_, rest) = body.split_once(name)?;
            let part = next.map_or(Some(rest), |next| rest.split_once(next).map(|(part, _)| part))?;
            Some(part.trim())
        };
        Some(Explanation {
            code,
            of_aws,
            title: title.trim(),
            cause: part("\nCause: ", Some("\nExample: "))?,
            example: part("\nExample: ", Some("\nWay out: "))?,
            way_out: part("\nWay out: ", None)?,
        })
    };
    sections.filter_map(section).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use super::*;

    #[test]
    fn every_code_is_explained_once_and_nothing_else_is() {
        let own: Vec<&str> = explanations().iter().filter(|known| !known.of_aws).map(|known| known.code).collect();
        let codes: Vec<&str> = Code::ALL.iter().map(|code| code.as_str()).collect();
        assert_eq!(own, codes);
        let all: BTreeSet<&str> = explanations().iter().map(|known| known.code).collect();
        assert_eq!(all.len(), explanations().len());
        let sections = [include_str!("own.md"), include_str!("aws.md")].map(|text| text.matches("\n## ").count());
        assert_eq!(sections.iter().sum::<usize>(), explanations().len(), "each section has all its parts");
    }

    /// A code that nothing is said with has no business in the table.
    #[test]
    fn no_code_is_unused() {
        fn sources(folder: &Path, found: &mut String) {
            for entry in std::fs::read_dir(folder).expect("a folder").flatten() {
                let path = entry.path();
                if path.is_dir() {
                    sources(&path, found);
                } else if path.extension().is_some_and(|kind| kind == "rs") && !path.ends_with("explain/code.rs") {
                    found.push_str(&std::fs::read_to_string(&path).expect("readable"));
                }
            }
        }
        let mut text = String::new();
        sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut text);
        let unused: Vec<String> =
            Code::ALL.iter().map(|code| format!("Code::{code:?}")).filter(|name| !text.contains(name)).collect();
        assert_eq!(unused, Vec::<String>::new());
    }

    #[test]
    fn a_code_is_found_as_it_is_met() {
        let code = |text: &str| explain(text).map(|known| known.code);
        assert_eq!(code("hz0301"), Some("HZ0301"));
        assert_eq!(code("dependencyviolation"), Some("DependencyViolation"));
        assert_eq!(code("137"), Some("exit 137"));
        assert_eq!(code("exit code 143"), Some("exit 143"));
        assert_eq!(code("HZ9999"), None);
        let mention = |text: &str| mentioned(text).map(|known| known.code);
        assert_eq!(
            mention("3 tasks stopped\nCannotPullContainerError: no such image"),
            Some("CannotPullContainerError")
        );
        assert_eq!(mention("Essential container in task exited (member: exit code 137)"), Some("exit 137"));
        assert_eq!(mention("ResourceInitializationError: unable to pull secrets"), Some("ResourceInitializationError"));
        assert_eq!(mention("all is well"), None);
    }
}
