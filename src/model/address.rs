//! Names of declarations: a [`KindName`] and an [`Address`] (`kind.name`), parsed once at the edge.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// A kind by its builder's name, such as `ec2_vpc` for `AWS::EC2::VPC`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct KindName(Arc<str>);

impl KindName {
    /// The builder's name of a CloudFormation type: service and type in snake case, acronyms kept together
    /// (`AWS::EC2::VPCGatewayAttachment` is `ec2_vpc_gateway_attachment`).
    ///
    /// # Examples
    /// ```
    /// use hzscript::model::KindName;
    /// let kind = KindName::from_type("AWS::ServiceDiscovery::PrivateDnsNamespace");
    /// assert_eq!(kind.as_str(), "servicediscovery_private_dns_namespace");
    /// ```
    pub fn from_type(type_name: &str) -> Self {
        let mut parts = type_name.split("::").skip(1);
        let service = parts.next().unwrap_or(type_name).to_lowercase();
        let rest: Vec<String> = parts.map(snake_case).collect();
        Self(std::iter::once(service).chain(rest).collect::<Vec<_>>().join("_").into())
    }

    /// What a type is called of which nothing but its name is known: that very name, so that it can be told from it.
    pub(super) fn of_open(type_name: &str) -> Self {
        Self(type_name.into())
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for KindName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn snake_case(name: &str) -> String {
    let chars: Vec<char> = name.chars().collect();
    let mut out = String::with_capacity(name.len() + 4);
    for (i, &c) in chars.iter().enumerate() {
        let starts_word = c.is_uppercase()
            && i > 0
            && (!chars[i - 1].is_uppercase() || chars.get(i + 1).is_some_and(|next| next.is_lowercase()));
        if starts_word {
            out.push('_');
        }
        out.extend(c.to_lowercase());
    }
    out
}

/// Where a declaration lives in a stack: `kind.name`, such as `ecs_service.hazelcast-service`.
///
/// A name is 1 to 128 characters: letters, digits, `-`, `_`, `/` and `.`, starting with a letter or a digit.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Address {
    kind: KindName,
    name: Arc<str>,
}

/// Why a text is not an address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// No `.` between kind and name.
    #[error("`{0}` is not an address: write kind.name, such as ecs_cluster.main")]
    NoKind(String),
    /// The name has a character it cannot have, or is too long.
    #[error("`{0}` is not a name: 1 to 128 letters, digits, `-`, `_`, `/` or `.`, starting with a letter or digit")]
    BadName(String),
}

impl Address {
    /// An address from its parts.
    ///
    /// # Errors
    /// [`AddressError::BadName`] when the name is not one.
    pub fn new(kind: KindName, name: &str) -> Result<Self, AddressError> {
        Self::check_name(name)?;
        Ok(Self { kind, name: name.into() })
    }

    /// Whether a text can be the name in an address.
    ///
    /// # Errors
    /// [`AddressError::BadName`] when it cannot.
    pub fn check_name(name: &str) -> Result<(), AddressError> {
        let ok = (1..=128).contains(&name.len())
            && name.starts_with(|c: char| c.is_ascii_alphanumeric())
            && name.chars().all(|c| c.is_ascii_alphanumeric() || "-_/.".contains(c));
        if ok { Ok(()) } else { Err(AddressError::BadName(name.to_owned())) }
    }

    /// The kind's builder name.
    pub fn kind(&self) -> &KindName {
        &self.kind
    }

    /// The declaration's own name.
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.kind, self.name)
    }
}

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (kind, name) = text.split_once('.').ok_or_else(|| AddressError::NoKind(text.to_owned()))?;
        Self::new(KindName(kind.into()), name)
    }
}

impl Serialize for Address {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Address {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}
