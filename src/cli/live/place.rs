//! [`Place`]: the cluster and the services that a command is about, by the stack's state or by name.

use std::collections::{BTreeMap, BTreeSet};

use hzscript::live::{Live, LiveError, Service};
use hzscript::model::Value;
use hzscript::state::Snapshot;

use crate::cli::Tools;
use crate::cli::args::WhereArguments;
use crate::cli::connect::{Folder, Target};
use crate::cli::error::Error;
use crate::cli::known;
use crate::cli::render::escape;

/// What a command is about.
#[derive(Debug)]
pub struct Place {
    /// Who is asked.
    pub live: Live,
    /// The sort of cloud.
    pub target: Target,
    /// The cluster's name.
    pub cluster: String,
    /// The services that are meant; all of the cluster when none are named.
    pub services: BTreeSet<String>,
    /// The counts that the stack's last run asked for, by service, where it asked for one.
    pub declared: BTreeMap<String, i64>,
    /// How to name it again: what the command was given.
    pub again: String,
}

impl From<LiveError> for Error {
    fn from(error: LiveError) -> Self {
        Self::Live(Box::new(error))
    }
}

impl Place {
    /// Connects, and finds what the arguments mean.
    ///
    /// # Errors
    /// When there is no connection, no such stack, cluster or service, or several clusters may be meant.
    pub async fn find(arguments: &WhereArguments, tools: &Tools) -> Result<Self, Error> {
        let by_stack = arguments.script.is_some() || (arguments.stack.stack.is_some() && arguments.cluster.is_none());
        let snapshot = match by_stack {
            true => Some(known::snapshot(&arguments.stack, arguments.script.as_deref(), tools).await?),
            false => None,
        };
        let target = Target::choose(&arguments.target, &tools.environment)?;
        let folder = Folder::new(&arguments.stack.folder);
        let cloud = tools.interrupt.cut(target.connect(&folder)).await??;
        // A second connection would be counted by itself, and there is none.
        let _ = tools.calls.set(cloud.calls.clone());
        let live = Live::new(cloud);
        let mut stack = snapshot.as_ref().map(OfStack::of).unwrap_or_default();
        if let Some(snapshot) = &snapshot {
            same_target(snapshot, &live, target.name())?;
        }
        let cluster = match (&arguments.cluster, &snapshot) {
            (Some(name), _) => tools.interrupt.cut(live.cluster(name)).await??.name,
            (None, Some(snapshot)) => stack.only(snapshot, arguments.service.as_deref())?,
            (None, None) => tools.interrupt.cut(only(&live)).await??,
        };
        let mut services = stack.services.remove(&cluster).unwrap_or_default();
        if stack.whole.contains(&cluster) {
            services.clear();
        }
        if let Some(name) = &arguments.service {
            let found = tools.interrupt.cut(live.service(&cluster, name)).await??;
            services = BTreeSet::from([found.name]);
        }
        let again = again(arguments, &cluster);
        Ok(Self { live, target, cluster, services, declared: stack.declared, again })
    }

    /// The line that says what is looked at.
    pub fn header(&self) -> String {
        escape::line(&format!("{}, cluster {}", self.target.place(self.live.cloud()), self.cluster)).into_owned()
    }

    /// Whether a service is meant.
    pub fn has(&self, service: Option<&str>) -> bool {
        self.services.is_empty() || service.is_some_and(|service| self.services.contains(service))
    }

    /// The one service that is meant, when it is only one.
    pub fn only_service(&self) -> Option<&str> {
        let mut services = self.services.iter();
        services.next().filter(|_| services.next().is_none()).map(String::as_str)
    }

    /// The services that are meant.
    ///
    /// # Errors
    /// When they cannot be asked for.
    pub async fn services(&self) -> Result<Vec<Service>, LiveError> {
        let mut services = match self.only_service() {
            Some(name) => vec![self.live.service(&self.cluster, name).await?],
            None => self.live.services(&self.cluster).await?,
        };
        services.retain(|service| self.has(Some(&service.name)));
        Ok(services)
    }

    /// The one service that is to be changed.
    ///
    /// # Errors
    /// When there is none, or several may be meant.
    pub async fn one_service(&self) -> Result<Service, Error> {
        let mut services = self.services().await?;
        match (services.len(), services.pop()) {
            (1, Some(service)) => Ok(service),
            (0, _) | (_, None) => Err(Error::Usage {
                message: format!("the cluster {} has no service", self.cluster),
                help: Some("`hzscript status` shows what there is".to_owned()),
            }),
            (_, Some(last)) => {
                let names: Vec<String> = services.into_iter().chain([last]).map(|service| service.name).collect();
                Err(Error::Usage {
                    message: format!("the cluster {} has {} services", self.cluster, names.len()),
                    help: Some(format!("say which with --service: {}", names.join(", "))),
                })
            }
        }
    }
}

