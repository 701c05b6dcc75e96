//! What tasks run, where and how: task definitions and services.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use super::super::image;
use super::super::session::Mistake;
use super::declared::{Looked, list, map, type_of};
use crate::model::{PropertyPath, Resource, Value};

/// What is in the names of variables that hold a secret.
const SECRET: [&str; 8] = ["PASSWORD", "PASSWD", "SECRET", "TOKEN", "APIKEY", "API_KEY", "PRIVATE_KEY", "CREDENTIAL"];
/// What the names of variables end in that say where a secret is, or what it is called.
const ABOUT: [&str; 8] = ["_FILE", "_PATH", "_ARN", "_NAME", "_ID", "_URL", "_ENABLED", "_LENGTH"];

/// Images whose containers are members of a cluster, by what their repositories are called, with the product's name.
const MEMBERS: [(&str, &str); 3] =
    [("hazelcast", "hazelcast"), ("hazelcast-enterprise", "hazelcast"), ("orientdb", "orientdb")];

/// A task definition: its containers.
pub(super) fn definition(index: usize, resource: &Resource, looked: &mut Looked<'_>) {
    for (at, container) in list(&resource.properties, "containerDefinitions").iter().enumerate() {
        let Value::Map(container) = container else { continue };
        let path = PropertyPath::new("containerDefinitions").index(at);
        if let Some(name) = container.get("image").and_then(Value::as_str) {
            pinned(index, name, &path.key("image"), looked);
        }
        for (which, variable) in list(container, "environment").iter().enumerate() {
            let Value::Map(variable) = variable else { continue };
            let name = variable.get("name").and_then(Value::as_str).unwrap_or_default();
            let given = match variable.get("value") {
                Some(Value::String(text)) => !text.is_empty(),
                Some(Value::Secret(_)) => true,
                _ => false,
            };
            if given && holds_secret(name) {
                let mistake = Mistake::new(format!("`{name}` would stand in the task definition in clear"));
                let help = "keep it in Secrets Manager, and name it under `secrets` of the container".to_owned();
                let path = path.key("environment").index(which).key("value");
                looked.say(index, path, "secret-in-environment", mistake.label("in plain sight").help(help));
            }
        }
    }
}

fn holds_secret(name: &str) -> bool {
    let name = name.to_ascii_uppercase();
    SECRET.iter().any(|part| name.contains(part)) && !ABOUT.iter().any(|end| name.ends_with(end))
}

fn pinned(index: usize, name: &str, path: &PropertyPath, looked: &mut Looked<'_>) {
    if name.contains('@') {
        return;
    }
    let Some(parsed) = image::parse(name) else { return };
    let (rule, mistake) = match parsed.tag {
        None => ("unpinned-image", Mistake::new(format!("`{name}` is whatever its repository calls the latest"))),
        Some("latest") => ("unpinned-image", Mistake::new(format!("`{name}` is another image whenever one is pushed"))),
        Some(_) => ("image-without-digest", Mistake::new(format!("the tag of `{name}` may be moved to another image"))),
    };
    let help = match rule {
        "unpinned-image" => format!("name a version, such as `{}:1.2.3`", parsed.repository),
        _ => format!("`{name}@sha256:…` is always the same"),
    };
    looked.say(index, path.clone(), rule, mistake.label("not one image").help(help));
}

/// A service: where its tasks are, how it is deployed, and whether they are to find each other.
pub(super) fn service(index: usize, resource: &Resource, looked: &mut Looked<'_>) {
    let count = match resource.properties.get("desiredCount") {
        Some(Value::Int(count)) => *count,
        // What is not told is one.
        None => 1,
        _ => 2,
    };
    network(index, resource, count, looked);
    let address = &resource.address;
    let deployment = map(&resource.properties, "deploymentConfiguration");
    if count > 1 && deployment.and_then(|deployment| deployment.get("minimumHealthyPercent")) == Some(&Value::Int(0)) {
        let mistake = Mistake::new(format!("a deployment of {address} may stop all of its tasks at once"));
        let path = PropertyPath::new("deploymentConfiguration").key("minimumHealthyPercent");
        let help = "set it to 50 or more, or leave it out".to_owned();
        looked.say(index, path, "no-healthy-tasks", mistake.label("none need stay").help(help));
    }
    if count > 1
        && resource.options.formation.is_none()
        && let Some(product) = product_of(resource, looked)
        && !is_one_of_many(resource, looked)
    {
        let mistake = Mistake::new(format!("{address} is done though its members may not have found each other"));
        let help = format!("add `service.expect_cluster(#{{ product: \"{product}\" }})`");
        looked.say(index, PropertyPath::whole(), "unexpected-cluster", mistake.label("expects no cluster").help(help));
    }
}

