//! `AWS::EC2::VPCGatewayAttachment`, of internet gateways.
//!
//! What identifies one is the VPC: it has one internet gateway at most. So the gateway that is attached now is asked
//! for before it is detached, and an update that was cut off half-way can be repeated.

use async_trait::async_trait;
use aws_sdk_ec2::types::InternetGateway;

use super::internet_gateway;
use super::properties::{gone_is_fine, in_order, object, parts, refusal, text, word};
use crate::cloud::{CallError, Cloud, failed};
use crate::kinds::listing::Among;
use crate::kinds::{Accepted, Create, Created, Delete, Facts, Kind, Observed, Update};
use crate::model::JsonMap;

/// The attachment of an internet gateway to a VPC.
#[derive(Debug)]
pub struct VpcGatewayAttachment;

static FACTS: Facts = Facts {
    type_name: "AWS::EC2::VPCGatewayAttachment",
    sends: &["vpcId", "internetGatewayId"],
    except: &[],
    replaces: &[],
    name: None,
    unique_by: &[&["vpcId"], &["internetGatewayId"]],
    // Refused while anything in the VPC has a public address.
    deletable_in_use: false,
    arn: None,
};

/// The value of `AttachmentType` for internet gateways: CloudFormation's identifier is `IGW|vpc-…`.
const TYPE: &str = "IGW";

#[async_trait]
impl Kind for VpcGatewayAttachment {
    fn facts(&self) -> &'static Facts {
        &FACTS
    }

    async fn read(&self, cloud: &Cloud, ids: &[String]) -> Result<Vec<Option<Observed>>, CallError> {
        let vpcs: Vec<String> = ids.iter().map(|id| parts(id).1.to_owned()).collect();
        let told = attached(cloud, &vpcs).await?.into_iter().map(|(vpc, gateway)| {
            let observed = Observed {
                properties: object([("vpcId", word(Some(&vpc))), ("internetGatewayId", word(Some(&gateway)))]),
                attributes: attributes(),
            };
            (identifier(&vpc), observed)
        });
        Ok(in_order(ids, &told.collect()))
    }

    async fn list(&self, cloud: &Cloud, among: Among<'_>) -> Result<Vec<String>, CallError> {
        let found = match (among.within("AWS::EC2::VPC"), among.is_within()) {
            (Some(vpcs), _) => attached(cloud, vpcs).await?,
            (None, true) => Vec::new(),
            (None, false) => pairs(internet_gateway::all(cloud).await?),
        };
        Ok(found.iter().map(|(vpc, _)| identifier(vpc)).collect())
    }

    async fn find(&self, cloud: &Cloud, wanted: &Create<'_>) -> Result<Option<String>, CallError> {
        let (vpc, gateway) = ends(wanted.properties)?;
        let found = attached(cloud, std::slice::from_ref(&vpc)).await?;
        Ok(found.contains(&(vpc.clone(), gateway)).then(|| identifier(&vpc)))
    }

    async fn create(&self, cloud: &Cloud, wanted: &Create<'_>) -> Result<Created, CallError> {
        let (vpc, gateway) = ends(wanted.properties)?;
        attach(cloud, &vpc, &gateway).await?;
        let accepted = Accepted { attributes: attributes(), waiting: None };
        Ok(Created { id: identifier(&vpc), configure: false, accepted })
    }

    async fn update(&self, cloud: &Cloud, change: &Update<'_>) -> Result<Accepted, CallError> {
        let (vpc, gateway) = ends(change.wanted)?;
        let found = attached(cloud, std::slice::from_ref(&vpc)).await?;
        for (_, other) in found.iter().filter(|(_, other)| *other != gateway) {
            detach(cloud, &vpc, other).await?;
        }
        if !found.iter().any(|(_, attached)| *attached == gateway) {
            attach(cloud, &vpc, &gateway).await?;
        }
        Ok(Accepted::default())
    }

    async fn delete(&self, cloud: &Cloud, target: &Delete<'_>) -> Result<Accepted, CallError> {
        let vpc = parts(target.id).1.to_owned();
        for (_, gateway) in attached(cloud, std::slice::from_ref(&vpc)).await? {
            detach(cloud, &vpc, &gateway).await?;
        }
        Ok(Accepted::default())
    }
}

fn identifier(vpc: &str) -> String {
    format!("{TYPE}|{vpc}")
}

fn attributes() -> JsonMap {
    object([("attachmentType", word(Some(TYPE)))])
}

/// The VPC and the gateway.
fn ends(properties: &JsonMap) -> Result<(String, String), CallError> {
    let end = |name| {
        let missing = || refusal("ec2:AttachInternetGateway", format!("`{name}` is missing"));
        text(properties, name).ok_or_else(missing)
    };
    Ok((end("vpcId")?, end("internetGatewayId")?))
}

/// Which gateways are attached to these VPCs, as (VPC, gateway).
async fn attached(cloud: &Cloud, vpcs: &[String]) -> Result<Vec<(String, String)>, CallError> {
    let found = internet_gateway::describe(cloud, "attachment.vpc-id", vpcs).await?;
    Ok(pairs(found).into_iter().filter(|(vpc, _)| vpcs.contains(vpc)).collect())
}

/// Which VPCs these gateways are attached to, as (VPC, gateway).
fn pairs(found: Vec<InternetGateway>) -> Vec<(String, String)> {
    let pairs = found.into_iter().flat_map(|gateway| {
        let id = gateway.internet_gateway_id.unwrap_or_default();
        // `available` is what EC2 calls an internet gateway's attachment; going ones do not count.
        let live = gateway.attachments.unwrap_or_default().into_iter().filter(|attachment| {
            !attachment.state().is_some_and(|state| matches!(state.as_str(), "detaching" | "detached"))
        });
        live.filter_map(|attachment| attachment.vpc_id).map(move |vpc| (vpc, id.clone())).collect::<Vec<_>>()
    });
    pairs.collect()
}

async fn attach(cloud: &Cloud, vpc: &str, gateway: &str) -> Result<(), CallError> {
    let request = cloud.ec2.attach_internet_gateway().vpc_id(vpc).internet_gateway_id(gateway);
    request.send().await.map_err(failed("ec2:AttachInternetGateway"))?;
    Ok(())
}

/// Detaches; fine when it is not attached.
async fn detach(cloud: &Cloud, vpc: &str, gateway: &str) -> Result<(), CallError> {
    let request = cloud.ec2.detach_internet_gateway().vpc_id(vpc).internet_gateway_id(gateway);
    gone_is_fine(request.send().await.map_err(failed("ec2:DetachInternetGateway")))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn it_is_identified_by_its_vpc() {
        assert_eq!(identifier("vpc-1"), "IGW|vpc-1");
        assert_eq!(parts(&identifier("vpc-1")), ("IGW", "vpc-1"));
    }

    #[test]
    fn a_missing_end_is_named() {
        let properties = json!({ "vpcId": "vpc-1" });
        let error = ends(properties.as_object().expect("an object")).expect_err("no gateway");
        assert!(error.message.contains("internetGatewayId"), "{error}");
    }
}
