//! Types without code of their own, through [Cloud Control](https://docs.aws.amazon.com/cloudcontrolapi/latest/userguide/what-is-cloudcontrolapi.html):
//! one API that makes, reads, changes and deletes objects of every type that CloudFormation's registry has.
//!
//! What each call does takes time: it answers a request, and where that stands is asked by the request's token
//! ([`request`]). A kind is its schema and nothing else ([`facts`]); of a type whose schema is not known, properties go as
//! they are written, and every attribute is one that AWS may tell.

mod facts;
mod find;
mod names;
mod patch;
mod request;

use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_cloudcontrol::types::ResourceDescription;
use futures::FutureExt;
use serde_json::json;
use sha2::{Digest, Sha256};

use super::abreast::abreast;
use super::json::{refusal, text};
use super::listing::Among;
use super::visible::unseen;
use super::{Accepted, Action, Create, Created, Delete, Facts, Kind, Observed, Poll, Progress, Update};
use crate::cloud::{CallError, Cloud, failed};
use crate::model::{Json, JsonMap, KindSchema, PropertyPath};
use request::{REQUEST, Stand};

pub(super) use facts::of;

const READ: &str = "cloudformation:GetResource";
const LIST: &str = "cloudformation:ListResources";
const UPDATE: &str = "cloudformation:UpdateResource";
const DELETE: &str = "cloudformation:DeleteResource";

/// Where the deletions of an object that was still in use are counted.
const AGAIN: &str = "again";
/// How often an object that is still in use is asked to be deleted: for about a quarter of an hour.
const TIMES: u64 = 60;
/// How many requests there may be before one that is not known yet.
const REQUESTS: u64 = 12;
/// After how long it is asked again.
const LATER: Duration = Duration::from_secs(15);

/// A kind of type without code of its own.
#[derive(Debug)]
pub(super) struct CloudControl {
    schema: &'static KindSchema,
    facts: &'static Facts,
}

/// Whether AWS makes a part of the identifier.
fn is_made_by_aws(schema: &KindSchema) -> bool {
    let parts = &schema.primary_identifier;
    parts.is_empty() || parts.iter().any(|part| schema.is_read_only(&PropertyPath::new(part)))
}

