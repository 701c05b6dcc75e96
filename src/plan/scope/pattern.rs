//! [`AddressPattern`]: addresses as a user names them, where `*` stands for any text.

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::model::Address;

/// One address, or with `*` in it all that are like it: `ec2_subnet.*`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AddressPattern(String);

impl AddressPattern {
    /// A pattern. Any text is one, though most match nothing.
    pub fn new(text: &str) -> Self {
        Self(text.to_owned())
    }

    /// Whether it matches an address.
    pub fn matches(&self, address: &Address) -> bool {
        let address = address.to_string();
        let Some((head, rest)) = self.0.split_once('*') else { return self.0 == address };
        let Some(mut left) = address.strip_prefix(head) else { return false };
        // Each piece as early as it comes; the last one at the end.
        let mut pieces: Vec<&str> = rest.split('*').collect();
        let tail = pieces.pop().unwrap_or_default();
        for piece in pieces {
            match left.find(piece) {
                Some(at) => left = &left[at + piece.len()..],
                None => return false,
            }
        }
        left.ends_with(tail)
    }
}

impl fmt::Display for AddressPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<&str> for AddressPattern {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}

/// The address that is meant where a pattern matches none: one that is spelt like it, or called the same.
pub(super) fn closest(wrong: &AddressPattern, addresses: &BTreeSet<&Address>) -> Option<Address> {
    let allowed = (wrong.0.chars().count() / 4).max(1);
    let distance = |address: &&&Address| strsim::damerau_levenshtein(&address.to_string(), &wrong.0);
    let near = addresses.iter().min_by_key(distance).filter(|near| distance(near) <= allowed);
    let named = || addresses.iter().find(|address| address.name() == wrong.0);
    near.or_else(named).map(|address| (*address).clone())
}
