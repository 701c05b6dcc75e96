//! Logical ids: letters and digits, from a declaration's name and its kind, each once.
//!
//! An id depends on the address alone, unless two addresses come to the same id: then each gets a few digits more.

use std::collections::{BTreeMap, BTreeSet};

use sha2::{Digest, Sha256};

use crate::model::schema::schemas;
use crate::model::{Address, Program};

/// Digits that tell apart what would have the same id.
const DIGITS: usize = 8;

/// Logical ids of a program's resources.
#[derive(Debug)]
pub(super) struct Names<'a> {
    ids: BTreeMap<&'a Address, String>,
    taken: BTreeSet<String>,
}

impl<'a> Names<'a> {
    pub(super) fn of(program: &'a Program) -> Self {
        let mut wanted: BTreeMap<String, Vec<&Address>> = BTreeMap::new();
        for resource in &program.resources {
            wanted.entry(logical(&resource.address)).or_default().push(&resource.address);
        }
        let mut ids = BTreeMap::new();
        for (id, addresses) in &wanted {
            match addresses.as_slice() {
                [only] => drop(ids.insert(*only, id.clone())),
                several => ids.extend(several.iter().map(|address| (*address, format!("{id}{}", digits(address))))),
            }
        }
        let taken = ids.values().cloned().collect();
        Self { ids, taken }
    }

    /// The id of a resource of the program; empty for another.
    pub(super) fn id(&self, address: &Address) -> &str {
        self.ids.get(address).map_or("", String::as_str)
    }

    /// This id, with a letter at its end while a resource has it.
    pub(super) fn free(&self, mut id: String) -> String {
        while self.has(&id) {
            id.push('x');
        }
        id
    }

    /// Whether a resource has this id.
    pub(super) fn has(&self, id: &str) -> bool {
        self.taken.contains(id)
    }
}

/// The id of an address: its name and what its type is called, unless the name says that already.
fn logical(address: &Address) -> String {
    let name = pascal(address.name());
    let type_name = schemas().by_kind(address.kind()).map_or("", |schema| schema.type_name.as_str());
    let mut parts = type_name.rsplit("::");
    let own = parts.next().unwrap_or_default();
    // Types of two services that are called alike.
    let ending = format!("::{own}");
    let alike = schemas().kinds().filter(|(_, name)| name.ends_with(&ending)).count() > 1;
    let service = parts.next().filter(|_| alike).unwrap_or_default();
    let suffix = pascal(&format!("{service}-{own}"));
    if name.to_lowercase().ends_with(&suffix.to_lowercase()) { name } else { format!("{name}{suffix}") }
}

/// Words of letters and digits, each begun with a capital, without what is between them.
pub(super) fn pascal(text: &str) -> String {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric());
    let capital = |word: &str| word.get(..1).map(|first| first.to_ascii_uppercase() + &word[1..]);
    words.filter_map(capital).collect()
}

fn digits(address: &Address) -> String {
    let digest = Sha256::digest(address.to_string().as_bytes());
    let hex: String = digest.iter().map(|byte| format!("{byte:02X}")).collect();
    hex[..DIGITS].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Options, Resource, Source};

    fn ids(addresses: &[&str]) -> Vec<String> {
        let address = |text: &&str| text.parse::<Address>().expect("an address");
        let resource = |address: Address| Resource {
            address,
            properties: BTreeMap::new(),
            options: Options::default(),
            source: Source::default(),
        };
        let resources: Vec<Resource> = addresses.iter().map(address).map(resource).collect();
        let program = Program { resources, ..Program::default() };
        let names = Names::of(&program);
        program.resources.iter().map(|resource| names.id(&resource.address).to_owned()).collect()
    }

    #[test]
    fn ids_are_the_name_and_what_the_type_is_called() {
        let found = ids(&[
            "ec2_vpc.my-vpc",
            "ec2_subnet.my-vpc-public-1",
            "ec2_vpc.main",
            "ecs_service.web",
            "servicediscovery_service.web",
            "logs_log_group.ecs/a",
            "sns_topic.alerts",
        ]);
        let wanted = [
            "MyVpc",
            "MyVpcPublic1Subnet",
            "MainVPC",
            "WebECSService",
            "WebServiceDiscoveryService",
            "EcsALogGroup",
            "AlertsTopic",
        ];
        assert_eq!(found, wanted);
    }

    #[test]
    fn what_would_be_called_the_same_is_told_apart_by_its_address() {
        let both = ids(&["ecs_cluster.a-b", "ecs_cluster.a_b", "ecs_cluster.c"]);
        assert!(both[0] != both[1] && both.iter().all(|id| id.chars().all(|c| c.is_ascii_alphanumeric())), "{both:?}");
        assert_eq!(both[2], "CCluster");
        let swapped = ids(&["ecs_cluster.a_b", "ecs_cluster.a-b"]);
        assert_eq!((&swapped[1], &swapped[0]), (&both[0], &both[1]));
    }
}
