//! [`Formation`]: that the tasks of a service are members which have to find each other.

use serde::{Deserialize, Serialize};

/// What the members are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Product {
    /// Hazelcast.
    Hazelcast,
    /// OrientDB, whose nodes find each other by the Hazelcast in them.
    Orientdb,
}

impl Product {
    /// Every one, and the word scripts have for it.
    pub const ALL: [(&'static str, Self); 2] = [("hazelcast", Self::Hazelcast), ("orientdb", Self::Orientdb)];

    /// The port on which members reach each other unless another is configured.
    pub fn port(self) -> u16 {
        match self {
            Self::Hazelcast => 5701,
            Self::Orientdb => 2434,
        }
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Hazelcast => "Hazelcast",
            Self::Orientdb => "OrientDB",
        }
    }
}

/// What is expected of a service's tasks once it is steady: that they have found each other. It is looked for in what
/// they log, and is no property of the service.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Formation {
    /// What the members are.
    pub product: Product,
    /// The port on which they reach each other.
    pub port: u16,
    /// How many members make the cluster; by default as many as the service runs tasks.
    #[serde(default)]
    pub size: Option<u32>,
    /// The container that is the member; by default the first of the task definition that logs to CloudWatch.
    #[serde(default)]
    pub container: Option<String>,
    /// The name by which members look each other up, when they do so by DNS.
    #[serde(default)]
    pub namespace: Option<String>,
}
