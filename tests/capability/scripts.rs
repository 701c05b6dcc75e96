//! Every script in `scripts/`: it runs, settles, survives another value of each of its inputs, and goes. A new script is
//! found by itself; what its inputs are changed to stands in `scripts.toml`.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use hzscript::kinds;
use hzscript::local::service::Listed;
use hzscript::model::{Json, Program};
use hzscript::plan::Action;
use hzscript::script::Given;
use serde::Deserialize;

use crate::support::stack::summary;
use crate::support::world::project_script;
use crate::support::{Stack, World};

/// Longer than all the changes of a script take together, in AWS's time.
const TOO_LONG: Duration = Duration::from_secs(24 * 60 * 60);

/// A script's part of `scripts.toml`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Needs {
    /// A script that must have run before, as another stack.
    before: Option<String>,
    /// Inputs that are given, for they have no default.
    given: BTreeMap<String, Json>,
    /// What inputs are changed to: each time one, with what must go with it.
    others: Vec<Inputs>,
}

/// A script of the project.
#[derive(Debug)]
pub(super) struct Script {
    /// Its file's name.
    pub(super) name: String,
    text: String,
    needs: Needs,
}

/// All of them.
pub(super) fn scripts() -> Vec<Script> {
    let mut needs: BTreeMap<String, Needs> = toml::from_str(include_str!("scripts.toml")).expect("a table");
    let files = std::fs::read_dir(project_script("")).expect("a folder");
    let names = files.map(|file| file.expect("a file").file_name().into_string().expect("a readable name"));
    let mut names: Vec<String> =
        names.filter(|name| name.ends_with(".rhai") && !name.ends_with("_test.rhai")).collect();
    names.sort();
    let script = |name: String| {
        let text = std::fs::read_to_string(project_script(&name)).expect("readable");
        let needs = needs.remove(name.trim_end_matches(".rhai")).unwrap_or_default();
        Script { name, text, needs }
    };
    let scripts = names.into_iter().map(script).collect();
    assert!(needs.is_empty(), "scripts.toml has what no script is: {needs:?}");
    scripts
}

/// Inputs by name.
type Inputs = BTreeMap<String, Json>;

impl Script {
    async fn program(&self, stack: &Stack, set: &Inputs) -> Program {
        let given = self.needs.given.iter().chain(set);
        let given = given.map(|(name, value)| (name.clone(), Given::Json(value.clone()))).collect();
        stack.program_with(&self.text, given).await
    }

    /// What its inputs are changed to; each of them is.
    fn others(&self, program: &Program) -> &[Inputs] {
        let others = &self.needs.others;
        for (name, value) in others.iter().flatten() {
            let was = program.inputs.get(name).unwrap_or_else(|| panic!("{} has no input {name}", self.name));
            assert_ne!(Some(value), was.to_json().as_ref(), "{}: `{name}` is another", self.name);
        }
        let changed: BTreeSet<&String> = others.iter().flat_map(BTreeMap::keys).collect();
        let missing: Vec<&String> = program.inputs.keys().filter(|name| !changed.contains(name)).collect();
        assert!(missing.is_empty(), "{}: scripts.toml says no other value of {missing:?}", self.name);
        others
    }
}

/// A script that has run.
pub(super) struct Deployed {
    pub(super) stack: Stack,
    before: Option<Stack>,
    pub(super) was: Vec<Listed>,
}

impl Deployed {
    pub(super) async fn new(script: &Script) -> Self {
        let stack = Stack::new().await;
        let before = match &script.needs.before {
            Some(text) => {
                let before = stack.beside("before");
                before.runs(text).await;
                Some(before)
            }
            None => None,
        };
        let was = stack.local.list().expect("readable");
        let deployed = Self { stack, before, was };
        deployed.runs(script, &Inputs::new(), "created").await;
        deployed
    }

    /// Runs it, sees that nothing is left to do then, and that no task definition got a revision without a change.
    async fn runs(&self, script: &Script, set: &Inputs, what: &str) {
        let what = format!("{}, {what}", script.name);
        let program = script.program(&self.stack, set).await;
        let definitions = self.definitions().await;
        let (plan, report) = self.stack.carry_out(&program).await;
        assert!(report.is_complete(), "{what}: {:#?}\n{}", report.failures, summary(&plan));
        let now = self.definitions().await;
        for change in plan.changes.iter().filter(|change| change.action == Action::NoOp) {
            let address = change.address.to_string();
            assert_eq!(now.get(&address), definitions.get(&address), "{what}: {address}");
        }
        let left = self.stack.engine.look().await.expect("begun").plan(&program).await.expect("a plan");
        let differences: Vec<_> = left.changes.iter().flat_map(|change| &change.differences).collect();
        assert!(left.is_empty(), "{what}: it does not settle:\n{}\n{differences:#?}", summary(&left));
        let drift = self.stack.engine.look().await.expect("begun").drift().await.expect("readable");
        assert!(drift.is_none() && drift.unread.is_empty(), "{what}: {:#?}", drift.resources);
    }

