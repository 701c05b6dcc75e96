//! `AWS::EC2::EIP`: an elastic IP address. What uses it, such as a NAT gateway, associates it.

use async_trait::async_trait;
use aws_sdk_ec2::types::{Address, DomainType, Filter, ResourceType};

use super::filters::{self, TOKEN, chunks};
use super::properties::{gone_is_fine, in_order, object, refusal, text, unsaid, word};
use super::{nat_gateway, tags};
use crate::cloud::{CallError, Cloud, ErrorClass, failed};
use crate::kinds::listing::Among;
use crate::kinds::{Accepted, Create, Created, Delete, Facts, Kind, Observed, Update};
use crate::model::JsonMap;

/// An elastic IP address.
#[derive(Debug)]
pub struct Eip;

static FACTS: Facts = Facts {
    type_name: "AWS::EC2::EIP",
    sends: &["domain", "tags"],
    except: &[],
    // No call moves an address to another pool.
    replaces: &[],
    name: None,
    unique_by: &[],
    deletable_in_use: false,
    arn: None,
};

#[async_trait]
impl Kind for Eip {
    fn facts(&self) -> &'static Facts {
        &FACTS
    }

    async fn read(&self, cloud: &Cloud, ids: &[String]) -> Result<Vec<Option<Observed>>, CallError> {
        let allocations: Vec<String> = ids.iter().map(|id| allocation(id).to_owned()).collect();
        let found = describe(cloud, "allocation-id", &allocations).await?;
        let told = found.into_iter().filter_map(|address| Some((address.allocation_id.clone()?, tell(&address))));
        Ok(in_order(&allocations, &told.collect()))
    }

    async fn list(&self, cloud: &Cloud, among: Among<'_>) -> Result<Vec<String>, CallError> {
        let found = match among.within("AWS::EC2::NatGateway") {
            Some(gateways) => {
                let gateways = nat_gateway::describe(cloud, "nat-gateway-id", gateways).await?.into_iter();
                let addresses = gateways.flat_map(|gateway| gateway.nat_gateway_addresses.unwrap_or_default());
                let allocations: Vec<String> = addresses.filter_map(|address| address.allocation_id).collect();
                describe(cloud, "allocation-id", &allocations).await?
            }
            None => {
                let mut found = Vec::new();
                for filters in filters::among(among, &[]) {
                    found.extend(filtered(cloud, filters).await?);
                }
                found
            }
        };
        // Addresses of load balancers and the like are shown and cannot be managed.
        let own = found.into_iter().filter(|address| address.service_managed().is_none());
        Ok(own.filter_map(|address| Some(identifier(&address.public_ip?, &address.allocation_id?))).collect())
    }

    async fn find(&self, cloud: &Cloud, wanted: &Create<'_>) -> Result<Option<String>, CallError> {
        let found = describe(cloud, TOKEN, &[wanted.token.to_owned()]).await?;
        Ok(found.into_iter().find_map(|address| Some(identifier(&address.public_ip?, &address.allocation_id?))))
    }

    async fn create(&self, cloud: &Cloud, wanted: &Create<'_>) -> Result<Created, CallError> {
        let properties = wanted.properties;
        let answer = cloud
            .ec2
            .allocate_address()
            .set_domain(text(properties, "domain").map(|word| DomainType::from(word.to_lowercase().as_str())))
            .set_tag_specifications(tags::specification(ResourceType::ElasticIp, properties))
            .send()
            .await
            .map_err(failed("ec2:AllocateAddress"))?;
        let (Some(ip), Some(allocation)) = (answer.public_ip, answer.allocation_id) else {
            return Err(unsaid("ec2:AllocateAddress", "address"));
        };
        let accepted = Accepted { attributes: attributes(&ip, &allocation), waiting: None };
        Ok(Created { id: identifier(&ip, &allocation), configure: false, accepted })
    }

    async fn update(&self, cloud: &Cloud, change: &Update<'_>) -> Result<Accepted, CallError> {
        if change.changes("domain") && text(change.wanted, "domain").is_some() {
            return Err(refusal(
                "ec2:AllocateAddress",
                "`domain` can only be `vpc`: EC2 has no other addresses any more",
            ));
        }
        if change.changes("tags") {
            tags::update(cloud, allocation(change.id), change).await?;
        }
        Ok(Accepted::default())
    }

    async fn delete(&self, cloud: &Cloud, target: &Delete<'_>) -> Result<Accepted, CallError> {
        let id = allocation(target.id);
        let answer = cloud.ec2.release_address().allocation_id(id).send().await;
        match gone_is_fine(answer.map_err(failed("ec2:ReleaseAddress"))) {
            // What was released and went to another account is refused as somebody else's, and so is what another
            // service has associated, such as a NAT gateway that is being deleted.
            Err(mut error) if error.is("AuthFailure") => {
                match describe(cloud, "allocation-id", &[id.to_owned()]).await?.first() {
                    None => return Ok(Accepted::default()),
                    Some(address) if address.association_id().is_some() => error.class = ErrorClass::Busy,
                    Some(_) => {}
                }
                Err(error)
            }
            Err(error) => Err(error),
            Ok(()) => Ok(Accepted::default()),
        }
    }
}

