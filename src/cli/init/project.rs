//! What `init` writes: the texts of a project's files, from what is known of it.

use super::settings::NAME;
use crate::cli::args::TargetName;

/// The longest name of a cluster, in characters: names in AWS are made of it, the shortest of which may have 32.
const MAX_NAME: usize = 24;

/// The most members anybody begins with.
const MAX_MEMBERS: u32 = 100;

/// What a cluster is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Product {
    Hazelcast,
    OrientDb,
}

impl Product {
    /// From what was typed.
    ///
    /// # Errors
    /// When it is neither.
    pub fn parse(text: &str) -> Result<Self, String> {
        match text.to_lowercase().as_str() {
            "h" | "hazelcast" => Ok(Self::Hazelcast),
            "o" | "orientdb" => Ok(Self::OrientDb),
            _ => Err("hazelcast and orientdb are what there is".to_owned()),
        }
    }

    /// Its name in small letters.
    pub fn name(self) -> &'static str {
        match self {
            Self::Hazelcast => "hazelcast",
            Self::OrientDb => "orientdb",
        }
    }

    /// The function of the standard library that makes it.
    pub fn function(self) -> &'static str {
        match self {
            Self::Hazelcast => "hazelcast_cluster",
            Self::OrientDb => "orientdb_fargate_stack",
        }
    }
}

/// Where members are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Network {
    /// In a VPC that is made.
    Own,
    /// In one that exists, by its name or id.
    Existing(String),
}

impl Network {
    /// From what was typed.
    ///
    /// # Errors
    /// When it can be no VPC's name.
    pub fn parse(text: &str) -> Result<Self, String> {
        match text {
            "own" => Ok(Self::Own),
            text if text.is_empty() || text.len() > 255 || text.chars().any(char::is_control) => {
                Err("that cannot be the name of a VPC".to_owned())
            }
            text => Ok(Self::Existing(text.to_owned())),
        }
    }
}

/// A name that everything can be named after.
///
/// # Errors
/// When it is none.
pub fn name(text: &str) -> Result<String, String> {
    let good = (1..=MAX_NAME).contains(&text.len())
        && text.starts_with(|c: char| c.is_ascii_lowercase())
        && !text.ends_with('-')
        && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
    let rule = format!("at most {MAX_NAME} small letters, digits and `-`, a letter first");
    if good { Ok(text.to_owned()) } else { Err(format!("`{text}` cannot be a cluster's name: {rule}")) }
}

/// A number of members.
///
/// # Errors
/// When it is none.
pub fn members(text: &str) -> Result<u32, String> {
    let number = text.parse().ok().filter(|number| (1..=MAX_MEMBERS).contains(number));
    number.ok_or_else(|| format!("`{text}` is not a number of members: 1 to {MAX_MEMBERS}"))
}

/// What is known of a project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Project {
    pub product: Product,
    pub name: String,
    pub members: u32,
    pub target: TargetName,
    pub region: String,
    pub network: Network,
}

impl Project {
    /// Names of its files, and their texts.
    pub fn files(&self) -> Vec<(String, String)> {
        let name = &self.name;
        vec![
            (format!("{name}.rhai"), self.script()),
            (format!("{name}_test.rhai"), self.tests()),
            (NAME.to_owned(), self.settings()),
        ]
    }

