//! Filters of `Describe` calls.

use std::collections::BTreeSet;

use aws_sdk_ec2::types::Filter;

use crate::kinds::listing::{Among, TagFilter};

/// The filter that finds what one call made, by the tag of its token.
pub(super) const TOKEN: &str = "tag:hzscript:token";

/// The most values a filter may have ([EC2 user guide][1]).
///
/// [1]: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_Filtering.html
const MOST_VALUES: usize = 200;

/// A filter that lets through what has one of these values.
pub(super) fn filter(name: &str, values: impl IntoIterator<Item = impl Into<String>>) -> Filter {
    let values = values.into_iter().map(Into::into).collect();
    Filter::builder().name(name).set_values(Some(values)).build()
}

/// As many filters as it takes to ask about all of these values, each once. None when there are no values.
pub(super) fn chunks(name: &str, values: &[String]) -> Vec<Filter> {
    let distinct: Vec<&String> = values.iter().collect::<BTreeSet<_>>().into_iter().collect();
    distinct.chunks(MOST_VALUES).map(|chunk| filter(name, chunk.iter().copied())).collect()
}

/// The filters of a listing, those of one call each. `parents` says by which filter the objects of other kinds choose.
pub(super) fn among(among: Among<'_>, parents: &[(&str, &str)]) -> Vec<Vec<Filter>> {
    match among {
        Among::All => vec![Vec::new()],
        Among::Tagged(tag) => vec![vec![tagged(tag)]],
        Among::Within { kind, ids } => {
            let by = parents.iter().find(|(parent, _)| *parent == kind);
            by.map(|(_, by)| chunks(by, ids).into_iter().map(|filter| vec![filter]).collect()).unwrap_or_default()
        }
    }
}

fn tagged(tag: &TagFilter) -> Filter {
    // `*` and `?` stand for others unless a backslash is before them.
    let literal = |text: &str| {
        let escape = |c: char| if "*?\\".contains(c) { vec!['\\', c] } else { vec![c] };
        text.chars().flat_map(escape).collect::<String>()
    };
    match &tag.value {
        Some(value) => filter(&format!("tag:{}", tag.key), [literal(value)]),
        None => filter("tag-key", [literal(&tag.key)]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_meant_as_it_is_written() {
        let tag = TagFilter { key: "team".to_owned(), value: Some(r"a*b\".to_owned()) };
        let filters = among(Among::Tagged(&tag), &[]);
        assert_eq!(filters, [[filter("tag:team", [r"a\*b\\"])]]);
    }

    #[test]
    fn every_value_is_asked_about_once_and_no_filter_has_too_many() {
        let mut ids: Vec<String> = (0..401).map(|n| format!("vpc-{n:03}")).collect();
        ids.push("vpc-000".to_owned());
        let filters = chunks("vpc-id", &ids);
        let sizes: Vec<usize> = filters.iter().map(|filter| filter.values().len()).collect();
        assert_eq!(sizes, [200, 200, 1]);
        let asked: Vec<&String> = filters.iter().flat_map(Filter::values).collect();
        assert_eq!(asked, ids[..401].iter().collect::<Vec<_>>());
        assert!(chunks("vpc-id", &[]).is_empty());
    }
}