fn identifier(ip: &str, allocation: &str) -> String {
    format!("{ip}|{allocation}")
}

/// The part of the identifier that calls take.
fn allocation(id: &str) -> &str {
    id.rsplit('|').next().unwrap_or(id)
}

fn attributes(ip: &str, allocation: &str) -> JsonMap {
    object([("publicIp", word(Some(ip))), ("allocationId", word(Some(allocation)))])
}

/// Addresses by a filter. AWS has no pages here.
async fn describe(cloud: &Cloud, by: &str, values: &[String]) -> Result<Vec<Address>, CallError> {
    let mut found = Vec::new();
    for filter in chunks(by, values) {
        found.extend(filtered(cloud, vec![filter]).await?);
    }
    Ok(found)
}

/// What these filters let through together; everything when there are none.
async fn filtered(cloud: &Cloud, filters: Vec<Filter>) -> Result<Vec<Address>, CallError> {
    let answer = cloud.ec2.describe_addresses().set_filters(Some(filters)).send().await;
    Ok(answer.map_err(failed("ec2:DescribeAddresses"))?.addresses.unwrap_or_default())
}

fn tell(address: &Address) -> Observed {
    Observed {
        properties: object([
            ("domain", word(address.domain().map(DomainType::as_str))),
            ("tags", Some(tags::observed(address.tags()))),
        ]),
        attributes: attributes(address.public_ip().unwrap_or_default(), address.allocation_id().unwrap_or_default()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::kinds::echo;

    #[tokio::test]
    async fn what_is_refused_as_somebody_elses_is_gone_or_still_associated() {
        let item = "<item><allocationId>eipalloc-1</allocationId>ASSOCIATED</item>";
        let held = item.replace("ASSOCIATED", "<associationId>eipassoc-1</associationId>");
        for (there, class) in [
            (String::new(), None),
            (held, Some(ErrorClass::Busy)),
            (item.replace("ASSOCIATED", ""), Some(ErrorClass::Denied)),
        ] {
            let cloud = echo::cloud(move |action, _| match action {
                "ReleaseAddress" => {
                    let error = "<Error><Code>AuthFailure</Code><Message>not yours</Message></Error>";
                    json!(format!("<Response><Errors>{error}</Errors></Response>"))
                }
                _ => json!(format!(
                    "<DescribeAddressesResponse><addressesSet>{there}</addressesSet></DescribeAddressesResponse>"
                )),
            });
            let none = JsonMap::new();
            let target = Delete { id: "203.0.113.9|eipalloc-1", prior: &none, attributes: &none };
            assert_eq!(Eip.delete(&cloud, &target).await.err().map(|error| error.class), class);
        }
    }

    #[test]
    fn calls_take_the_second_part_of_the_identifier() {
        let id = identifier("203.0.113.9", "eipalloc-1");
        assert_eq!((id.as_str(), allocation(&id)), ("203.0.113.9|eipalloc-1", "eipalloc-1"));
    }
}
