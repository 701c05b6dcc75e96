//! Whether AWS shows an object yet: what `Describe` calls answer may lag behind what was made
//! ("Eventual consistency in the Amazon EC2 API"; other services are no better).

use std::time::Duration;

use serde_json::json;

use crate::cloud::{CallError, Cloud};
use crate::kinds::{Action, Kind, Poll, Progress};
use crate::model::{Json, JsonMap};

/// Between two looks at what is there within seconds.
const SOON: Duration = Duration::from_secs(1);
/// How often to look for what does not show.
const LOOKS: u64 = 120;
/// Where the looks are counted.
const COUNT: &str = "looks";

/// What `poll` answers for a kind whose objects are usable as soon as they can be read.
///
/// # Errors
/// When reading fails.
pub async fn poll<K: Kind + ?Sized>(kind: &K, cloud: &Cloud, question: &mut Poll<'_>) -> Result<Progress, CallError> {
    if question.action == Action::Delete {
        return Ok(Progress::Ready(JsonMap::new()));
    }
    let found = kind.read(cloud, &[question.id.to_owned()]).await?;
    Ok(match found.into_iter().next().flatten() {
        Some(observed) => Progress::Ready(observed.attributes),
        None => unseen(question),
    })
}

/// For an object that was made and does not show: patience first, then a failure.
pub fn unseen(question: &mut Poll<'_>) -> Progress {
    let looks = question.waiting.get(COUNT).and_then(Json::as_u64).unwrap_or_default() + 1;
    if looks > LOOKS {
        return Progress::Failed {
            reason: format!("`{}` was made and is not there", question.id),
            help: "something deleted it: run again, and it is made anew".to_owned(),
        };
    }
    question.waiting.insert(COUNT.to_owned(), json!(looks));
    pending("not visible yet")
}

/// Not yet, and soon.
pub fn pending(summary: &str) -> Progress {
    Progress::Pending { summary: summary.to_owned(), news: Vec::new(), again_in: SOON }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_never_shows_fails_after_a_while() {
        let (mut waiting, empty) = (JsonMap::new(), JsonMap::new());
        let mut question =
            Poll { id: "vpc-1", action: Action::Create, waiting: &mut waiting, attributes: &empty, wanted: &empty };
        let patient = (0..LOOKS).all(|_| matches!(unseen(&mut question), Progress::Pending { .. }));
        assert!(patient);
        assert!(matches!(unseen(&mut question), Progress::Failed { .. }));
    }
}
