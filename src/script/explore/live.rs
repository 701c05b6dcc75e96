//! What is asked at a prompt about what runs: functions of the language that scripts do not have.
//!
//! The answers are data ([`Object`]s), to be filtered and mapped like everything else. Who answers, and asks back before
//! something is changed, is up to the [`Queries`] that the prompt was given.

use std::sync::Arc;

use async_trait::async_trait;
use rhai::{Array, Dynamic, Engine, EvalAltResult, Map, NativeCallContext};
use tokio::sync::watch;

use crate::model::Json;
use crate::script::convert::{from_json, to_json};
use crate::script::session::{Mistake, Session};
use crate::script::suggest::{did_you_mean, listed};
use crate::script::tokens;

type Outcome<T> = Result<T, Box<EvalAltResult>>;

/// Functions that begin a question, and how each is called.
pub(in super::super) const ROOTS: [(&str, &str); 12] = [
    ("clusters", "clusters()"),
    ("cluster", "cluster(\"name\")"),
    ("services", "services(), or services(\"cluster\")"),
    ("service", "service(\"name\"), or service(\"cluster\", \"name\")"),
    ("tasks", "tasks(), or tasks(\"cluster\")"),
    ("members", "members(), or members(\"cluster\")"),
    ("instances", "instances(\"service of Cloud Map\")"),
    ("namespaces", "namespaces()"),
    ("log_groups", "log_groups()"),
    ("vpcs", "vpcs()"),
    ("vpc", "vpc(\"id or name\")"),
    ("role", "role(\"name\")"),
];

/// What an [`Object`] is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Sort {
    Cluster,
    Service,
    Task,
    Container,
    Event,
    Deployment,
    Line,
    Members,
    Member,
    Instance,
    Namespace,
    LogGroup,
    Vpc,
    Subnet,
    Role,
    Decision,
    Done,
}

impl Sort {
    /// What it is called.
    pub(in super::super) fn name(self) -> &'static str {
        match self {
            Self::Cluster => "cluster",
            Self::Service => "service",
            Self::Task => "task",
            Self::Container => "container",
            Self::Event => "event",
            Self::Deployment => "deployment",
            Self::Line => "line",
            Self::Members => "members",
            Self::Member => "member",
            Self::Instance => "instance",
            Self::Namespace => "namespace",
            Self::LogGroup => "log group",
            Self::Vpc => "vpc",
            Self::Subnet => "subnet",
            Self::Role => "role",
            Self::Decision => "decision",
            Self::Done => "change",
        }
    }

    /// What can be asked and done of it, and how.
    pub(in super::super) fn methods(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::Cluster => &[
                ("services", "cluster.services()"),
                ("service", "cluster.service(\"name\")"),
                ("tasks", "cluster.tasks()"),
                ("members", "cluster.members()"),
            ],
            Self::Service => &[
                ("tasks", "service.tasks()"),
                ("events", "service.events()"),
                ("deployments", "service.deployments()"),
                ("logs", "service.logs(), or service.logs(#{ since: \"10m\", filter: \"Members\" })"),
                ("members", "service.members()"),
                ("scale", "service.scale(5)"),
                ("redeploy", "service.redeploy()"),
                ("rollback", "service.rollback()"),
            ],
            Self::Task => &[
                ("containers", "task.containers()"),
                ("logs", "task.logs(), or task.logs(#{ since: \"10m\", filter: \"Members\" })"),
                ("stop", "task.stop(), or task.stop(\"reason\")"),
            ],
            Self::Role => &[("can", "role.can(\"ecs:ListTasks\"), or role.can(\"s3:PutObject\", \"arn:…\")")],
            _ => &[],
        }
    }

    /// The name here of an attribute that AWS calls otherwise.
    fn own(self, name: &str) -> &str {
        match (self, name) {
            (Self::Task, "lastStatus") => "status",
            (Self::Task, "taskArn") | (Self::Service, "serviceArn") | (Self::Cluster, "clusterArn") => "arn",
            (Self::Service, "serviceName") | (Self::Cluster, "clusterName") => "name",
            (Self::Service, "desiredCount") => "desired",
            (Self::Service, "runningCount") => "running",
            (Self::Service, "pendingCount") => "pending",
            (_, other) => other,
        }
    }

    /// What lies in it, by the names of its attributes.
    fn inner(self, name: &str) -> Option<Self> {
        match (self, name) {
            (Self::Service, "deployments") => Some(Self::Deployment),
            (Self::Service, "events") => Some(Self::Event),
            (Self::Task, "containers") => Some(Self::Container),
            (Self::Members, "members") => Some(Self::Member),
            (Self::Vpc, "subnets") => Some(Self::Subnet),
            _ => None,
        }
    }
}

