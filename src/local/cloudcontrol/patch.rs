//! JSON patches ([RFC 6902](https://www.rfc-editor.org/rfc/rfc6902)), applied.

use crate::model::{Json, JsonMap};

/// Applies the operations one after the other.
///
/// # Errors
/// Why one cannot be applied.
pub(super) fn apply(model: &JsonMap, ops: &Json) -> Result<JsonMap, String> {
    let ops = ops.as_array().ok_or("a patch is a list of operations")?;
    let mut whole = Json::Object(model.clone());
    for op in ops {
        let text = |name: &str| op.get(name).and_then(Json::as_str);
        let path = pointer(text("path").ok_or("an operation has no `path`")?)?;
        let value = || op.get("value").cloned().ok_or("an operation has no `value`");
        let from = || text("from").ok_or_else(|| "an operation has no `from`".to_owned()).and_then(pointer);
        match text("op") {
            Some("add") => put(&mut whole, &path, value()?)?,
            Some("replace") => {
                take(&mut whole, &path)?;
                put(&mut whole, &path, value()?)?;
            }
            Some("remove") => drop(take(&mut whole, &path)?),
            Some("move") => {
                let taken = take(&mut whole, &from()?)?;
                put(&mut whole, &path, taken)?;
            }
            Some("copy") => {
                let copied = at(&whole, &from()?)?.clone();
                put(&mut whole, &path, copied)?;
            }
            Some("test") => {
                if *at(&whole, &path)? != value()? {
                    return Err(format!("the test of `{}` failed", path.join("/")));
                }
            }
            other => return Err(format!("`{}` is no operation", other.unwrap_or_default())),
        }
    }
    match whole {
        Json::Object(model) => Ok(model),
        _ => Err("what is left is no object".to_owned()),
    }
}

/// The steps of a pointer ([RFC 6901](https://www.rfc-editor.org/rfc/rfc6901)).
fn pointer(text: &str) -> Result<Vec<String>, String> {
    if text.is_empty() {
        return Ok(Vec::new());
    }
    let steps = text.strip_prefix('/').ok_or_else(|| format!("`{text}` does not begin with a slash"))?;
    Ok(steps.split('/').map(|step| step.replace("~1", "/").replace("~0", "~")).collect())
}

fn missing(path: &[String]) -> String {
    format!("there is nothing at `/{}`", path.join("/"))
}

fn at<'a>(whole: &'a Json, path: &[String]) -> Result<&'a Json, String> {
    let mut found = whole;
    for step in path {
        let next = match found {
            Json::Object(map) => map.get(step),
            Json::Array(items) => step.parse::<usize>().ok().and_then(|index| items.get(index)),
            _ => None,
        };
        found = next.ok_or_else(|| missing(path))?;
    }
    Ok(found)
}

fn within<'a>(whole: &'a mut Json, path: &[String]) -> Result<&'a mut Json, String> {
    let mut found = whole;
    for step in path {
        let next = match found {
            Json::Object(map) => map.get_mut(step),
            Json::Array(items) => step.parse::<usize>().ok().and_then(|index| items.get_mut(index)),
            _ => None,
        };
        found = next.ok_or_else(|| missing(path))?;
    }
    Ok(found)
}

fn put(whole: &mut Json, path: &[String], value: Json) -> Result<(), String> {
    let Some((last, above)) = path.split_last() else {
        *whole = value;
        return Ok(());
    };
    match within(whole, above)? {
        Json::Object(map) => drop(map.insert(last.clone(), value)),
        Json::Array(items) => {
            let index = if last == "-" { Some(items.len()) } else { last.parse().ok() };
            let index = index.filter(|index| *index <= items.len()).ok_or_else(|| missing(path))?;
            items.insert(index, value);
        }
        _ => return Err(missing(path)),
    }
    Ok(())
}

fn take(whole: &mut Json, path: &[String]) -> Result<Json, String> {
    let Some((last, above)) = path.split_last() else { return Err("the whole cannot be removed".to_owned()) };
    let taken = match within(whole, above)? {
        Json::Object(map) => map.remove(last),
        Json::Array(items) => {
            let index = last.parse::<usize>().ok().filter(|index| *index < items.len());
            index.map(|index| items.remove(index))
        }
        _ => None,
    };
    taken.ok_or_else(|| missing(path))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn operations_are_applied_in_order_or_refused() {
        let model = json!({ "a": { "b/c": 1 }, "l": [1, 2] });
        let applied = |ops: Json| apply(model.as_object().expect("an object"), &ops).map(Json::Object);
        let done = applied(json!([
            { "op": "add", "path": "/a/d", "value": 2 },
            { "op": "replace", "path": "/a/b~1c", "value": 3 },
            { "op": "add", "path": "/l/1", "value": 9 },
            { "op": "add", "path": "/l/-", "value": 8 },
            { "op": "remove", "path": "/l/0" },
            { "op": "copy", "from": "/a/d", "path": "/e" },
            { "op": "move", "from": "/a/d", "path": "/f" },
            { "op": "test", "path": "/f", "value": 2 },
        ]));
        assert_eq!(done, Ok(json!({ "a": { "b/c": 3 }, "l": [9, 2, 8], "e": 2, "f": 2 })));
        for (op, why) in [
            (json!([{ "op": "remove", "path": "/x" }]), "there is nothing at `/x`"),
            (json!([{ "op": "replace", "path": "/x", "value": 1 }]), "there is nothing at `/x`"),
            (json!([{ "op": "add", "path": "/x/y", "value": 1 }]), "there is nothing at `/x`"),
            (json!([{ "op": "add", "path": "/l/9", "value": 1 }]), "there is nothing at `/l/9`"),
            (json!([{ "op": "add", "path": "x", "value": 1 }]), "`x` does not begin with a slash"),
            (json!([{ "op": "test", "path": "/l/0", "value": 5 }]), "the test of `l/0` failed"),
            (json!([{ "op": "paint", "path": "/l" }]), "`paint` is no operation"),
            (json!([{ "op": "add", "path": "/l" }]), "an operation has no `value`"),
            (json!({}), "a patch is a list of operations"),
            (json!([{ "op": "add", "path": "", "value": 1 }]), "what is left is no object"),
        ] {
            assert_eq!(applied(op), Err(why.to_owned()));
        }
    }
}
