//! `AWS::EC2::VPC`.
//!
//! Creation cannot set the two DNS attributes; `configure` does, one a call, as AWS asks for. Reading them takes two
//! calls a VPC, for which AWS has no batch.

use std::collections::BTreeMap;

use async_trait::async_trait;
use aws_sdk_ec2::types::{
    AttributeBooleanValue, Filter, ResourceType, Tenancy, Vpc as Described, VpcAttributeName, VpcState, VpcTenancy,
};
use futures::{StreamExt, TryStreamExt};
use serde_json::json;

use super::filters::{self, TOKEN, chunks, filter};
use super::properties::{flag, gone_is_fine, in_order, object, text, unsaid, word};
use super::tags;
use crate::cloud::{CallError, Cloud, failed};
use crate::kinds::listing::Among;
use crate::kinds::visible;
use crate::kinds::{Accepted, Action, Create, Created, Delete, Facts, Kind, Observed, Poll, Progress, Update};
use crate::model::{Json, JsonMap};

/// A VPC.
#[derive(Debug)]
pub struct Vpc;

static FACTS: Facts = Facts {
    type_name: "AWS::EC2::VPC",
    sends: &["cidrBlock", "enableDnsSupport", "enableDnsHostnames", "instanceTenancy", "tags"],
    except: &[],
    replaces: &[],
    name: None,
    unique_by: &[],
    deletable_in_use: false,
    arn: None,
};

/// How many VPCs' attributes to ask for at a time.
const AT_ONCE: usize = 8;

/// The two attributes that have calls of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Dns {
    Support,
    Hostnames,
}

/// What a new VPC has.
const NEW: (bool, bool) = (true, false);

#[async_trait]
impl Kind for Vpc {
    fn facts(&self) -> &'static Facts {
        &FACTS
    }

    async fn read(&self, cloud: &Cloud, ids: &[String]) -> Result<Vec<Option<Observed>>, CallError> {
        let found = describe(cloud, "vpc-id", ids).await?;
        Ok(in_order(ids, &observe(cloud, found).await?))
    }

    async fn list(&self, cloud: &Cloud, among: Among<'_>) -> Result<Vec<String>, CallError> {
        let mut ids = Vec::new();
        for filters in filters::among(among, &[]) {
            let own = filtered(cloud, filters).await?.into_iter().filter(|vpc| vpc.is_default() != Some(true));
            ids.extend(own.filter_map(|vpc| vpc.vpc_id));
        }
        Ok(ids)
    }

    async fn find(&self, cloud: &Cloud, wanted: &Create<'_>) -> Result<Option<String>, CallError> {
        let found = describe(cloud, TOKEN, &[wanted.token.to_owned()]).await?;
        Ok(found.into_iter().find_map(|vpc| vpc.vpc_id))
    }

    async fn create(&self, cloud: &Cloud, wanted: &Create<'_>) -> Result<Created, CallError> {
        let properties = wanted.properties;
        let answer = cloud
            .ec2
            .create_vpc()
            .set_cidr_block(text(properties, "cidrBlock"))
            .set_instance_tenancy(text(properties, "instanceTenancy").map(|word| Tenancy::from(word.as_str())))
            .set_tag_specifications(tags::specification(ResourceType::Vpc, properties))
            .send()
            .await
            .map_err(failed("ec2:CreateVpc"))?;
        let id = answer.vpc.and_then(|vpc| vpc.vpc_id).ok_or_else(|| unsaid("ec2:CreateVpc", "VPC's id"))?;
        let attributes = object([("vpcId", word(Some(&id)))]);
        // Its default group and access control list are known only once it is there.
        let accepted = Accepted { attributes, waiting: Some(JsonMap::new()) };
        Ok(Created { id, configure: !dns_calls(properties, &JsonMap::new(), NEW).is_empty(), accepted })
    }

    async fn configure(&self, cloud: &Cloud, id: &str, wanted: &Create<'_>) -> Result<(), CallError> {
        set_dns(cloud, id, dns_calls(wanted.properties, &JsonMap::new(), NEW)).await
    }

    async fn update(&self, cloud: &Cloud, change: &Update<'_>) -> Result<Accepted, CallError> {
        if change.changes("enableDnsSupport") || change.changes("enableDnsHostnames") {
            let there = (
                flag(change.observed, "enableDnsSupport").unwrap_or(NEW.0),
                flag(change.observed, "enableDnsHostnames").unwrap_or(NEW.1),
            );
            set_dns(cloud, change.id, dns_calls(change.wanted, change.prior, there)).await?;
        }
        // The one change that is possible: from `dedicated` to `default`.
        if change.changes("instanceTenancy") {
            cloud
                .ec2
                .modify_vpc_tenancy()
                .vpc_id(change.id)
                .instance_tenancy(VpcTenancy::Default)
                .send()
                .await
                .map_err(failed("ec2:ModifyVpcTenancy"))?;
        }
        if change.changes("tags") {
            tags::update(cloud, change.id, change).await?;
        }
        Ok(Accepted::default())
    }

    async fn delete(&self, cloud: &Cloud, target: &Delete<'_>) -> Result<Accepted, CallError> {
        let answer = cloud.ec2.delete_vpc().vpc_id(target.id).send().await;
        gone_is_fine(answer.map_err(failed("ec2:DeleteVpc")))?;
        Ok(Accepted::default())
    }

    async fn poll(&self, cloud: &Cloud, question: &mut Poll<'_>) -> Result<Progress, CallError> {
        if question.action == Action::Delete {
            return Ok(Progress::Ready(JsonMap::new()));
        }
        let found = describe(cloud, "vpc-id", &[question.id.to_owned()]).await?;
        if found.iter().any(|vpc| vpc.state() == Some(&VpcState::Pending)) {
            return Ok(visible::pending("pending"));
        }
        let mut observed = observe(cloud, found).await?;
        Ok(match observed.remove(question.id) {
            Some(observed) => Progress::Ready(observed.attributes),
            None => visible::unseen(question),
        })
    }
}

