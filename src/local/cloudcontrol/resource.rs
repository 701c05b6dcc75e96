//! The objects, and what is asked about them.

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::request::{Operation, Work, asked_before, begin, page_size};
use super::{model, patch};
use crate::local::members::{Members, Page};
use crate::local::service::Fault;
use crate::local::store::{Object, Tx};
use crate::model::{Json, JsonMap, KindSchema};

/// An object.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Resource {
    pub(super) type_name: String,
    pub(super) id: String,
    /// Its properties, those that AWS never tells included.
    pub(super) model: JsonMap,
}

/// What names an object among all of them.
pub(super) fn key(type_name: &str, id: &str) -> String {
    format!("{type_name} {id}")
}

impl Object for Resource {
    const TABLE: &'static str = "cloudcontrol.resource";

    fn key(&self) -> String {
        key(&self.type_name, &self.id)
    }

    fn parent(&self) -> String {
        self.type_name.clone()
    }
}

/// The type of a call, of whose objects a handler is wanted.
fn typed<'a>(members: &Members<'a>, handler: &str) -> Result<(&'a str, &'static KindSchema), Fault> {
    let type_name = members.required("TypeName")?;
    let words: Vec<&str> = type_name.split("::").collect();
    let word = |word: &&str| (2..=64).contains(&word.len()) && word.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if words.len() != 3 || !words.iter().all(word) {
        let pattern = "[A-Za-z0-9]{2,64}::[A-Za-z0-9]{2,64}::[A-Za-z0-9]{2,64}";
        let constraint = format!("Member must satisfy regular expression pattern: {pattern}");
        return Err(members.invalid("TypeName", type_name, &constraint));
    }
    Ok((type_name, model::schema(type_name, handler)?))
}

fn find(tx: &Tx<'_>, type_name: &str, id: &str) -> Result<Resource, Fault> {
    let message = format!("Resource of type '{type_name}' with identifier '{id}' was not found.");
    tx.get::<Resource>(&key(type_name, id))?.ok_or_else(|| Fault::new("ResourceNotFoundException", message))
}

/// A document in a text.
fn parsed(members: &Members<'_>, name: &str) -> Result<Json, Fault> {
    let text = members.within(name, members.required(name)?, 1, 262_144)?;
    let error = |error| Fault::new("InvalidRequestException", format!("{name} is not valid JSON: {error}"));
    serde_json::from_str(text).map_err(error)
}

pub(super) fn create(tx: &mut Tx<'_>, members: &Members<'_>) -> Result<Json, Fault> {
    let (type_name, schema) = typed(members, "create")?;
    let state = parsed(members, "DesiredState")?;
    let what = json!({ "create": type_name, "state": state });
    if let Some(event) = asked_before(tx, members, &what)? {
        return Ok(event);
    }
    let Json::Object(model) = state else {
        return Err(Fault::new("InvalidRequestException", "DesiredState is not an object."));
    };
    let read_only = model::read_only(schema, &model);
    if !read_only.is_empty() {
        let message = format!("Invalid create request: readOnlyProperties {} cannot be set", pointers(&read_only));
        return Err(Fault::new("InvalidRequestException", message));
    }
    model::validate(schema, &model)?;
    begin(tx, members, Work { operation: Operation::Create, type_name, id: None, model, what })
}

/// Properties as pointers, as messages have them.
fn pointers<T: AsRef<str>>(names: &[T]) -> String {
    let pointers: Vec<String> = names.iter().map(|name| format!("/properties/{}", name.as_ref())).collect();
    format!("[{}]", pointers.join(", "))
}

pub(super) fn get(tx: &Tx<'_>, members: &Members<'_>) -> Result<Json, Fault> {
    let (type_name, schema) = typed(members, "read")?;
    let resource = find(tx, type_name, members.required("Identifier")?)?;
    Ok(json!({ "TypeName": type_name, "ResourceDescription": description(schema, &resource) }))
}

fn description(schema: &KindSchema, resource: &Resource) -> Json {
    let properties = Json::Object(model::told(schema, &resource.model)).to_string();
    json!({ "Identifier": resource.id, "Properties": properties })
}

pub(super) fn update(tx: &mut Tx<'_>, members: &Members<'_>) -> Result<Json, Fault> {
    let (type_name, schema) = typed(members, "update")?;
    let id = members.required("Identifier")?;
    let document = parsed(members, "PatchDocument")?;
    let what = json!({ "update": type_name, "id": id, "patch": document });
    if let Some(event) = asked_before(tx, members, &what)? {
        return Ok(event);
    }
    let resource = find(tx, type_name, id)?;
    let before = model::told(schema, &resource.model);
    let after = patch::apply(&before, &document);
    let after =
        after.map_err(|why| Fault::new("InvalidRequestException", format!("Invalid patch document: {why}.")))?;
    let refuse = |list: &str, names: String| {
        Fault::new("NotUpdatableException", format!("Invalid patch update: {list} {names} cannot be updated"))
    };
    let read_only: Vec<&str> = model::read_only(schema, &after);
    let changed: Vec<&&str> = read_only.iter().filter(|name| before.get(**name) != after.get(**name)).collect();
    let taken = model::read_only(schema, &before).into_iter().any(|name| !after.contains_key(name));
    if !changed.is_empty() || taken {
        return Err(refuse("readOnlyProperties", pointers(&read_only)));
    }
    let fixed = model::fixed(schema, &before, &after);
    if !fixed.is_empty() {
        return Err(refuse("createOnlyProperties", pointers(&fixed)));
    }
    model::validate(schema, &after)?;
    begin(tx, members, Work { operation: Operation::Update, type_name, id: Some(id), model: after, what })
}

pub(super) fn delete(tx: &mut Tx<'_>, members: &Members<'_>) -> Result<Json, Fault> {
    let (type_name, _) = typed(members, "delete")?;
    let id = members.required("Identifier")?;
    let what = json!({ "delete": type_name, "id": id });
    if let Some(event) = asked_before(tx, members, &what)? {
        return Ok(event);
    }
    find(tx, type_name, id)?;
    begin(tx, members, Work { operation: Operation::Delete, type_name, id: Some(id), model: JsonMap::new(), what })
}

pub(super) fn list(tx: &Tx<'_>, members: &Members<'_>) -> Result<Json, Fault> {
    let (type_name, schema) = typed(members, "list")?;
    let all = tx.under::<Resource>(type_name)?;
    let page = Page::of(all, Object::key, members.text("NextToken")?, page_size(members)?);
    let described: Vec<Json> = page.items.iter().map(|resource| description(schema, resource)).collect();
    let mut answer = json!({ "TypeName": type_name, "ResourceDescriptions": described });
    if let Some(next) = page.next {
        answer["NextToken"] = json!(next);
    }
    Ok(answer)
}
