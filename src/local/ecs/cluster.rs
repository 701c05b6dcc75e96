//! Clusters: their calls, and how other calls find one.

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::params::{includes, invalid, map, maps, text, texts};
use super::tags::{self, Tags};
use super::{arn, capacity, paging, service, task};
use crate::local::service::Fault;
use crate::local::store::{Object, StoreError, Tx};
use crate::model::{Json, JsonMap};

/// A cluster. One that was deleted stays, INACTIVE, until another takes its name.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Cluster {
    /// Its name.
    pub name: String,
    /// Its ARN.
    pub arn: String,
    /// Whether it is ACTIVE and not INACTIVE.
    pub active: bool,
    settings: Vec<Json>,
    configuration: Option<Json>,
    service_connect: Option<Json>,
    /// The names of its capacity providers.
    pub providers: Vec<String>,
    /// The strategy of what is run without a launch type.
    pub strategy: Vec<Json>,
    /// Its tags.
    pub tags: Tags,
    /// What CreateCluster was called with.
    request: Json,
}

impl Object for Cluster {
    const TABLE: &'static str = "ecs.cluster";

    fn key(&self) -> String {
        self.name.clone()
    }
}

/// The ACTIVE cluster of a name or ARN; none given is the one called `default`.
///
/// # Errors
/// `ClusterNotFoundException`.
pub fn find(tx: &Tx<'_>, reference: Option<&str>) -> Result<Cluster, Fault> {
    let name = arn::resource(tx, "cluster", reference.unwrap_or("default"))?;
    let found: Option<Cluster> = tx.get(name)?;
    let cluster = found.ok_or_else(|| Fault::new("ClusterNotFoundException", "Cluster not found."))?;
    if cluster.active {
        Ok(cluster)
    } else {
        Err(Fault::new("ClusterNotFoundException", "The referenced cluster was inactive."))
    }
}

/// The ACTIVE cluster that the member `cluster` of a request is about.
///
/// # Errors
/// As for [`find`].
pub fn of(tx: &Tx<'_>, params: &JsonMap) -> Result<Cluster, Fault> {
    find(tx, text(params, "cluster")?)
}

/// Whether a name is one that ECS allows for clusters, services, families and containers.
pub fn is_name(name: &str) -> bool {
    (1..=255).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
}

/// `CreateCluster`. The same call again answers the cluster that is there.
pub fn create(tx: &mut Tx<'_>, params: &JsonMap) -> Result<Json, Fault> {
    let name = text(params, "clusterName")?.unwrap_or("default");
    if !is_name(name) {
        return Err(invalid("The cluster name must have at most 255 letters, digits, hyphens and underscores."));
    }
    let request = Json::Object(params.clone());
    let before: Option<Cluster> = tx.get(name)?;
    if let Some(before) = before.filter(|before| before.active) {
        if before.request != request && params.keys().any(|key| key != "clusterName") {
            return Err(invalid(
                "Arguments on this idempotent request are inconsistent with arguments used in previous request(s).",
            ));
        }
        return Ok(json!({"cluster": view(tx, &before, &Shown::ALL)?}));
    }
    let (providers, strategy) = capacity::read(params)?;
    let mut cluster = Cluster {
        name: name.to_owned(),
        arn: arn::cluster(tx, name),
        active: true,
        settings: vec![json!({"name": "containerInsights", "value": "disabled"})],
        configuration: map(params, "configuration")?.cloned().map(Json::Object),
        service_connect: map(params, "serviceConnectDefaults")?.cloned().map(Json::Object),
        providers,
        strategy,
        tags: tags::read(params)?,
        request,
    };
    change_settings(&mut cluster, params)?;
    tx.put(&cluster)?;
    Ok(json!({"cluster": view(tx, &cluster, &Shown::ALL)?}))
}

fn change_settings(cluster: &mut Cluster, params: &JsonMap) -> Result<(), Fault> {
    for setting in maps(params, "settings")? {
        let (name, value) = (text(setting, "name")?.unwrap_or_default(), text(setting, "value")?.unwrap_or_default());
        if name != "containerInsights" || !["enabled", "disabled", "enhanced"].contains(&value) {
            return Err(invalid(format!("Invalid cluster setting {name}={value}.")));
        }
        cluster.settings = vec![json!({"name": name, "value": value})];
    }
    Ok(())
}

/// `UpdateCluster` and `UpdateClusterSettings`.
pub fn update(tx: &mut Tx<'_>, params: &JsonMap) -> Result<Json, Fault> {
    let mut cluster = of(tx, params)?;
    change_settings(&mut cluster, params)?;
    if let Some(configuration) = map(params, "configuration")? {
        cluster.configuration = Some(configuration.clone().into());
    }
    if let Some(defaults) = map(params, "serviceConnectDefaults")? {
        cluster.service_connect = Some(defaults.clone().into());
    }
    tx.put(&cluster)?;
    Ok(json!({"cluster": view(tx, &cluster, &Shown::ALL)?}))
}

/// `PutClusterCapacityProviders`: the list replaces the one before.
pub fn put_capacity_providers(tx: &mut Tx<'_>, params: &JsonMap) -> Result<Json, Fault> {
    let mut cluster = of(tx, params)?;
    let (providers, strategy) = capacity::read(params)?;
    for removed in cluster.providers.iter().filter(|provider| !providers.contains(provider)) {
        for user in service::live(tx, &cluster.name)? {
            if user.revision.strategy.iter().any(|item| item["capacityProvider"] == **removed) {
                let message = "The specified capacity provider is in use and cannot be removed.";
                return Err(Fault::new("ResourceInUseException", message));
            }
        }
    }
    cluster.providers = providers;
    cluster.strategy = strategy;
    tx.put(&cluster)?;
    Ok(json!({"cluster": view(tx, &cluster, &Shown::ALL)?}))
}

