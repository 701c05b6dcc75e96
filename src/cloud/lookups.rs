//! What scripts ask of the account, answered by the account that is connected to.

use async_trait::async_trait;

use super::Cloud;
#[cfg(not(feature = "aws"))]
use super::own::NO_AWS;
use crate::model::existing::{ExistingVpc, VpcQuery};
use crate::script::Lookups;

#[async_trait]
impl Lookups for Cloud {
    async fn account(&self) -> Result<String, String> {
        Ok(self.account.clone())
    }

    async fn region(&self) -> Result<String, String> {
        Ok(self.region.clone())
    }

    #[cfg(feature = "aws")]
    async fn zones(&self) -> Result<Vec<String>, String> {
        Self::zones(self).await.map_err(|error| error.to_string())
    }

    #[cfg(feature = "aws")]
    async fn vpcs(&self, wanted: &VpcQuery) -> Result<Vec<ExistingVpc>, String> {
        Self::vpcs(self, wanted).await.map_err(|error| error.to_string())
    }

    #[cfg(not(feature = "aws"))]
    async fn zones(&self) -> Result<Vec<String>, String> {
        Err(NO_AWS.to_owned())
    }

    #[cfg(not(feature = "aws"))]
    async fn vpcs(&self, _: &VpcQuery) -> Result<Vec<ExistingVpc>, String> {
        Err(NO_AWS.to_owned())
    }
}
