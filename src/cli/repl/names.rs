//! [`Names`]: what runs, by name, as far as it is known: for completion, which waits for nobody.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use hzscript::script::explore::Wanted;

/// Names of what runs. Cheap to clone; filled beside whoever types.
#[derive(Debug, Clone, Default)]
pub struct Names(Arc<Mutex<Known>>);

#[derive(Debug, Default)]
struct Known {
    /// Services by their cluster.
    clusters: BTreeMap<String, BTreeSet<String>>,
    vpcs: BTreeSet<String>,
    roles: BTreeSet<String>,
}

impl Names {
    fn known(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Those that are wanted.
    pub fn of(&self, wanted: &Wanted) -> Vec<String> {
        let known = self.known();
        match wanted {
            Wanted::Clusters => known.clusters.keys().cloned().collect(),
            Wanted::Services(Some(cluster)) => known.clusters.get(cluster).into_iter().flatten().cloned().collect(),
            Wanted::Services(None) => known.clusters.values().flatten().cloned().collect(),
            Wanted::Roles => known.roles.iter().cloned().collect(),
            Wanted::Vpcs => known.vpcs.iter().cloned().collect(),
        }
    }

    /// Takes over what is known now.
    pub fn set(
        &self,
        services: impl IntoIterator<Item = (String, Vec<String>)>,
        vpcs: impl IntoIterator<Item = String>,
    ) {
        let mut known = self.known();
        known.clusters = services.into_iter().map(|(cluster, names)| (cluster, names.into_iter().collect())).collect();
        known.vpcs = vpcs.into_iter().collect();
    }

    /// Takes over the names of roles that the program knows of: asking for all of an account's takes long.
    pub fn roles(&self, roles: impl IntoIterator<Item = String>) {
        self.known().roles = roles.into_iter().collect();
    }
}
