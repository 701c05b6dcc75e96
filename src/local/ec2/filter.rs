//! Filters and pages of `Describe` calls.
//!
//! A filter's name stands for a place in the answer: a [`Table`] says which. So what can be asked about is what is
//! answered.

use std::collections::BTreeSet;

use serde_json::json;

use super::ids::{Entity, need};
use super::params::{Params, combination, invalid};
use crate::local::service::Fault;
use crate::local::store::Tx;
use crate::model::Json;

/// How a kind of object is described.
#[derive(Debug)]
pub struct Table {
    /// The parameter with identifiers, such as `VpcId`.
    pub ids: &'static str,
    /// The member of the answer with the list, such as `vpcSet`.
    pub set: &'static str,
    /// Each filter's name and where in an answered object its values stand: members separated by `/`, `*` for the
    /// elements of a list. `tag:KEY` and `tag-key` work besides wherever there is a `tagSet`.
    pub filters: &'static [(&'static str, &'static str)],
    /// The filter that names the object itself.
    pub own: &'static str,
    /// The filter that names what it is kept under, where there is one.
    pub parent: Option<&'static str>,
    /// The most that `MaxResults` may ask for.
    pub most: i64,
}

/// Answers a `Describe` call. Only the objects that are asked for are read where the call names them or what they are
/// in.
///
/// # Errors
/// An unknown identifier, filter or token, or a page size out of range.
pub fn describe<T: Entity>(
    tx: &Tx<'_>,
    params: Params<'_>,
    table: &Table,
    show: impl Fn(&Tx<'_>, &T) -> Result<Json, Fault>,
) -> Result<Json, Fault> {
    let ids = params.list(table.ids);
    if !ids.is_empty() && params.has("MaxResults") {
        let message = format!("The parameter {} cannot be used with the parameter maxResults", table.ids);
        return Err(combination(message));
    }
    let filters = Filters::of(params, table.filters)?;
    let page = Page::of(params, table.most)?;
    let objects: Vec<T> = if !ids.is_empty() {
        let mut seen = BTreeSet::new();
        ids.into_iter().filter(|id| seen.insert(*id)).map(|id| need(tx, id)).collect::<Result<_, _>>()?
    } else if let Some(own) = filters.exact(table.own) {
        own.into_iter().filter_map(|id| tx.get(id).transpose()).collect::<Result<_, _>>()?
    } else if let Some(parents) = table.parent.and_then(|parent| filters.exact(parent)) {
        let lists = parents.into_iter().map(|parent| tx.under(parent)).collect::<Result<Vec<_>, _>>()?;
        lists.into_iter().flatten().collect()
    } else {
        tx.all()?
    };
    let mut shown = Vec::new();
    for object in &objects {
        let json = show(tx, object)?;
        if filters.pass(&json) {
            shown.push((object.key(), json));
        }
    }
    Ok(page.answer(table.set, shown))
}

/// The filters of a call.
#[derive(Debug)]
pub struct Filters<'a>(Vec<Filter<'a>>);

#[derive(Debug)]
struct Filter<'a> {
    name: &'a str,
    place: Place<'a>,
    values: Vec<&'a str>,
}

#[derive(Debug)]
enum Place<'a> {
    /// A path in the answer.
    Path(&'static str),
    /// The value of a tag.
    Tag(&'a str),
    /// The keys of the tags.
    TagKey,
}

/// The most values the filters of a call may have together.
/// Source: <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_Filtering.html>
const MOST_VALUES: usize = 200;

impl<'a> Filters<'a> {
    /// Reads the parameter `Filter`, each of whose names must be in `known` or be about tags.
    ///
    /// # Errors
    /// `InvalidParameterValue` for an unknown filter, `FilterLimitExceeded` for too many values.
    pub fn of(params: Params<'a>, known: &'static [(&'static str, &'static str)]) -> Result<Self, Fault> {
        let mut filters = Vec::new();
        for given in params.objects("Filter") {
            let name = given.text("Name").unwrap_or("null");
            let place = match name.strip_prefix("tag:") {
                Some(key) => Place::Tag(key),
                None if name == "tag-key" => Place::TagKey,
                None => match known.iter().find(|(one, _)| *one == name) {
                    Some((_, path)) => Place::Path(path),
                    None => return Err(invalid(format!("The filter '{name}' is invalid"))),
                },
            };
            filters.push(Filter { name, place, values: given.list("Value") });
        }
        if filters.iter().map(|filter| filter.values.len()).sum::<usize>() > MOST_VALUES {
            let message = format!("The maximum number of filter values specified on a single call is {MOST_VALUES}");
            return Err(Fault::new("FilterLimitExceeded", message));
        }
        Ok(Self(filters))
    }

    /// The values of a filter, when it is there and none has a wildcard.
    pub fn exact(&self, name: &str) -> Option<Vec<&'a str>> {
        let filter = self.0.iter().find(|filter| filter.name == name)?;
        let literal = filter.values.iter().all(|value| !value.contains(['*', '?', '\\']));
        let mut seen = BTreeSet::new();
        literal.then(|| filter.values.iter().copied().filter(|value| seen.insert(*value)).collect())
    }

    /// Whether an answered object passes all of them: of each filter some value fits.
    pub fn pass(&self, object: &Json) -> bool {
        self.0.iter().all(|filter| {
            let mut found = Vec::new();
            match &filter.place {
                Place::Path(path) => values_at(object, path, &mut found),
                Place::TagKey => values_at(object, "tagSet/*/key", &mut found),
                Place::Tag(key) => {
                    let tags = object["tagSet"].as_array().into_iter().flatten();
                    let tag = tags.filter(|tag| tag["key"] == **key);
                    tag.for_each(|tag| values_at(tag, "value", &mut found));
                }
            }
            filter.values.iter().any(|value| found.iter().any(|text| fits(value, text)))
        })
    }
}

