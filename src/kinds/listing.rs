//! Which objects a kind is asked to list.

/// A tag that objects may have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TagFilter {
    /// Its key.
    pub key: String,
    /// Its value; any when there is none.
    pub value: Option<String>,
}

impl TagFilter {
    /// Whether one of these tags is it.
    pub fn is_among(&self, tags: &[(String, String)]) -> bool {
        tags.iter().any(|(key, value)| *key == self.key && self.value.as_ref().is_none_or(|wanted| wanted == value))
    }
}

/// Which objects are asked for.
#[derive(Debug, Clone, Copy)]
pub enum Among<'a> {
    /// All in the account and region.
    All,
    /// Those that have a tag; a kind whose API cannot choose by tags answers all of them.
    Tagged(&'a TagFilter),
    /// Those that belong to objects of another kind; none where nothing of the kind belongs to such.
    Within {
        /// The CloudFormation type of those.
        kind: &'a str,
        /// Their physical identifiers.
        ids: &'a [String],
    },
}

impl<'a> Among<'a> {
    /// The identifiers of the objects of this kind that are asked about; `None` when it is another kind's.
    pub fn within(self, type_name: &str) -> Option<&'a [String]> {
        match self {
            Self::Within { kind, ids } if kind == type_name => Some(ids),
            _ => None,
        }
    }

    /// Whether parts of a certain kind are asked for.
    pub fn is_within(self) -> bool {
        matches!(self, Self::Within { .. })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_without_a_value_has_any() {
        let tags = [("team".to_owned(), "data".to_owned())];
        let filter = |key: &str, value: Option<&str>| {
            TagFilter { key: key.to_owned(), value: value.map(str::to_owned) }.is_among(&tags)
        };
        assert!(filter("team", None) && filter("team", Some("data")));
        assert!(!filter("team", Some("dat")) && !filter("tea", None));
    }
}