/// A question about what runs, or a change of it.
#[derive(Debug, Clone, PartialEq)]
pub enum Question {
    /// All clusters of the region.
    Clusters,
    /// One of them.
    Cluster {
        /// Its name.
        cluster: String,
    },
    /// The services of a cluster, or of all.
    Services {
        /// The cluster's name.
        cluster: Option<String>,
    },
    /// A service; without a cluster it is looked for in all.
    Service {
        /// The cluster's name.
        cluster: Option<String>,
        /// Its own.
        service: String,
    },
    /// The tasks of a cluster, a service, or all, those that stopped lately included.
    Tasks {
        /// The cluster's name.
        cluster: Option<String>,
        /// The service's.
        service: Option<String>,
    },
    /// What a service told lately.
    Events {
        /// The cluster's name.
        cluster: String,
        /// The service's.
        service: String,
    },
    /// Lines of logs.
    Logs {
        /// The cluster's name.
        cluster: String,
        /// The service's.
        service: Option<String>,
        /// A task's identifier.
        task: Option<String>,
        /// Since when, such as `10m`.
        since: Option<String>,
        /// What the lines have in them.
        filter: Option<String>,
        /// The most lines that are wanted; the last ones.
        limit: Option<i64>,
        /// Of which container, where a task has several.
        container: Option<String>,
    },
    /// Members of Hazelcast or OrientDB as logs and Cloud Map show them, beside the tasks that run.
    Members {
        /// The cluster's name, or all clusters.
        cluster: Option<String>,
        /// Of one service only.
        service: Option<String>,
    },
    /// Instances that Cloud Map knows.
    Instances {
        /// The service of Cloud Map, by name or identifier.
        service: String,
    },
    /// Namespaces of Cloud Map.
    Namespaces,
    /// Log groups of the region.
    LogGroups,
    /// VPCs of the region.
    Vpcs,
    /// One of them.
    Vpc {
        /// Its identifier or name.
        vpc: String,
    },
    /// A role.
    Role {
        /// Its name.
        role: String,
    },
    /// Whether a role may do something, by what IAM makes of its policies.
    Can {
        /// The role's ARN.
        role: String,
        /// The action, such as `ecs:ListTasks`.
        action: String,
        /// The ARN of what it is done to; `*` where nothing is meant.
        resource: String,
    },
    /// Have a service run so many tasks.
    Scale {
        /// The cluster's name.
        cluster: String,
        /// The service's.
        service: String,
        /// How many.
        count: i64,
    },
    /// Have a service start all its tasks anew.
    Redeploy {
        /// The cluster's name.
        cluster: String,
        /// The service's.
        service: String,
    },
    /// Have a service go back to the deployment before.
    Rollback {
        /// The cluster's name.
        cluster: String,
        /// The service's.
        service: String,
    },
    /// Stop a task.
    Stop {
        /// The cluster's name.
        cluster: String,
        /// The task's identifier.
        task: String,
        /// Why, as the task will tell.
        reason: Option<String>,
    },
}

/// Answers questions about what runs.
#[async_trait]
pub trait Queries: Send + Sync {
    /// The answer as data: a list where several things are asked for, an object where one is. Before something is changed,
    /// whoever sits at the prompt is asked.
    ///
    /// # Errors
    /// Why there is no answer, in a sentence.
    async fn ask(&self, question: Question) -> Result<Json, String>;
}

/// Who answers, and whether anybody still waits for it.
#[derive(Clone)]
pub(in super::super) struct Asking {
    pub(super) queries: Arc<dyn Queries>,
    /// Changes, or closes, when nobody does.
    pub(super) waited_for: watch::Receiver<()>,
}

/// Something that runs, as an entry holds it: what is known of it can be read, and more be asked.
#[derive(Debug, Clone)]
pub(in super::super) struct Object {
    sort: Sort,
    entries: Arc<Map>,
}

impl Object {
    fn new(sort: Sort, json: &Json) -> Self {
        let Json::Object(members) = json else {
            let entries = Map::from([("value".into(), from_json(json))]);
            return Self { sort, entries: Arc::new(entries) };
        };
        let entry = |(name, member): (&String, &Json)| {
            let value = match (sort.inner(name), member) {
                (Some(inner), Json::Array(items)) => objects(inner, items),
                _ => from_json(member),
            };
            (name.as_str().into(), value)
        };
        Self { sort, entries: Arc::new(members.iter().map(entry).collect()) }
    }

    /// What it is.
    pub(in super::super) fn sort(&self) -> Sort {
        self.sort
    }

