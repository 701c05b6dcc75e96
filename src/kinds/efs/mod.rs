//! Kinds of EFS.
//!
//! Source of what calls take, answer and refuse: botocore 1.44.5's model of `efs`.

pub mod access_point;
pub mod file_system;
pub mod mount_target;
mod policies;
mod tags;

use std::time::Duration;

use aws_sdk_efs::types::LifeCycleState;

use crate::kinds::visible;
use crate::kinds::{Action, Poll, Progress};
use crate::model::JsonMap;

/// Between two looks at what takes a minute or more.
const AGAIN: Duration = Duration::from_secs(5);

/// Where an object in this state stands, which is not there without one. `attributes` are those it has.
fn progress(state: Option<&LifeCycleState>, attributes: JsonMap, question: &mut Poll<'_>) -> Progress {
    use LifeCycleState as State;
    let deleting = question.action == Action::Delete;
    match state {
        None | Some(State::Deleted) if deleting => Progress::Ready(JsonMap::new()),
        None => visible::unseen(question),
        Some(State::Available) if !deleting => Progress::Ready(attributes),
        Some(State::Deleting | State::Deleted) if !deleting => Progress::Failed {
            reason: format!("`{}` is being deleted", question.id),
            help: "something else deletes it: run again, and it is made anew".to_owned(),
        },
        Some(State::Error) => Progress::Failed {
            reason: format!("`{}` is in the state error", question.id),
            help: "its cause is told in the console of EFS; delete it there and run again".to_owned(),
        },
        Some(state) => Progress::Pending { summary: state.as_str().to_owned(), news: Vec::new(), again_in: AGAIN },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(action: Action, state: Option<LifeCycleState>) -> Progress {
        let none = JsonMap::new();
        let mut waiting = JsonMap::new();
        progress(
            state.as_ref(),
            JsonMap::new(),
            &mut Poll { id: "fs-1", action, waiting: &mut waiting, attributes: &none, wanted: &none },
        )
    }

    #[test]
    fn what_goes_while_it_is_made_has_failed_and_what_is_gone_is_deleted() {
        assert!(matches!(asked(Action::Create, Some(LifeCycleState::Creating)), Progress::Pending { .. }));
        assert!(matches!(asked(Action::Create, None), Progress::Pending { .. }), "it does not show yet");
        assert!(matches!(asked(Action::Update, Some(LifeCycleState::Updating)), Progress::Pending { .. }));
        assert!(matches!(asked(Action::Create, Some(LifeCycleState::Deleting)), Progress::Failed { .. }));
        assert!(matches!(asked(Action::Create, Some(LifeCycleState::Error)), Progress::Failed { .. }));
        assert!(matches!(asked(Action::Delete, Some(LifeCycleState::Available)), Progress::Pending { .. }));
        assert_eq!(asked(Action::Delete, None), Progress::Ready(JsonMap::new()));
    }
}
