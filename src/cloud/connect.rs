//! Making a [`Cloud`]: for an account by the ordinary credential chain, or for the embedded AWS.

use std::time::Duration;

use aws_config::environment::region::EnvironmentVariableRegionProvider;
use aws_config::meta::region::RegionProviderChain;
use aws_config::profile::{ProfileFileCredentialsProvider, ProfileFileRegionProvider};
use aws_config::provider_config::ProviderConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::provider::ProvideCredentials;
use aws_sdk_ec2::config::retry::RetryPartition;
use aws_smithy_http_client::tls;
use aws_smithy_types::timeout::TimeoutConfig;

use super::error::chain;
use super::repeat::{OnlyThrottled, only_asks, too_many};
use super::{Answering, CallError, Calls, Cloud, failed};
#[cfg(feature = "local")]
use crate::local::Local;

/// How to reach AWS.
#[derive(Debug, Clone, Default)]
pub struct Connection {
    /// The region; by default what the profile or the environment says.
    pub region: Option<String>,
    /// The profile of the shared configuration files, whose credentials are used whatever else there is; by default what
    /// the environment says.
    pub profile: Option<String>,
    /// Where to send calls instead of AWS's own addresses.
    pub endpoint_url: Option<String>,
}

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// Nothing says which region.
    #[error("no region: give one with --region, AWS_REGION or the profile")]
    NoRegion,
    /// The profile that was named gives no credentials.
    #[error("the profile `{profile}` gives no credentials: {reason}")]
    Profile {
        /// Its name.
        profile: String,
        /// Why not.
        reason: String,
    },
    /// The account cannot be asked for.
    #[error("cannot tell which account the credentials belong to: {0}")]
    Identity(#[from] CallError),
}

impl Connection {
    /// What the ordinary chain makes of it: a region, if any, and a provider of credentials.
    ///
    /// # Errors
    /// [`ConnectError::Profile`] when the profile has no credentials.
    pub async fn config(&self) -> Result<SdkConfig, ConnectError> {
        let provider = tls::Provider::Rustls(tls::rustls_provider::CryptoMode::Ring);
        let http = aws_smithy_http_client::Builder::new().tls_provider(provider).build_https();
        let mut loader = aws_config::defaults(BehaviorVersion::latest()).http_client(http.clone());
        if let Some(region) = &self.region {
            loader = loader.region(Region::new(region.clone()));
        }
        if let Some(profile) = &self.profile {
            // Named, a profile comes before credentials in the environment, which the ordinary chain would prefer.
            let region = RegionProviderChain::first_try(self.region.clone().map(Region::new))
                .or_else(EnvironmentVariableRegionProvider::new())
                .or_else(ProfileFileRegionProvider::builder().profile_name(profile).build());
            let own = ProviderConfig::default().with_http_client(http).with_region(region.region().await);
            let credentials = ProfileFileCredentialsProvider::builder().configure(&own).profile_name(profile);
            let credentials = credentials.build();
            credentials.provide_credentials().await.map_err(|error| {
                let (profile, reason) = (profile.clone(), chain(&error));
                ConnectError::Profile { profile, reason }
            })?;
            loader = loader.profile_name(profile).credentials_provider(credentials);
        }
        if let Some(url) = &self.endpoint_url {
            loader = loader.endpoint_url(url);
        }
        Ok(loader.load().await)
    }
}

impl Cloud {
    /// Connects to an account, and asks which one it is.
    ///
    /// # Errors
    /// [`ConnectError::NoRegion`] when no region is set; [`ConnectError::Profile`] when the profile has no credentials;
    /// [`ConnectError::Identity`] when `sts:GetCallerIdentity` fails, for want of credentials above all.
    pub async fn connect(connection: &Connection) -> Result<Self, ConnectError> {
        let config = connection.config().await?;
        let elsewhere = |url: &str| Answering::Elsewhere { url: url.to_owned() };
        let answering = config.endpoint_url().map_or(Answering::Aws, elsewhere);
        Self::from_config(&config, 1.0, answering).await
    }