/// Whether another service expects the cluster that this one's tasks are members of, too.
fn is_one_of_many(resource: &Resource, looked: &Looked<'_>) -> bool {
    let expected = looked.program.resources.iter().filter(|other| other.options.formation.is_some());
    expected.into_iter().any(|other| other.options.depends_on.contains(&resource.address))
}

fn network(index: usize, resource: &Resource, count: i64, looked: &mut Looked<'_>) {
    let configuration = map(&resource.properties, "networkConfiguration");
    let Some(network) = configuration.and_then(|configuration| map(configuration, "awsvpcConfiguration")) else {
        return;
    };
    let path = PropertyPath::new("networkConfiguration").key("awsvpcConfiguration");
    let address = &resource.address;
    if network.get("assignPublicIp").and_then(Value::as_str) == Some("ENABLED") {
        let path = path.key("assignPublicIp");
        let member = resource.options.formation.is_some() || product_of(resource, looked).is_some();
        if member {
            let mistake = Mistake::new(format!("members of {address} have public addresses"));
            let help = "put them into private subnets, and write `assignPublicIp: \"DISABLED\"`".to_owned();
            looked.say(index, path, "public-member", mistake.label("public").help(help));
        } else {
            let mistake = Mistake::new(format!("tasks of {address} have public addresses"));
            looked.say(index, path, "public-address", mistake.label("public"));
        }
    }
    let subnets = list(network, "subnets");
    if count > 1 && !subnets.is_empty() && zones(subnets, looked).is_some_and(|zones| zones < 2) {
        let mistake = Mistake::new(format!("all {count} tasks of {address} are in one availability zone"));
        let help = "give it subnets of two zones".to_owned();
        looked.say(index, path.key("subnets"), "single-zone", mistake.label("one zone").help(help));
    }
}

/// In how many zones subnets are, where that is known: one subnet is in one.
fn zones(subnets: &[Value], looked: &Looked<'_>) -> Option<usize> {
    if subnets.len() == 1 {
        return Some(1);
    }
    let zone = |subnet: &Value| {
        let Value::Ref(reference) = subnet else { return None };
        let declared = looked.program.resources.iter().find(|resource| resource.address == reference.address)?;
        declared.properties.get("availabilityZone")?.as_str().map(str::to_owned)
    };
    subnets.iter().map(zone).collect::<Option<BTreeSet<String>>>().map(|zones| zones.len())
}

/// The product whose members a service's tasks are, told by their image.
fn product_of(service: &Resource, looked: &Looked<'_>) -> Option<&'static str> {
    let Some(Value::Ref(reference)) = service.properties.get("taskDefinition") else { return None };
    let definition = looked.program.resources.iter().find(|resource| resource.address == reference.address)?;
    if type_of(definition) != "AWS::ECS::TaskDefinition" {
        return None;
    }
    let product = |container: &Value| {
        let Value::Map(container) = container else { return None };
        product_of_image(container)
    };
    list(&definition.properties, "containerDefinitions").iter().find_map(product)
}

fn product_of_image(container: &BTreeMap<String, Value>) -> Option<&'static str> {
    let parsed = image::parse(container.get("image")?.as_str()?)?;
    let name = parsed.repository.rsplit('/').next()?;
    MEMBERS.iter().find(|(image, _)| *image == name).map(|(_, product)| *product)
}
