//! Filters of `Describe` calls.

use std::collections::BTreeSet;

use aws_sdk_ec2::types::Filter;

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

#[cfg(test)]
mod tests {
    use super::*;

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