#[async_trait]
impl Kind for CloudControl {
    fn facts(&self) -> &'static Facts {
        self.facts
    }

    async fn read(&self, cloud: &Cloud, ids: &[String]) -> Result<Vec<Option<Observed>>, CallError> {
        abreast(ids.iter().map(|id| self.get(cloud, id).boxed()).collect()).await
    }

    async fn list(&self, cloud: &Cloud, among: Among<'_>) -> Result<Vec<String>, CallError> {
        if among.is_within() { Ok(Vec::new()) } else { self.all(cloud).await }
    }

    async fn find(&self, cloud: &Cloud, wanted: &Create<'_>) -> Result<Option<String>, CallError> {
        self.made_by(cloud, wanted).await
    }

    async fn create(&self, cloud: &Cloud, wanted: &Create<'_>) -> Result<Created, CallError> {
        self.begin(cloud, wanted).await
    }

    async fn update(&self, cloud: &Cloud, change: &Update<'_>) -> Result<Accepted, CallError> {
        let patch = patch::patch(self.schema, change);
        if patch.is_empty() {
            return Ok(Accepted { attributes: JsonMap::new(), waiting: None });
        }
        let call = cloud.cloudcontrol.update_resource().type_name(&self.schema.type_name).identifier(change.id);
        let call = call.patch_document(Json::from(patch).to_string()).client_token(change.token);
        let answer = call.send().await.map_err(failed(UPDATE)).map_err(request::explained)?;
        Ok(Accepted { attributes: JsonMap::new(), waiting: Some(request::waiting(answer.progress_event())) })
    }

    async fn delete(&self, cloud: &Cloud, target: &Delete<'_>) -> Result<Accepted, CallError> {
        let waiting = self.go(cloud, target.id, 0).await?;
        Ok(Accepted { attributes: JsonMap::new(), waiting })
    }

    async fn poll(&self, cloud: &Cloud, question: &mut Poll<'_>) -> Result<Progress, CallError> {
        if text(question.waiting, REQUEST).is_none()
            && let Some(event) = request::under_way(cloud, &self.schema.type_name, question.id).await?
        {
            question.waiting.extend(request::waiting(Some(&event)));
        }
        let stand = match text(question.waiting, REQUEST) {
            Some(token) => request::stand(cloud, token).await?,
            None => Stand::Unknown,
        };
        match stand {
            Stand::UnderWay(summary) => Ok(request::pending(&summary, request::SOON)),
            Stand::Failed { code, .. } if question.action == Action::Delete && code == "NotFound" => {
                Ok(Progress::Ready(JsonMap::new()))
            }
            Stand::Failed { code, message } if question.action == Action::Delete && request::passes(&code) => {
                self.delete_again(cloud, question, &code, &message).await
            }
            Stand::Failed { code, message } => Ok(Progress::Failed {
                reason: format!("{code}: {message}"),
                help: request::help(&code, &self.schema.type_name),
            }),
            Stand::Done | Stand::Unknown => {
                let found = self.get(cloud, question.id).await?;
                Ok(match (question.action, found) {
                    (Action::Delete, None) => Progress::Ready(JsonMap::new()),
                    (Action::Delete, Some(_)) if stand == Stand::Done => Progress::Ready(JsonMap::new()),
                    (Action::Delete, Some(_)) => request::pending("deleting", request::SOON),
                    (_, Some(observed)) => {
                        let mut attributes = observed.attributes;
                        self.leave_declared(&mut attributes, question.wanted);
                        Progress::Ready(attributes)
                    }
                    (_, None) => unseen(question),
                })
            }
        }
    }
}

impl CloudControl {
    /// What there is of an identifier.
    async fn get(&self, cloud: &Cloud, id: &str) -> Result<Option<Observed>, CallError> {
        let call = cloud.cloudcontrol.get_resource().type_name(&self.schema.type_name).identifier(id);
        match call.send().await.map_err(failed(READ)) {
            Ok(answer) => answer.resource_description().map(|found| self.observed(id, found)).transpose(),
            // Of those that end so, this one alone is about the object.
            Err(error) if error.is("ResourceNotFoundException") => Ok(None),
            Err(error) => Err(request::explained(error)),
        }
    }

    fn observed(&self, id: &str, found: &ResourceDescription) -> Result<Observed, CallError> {
        let model: Result<Json, _> = serde_json::from_str(found.properties().unwrap_or("{}"));
        let model = model.map_err(|error| refusal(READ, format!("the properties of `{id}` are not JSON: {error}")))?;
        let Json::Object(all) = names::from_cloudformation(Some(&self.schema.shape), &model) else {
            return Err(refusal(READ, format!("the properties of `{id}` are no object")));
        };
        let mut observed = Observed::default();
        for (name, value) in all {
            let part = self.schema.primary_identifier.contains(&name);
            let read_only = self.schema.is_read_only(&PropertyPath::new(&name));
            if part || read_only || self.schema.is_open() {
                observed.attributes.insert(name.clone(), value.clone());
            }
            if !read_only {
                observed.properties.insert(name, value);
            }
        }
        if let [only] = self.schema.primary_identifier.as_slice() {
            observed.attributes.entry(only.clone()).or_insert_with(|| json!(id));
        }
        if self.schema.is_open() {
            let mut arns = observed.attributes.iter().filter(|(name, _)| name.ends_with("Arn"));
            if let (Some((_, arn)), None) = (arns.next(), arns.next()) {
                let arn = arn.clone();
                observed.attributes.insert("arn".to_owned(), arn);
            }
        }
        Ok(observed)
    }

