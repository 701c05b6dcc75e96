//! The sizes of Fargate tasks.
//!
//! Source: the documentation of RegisterTaskDefinition (`cpu`), with the 32 vCPU sizes of its newest edition.

/// What memory goes with a task's CPU.
enum Memory {
    Among(&'static [i64]),
    Steps { least: i64, most: i64, step: i64 },
}

/// CPU units, and the MiB that go with them.
const SIZES: &[(i64, Memory)] = &[
    (256, Memory::Among(&[512, 1024, 2048])),
    (512, Memory::Steps { least: 1024, most: 4096, step: 1024 }),
    (1024, Memory::Steps { least: 2048, most: 8192, step: 1024 }),
    (2048, Memory::Steps { least: 4096, most: 16384, step: 1024 }),
    (4096, Memory::Steps { least: 8192, most: 30720, step: 1024 }),
    (8192, Memory::Steps { least: 16384, most: 61440, step: 4096 }),
    (16384, Memory::Steps { least: 32768, most: 122_880, step: 8192 }),
    (32768, Memory::Among(&[61440, 122_880, 249_856])),
];

/// Whether there is a size with these CPU units and MiB.
pub fn has_size(cpu: i64, memory: i64) -> bool {
    SIZES.iter().any(|(units, sizes)| {
        *units == cpu
            && match sizes {
                Memory::Among(all) => all.contains(&memory),
                Memory::Steps { least, most, step } => (*least..=*most).contains(&memory) && memory % step == 0,
            }
    })
}

/// The units of a task's `cpu` (`1024`, `1 vCPU`) or `memory` (`2048`, `2 GB`): 1024 to the vCPU or GB.
pub fn units(text: &str) -> Option<i64> {
    let text = text.trim();
    let lower = text.to_ascii_lowercase();
    if let Some(number) = ["vcpu", "gb"].iter().find_map(|unit| lower.strip_suffix(unit)) {
        let whole: f64 = number.trim().parse().ok()?;
        let units = whole * 1024.0;
        // Sizes are far below what a double holds exactly.
        #[allow(clippy::cast_possible_truncation)]
        return (units > 0.0 && units < 1e9).then_some(units as i64);
    }
    text.parse().ok().filter(|units| *units > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documented_pairs_and_no_others_are_sizes() {
        for (cpu, memory) in [(256, 512), (256, 2048), (512, 4096), (1024, 2048), (8192, 20480), (32768, 249_856)] {
            assert!(has_size(cpu, memory), "{cpu}/{memory}");
        }
        for (cpu, memory) in [(256, 4096), (512, 512), (300, 512), (1024, 2500), (8192, 17408), (32768, 65536)] {
            assert!(!has_size(cpu, memory), "{cpu}/{memory}");
        }
    }

    #[test]
    fn sizes_may_be_given_in_vcpus_and_gigabytes() {
        assert_eq!(units(".5 vCPU"), Some(512));
        assert_eq!(units("2GB"), Some(2048));
        assert_eq!(units("1024"), Some(1024));
        assert_eq!(units("much"), None);
        assert_eq!(units("-1 vCPU"), None);
    }
}
