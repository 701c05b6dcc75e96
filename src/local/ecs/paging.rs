//! Pages of a list: `maxResults` and `nextToken`.
//!
//! A token holds the last identifier of its page, so that a list which changes between two pages loses nothing else.

use super::params::{invalid, text, whole};
use crate::local::service::Fault;
use crate::model::{Json, JsonMap};

/// The page a request asks for of `items` in their order, as `{"name": […], "nextToken": …}`.
///
/// # Errors
/// `InvalidParameterException` for a token or a size that is not valid.
pub fn page(params: &JsonMap, name: &str, items: Vec<String>, size: usize) -> Result<Json, Fault> {
    let size = match whole(params, "maxResults")? {
        None => size,
        Some(asked) => usize::try_from(asked)
            .ok()
            .filter(|asked| (1..=100).contains(asked))
            .ok_or_else(|| invalid("maxResults must be between 1 and 100."))?,
    };
    let from = match text(params, "nextToken")?.filter(|token| !token.is_empty()) {
        None => 0,
        Some(token) => {
            let last = decode(token).ok_or_else(|| invalid("Invalid token."))?;
            items.iter().position(|item| *item == last).map_or_else(
                // The last of the page before has gone: go on with what comes after it in the order of the texts.
                || items.iter().position(|item| *item > last).unwrap_or(items.len()),
                |position| position + 1,
            )
        }
    };
    let more = items.len() > from + size;
    let page: Vec<Json> = items.into_iter().skip(from).take(size).map(Json::String).collect();
    let mut answer = JsonMap::new();
    if more && let Some(Json::String(last)) = page.last() {
        answer.insert("nextToken".to_owned(), encode(last).into());
    }
    answer.insert(name.to_owned(), page.into());
    Ok(answer.into())
}

fn encode(text: &str) -> String {
    text.bytes().map(|byte| format!("{byte:02x}")).collect()
}

fn decode(token: &str) -> Option<String> {
    if !token.is_ascii() || !token.len().is_multiple_of(2) {
        return None;
    }
    let bytes = (0..token.len()).step_by(2).map(|at| u8::from_str_radix(&token[at..at + 2], 16).ok());
    String::from_utf8(bytes.collect::<Option<Vec<_>>>()?).ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn ask(params: Json, items: &[&str]) -> Result<Json, Fault> {
        page(params.as_object().expect("a map"), "arns", items.iter().map(|&item| item.to_owned()).collect(), 10)
    }

    #[test]
    fn pages_follow_each_other_even_when_the_last_item_has_gone() {
        let first = ask(json!({"maxResults": 2}), &["a", "b", "c"]).expect("a page");
        assert_eq!(first["arns"], json!(["a", "b"]));
        let token = first["nextToken"].clone();
        let second = ask(json!({"maxResults": 2, "nextToken": token}), &["a", "b", "c"]).expect("a page");
        assert_eq!(second, json!({"arns": ["c"]}));
        assert_eq!(ask(json!({"nextToken": token}), &["a", "c"]).expect("a page"), json!({"arns": ["c"]}));
    }

    #[test]
    fn tokens_and_sizes_that_are_not_valid_are_refused() {
        for params in [json!({"nextToken": "zz"}), json!({"maxResults": 0}), json!({"maxResults": 101})] {
            assert_eq!(ask(params, &["a"]).expect_err("refused").code, "InvalidParameterException");
        }
    }
}