/// `DeleteCluster`. An INACTIVE one is answered again: the call is idempotent by its model.
pub fn delete(tx: &mut Tx<'_>, params: &JsonMap) -> Result<Json, Fault> {
    let name = arn::resource(tx, "cluster", text(params, "cluster")?.unwrap_or("default"))?;
    let found: Option<Cluster> = tx.get(name)?;
    let mut cluster = found.ok_or_else(|| Fault::new("ClusterNotFoundException", "Cluster not found."))?;
    if cluster.active {
        if !service::live(tx, name)?.is_empty() {
            let message = "The Cluster cannot be deleted while Services are active.";
            return Err(Fault::new("ClusterContainsServicesException", message));
        }
        if !task::live_in(tx, name)?.is_empty() {
            let message = "The Cluster cannot be deleted while Tasks are active.";
            return Err(Fault::new("ClusterContainsTasksException", message));
        }
        cluster.active = false;
        tx.put(&cluster)?;
    }
    Ok(json!({"cluster": view(tx, &cluster, &Shown::ALL)?}))
}

/// `DescribeClusters`.
pub fn describe(tx: &mut Tx<'_>, params: &JsonMap) -> Result<Json, Fault> {
    let mut references = texts(params, "clusters")?;
    if references.len() > 100 {
        return Err(invalid("Clusters cannot have more than 100 elements."));
    }
    if references.is_empty() {
        references.push("default");
    }
    let shown = Shown {
        settings: includes(params, "SETTINGS")?,
        configuration: includes(params, "CONFIGURATIONS")?,
        statistics: includes(params, "STATISTICS")?,
        tags: includes(params, "TAGS")?,
    };
    let (mut clusters, mut failures) = (Vec::new(), Vec::new());
    for reference in references {
        let name = reference.rsplit_once('/').map_or(reference, |(_, name)| name);
        let full = if reference.starts_with("arn:") { reference.to_owned() } else { arn::cluster(tx, name) };
        let found: Option<Cluster> = tx.get(name)?;
        match found.filter(|cluster| cluster.arn == full) {
            Some(cluster) => clusters.push(view(tx, &cluster, &shown)?),
            None => failures.push(json!({"arn": full, "reason": "MISSING"})),
        }
    }
    Ok(json!({"clusters": clusters, "failures": failures}))
}

/// `ListClusters`: those that are ACTIVE.
pub fn list(tx: &mut Tx<'_>, params: &JsonMap) -> Result<Json, Fault> {
    let mut arns: Vec<String> = active(tx)?.into_iter().map(|cluster| cluster.arn).collect();
    arns.sort();
    paging::page(params, "clusterArns", arns, 100)
}

/// Every cluster that is ACTIVE.
///
/// # Errors
/// When the store fails.
pub fn active(tx: &Tx<'_>) -> Result<Vec<Cluster>, StoreError> {
    Ok(tx.all::<Cluster>()?.into_iter().filter(|cluster| cluster.active).collect())
}

/// Which of what is shown only when asked for.
struct Shown {
    settings: bool,
    configuration: bool,
    statistics: bool,
    tags: bool,
}

impl Shown {
    /// What the calls that change a cluster answer.
    const ALL: Self = Self { settings: true, configuration: true, statistics: false, tags: true };
}

fn view(tx: &Tx<'_>, cluster: &Cluster, shown: &Shown) -> Result<Json, StoreError> {
    let tasks = if cluster.active { task::live_in(tx, &cluster.name)? } else { Vec::new() };
    let running = tasks.iter().filter(|task| task.is_running()).count();
    let pending = tasks.iter().filter(|task| task.is_pending()).count();
    let services = if cluster.active { service::live(tx, &cluster.name)? } else { Vec::new() };
    let active = services.iter().filter(|service| service.is_active()).count();
    let draining = services.len() - active;
    let mut view = json!({
        "clusterArn": cluster.arn,
        "clusterName": cluster.name,
        "status": if cluster.active { "ACTIVE" } else { "INACTIVE" },
        "registeredContainerInstancesCount": 0,
        "runningTasksCount": running,
        "pendingTasksCount": pending,
        "activeServicesCount": active,
        "statistics": [],
        "tags": if shown.tags { tags::view(&cluster.tags) } else { json!([]) },
        "settings": if shown.settings { json!(cluster.settings) } else { json!([]) },
        "capacityProviders": cluster.providers,
        "defaultCapacityProviderStrategy": cluster.strategy,
    });
    if shown.statistics {
        let statistic = |name: &str, value: usize| json!({"name": name, "value": value.to_string()});
        view["statistics"] = json!([
            statistic("runningEC2TasksCount", 0),
            statistic("runningFargateTasksCount", running),
            statistic("pendingEC2TasksCount", 0),
            statistic("pendingFargateTasksCount", pending),
            statistic("activeEC2ServiceCount", 0),
            statistic("activeFargateServiceCount", active),
            statistic("drainingEC2ServiceCount", 0),
            statistic("drainingFargateServiceCount", draining),
        ]);
    }
    if shown.configuration
        && let Some(configuration) = &cluster.configuration
    {
        view["configuration"] = configuration.clone();
    }
    if let Some(defaults) = &cluster.service_connect {
        view["serviceConnectDefaults"] = defaults.clone();
    }
    Ok(view)
}