/// Collects the texts at a path.
fn values_at(json: &Json, path: &str, found: &mut Vec<String>) {
    if path.is_empty() {
        match json {
            Json::String(text) => found.push(text.clone()),
            Json::Bool(_) | Json::Number(_) => found.push(json.to_string()),
            _ => {}
        }
        return;
    }
    let (step, rest) = path.split_once('/').unwrap_or((path, ""));
    match (step, json) {
        ("*", Json::Array(items)) => items.iter().for_each(|item| values_at(item, rest, found)),
        (_, Json::Object(map)) => {
            if let Some(member) = map.get(step) {
                values_at(member, rest, found);
            }
        }
        _ => {}
    }
}

/// Whether a text fits a filter's value: `*` stands for any characters, `?` for one, `\` takes the next as it is.
fn fits(pattern: &str, text: &str) -> bool {
    // Where to go on when the characters after the last `*` do not fit.
    let mut retry: Option<(std::str::Chars<'_>, std::str::Chars<'_>)> = None;
    let (mut pattern, mut text) = (pattern.chars(), text.chars());
    loop {
        let mut ahead = pattern.clone();
        let fit = match ahead.next() {
            Some('*') => {
                retry = Some((ahead.clone(), text.clone()));
                pattern = ahead;
                continue;
            }
            None if text.as_str().is_empty() => return true,
            None => false,
            Some('?') => text.next().is_some(),
            Some('\\') => {
                let literal = ahead.next().unwrap_or('\\');
                text.next() == Some(literal)
            }
            Some(literal) => text.next() == Some(literal),
        };
        if fit {
            pattern = ahead;
            continue;
        }
        match &mut retry {
            None => return false,
            Some((after, from)) => {
                if from.next().is_none() {
                    return false;
                }
                pattern = after.clone();
                text = from.clone();
            }
        }
    }
}

/// The page that a call asks for. Pages are in the order of the objects' keys, so that they stay whole while objects
/// come and go; without pages the order is that of creation.
#[derive(Debug)]
pub struct Page {
    most: Option<usize>,
    after: Option<String>,
}

impl Page {
    /// Reads `MaxResults`, 5 at least, and `NextToken`.
    ///
    /// # Errors
    /// `InvalidParameterValue` when the size is out of range, `InvalidNextToken` for a token that no call answered.
    pub fn of(params: Params<'_>, most: i64) -> Result<Self, Fault> {
        let size = params.integer("MaxResults")?;
        if let Some(size) = size.filter(|size| !(5..=most).contains(size)) {
            let bound = if size < 5 { "greater than or equal to 5".to_owned() } else { format!("at most {most}") };
            let message = format!("Value ( {size} ) for parameter maxResults is invalid. Expecting a value {bound}.");
            return Err(invalid(message));
        }
        let after = match params.text("NextToken").filter(|token| !token.is_empty()) {
            None => None,
            Some(token) => Some(
                from_hex(token)
                    .ok_or_else(|| Fault::new("InvalidNextToken", "The specified NextToken is not valid."))?,
            ),
        };
        Ok(Self { most: size.and_then(|size| usize::try_from(size).ok()), after })
    }

    /// The answer with the objects of the page, given with their keys.
    pub fn answer(&self, set: &str, mut objects: Vec<(String, Json)>) -> Json {
        let mut next = Json::Null;
        if self.most.is_some() || self.after.is_some() {
            objects.sort_by(|(a, _), (b, _)| a.cmp(b));
            if let Some(after) = &self.after {
                objects.retain(|(key, _)| key > after);
            }
            if let Some(most) = self.most.filter(|most| *most < objects.len()) {
                objects.truncate(most);
                next = objects.last().map_or(Json::Null, |(key, _)| json!(to_hex(key)));
            }
        }
        let objects: Vec<Json> = objects.into_iter().map(|(_, json)| json).collect();
        json!({ set: objects, "nextToken": next })
    }
}

fn to_hex(text: &str) -> String {
    text.bytes().map(|byte| format!("{byte:02x}")).collect()
}

fn from_hex(hex: &str) -> Option<String> {
    if !hex.is_ascii() || !hex.len().is_multiple_of(2) {
        return None;
    }
    let bytes = (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).ok());
    String::from_utf8(bytes.collect::<Option<_>>()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcards_fit_as_documented() {
        for (pattern, text, expected) in [
            ("abc", "abc", true),
            ("abc", "abcd", false),
            ("a*", "abcd", true),
            ("*d", "abcd", true),
            ("*b*d*", "abcd", true),
            ("a?c", "abc", true),
            ("a?c", "ac", false),
            ("", "", true),
            ("*", "", true),
            ("a\\*", "a*", true),
            ("a\\*", "ab", false),
            ("*ab", "aab", true),
            ("Abc", "abc", false),
        ] {
            assert_eq!(fits(pattern, text), expected, "{pattern} on {text}");
        }
    }

    #[test]
    fn tokens_go_there_and_back_and_others_are_none() {
        assert_eq!(from_hex(&to_hex("vpc-0é")).as_deref(), Some("vpc-0é"));
        assert_eq!(from_hex("xyz"), None);
        assert_eq!(from_hex("zz"), None);
    }
}
