//! Which resources a call names, as ARNs.

use super::super::role::{self, Role};
use crate::local::service::Fault;
use crate::local::store::Tx;
use crate::local::wire::Call;
use crate::model::Json;
use crate::model::actions::subject_of;

/// What begins the identifiers of EC2's resources, by type.
const EC2: [(&str, &str); 10] = [
    ("vpc", "vpc"),
    ("subnet", "subnet"),
    ("internet-gateway", "igw"),
    ("route-table", "rtb"),
    ("security-group", "sg"),
    ("security-group-rule", "sgr"),
    ("elastic-ip", "eipalloc"),
    ("natgateway", "nat"),
    ("vpc-endpoint", "vpce"),
    ("network-interface", "eni"),
];

/// Members that name other resources than those a call is about.
const OF_OTHERS: [&str; 3] = ["IpPermissions", "SecurityGroupRule", "DefaultActions"];

/// The resources that an action of a call is about: those that are named, and any of a type that it is always about. `*`
/// where it is about everything, or about what cannot be told.
pub(super) fn resources(tx: &Tx<'_>, call: &Call, action: &str) -> Result<Vec<String>, Fault> {
    let everything = || vec!["*".to_owned()];
    let Some(subject) = subject_of(action).filter(|subject| !subject.is_whole()) else { return Ok(everything()) };
    // Of the sorts of load balancers it is the one that is named.
    let one_of = action.starts_with("elasticloadbalancing:");
    let mut found = Vec::new();
    let any_of = |of: &str| subject.any(of, &call.region, tx.account).into_iter();
    for of in subject.on {
        let named = named_ones(tx, call, of)?;
        if named.is_empty() && !one_of {
            found.extend(any_of(of));
        }
        found.extend(named);
    }
    for of in subject.or {
        found.extend(named_ones(tx, call, of)?);
    }
    if found.is_empty() {
        // An association names its resources only once it is looked up.
        let first = match action {
            "ec2:DisassociateRouteTable" => Some("route-table"),
            "ec2:DisassociateAddress" => Some("elastic-ip"),
            _ => subject.types().next(),
        };
        found.extend(first.into_iter().flat_map(any_of));
    }
    found.sort_unstable();
    found.dedup();
    Ok(if found.is_empty() { everything() } else { found })
}

/// The resources of a type that a call names or makes; where it gives no name, any of the type.
pub(super) fn named(tx: &Tx<'_>, call: &Call, of: &str) -> Result<Vec<String>, Fault> {
    let found = named_ones(tx, call, of)?;
    if !found.is_empty() {
        return Ok(found);
    }
    Ok(vec![match (call.service, of) {
        ("iam", _) => format!("arn:aws:iam::{}:{of}/*", tx.account),
        (service, "ScalableTarget") => format!("arn:aws:{service}:{}:{}:scalable-target/*", call.region, tx.account),
        (service, _) => format!("arn:aws:{service}:{}:{}:{of}/*", call.region, tx.account),
    }])
}