async fn describe(cloud: &Cloud, by: &str, values: &[String]) -> Result<Vec<Described>, CallError> {
    let mut found = Vec::new();
    for filter in chunks(by, values) {
        found.extend(filtered(cloud, vec![filter]).await?);
    }
    Ok(found)
}

/// What these filters let through together; everything when there are none.
async fn filtered(cloud: &Cloud, filters: Vec<Filter>) -> Result<Vec<Described>, CallError> {
    let pages = cloud.ec2.describe_vpcs().set_filters(Some(filters)).into_paginator().items().send();
    pages.collect::<Result<Vec<_>, _>>().await.map_err(failed("ec2:DescribeVpcs"))
}

/// The whole of what is known of VPCs, by their ids.
async fn observe(cloud: &Cloud, found: Vec<Described>) -> Result<BTreeMap<String, Observed>, CallError> {
    let ids: Vec<String> = found.iter().filter_map(|vpc| vpc.vpc_id.clone()).collect();
    let groups = default_groups(cloud, &ids).await?;
    let lists = default_lists(cloud, &ids).await?;
    let dns: Vec<Option<(bool, bool)>> =
        futures::stream::iter(ids.into_iter().map(|id| dns(cloud, id))).buffered(AT_ONCE).try_collect().await?;
    let mut observed = BTreeMap::new();
    for (vpc, dns) in found.into_iter().filter(|vpc| vpc.vpc_id.is_some()).zip(dns) {
        let (Some(id), Some(dns)) = (vpc.vpc_id.clone(), dns) else { continue };
        let default = |of: &BTreeMap<String, String>| of.get(&id).map(|id| json!(id));
        let answer = tell(&vpc, dns, default(&groups), default(&lists));
        observed.insert(id, answer);
    }
    Ok(observed)
}

fn tell(vpc: &Described, dns: (bool, bool), group: Option<Json>, list: Option<Json>) -> Observed {
    let ranges: Vec<&str> =
        vpc.cidr_block_association_set().iter().filter_map(|range| range.association_id()).collect();
    let ipv6: Vec<&str> =
        vpc.ipv6_cidr_block_association_set().iter().filter_map(|range| range.ipv6_cidr_block()).collect();
    Observed {
        properties: object([
            ("cidrBlock", word(vpc.cidr_block())),
            ("enableDnsSupport", Some(json!(dns.0))),
            ("enableDnsHostnames", Some(json!(dns.1))),
            ("instanceTenancy", word(vpc.instance_tenancy().map(Tenancy::as_str))),
            ("tags", Some(tags::observed(vpc.tags()))),
        ]),
        attributes: object([
            ("vpcId", word(vpc.vpc_id())),
            ("cidrBlockAssociations", Some(json!(ranges))),
            ("ipv6CidrBlocks", Some(json!(ipv6))),
            ("defaultSecurityGroup", group),
            ("defaultNetworkAcl", list),
        ]),
    }
}