    fn tests(&self) -> String {
        let Self { name, members, .. } = self;
        let more = members + 2;
        format!(
            "\
// What {name}.rhai must keep to: `hzscript test` plans it in memory.

fn test_there_are_as_many_members_as_asked_for() {{
    let p = plan(\"{name}.rhai\", #{{ members: {more} }});
    assert_eq(p.resources(\"AWS::ECS::Service\")[0].properties.desiredCount, {more});
}}
"
        )
    }

    fn script(&self) -> String {
        let Self { name, members, .. } = self;
        let network = match &self.network {
            Network::Own => format!("network(#{{ name: \"{name}\", azs: 2, natGateways: 1 }})"),
            Network::Existing(vpc) => {
                let is_id = vpc.strip_prefix("vpc-").is_some_and(|id| id.chars().all(|c| c.is_ascii_hexdigit()));
                let key = if is_id { "id" } else { "name" };
                // Quoted as JSON is, which scripts read alike.
                format!("existing_vpc(#{{ {key}: {} }})", serde_json::Value::String(vpc.clone()))
            }
        };
        match self.product {
            Product::Hazelcast => format!(
                "\
// A Hazelcast cluster on ECS Fargate: its members find each other through ECS.

let net = {network};
let hazelcast = hazelcast_cluster(#{{
    name: \"{name}\",
    network: net,
    desiredCount: input(\"members\", {members}),
}});

output(\"cluster\", hazelcast.cluster.arn);
output(\"service\", hazelcast.service.arn);
"
            ),
            Product::OrientDb => format!(
                "\
// An OrientDB cluster on ECS Fargate: its nodes find each other through Cloud Map.

let net = {network};
let orient = orientdb_fargate_stack(#{{
    name: \"{name}\",
    vpc: net,
    cloudNamespace: \"{name}.internal\",
    desiredCount: input(\"members\", {members}),
}});

output(\"service\", orient.ecsService.arn);
output(\"rootPassword\", orient.rootPassword.id);
"
            ),
        }
    }

    fn settings(&self) -> String {
        let Self { name, members, region, .. } = self;
        let target = match self.target {
            TargetName::Local => {
                "target = \"local\" # the embedded AWS; \"aws\" is an account, by the usual credentials"
            }
            TargetName::Aws => "target = \"aws\" # \"local\" is the embedded AWS: no account, no cost",
        };
        let more = members + 2;
        format!(
            "\
# What hzscript takes as given for the scripts in this folder. The command line wins over the environment, and the
# environment over this file. No secrets in here: it is for everybody.

[defaults]
script = \"{name}.rhai\"
{target}
region = \"{region}\"
inputs = {{ members = {members} }}

# What is otherwise in another stack of the script, which `hzscript run --stack {name}-prod` makes:
# [stack.{name}-prod]
# target = \"aws\"
# inputs = {{ members = {more} }}
"
        )
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use hzscript::reference::Reference;

    use super::*;
    use crate::cli::settings::Settings;
    use crate::cli::settings::file::File;

    #[test]
    fn names_are_those_that_everything_takes() {
        assert_eq!(["a", "sessions-2", "hazelcast"].map(|text| name(text).is_ok()), [true; 3]);
        let long = "a".repeat(25);
        for bad in ["", "2a", "-a", "a-", "A", "a_b", "a b", "é", &long] {
            assert!(name(bad).is_err(), "{bad}");
        }
        assert_eq!(["0", "1", "100", "101", "x"].map(|text| members(text).is_ok()), [false, true, true, false, false]);
    }

    #[test]
    fn settings_are_as_they_were_answered() {
        for (product, target, vpc) in
            [(Product::Hazelcast, TargetName::Local, "own"), (Product::OrientDb, TargetName::Aws, "my \"own\" vpc")]
        {
            let network = Network::parse(vpc).expect("a network");
            let (name, region) = ("sessions".to_owned(), "eu-central-1".to_owned());
            let project = Project { product, name, members: 5, target, region, network };
            let files = project.files();
            assert!(Reference::new().entry(product.function()).is_some());
            assert!(files[0].1.contains(product.function()), "{}", files[0].1);
            let text = files.iter().find(|(name, _)| name == NAME).map(|(_, text)| text).expect("settings");
            let file = File::parse(text, Path::new(NAME)).expect("they are good");
            let settings = Settings::of(&file, None, None);
            let option = |name: &str| settings.options.get(name).map(|(value, _)| value.as_str());
            let wanted = if target == TargetName::Local { "local" } else { "aws" };
            assert_eq!((option("target"), option("region")), (Some(wanted), Some("eu-central-1")));
            assert_eq!(settings.script.map(|(script, _)| script), Some("sessions.rhai".into()));
            assert!(settings.inputs.contains_key("members"));
        }
    }
}
