//! How many calls were made of AWS, in words.

use std::collections::BTreeMap;

use hzscript::cloud::Count;

/// A line for all of them, and one a service, the busiest first.
pub fn told(counted: &BTreeMap<(String, String), Count>) -> String {
    let mut services: BTreeMap<&str, Service<'_>> = BTreeMap::new();
    for ((service, operation), count) in counted {
        let Service { all, operations } = services.entry(service).or_default();
        add(all, count);
        operations.push((count.sent, operation));
    }
    let mut all = Count::default();
    services.values().for_each(|service| add(&mut all, &service.all));
    let mut services: Vec<_> = services.into_iter().collect();
    services.sort_by_key(|(_, service)| std::cmp::Reverse(service.all.sent));
    let mut lines = vec![format!("API calls: {}", sent(&all))];
    let width = services.iter().map(|(service, _)| service.len()).max().unwrap_or_default();
    for (service, Service { all, mut operations }) in services {
        operations.sort_by_key(|(sent, _)| std::cmp::Reverse(*sent));
        let operations: Vec<String> = operations.iter().map(|(sent, name)| format!("{name} {sent}")).collect();
        lines.push(format!("  {service:width$}  {}: {}", sent(&all), operations.join(", ")));
    }
    lines.join("\n")
}

/// Calls of a service.
#[derive(Default)]
struct Service<'a> {
    all: Count,
    operations: Vec<(u64, &'a str)>,
}

fn add(all: &mut Count, count: &Count) {
    all.sent += count.sent;
    all.throttled += count.throttled;
}

fn sent(count: &Count) -> String {
    match count.throttled {
        0 => count.sent.to_string(),
        throttled => format!("{} ({throttled} throttled)", count.sent),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_are_told_by_service_the_busiest_first() {
        let count = |sent, throttled| Count { sent, throttled };
        let counted = [
            (("ec2", "CreateVpc"), count(1, 0)),
            (("ec2", "DescribeVpcs"), count(3, 1)),
            (("sts", "GetCallerIdentity"), count(1, 0)),
        ];
        let counted = counted.into_iter().map(|((service, name), count)| ((service.into(), name.into()), count));
        insta::assert_snapshot!(told(&counted.collect()), @r"
        API calls: 5 (1 throttled)
          ec2  4 (1 throttled): DescribeVpcs 3, CreateVpc 1
          sts  1: GetCallerIdentity 1
        ");
    }
}
