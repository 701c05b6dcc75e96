//! Texts of secrets that a plan has and the state lacks: those of a stack that was sealed only now.

use std::collections::BTreeMap;

use super::Session;
use crate::model::{Secret, Secrets};
use crate::plan::Plan;

impl Session<'_> {
    /// Gives the state in memory the texts of secrets that it knows the hashes of only, where it is sealed and there is the
    /// key. Says whether there were any.
    pub(super) async fn learn(&self, plan: &Plan) -> bool {
        let keys = self.engine.store.keys();
        if keys.seal().is_none() || keys.require().is_err() {
            return false;
        }
        let mut texts = BTreeMap::new();
        plan.clone().visit_secrets(&mut |secret| {
            if let Secret::Clear(text) = &*secret {
                texts.insert(secret.hash(), text.clone());
            }
        });
        let mut learnt = false;
        self.ledger
            .visit_secrets(&mut |secret| {
                if let Secret::Hashed(hash) = secret
                    && let Some(text) = texts.get(hash)
                {
                    *secret = Secret::Clear(text.clone());
                    learnt = true;
                }
            })
            .await;
        learnt
    }
}
