//! Kinds: how each type of AWS resource is read, created, updated and deleted through the SDK.
//!
//! One folder a service, one file a kind. To add a kind: copy the file of one like it, change it, add it to [`KINDS`].
//! A kind never sees a reference or a plan: it gets plain JSON with the schema's property names in camelCase and
//! answers with the same. Its [`Facts`] are what the planner knows of it.
//!
//! What every kind keeps to, and the contract test checks for each entry of [`KINDS`]:
//! - `create` makes the object with **one** call and returns at once; what that call cannot set is set by `configure`,
//!   which may be repeated. So a run killed between the two loses nothing.
//! - `read` answers the properties in the schema's shape, for many objects with as few calls as the API allows.
//! - `delete` of what is gone succeeds.
//! - nothing here waits: what takes time is asked about by `poll`, and the executor does the waiting.

use std::collections::BTreeMap;
use std::time::Duration;

use async_trait::async_trait;

use crate::cloud::{CallError, Cloud, ErrorClass};
use crate::model::{Formation, Json, JsonMap, KindSchema};

use listing::Among;

pub use registry::register;

#[cfg(feature = "aws")]
pub(crate) mod abreast;
#[cfg(feature = "aws")]
pub(crate) mod absent;
#[cfg(feature = "aws")]
mod autoscaling;
#[cfg(feature = "aws")]
mod cloudcontrol;
#[cfg(feature = "aws")]
mod ec2;
#[cfg(all(test, feature = "aws"))]
mod echo;
#[cfg(feature = "aws")]
mod ecr;
#[cfg(feature = "aws")]
pub(crate) mod ecs;
#[cfg(feature = "aws")]
mod efs;
#[cfg(feature = "aws")]
mod elasticloadbalancing;
#[cfg(feature = "aws")]
mod iam;
#[cfg(feature = "aws")]
mod json;
pub mod listing;
#[cfg(feature = "aws")]
mod logs;
mod registry;
#[cfg(feature = "aws")]
mod secretsmanager;
#[cfg(feature = "aws")]
mod servicediscovery;
pub mod tags;
mod visible;

/// What is known of a kind without asking AWS.
#[derive(Debug)]
pub struct Facts {
    /// The CloudFormation type, such as `AWS::EC2::VPC`.
    pub type_name: &'static str,
    /// Paths of the properties the code sends, in camelCase with `/` between levels and `*` for any element. A path
    /// covers all below it. A declared property that none covers is refused when planning.
    pub sends: &'static [&'static str],
    /// Paths below one in `sends` that the code does not send after all; refused when planning.
    pub except: &'static [&'static str],
    /// Properties that the schema would update in place but this code can only replace.
    pub replaces: &'static [&'static str],
    /// The property that is the physical name, when the kind has one.
    pub name: Option<NameRule>,
    /// Sets of properties of which no two live objects may have the same values. A replacement is made before the old
    /// object goes only when in each set some value changes.
    pub unique_by: &'static [&'static [&'static str]],
    /// Whether AWS deletes it while others still refer to it.
    pub deletable_in_use: bool,
    /// Attribute that answers `handle.arn`, if any, such as `serviceArn`.
    pub arn: Option<&'static str>,
}

impl Facts {
    /// What is known of a kind with no peculiarities: its code sends the properties at `sends` and below. The rest is said
    /// as in `Facts { arn: Some("arn"), ..Facts::new("Example::File::Text", &["path", "content"]) }`.
    pub const fn new(type_name: &'static str, sends: &'static [&'static str]) -> Self {
        Self {
            type_name,
            sends,
            except: &[],
            replaces: &[],
            name: None,
            unique_by: &[],
            deletable_in_use: false,
            arn: None,
        }
    }

    /// The property that is the physical name; empty when the kind has none.
    pub fn name_property(&self) -> &'static str {
        self.name.map_or("", |rule| rule.property)
    }
}

/// How a name is made up where the user gave none.
#[derive(Debug, Clone, Copy)]
pub struct NameRule {
    /// The property that holds it, such as `roleName`.
    pub property: &'static str,
    /// The longest name AWS takes, in characters.
    pub max: usize,
}

/// What is there, read from AWS.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Observed {
    /// Properties in the schema's shape and camelCase. Left out: what AWS does not tell (write-only ones).
    pub properties: JsonMap,
    /// Read-only attributes (`arn`, `vpcId`…), in camelCase.
    pub attributes: JsonMap,
}

impl Observed {
    /// The attributes that are kept of what declares these properties. Of a type of which nothing is known everything is
    /// an attribute: what is declared, which may be a secret, is left out.
    pub fn told<V>(&self, schema: &KindSchema, declared: &BTreeMap<String, V>) -> JsonMap {
        let kept = |(name, _): &(&String, &Json)| !(schema.is_open() && declared.contains_key(*name));
        self.attributes.iter().filter(kept).map(|(name, value)| (name.clone(), value.clone())).collect()
    }
}

