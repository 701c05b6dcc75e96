//! "Did you mean": the name among those there are that a wrong one is closest to.

/// The closest name, when one is close enough to be meant.
pub(crate) fn closest<'a>(wrong: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let plain = |name: &str| name.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase();
    let wanted = plain(wrong);
    let allowed = (wrong.chars().count() / 3).min(4);
    let mut best: Option<(usize, &str)> = None;
    for name in names {
        let distance =
            if plain(name) == wanted { 0 } else { strsim::damerau_levenshtein(&wanted, &plain(name)).max(1) };
        if distance <= allowed && best.is_none_or(|(least, _)| distance < least) {
            best = Some((distance, name));
        }
    }
    best.map(|(_, name)| name)
}

/// ``did you mean `name`?`` of the closest name.
pub(super) fn did_you_mean<'a>(wrong: &str, names: impl IntoIterator<Item = &'a str>) -> Option<String> {
    closest(wrong, names).map(|name| format!("did you mean `{name}`?"))
}

/// Names in backticks, `and` before the last.
pub(super) fn listed<'a>(names: impl IntoIterator<Item = &'a str>, last: &str) -> String {
    let names: Vec<String> = names.into_iter().map(|name| format!("`{name}`")).collect();
    match names.as_slice() {
        [] => String::new(),
        [only] => only.clone(),
        [rest @ .., end] => format!("{} {last} {end}", rest.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::closest;

    #[test]
    fn only_what_is_close_is_suggested() {
        let names = ["cidrBlock", "enableDnsSupport", "vpcId"];
        assert_eq!(closest("cidr_block", names), Some("cidrBlock"));
        assert_eq!(closest("CidrBlok", names), Some("cidrBlock"));
        assert_eq!(closest("vcpId", names), Some("vpcId"));
        assert_eq!(closest("image", names), None);
    }
}
