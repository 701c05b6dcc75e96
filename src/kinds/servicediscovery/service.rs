//! `AWS::ServiceDiscovery::Service`: a name in a namespace under which instances are registered.

use async_trait::async_trait;
use aws_sdk_servicediscovery::operation::create_service::builders::CreateServiceFluentBuilder;
use aws_sdk_servicediscovery::types::{
    DnsConfig, DnsConfigChange, DnsRecord, HealthCheckConfig, HealthCheckCustomConfig, HealthCheckType, RecordType,
    RoutingPolicy, Service as Described, ServiceChange, ServiceTypeOption,
};
use futures::FutureExt;
use serde_json::json;

use super::{operation, tags};
use crate::cloud::{CallError, Cloud, failed};
use crate::kinds::abreast::abreast;
use crate::kinds::absent::present;
use crate::kinds::json::{Misfit, member, misfit, object, put, refusal, text, words};
use crate::kinds::listing::Among;
use crate::kinds::tags::changes;
use crate::kinds::{
    Accepted, Action, Create, Created, Delete, Facts, Kind, NameRule, Observed, Poll, Progress, Update,
};
use crate::model::{Json, JsonMap};

words!(HealthCheckType, RecordType, RoutingPolicy, ServiceTypeOption);

object! {
    DnsConfig {
        "dnsRecords" dns_records set_dns_records,
        "routingPolicy" routing_policy set_routing_policy,
    }
    DnsConfigChange {
        "dnsRecords" dns_records set_dns_records,
    }
    DnsRecord {
        "ttl" ttl set_ttl,
        "type" r#type set_type,
    }
    HealthCheckConfig {
        "failureThreshold" failure_threshold set_failure_threshold,
        "resourcePath" resource_path set_resource_path,
        "type" r#type set_type,
    }
}

/// The kind.
#[derive(Debug)]
pub struct Service;

static FACTS: Facts = Facts {
    type_name: "AWS::ServiceDiscovery::Service",
    sends: &["description", "dnsConfig", "healthCheckCustomConfig", "name", "namespaceId", "tags", "type"],
    except: &[],
    replaces: &[],
    name: Some(NameRule { property: "name", max: 63 }),
    unique_by: &[&["name", "namespaceId"]],
    deletable_in_use: false,
    arn: Some("arn"),
};

#[async_trait]
impl Kind for Service {
    fn facts(&self) -> &'static Facts {
        &FACTS
    }

    async fn read(&self, cloud: &Cloud, ids: &[String]) -> Result<Vec<Option<Observed>>, CallError> {
        abreast(ids.iter().map(|id| read_one(cloud, id).boxed()).collect()).await
    }

    async fn list(&self, cloud: &Cloud, among: Among<'_>) -> Result<Vec<String>, CallError> {
        if among.is_within() {
            return Ok(Vec::new());
        }
        let mut pages = cloud.servicediscovery.list_services().into_paginator().send();
        let mut found = Vec::new();
        while let Some(page) = pages.next().await {
            found.extend(page.map_err(failed("servicediscovery:ListServices"))?.services.unwrap_or_default());
        }
        Ok(found.into_iter().filter_map(|service| service.id).collect())
    }

    async fn find(&self, cloud: &Cloud, wanted: &Create<'_>) -> Result<Option<String>, CallError> {
        let name = text(wanted.properties, "name");
        let mut pages = cloud.servicediscovery.list_services().into_paginator().send();
        while let Some(page) = pages.next().await {
            let page = page.map_err(failed("servicediscovery:ListServices"))?;
            for summary in page.services().iter().filter(|summary| summary.name() == name) {
                let service = get(cloud, summary.id().unwrap_or_default()).await?;
                if let Some(service) = service
                    && service.creator_request_id() == Some(wanted.token)
                {
                    return Ok(service.id);
                }
            }
        }
        Ok(None)
    }

    async fn create(&self, cloud: &Cloud, wanted: &Create<'_>) -> Result<Created, CallError> {
        const ACTION: &str = "servicediscovery:CreateService";
        let call = cloud.servicediscovery.create_service().creator_request_id(wanted.token);
        let call = prepare(wanted.properties, call).map_err(misfit(ACTION))?;
        let answer = call.send().await.map_err(failed(ACTION))?;
        let service = answer.service();
        Ok(Created {
            id: service.and_then(Described::id).unwrap_or_default().to_owned(),
            configure: false,
            accepted: Accepted { attributes: service.map(attributes).unwrap_or_default(), waiting: None },
        })
    }

    async fn update(&self, cloud: &Cloud, change: &Update<'_>) -> Result<Accepted, CallError> {
        const ACTION: &str = "servicediscovery:UpdateService";
        let mut waiting = None;
        if ["description", "dnsConfig"].iter().any(|name| change.changes(name)) {
            refuse_fixed(ACTION, change)?;
            let wanted = to_change(change.wanted).map_err(misfit(ACTION))?;
            let call = cloud.servicediscovery.update_service().id(change.id).service(wanted);
            let answer = call.send().await.map_err(failed(ACTION))?;
            waiting = Some(operation::waiting(answer.operation_id()));
        }
        if let (true, Some(arn)) = (change.changes("tags"), text(change.attributes, "arn")) {
            tags::change(cloud, arn, &changes(change.wanted, change.prior, change.observed)).await?;
        }
        Ok(Accepted { attributes: JsonMap::new(), waiting })
    }

    async fn delete(&self, cloud: &Cloud, target: &Delete<'_>) -> Result<Accepted, CallError> {
        let call = cloud.servicediscovery.delete_service().id(target.id);
        present(call.send().await.map_err(failed("servicediscovery:DeleteService")))?;
        Ok(Accepted::default())
    }

    async fn poll(&self, cloud: &Cloud, question: &mut Poll<'_>) -> Result<Progress, CallError> {
        let found = get(cloud, question.id).await?;
        if question.action == Action::Delete && found.is_none() {
            return Ok(Progress::Ready(JsonMap::new()));
        }
        if let Some(progress) = operation::poll(cloud, question.waiting).await? {
            return Ok(progress);
        }
        Ok(match (question.action, found) {
            (Action::Delete, _) => operation::pending("deleting"),
            (_, Some(service)) => Progress::Ready(attributes(&service)),
            (_, None) => Progress::Failed {
                reason: "the service is gone".to_owned(),
                help: "run again: it will be made anew".to_owned(),
            },
        })
    }
}