    /// What is known of it.
    pub(in super::super) fn entries(&self) -> &Map {
        &self.entries
    }

    fn text(&self, name: &str) -> Option<String> {
        self.entries.get(name)?.as_immutable_string_ref().ok().map(|text| text.to_string())
    }
}

fn objects(sort: Sort, items: &[Json]) -> Dynamic {
    items.iter().map(|item| Dynamic::from(Object::new(sort, item))).collect::<Array>().into()
}

/// Registers the functions.
pub(in super::super) fn register(engine: &mut Engine, session: &Arc<Session>, asking: &Asking) {
    let live = Live { session: session.clone(), asking: asking.clone() };
    engine.register_type_with_name::<Object>("object that runs");
    roots(engine, &live);
    attributes(engine, &live);
    looking(engine, &live);
    acting(engine, &live);
}

#[derive(Clone)]
struct Live {
    session: Arc<Session>,
    asking: Asking,
}

impl Live {
    fn ask(&self, question: Question) -> Outcome<Json> {
        let mut gone = self.asking.waited_for.clone();
        let answer = async {
            tokio::select! {
                biased;
                _ = gone.changed() => Err("nobody waits for the answer any more".to_owned()),
                answer = self.asking.queries.ask(question) => answer,
            }
        };
        Ok(self.session.ask(answer)?)
    }

    /// Asks for one thing.
    fn one(&self, sort: Sort, question: Question) -> Outcome<Dynamic> {
        Ok(Dynamic::from(Object::new(sort, &self.ask(question)?)))
    }

    /// Asks for several.
    fn all(&self, sort: Sort, question: Question) -> Outcome<Dynamic> {
        Ok(match self.ask(question)? {
            Json::Array(items) => objects(sort, &items),
            other => Dynamic::from(Object::new(sort, &other)),
        })
    }

    /// Records that what was asked is not to be asked of this object.
    fn not_of(&self, context: &NativeCallContext, object: &Object) -> Dynamic {
        let (name, sort) = (context.fn_name(), object.sort);
        let methods = || sort.methods().iter().map(|(name, _)| *name);
        let help = did_you_mean(name, methods()).or_else(|| {
            let uses: Vec<&str> = sort.methods().iter().map(|(_, usage)| *usage).collect();
            (!uses.is_empty()).then(|| format!("write {}", listed(uses, "or")))
        });
        let mistake = Mistake::new(format!("a {} has no `{name}()`", sort.name())).label("not a method of it");
        self.session.mistake(context, mistake.help(help));
        tokens::unknown().into()
    }
}

fn roots(engine: &mut Engine, live: &Live) {
    let own = live.clone();
    engine.register_fn("clusters", move || own.all(Sort::Cluster, Question::Clusters));
    let own = live.clone();
    engine.register_fn("cluster", move |name: &str| {
        own.one(Sort::Cluster, Question::Cluster { cluster: name.to_owned() })
    });
    let own = live.clone();
    engine.register_fn("services", move || own.all(Sort::Service, Question::Services { cluster: None }));
    let own = live.clone();
    engine.register_fn("services", move |cluster: &str| {
        own.all(Sort::Service, Question::Services { cluster: Some(cluster.to_owned()) })
    });
    let own = live.clone();
    engine.register_fn("service", move |name: &str| {
        own.one(Sort::Service, Question::Service { cluster: None, service: name.to_owned() })
    });
    let own = live.clone();
    engine.register_fn("service", move |cluster: &str, name: &str| {
        let (cluster, service) = (Some(cluster.to_owned()), name.to_owned());
        own.one(Sort::Service, Question::Service { cluster, service })
    });
    let own = live.clone();
    engine.register_fn("tasks", move || own.all(Sort::Task, Question::Tasks { cluster: None, service: None }));
    let own = live.clone();
    engine.register_fn("tasks", move |cluster: &str| {
        own.all(Sort::Task, Question::Tasks { cluster: Some(cluster.to_owned()), service: None })
    });
    let own = live.clone();
    engine.register_fn("members", move || own.all(Sort::Members, Question::Members { cluster: None, service: None }));
    let own = live.clone();
    engine.register_fn("members", move |cluster: &str| {
        own.all(Sort::Members, Question::Members { cluster: Some(cluster.to_owned()), service: None })
    });
    let own = live.clone();
    engine.register_fn("instances", move |service: &str| {
        own.all(Sort::Instance, Question::Instances { service: service.to_owned() })
    });
    let own = live.clone();
    engine.register_fn("namespaces", move || own.all(Sort::Namespace, Question::Namespaces));
    let own = live.clone();
    engine.register_fn("log_groups", move || own.all(Sort::LogGroup, Question::LogGroups));
    let own = live.clone();
    engine.register_fn("vpcs", move || own.all(Sort::Vpc, Question::Vpcs));
    let own = live.clone();
    engine.register_fn("vpc", move |vpc: &str| own.one(Sort::Vpc, Question::Vpc { vpc: vpc.to_owned() }));
    let own = live.clone();
    engine.register_fn("role", move |role: &str| own.one(Sort::Role, Question::Role { role: role.to_owned() }));
}

