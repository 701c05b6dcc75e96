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
        let waiting = self.go(cloud, target.id).await?;
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

    /// Begins to delete an object; what following that needs, `None` when it is gone.
    async fn go(&self, cloud: &Cloud, id: &str) -> Result<Option<JsonMap>, CallError> {
        let call = cloud.cloudcontrol.delete_resource().type_name(&self.schema.type_name).identifier(id);
        match call.send().await.map_err(failed(DELETE)) {
            Ok(answer) => Ok(Some(request::waiting(answer.progress_event()))),
            Err(error) if error.is("ResourceNotFoundException") => Ok(None),
            Err(error) => Err(request::explained(error)),
        }
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
        let Some(waiting) = self.go(cloud, question.id).await? else { return Ok(Progress::Ready(JsonMap::new())) };
        question.waiting.extend(waiting);
        question.waiting.insert(AGAIN.to_owned(), json!(times));
        Ok(request::pending(&format!("{code}: {message}"), LATER))
    }
}
