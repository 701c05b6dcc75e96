//! [`Formation`]: that the tasks of a service are members which have to find each other; [`Formed`]: whether they have.

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

/// What came of looking whether members found each other.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "found", rename_all = "camelCase")]
pub enum Formed {
    /// They have.
    Together {
        /// How many they are.
        members: usize,
    },
    /// It was not looked at.
    Skipped {
        /// Why not.
        reason: String,
    },
    /// It could not be seen.
    Unseen {
        /// Why not.
        reason: String,
    },
}

impl std::fmt::Display for Formed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Together { members: 0 } => f.write_str("no members are wanted"),
            Self::Together { members: 1 } => f.write_str("1 member, which has nobody to find"),
            Self::Together { members } => write!(f, "{members} members formed one cluster"),
            Self::Skipped { reason } => {
                write!(f, "whether its members found each other was not looked at: {reason}")
            }
            Self::Unseen { reason } => write!(f, "whether its members found each other could not be seen: {reason}"),
        }
    }
}
