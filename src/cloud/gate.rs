//! [`Gate`]: what every request passes before it leaves.

use std::fmt::Debug;
use std::sync::Arc;

use super::Cloud;

/// A request that is about to leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Request<'a> {
    /// The service by the SDK's name, such as `ECS`.
    pub service: &'a str,
    /// The operation, such as `CreateService`.
    pub operation: &'a str,
}

/// Sees every request before it leaves, repetitions included, and may keep it from leaving.
pub trait Gate: Debug + Send + Sync {
    /// Lets a request pass.
    ///
    /// # Errors
    /// [`Closed`] when it must not leave; the call then fails with [`ErrorClass::NotMade`](super::ErrorClass::NotMade).
    fn pass(&self, request: Request<'_>) -> Result<(), Closed>;
}

/// A request was not let pass: nothing was sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the call was not made: {0}")]
pub struct Closed(pub String);

impl Cloud {
    /// The same connection, whose requests pass `gate` before they leave, and then those it had already.
    #[must_use]
    pub fn guarded(&self, gate: Arc<dyn Gate>) -> Self {
        let mut gates = vec![gate.clone()];
        gates.extend(self.gates.iter().cloned());
        Self { gates, ..self.with_clients_guarded(gate) }
    }

    #[cfg(not(feature = "aws"))]
    fn with_clients_guarded(&self, _: Arc<dyn Gate>) -> Self {
        self.clone()
    }

    #[cfg(feature = "aws")]
    fn with_clients_guarded(&self, gate: Arc<dyn Gate>) -> Self {
        macro_rules! through {
            ($($client:ident: $sdk:ident,)*) => {{
                // Field by field: a client that is added must be named here.
                let Self { account, region, answering, pace, calls, gates, $($client),* } = self;
                Self {
                    account: account.clone(),
                    region: region.clone(),
                    answering: answering.clone(),
                    pace: *pace,
                    calls: calls.clone(),
                    gates: gates.clone(),
                    $($client: {
                        let settings = $client.config().to_builder().interceptor(clients::Passing(gate.clone()));
                        $sdk::Client::from_conf(settings.build())
                    },)*
                }
            }};
        }
        through! {
            autoscaling: aws_sdk_applicationautoscaling,
            cloudcontrol: aws_sdk_cloudcontrol,
            ec2: aws_sdk_ec2,
            lookups: aws_sdk_ec2,
            ecr: aws_sdk_ecr,
            ecs: aws_sdk_ecs,
            efs: aws_sdk_efs,
            elb: aws_sdk_elasticloadbalancingv2,
            iam: aws_sdk_iam,
            kms: aws_sdk_kms,
            logs: aws_sdk_cloudwatchlogs,
            secrets: aws_sdk_secretsmanager,
            servicediscovery: aws_sdk_servicediscovery,
            sts: aws_sdk_sts,
        }
    }
}

#[cfg(feature = "aws")]
mod clients {
    use std::sync::Arc;

    use aws_smithy_runtime_api::box_error::BoxError;
    use aws_smithy_runtime_api::client::interceptors::context::BeforeTransmitInterceptorContextRef;
    use aws_smithy_runtime_api::client::interceptors::{Intercept, dyn_dispatch_hint};
    use aws_smithy_runtime_api::client::orchestrator::Metadata;
    use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
    use aws_smithy_types::config_bag::ConfigBag;

    use super::{Gate, Request};

    /// A gate on the way of one client.
    #[derive(Debug)]
    pub struct Passing(pub Arc<dyn Gate>);

    #[dyn_dispatch_hint]
    impl Intercept for Passing {
        fn name(&self) -> &'static str {
            "Gate"
        }

        fn read_before_transmit(
            &self,
            _: &BeforeTransmitInterceptorContextRef<'_>,
            _: &RuntimeComponents,
            settings: &mut ConfigBag,
        ) -> Result<(), BoxError> {
            let known = settings.load::<Metadata>();
            let (service, operation) = known.map_or(("", ""), |known| (known.service(), known.name()));
            Ok(self.0.pass(Request { service, operation })?)
        }
    }
}
