//! [`Calls`]: what was asked of AWS, counted as it is sent.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use serde::Serialize;

/// How often a call was made.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Count {
    /// Requests that were sent, repeated ones included.
    pub sent: u64,
    /// How many of them were answered with 429, or with 400 or 503 and a code that says that there were too many.
    pub throttled: u64,
}

/// Counts the requests of a connection, by service and operation. Cheap to clone; clones count together.
#[derive(Debug, Clone, Default)]
pub struct Calls(Arc<Mutex<BTreeMap<(String, String), Count>>>);

impl Calls {
    /// What was counted so far, by the service's signing name and the operation, such as `("ecs", "CreateService")`.
    pub fn counted(&self) -> BTreeMap<(String, String), Count> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// How many requests were sent so far.
    pub fn sent(&self) -> u64 {
        self.counted().values().map(|count| count.sent).sum()
    }

    /// What counts the requests of one client, which is that of `service`.
    #[cfg(feature = "aws")]
    pub(super) fn of(&self, service: &'static str) -> counter::CallCounter {
        counter::CallCounter { calls: self.clone(), service }
    }

    /// Counts a request that no client makes.
    pub(super) fn sent_one(&self, service: &str, operation: &str) {
        self.count(service, operation, |count| count.sent += 1);
    }

    fn count(&self, service: &str, operation: &str, what: impl Fn(&mut Count)) {
        let mut counted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        what(counted.entry((service.to_owned(), operation.to_owned())).or_default());
    }
}

#[cfg(feature = "aws")]
mod counter {
    use aws_smithy_runtime_api::box_error::BoxError;
    use aws_smithy_runtime_api::client::interceptors::Intercept;
    use aws_smithy_runtime_api::client::interceptors::context::{
        BeforeTransmitInterceptorContextRef, FinalizerInterceptorContextRef,
    };
    use aws_smithy_runtime_api::client::orchestrator::Metadata;
    use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
    use aws_smithy_types::config_bag::ConfigBag;

    use super::{Calls, Count};

    /// [`Calls`] at work in a client.
    #[derive(Debug)]
    pub struct CallCounter {
        pub calls: Calls,
        pub service: &'static str,
    }

    impl Intercept for CallCounter {
        fn name(&self) -> &'static str {
            "CallCounter"
        }

        fn read_before_transmit(
            &self,
            _: &BeforeTransmitInterceptorContextRef<'_>,
            _: &RuntimeComponents,
            cfg: &mut ConfigBag,
        ) -> Result<(), BoxError> {
            self.count(cfg, |count| count.sent += 1);
            Ok(())
        }

        fn read_after_attempt(
            &self,
            context: &FinalizerInterceptorContextRef<'_>,
            _: &RuntimeComponents,
            cfg: &mut ConfigBag,
        ) -> Result<(), BoxError> {
            let answer = context.response();
            let throttled = answer.is_some_and(|answer| {
                let text = || answer.body().bytes().map(String::from_utf8_lossy).unwrap_or_default();
                match answer.status().as_u16() {
                    429 => true,
                    400 | 503 => crate::cloud::error::THROTTLED.iter().any(|code| text().contains(code)),
                    _ => false,
                }
            });
            if throttled {
                self.count(cfg, |count| count.throttled += 1);
            }
            Ok(())
        }
    }

    impl CallCounter {
        fn count(&self, cfg: &ConfigBag, what: impl Fn(&mut Count)) {
            self.calls.count(self.service, cfg.load::<Metadata>().map_or("", Metadata::name), what);
        }
    }
}