/// The default group of each VPC.
async fn default_groups(cloud: &Cloud, vpcs: &[String]) -> Result<BTreeMap<String, String>, CallError> {
    let mut groups = BTreeMap::new();
    for vpcs in chunks("vpc-id", vpcs) {
        let request = cloud.ec2.describe_security_groups().filters(vpcs).filters(filter("group-name", ["default"]));
        let pages = request.into_paginator().items().send().collect::<Result<Vec<_>, _>>().await;
        let found = pages.map_err(failed("ec2:DescribeSecurityGroups"))?;
        groups.extend(found.into_iter().filter_map(|group| Some((group.vpc_id?, group.group_id?))));
    }
    Ok(groups)
}

/// The default network access control list of each VPC.
async fn default_lists(cloud: &Cloud, vpcs: &[String]) -> Result<BTreeMap<String, String>, CallError> {
    let mut lists = BTreeMap::new();
    for vpcs in chunks("vpc-id", vpcs) {
        let request = cloud.ec2.describe_network_acls().filters(vpcs).filters(filter("default", ["true"]));
        let pages = request.into_paginator().items().send().collect::<Result<Vec<_>, _>>().await;
        let found = pages.map_err(failed("ec2:DescribeNetworkAcls"))?;
        lists.extend(found.into_iter().filter_map(|list| Some((list.vpc_id?, list.network_acl_id?))));
    }
    Ok(lists)
}

/// Whether a VPC resolves names, and whether it gives names; `None` when it is gone meanwhile.
async fn dns(cloud: &Cloud, id: String) -> Result<Option<(bool, bool)>, CallError> {
    let ask = |attribute| cloud.ec2.describe_vpc_attribute().vpc_id(&id).attribute(attribute).send();
    let both = futures::try_join!(ask(VpcAttributeName::EnableDnsSupport), ask(VpcAttributeName::EnableDnsHostnames));
    match both.map_err(failed("ec2:DescribeVpcAttribute")) {
        Ok((support, hostnames)) => Ok(Some((
            support.enable_dns_support().and_then(AttributeBooleanValue::value).unwrap_or(NEW.0),
            hostnames.enable_dns_hostnames().and_then(AttributeBooleanValue::value).unwrap_or(NEW.1),
        ))),
        Err(error) if error.is_not_found() => Ok(None),
        Err(error) => Err(error),
    }
}

/// Which attributes to set, and in which order: a VPC gives names only while it resolves them. What the last run asked
/// for and this one does not goes back to what a new VPC has.
fn dns_calls(wanted: &JsonMap, prior: &JsonMap, there: (bool, bool)) -> Vec<(Dns, bool)> {
    let aim = |name, new| flag(wanted, name).or_else(|| prior.contains_key(name).then_some(new));
    let support = aim("enableDnsSupport", NEW.0).filter(|aim| *aim != there.0).map(|aim| (Dns::Support, aim));
    let hostnames = aim("enableDnsHostnames", NEW.1).filter(|aim| *aim != there.1).map(|aim| (Dns::Hostnames, aim));
    let mut calls: Vec<(Dns, bool)> = support.into_iter().chain(hostnames).collect();
    if support == Some((Dns::Support, false)) {
        calls.reverse();
    }
    calls
}

async fn set_dns(cloud: &Cloud, id: &str, calls: Vec<(Dns, bool)>) -> Result<(), CallError> {
    for (attribute, value) in calls {
        let value = AttributeBooleanValue::builder().value(value).build();
        let request = cloud.ec2.modify_vpc_attribute().vpc_id(id);
        let request = match attribute {
            Dns::Support => request.enable_dns_support(value),
            Dns::Hostnames => request.enable_dns_hostnames(value),
        };
        request.send().await.map_err(failed("ec2:ModifyVpcAttribute"))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn calls(wanted: Json, prior: Json, there: (bool, bool)) -> Vec<(Dns, bool)> {
        let map = |json: Json| json.as_object().cloned().expect("an object");
        dns_calls(&map(wanted), &map(prior), there)
    }

    #[test]
    fn names_are_given_only_while_they_are_resolved() {
        let both = |on: bool| json!({ "enableDnsSupport": on, "enableDnsHostnames": on });
        let on = [(Dns::Support, true), (Dns::Hostnames, true)];
        assert_eq!(calls(both(true), json!({}), (false, false)), on);
        assert_eq!(calls(both(true), json!({}), NEW), on[1..]);
        assert_eq!(calls(both(false), json!({}), (true, true)), [(Dns::Hostnames, false), (Dns::Support, false)]);
    }

    #[test]
    fn what_is_no_longer_asked_for_goes_back_to_what_a_new_vpc_has() {
        let prior = json!({ "enableDnsSupport": false, "enableDnsHostnames": true });
        assert_eq!(calls(json!({}), prior, (true, true)), [(Dns::Hostnames, false)]);
        assert_eq!(calls(json!({}), json!({}), (false, true)), []);
    }
}