fn prepare(properties: &JsonMap, call: CreateServiceFluentBuilder) -> Result<CreateServiceFluentBuilder, Misfit> {
    Ok(call
        .set_description(member(properties, "description")?)
        .set_dns_config(member(properties, "dnsConfig")?)
        .set_health_check_custom_config(custom_check(properties)?)
        .set_name(member(properties, "name")?)
        .set_namespace_id(namespace(properties)?)
        .set_tags(tags::to_send(properties))
        .set_type(member(properties, "type")?))
}

/// The namespace, which may be declared in either of two places; calls have it in one.
fn namespace(properties: &JsonMap) -> Result<Option<String>, Misfit> {
    let dns = properties.get("dnsConfig").and_then(Json::as_object);
    match member(properties, "namespaceId")? {
        Some(id) => Ok(Some(id)),
        None => dns.map_or(Ok(None), |dns| member(dns, "namespaceId")),
    }
}

/// The custom health check; an empty one says that there is one.
#[expect(deprecated, reason = "Cloud Map takes no threshold but 1 any more, and takes it still")]
fn custom_check(properties: &JsonMap) -> Result<Option<HealthCheckCustomConfig>, Misfit> {
    let Some(declared) = properties.get("healthCheckCustomConfig").and_then(Json::as_object) else { return Ok(None) };
    let threshold = member(declared, "failureThreshold")?;
    Ok(Some(HealthCheckCustomConfig::builder().set_failure_threshold(threshold).build()))
}

/// UpdateService replaces all it can set: what is left out is taken away. So it gets everything that is wanted.
fn to_change(wanted: &JsonMap) -> Result<ServiceChange, Misfit> {
    Ok(ServiceChange::builder()
        .description(text(wanted, "description").unwrap_or_default())
        .set_dns_config(member(wanted, "dnsConfig")?)
        .build())
}

/// Refuses to change what UpdateService has no member for, though the schema would.
fn refuse_fixed(action: &'static str, change: &Update<'_>) -> Result<(), CallError> {
    for name in ["routingPolicy", "namespaceId"] {
        let of = |properties: &JsonMap| properties.get("dnsConfig").and_then(|dns| dns.get(name)).cloned();
        let (wanted, now) = (of(change.wanted), of(change.observed));
        if wanted.is_some() && now.is_some() && wanted != now {
            let message =
                format!("Cloud Map cannot change `dnsConfig.{name}` of a service: rename the resource to make another");
            return Err(refusal(action, message));
        }
    }
    Ok(())
}

async fn get(cloud: &Cloud, id: &str) -> Result<Option<Described>, CallError> {
    let answer = cloud.servicediscovery.get_service().id(id).send().await;
    let answer = present(answer.map_err(failed("servicediscovery:GetService")))?;
    Ok(answer.and_then(|answer| answer.service))
}