fn attributes(engine: &mut Engine, live: &Live) {
    let own = live.clone();
    engine.register_indexer_get(move |context: NativeCallContext, object: &mut Object, name: &str| -> Dynamic {
        if let Some(value) = object.entries.get(object.sort.own(name)) {
            return value.clone();
        }
        let names = || object.entries.keys().map(|key| key.as_str());
        let method = object.sort.methods().iter().find(|(method, _)| *method == name);
        let help = match method {
            Some((_, usage)) => format!("write {usage}"),
            None => did_you_mean(name, names()).unwrap_or_else(|| format!("it has {}", listed(names(), "and"))),
        };
        let mistake = Mistake::new(format!("a {} has no attribute `{name}`", object.sort.name()));
        own.session.mistake(&context, mistake.label("not an attribute").help(help));
        tokens::unknown().into()
    });
    engine.register_fn("keys", |object: &mut Object| -> Array {
        object.entries.keys().map(|key| key.to_string().into()).collect()
    });
    engine.register_fn("to_map", |object: &mut Object| -> Map { (*object.entries).clone() });
    let text = |object: &mut Object| -> String {
        let name = ["name", "id", "message", "arn"].iter().find_map(|name| object.text(name));
        name.unwrap_or_else(|| object.sort.name().to_owned())
    };
    engine.register_fn("to_string", text).register_fn("to_debug", text);
}

fn looking(engine: &mut Engine, live: &Live) {
    let own = live.clone();
    engine.register_fn("services", move |context: NativeCallContext, object: &mut Object| match object.sort {
        Sort::Cluster => own.all(Sort::Service, Question::Services { cluster: object.text("name") }),
        _ => Ok(own.not_of(&context, object)),
    });
    let own = live.clone();
    engine.register_fn("service", move |context: NativeCallContext, object: &mut Object, name: &str| {
        match object.sort {
            Sort::Cluster => {
                let (cluster, service) = (object.text("name"), name.to_owned());
                own.one(Sort::Service, Question::Service { cluster, service })
            }
            _ => Ok(own.not_of(&context, object)),
        }
    });
    let own = live.clone();
    engine.register_fn("tasks", move |context: NativeCallContext, object: &mut Object| match object.sort {
        Sort::Cluster => own.all(Sort::Task, Question::Tasks { cluster: object.text("name"), service: None }),
        Sort::Service => {
            let (cluster, service) = (object.text("cluster"), object.text("name"));
            own.all(Sort::Task, Question::Tasks { cluster, service })
        }
        _ => Ok(own.not_of(&context, object)),
    });
    let own = live.clone();
    engine.register_fn("members", move |context: NativeCallContext, object: &mut Object| match object.sort {
        Sort::Cluster => own.all(Sort::Members, Question::Members { cluster: object.text("name"), service: None }),
        Sort::Service => {
            let (cluster, service) = (object.text("cluster"), object.text("name"));
            own.all(Sort::Members, Question::Members { cluster, service })
        }
        _ => Ok(own.not_of(&context, object)),
    });
    let own = live.clone();
    engine.register_fn("events", move |context: NativeCallContext, object: &mut Object| {
        match (object.sort, object.text("cluster"), object.text("name")) {
            (Sort::Service, Some(cluster), Some(service)) => {
                own.all(Sort::Event, Question::Events { cluster, service })
            }
            _ => Ok(own.not_of(&context, object)),
        }
    });
    for name in ["deployments", "containers"] {
        let own = live.clone();
        engine.register_fn(name, move |context: NativeCallContext, object: &mut Object| {
            match (object.sort.inner(name), object.entries.get(name)) {
                (Some(_), Some(inner)) => inner.clone(),
                _ => own.not_of(&context, object),
            }
        });
    }
    let can = |own: &Live, context: &NativeCallContext, object: &Object, action: &str, resource: &str| match (
        object.sort,
        object.text("arn"),
    ) {
        (Sort::Role, Some(role)) => {
            let question = Question::Can { role, action: action.to_owned(), resource: resource.to_owned() };
            own.one(Sort::Decision, question)
        }
        _ => Ok(own.not_of(context, object)),
    };
    let own = live.clone();
    engine.register_fn("can", move |context: NativeCallContext, object: &mut Object, action: &str| {
        can(&own, &context, object, action, "*")
    });
    let own = live.clone();
    engine.register_fn("can", move |context: NativeCallContext, object: &mut Object, action: &str, on: &str| {
        can(&own, &context, object, action, on)
    });
    let own = live.clone();
    engine.register_fn("logs", move |context: NativeCallContext, object: &mut Object| {
        own.logs(&context, object, &Map::new())
    });
    let own = live.clone();
    engine.register_fn("logs", move |context: NativeCallContext, object: &mut Object, which: Map| {
        own.logs(&context, object, &which)
    });
}