/// A wanted object.
#[derive(Debug, Clone, Copy)]
pub struct Create<'a> {
    /// Properties, all known, tags of the stack included.
    pub properties: &'a JsonMap,
    /// Unique to (lineage, address, generation): at most 36 characters of `[a-z0-9-]`. It is also the value of the tag
    /// `hzscript:token` in `properties` wherever the kind takes tags.
    pub token: &'a str,
}

/// A change of an existing object.
#[derive(Debug, Clone, Copy)]
pub struct Update<'a> {
    /// Its physical identifier.
    pub id: &'a str,
    /// All wanted properties.
    pub wanted: &'a JsonMap,
    /// What AWS said it has now, in the schema's shape.
    pub observed: &'a JsonMap,
    /// What the last run asked for; a property in here and not in `wanted` is to be taken away.
    pub prior: &'a JsonMap,
    /// Its attributes.
    pub attributes: &'a JsonMap,
    /// Top-level properties that differ; empty when the object is to be brought to life again after a failed
    /// deployment.
    pub changed: &'a [String],
    /// As in [`Create`], another for each update.
    pub token: &'a str,
}

impl Update<'_> {
    /// Whether this top-level property differs.
    pub fn changes(&self, property: &str) -> bool {
        self.changed.iter().any(|name| name == property)
    }
}

/// An object to delete.
#[derive(Debug, Clone, Copy)]
pub struct Delete<'a> {
    /// Its physical identifier.
    pub id: &'a str,
    /// What the last run asked for.
    pub prior: &'a JsonMap,
    /// Its attributes.
    pub attributes: &'a JsonMap,
}

/// AWS took the call.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Accepted {
    /// Attributes as far as the answer tells them; merged over those known before.
    pub attributes: JsonMap,
    /// What `poll` needs to follow this very change (a deployment's or an operation's id). `None` when there is nothing
    /// to wait for.
    pub waiting: Option<JsonMap>,
}

/// AWS made the object.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Created {
    /// The physical identifier: the schema's primary identifier, its parts joined by `|`.
    pub id: String,
    /// Whether `configure` has more to set.
    pub configure: bool,
    /// The rest.
    pub accepted: Accepted,
}

/// What is being waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// The object is to be usable.
    Create,
    /// The change is to have taken effect.
    Update,
    /// The object is to be gone.
    Delete,
}

/// A question to `poll`.
#[derive(Debug)]
pub struct Poll<'a> {
    /// Its physical identifier.
    pub id: &'a str,
    /// What is awaited.
    pub action: Action,
    /// What the call gave in [`Accepted::waiting`]; `poll` may keep notes in it for the next time.
    pub waiting: &'a mut JsonMap,
    /// Its attributes.
    pub attributes: &'a JsonMap,
    /// What was asked for.
    pub wanted: &'a JsonMap,
}

/// Where something awaited stands.
#[derive(Debug, Clone, PartialEq)]
pub enum Progress {
    /// It is done; these attributes are merged over those known.
    Ready(JsonMap),
    /// Not yet.
    Pending {
        /// What to show, such as `2/3 tasks running`.
        summary: String,
        /// What is new since the last poll: service events, stopped tasks.
        news: Vec<String>,
        /// When to ask again.
        again_in: Duration,
    },
    /// It will not get there.
    Failed {
        /// The cause, as AWS tells it.
        reason: String,
        /// The way out.
        help: String,
    },
}

/// A question whether the members that an object runs have found each other.
#[derive(Debug, Clone, Copy)]
pub struct Gathering<'a> {
    /// Its physical identifier.
    pub id: &'a str,
    /// What is expected of them.
    pub expected: &'a Formation,
    /// Whether the cause is to be looked for, should they not have.
    pub why: bool,
}

/// Whether members have found each other.
#[derive(Debug, Clone, PartialEq)]
pub enum Gathered {
    /// They have.
    Formed {
        /// How many they are.
        members: usize,
    },
    /// Not, or not yet.
    Apart {
        /// What to show, such as `2 of 3 members have found each other`.
        summary: String,
        /// Whether no log says anything of members.
        silent: bool,
        /// What was seen, and the likeliest cause.
        reason: String,
        /// The way out.
        help: String,
        /// When to ask again.
        again_in: Duration,
    },
    /// Nobody can tell.
    Unseen {
        /// Why not.
        reason: String,
    },
}

/// A type of resource: of AWS, or of anything else that an embedder has created, changed and deleted.
///
/// A kind of one's own implements `facts`, `read`, `find`, `create` and `delete`, and `update` unless every change is a
/// replacement; the rest has defaults. Before a request that goes through none of the clients of [`Cloud`] it asks
/// [`Cloud::pass`]; its errors are [`CallError::own`], whose [`ErrorClass`] says what they mean for going on.
/// `examples/custom_kind.rs` is one.
#[async_trait]
pub trait Kind: Send + Sync {
    /// What is known of it without asking.
    fn facts(&self) -> &'static Facts;

