//! Services and their tasks, load balancers, and the files that tasks use.

use std::collections::BTreeSet;

use super::{Drawing, Line, Subnet, Tone};
use crate::model::Value;
use crate::picture::subject::within;

const CLUSTER: &str = "AWS::ECS::Cluster";
const TASK: &str = "AWS::ECS::TaskDefinition";
const SERVICE: &str = "AWS::ECS::Service";
const BALANCER: &str = "AWS::ElasticLoadBalancingV2::LoadBalancer";
const LISTENER: &str = "AWS::ElasticLoadBalancingV2::Listener";
const RULE: &str = "AWS::ElasticLoadBalancingV2::ListenerRule";
const TARGETS: &str = "AWS::ElasticLoadBalancingV2::TargetGroup";
const FILES: &str = "AWS::EFS::FileSystem";
const REGISTRY: &str = "AWS::ServiceDiscovery::Service";
const NAMES: &str = "AWS::ServiceDiscovery::PrivateDnsNamespace";

impl Drawing<'_> {
    /// Draws them.
    pub(super) fn services(&mut self) {
        let finder = self.finder;
        for at in finder.of_kind(BALANCER) {
            self.balancer(at);
        }
        for at in finder.of_kind(FILES) {
            self.files(at);
        }
        for at in finder.of_kind(SERVICE) {
            self.service(at);
        }
    }

    fn service(&mut self, at: usize) {
        let finder = self.finder;
        let Some(item) = finder.items.get(at) else { return };
        let cluster = match item.properties.get("cluster") {
            Some(cluster) => finder
                .named(cluster, CLUSTER)
                .map(|at| self.name(at))
                .or_else(|| finder.text(cluster))
                .unwrap_or_default(),
            None => "default".to_owned(),
        };
        let title = format!("ECS cluster {cluster}");
        let frame = match self.groups.iter().position(|group| group.within.is_none() && group.title == title) {
            Some(frame) => frame,
            None => self.group(None, title, String::new(), Tone::Compute),
        };
        let task = item.properties.get("taskDefinition").and_then(|task| finder.named(task, TASK));
        let mut lines = Vec::new();
        if let Some(count) = finder.property(at, "desiredCount") {
            lines.push(format!("{count} {} wanted", if count == "1" { "task" } else { "tasks" }));
        }
        let containers = task.and_then(|task| finder.items.get(task)).map(|task| task.properties);
        let of_containers = |names: &[&str]| -> Vec<String> {
            let found = containers.map(|properties| within(properties, names)).unwrap_or_default();
            found.into_iter().filter_map(|value| finder.text(value)).collect()
        };
        lines.extend(of_containers(&["containerDefinitions", "image"]));
        let registries = within(item.properties, &["serviceRegistries", "registryArn"]);
        for registry in registries.into_iter().filter_map(|arn| finder.named(arn, REGISTRY)) {
            let name = finder.property(registry, "name").unwrap_or_else(|| self.name(registry));
            let namespaces = finder.items.get(registry).map(|item| {
                let at = [&["namespaceId"][..], &["dnsConfig", "namespaceId"]];
                at.iter().flat_map(|names| within(item.properties, names)).collect::<Vec<_>>()
            });
            let namespace = namespaces.into_iter().flatten().find_map(|value| finder.named(value, NAMES));
            let zone = namespace.and_then(|at| finder.property(at, "name")).map(|zone| format!(".{zone}"));
            lines.push(format!("found as {name}{}", zone.unwrap_or_default()));
        }
        let (id, name) = (self.id(at), self.name(at));
        let node = self.node(id, Some(frame), name.clone(), lines, Tone::Compute);

        let network = ["networkConfiguration", "awsvpcConfiguration"];
        let of_network = |name: &str| -> Vec<&Value> {
            within(item.properties, &[network[0], network[1], name]).into_iter().collect()
        };
        let public = of_network("assignPublicIp").iter().any(|value| value.as_str() == Some("ENABLED"));
        let ports: BTreeSet<String> =
            of_containers(&["containerDefinitions", "portMappings", "containerPort"]).into_iter().collect();
        let ports: Vec<String> = ports.into_iter().collect();
        for subnet in of_network("subnets") {
            let Some((key, frame)) = self.inside(subnet) else { continue };
            let mut lines = Vec::new();
            if !ports.is_empty() {
                lines.push(format!("{} {}", if ports.len() == 1 { "port" } else { "ports" }, ports.join(", ")));
            }
            if public {
                lines.push("with public addresses".to_owned());
            }
            let id = format!("tasks-{}-{}", self.id(at), self.groups[frame].title);
            let tasks = self.node(id, Some(frame), format!("tasks of {name}"), lines, Tone::Compute);
            self.edge(node, tasks, "", Line::Plain);
            if let Some(Subnet { out: Some(out), .. }) = self.subnets.get(&key).cloned() {
                self.edge_out(tasks, out);
            }
        }
        for guard in of_network("securityGroups") {
            self.guarded(guard, node);
        }
        let targets = within(item.properties, &["loadBalancers", "targetGroupArn"]);
        for target in targets.into_iter().filter_map(|arn| finder.named(arn, TARGETS)) {
            self.balanced(target, node);
        }
        let files = containers.map(|task| within(task, &["volumes", "efsVolumeConfiguration", "filesystemId"]));
        for file in files.into_iter().flatten() {
            let id = match finder.named(file, FILES) {
                Some(at) => self.id(at),
                None => finder.text(file).unwrap_or_default(),
            };
            let there = self.nodes.iter().position(|node| node.id == id);
            let to = there.unwrap_or_else(|| {
                self.node(id.clone(), None, id, vec!["EFS, is there already".to_owned()], Tone::Storage)
            });
            self.edge(node, to, "nfs", Line::Plain);
        }
    }

    fn balancer(&mut self, at: usize) {
        let finder = self.finder;
        let Some(item) = finder.items.get(at) else { return };
        let scheme = finder.property(at, "scheme").unwrap_or_else(|| "internet-facing".to_owned());
        let mut lines = vec![format!("load balancer, {scheme}")];
        for listener in finder.of_kind(LISTENER) {
            let of = finder.items.get(listener).and_then(|item| item.properties.get("loadBalancerArn"));
            if of.and_then(|value| finder.named(value, BALANCER)) == Some(at) {
                let text = |name: &str| finder.property(listener, name).unwrap_or_default();
                lines.push(format!("listens on {} {}", text("protocol"), text("port")).trim().to_owned());
            }
        }
        let subnets = within(item.properties, &["subnets"]);
        let frame = subnets.first().and_then(|subnet| self.inside_vpc(subnet));
        let (id, title) = (self.id(at), self.name(at));
        let node = self.node(id, frame, title, lines, Tone::Balancing);
        for guard in within(item.properties, &["securityGroups"]) {
            self.guarded(guard, node);
        }
    }

    /// The frame of the VPC that a subnet is in.
    fn inside_vpc(&mut self, subnet: &Value) -> Option<usize> {
        let at = self.finder.named(subnet, super::SUBNET);
        let vpc = at.and_then(|at| self.finder.items.get(at)).and_then(|item| item.properties.get("vpcId")).cloned();
        match vpc {
            Some(vpc) => self.vpc(&vpc),
            None => {
                let id = self.finder.text(subnet)?;
                let known = self.existing.iter().find(|vpc| vpc.subnets.iter().any(|subnet| subnet.id == id));
                let vpc = known.map(|vpc| Value::String(vpc.id.clone()))?;
                self.vpc(&vpc)
            }
        }
    }

    /// An arrow from the load balancer that sends to these targets.
    fn balanced(&mut self, target: usize, service: usize) {
        let finder = self.finder;
        let Some(address) = finder.items.get(target).map(|item| item.address) else { return };
        let needs = |at: &usize| finder.items.get(*at).is_some_and(|item| item.dependencies.contains(address));
        let by_rules = finder.of_kind(RULE).into_iter().filter(needs).filter_map(|rule| {
            let listener = finder.items.get(rule)?.properties.get("listenerArn")?;
            finder.named(listener, LISTENER)
        });
        let listeners: BTreeSet<usize> = finder.of_kind(LISTENER).into_iter().filter(needs).chain(by_rules).collect();
        let port = finder.property(target, "port").unwrap_or_default();
        for listener in listeners {
            let balancer = finder.items.get(listener).and_then(|item| item.properties.get("loadBalancerArn"));
            let Some(balancer) = balancer.and_then(|value| finder.named(value, BALANCER)) else { continue };
            let id = self.id(balancer);
            if let Some(from) = self.nodes.iter().position(|node| node.id == id) {
                self.edge(from, service, format!("port {port}").trim_end(), Line::Plain);
            }
        }
    }

    fn files(&mut self, at: usize) {
        let finder = self.finder;
        let mounts: Vec<usize> = finder
            .of_kind("AWS::EFS::MountTarget")
            .into_iter()
            .filter(|mount| {
                let of = finder.items.get(*mount).and_then(|item| item.properties.get("fileSystemId"));
                of.and_then(|value| finder.named(value, FILES)) == Some(at)
            })
            .collect();
        let lines = vec![format!("EFS, reached in {} {}", mounts.len(), subnets(mounts.len()))];
        let place = mounts.first().and_then(|mount| finder.items.get(*mount)?.properties.get("subnetId"));
        let frame = place.and_then(|subnet| self.inside_vpc(subnet));
        let (id, title) = (self.id(at), self.name(at));
        let node = self.node(id, frame, title, lines, Tone::Storage);
        for mount in mounts {
            let Some(item) = finder.items.get(mount) else { continue };
            for guard in within(item.properties, &["securityGroups"]) {
                self.guarded(guard, node);
            }
        }
    }
}

fn subnets(count: usize) -> &'static str {
    if count == 1 { "subnet" } else { "subnets" }
}