    /// ARNs of its task definitions by address.
    async fn definitions(&self) -> BTreeMap<String, String> {
        let resources = self.stack.engine.state().await.expect("readable").map(|state| state.resources);
        let found = resources.unwrap_or_default().into_iter().filter(|(_, one)| one.kind == "AWS::ECS::TaskDefinition");
        found.map(|(address, one)| (address.to_string(), one.id)).collect()
    }

    async fn goes(self, script: &Script) {
        self.stack.destroy().await;
        let names = |listed: Vec<Listed>| -> Vec<_> { listed.into_iter().map(|one| (one.type_name, one.id)).collect() };
        let left = names(self.stack.local.list().expect("readable"));
        assert_eq!(left, names(self.was), "{}: the account is as before", script.name);
        if let Some(before) = self.before {
            before.destroy().await;
            assert_eq!(self.stack.exists(), Vec::<String>::new(), "{}: what was before goes too", script.name);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn every_script_survives_another_value_of_each_input_and_goes() {
    for script in scripts() {
        let kept = tokio::time::timeout(TOO_LONG, async {
            println!("{}", script.name);
            let deployed = Deployed::new(&script).await;
            for set in script.others(&script.program(&deployed.stack, &Inputs::new()).await) {
                println!("    {set:?}");
                deployed.runs(&script, set, &format!("with {set:?}")).await;
                deployed.runs(&script, &Inputs::new(), &format!("back from {set:?}")).await;
            }
            deployed.goes(&script).await;
        });
        assert!(kept.await.is_ok(), "{}: waits without an end", script.name);
    }
}

#[tokio::test(start_paused = true)]
async fn what_aws_fills_in_is_no_difference() {
    let mut filled_in = BTreeMap::<String, usize>::new();
    for script in scripts() {
        let deployed = Deployed::new(&script).await;
        deployed.runs(&script, &Inputs::new(), "run again").await;
        for (address, recorded) in deployed.stack.state().await.resources {
            let kind = kinds::by_type(&recorded.kind).expect("a kind");
            let cloud = deployed.stack.engine.cloud();
            let read = kind.read(cloud, std::slice::from_ref(&recorded.id)).await.expect("an answer").remove(0);
            let read = read.unwrap_or_else(|| panic!("{}: {address} is there", script.name));
            let more = read.properties.keys().filter(|name| !recorded.inputs.contains_key(*name)).count();
            *filled_in.entry(recorded.kind.clone()).or_default() += more;
            if recorded.kind != "AWS::ECS::TaskDefinition" {
                continue;
            }
            let asked = cloud.ecs.describe_task_definition().task_definition(&recorded.id).send().await;
            let definition = asked.expect("an answer").task_definition.expect("it is there");
            assert_eq!(definition.revision(), 1, "{}: {address} is as it was", script.name);
            let family = cloud.ecs.describe_task_definition().task_definition(definition.family().expect("it has one"));
            let latest = family.send().await.expect("an answer").task_definition.expect("it is there");
            assert_eq!(latest.revision(), 1, "{}: nothing was registered beside {address}", script.name);
            // Defaults stand inside the containers.
            let containers = recorded.inputs["containerDefinitions"].to_json().expect("known").to_string();
            let stored = read.properties["containerDefinitions"].to_string();
            *filled_in.entry("containers".to_owned()).or_default() += usize::from(stored.len() > containers.len());
        }
    }
    // Else this test sees nothing.
    for kind in ["AWS::ECS::Service", "containers", "AWS::IAM::Role"] {
        assert!(filled_in.get(kind).is_some_and(|count| *count > 0), "nothing is filled in: {kind}: {filled_in:?}");
    }
}

#[test]
fn every_script_runs_as_a_user_runs_it() {
    for Script { name, needs, .. } in scripts() {
        println!("{name}");
        let world = World::new();
        let local = world.path().join(".hzscript/local");
        std::fs::create_dir_all(&local).expect("made");
        std::fs::write(local.join("settings.toml"), "pace = 0.0\n").expect("written");
        if let Some(before) = &needs.before {
            world.hz(&["run", &world.script("before.rhai", before), "--yes"]).succeeds();
        }
        let was = world.exists();
        let script = project_script(&name);
        let given: Vec<String> =
            needs.given.iter().map(|(name, value)| format!("--set={name}={}", shown(value))).collect();
        let given: Vec<&str> = given.iter().map(String::as_str).collect();
        World::new().hz(&[&["check", &script], &given[..]].concat()).succeeds();
        world.hz(&[&["plan", &script, "--detailed-exitcode"], &given[..]].concat()).exits_with(2);
        assert_eq!(world.exists(), was, "{name}: planning makes nothing");
        world.hz(&[&["run", &script, "--yes"], &given[..]].concat()).succeeds();
        world.hz(&[&["plan", &script, "--detailed-exitcode"], &given[..]].concat()).exits_with(0).told("nothing to do");
        world.hz(&["destroy", &script, "--yes"]).succeeds();
        assert_eq!(world.exists(), was, "{name}: the account is as before");
    }
}

/// A value as `--set` takes it.
fn shown(value: &Json) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
