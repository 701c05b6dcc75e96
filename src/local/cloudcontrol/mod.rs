//! Cloud Control: objects of every type that CloudFormation's registry has and no other service here keeps.
//!
//! An object is its properties, judged by its type's schema; it has no effect on anything. What a call changes is a
//! [`request`], which takes a while and ends by a timer. Types of other services here are refused: those services keep
//! their objects, and calls of theirs would not show there.

mod made;
mod model;
mod patch;
mod request;
mod resource;
#[cfg(test)]
mod tests;

use super::members::Members;
use super::service::{Fault, Listed, Service, Timer};
use super::store::Tx;
use crate::model::{Json, JsonMap};
use resource::Resource;

/// The signing name.
const NAME: &str = "cloudcontrolapi";

/// The service.
pub struct CloudControl;

impl Service for CloudControl {
    fn name(&self) -> &'static str {
        NAME
    }

    fn call(&self, tx: &mut Tx<'_>, action: &str, params: &JsonMap) -> Result<Json, Fault> {
        let members = &Members::new(params, "ValidationException");
        match action {
            "CreateResource" => resource::create(tx, members),
            "GetResource" => resource::get(tx, members),
            "UpdateResource" => resource::update(tx, members),
            "DeleteResource" => resource::delete(tx, members),
            "ListResources" => resource::list(tx, members),
            "GetResourceRequestStatus" => request::status(tx, members),
            "ListResourceRequests" => request::list(tx, members),
            "CancelResourceRequest" => request::cancel(tx, members),
            _ => Err(Fault::unknown_action(NAME, action)),
        }
    }

    fn due(&self, tx: &mut Tx<'_>, timer: &Timer) -> Result<(), Fault> {
        request::due(tx, timer)
    }

    fn list(&self, tx: &Tx<'_>) -> Result<Vec<Listed>, Fault> {
        let listed = |resource: Resource| Listed {
            type_name: resource.type_name,
            id: resource.id,
            region: tx.region.clone(),
            name: None,
            status: None,
        };
        Ok(tx.all::<Resource>()?.into_iter().map(listed).collect())
    }
}
