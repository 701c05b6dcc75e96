//! Which listeners and rules send to which target group, and so of which load balancer a group is.

use serde::{Deserialize, Serialize};

use super::super::service::Fault;
use super::super::store::{Object, StoreError, Tx};
use super::target;

/// That a listener or a rule sends to a target group.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Use {
    group: String,
    user: String,
    balancer: String,
}

impl Object for Use {
    const TABLE: &'static str = "elb.use";

    fn key(&self) -> String {
        format!("{} {}", self.group, self.user)
    }

    fn parent(&self) -> String {
        self.group.clone()
    }
}

/// Replaces the groups that a listener or a rule sent to (`before`) by others.
///
/// # Errors
/// `TargetGroupAssociationLimit` when one is another load balancer's: a group has one at most.
pub fn change(tx: &mut Tx<'_>, user: &str, balancer: &str, before: &[String], groups: &[String]) -> Result<(), Fault> {
    for group in before {
        tx.delete::<Use>(&format!("{group} {user}"))?;
    }
    for group in groups {
        if let Some(other) = balancer_of(tx, group)?.filter(|other| other != balancer) {
            let message = format!(
                "The following target groups cannot be associated with more than one load balancer: {group} \
                 (associated with {other})"
            );
            return Err(Fault::new("TargetGroupAssociationLimit", message));
        }
        tx.put(&Use { group: group.clone(), user: user.to_owned(), balancer: balancer.to_owned() })?;
    }
    for group in before.iter().filter(|group| !groups.contains(group)).chain(groups) {
        target::association_changed(tx, group)?;
    }
    Ok(())
}

/// The load balancer whose listeners send to a group.
///
/// # Errors
/// When the store fails.
pub fn balancer_of(tx: &Tx<'_>, group: &str) -> Result<Option<String>, StoreError> {
    Ok(tx.under::<Use>(group)?.into_iter().next().map(|one| one.balancer))
}
