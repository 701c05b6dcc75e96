//! Repositories: their settings, policies and tags.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::super::members::{Members, Page, tag_list};
use super::super::service::Fault;
use super::super::store::{Object, Tx};
use super::registry;
use crate::model::Json;

const MUTABILITIES: [&str; 4] = ["MUTABLE", "IMMUTABLE", "MUTABLE_WITH_EXCLUSION", "IMMUTABLE_WITH_EXCLUSION"];

/// A repository.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Repository {
    pub(super) name: String,
    /// Seconds since 1970.
    created: f64,
    mutability: String,
    exclusions: Vec<Json>,
    scan: bool,
    encryption: Json,
    lifecycle: Option<String>,
    policy: Option<String>,
    tags: BTreeMap<String, String>,
}

impl Object for Repository {
    const TABLE: &'static str = "ecr.repository";

    fn key(&self) -> String {
        self.name.clone()
    }
}

impl Repository {
    fn arn(&self, tx: &Tx<'_>) -> String {
        format!("arn:aws:ecr:{}:{}:repository/{}", tx.region, tx.account, self.name)
    }

    fn json(&self, tx: &Tx<'_>) -> Json {
        let mut told = json!({
            "repositoryArn": self.arn(tx),
            "registryId": tx.account,
            "repositoryName": self.name,
            "repositoryUri": format!("{}/{}", registry(tx), self.name),
            "createdAt": self.created,
            "imageTagMutability": self.mutability,
            "imageScanningConfiguration": {"scanOnPush": self.scan},
            "encryptionConfiguration": self.encryption,
        });
        if !self.exclusions.is_empty() {
            told["imageTagMutabilityExclusionFilters"] = json!(self.exclusions);
        }
        told
    }
}

fn not_found(tx: &Tx<'_>, name: &str) -> Fault {
    let message = format!("The repository with name '{name}' does not exist in the registry with id '{}'", tx.account);
    Fault::new("RepositoryNotFoundException", message)
}

fn named(tx: &Tx<'_>, name: &str) -> Result<Repository, Fault> {
    tx.get::<Repository>(name)?.ok_or_else(|| not_found(tx, name))
}

fn asked(tx: &Tx<'_>, members: &Members<'_>) -> Result<Repository, Fault> {
    named(tx, members.required("repositoryName")?)
}

/// Whether a name is one: parts of small letters and digits, with `.`, `_`, `__` or dashes within, and `/` between.
fn is_name(name: &str) -> bool {
    let part = |part: &str| {
        let plain = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit();
        let between = part.split(plain).filter(|between| !between.is_empty());
        part.starts_with(plain)
            && part.ends_with(plain)
            && between
                .into_iter()
                .all(|between| [".", "_", "__"].contains(&between) || between.chars().all(|letter| letter == '-'))
    };
    (2..=256).contains(&name.len()) && name.split('/').all(part)
}

/// Tags of a call; unlike those of most services they have small letters.
fn tags(members: &Members<'_>, mut tags: BTreeMap<String, String>) -> Result<BTreeMap<String, String>, Fault> {
    for tag in members.structures("tags")? {
        let key = tag.within("Key", tag.required("Key")?, 1, 128)?;
        if key.starts_with("aws:") {
            return Err(Fault::new("InvalidTagParameterException", "Tag keys that begin with aws: are reserved."));
        }
        tags.insert(key.to_owned(), tag.within("Value", tag.text("Value")?.unwrap_or_default(), 0, 256)?.to_owned());
    }
    if tags.len() > 50 {
        return Err(Fault::new("TooManyTagsException", "A repository can have up to 50 tags."));
    }
    Ok(tags)
}

fn scan(members: &Members<'_>) -> Result<bool, Fault> {
    let scanning = members.structure("imageScanningConfiguration")?;
    Ok(scanning.map(|scanning| scanning.flag("scanOnPush")).transpose()?.flatten().unwrap_or(false))
}

fn mutability(members: &Members<'_>) -> Result<(String, Vec<Json>), Fault> {
    let mutability = members.one_of("imageTagMutability", &MUTABILITIES)?.unwrap_or("MUTABLE");
    let exclusions = members.list("imageTagMutabilityExclusionFilters")?.to_vec();
    if mutability.ends_with("_WITH_EXCLUSION") == exclusions.is_empty() {
        let message = "imageTagMutabilityExclusionFilters go with a mutability with exclusions, and only with one.";
        return Err(members.refuse(message));
    }
    Ok((mutability.to_owned(), exclusions))
}

