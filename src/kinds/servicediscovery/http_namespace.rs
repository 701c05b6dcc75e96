//! `AWS::ServiceDiscovery::HttpNamespace`: names that are found by calls only, not by DNS. All its changes are
//! operations.

use async_trait::async_trait;
use aws_sdk_servicediscovery::types::{HttpNamespaceChange, Namespace, NamespaceType};
use futures::FutureExt;
use serde_json::json;

use super::{namespace, operation, tags};
use crate::cloud::{CallError, Cloud, failed};
use crate::kinds::abreast::abreast;
use crate::kinds::json::{member, misfit, put, text};
use crate::kinds::listing::Among;
use crate::kinds::tags::changes;
use crate::kinds::{Accepted, Create, Created, Delete, Facts, Kind, Observed, Poll, Progress, Update};
use crate::model::JsonMap;

/// The kind.
#[derive(Debug)]
pub struct HttpNamespace;

static FACTS: Facts = Facts {
    type_name: "AWS::ServiceDiscovery::HttpNamespace",
    sends: &["description", "name", "tags"],
    except: &[],
    replaces: &[],
    name: None,
    unique_by: &[&["name"]],
    deletable_in_use: false,
    arn: Some("arn"),
};

#[async_trait]
impl Kind for HttpNamespace {
    fn facts(&self) -> &'static Facts {
        &FACTS
    }

    async fn read(&self, cloud: &Cloud, ids: &[String]) -> Result<Vec<Option<Observed>>, CallError> {
        abreast(ids.iter().map(|id| read_one(cloud, id).boxed()).collect()).await
    }

    async fn list(&self, cloud: &Cloud, among: Among<'_>) -> Result<Vec<String>, CallError> {
        if among.is_within() { Ok(Vec::new()) } else { namespace::ids(cloud, &NamespaceType::Http).await }
    }

    async fn find(&self, cloud: &Cloud, wanted: &Create<'_>) -> Result<Option<String>, CallError> {
        namespace::find(cloud, wanted).await
    }

    async fn create(&self, cloud: &Cloud, wanted: &Create<'_>) -> Result<Created, CallError> {
        const ACTION: &str = "servicediscovery:CreateHttpNamespace";
        let call = cloud.servicediscovery.create_http_namespace().creator_request_id(wanted.token);
        let call = call
            .set_description(member(wanted.properties, "description").map_err(misfit(ACTION))?)
            .set_name(member(wanted.properties, "name").map_err(misfit(ACTION))?)
            .set_tags(tags::to_send(wanted.properties));
        let answer = call.send().await.map_err(failed(ACTION))?;
        let waiting = operation::waiting(answer.operation_id());
        let id = operation::namespace_made(cloud, ACTION, answer.operation_id().unwrap_or_default()).await?;
        let attributes = JsonMap::from_iter([("id".to_owned(), json!(id))]);
        Ok(Created { id, configure: false, accepted: Accepted { attributes, waiting: Some(waiting) } })
    }

    async fn update(&self, cloud: &Cloud, change: &Update<'_>) -> Result<Accepted, CallError> {
        const ACTION: &str = "servicediscovery:UpdateHttpNamespace";
        let mut waiting = None;
        if change.changes("description") {
            let description = text(change.wanted, "description").unwrap_or_default();
            let wanted = HttpNamespaceChange::builder().description(description).build();
            let wanted = wanted.map_err(|error| crate::kinds::json::refusal(ACTION, error.to_string()))?;
            let call = cloud.servicediscovery.update_http_namespace().id(change.id).namespace(wanted);
            let answer = call.updater_request_id(change.token).send().await.map_err(failed(ACTION))?;
            waiting = Some(operation::waiting(answer.operation_id()));
        }
        if let (true, Some(arn)) = (change.changes("tags"), text(change.attributes, "arn")) {
            tags::change(cloud, arn, &changes(change.wanted, change.prior, change.observed)).await?;
        }
        Ok(Accepted { attributes: JsonMap::new(), waiting })
    }

    async fn delete(&self, cloud: &Cloud, target: &Delete<'_>) -> Result<Accepted, CallError> {
        namespace::delete(cloud, target).await
    }

    async fn poll(&self, cloud: &Cloud, question: &mut Poll<'_>) -> Result<Progress, CallError> {
        namespace::poll(cloud, question, attributes).await
    }
}

async fn read_one(cloud: &Cloud, id: &str) -> Result<Option<Observed>, CallError> {
    let Some((namespace, tags)) = namespace::read(cloud, id).await? else { return Ok(None) };
    let mut properties = JsonMap::new();
    put(&mut properties, "name", &namespace.name);
    put(&mut properties, "description", &namespace.description);
    properties.insert("tags".to_owned(), tags);
    Ok(Some(Observed { properties, attributes: attributes(&namespace) }))
}

fn attributes(namespace: &Namespace) -> JsonMap {
    let mut attributes = JsonMap::new();
    put(&mut attributes, "id", &namespace.id);
    put(&mut attributes, "arn", &namespace.arn);
    attributes
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;
    use crate::kinds::echo;
    use crate::model::Json;

    #[tokio::test]
    async fn everything_claimed_is_sent_and_read_back() {
        let kept = Mutex::new(Json::Null);
        let cloud = echo::cloud(move |action, parameters| {
            let mut kept = kept.lock().unwrap();
            match action {
                "CreateHttpNamespace" => {
                    assert_eq!(parameters["CreatorRequestId"], "t");
                    *kept = json!(parameters);
                    kept["Id"] = json!("ns-1");
                    kept["Arn"] = json!("arn:1");
                    json!({ "OperationId": "op-1" })
                }
                "GetOperation" => {
                    json!({ "Operation": { "Id": "op-1", "Status": "PENDING", "Targets": { "NAMESPACE": "ns-1" } } })
                }
                "ListTagsForResource" => json!({ "Tags": kept["Tags"] }),
                _ => json!({ "Namespace": *kept }),
            }
        });
        let properties = echo::everything(&HttpNamespace);
        let created = HttpNamespace.create(&cloud, &Create { properties: &properties, token: "t" }).await.unwrap();
        assert_eq!(created.accepted.waiting, Some(operation::waiting(Some("op-1"))));
        let read = HttpNamespace.read(&cloud, &[created.id]).await.unwrap().remove(0).expect("it is there");
        echo::assert_same(&read.properties, &properties);
        assert_eq!(read.attributes["arn"], "arn:1");
    }
}
