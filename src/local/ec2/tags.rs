//! Tags of every resource, kept beside it by its identifier.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::address::Address;
use super::endpoint::Endpoint;
use super::filter::{Filters, Page};
use super::gateway::Gateway;
use super::group::Group;
use super::ids::{Entity, need};
use super::interface::Interface;
use super::nat::Nat;
use super::network_acl::NetworkAcl;
use super::params::{Params, invalid, missing};
use super::route_table::RouteTable;
use super::rule::Rule;
use super::subnet::Subnet;
use super::vpc::Vpc;
use crate::local::service::Fault;
use crate::local::store::{Object, StoreError, Tx};
use crate::model::Json;

/// The most tags a resource has, those of AWS itself apart.
/// Source: <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_Tags.html#tag-restrictions>
const MOST: usize = 50;

/// The most resources one call tags.
const MOST_RESOURCES: usize = 1000;

/// The tags of a resource.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Tagged {
    id: String,
    resource: String,
    tags: BTreeMap<String, String>,
}

impl Object for Tagged {
    const TABLE: &'static str = "ec2.tags";

    fn key(&self) -> String {
        self.id.clone()
    }
}

/// The tags of a resource as `tagSet` answers them.
///
/// # Errors
/// When the store fails.
pub fn set_of(tx: &Tx<'_>, id: &str) -> Result<Json, StoreError> {
    let tagged: Tagged = tx.get(id)?.unwrap_or_default();
    Ok(tagged.tags.iter().map(|(key, value)| json!({ "key": key, "value": value })).collect())
}

/// The value of a resource's tag `Name`.
///
/// # Errors
/// When the store fails.
pub fn name_of(tx: &Tx<'_>, id: &str) -> Result<Option<String>, StoreError> {
    Ok(tx.get::<Tagged>(id)?.and_then(|mut tagged| tagged.tags.remove("Name")))
}

/// Gives a new resource the tags of the call that makes it.
///
/// # Errors
/// When they are for a resource of another type, or are not as tags must be.
pub fn at_creation<T: Entity>(tx: &mut Tx<'_>, params: Params<'_>, id: &str) -> Result<(), Fault> {
    let mut tags = BTreeMap::new();
    for specification in params.objects("TagSpecification") {
        let resource = specification.required("ResourceType")?;
        if resource != T::FORM.resource {
            return Err(invalid(format!("'{resource}' is not a valid taggable resource type for this operation.")));
        }
        for (key, value) in read(specification)? {
            if tags.insert(key.clone(), value).is_some() {
                return Err(invalid(format!("Duplicate tag key '{key}' specified.")));
            }
        }
    }
    if tags.is_empty() { Ok(()) } else { add(tx, id, T::FORM.resource, tags) }
}

/// Forgets the tags of a resource that goes.
///
/// # Errors
/// When the store fails.
pub fn forget(tx: &mut Tx<'_>, id: &str) -> Result<(), StoreError> {
    tx.delete::<Tagged>(id)?;
    Ok(())
}

/// `CreateTags`.
pub fn create(tx: &mut Tx<'_>, params: Params<'_>) -> Result<Json, Fault> {
    let ids = resources(params)?;
    let tags: BTreeMap<String, String> = read(params)?.into_iter().collect();
    if tags.is_empty() {
        return Err(missing("Tag"));
    }
    for id in ids {
        let resource = resource_of(tx, id)?;
        add(tx, id, resource, tags.clone())?;
    }
    Ok(super::done())
}

/// `DeleteTags`: with a value only where the tag has it, without any tags all of them.
pub fn delete(tx: &mut Tx<'_>, params: Params<'_>) -> Result<Json, Fault> {
    for id in resources(params)? {
        resource_of(tx, id)?;
        let Some(mut tagged) = tx.get::<Tagged>(id)? else { continue };
        if params.has("Tag") {
            for tag in params.objects("Tag") {
                let key = tag.required("Key")?;
                let goes = |value: &String| tag.text("Value").is_none_or(|wanted| wanted == value);
                if tagged.tags.get(key).is_some_and(goes) {
                    tagged.tags.remove(key);
                }
            }
        } else {
            tagged.tags.clear();
        }
        tx.put(&tagged)?;
    }
    Ok(super::done())
}

