//! The connection: clients of the SDK for one account and region of AWS, or for the embedded one; or no AWS at all, for
//! kinds of an embedder's own.

#[cfg(feature = "aws")]
mod access;
mod calls;
#[cfg(feature = "aws")]
pub mod connect;
mod error;
#[cfg(feature = "aws")]
mod existing;
mod gate;
#[cfg(feature = "aws")]
mod keys;
mod lookups;
mod own;
#[cfg(feature = "aws")]
mod repeat;

#[cfg(feature = "aws")]
pub use access::{Decision, Verdict};
pub use calls::{Calls, Count};
#[cfg(feature = "aws")]
pub use connect::{ConnectError, Connection};
#[cfg(feature = "aws")]
pub(crate) use error::chain;
#[cfg(feature = "aws")]
pub use error::failed;
pub use error::{CallError, ErrorClass};
#[cfg(feature = "aws")]
pub(crate) use existing::Routing;
pub use gate::{Closed, Gate, Request};

/// Who answers the calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answering {
    /// AWS.
    Aws,
    /// The embedded AWS.
    Embedded,
    /// What is at an address of the user's own.
    Elsewhere {
        /// The address.
        url: String,
    },
    /// No AWS: kinds of an embedder's own.
    Own {
        /// What states and plans call it.
        name: String,
    },
}

impl Answering {
    /// What states and plans call it: `local` for the embedded AWS, `aws` for others, or its own name.
    pub fn name(&self) -> &str {
        match self {
            Self::Embedded => "local",
            Self::Aws | Self::Elsewhere { .. } => "aws",
            Self::Own { name } => name,
        }
    }
}

/// A connection to one account and region. Without the feature `aws` there are no clients in it.
#[derive(Debug, Clone)]
pub struct Cloud {
    /// The account's twelve digits.
    pub account: String,
    /// The region's code, such as `eu-west-1`.
    pub region: String,
    /// Who answers. Only on AWS do tasks really run.
    pub answering: Answering,
    /// By how much waits between questions are multiplied: 1 on AWS, less where answers come sooner.
    pub pace: f64,
    /// Counts the requests of all the clients.
    pub calls: Calls,
    /// What requests of kinds that speak to no client pass.
    gates: Vec<std::sync::Arc<dyn Gate>>,
    /// Client of Application Auto Scaling.
    #[cfg(feature = "aws")]
    pub autoscaling: aws_sdk_applicationautoscaling::Client,
    /// Client of Cloud Control.
    #[cfg(feature = "aws")]
    pub cloudcontrol: aws_sdk_cloudcontrol::Client,
    /// Client of EC2.
    #[cfg(feature = "aws")]
    pub ec2: aws_sdk_ec2::Client,
    /// Client of EC2 for look-ups, which are made again whatever became of them.
    #[cfg(feature = "aws")]
    pub(crate) lookups: aws_sdk_ec2::Client,
    /// Client of ECR.
    #[cfg(feature = "aws")]
    pub ecr: aws_sdk_ecr::Client,
    /// Client of ECS.
    #[cfg(feature = "aws")]
    pub ecs: aws_sdk_ecs::Client,
    /// Client of EFS.
    #[cfg(feature = "aws")]
    pub efs: aws_sdk_efs::Client,
    /// Client of Elastic Load Balancing.
    #[cfg(feature = "aws")]
    pub elb: aws_sdk_elasticloadbalancingv2::Client,
    /// Client of IAM.
    #[cfg(feature = "aws")]
    pub iam: aws_sdk_iam::Client,
    /// Client of KMS.
    #[cfg(feature = "aws")]
    pub kms: aws_sdk_kms::Client,
    /// Client of CloudWatch Logs.
    #[cfg(feature = "aws")]
    pub logs: aws_sdk_cloudwatchlogs::Client,
    /// Client of Secrets Manager.
    #[cfg(feature = "aws")]
    pub secrets: aws_sdk_secretsmanager::Client,
    /// Client of Cloud Map.
    #[cfg(feature = "aws")]
    pub servicediscovery: aws_sdk_servicediscovery::Client,
    /// Client of STS.
    #[cfg(feature = "aws")]
    pub sts: aws_sdk_sts::Client,
}

/// The least a wait is shortened to.
const LEAST_WAIT: std::time::Duration = std::time::Duration::from_millis(5);

impl Cloud {
    /// How long to wait for what takes AWS this long.
    pub fn paced(&self, on_aws: std::time::Duration) -> std::time::Duration {
        on_aws.mul_f64(self.pace.max(0.0)).max(LEAST_WAIT.min(on_aws))
    }
}
