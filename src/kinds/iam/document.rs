//! Policy documents: JSON in properties, text in calls, percent-encoded text in answers.

use percent_encoding::percent_decode_str;

use crate::model::{Json, JsonMap};

/// The text of a document for a call; one that was declared as a text goes as it is.
pub(super) fn to_send(document: &Json) -> String {
    match document {
        Json::String(text) => text.clone(),
        json => json.to_string(),
    }
}

/// The text of the document under a property.
pub(super) fn member(properties: &JsonMap, name: &str) -> Option<String> {
    properties.get(name).filter(|json| !json.is_null()).map(to_send)
}

/// A document from an answer, where it is percent-encoded (RFC 3986); text that is no JSON stays text.
pub(super) fn told(encoded: &str) -> Json {
    let text = percent_decode_str(encoded).decode_utf8_lossy();
    serde_json::from_str(&text).unwrap_or_else(|_| Json::String(text.into_owned()))
}

/// Whether two documents say the same, whichever form they have.
pub(super) fn same(one: &Json, other: &Json) -> bool {
    fn parsed(json: &Json) -> Option<Json> {
        match json {
            Json::String(text) => serde_json::from_str(text).ok(),
            json => Some(json.clone()),
        }
    }
    one == other || parsed(one).is_some_and(|one| Some(one) == parsed(other))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn documents_are_decoded_and_compare_by_what_they_say() {
        let document = json!({ "Version": "2012-10-17", "Statement": [{ "Resource": "arn:aws:s3:::a+b/100%" }] });
        let encoded = "%7B%22Version%22%3A%222012-10-17%22%2C%22Statement%22%3A%5B%7B%22Resource%22%3A%22arn%3Aaws%3As3%3A%3A%3Aa%2Bb%2F100%25%22%7D%5D%7D";
        assert_eq!(told(encoded), document);
        assert_eq!(told("no%20json"), json!("no json"));
        assert!(same(&json!(to_send(&document)), &document));
        assert!(!same(&json!({}), &document));
    }
}
