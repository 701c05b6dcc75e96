//! Where a value stands inside a resource: a [`PropertyPath`] names one place, a [`PathPattern`] a set of them.
//!
//! A path reads `containerDefinitions[0].environment`; a pattern is written as in the schemas, `a/b/*`, where `*` stands
//! for any element of a list or any key of a map.

use std::fmt;

use serde::{Deserialize, Serialize};

/// One step down from a value into it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(untagged)]
pub enum PathStep {
    /// Into an object, by key.
    Key(String),
    /// Into a list, by position from 0.
    Index(usize),
}

/// A place inside a resource's properties. Serialized as a list of its steps: keys as texts, positions as numbers.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PropertyPath(Vec<PathStep>);

impl PropertyPath {
    /// The path of a top-level property.
    pub fn new(property: &str) -> Self {
        Self(vec![PathStep::Key(property.to_owned())])
    }

    /// The path of the resource as a whole.
    pub fn whole() -> Self {
        Self::default()
    }

    /// This path and one key further down.
    pub fn key(&self, key: &str) -> Self {
        self.step(PathStep::Key(key.to_owned()))
    }

    /// This path and one list position further down.
    pub fn index(&self, index: usize) -> Self {
        self.step(PathStep::Index(index))
    }

    fn step(&self, step: PathStep) -> Self {
        let mut steps = Vec::with_capacity(self.0.len() + 1);
        steps.extend_from_slice(&self.0);
        steps.push(step);
        Self(steps)
    }

    /// The steps, outermost first.
    pub fn steps(&self) -> &[PathStep] {
        &self.0
    }

    /// The top-level property the path begins with; empty for the resource as a whole.
    pub fn root(&self) -> &str {
        match self.0.first() {
            Some(PathStep::Key(key)) => key,
            Some(PathStep::Index(_)) | None => "",
        }
    }

    /// The last key in the path, positions left aside; empty when there is none.
    pub fn last_key(&self) -> &str {
        let last = self.0.iter().rev().find_map(|step| match step {
            PathStep::Key(key) => Some(key.as_str()),
            PathStep::Index(_) => None,
        });
        last.unwrap_or("")
    }

    /// The path one step up, `None` for the resource as a whole.
    pub fn parent(&self) -> Option<Self> {
        let (_, above) = self.0.split_last()?;
        Some(Self(above.to_vec()))
    }

    /// Whether `other` is this place or one inside it.
    pub fn covers(&self, other: &Self) -> bool {
        other.0.starts_with(&self.0)
    }
}

impl FromIterator<PathStep> for PropertyPath {
    fn from_iter<I: IntoIterator<Item = PathStep>>(steps: I) -> Self {
        Self(steps.into_iter().collect())
    }
}

impl fmt::Display for PropertyPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, step) in self.0.iter().enumerate() {
            match step {
                PathStep::Index(index) => write!(f, "[{index}]")?,
                PathStep::Key(key) if is_plain(key) => write!(f, "{}{key}", if i == 0 { "" } else { "." })?,
                PathStep::Key(key) => write!(f, "[{key:?}]")?,
            }
        }
        Ok(())
    }
}

fn is_plain(key: &str) -> bool {
    !key.is_empty() && key.chars().all(|c| c.is_alphanumeric() || "_-".contains(c))
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum PatternStep {
    Key(String),
    Any,
}

/// A set of places: keys and wildcards.
///
/// # Examples
/// ```
/// use hzscript::model::{PathPattern, PropertyPath};
/// let pattern = PathPattern::parse("securityGroupIngress/*/cidrIp");
/// let path = PropertyPath::new("securityGroupIngress").index(3).key("cidrIp");
/// assert!(pattern.matches(&path));
/// assert!(PathPattern::parse("securityGroupIngress").covers(&path));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PathPattern(Vec<PatternStep>);

impl PathPattern {
    /// A pattern from `a/b/*`.
    pub fn parse(text: &str) -> Self {
        let steps = text.split('/').filter(|part| !part.is_empty());
        Self(steps.map(|part| if part == "*" { PatternStep::Any } else { PatternStep::Key(part.to_owned()) }).collect())
    }

    /// Whether the path is one of the places.
    pub fn matches(&self, path: &PropertyPath) -> bool {
        self.0.len() == path.0.len() && self.agrees(path)
    }

    /// Whether the path is one of the places or inside one.
    pub fn covers(&self, path: &PropertyPath) -> bool {
        self.0.len() <= path.0.len() && self.agrees(path)
    }

    /// Whether one of the places may be strictly inside the path.
    pub fn is_inside(&self, path: &PropertyPath) -> bool {
        self.0.len() > path.0.len() && self.agrees(path)
    }

    /// The top-level property.
    pub fn root(&self) -> &str {
        match self.0.first() {
            Some(PatternStep::Key(key)) => key,
            Some(PatternStep::Any) => "*",
            None => "",
        }
    }

    /// Whether it names a top-level property and nothing below.
    pub fn is_top_level(&self) -> bool {
        matches!(self.0.as_slice(), [PatternStep::Key(_)])
    }

    /// Agreement over the steps both have.
    fn agrees(&self, path: &PropertyPath) -> bool {
        self.0.iter().zip(&path.0).all(|(pattern, step)| match (pattern, step) {
            (PatternStep::Any, _) => true,
            (PatternStep::Key(wanted), PathStep::Key(key)) => wanted == key,
            (PatternStep::Key(_), PathStep::Index(_)) => false,
        })
    }
}

impl fmt::Display for PathPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, step) in self.0.iter().enumerate() {
            let separator = if i == 0 { "" } else { "/" };
            match step {
                PatternStep::Key(key) => write!(f, "{separator}{key}")?,
                PatternStep::Any => write!(f, "{separator}*")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_read_as_scripts_write_them() {
        let path = PropertyPath::new("containerDefinitions").index(0).key("dockerLabels").key("com.example/team");
        assert_eq!(path.to_string(), r#"containerDefinitions[0].dockerLabels["com.example/team"]"#);
        assert_eq!(path.root(), "containerDefinitions");
    }

    #[test]
    fn patterns_tell_equal_from_inside() {
        let pattern = PathPattern::parse("a/*/b");
        let below = PropertyPath::new("a").index(1).key("b").key("c");
        assert!(pattern.covers(&below) && !pattern.matches(&below));
        assert!(pattern.is_inside(&PropertyPath::new("a")) && !pattern.is_inside(&PropertyPath::new("b")));
    }
}
