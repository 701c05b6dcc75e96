//! What becomes of VPC endpoints after they were made: changes, their end, and what takes time.

use serde_json::json;

use super::endpoint::{
    DELETED, DELETING, Endpoint, MADE, MAKING, State, add_subnets, add_tables, check_groups, policy, records,
    set_private_dns, wrong,
};
use super::endpoint_service::Form;
use super::ids::need;
use super::interface::{self, Interface};
use super::params::{Params, invalid, missing};
use super::tags;
use crate::local::service::{Fault, Timer};
use crate::local::store::Tx;
use crate::model::Json;

/// `ModifyVpcEndpoint`.
pub fn modify(tx: &mut Tx<'_>, params: Params<'_>) -> Result<Json, Fault> {
    params.refuse(&["SubnetConfiguration"])?;
    let mut endpoint: Endpoint = need(tx, params.required("VpcEndpointId")?)?;
    if endpoint.state != State::Available {
        let message = format!("The VPC endpoint {} is {}.", endpoint.id, endpoint.state.as_str());
        return Err(Fault::new("IncorrectState", message));
    }
    let for_interfaces = [
        "AddSecurityGroupId",
        "AddSubnetId",
        "DnsOptions",
        "IpAddressType",
        "PrivateDnsEnabled",
        "RemoveSecurityGroupId",
        "RemoveSubnetId",
    ];
    let for_gateways = ["AddRouteTableId", "RemoveRouteTableId"];
    let other = if endpoint.form == Form::Gateway { &for_interfaces[..] } else { &for_gateways[..] };
    if let Some(name) = other.iter().find(|name| params.has(name)) {
        return Err(wrong(format!("{name} is not for VPC endpoints of the type {}.", endpoint.form.as_str())));
    }
    match (params.flag("ResetPolicy")? == Some(true), policy(params)?) {
        (true, Some(_)) => return Err(wrong("A policy is either reset or given.")),
        (true, None) => endpoint.policy = None,
        (false, Some(given)) => endpoint.policy = Some(given),
        (false, None) => {}
    }
    let gone = params.list("RemoveRouteTableId");
    endpoint.tables.retain(|table| !gone.contains(&table.as_str()));
    add_tables(tx, &mut endpoint, &params.list("AddRouteTableId"))?;
    if let Some(records) = records(params)? {
        records.clone_into(&mut endpoint.records);
    }
    if let Some(on) = params.flag("PrivateDnsEnabled")? {
        set_private_dns(tx, &mut endpoint, on)?;
    }
    regroup(tx, &mut endpoint, params)?;
    if params.has("AddSubnetId") || params.has("RemoveSubnetId") {
        let gone = params.list("RemoveSubnetId");
        let (go, stay): (Vec<_>, Vec<_>) =
            endpoint.interfaces.into_iter().partition(|(subnet, _)| gone.contains(&subnet.as_str()));
        endpoint.interfaces = stay;
        for (_, interface) in go {
            interface::remove(tx, &interface)?;
        }
        add_subnets(tx, &mut endpoint, &params.list("AddSubnetId"))?;
        endpoint.state = State::Pending;
        tx.after(MAKING, "ec2", MADE, &endpoint.id)?;
    }
    tx.put(&endpoint)?;
    Ok(super::done())
}

fn regroup(tx: &mut Tx<'_>, endpoint: &mut Endpoint, params: Params<'_>) -> Result<(), Fault> {
    let (more, less) = (params.list("AddSecurityGroupId"), params.list("RemoveSecurityGroupId"));
    if more.is_empty() && less.is_empty() {
        return Ok(());
    }
    let mut groups = match endpoint.interfaces.first() {
        Some((_, interface)) => tx.get::<Interface>(interface)?.map(|of| of.groups).unwrap_or_default(),
        None => endpoint.groups.clone(),
    };
    groups.retain(|group| !less.contains(&group.as_str()));
    for group in more {
        if !groups.iter().any(|there| there == group) {
            groups.push(group.to_owned());
        }
    }
    if groups.is_empty() {
        return Err(invalid("A VPC endpoint needs a security group."));
    }
    endpoint.groups = groups;
    check_groups(tx, endpoint)?;
    for (_, interface) in &endpoint.interfaces {
        interface::regroup(tx, interface, endpoint.groups.clone())?;
    }
    Ok(())
}

/// `DeleteVpcEndpoints`: those that are not there are told in the answer.
pub fn delete(tx: &mut Tx<'_>, params: Params<'_>) -> Result<Json, Fault> {
    let ids = params.list("VpcEndpointId");
    if ids.is_empty() {
        return Err(missing("VpcEndpointId"));
    }
    let mut unsuccessful = Vec::new();
    for id in ids {
        let mut endpoint: Endpoint = match need(tx, id) {
            Ok(endpoint) => endpoint,
            Err(fault) if fault.status >= 500 => return Err(fault),
            Err(fault) => {
                let error = json!({ "code": fault.code, "message": fault.message });
                unsuccessful.push(json!({ "resourceId": id, "error": error }));
                continue;
            }
        };
        match (endpoint.form, endpoint.state) {
            (_, State::Deleting) => {}
            (Form::Gateway, _) => forget(tx, &endpoint)?,
            (Form::Interface, _) => {
                endpoint.state = State::Deleting;
                tx.put(&endpoint)?;
                tx.after(DELETING, "ec2", DELETED, &endpoint.id)?;
            }
        }
    }
    Ok(json!({ "unsuccessful": unsuccessful }))
}

fn forget(tx: &mut Tx<'_>, endpoint: &Endpoint) -> Result<(), Fault> {
    for (_, interface) in &endpoint.interfaces {
        interface::remove(tx, interface)?;
    }
    tx.delete::<Endpoint>(&endpoint.id)?;
    Ok(tags::forget(tx, &endpoint.id)?)
}

/// Carries out a timer of an endpoint.
///
/// # Errors
/// When the store fails.
pub fn due(tx: &mut Tx<'_>, timer: &Timer) -> Result<(), Fault> {
    let Some(mut endpoint) = tx.get::<Endpoint>(&timer.key)? else { return Ok(()) };
    match (timer.what.as_str(), endpoint.state) {
        (MADE, State::Pending) => {
            endpoint.state = State::Available;
            Ok(tx.put(&endpoint)?)
        }
        (DELETED, State::Deleting) => forget(tx, &endpoint),
        _ => Ok(()),
    }
}
