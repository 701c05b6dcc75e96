//! The events of a service, worded as ECS words them.
//!
//! Source: "Service event messages" of the developer guide: the latest hundred are told, and one that repeats is omitted
//! until its cause is gone or six hours have passed.

use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::local::store::{StoreError, Tx};
use crate::model::Json;

/// How long one that repeats is omitted, in milliseconds.
const OMITTED: i64 = 6 * 3600 * 1000;

/// How many tasks an event tells of.
pub const TASKS_AN_EVENT: usize = 10;

/// An event.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Event {
    id: String,
    at: i64,
    message: String,
}

impl Event {
    /// As answers have it.
    pub fn view(&self) -> Json {
        json!({"id": self.id, "createdAt": super::millis_to_seconds(self.at), "message": self.message})
    }
}

/// Adds an event of a service, the newest first.
///
/// # Errors
/// When the store fails.
pub fn add(tx: &mut Tx<'_>, events: &mut Vec<Event>, service: &str, what: &str) -> Result<(), StoreError> {
    let message = format!("(service {service}) {what}");
    let event = Event { id: tx.fresh_uuid("event")?, at: super::millis(tx.now), message };
    events.insert(0, event);
    events.truncate(100);
    Ok(())
}

/// Adds an event of something that goes on being wrong, unless it was the latest thing told of that kind.
///
/// # Errors
/// When the store fails.
pub fn add_problem(tx: &mut Tx<'_>, events: &mut Vec<Event>, service: &str, what: &str) -> Result<(), StoreError> {
    let message = format!("(service {service}) {what}");
    let now = super::millis(tx.now);
    let told = |event: &Event| event.message == message && now - event.at < OMITTED;
    // What was told before the service was steady for the last time has another cause.
    let recent = events.iter().take_while(|event| !event.message.ends_with(STEADY));
    if recent.into_iter().any(told) { Ok(()) } else { add(tx, events, service, what) }
}

/// The service has what it wants.
pub const STEADY: &str = "has reached a steady state.";

/// Tasks were started or stopped: `has started 2 tasks: (task a) (task b).`
pub fn of_tasks(done: &str, ids: &[String]) -> String {
    let tasks: Vec<String> = ids.iter().map(|id| format!("(task {id})")).collect();
    let noun = match (done, ids.len()) {
        ("has stopped", _) => "running tasks",
        _ => "tasks",
    };
    format!("{done} {} {noun}: {}.", ids.len(), tasks.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tasks_are_told_of_as_ecs_does() {
        let ids = ["a".to_owned(), "b".to_owned()];
        assert_eq!(of_tasks("has started", &ids), "has started 2 tasks: (task a) (task b).");
        assert_eq!(of_tasks("has stopped", &ids[..1]), "has stopped 1 running tasks: (task a).");
    }
}
