//! The connection: clients of the SDK for one account and region of AWS, or for the embedded one.

mod calls;
pub mod connect;
mod error;
mod existing;
mod gate;
mod keys;
mod repeat;

pub use calls::{Calls, Count};
pub use connect::{ConnectError, Connection};
pub(crate) use error::chain;
pub use error::{CallError, ErrorClass, failed};
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
}

/// Clients for one account and region.
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
    /// Client of Application Auto Scaling.
    pub autoscaling: aws_sdk_applicationautoscaling::Client,
    /// Client of EC2.
    pub ec2: aws_sdk_ec2::Client,
    /// Client of EC2 for look-ups, which are made again whatever became of them.
    pub(crate) lookups: aws_sdk_ec2::Client,
    /// Client of ECR.
    pub ecr: aws_sdk_ecr::Client,
    /// Client of ECS.
    pub ecs: aws_sdk_ecs::Client,
    /// Client of EFS.
    pub efs: aws_sdk_efs::Client,
    /// Client of Elastic Load Balancing.
    pub elb: aws_sdk_elasticloadbalancingv2::Client,
    /// Client of IAM.
    pub iam: aws_sdk_iam::Client,
    /// Client of KMS.
    pub kms: aws_sdk_kms::Client,
    /// Client of CloudWatch Logs.
    pub logs: aws_sdk_cloudwatchlogs::Client,
    /// Client of Secrets Manager.
    pub secrets: aws_sdk_secretsmanager::Client,
    /// Client of Cloud Map.
    pub servicediscovery: aws_sdk_servicediscovery::Client,
    /// Client of STS.
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