    /// Leaves out of the attributes of a type that is not known what was declared, which may be a secret.
    fn leave_declared(&self, attributes: &mut JsonMap, declared: &JsonMap) {
        if self.schema.is_open() {
            attributes.retain(|name, _| !declared.contains_key(name));
        }
    }

    /// Identifiers of all that there is.
    async fn all(&self, cloud: &Cloud) -> Result<Vec<String>, CallError> {
        let call = cloud.cloudcontrol.list_resources().type_name(&self.schema.type_name);
        let mut pages = call.into_paginator().send();
        let mut found = Vec::new();
        while let Some(page) = pages.next().await {
            let page = page.map_err(failed(LIST)).map_err(request::explained)?;
            found.extend(page.resource_descriptions.unwrap_or_default());
        }
        Ok(found.into_iter().filter_map(|one| one.identifier).collect())
    }

    /// Begins to delete an object; what following that needs, `None` when it is gone. The token of the request tells the
    /// object and nothing more: where it stands for a request that has ended, of an object of the same name before or of
    /// an attempt that failed, the next one takes its place.
    async fn go(&self, cloud: &Cloud, id: &str, before: u64) -> Result<Option<JsonMap>, CallError> {
        let object = format!("{} {id}", self.schema.type_name);
        let digest: String = Sha256::digest(object.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
        let mut waiting = None;
        for nth in before..before + REQUESTS {
            let call = cloud.cloudcontrol.delete_resource().type_name(&self.schema.type_name).identifier(id);
            let call = call.client_token(format!("hz-delete-{}-{nth}", &digest[..32]));
            let event = match call.send().await.map_err(failed(DELETE)) {
                Ok(answer) => answer.progress_event,
                Err(error) if error.is("ResourceNotFoundException") => return Ok(None),
                Err(error) => return Err(request::explained(error)),
            };
            let under_way = event.as_ref().is_some_and(|event| matches!(request::judge(event), Stand::UnderWay(_)));
            waiting = Some(request::waiting(event.as_ref()));
            if under_way {
                break;
            }
            if self.get(cloud, id).await?.is_none() {
                return Ok(None);
            }
        }
        Ok(waiting)
    }

    /// Deletes what was still in use once more, or gives up.
    async fn delete_again(
        &self,
        cloud: &Cloud,
        question: &mut Poll<'_>,
        code: &str,
        message: &str,
    ) -> Result<Progress, CallError> {
        let times = question.waiting.get(AGAIN).and_then(Json::as_u64).unwrap_or_default() + 1;
        if times > TIMES {
            return Ok(Progress::Failed {
                reason: format!("{code}: {message}"),
                help: request::help(code, &self.schema.type_name),
            });
        }
        let Some(waiting) = self.go(cloud, question.id, times).await? else {
            return Ok(Progress::Ready(JsonMap::new()));
        };
        question.waiting.extend(waiting);
        question.waiting.insert(AGAIN.to_owned(), json!(times));
        Ok(request::pending(&format!("{code}: {message}"), LATER))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;
    use crate::kinds::echo;

    /// Cloud Control as it answers for one object, which is what was asked for and what AWS adds.
    fn cloud(added: Json) -> Cloud {
        let kept = Mutex::new(json!({}));
        echo::cloud(move |action, parameters| {
            let mut kept = kept.lock().unwrap();
            let event = json!({ "ProgressEvent": {
                "RequestToken": "r-1", "OperationStatus": "SUCCESS", "Identifier": "it", "TypeName": parameters.get("TypeName"),
            } });
            match action {
                "CreateResource" => {
                    *kept = serde_json::from_str(parameters["DesiredState"].as_str().unwrap()).unwrap();
                    kept.as_object_mut().unwrap().extend(added.as_object().unwrap().clone());
                    event
                }
                "GetResource" => {
                    json!({ "ResourceDescription": { "Identifier": "it", "Properties": kept.to_string() } })
                }
                "GetResourceRequestStatus" => event,
                "UpdateResource" => json!({ "__type": "NotUpdatableException", "message": "Invalid patch update." }),
                _ => json!({ "__type": "TypeNotFoundException", "message": "The type cannot be found." }),
            }
        })
    }

    #[tokio::test]
    async fn of_a_type_that_is_not_known_all_that_was_not_declared_is_an_attribute() {
        let kind = of("AWS::NotYet::Vault").expect("a kind");
        let cloud = cloud(json!({ "VaultArn": "arn:1", "Size": 3 }));
        let properties = json!({ "Password": "hush", "Tags": [{ "Key": "a", "Value": "b" }] });
        let properties = properties.as_object().expect("an object");
        let made = kind.create(&cloud, &Create { properties, token: "t" }).await.expect("made");
        let mut waiting = made.accepted.waiting.expect("a request");
        let none = JsonMap::new();
        let mut question =
            Poll { id: &made.id, action: Action::Create, waiting: &mut waiting, attributes: &none, wanted: properties };
        let Progress::Ready(attributes) = kind.poll(&cloud, &mut question).await.expect("an answer") else {
            panic!("it is ready")
        };
        assert_eq!(Json::Object(attributes), json!({ "VaultArn": "arn:1", "arn": "arn:1", "Size": 3 }));

        let read = kind.read(&cloud, &[made.id]).await.expect("read").remove(0).expect("it is there");
        assert_eq!(read.properties["Password"], "hush");
        let schema = crate::model::schemas().by_type("AWS::NotYet::Vault").expect("a schema");
        let declared = properties.clone().into_iter().collect();
        assert!(!read.told(schema, &declared).contains_key("Password"), "it may be a secret");
    }

    #[tokio::test(start_paused = true)]
    async fn an_object_of_a_name_that_was_deleted_before_is_deleted_again() {
        let (settings, opened) = (crate::local::settings::Settings::default(), "2026-01-01T00:00:00Z");
        let opened = opened.parse().expect("a time");
        let local = crate::local::Local::in_memory(settings, opened).expect("an embedded AWS");
        let cloud = Cloud::embedded(&local, "eu-west-1").await.expect("connected");
        let kind = of("AWS::SNS::Topic").expect("a kind");
        let none = JsonMap::new();
        for token in ["first", "second"] {
            let properties = JsonMap::from_iter([("topicName".to_owned(), json!("a"))]);
            let made = kind.create(&cloud, &Create { properties: &properties, token }).await.expect("made");
            tokio::time::sleep(Duration::from_secs(60)).await;
            let target = Delete { id: &made.id, prior: &properties, attributes: &none };
            let first = kind.delete(&cloud, &target).await.expect("begun").waiting.expect("a request");
            let again = kind.delete(&cloud, &target).await.expect("begun").waiting.expect("a request");
            assert_eq!(first, again, "a deletion whose answer was lost is asked for once");
            tokio::time::sleep(Duration::from_secs(60)).await;
            assert_eq!(kind.read(&cloud, &[made.id]).await.expect("read"), [None], "{token}");
        }
    }

    #[tokio::test]
    async fn refusals_say_what_to_do() {
        let kind = of("AWS::SNS::Topic").expect("a kind");
        let cloud = cloud(json!({ "TopicArn": "arn:1" }));
        let map = |json: Json| json.as_object().cloned().expect("an object");
        let change = Update {
            id: "it",
            wanted: &map(json!({ "displayName": "b" })),
            observed: &map(json!({ "displayName": "a" })),
            prior: &map(json!({ "displayName": "a" })),
            attributes: &JsonMap::new(),
            changed: &["displayName".to_owned()],
            token: "t",
        };
        let refused = kind.update(&cloud, &change).await.expect_err("refused").to_string();
        assert!(refused.contains("NotUpdatableException") && refused.contains("--replace ADDRESS"), "{refused}");
        let error = kind.list(&cloud, Among::All).await.expect_err("refused");
        assert!(!error.is_not_found() && error.to_string().contains("check the name of the type"), "{error}");
    }
}
