//! Ranges of addresses: which are taken, and which is the next to give.
//!
//! Invariant of [`Taken`]: its ranges are in order, and between two of them there is at least one free address. So what
//! is kept stays small however many addresses are taken, as they are given from the bottom.

use std::net::Ipv4Addr;

use ipnet::Ipv4Net;
use serde::{Deserialize, Serialize};

use super::params::invalid;
use crate::local::service::Fault;

/// How many addresses of a subnet AWS keeps: the first four and the last.
/// Source: <https://docs.aws.amazon.com/vpc/latest/userguide/subnet-sizing.html>
pub const RESERVED: u32 = 5;

/// Addresses that are taken, as ranges with both ends.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Taken(Vec<(u32, u32)>);

impl Taken {
    /// The first free address in a range, both ends included.
    pub fn first_free(&self, from: Ipv4Addr, to: Ipv4Addr) -> Option<Ipv4Addr> {
        let mut free = u32::from(from);
        for (low, high) in &self.0 {
            if *low > free {
                break;
            }
            if *high >= free {
                free = high.checked_add(1)?;
            }
        }
        (free <= u32::from(to)).then(|| Ipv4Addr::from(free))
    }

    /// Takes an address, and says whether it was free.
    pub fn take(&mut self, address: Ipv4Addr) -> bool {
        let address = u32::from(address);
        let at = self.0.partition_point(|(low, _)| *low <= address);
        if at > 0 && self.0[at - 1].1 >= address {
            return false;
        }
        let joins_before = at > 0 && self.0[at - 1].1 + 1 == address;
        let joins_after = at < self.0.len() && self.0[at].0 == address + 1;
        match (joins_before, joins_after) {
            (true, true) => {
                self.0[at - 1].1 = self.0[at].1;
                self.0.remove(at);
            }
            (true, false) => self.0[at - 1].1 = address,
            (false, true) => self.0[at].0 = address,
            (false, false) => self.0.insert(at, (address, address)),
        }
        true
    }

    /// Gives an address back, and says whether it was taken.
    pub fn give_back(&mut self, address: Ipv4Addr) -> bool {
        let address = u32::from(address);
        let at = self.0.partition_point(|(_, high)| *high < address);
        let Some((low, high)) = self.0.get(at).copied().filter(|(low, _)| *low <= address) else { return false };
        let mut rest = Vec::new();
        if low < address {
            rest.push((low, address - 1));
        }
        if address < high {
            rest.push((address + 1, high));
        }
        self.0.splice(at..=at, rest);
        true
    }

    /// How many are taken.
    pub fn count(&self) -> u32 {
        self.0.iter().map(|(low, high)| high - low + 1).sum()
    }
}

/// The addresses of a subnet that can be given: the first and the last of them.
pub fn usable(subnet: Ipv4Net) -> (Ipv4Addr, Ipv4Addr) {
    let first = u32::from(subnet.network()) + 4;
    let last = u32::from(subnet.broadcast()) - 1;
    (first.into(), last.into())
}

/// How many addresses a block has.
pub fn size(block: Ipv4Net) -> u32 {
    1u32.checked_shl(32 - u32::from(block.prefix_len())).unwrap_or(u32::MAX)
}

/// Reads a block for a VPC or subnet, its host bits cleared as AWS does: `100.68.0.18/18` is `100.68.0.0/18`.
///
/// # Errors
/// `InvalidParameterValue` when it is none, `range` when its size is not between /16 and /28.
pub fn block(text: &str, range: &str) -> Result<Ipv4Net, Fault> {
    let Ok(block) = text.parse::<Ipv4Net>() else {
        let message = format!("Value ({text}) for parameter cidrBlock is invalid. This is not a valid CIDR block.");
        return Err(invalid(message));
    };
    if (16..=28).contains(&block.prefix_len()) {
        Ok(block.trunc())
    } else {
        Err(Fault::new(range, format!("The CIDR '{text}' is invalid.")))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_usable_addresses_leave_out_the_five_reserved_ones() {
        let net: Ipv4Net = "10.0.1.0/28".parse().expect("a block");
        assert_eq!(usable(net), (Ipv4Addr::new(10, 0, 1, 4), Ipv4Addr::new(10, 0, 1, 14)));
        assert_eq!(size(net) - RESERVED, 11);
    }

    proptest! {
        #[test]
        fn taken_addresses_are_a_set(steps in prop::collection::vec((any::<bool>(), 0u32..24), 0..200)) {
            let mut taken = Taken::default();
            let mut model = BTreeSet::new();
            let address = |n: u32| Ipv4Addr::from(0x0a00_0000 + n);
            for (take, n) in steps {
                if take {
                    prop_assert_eq!(taken.take(address(n)), model.insert(n));
                } else {
                    prop_assert_eq!(taken.give_back(address(n)), model.remove(&n));
                }
                prop_assert_eq!(taken.count() as usize, model.len());
                let free = (4..20).find(|n| !model.contains(n)).map(address);
                prop_assert_eq!(taken.first_free(address(4), address(19)), free);
                prop_assert!(taken.0.windows(2).all(|pair| pair[0].1 + 1 < pair[1].0), "{:?}", taken);
            }
        }
    }
}