pub(super) fn create(tx: &mut Tx<'_>, members: &Members<'_>) -> Result<Json, Fault> {
    let name = members.required("repositoryName")?;
    if !is_name(name) {
        let message = "Invalid parameter at 'repositoryName' failed to satisfy constraint: 'must satisfy regular \
                       expression \
                       '(?:[a-z0-9]+(?:[._-][a-z0-9]+)*/)*[a-z0-9]+(?:[._-][a-z0-9]+)*''";
        return Err(members.refuse(message));
    }
    if tx.get::<Repository>(name)?.is_some() {
        let message =
            format!("The repository with name '{name}' already exists in the registry with id '{}'", tx.account);
        return Err(Fault::new("RepositoryAlreadyExistsException", message));
    }
    let (mutability, exclusions) = mutability(members)?;
    let encryption = members.structure("encryptionConfiguration")?;
    let encryption = match encryption {
        Some(encryption) => {
            encryption.one_of("encryptionType", &["AES256", "KMS", "KMS_DSSE"])?;
            encryption.required("encryptionType")?;
            Json::Object(encryption.json().clone())
        }
        None => json!({"encryptionType": "AES256"}),
    };
    let repository = Repository {
        name: name.to_owned(),
        created: tx.now.as_millisecond() as f64 / 1000.0,
        mutability,
        exclusions,
        scan: scan(members)?,
        encryption,
        lifecycle: None,
        policy: None,
        tags: tags(members, BTreeMap::new())?,
    };
    tx.put(&repository)?;
    Ok(json!({"repository": repository.json(tx)}))
}

pub(super) fn describe(tx: &Tx<'_>, members: &Members<'_>) -> Result<Json, Fault> {
    let names = members.texts("repositoryNames")?;
    if !names.is_empty() {
        let found: Vec<Json> = names.iter().map(|name| Ok(named(tx, name)?.json(tx))).collect::<Result<_, Fault>>()?;
        return Ok(json!({"repositories": found}));
    }
    let size = members.number("maxResults", 1, 1000)?.and_then(|size| usize::try_from(size).ok()).unwrap_or(100);
    let page = Page::of(tx.all::<Repository>()?, Object::key, members.text("nextToken")?, size);
    let found: Vec<Json> = page.items.iter().map(|repository| repository.json(tx)).collect();
    let mut answer = json!({"repositories": found});
    if let Some(next) = page.next {
        answer["nextToken"] = json!(next);
    }
    Ok(answer)
}

pub(super) fn delete(tx: &mut Tx<'_>, members: &Members<'_>) -> Result<Json, Fault> {
    let repository = asked(tx, members)?;
    tx.delete::<Repository>(&repository.name)?;
    Ok(json!({"repository": repository.json(tx)}))
}

pub(super) fn set_scanning(tx: &mut Tx<'_>, members: &Members<'_>) -> Result<Json, Fault> {
    let mut repository = asked(tx, members)?;
    repository.scan = scan(members)?;
    tx.put(&repository)?;
    let scanning = json!({"scanOnPush": repository.scan});
    Ok(json!({"registryId": tx.account, "repositoryName": repository.name, "imageScanningConfiguration": scanning}))
}

pub(super) fn set_mutability(tx: &mut Tx<'_>, members: &Members<'_>) -> Result<Json, Fault> {
    let mut repository = asked(tx, members)?;
    (repository.mutability, repository.exclusions) = mutability(members)?;
    tx.put(&repository)?;
    let mutability = &repository.mutability;
    Ok(json!({"registryId": tx.account, "repositoryName": repository.name, "imageTagMutability": mutability}))
}

fn told(tx: &Tx<'_>, repository: &Repository, member: &str, policy: &str) -> Json {
    let mut told = json!({"registryId": tx.account, "repositoryName": repository.name});
    told[member] = json!(policy);
    told
}

pub(super) fn put_lifecycle(tx: &mut Tx<'_>, members: &Members<'_>) -> Result<Json, Fault> {
    let mut repository = asked(tx, members)?;
    let policy = members.within("lifecyclePolicyText", members.required("lifecyclePolicyText")?, 100, 30_720)?;
    let document: Option<Json> = serde_json::from_str(policy).ok();
    if !document.is_some_and(|document| document["rules"].is_array()) {
        return Err(members.refuse("Invalid parameter at 'LifecyclePolicyText' failed to satisfy constraint: 'Lifecycle policy validation failure'"));
    }
    repository.lifecycle = Some(policy.to_owned());
    tx.put(&repository)?;
    Ok(told(tx, &repository, "lifecyclePolicyText", policy))
}

fn no_policy(tx: &Tx<'_>, repository: &Repository, code: &str, what: &str) -> Fault {
    let message = format!(
        "{what} does not exist for the repository with name '{}' in the registry with id '{}'",
        repository.name, tx.account
    );
    Fault::new(code, message)
}