/// What says which lines of logs are wanted.
const WHICH: [&str; 4] = ["since", "filter", "limit", "container"];

impl Live {
    fn logs(&self, context: &NativeCallContext, object: &Object, which: &Map) -> Outcome<Dynamic> {
        let json = to_json(&Dynamic::from(which.clone()), &mut self.session.state());
        let given = json.map_err(|unfit| format!("what says which lines are wanted has {} in it", unfit.what))?;
        if let Some(key) = which.keys().find(|key| !WHICH.contains(&key.as_str())) {
            let help = did_you_mean(key, WHICH).unwrap_or_else(|| format!("it has {}", listed(WHICH, "and")));
            let mistake = Mistake::new(format!("`logs` has no property `{key}`")).label("not a property").help(help);
            let step = [crate::model::PathStep::Key(key.to_string())];
            self.session.mistake_in(context, 1, &step, mistake);
            return Ok(Dynamic::UNIT);
        }
        let text = |key: &str| match &given[key] {
            Json::String(text) => Ok(Some(text.clone())),
            Json::Null => Ok(None),
            other => Err(format!("`{key}` is {other}, not a string")),
        };
        let limit = match &given["limit"] {
            Json::Null => None,
            other => Some(other.as_i64().ok_or_else(|| format!("`limit` is {other}, not a whole number"))?),
        };
        let (cluster, service, task) = match (object.sort, object.text("cluster")) {
            (Sort::Service, Some(cluster)) => (cluster, object.text("name"), None),
            (Sort::Task, Some(cluster)) => (cluster, None, object.text("id")),
            _ => return Ok(self.not_of(context, object)),
        };
        let (since, filter, container) = (text("since")?, text("filter")?, text("container")?);
        let question = Question::Logs { cluster, service, task, since, filter, limit, container };
        self.all(Sort::Line, question)
    }

    /// Changes a service.
    fn act(
        &self,
        context: &NativeCallContext,
        object: &Object,
        what: impl FnOnce(String, String) -> Question,
    ) -> Outcome<Dynamic> {
        match (object.sort, object.text("cluster"), object.text("name")) {
            (Sort::Service, Some(cluster), Some(service)) => self.done(what(cluster, service)),
            _ => Ok(self.not_of(context, object)),
        }
    }

    /// What was changed is told where it is; nothing is left to show when it was not.
    fn done(&self, question: Question) -> Outcome<Dynamic> {
        Ok(match self.ask(question)? {
            Json::Null => Dynamic::UNIT,
            told => Dynamic::from(Object::new(Sort::Done, &told)),
        })
    }
}

fn acting(engine: &mut Engine, live: &Live) {
    let own = live.clone();
    engine.register_fn("scale", move |context: NativeCallContext, object: &mut Object, count: i64| {
        own.act(&context, object, |cluster, service| Question::Scale { cluster, service, count })
    });
    let own = live.clone();
    engine.register_fn("redeploy", move |context: NativeCallContext, object: &mut Object| {
        own.act(&context, object, |cluster, service| Question::Redeploy { cluster, service })
    });
    let own = live.clone();
    engine.register_fn("rollback", move |context: NativeCallContext, object: &mut Object| {
        own.act(&context, object, |cluster, service| Question::Rollback { cluster, service })
    });
    let stop = |own: &Live, context: &NativeCallContext, object: &Object, reason: Option<String>| match (
        object.sort,
        object.text("cluster"),
        object.text("id"),
    ) {
        (Sort::Task, Some(cluster), Some(task)) => own.done(Question::Stop { cluster, task, reason }),
        _ => Ok(own.not_of(context, object)),
    };
    let own = live.clone();
    engine
        .register_fn("stop", move |context: NativeCallContext, object: &mut Object| stop(&own, &context, object, None));
    let own = live.clone();
    engine.register_fn("stop", move |context: NativeCallContext, object: &mut Object, reason: &str| {
        stop(&own, &context, object, Some(reason.to_owned()))
    });
}
