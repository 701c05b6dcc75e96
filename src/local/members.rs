//! Reading the members of a call, and giving lists in pages: what IAM, STS, Logs and Cloud Map have in common.

use std::collections::BTreeMap;

use super::service::Fault;
use crate::model::{Json, JsonMap};

/// The members of a call or of a structure in one, and the code with which a service refuses a bad one.
#[derive(Debug, Clone, Copy)]
pub struct Members<'a> {
    of: &'a JsonMap,
    code: &'static str,
}

impl<'a> Members<'a> {
    /// Those of `of`, refused with `code`.
    pub fn new(of: &'a JsonMap, code: &'static str) -> Self {
        Self { of, code }
    }

    /// The whole, as it was sent.
    pub fn json(&self) -> &'a JsonMap {
        self.of
    }

    /// A refusal of what was sent.
    pub fn refuse(&self, message: impl Into<String>) -> Fault {
        Fault::new(self.code, message)
    }

    /// A refusal of one member, in the words that AWS's front ends share.
    pub fn invalid(&self, name: &str, value: &str, constraint: &str) -> Fault {
        let at = lower_first(name);
        self.refuse(format!(
            "1 validation error detected: Value '{value}' at '{at}' failed to satisfy constraint: {constraint}"
        ))
    }

    fn get(&self, name: &str) -> Option<&'a Json> {
        self.of.get(name).filter(|value| !value.is_null())
    }

    fn missing(&self, name: &str) -> Fault {
        let at = lower_first(name);
        self.refuse(format!(
            "1 validation error detected: Value null at '{at}' failed to satisfy constraint: Member must not be null"
        ))
    }

    /// A text.
    ///
    /// # Errors
    /// When it is something else.
    pub fn text(&self, name: &str) -> Result<Option<&'a str>, Fault> {
        let Some(value) = self.get(name) else { return Ok(None) };
        value.as_str().map(Some).ok_or_else(|| self.invalid(name, &value.to_string(), "Member must be a string"))
    }

    /// A text that has to be there.
    ///
    /// # Errors
    /// When it is not, or is something else.
    pub fn required(&self, name: &str) -> Result<&'a str, Fault> {
        self.text(name)?.ok_or_else(|| self.missing(name))
    }

    /// A text that is one of a few.
    ///
    /// # Errors
    /// When it is something else.
    pub fn one_of(&self, name: &str, values: &[&str]) -> Result<Option<&'a str>, Fault> {
        let value = self.text(name)?;
        match value {
            Some(value) if !values.contains(&value) => {
                let constraint = format!("Member must satisfy enum value set: [{}]", values.join(", "));
                Err(self.invalid(name, value, &constraint))
            }
            value => Ok(value),
        }
    }

    /// A whole number within bounds; the query protocols send it as a text.
    ///
    /// # Errors
    /// When it is something else or out of bounds.
    pub fn number(&self, name: &str, least: i64, most: i64) -> Result<Option<i64>, Fault> {
        let Some(value) = self.get(name) else { return Ok(None) };
        let number = value.as_i64().or_else(|| value.as_str().and_then(|text| text.parse().ok()));
        match number {
            Some(number) if number < least => {
                let constraint = format!("Member must have value greater than or equal to {least}");
                Err(self.invalid(name, &number.to_string(), &constraint))
            }
            Some(number) if number > most => {
                let constraint = format!("Member must have value less than or equal to {most}");
                Err(self.invalid(name, &number.to_string(), &constraint))
            }
            Some(number) => Ok(Some(number)),
            None => Err(self.invalid(name, &value.to_string(), "Member must be an integer")),
        }
    }

    /// A truth value; the query protocols send it as a text.
    ///
    /// # Errors
    /// When it is something else.
    pub fn flag(&self, name: &str) -> Result<Option<bool>, Fault> {
        match self.get(name) {
            None => Ok(None),
            Some(Json::Bool(flag)) => Ok(Some(*flag)),
            Some(Json::String(text)) if text == "true" => Ok(Some(true)),
            Some(Json::String(text)) if text == "false" => Ok(Some(false)),
            Some(value) => Err(self.invalid(name, &value.to_string(), "Member must be a boolean")),
        }
    }

    /// A list, empty when it is not there.
    ///
    /// # Errors
    /// When it is something else.
    pub fn list(&self, name: &str) -> Result<&'a [Json], Fault> {
        match self.get(name) {
            None => Ok(&[]),
            Some(Json::Array(items)) => Ok(items),
            Some(value) => Err(self.invalid(name, &value.to_string(), "Member must be a list")),
        }
    }

    /// A list of texts, empty when it is not there.
    ///
    /// # Errors
    /// When it is something else.
    pub fn texts(&self, name: &str) -> Result<Vec<&'a str>, Fault> {
        let text = |item: &'a Json| {
            item.as_str().ok_or_else(|| self.invalid(name, &item.to_string(), "Member must be a string"))
        };
        self.list(name)?.iter().map(text).collect()
    }

    /// A list of structures, empty when it is not there.
    ///
    /// # Errors
    /// When it is something else.
    pub fn structures(&self, name: &str) -> Result<Vec<Members<'a>>, Fault> {
        let members = |item: &'a Json| {
            let of =
                item.as_object().ok_or_else(|| self.invalid(name, &item.to_string(), "Member must be a structure"))?;
            Ok(Members { of, code: self.code })
        };
        self.list(name)?.iter().map(members).collect()
    }

    /// A structure or a map.
    ///
    /// # Errors
    /// When it is something else.
    pub fn structure(&self, name: &str) -> Result<Option<Members<'a>>, Fault> {
        match self.get(name) {
            None => Ok(None),
            Some(Json::Object(of)) => Ok(Some(Members { of, code: self.code })),
            Some(value) => Err(self.invalid(name, &value.to_string(), "Member must be a structure")),
        }
    }

    /// A map of texts.
    ///
    /// # Errors
    /// When it is something else.
    pub fn text_map(&self, name: &str) -> Result<BTreeMap<String, String>, Fault> {
        let Some(map) = self.structure(name)? else { return Ok(BTreeMap::new()) };
        map.of.keys().map(|key| Ok((key.clone(), map.required(key)?.to_owned()))).collect()
    }

    /// Tags as a list of `Key` and `Value`.
    ///
    /// # Errors
    /// When one has no key, or a key or a value that is too long.
    pub fn tags(&self, name: &str) -> Result<BTreeMap<String, String>, Fault> {
        let mut tags = BTreeMap::new();
        for tag in self.structures(name)? {
            let key = tag.within("Key", tag.required("Key")?, 1, 128)?;
            let value = tag.within("Value", tag.text("Value")?.unwrap_or_default(), 0, 256)?;
            if key.starts_with("aws:") {
                return Err(self.refuse("Tag keys that begin with aws: are reserved."));
            }
            tags.insert(key.to_owned(), value.to_owned());
        }
        Ok(tags)
    }

    /// The value, when its length is within bounds.
    ///
    /// # Errors
    /// When it is not.
    pub fn within<'v>(&self, name: &str, value: &'v str, least: usize, most: usize) -> Result<&'v str, Fault> {
        let length = value.chars().count();
        if length < least {
            let constraint = format!("Member must have length greater than or equal to {least}");
            return Err(self.invalid(name, value, &constraint));
        }
        if length > most {
            return Err(self.invalid(name, value, &format!("Member must have length less than or equal to {most}")));
        }
        Ok(value)
    }

    /// The value, when it has letters, digits and these other characters only.
    ///
    /// # Errors
    /// When it has others; `pattern` is how AWS writes what is allowed.
    pub fn spelled<'v>(&self, name: &str, value: &'v str, others: &str, pattern: &str) -> Result<&'v str, Fault> {
        if value.chars().all(|letter| letter.is_ascii_alphanumeric() || others.contains(letter)) {
            return Ok(value);
        }
        Err(self.invalid(name, value, &format!("Member must satisfy regular expression pattern: {pattern}")))
    }
}

