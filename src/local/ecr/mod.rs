//! The container registry: repositories without images. None can be pushed here, so what a task is given is whatever
//! image it names, as long as the repository is there.

mod repository;
#[cfg(test)]
mod tests;

use serde_json::json;

use super::members::Members;
use super::service::{Fault, Listed, Service};
use super::store::Tx;
use crate::model::{Json, JsonMap};
use repository::Repository;

/// The service.
pub struct Ecr;

impl Service for Ecr {
    fn name(&self) -> &'static str {
        "ecr"
    }

    fn call(&self, tx: &mut Tx<'_>, action: &str, params: &JsonMap) -> Result<Json, Fault> {
        let members = &Members::new(params, "InvalidParameterException");
        match action {
            "CreateRepository" => repository::create(tx, members),
            "DescribeRepositories" => repository::describe(tx, members),
            "DeleteRepository" => repository::delete(tx, members),
            "PutImageScanningConfiguration" => repository::set_scanning(tx, members),
            "PutImageTagMutability" => repository::set_mutability(tx, members),
            "PutLifecyclePolicy" => repository::put_lifecycle(tx, members),
            "GetLifecyclePolicy" => repository::get_lifecycle(tx, members),
            "DeleteLifecyclePolicy" => repository::delete_lifecycle(tx, members),
            "SetRepositoryPolicy" => repository::set_policy(tx, members),
            "GetRepositoryPolicy" => repository::get_policy(tx, members),
            "DeleteRepositoryPolicy" => repository::delete_policy(tx, members),
            "ListTagsForResource" => repository::list_tags(tx, members),
            "TagResource" => repository::tag(tx, members),
            "UntagResource" => repository::untag(tx, members),
            "ListImages" => repository::images(tx, members, "imageIds"),
            "DescribeImages" => repository::images(tx, members, "imageDetails"),
            "GetAuthorizationToken" => Ok(authorization(tx)),
            _ => Err(Fault::unknown_action("ecr", action)),
        }
    }

    fn list(&self, tx: &Tx<'_>) -> Result<Vec<Listed>, Fault> {
        let listed = |repository: Repository| Listed {
            type_name: "AWS::ECR::Repository".to_owned(),
            id: repository.name,
            region: tx.region.clone(),
            name: None,
            status: None,
        };
        Ok(tx.all::<Repository>()?.into_iter().map(listed).collect())
    }
}

/// The host of the account's registry in the region.
fn registry(tx: &Tx<'_>) -> String {
    format!("{}.dkr.ecr.{}.amazonaws.com", tx.account, tx.region)
}

/// A token as docker takes it: `AWS:` and a password, in base64. It opens nothing.
fn authorization(tx: &Tx<'_>) -> Json {
    const TOKEN: &str = "QVdTOmxvY2Fs";
    let expires = tx.now.as_millisecond() as f64 / 1000.0 + 12.0 * 60.0 * 60.0;
    let proxy = format!("https://{}", registry(tx));
    json!({"authorizationData": [{"authorizationToken": TOKEN, "expiresAt": expires, "proxyEndpoint": proxy}]})
}

/// Whether an image is of a repository that should be in this registry and is not.
///
/// # Errors
/// When the store fails.
pub fn lacks(tx: &Tx<'_>, image: &str) -> Result<bool, Fault> {
    let Some(rest) = image.strip_prefix(&registry(tx)).and_then(|rest| rest.strip_prefix('/')) else {
        return Ok(false);
    };
    let name = rest.split(['@', ':']).next().unwrap_or(rest);
    Ok(tx.get::<Repository>(name)?.is_none())
}