fn named_ones(tx: &Tx<'_>, call: &Call, of: &str) -> Result<Vec<String>, Fault> {
    let arn = |rest: String| format!("arn:aws:{}:{}:{}:{rest}", call.service, call.region, tx.account);
    let mut texts = Vec::new();
    for (member, value) in call.params.iter().filter(|(member, _)| !OF_OTHERS.contains(&member.as_str())) {
        leaves(member, value, &mut texts);
    }
    let of_member = |members: &[&str]| -> Vec<&str> {
        texts.iter().filter(|(member, _)| members.contains(member)).map(|(_, text)| *text).collect()
    };
    let last = |text: &str| text.rsplit('/').next().unwrap_or(text).to_owned();
    let cluster = || of_member(&["cluster", "clusterName"]).first().map_or("default".to_owned(), |name| last(name));
    let named: Vec<String> = match (call.service, of) {
        ("ec2", _) => {
            let prefix = EC2.iter().find(|(kind, _)| *kind == of).map(|(_, prefix)| *prefix);
            let ids = texts.iter().filter(|(_, text)| text.split_once('-').map(|(before, _)| before) == prefix);
            ids.map(|(_, id)| arn(format!("{of}/{id}"))).collect()
        }
        ("ecs", "cluster") if texts.iter().any(|(member, _)| *member == "resourceArn") => Vec::new(),
        ("ecs", "cluster") => match of_member(&["clusters"]) {
            many if many.is_empty() => vec![arn(format!("cluster/{}", cluster()))],
            many => many.into_iter().map(|name| arn(format!("cluster/{}", last(name)))).collect(),
        },
        ("ecs", "service") => {
            let services = of_member(&["service", "services", "serviceName"]);
            services.into_iter().map(|name| arn(format!("service/{}/{}", cluster(), last(name)))).collect()
        }
        ("ecs", "task") => {
            let tasks = of_member(&["task", "tasks"]);
            tasks.into_iter().map(|name| arn(format!("task/{}/{}", cluster(), last(name)))).collect()
        }
        ("ecs", "container-instance") => vec![arn(format!("container-instance/{}/*", cluster()))],
        ("ecs", "task-definition") => {
            let families = of_member(&["family"]).into_iter().map(|family| format!("{family}:*"));
            let given = of_member(&["taskDefinition", "taskDefinitions"]);
            let revisions = given.into_iter().map(|name| {
                let name = last(name);
                if name.contains(':') { name } else { format!("{name}:*") }
            });
            families.chain(revisions).map(|name| arn(format!("task-definition/{name}"))).collect()
        }
        ("iam", "role") => {
            let path = of_member(&["Path"]).first().copied().unwrap_or("/");
            let mut roles = Vec::new();
            for name in of_member(&["RoleName"]) {
                let known = tx.get::<Role>(&role::key(name))?.map(|role| role.arn);
                roles.push(known.unwrap_or_else(|| format!("arn:aws:iam::{}:role{path}{name}", tx.account)));
            }
            roles
        }
        ("iam", "policy") => {
            let path = of_member(&["Path"]).first().copied().unwrap_or("/");
            let made = of_member(&["PolicyName"]).into_iter().filter(|_| call.action == "CreatePolicy");
            made.map(|name| format!("arn:aws:iam::{}:policy{path}{name}", tx.account)).collect()
        }
        ("logs", "log-group") => {
            let groups = of_member(&["logGroupName"]).into_iter();
            groups.map(|name| arn(format!("log-group:{name}:log-stream:"))).collect()
        }
        ("secretsmanager", "Secret") => {
            let names = of_member(&["SecretId", "Name"]).into_iter().filter(|name| !name.starts_with("arn:"));
            // What is evaluated has the six characters that AWS puts to a name.
            names.map(|name| arn(format!("secret:{name}-??????"))).collect()
        }
        ("ecr", "repository") => {
            let names = of_member(&["repositoryName", "repositoryNames"]).into_iter();
            names.map(|name| arn(format!("repository/{name}"))).collect()
        }
        ("elasticfilesystem", _) => {
            let prefix = if of == "access-point" { "fsap-" } else { "fs-" };
            texts.iter().filter(|(_, id)| id.starts_with(prefix)).map(|(_, id)| arn(format!("{of}/{id}"))).collect()
        }
        ("elasticloadbalancing", _) if of.starts_with("loadbalancer") && call.action == "CreateLoadBalancer" => {
            let sort = if of_member(&["Type"]).first() == Some(&"network") { "net" } else { "app" };
            let wanted = of == "loadbalancer" || of == format!("loadbalancer/{sort}/");
            let names = of_member(&["Name"]).into_iter().filter(|_| wanted);
            names.map(|name| arn(format!("loadbalancer/{sort}/{name}/*"))).collect()
        }
        ("elasticloadbalancing", "targetgroup") if call.action == "CreateTargetGroup" => {
            of_member(&["Name"]).into_iter().map(|name| arn(format!("targetgroup/{name}/*"))).collect()
        }
        ("servicediscovery", _) => {
            let prefix = if of == "namespace" { "ns-" } else { "srv-" };
            texts.iter().filter(|(_, id)| id.starts_with(prefix)).map(|(_, id)| arn(format!("{of}/{id}"))).collect()
        }
        ("kms", "key") => {
            let keys = of_member(&["KeyId", "TargetKeyId"]).into_iter();
            keys.filter(|key| !key.contains(':') && !key.starts_with("alias/"))
                .map(|key| arn(format!("key/{key}")))
                .collect()
        }
        _ => Vec::new(),
    };
    let by_arn = texts.iter().filter(|(_, text)| is_arn_of(text, call.service, of)).map(|(_, text)| (*text).to_owned());
    Ok(named.into_iter().chain(by_arn).collect())
}

/// Every text below a member, with the name of the member it is in.
fn leaves<'a>(member: &'a str, value: &'a Json, found: &mut Vec<(&'a str, &'a str)>) {
    match value {
        Json::String(text) => found.push((member, text)),
        Json::Array(items) => items.iter().for_each(|item| leaves(member, item, found)),
        Json::Object(members) => members.iter().for_each(|(member, value)| leaves(member, value, found)),
        _ => {}
    }
}

/// Whether a text is the ARN of a resource of a service's type.
fn is_arn_of(text: &str, service: &str, of: &str) -> bool {
    let parts: Vec<&str> = text.splitn(6, ':').collect();
    let ["arn", _, owner, _, _, resource] = parts.as_slice() else { return false };
    let of = match of {
        "Secret" => "secret",
        "ScalableTarget" => "scalable-target",
        other => other.trim_end_matches('/'),
    };
    // STS is about roles of IAM.
    let owned = *owner == service || (service, *owner) == ("sts", "iam");
    owned && resource.strip_prefix(of).is_some_and(|rest| rest.starts_with(['/', ':']))
}