    /// Reads many at once: an answer for each id, in order, `None` for what is absent (deleted, inactive).
    async fn read(&self, cloud: &Cloud, ids: &[String]) -> Result<Vec<Option<Observed>>, CallError>;

    /// Identifiers of objects that are there, sorted as AWS answers them. Left out: what AWS makes and keeps itself
    /// (service-linked roles, main route tables, local routes, default groups), and what is on its way out.
    /// A kind that lists none is not found by `import`.
    async fn list(&self, _cloud: &Cloud, _among: Among<'_>) -> Result<Vec<String>, CallError> {
        Ok(Vec::new())
    }

    /// The id of an object that a call with this token made whose answer never came: by token, tag or unique name.
    /// Only what bears the stack's own marks (token, tags, generated name) counts.
    async fn find(&self, cloud: &Cloud, wanted: &Create<'_>) -> Result<Option<String>, CallError>;

    /// Makes it, with one call.
    async fn create(&self, cloud: &Cloud, wanted: &Create<'_>) -> Result<Created, CallError>;

    /// Sets what `create` could not; repeatable. Called only when [`Created::configure`] says so, or after a crash.
    async fn configure(&self, _cloud: &Cloud, _id: &str, _wanted: &Create<'_>) -> Result<(), CallError> {
        Ok(())
    }

    /// Changes it in place. Not asked of a kind whose properties are all create-only, by its schema or its facts.
    async fn update(&self, _cloud: &Cloud, _change: &Update<'_>) -> Result<Accepted, CallError> {
        let message = format!("an {} cannot be changed in place", self.facts().type_name);
        Err(CallError::own("kind:Update", ErrorClass::Refused, message))
    }

    /// Deletes it; one that is gone already is a success.
    async fn delete(&self, cloud: &Cloud, target: &Delete<'_>) -> Result<Accepted, CallError>;

    /// Asks where something awaited stands. Where nothing takes time it is asked only after a lost answer, and says what
    /// that would have told: the attributes, as soon as they can be read.
    async fn poll(&self, cloud: &Cloud, question: &mut Poll<'_>) -> Result<Progress, CallError> {
        visible::poll(self, cloud, question).await
    }

    /// Asks whether the members that the object runs have found each other, by what they log.
    async fn gathered(&self, _cloud: &Cloud, _question: &Gathering<'_>) -> Result<Gathered, CallError> {
        Ok(Gathered::Unseen { reason: format!("an {} runs no members", self.facts().type_name) })
    }
}

/// Every kind with code of its own, in the order of their types.
#[cfg(feature = "aws")]
pub static KINDS: &[&dyn Kind] = &[
    &autoscaling::scalable_target::ScalableTarget,
    &autoscaling::scaling_policy::ScalingPolicy,
    &ec2::Eip,
    &ec2::InternetGateway,
    &ec2::NatGateway,
    &ec2::Route,
    &ec2::RouteTable,
    &ec2::SecurityGroup,
    &ec2::SECURITY_GROUP_EGRESS,
    &ec2::SECURITY_GROUP_INGRESS,
    &ec2::Subnet,
    &ec2::SubnetRouteTableAssociation,
    &ec2::Vpc,
    &ec2::VpcEndpoint,
    &ec2::VpcGatewayAttachment,
    &ecr::repository::Repository,
    &ecs::cluster::Cluster,
    &ecs::cluster_capacity_provider_associations::ClusterCapacityProviderAssociations,
    &ecs::service::Service,
    &ecs::task_definition::TaskDefinition,
    &efs::access_point::AccessPoint,
    &efs::file_system::FileSystem,
    &efs::mount_target::MountTarget,
    &elasticloadbalancing::Listener,
    &elasticloadbalancing::ListenerRule,
    &elasticloadbalancing::LoadBalancer,
    &elasticloadbalancing::TargetGroup,
    &iam::managed_policy::ManagedPolicy,
    &iam::role::Role,
    &logs::log_group::LogGroup,
    &secretsmanager::secret::Secret,
    &servicediscovery::http_namespace::HttpNamespace,
    &servicediscovery::private_dns_namespace::PrivateDnsNamespace,
    &servicediscovery::service::Service,
];

/// Without the feature `aws` there are none.
#[cfg(not(feature = "aws"))]
pub static KINDS: &[&dyn Kind] = &[];

/// The kind of a type: one of [`KINDS`], one that was [registered](register), or Cloud Control's for every other type that
/// it can make, read and delete.
pub fn by_type(type_name: &str) -> Option<&'static dyn Kind> {
    let own = KINDS.iter().copied().find(|kind| kind.facts().type_name == type_name);
    let known = own.or_else(|| registry::added(type_name));
    #[cfg(feature = "aws")]
    let known = known.or_else(|| cloudcontrol::of(type_name));
    known
}