/// What a stack's state says of ECS.
#[derive(Debug, Default)]
struct OfStack {
    /// Clusters that the stack made: all in them is meant.
    whole: BTreeSet<String>,
    /// Services by the cluster they are in.
    services: BTreeMap<String, BTreeSet<String>>,
    /// Counts that are declared, by service.
    declared: BTreeMap<String, i64>,
}

impl OfStack {
    fn of(snapshot: &Snapshot) -> Self {
        let mut found = Self::default();
        for recorded in snapshot.resources.values() {
            match recorded.kind.as_str() {
                "AWS::ECS::Cluster" => drop(found.whole.insert(recorded.id.clone())),
                "AWS::ECS::Service" => {
                    // `arn:…:service/CLUSTER/NAME|CLUSTER`
                    let arn = recorded.id.split('|').next().unwrap_or_default();
                    let mut parts = arn.rsplit('/');
                    let (Some(name), Some(cluster)) = (parts.next(), parts.next()) else { continue };
                    found.services.entry(cluster.to_owned()).or_default().insert(name.to_owned());
                    if let Some(Value::Int(count)) = recorded.inputs.get("desiredCount") {
                        found.declared.insert(name.to_owned(), *count);
                    }
                }
                _ => {}
            }
        }
        found
    }

    /// The only cluster in which the stack has something, or the one in which it has a service of this name.
    fn only(&self, snapshot: &Snapshot, service: Option<&str>) -> Result<String, Error> {
        let all: BTreeSet<&String> = self.whole.iter().chain(self.services.keys()).collect();
        let with = |cluster: &&&String| {
            service.is_none_or(|service| self.services.get(**cluster).is_some_and(|those| those.contains(service)))
        };
        let meant: Vec<&&String> = if all.len() > 1 { all.iter().filter(with).collect() } else { all.iter().collect() };
        match meant.as_slice() {
            [one] => Ok((**one).clone()),
            [] if all.is_empty() => Err(Error::Usage {
                message: format!("stack {} has no cluster of ECS", snapshot.stack),
                help: Some("--cluster NAME looks at one that it did not make".to_owned()),
            }),
            _ => Err(Error::Usage {
                message: format!("stack {} has {} clusters", snapshot.stack, all.len()),
                help: Some(format!("say which with --cluster: {}", joined(all.iter().map(|name| name.as_str())))),
            }),
        }
    }
}

fn joined<'a>(names: impl Iterator<Item = &'a str>) -> String {
    names.collect::<Vec<_>>().join(", ")
}

/// A stack is looked at where it lives.
fn same_target(snapshot: &Snapshot, live: &Live, cloud: &str) -> Result<(), Error> {
    let recorded = &snapshot.target;
    let here = live.cloud();
    if (recorded.cloud.as_str(), &recorded.account, &recorded.region) == (cloud, &here.account, &here.region) {
        return Ok(());
    }
    Err(Error::Usage {
        message: format!(
            "stack {} lives in {recorded}, and this is {cloud} (account {}, {})",
            snapshot.stack, here.account, here.region
        ),
        help: Some(format!("look at it with --target {} --region {}", recorded.cloud, recorded.region)),
    })
}

/// The account's only cluster.
async fn only(live: &Live) -> Result<String, Error> {
    let mut clusters = live.clusters().await?;
    match (clusters.len(), clusters.pop()) {
        (1, Some(cluster)) => Ok(cluster.name),
        (_, None) => {
            let cloud = live.cloud();
            Err(Error::Usage {
                message: format!("account {} has no cluster in {}", cloud.account, cloud.region),
                help: Some(
                    "`hzscript run SCRIPT` makes what a script declares; --target and --region say where to look"
                        .to_owned(),
                ),
            })
        }
        (number, Some(last)) => {
            let names: Vec<String> = clusters.into_iter().chain([last]).map(|cluster| cluster.name).collect();
            Err(Error::Usage {
                message: format!("there are {number} clusters"),
                help: Some(format!("say which with --cluster, or give a script: {}", names.join(", "))),
            })
        }
    }
}

/// What names the same place in a command.
fn again(arguments: &WhereArguments, cluster: &str) -> String {
    match (&arguments.script, &arguments.stack.stack) {
        (Some(script), _) => script.display().to_string(),
        (None, Some(stack)) if arguments.cluster.is_none() => format!("--stack {stack}"),
        _ => format!("--cluster {cluster}"),
    }
}