fn lower_first(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map(|first| first.to_ascii_lowercase()).into_iter().chain(letters).collect()
}

/// Tags as a list of `Key` and `Value`.
pub fn tag_list(tags: &BTreeMap<String, String>) -> Json {
    tags.iter().map(|(key, value)| serde_json::json!({"Key": key, "Value": value})).collect()
}

/// Some items of a list, and what to ask for the following with.
#[derive(Debug)]
pub struct Page<T> {
    /// The items.
    pub items: Vec<T>,
    /// What continues after them; `None` at the end.
    pub next: Option<String>,
}

impl<T> Page<T> {
    /// At most `limit` of `items`, by their keys in ascending order, from behind the one that `token` names. A token
    /// stays good when items come and go.
    pub fn of(mut items: Vec<T>, key: impl Fn(&T) -> String, token: Option<&str>, limit: usize) -> Self {
        items.sort_by_cached_key(&key);
        if let Some(token) = token {
            items.retain(|item| key(item).as_str() > token);
        }
        let more = items.len() > limit;
        items.truncate(limit);
        let next = if more { items.last().map(key) } else { None };
        Self { items, next }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_page_continues_where_the_last_one_ended_though_its_last_item_is_gone() {
        let first = Page::of(vec![3, 1, 2, 5], i32::to_string, None, 2);
        assert_eq!((first.items, first.next.as_deref()), (vec![1, 2], Some("2")));
        let second = Page::of(vec![5, 3, 1], i32::to_string, Some("2"), 2);
        assert_eq!((second.items, second.next), (vec![3, 5], None));
    }

    #[test]
    fn numbers_and_flags_are_read_from_either_kind_of_protocol() {
        let params = json!({"A": "12", "B": 12, "C": "true", "D": false, "E": "x"});
        let members = Members::new(params.as_object().unwrap(), "Bad");
        assert_eq!(members.number("A", 0, 20).unwrap(), Some(12));
        assert_eq!(members.number("B", 0, 20).unwrap(), Some(12));
        assert_eq!(members.number("Z", 0, 20).unwrap(), None);
        assert_eq!((members.flag("C").unwrap(), members.flag("D").unwrap()), (Some(true), Some(false)));
        let refusal = members.number("B", 0, 10).unwrap_err();
        let message = "1 validation error detected: Value '12' at 'b' failed to satisfy constraint: \
                       Member must have value less than or equal to 10";
        assert_eq!((refusal.code.as_str(), refusal.message.as_str()), ("Bad", message));
        assert_eq!(members.number("E", 0, 10).unwrap_err().code, "Bad");
        assert_eq!(members.required("Z").unwrap_err().code, "Bad");
    }
}
