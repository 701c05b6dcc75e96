//! Arithmetic of IPv4 networks.

use std::net::Ipv4Addr;

use ipnet::Ipv4Net;

/// Why networks cannot be had.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum CidrError {
    /// Not an address and a prefix length.
    #[error("`{0}` is not an IPv4 network")]
    NotANetwork(String),
    /// The address has bits beyond the prefix.
    #[error("`{given}` has bits beyond its prefix")]
    HostBits {
        /// As given.
        given: String,
        /// The network that address is in.
        network: Ipv4Net,
    },
    /// The prefix would be longer than an address.
    #[error("{network} cannot be divided by {bits} more bits")]
    TooManyBits {
        /// What is divided.
        network: Ipv4Net,
        /// By how many bits.
        bits: i64,
    },
    /// More parts are wanted than there are.
    #[error("{network} has no {count} parts of /{prefix}")]
    TooMany {
        /// What is divided.
        network: Ipv4Net,
        /// How many parts are wanted.
        count: i64,
        /// Of which size.
        prefix: u8,
    },
}

impl CidrError {
    /// The way out.
    pub(super) fn help(&self) -> Option<String> {
        match self {
            Self::NotANetwork(_) => Some("such as `10.0.0.0/16`".to_owned()),
            Self::HostBits { network, .. } => Some(format!("write `{network}`")),
            Self::TooManyBits { .. } | Self::TooMany { .. } => Some("take a larger network or fewer parts".to_owned()),
        }
    }
}

/// A network from its text, host bits zero.
pub(super) fn parse(text: &str) -> Result<Ipv4Net, CidrError> {
    let given: Ipv4Net = text.parse().map_err(|_| CidrError::NotANetwork(text.to_owned()))?;
    let network = given.trunc();
    if network == given { Ok(network) } else { Err(CidrError::HostBits { given: text.to_owned(), network }) }
}

/// The first `count` parts of a network, each with a prefix longer by `bits`.
pub(super) fn subnets(network: Ipv4Net, bits: i64, count: i64) -> Result<Vec<Ipv4Net>, CidrError> {
    let prefix = u8::try_from(bits).ok().and_then(|bits| network.prefix_len().checked_add(bits)).filter(|p| *p <= 32);
    let Some(prefix) = prefix else { return Err(CidrError::TooManyBits { network, bits }) };
    let too_many = CidrError::TooMany { network, count, prefix };
    let available = 1i64 << (prefix - network.prefix_len());
    // More parts than this are nobody's network.
    let wanted = usize::try_from(count).map_err(|_| too_many.clone())?;
    if count > available || count > 1 << 12 {
        return Err(too_many);
    }
    let parts = network.subnets(prefix).map_err(|_| too_many)?;
    Ok(parts.take(wanted).collect())
}

/// The pattern by which Hazelcast's `interfaces` matches a network's addresses: each octet a number, a range `a-b` or
/// `*`.
pub(super) fn pattern(network: Ipv4Net) -> String {
    let (first, last): (Ipv4Addr, Ipv4Addr) = (network.network(), network.broadcast());
    let octet = |(low, high): (u8, u8)| match (low, high) {
        (0, 255) => "*".to_owned(),
        (low, high) if low == high => low.to_string(),
        (low, high) => format!("{low}-{high}"),
    };
    first.octets().into_iter().zip(last.octets()).map(octet).collect::<Vec<_>>().join(".")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_are_those_hazelcast_matches() {
        let pairs = [
            ("10.0.0.0/16", "10.0.*.*"),
            ("10.0.16.0/20", "10.0.16-31.*"),
            ("10.0.1.0/24", "10.0.1.*"),
            ("10.0.0.16/28", "10.0.0.16-31"),
            ("10.0.0.1/32", "10.0.0.1"),
        ];
        for (cidr, expected) in pairs {
            assert_eq!(parse(cidr).map(pattern), Ok(expected.to_owned()));
        }
    }

    #[test]
    fn a_network_is_divided_in_order() {
        let network = parse("10.0.0.0/16").expect("a network");
        let parts: Vec<String> = subnets(network, 4, 3).expect("they fit").iter().map(ToString::to_string).collect();
        assert_eq!(parts, ["10.0.0.0/20", "10.0.16.0/20", "10.0.32.0/20"]);
        assert!(matches!(subnets(network, 1, 3), Err(CidrError::TooMany { .. })));
        assert!(matches!(subnets(network, 17, 1), Err(CidrError::TooManyBits { .. })));
        assert!(matches!(parse("10.0.0.1/16"), Err(CidrError::HostBits { .. })));
    }
}
