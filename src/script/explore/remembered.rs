//! [`Remembered`]: what the account answered once is not asked for again with every entry.

use std::sync::Arc;
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;

use crate::model::existing::{ExistingVpc, VpcQuery};
use crate::script::Lookups;

/// Answers that are kept until they are forgotten. What failed is asked again.
pub(super) struct Remembered {
    asked: Arc<dyn Lookups>,
    answers: Mutex<Answers>,
}

#[derive(Default)]
struct Answers {
    account: Option<String>,
    region: Option<String>,
    zones: Option<Vec<String>>,
    vpcs: Vec<(VpcQuery, Vec<ExistingVpc>)>,
}

impl Remembered {
    pub(super) fn new(asked: Arc<dyn Lookups>) -> Self {
        Self { asked, answers: Mutex::default() }
    }

    /// Has everything asked again.
    pub(super) fn forget(&self) {
        *self.answers() = Answers::default();
    }

    fn answers(&self) -> MutexGuard<'_, Answers> {
        self.answers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Lookups for Remembered {
    async fn account(&self) -> Result<String, String> {
        if let Some(known) = self.answers().account.clone() {
            return Ok(known);
        }
        let answer = self.asked.account().await?;
        self.answers().account = Some(answer.clone());
        Ok(answer)
    }

    async fn region(&self) -> Result<String, String> {
        if let Some(known) = self.answers().region.clone() {
            return Ok(known);
        }
        let answer = self.asked.region().await?;
        self.answers().region = Some(answer.clone());
        Ok(answer)
    }

    async fn zones(&self) -> Result<Vec<String>, String> {
        if let Some(known) = self.answers().zones.clone() {
            return Ok(known);
        }
        let answer = self.asked.zones().await?;
        self.answers().zones = Some(answer.clone());
        Ok(answer)
    }

    async fn vpcs(&self, wanted: &VpcQuery) -> Result<Vec<ExistingVpc>, String> {
        let known = self.answers().vpcs.iter().find(|(query, _)| query == wanted).map(|(_, found)| found.clone());
        if let Some(known) = known {
            return Ok(known);
        }
        let answer = self.asked.vpcs(wanted).await?;
        self.answers().vpcs.push((wanted.clone(), answer.clone()));
        Ok(answer)
    }

    fn stand_in(&self) -> bool {
        self.asked.stand_in()
    }
}
