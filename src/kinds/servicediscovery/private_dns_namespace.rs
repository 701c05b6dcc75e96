//! `AWS::ServiceDiscovery::PrivateDnsNamespace`: a private DNS domain of a VPC. All its changes are operations.

use async_trait::async_trait;
use aws_sdk_servicediscovery::operation::create_private_dns_namespace::builders::CreatePrivateDnsNamespaceFluentBuilder;
use aws_sdk_servicediscovery::types::{
    Namespace, NamespaceType, PrivateDnsNamespaceChange, PrivateDnsNamespaceProperties,
    PrivateDnsNamespacePropertiesChange, PrivateDnsPropertiesMutable, PrivateDnsPropertiesMutableChange, Soa,
    SoaChange,
};
use futures::FutureExt;
use serde_json::json;

use super::{namespace, operation, tags};
use crate::cloud::{CallError, Cloud, failed};
use crate::kinds::abreast::abreast;
use crate::kinds::json::{Misfit, member, misfit, object, put, text};
use crate::kinds::listing::Among;
use crate::kinds::tags::changes;
use crate::kinds::{Accepted, Create, Created, Delete, Facts, Kind, Observed, Poll, Progress, Update};
use crate::model::JsonMap;

object! {
    PrivateDnsNamespaceProperties {
        "dnsProperties" dns_properties set_dns_properties,
    }
    PrivateDnsNamespacePropertiesChange {
        "dnsProperties" dns_properties set_dns_properties,
    }
    PrivateDnsPropertiesMutable {
        "soa" soa set_soa,
    }
    PrivateDnsPropertiesMutableChange {
        "soa" soa set_soa,
    }
    Soa {
        "ttl" ttl set_ttl,
    }
    SoaChange {
        "ttl" ttl set_ttl,
    }
}

/// The kind.
#[derive(Debug)]
pub struct PrivateDnsNamespace;

static FACTS: Facts = Facts {
    type_name: "AWS::ServiceDiscovery::PrivateDnsNamespace",
    sends: &["description", "name", "properties", "tags", "vpc"],
    except: &[],
    replaces: &[],
    name: None,
    unique_by: &[&["name", "vpc"]],
    deletable_in_use: false,
    arn: Some("arn"),
};

/// The time to live of a namespace's SOA record for which none is given, in seconds (Cloud Map API reference, SOA).
const SOA_TTL: i64 = 15;

