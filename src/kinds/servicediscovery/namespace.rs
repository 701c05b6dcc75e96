//! What namespaces of every type have in common: how one is found, read, deleted and waited for.

use std::time::Duration;

use aws_sdk_servicediscovery::types::{Namespace, NamespaceType};

use super::{operation, tags};
use crate::cloud::{CallError, Cloud, failed};
use crate::kinds::absent::present;
use crate::kinds::json::text;
use crate::kinds::tags::{has_token, pairs};
use crate::kinds::{Accepted, Action, Create, Delete, Poll, Progress};
use crate::model::{Json, JsonMap};

/// How long namespaces that are being made are waited for: a hosted zone takes a minute or so.
const PATIENCE: Duration = Duration::from_secs(180);
/// Between two looks at them.
const PAUSE: Duration = Duration::from_secs(2);

/// The namespace of an identifier.
pub(super) async fn get(cloud: &Cloud, id: &str) -> Result<Option<Namespace>, CallError> {
    let answer = cloud.servicediscovery.get_namespace().id(id).send().await;
    let answer = present(answer.map_err(failed("servicediscovery:GetNamespace")))?;
    Ok(answer.and_then(|answer| answer.namespace))
}

/// The namespace of an identifier and its tags; none for one that goes while it is read.
pub(super) async fn read(cloud: &Cloud, id: &str) -> Result<Option<(Namespace, Json)>, CallError> {
    let Some(namespace) = get(cloud, id).await? else { return Ok(None) };
    let tags = present(tags::read(cloud, namespace.arn().unwrap_or_default()).await)?;
    Ok(tags.map(|tags| (namespace, tags)))
}

/// Identifiers of the namespaces of a type.
pub(super) async fn ids(cloud: &Cloud, of: &NamespaceType) -> Result<Vec<String>, CallError> {
    let mut pages = cloud.servicediscovery.list_namespaces().into_paginator().send();
    let mut found = Vec::new();
    while let Some(page) = pages.next().await {
        found.extend(page.map_err(failed("servicediscovery:ListNamespaces"))?.namespaces.unwrap_or_default());
    }
    Ok(found.into_iter().filter(|one| one.r#type() == Some(of)).filter_map(|one| one.id).collect())
}

/// The id of the namespace that a call made whose answer never came. One that is still being made shows nowhere: while any
/// is, it is looked for again, for about three minutes.
///
/// # Errors
/// When a call fails, or namespaces are being made for longer: nobody can tell then.
pub(super) async fn find(cloud: &Cloud, wanted: &Create<'_>) -> Result<Option<String>, CallError> {
    let mut waited = Duration::ZERO;
    loop {
        // Asked first, for one that is made in between is in the list.
        let making = operation::makes_namespaces(cloud).await?;
        if let Some(id) = find_made(cloud, wanted).await? {
            return Ok(Some(id));
        }
        if !making {
            return Ok(None);
        }
        if waited >= PATIENCE {
            let message = "other namespaces are still being made, and the one looked for may be among them";
            return Err(CallError::new("servicediscovery:ListOperations", "ServiceUnavailable", message));
        }
        tokio::time::sleep(cloud.paced(PAUSE)).await;
        waited += PAUSE;
    }
}

async fn find_made(cloud: &Cloud, wanted: &Create<'_>) -> Result<Option<String>, CallError> {
    let name = text(wanted.properties, "name");
    let mut pages = cloud.servicediscovery.list_namespaces().into_paginator().send();
    while let Some(page) = pages.next().await {
        let page = page.map_err(failed("servicediscovery:ListNamespaces"))?;
        for summary in page.namespaces().iter().filter(|summary| summary.name() == name) {
            let Some(namespace) = get(cloud, summary.id().unwrap_or_default()).await? else { continue };
            if is_ours(cloud, &namespace, wanted.token).await? {
                return Ok(namespace.id);
            }
        }
    }
    Ok(None)
}

/// Whether a namespace was made by the call of this token: by its creator's request or its tag.
async fn is_ours(cloud: &Cloud, namespace: &Namespace, token: &str) -> Result<bool, CallError> {
    if namespace.creator_request_id() == Some(token) {
        return Ok(true);
    }
    let tags = present(tags::read(cloud, namespace.arn().unwrap_or_default()).await)?.unwrap_or(Json::Null);
    Ok(has_token(pairs(&JsonMap::from_iter([("tags".to_owned(), tags)]), "tags"), token))
}

/// Begins to delete one.
pub(super) async fn delete(cloud: &Cloud, target: &Delete<'_>) -> Result<Accepted, CallError> {
    let call = cloud.servicediscovery.delete_namespace().id(target.id);
    let answer = present(call.send().await.map_err(failed("servicediscovery:DeleteNamespace")))?;
    let waiting = answer.map(|answer| operation::waiting(answer.operation_id()));
    Ok(Accepted { attributes: JsonMap::new(), waiting })
}

/// Where one stands that is waited for; `attributes` are those of its type.
pub(super) async fn poll(
    cloud: &Cloud,
    question: &Poll<'_>,
    attributes: fn(&Namespace) -> JsonMap,
) -> Result<Progress, CallError> {
    let deleting = question.action == Action::Delete;
    if deleting && get(cloud, question.id).await?.is_none() {
        return Ok(Progress::Ready(JsonMap::new()));
    }
    if let Some(progress) = operation::poll(cloud, question.waiting).await? {
        return Ok(progress);
    }
    if deleting {
        return Ok(operation::pending("deleting"));
    }
    // Asked for only once its operation has ended: before that, one that is being made is not there yet.
    Ok(match get(cloud, question.id).await? {
        Some(namespace) => Progress::Ready(attributes(&namespace)),
        None => Progress::Failed {
            reason: "the namespace is gone".to_owned(),
            help: "run again: it will be made anew".to_owned(),
        },
    })
}