async fn read_one(cloud: &Cloud, id: &str) -> Result<Option<Observed>, CallError> {
    let Some(service) = get(cloud, id).await? else { return Ok(None) };
    // One that goes while it is read is gone.
    let Some(tags) = present(tags::read(cloud, service.arn().unwrap_or_default()).await)? else { return Ok(None) };
    Ok(Some(observed(&service, tags)))
}

#[expect(deprecated, reason = "Cloud Map takes no threshold but 1 any more, and tells it still")]
fn observed(service: &Described, tags: Json) -> Observed {
    let mut properties = JsonMap::new();
    put(&mut properties, "description", &service.description);
    put(&mut properties, "dnsConfig", &service.dns_config);
    // The namespace may have been declared in either place.
    if let (Some(Json::Object(dns)), Some(namespace)) = (properties.get_mut("dnsConfig"), service.namespace_id()) {
        dns.entry("namespaceId").or_insert_with(|| json!(namespace));
    }
    if let Some(check) = service.health_check_custom_config() {
        let mut custom = JsonMap::new();
        put(&mut custom, "failureThreshold", &check.failure_threshold);
        properties.insert("healthCheckCustomConfig".to_owned(), Json::Object(custom));
    }
    put(&mut properties, "name", &service.name);
    put(&mut properties, "namespaceId", &service.namespace_id);
    if service.r#type().is_some_and(|kind| kind.as_str() == "HTTP") {
        properties.insert("type".to_owned(), json!("HTTP"));
    }
    properties.insert("tags".to_owned(), tags);
    Observed { properties, attributes: attributes(service) }
}

fn attributes(service: &Described) -> JsonMap {
    let mut attributes = JsonMap::new();
    put(&mut attributes, "id", &service.id);
    put(&mut attributes, "arn", &service.arn);
    attributes
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;
    use crate::kinds::echo;

    #[tokio::test]
    async fn everything_claimed_is_sent_and_read_back() {
        let kept = Mutex::new(Json::Null);
        let cloud = echo::cloud(move |action, parameters| {
            let mut kept = kept.lock().unwrap();
            if action == "CreateService" {
                *kept = json!(parameters);
                kept["Id"] = json!("srv-1");
                kept["Arn"] = json!("arn:1");
            }
            json!({ "Service": *kept, "Tags": kept["Tags"] })
        });
        let mut properties = echo::everything(&Service);
        properties["dnsConfig"]["namespaceId"] = properties["namespaceId"].clone();
        let created = Service.create(&cloud, &Create { properties: &properties, token: "t" }).await.unwrap();
        let read = Service.read(&cloud, &[created.id]).await.unwrap().remove(0).expect("it is there");
        echo::assert_same(&read.properties, &properties);
        assert_eq!(read.attributes, created.accepted.attributes);
    }

    #[tokio::test]
    async fn an_update_says_everything_and_refuses_what_cannot_change() {
        let cloud = echo::cloud(|action, parameters| {
            let record = json!({ "Type": "A", "TTL": 5 });
            let whole = json!({ "Description": "d", "DnsConfig": { "DnsRecords": [record] } });
            assert_eq!((action, &parameters["Service"]), ("UpdateService", &whole));
            json!({ "OperationId": "op-1" })
        });
        let dns = |policy: &str| json!({ "routingPolicy": policy, "dnsRecords": [{ "type": "A", "ttl": 5 }] });
        let wanted =
            JsonMap::from_iter([("description".to_owned(), json!("d")), ("dnsConfig".to_owned(), dns("MULTIVALUE"))]);
        let observed = |policy: &str| JsonMap::from_iter([("dnsConfig".to_owned(), dns(policy))]);
        let none = JsonMap::new();
        let update = |observed| Update {
            id: "srv-1",
            wanted: &wanted,
            observed,
            prior: &none,
            attributes: &none,
            changed: const { &[] },
            token: "t",
        };
        let changed = ["dnsConfig".to_owned()];
        let same = observed("MULTIVALUE");
        let accepted = Service.update(&cloud, &Update { changed: &changed, ..update(&same) }).await.unwrap();
        assert_eq!(accepted.waiting, Some(operation::waiting(Some("op-1"))));
        let other = observed("WEIGHTED");
        let error = Service.update(&cloud, &Update { changed: &changed, ..update(&other) }).await.unwrap_err();
        assert!(error.message.contains("dnsConfig.routingPolicy"), "{error}");
    }
}
