//! Which calls the SDK makes again by itself.
//!
//! A call that was one too many was not done, so it may be made again whatever it does, by itself: a read that takes many
//! calls would hardly ever get through otherwise. All other failures are for `apply::retry` to judge: what may have been
//! done is looked for first. What is asked before there is anything to apply is made again whatever became of it.

use std::time::Duration;

use aws_smithy_runtime_api::client::interceptors::context::InterceptorContext;
use aws_smithy_runtime_api::client::retries::classifiers::{
    ClassifyRetry, RetryAction, RetryClassifierPriority, RetryReason,
};
use aws_smithy_types::retry::{ErrorKind, RetryConfig};

use super::Answering;

/// How often a call is made that is one too many each time.
const TOO_MANY: u32 = 6;

/// How often a call is made that only asks.
const ONLY_ASKS: u32 = 10;

/// The first pause between two attempts, on AWS; each is up to twice as long as the one before.
const FIRST: Duration = Duration::from_millis(200);
/// The longest.
const LONGEST: Duration = Duration::from_secs(5);

/// For calls whose failures are judged by others, but for those that were too many. With [`OnlyThrottled`].
///
/// How fast each service may be asked, once one of its calls was too many, the SDK finds out where that depends on how fast
/// it is asked: the embedded AWS refuses at random.
pub fn too_many(pace: f64, answering: &Answering) -> RetryConfig {
    let config = match answering {
        Answering::Embedded => RetryConfig::standard(),
        Answering::Aws | Answering::Elsewhere { .. } | Answering::Own { .. } => RetryConfig::adaptive(),
    };
    paced(config, pace).with_max_attempts(TOO_MANY)
}

/// For calls that only ask.
pub fn only_asks(pace: f64) -> RetryConfig {
    paced(RetryConfig::standard(), pace).with_max_attempts(ONLY_ASKS)
}

fn paced(config: RetryConfig, pace: f64) -> RetryConfig {
    let paced = |pause: Duration| pause.mul_f64(pace.max(0.0)).max(Duration::from_millis(1));
    config.with_initial_backoff(paced(FIRST)).with_max_backoff(paced(LONGEST))
}

/// Keeps the SDK from making a call again that was not refused as one too many.
#[derive(Debug)]
pub struct OnlyThrottled;

impl ClassifyRetry for OnlyThrottled {
    fn classify_retry(&self, _: &InterceptorContext) -> RetryAction {
        RetryAction::NoActionIndicated
    }

    fn classify_retry_v2(&self, _: &InterceptorContext, so_far: &RetryAction) -> RetryAction {
        match so_far {
            RetryAction::RetryIndicated(RetryReason::RetryableError { kind: ErrorKind::ThrottlingError, .. }) => {
                RetryAction::NoActionIndicated
            }
            _ => RetryAction::RetryForbidden,
        }
    }

    fn name(&self) -> &'static str {
        "only throttled"
    }

    fn priority(&self) -> RetryClassifierPriority {
        RetryClassifierPriority::run_after(RetryClassifierPriority::transient_error_classifier())
    }
}