    /// Connects to an embedded AWS in this process.
    ///
    /// # Errors
    /// [`ConnectError::Identity`] when its data cannot be read.
    #[cfg(feature = "local")]
    pub async fn embedded(local: &Local, region: &str) -> Result<Self, ConnectError> {
        use aws_credential_types::Credentials;
        use aws_credential_types::provider::SharedCredentialsProvider;

        let credentials = Credentials::new("LOCAL", "local", None, None, "embedded");
        let config = SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(region.to_owned()))
            .credentials_provider(SharedCredentialsProvider::new(credentials))
            .http_client(local.http_client())
            .time_source(local.time_source())
            .build();
        Self::from_config(&config, local.settings().pace, Answering::Embedded).await
    }

    async fn from_config(config: &SdkConfig, pace: f64, answering: Answering) -> Result<Self, ConnectError> {
        let region = config.region().ok_or(ConnectError::NoRegion)?.to_string();
        let cloud = Self::assembled(config, String::new(), region, answering, pace, Calls::default());
        let identity = cloud.sts.get_caller_identity().send().await.map_err(failed("sts:GetCallerIdentity"))?;
        Ok(Self { account: identity.account().unwrap_or_default().to_owned(), ..cloud })
    }

    /// Clients with these settings.
    pub(crate) fn assembled(
        config: &SdkConfig,
        account: String,
        region: String,
        answering: Answering,
        pace: f64,
        calls: Calls,
    ) -> Self {
        let config = config
            .to_builder()
            .retry_config(too_many(pace, &answering))
            .timeout_config(
                TimeoutConfig::builder()
                    .connect_timeout(Duration::from_secs(10))
                    .operation_attempt_timeout(Duration::from_secs(60))
                    .build(),
            )
            .build();
        let asking = config.to_builder().retry_config(only_asks(pace)).build();
        // A partition of its own for each client of each connection: what one may send does not depend on another.
        macro_rules! client {
            ($sdk:ident, $service:literal, $config:expr) => {
                $sdk::config::Builder::from($config)
                    .retry_partition(RetryPartition::custom($service).build())
                    .interceptor(calls.of($service))
            };
            ($sdk:ident, $service:literal) => {
                $sdk::Client::from_conf(client!($sdk, $service, &config).retry_classifier(OnlyThrottled).build())
            };
        }
        Self {
            account,
            region,
            answering,
            pace,
            gates: Vec::new(),
            autoscaling: client!(aws_sdk_applicationautoscaling, "application-autoscaling"),
            cloudcontrol: client!(aws_sdk_cloudcontrol, "cloudformation"),
            ec2: client!(aws_sdk_ec2, "ec2"),
            lookups: aws_sdk_ec2::Client::from_conf(client!(aws_sdk_ec2, "ec2", &asking).build()),
            ecr: client!(aws_sdk_ecr, "ecr"),
            ecs: client!(aws_sdk_ecs, "ecs"),
            efs: client!(aws_sdk_efs, "elasticfilesystem"),
            elb: client!(aws_sdk_elasticloadbalancingv2, "elasticloadbalancing"),
            iam: client!(aws_sdk_iam, "iam"),
            kms: client!(aws_sdk_kms, "kms"),
            logs: client!(aws_sdk_cloudwatchlogs, "logs"),
            secrets: client!(aws_sdk_secretsmanager, "secretsmanager"),
            servicediscovery: client!(aws_sdk_servicediscovery, "servicediscovery"),
            sts: aws_sdk_sts::Client::from_conf(client!(aws_sdk_sts, "sts", &asking).build()),
            calls,
        }
    }

    /// Names of the region's availability zones that this account may use, sorted.
    ///
    /// # Errors
    /// When `ec2:DescribeAvailabilityZones` fails.
    pub async fn zones(&self) -> Result<Vec<String>, CallError> {
        let asked = self.lookups.describe_availability_zones().send().await;
        let answer = asked.map_err(failed("ec2:DescribeAvailabilityZones"))?;
        let usable = answer.availability_zones().iter().filter(|zone| {
            zone.zone_type() == Some("availability-zone")
                && zone.opt_in_status().is_none_or(|status| status.as_str() != "not-opted-in")
        });
        let mut names: Vec<String> = usable.filter_map(|zone| zone.zone_name().map(str::to_owned)).collect();
        names.sort();
        Ok(names)
    }
}
