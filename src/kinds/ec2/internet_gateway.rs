//! `AWS::EC2::InternetGateway`.

use async_trait::async_trait;
use aws_sdk_ec2::types::{Filter, InternetGateway as Described, ResourceType};

use super::filters::{self, TOKEN, chunks};
use super::properties::{gone_is_fine, in_order, object, unsaid, word};
use super::tags;
use crate::cloud::{CallError, Cloud, failed};
use crate::kinds::listing::Among;
use crate::kinds::{Accepted, Create, Created, Delete, Facts, Kind, Observed, Update};

/// An internet gateway.
#[derive(Debug)]
pub struct InternetGateway;

static FACTS: Facts = Facts {
    type_name: "AWS::EC2::InternetGateway",
    sends: &["tags"],
    except: &[],
    replaces: &[],
    name: None,
    unique_by: &[],
    deletable_in_use: false,
    arn: None,
};

#[async_trait]
impl Kind for InternetGateway {
    fn facts(&self) -> &'static Facts {
        &FACTS
    }

    async fn read(&self, cloud: &Cloud, ids: &[String]) -> Result<Vec<Option<Observed>>, CallError> {
        let found = describe(cloud, "internet-gateway-id", ids).await?;
        let told = found.into_iter().filter_map(|gateway| {
            let observed = Observed {
                properties: object([("tags", Some(tags::observed(gateway.tags())))]),
                attributes: object([("internetGatewayId", word(gateway.internet_gateway_id()))]),
            };
            Some((gateway.internet_gateway_id?, observed))
        });
        Ok(in_order(ids, &told.collect()))
    }

    async fn list(&self, cloud: &Cloud, among: Among<'_>) -> Result<Vec<String>, CallError> {
        let mut ids = Vec::new();
        for filters in filters::among(among, &[("AWS::EC2::VPC", "attachment.vpc-id")]) {
            let found = filtered(cloud, filters).await?.into_iter();
            ids.extend(found.filter_map(|gateway| gateway.internet_gateway_id));
        }
        Ok(ids)
    }

    async fn find(&self, cloud: &Cloud, wanted: &Create<'_>) -> Result<Option<String>, CallError> {
        let found = describe(cloud, TOKEN, &[wanted.token.to_owned()]).await?;
        Ok(found.into_iter().find_map(|gateway| gateway.internet_gateway_id))
    }

    async fn create(&self, cloud: &Cloud, wanted: &Create<'_>) -> Result<Created, CallError> {
        let answer = cloud
            .ec2
            .create_internet_gateway()
            .set_tag_specifications(tags::specification(ResourceType::InternetGateway, wanted.properties))
            .send()
            .await
            .map_err(failed("ec2:CreateInternetGateway"))?;
        let id = answer.internet_gateway.and_then(|gateway| gateway.internet_gateway_id);
        let id = id.ok_or_else(|| unsaid("ec2:CreateInternetGateway", "gateway's id"))?;
        let attributes = object([("internetGatewayId", word(Some(&id)))]);
        Ok(Created { id, configure: false, accepted: Accepted { attributes, waiting: None } })
    }

    async fn update(&self, cloud: &Cloud, change: &Update<'_>) -> Result<Accepted, CallError> {
        tags::update(cloud, change.id, change).await?;
        Ok(Accepted::default())
    }

    async fn delete(&self, cloud: &Cloud, target: &Delete<'_>) -> Result<Accepted, CallError> {
        let answer = cloud.ec2.delete_internet_gateway().internet_gateway_id(target.id).send().await;
        gone_is_fine(answer.map_err(failed("ec2:DeleteInternetGateway")))?;
        Ok(Accepted::default())
    }
}

/// Internet gateways by a filter; also for their attachments.
pub(super) async fn describe(cloud: &Cloud, by: &str, values: &[String]) -> Result<Vec<Described>, CallError> {
    let mut found = Vec::new();
    for filter in chunks(by, values) {
        found.extend(filtered(cloud, vec![filter]).await?);
    }
    Ok(found)
}

/// What these filters let through together; everything when there are none.
async fn filtered(cloud: &Cloud, filters: Vec<Filter>) -> Result<Vec<Described>, CallError> {
    let pages = cloud.ec2.describe_internet_gateways().set_filters(Some(filters)).into_paginator().items().send();
    pages.collect::<Result<Vec<_>, _>>().await.map_err(failed("ec2:DescribeInternetGateways"))
}

/// All of the region; also for what they are attached to.
pub(super) async fn all(cloud: &Cloud) -> Result<Vec<Described>, CallError> {
    filtered(cloud, Vec::new()).await
}