/// `DescribeTags`.
pub fn describe(tx: &Tx<'_>, params: Params<'_>) -> Result<Json, Fault> {
    let known = &[("key", "key"), ("resource-id", "resourceId"), ("resource-type", "resourceType"), ("value", "value")];
    let filters = Filters::of(params, known)?;
    let page = Page::of(params, 1000)?;
    let all: Vec<Tagged> = match filters.exact("resource-id") {
        Some(ids) => ids.into_iter().filter_map(|id| tx.get(id).transpose()).collect::<Result<_, _>>()?,
        None => tx.all()?,
    };
    let mut shown = Vec::new();
    for tagged in all {
        for (key, value) in &tagged.tags {
            let mut item = json!({
                "resourceId": tagged.id, "resourceType": tagged.resource, "key": key, "value": value,
                "tagSet": [{ "key": key, "value": value }],
            });
            if filters.pass(&item) {
                // Only there for the filter `tag:KEY`.
                item.as_object_mut().map(|item| item.remove("tagSet"));
                shown.push((format!("{}/{key}", tagged.id), item));
            }
        }
    }
    Ok(page.answer("tagSet", shown))
}

fn resources<'a>(params: Params<'a>) -> Result<BTreeSet<&'a str>, Fault> {
    let ids: BTreeSet<&str> = params.list("ResourceId").into_iter().collect();
    match ids.len() {
        0 => Err(missing("ResourceId")),
        count if count > MOST_RESOURCES => Err(invalid(format!("At most {MOST_RESOURCES} resources can be tagged."))),
        _ => Ok(ids),
    }
}

/// The tags in a parameter `Tag`, each checked.
fn read(params: Params<'_>) -> Result<Vec<(String, String)>, Fault> {
    params
        .objects("Tag")
        .into_iter()
        .map(|tag| {
            let key = tag.text("Key").unwrap_or_default();
            let value = tag.text("Value").unwrap_or_default();
            match key {
                "" => Err(invalid("Tag key cannot be empty.")),
                _ if key.to_ascii_lowercase().starts_with("aws:") => {
                    Err(invalid("Tag keys starting with 'aws:' are reserved for internal use"))
                }
                _ if key.chars().count() > 128 => {
                    Err(invalid(format!("Tag key exceeds the maximum length of 128 characters: {key}")))
                }
                _ if value.chars().count() > 256 => {
                    Err(invalid(format!("Tag value exceeds the maximum length of 256 characters, for the key {key}")))
                }
                _ => Ok((key.to_owned(), value.to_owned())),
            }
        })
        .collect()
}

fn add(tx: &mut Tx<'_>, id: &str, resource: &str, tags: BTreeMap<String, String>) -> Result<(), Fault> {
    let mut tagged = tx.get(id)?.unwrap_or_else(|| Tagged {
        id: id.to_owned(),
        resource: resource.to_owned(),
        tags: BTreeMap::new(),
    });
    tagged.tags.extend(tags);
    if tagged.tags.len() > MOST {
        let message = "The maximum number of Tags for a resource has been reached.";
        return Err(Fault::new("TagLimitExceeded", message));
    }
    Ok(tx.put(&tagged)?)
}

/// The type of the resource with an identifier.
fn resource_of(tx: &Tx<'_>, id: &str) -> Result<&'static str, Fault> {
    fn of<T: Entity>(tx: &Tx<'_>, id: &str) -> Result<&'static str, Fault> {
        need::<T>(tx, id)?;
        Ok(T::FORM.resource)
    }
    let prefix = id.split_once('-').map_or(id, |(prefix, _)| prefix);
    match prefix {
        "vpc" => of::<Vpc>(tx, id),
        "subnet" => of::<Subnet>(tx, id),
        "igw" => of::<Gateway>(tx, id),
        "rtb" => of::<RouteTable>(tx, id),
        "sg" => of::<Group>(tx, id),
        "sgr" => of::<Rule>(tx, id),
        "eipalloc" => of::<Address>(tx, id),
        "nat" => of::<Nat>(tx, id),
        "vpce" => of::<Endpoint>(tx, id),
        "eni" => of::<Interface>(tx, id),
        "acl" => of::<NetworkAcl>(tx, id),
        _ => Err(Fault::new("InvalidID", format!("The ID '{id}' is not valid"))),
    }
}
