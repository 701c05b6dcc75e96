//! The connection: clients of the SDK for one account and region of AWS, or for the embedded one.

mod error;

pub use error::{CallError, ErrorClass, failed};

/// Clients for one account and region.
#[derive(Debug, Clone)]
pub struct Cloud {
    /// The account's twelve digits.
    pub account: String,
    /// The region's code, such as `eu-west-1`.
    pub region: String,
    /// Client of EC2.
    pub ec2: aws_sdk_ec2::Client,
    /// Client of ECS.
    pub ecs: aws_sdk_ecs::Client,
    /// Client of IAM.
    pub iam: aws_sdk_iam::Client,
    /// Client of CloudWatch Logs.
    pub logs: aws_sdk_cloudwatchlogs::Client,
    /// Client of Cloud Map.
    pub servicediscovery: aws_sdk_servicediscovery::Client,
    /// Client of STS.
    pub sts: aws_sdk_sts::Client,
}