#[async_trait]
impl Kind for PrivateDnsNamespace {
    fn facts(&self) -> &'static Facts {
        &FACTS
    }

    async fn read(&self, cloud: &Cloud, ids: &[String]) -> Result<Vec<Option<Observed>>, CallError> {
        abreast(ids.iter().map(|id| read_one(cloud, id).boxed()).collect()).await
    }

    async fn list(&self, cloud: &Cloud, among: Among<'_>) -> Result<Vec<String>, CallError> {
        if among.is_within() { Ok(Vec::new()) } else { namespace::ids(cloud, &NamespaceType::DnsPrivate).await }
    }

    async fn find(&self, cloud: &Cloud, wanted: &Create<'_>) -> Result<Option<String>, CallError> {
        namespace::find(cloud, wanted).await
    }

    async fn create(&self, cloud: &Cloud, wanted: &Create<'_>) -> Result<Created, CallError> {
        const ACTION: &str = "servicediscovery:CreatePrivateDnsNamespace";
        let call = cloud.servicediscovery.create_private_dns_namespace().creator_request_id(wanted.token);
        let call = prepare(wanted.properties, call).map_err(misfit(ACTION))?;
        let answer = call.send().await.map_err(failed(ACTION))?;
        let waiting = operation::waiting(answer.operation_id());
        let id = operation::namespace_made(cloud, ACTION, answer.operation_id().unwrap_or_default()).await?;
        let attributes = JsonMap::from_iter([("id".to_owned(), json!(id))]);
        Ok(Created { id, configure: false, accepted: Accepted { attributes, waiting: Some(waiting) } })
    }

    async fn update(&self, cloud: &Cloud, change: &Update<'_>) -> Result<Accepted, CallError> {
        const ACTION: &str = "servicediscovery:UpdatePrivateDnsNamespace";
        let mut waiting = None;
        if change.changes("description") || change.changes("properties") {
            let wanted = to_change(change).map_err(misfit(ACTION))?;
            let call = cloud.servicediscovery.update_private_dns_namespace().id(change.id).namespace(wanted);
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

fn prepare(
    properties: &JsonMap,
    call: CreatePrivateDnsNamespaceFluentBuilder,
) -> Result<CreatePrivateDnsNamespaceFluentBuilder, Misfit> {
    Ok(call
        .set_description(member(properties, "description")?)
        .set_name(member(properties, "name")?)
        .set_properties(member(properties, "properties")?)
        .set_tags(tags::to_send(properties))
        .set_vpc(member(properties, "vpc")?))
}

fn to_change(change: &Update<'_>) -> Result<PrivateDnsNamespaceChange, Misfit> {
    let mut builder = PrivateDnsNamespaceChange::builder();
    if change.changes("description") {
        builder = builder.description(text(change.wanted, "description").unwrap_or_default());
    }
    if change.changes("properties") {
        let default = json!({ "properties": { "dnsProperties": { "soa": { "ttl": SOA_TTL } } } });
        let properties: Option<PrivateDnsNamespacePropertiesChange> = member(change.wanted, "properties")?;
        let properties = match (properties, default.as_object()) {
            (None, Some(default)) => member(default, "properties")?,
            (wanted, _) => wanted,
        };
        builder = builder.set_properties(properties);
    }
    Ok(builder.build())
}

async fn read_one(cloud: &Cloud, id: &str) -> Result<Option<Observed>, CallError> {
    let Some((namespace, tags)) = namespace::read(cloud, id).await? else { return Ok(None) };
    let mut properties = JsonMap::new();
    put(&mut properties, "name", &namespace.name);
    put(&mut properties, "description", &namespace.description);
    let dns = namespace.properties().and_then(|properties| properties.dns_properties());
    if let Some(soa) = dns.and_then(|dns| dns.soa()) {
        properties.insert("properties".to_owned(), json!({ "dnsProperties": { "soa": { "ttl": soa.ttl } } }));
    }
    properties.insert("tags".to_owned(), tags);
    Ok(Some(Observed { properties, attributes: attributes(&namespace) }))
}

fn attributes(namespace: &Namespace) -> JsonMap {
    let mut attributes = JsonMap::new();
    put(&mut attributes, "id", &namespace.id);
    put(&mut attributes, "arn", &namespace.arn);
    let dns = namespace.properties().and_then(|properties| properties.dns_properties());
    put(&mut attributes, "hostedZoneId", &dns.and_then(|dns| dns.hosted_zone_id.clone()));
    attributes
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;
    use crate::kinds::{Action, echo};
    use crate::model::Json;

    #[tokio::test]
    async fn everything_claimed_is_sent_and_read_back() {
        let kept = Mutex::new((Json::Null, 0));
        let cloud = echo::cloud(move |action, parameters| {
            let mut kept = kept.lock().unwrap();
            match action {
                "CreatePrivateDnsNamespace" => {
                    assert!(parameters["Vpc"].is_string() && parameters["CreatorRequestId"] == "t");
                    kept.0 = json!(parameters);
                    kept.0["Id"] = json!("ns-1");
                    kept.0["Arn"] = json!("arn:1");
                    json!({ "OperationId": "op-1" })
                }
                // What it makes is known the second time only.
                "GetOperation" => {
                    kept.1 += 1;
                    let targets = if kept.1 > 1 { json!({ "NAMESPACE": "ns-1" }) } else { json!({}) };
                    json!({ "Operation": { "Id": "op-1", "Status": "PENDING", "Targets": targets } })
                }
                "ListTagsForResource" => json!({ "Tags": kept.0["Tags"] }),
                _ => json!({ "Namespace": kept.0 }),
            }
        });
        let mut properties = echo::everything(&PrivateDnsNamespace);
        let wanted = Create { properties: &properties, token: "t" };
        let created = PrivateDnsNamespace.create(&cloud, &wanted).await.unwrap();
        assert_eq!(created.id, "ns-1");
        assert_eq!(created.accepted.waiting, Some(operation::waiting(Some("op-1"))));
        let read = PrivateDnsNamespace.read(&cloud, &[created.id]).await.unwrap().remove(0).expect("it is there");
        properties.remove("vpc");
        echo::assert_same(&read.properties, &properties);
        assert_eq!(read.attributes["arn"], "arn:1");
    }

    #[tokio::test]
    async fn a_namespace_that_is_gone_is_deleted_whatever_became_of_the_operation() {
        let cloud = echo::cloud(|_, _| json!({ "__type": "NamespaceNotFound" }));
        let none = JsonMap::new();
        let target = Delete { id: "ns-1", prior: &none, attributes: &none };
        assert_eq!(PrivateDnsNamespace.delete(&cloud, &target).await.unwrap(), Accepted::default());
        let mut waiting = operation::waiting(Some("op-1"));
        let mut question =
            Poll { id: "ns-1", action: Action::Delete, waiting: &mut waiting, attributes: &none, wanted: &none };
        let progress = PrivateDnsNamespace.poll(&cloud, &mut question).await.unwrap();
        assert_eq!(progress, Progress::Ready(JsonMap::new()));
    }
    #[tokio::test]
    async fn a_namespace_that_is_made_while_it_is_asked_for_is_there() {
        let ended = Mutex::new(false);
        let cloud = echo::cloud(move |action, _| {
            let mut ended = ended.lock().unwrap();
            match action {
                "GetOperation" => {
                    *ended = true;
                    json!({ "Operation": { "Id": "op-1", "Status": "SUCCESS" } })
                }
                _ if *ended => json!({ "Namespace": { "Id": "ns-1" } }),
                _ => json!({ "__type": "NamespaceNotFound" }),
            }
        });
        let none = JsonMap::new();
        let mut waiting = operation::waiting(Some("op-1"));
        let mut question =
            Poll { id: "ns-1", action: Action::Create, waiting: &mut waiting, attributes: &none, wanted: &none };
        let progress = PrivateDnsNamespace.poll(&cloud, &mut question).await.unwrap();
        let attributes = JsonMap::from_iter([("id".to_owned(), json!("ns-1"))]);
        assert_eq!(progress, Progress::Ready(attributes));
    }
}
