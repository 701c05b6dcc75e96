//! ARNs of ECS in their long form, and the names that requests give in their place.

use crate::local::service::Fault;
use crate::local::store::Tx;

/// `arn:aws:ecs:REGION:ACCOUNT:RESOURCE`.
pub fn of(tx: &Tx<'_>, resource: &str) -> String {
    format!("arn:aws:ecs:{}:{}:{resource}", tx.region, tx.account)
}

/// The ARN of a cluster.
pub fn cluster(tx: &Tx<'_>, name: &str) -> String {
    of(tx, &format!("cluster/{name}"))
}

/// A role's ARN: requests may also name a role.
pub fn role(tx: &Tx<'_>, role: &str) -> String {
    if role.starts_with("arn:") { role.to_owned() } else { format!("arn:aws:iam::{}:role/{role}", tx.account) }
}

/// What stands after the kind of a reference: `cluster/demo` of an ARN is `demo` for the kind `cluster`, and what is no
/// ARN stands for itself.
///
/// # Errors
/// `InvalidParameterException` for an ARN of another region, account, service or kind.
pub fn resource<'a>(tx: &Tx<'_>, kind: &str, reference: &'a str) -> Result<&'a str, Fault> {
    if !reference.starts_with("arn:") {
        return Ok(reference);
    }
    let own = of(tx, kind);
    reference.strip_prefix(own.as_str()).and_then(|rest| rest.strip_prefix('/')).ok_or_else(|| {
        let message = format!("Invalid identifier: {reference} is no {kind} of this account and region.");
        Fault::new("InvalidParameterException", message)
    })
}

/// The last part of what [`resource`] finds: a service's or task's identifier, whichever form the ARN has.
///
/// # Errors
/// As for [`resource`].
pub fn last<'a>(tx: &Tx<'_>, kind: &str, reference: &'a str) -> Result<&'a str, Fault> {
    let rest = resource(tx, kind, reference)?;
    Ok(rest.rsplit_once('/').map_or(rest, |(_, last)| last))
}
