//! The whole stacks of Hazelcast and OrientDB, whose runs end before and after every call and every write of the state, and
//! those on an AWS that loses answers and has too many calls: whatever happens, what there is in the end is what there
//! would have been, each thing once.

use std::collections::BTreeMap;
use std::io::Write;

use hzscript::model::Program;
use hzscript::script::Given;

use crate::support::Stack;
use crate::support::interruption::{complete, is_settled, survives};
use crate::support::inventory::inventory;
use crate::support::moments::Watch;
use crate::support::stack::account;
use crate::support::world::project_script;

/// A script of the project, and what its inputs are for an update and a replacement.
struct Whole {
    name: &'static str,
    update: &'static [(&'static str, &'static str)],
    replace: &'static [(&'static str, &'static str)],
}

const HAZELCAST: Whole = Whole {
    name: "hazelcast.rhai",
    update: &[("desiredCount", "4"), ("image", "hazelcast/hazelcast:5.5.11")],
    replace: &[("cidr", "10.1.0.0/16")],
};

const ORIENTDB: Whole = Whole {
    name: "orientdb.rhai",
    update: &[("desiredCount", "4")],
    replace: &[("cloudNamespace", "other.orientdb.com")],
};

impl Whole {
    async fn program(&self, inputs: &[(&str, &str)]) -> Option<Program> {
        let text = std::fs::read_to_string(project_script(self.name)).expect("readable");
        let given = inputs.iter().map(|(name, value)| ((*name).to_owned(), Given::Text((*value).to_owned())));
        Some(Stack::new().await.program_with(&text, given.collect::<BTreeMap<_, _>>()).await)
    }

    /// Its life: created, updated, replaced, and gone.
    async fn life(&self) -> [Option<Program>; 4] {
        [self.program(&[]).await, self.program(self.update).await, self.program(self.replace).await, None]
    }

    /// It is ended at every moment of a part of its life, and gone on with.
    async fn survives(&self, part: usize) {
        let [create, update, replace, destroy] = self.life().await;
        let (what, runs) = match part {
            0 => ("create", vec![create]),
            1 => ("update", vec![create, update]),
            2 => ("replace", vec![create, replace]),
            _ => ("destroy", vec![create, destroy]),
        };
        let survived = survives(&runs, 1).await;
        tell(&format!("{} {what}: {survived}", self.name));
        assert_eq!(survived.survived, survived.points);
    }

    /// It lives on an AWS with these faults as it does without. How many calls met them is told by what `of` counts.
    async fn lives(&self, faults: &[&str]) {
        let undisturbed = Stack::new().await;
        let watch = Watch::new(&account(faults));
        let stack = watch.stack().await;
        for (program, part) in self.life().await.iter().zip(["create", "update", "replace", "destroy"]) {
            let when = format!("{} {part} with {faults:?}", self.name);
            complete(&undisturbed, program.as_ref(), &when).await;
            complete(&stack, program.as_ref(), &when).await;
            let expected = is_settled(&undisturbed, program.as_ref(), &when).await;
            let found = is_settled(&stack, program.as_ref(), &when).await;
            assert_eq!(inventory(&stack, &found).await, inventory(&undisturbed, &expected).await, "{when}");
        }
        let answers = watch.answers();
        let (calls, lost, throttled) = (answers.calls, answers.lost.len(), answers.throttled);
        tell(&format!(
            "{} with {faults:?}: {calls} calls, {lost} lost, {throttled} throttled, all survived",
            self.name
        ));
        if faults.contains(&"drop=create") {
            assert!(lost >= 30, "{answers:?}");
        }
        if faults.contains(&"throttle=0.3") {
            let share = throttled as f64 / calls as f64;
            assert!((0.25..0.35).contains(&share), "{answers:?}");
        }
    }
}

/// Prints it also when the test passes.
fn tell(text: &str) {
    writeln!(std::io::stderr(), "{text}").expect("printed");
}

macro_rules! ended_at_every_moment {
    ($($name:ident $whole:ident $part:literal)*) => {$(
        #[tokio::test(start_paused = true)]
        async fn $name() {
            $whole.survives($part).await;
        }
    )*};
}

ended_at_every_moment! {
    hazelcast_is_created_though_the_run_ends_at_any_moment HAZELCAST 0
    hazelcast_is_updated_though_the_run_ends_at_any_moment HAZELCAST 1
    hazelcast_is_replaced_though_the_run_ends_at_any_moment HAZELCAST 2
    hazelcast_is_gone_though_the_run_ends_at_any_moment HAZELCAST 3
    orientdb_is_created_though_the_run_ends_at_any_moment ORIENTDB 0
    orientdb_is_updated_though_the_run_ends_at_any_moment ORIENTDB 1
    orientdb_is_replaced_though_the_run_ends_at_any_moment ORIENTDB 2
    orientdb_is_gone_though_the_run_ends_at_any_moment ORIENTDB 3
}

#[tokio::test(start_paused = true)]
async fn the_first_answer_of_every_creation_is_lost() {
    for whole in [HAZELCAST, ORIENTDB] {
        whole.lives(&["drop=create"]).await;
    }
}

#[tokio::test(start_paused = true)]
async fn three_calls_in_ten_are_too_many() {
    for whole in [HAZELCAST, ORIENTDB] {
        whole.lives(&["throttle=0.3", "seed=42"]).await;
    }
}

#[tokio::test(start_paused = true)]
async fn everything_goes_wrong_at_once() {
    let faults = ["error=0.05", "drop=0.05", "throttle=0.1", "slow=2s", "lag=3s", "capacity=2", "seed=7"];
    for whole in [HAZELCAST, ORIENTDB] {
        whole.lives(&faults).await;
    }
}