fn lifecycle(tx: &Tx<'_>, repository: &Repository) -> Result<String, Fault> {
    let missing = || no_policy(tx, repository, "LifecyclePolicyNotFoundException", "Lifecycle policy");
    repository.lifecycle.clone().ok_or_else(missing)
}

pub(super) fn get_lifecycle(tx: &Tx<'_>, members: &Members<'_>) -> Result<Json, Fault> {
    let repository = asked(tx, members)?;
    Ok(told(tx, &repository, "lifecyclePolicyText", &lifecycle(tx, &repository)?))
}

pub(super) fn delete_lifecycle(tx: &mut Tx<'_>, members: &Members<'_>) -> Result<Json, Fault> {
    let mut repository = asked(tx, members)?;
    let policy = lifecycle(tx, &repository)?;
    repository.lifecycle = None;
    tx.put(&repository)?;
    Ok(told(tx, &repository, "lifecyclePolicyText", &policy))
}

pub(super) fn set_policy(tx: &mut Tx<'_>, members: &Members<'_>) -> Result<Json, Fault> {
    let mut repository = asked(tx, members)?;
    let policy = members.within("policyText", members.required("policyText")?, 0, 10_240)?;
    let document: Option<Json> = serde_json::from_str(policy).ok();
    if document.is_none_or(|document| document.get("Statement").is_none()) {
        return Err(members.refuse(
            "Invalid parameter at 'PolicyText' failed to satisfy constraint: 'Invalid repository policy provided'",
        ));
    }
    repository.policy = Some(policy.to_owned());
    tx.put(&repository)?;
    Ok(told(tx, &repository, "policyText", policy))
}

fn policy(tx: &Tx<'_>, repository: &Repository) -> Result<String, Fault> {
    let missing = || no_policy(tx, repository, "RepositoryPolicyNotFoundException", "Repository policy");
    repository.policy.clone().ok_or_else(missing)
}

pub(super) fn get_policy(tx: &Tx<'_>, members: &Members<'_>) -> Result<Json, Fault> {
    let repository = asked(tx, members)?;
    Ok(told(tx, &repository, "policyText", &policy(tx, &repository)?))
}

pub(super) fn delete_policy(tx: &mut Tx<'_>, members: &Members<'_>) -> Result<Json, Fault> {
    let mut repository = asked(tx, members)?;
    let policy = policy(tx, &repository)?;
    repository.policy = None;
    tx.put(&repository)?;
    Ok(told(tx, &repository, "policyText", &policy))
}

/// The repository of `resourceArn`.
fn tagged(tx: &Tx<'_>, members: &Members<'_>) -> Result<Repository, Fault> {
    let arn = members.required("resourceArn")?;
    let start = format!("arn:aws:ecr:{}:{}:repository/", tx.region, tx.account);
    let name = arn.strip_prefix(&start);
    named(tx, name.ok_or_else(|| members.refuse(format!("Invalid parameter at 'resourceArn': {arn}")))?)
}

pub(super) fn list_tags(tx: &Tx<'_>, members: &Members<'_>) -> Result<Json, Fault> {
    Ok(json!({"tags": tag_list(&tagged(tx, members)?.tags)}))
}

pub(super) fn tag(tx: &mut Tx<'_>, members: &Members<'_>) -> Result<Json, Fault> {
    let mut repository = tagged(tx, members)?;
    repository.tags = tags(members, repository.tags)?;
    tx.put(&repository)?;
    Ok(json!({}))
}

pub(super) fn untag(tx: &mut Tx<'_>, members: &Members<'_>) -> Result<Json, Fault> {
    let mut repository = tagged(tx, members)?;
    let keys = members.texts("tagKeys")?;
    repository.tags.retain(|key, _| !keys.contains(&key.as_str()));
    tx.put(&repository)?;
    Ok(json!({}))
}

/// The images of a repository, of which there are none.
pub(super) fn images(tx: &Tx<'_>, members: &Members<'_>, member: &str) -> Result<Json, Fault> {
    asked(tx, members)?;
    if let Some(asked) = members.structures("imageIds")?.first() {
        let part = |name: &str| Ok::<_, Fault>(asked.text(name)?.map_or("null".to_owned(), |text| format!("'{text}'")));
        let message = format!(
            "The image with imageId {{imageDigest:{}, imageTag:{}}} does not exist within the repository with name '{}' \
             in the registry with id '{}'",
            part("imageDigest")?,
            part("imageTag")?,
            members.required("repositoryName")?,
            tx.account
        );
        return Err(Fault::new("ImageNotFoundException", message));
    }
    let mut answer = json!({});
    answer[member] = json!([]);
    Ok(answer)
}
