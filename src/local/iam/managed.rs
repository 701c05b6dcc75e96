//! The managed policies of AWS that the embedded one has: those that ECS stacks attach.
//!
//! Their documents, in `managed/`, allow what AWS's reference of managed policies says that they are for, without the
//! parts about services that the embedded AWS does not have.

use serde_json::json;

use super::super::store::{StoreError, Tx};
use super::document::url_encoded;
use super::usage;
use crate::model::Json;

/// What their ARNs begin with.
pub(super) const PREFIX: &str = "arn:aws:iam::aws:policy/";

/// When they were made and last changed, as far as the embedded AWS tells.
const CREATED: &str = "2015-02-06T18:40:00Z";

/// A managed policy of AWS.
#[derive(Debug)]
pub(super) struct Managed {
    pub(super) name: &'static str,
    pub(super) path: &'static str,
    pub(super) description: &'static str,
    pub(super) document: &'static str,
}

macro_rules! managed {
    ($($name:literal, $path:literal, $description:literal;)*) => {
        /// All there are.
        pub(super) static ALL: &[Managed] = &[$(Managed {
            name: $name,
            path: $path,
            description: $description,
            document: include_str!(concat!("managed/", $name, ".json")),
        }),*];
    };
}

managed! {
    "AWSApplicationAutoscalingECSServicePolicy", "/aws-service-role/",
        "Policy granting permissions to Application Auto Scaling to access ECS and CloudWatch.";
    "AWSElasticLoadBalancingServiceRolePolicy", "/aws-service-role/",
        "Service Linked Role Policy for AWS Elastic Load Balancing Control Plane";
    "AdministratorAccess", "/",
        "Provides full access to AWS services and resources.";
    "AmazonEC2ContainerRegistryReadOnly", "/",
        "Provides read-only access to Amazon EC2 Container Registry repositories.";
    "AmazonEC2ReadOnlyAccess", "/",
        "Provides read only access to Amazon EC2 via the AWS Management Console.";
    "AmazonECSServiceRolePolicy", "/aws-service-role/",
        "Policy to enable Amazon ECS to manage your cluster.";
    "AmazonECSTaskExecutionRolePolicy", "/service-role/",
        "Provides access to other AWS service resources that are required to run Amazon ECS tasks";
    "AmazonECS_FullAccess", "/",
        "Provides administrative access to Amazon ECS resources and enables ECS features through access to other AWS service resources, including VPCs, Auto Scaling groups, and CloudFormation stacks.";
    "AmazonElasticFileSystemClientFullAccess", "/",
        "Provides root client access to an Amazon EFS file system";
    "AmazonElasticFileSystemClientReadWriteAccess", "/",
        "Provides read and write client access to an Amazon EFS file system";
    "AmazonS3ReadOnlyAccess", "/",
        "Provides read only access to all buckets via the AWS Management Console.";
    "AmazonSSMManagedInstanceCore", "/",
        "The policy for Amazon EC2 Role to enable AWS Systems Manager service core functionality.";
    "CloudWatchAgentServerPolicy", "/",
        "Permissions required to use AmazonCloudWatchAgent on servers";
    "CloudWatchLogsFullAccess", "/",
        "Provides full access to CloudWatch Logs";
    "ReadOnlyAccess", "/",
        "Provides read-only access to AWS services and resources.";
}

/// The one of an ARN.
pub(super) fn find(arn: &str) -> Option<&'static Managed> {
    ALL.iter().find(|managed| managed.arn() == arn)
}

/// Whether an ARN is that of a policy which only a service's own role can have.
pub(super) fn is_service_role_policy(arn: &str) -> bool {
    find(arn).is_some_and(|managed| managed.path == "/aws-service-role/")
}

impl Managed {
    /// Its ARN.
    pub(super) fn arn(&self) -> String {
        format!("{PREFIX}{}{}", &self.path[1..], self.name)
    }

    /// Without its description, as ListPolicies answers.
    pub(super) fn summary(&self, tx: &Tx<'_>) -> Result<Json, StoreError> {
        let arn = self.arn();
        let (attached, boundaries) = usage::counts(tx, &arn)?;
        let letters =
            self.name.bytes().filter(u8::is_ascii_alphanumeric).map(|byte| char::from(byte.to_ascii_uppercase()));
        let id: String = letters.chain(std::iter::repeat('A')).take(17).collect();
        Ok(json!({
            "PolicyName": self.name,
            "PolicyId": format!("ANPA{id}"),
            "Arn": arn,
            "Path": self.path,
            "DefaultVersionId": "v1",
            "AttachmentCount": attached,
            "PermissionsBoundaryUsageCount": boundaries,
            "IsAttachable": true,
            "CreateDate": CREATED,
            "UpdateDate": CREATED,
        }))
    }

    /// As GetPolicy answers.
    pub(super) fn full(&self, tx: &Tx<'_>) -> Result<Json, StoreError> {
        let mut policy = self.summary(tx)?;
        policy["Description"] = json!(self.description);
        Ok(policy)
    }

    /// Its only version, as answers have it.
    pub(super) fn versions_json(&self, documents: bool) -> Vec<Json> {
        let mut version = json!({"VersionId": "v1", "IsDefaultVersion": true, "CreateDate": CREATED});
        if documents {
            version["Document"] = json!(url_encoded(self.document));
        }
        vec![version]
    }
}

#[cfg(test)]
mod tests {
    use super::super::document::{Document, Purpose};
    use super::*;

    #[test]
    fn every_document_is_one_that_iam_accepts() {
        for managed in ALL {
            assert!(Document::parse(managed.document, Purpose::Identity).is_ok(), "{}", managed.name);
            assert!(find(&managed.arn()).is_some_and(|found| found.name == managed.name));
        }
    }
}
