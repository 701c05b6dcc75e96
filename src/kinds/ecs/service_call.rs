//! What `CreateService` and `UpdateService` are sent of a service's properties.

use aws_sdk_ecs::operation::create_service::builders::CreateServiceFluentBuilder;
use aws_sdk_ecs::operation::update_service::builders::UpdateServiceFluentBuilder;
use aws_sdk_ecs::types::{
    AvailabilityZoneRebalancing, DeploymentCircuitBreaker, DeploymentConfiguration, PropagateTags,
};

use super::tags;
use crate::kinds::Update;
use crate::kinds::json::{Misfit, member};
use crate::model::JsonMap;

/// A count that is not declared is 1 to begin with, as in CloudFormation, and is left to whoever changes it later.
pub(super) fn prepare(
    properties: &JsonMap,
    call: CreateServiceFluentBuilder,
) -> Result<CreateServiceFluentBuilder, Misfit> {
    Ok(call
        .set_availability_zone_rebalancing(member(properties, "availabilityZoneRebalancing")?)
        .set_capacity_provider_strategy(member(properties, "capacityProviderStrategy")?)
        .set_cluster(member(properties, "cluster")?)
        .set_deployment_configuration(member(properties, "deploymentConfiguration")?)
        .desired_count(member(properties, "desiredCount")?.unwrap_or(1))
        .set_enable_ecs_managed_tags(member(properties, "enableECSManagedTags")?)
        .set_enable_execute_command(member(properties, "enableExecuteCommand")?)
        .set_health_check_grace_period_seconds(member(properties, "healthCheckGracePeriodSeconds")?)
        .set_launch_type(member(properties, "launchType")?)
        .set_load_balancers(member(properties, "loadBalancers")?)
        .set_network_configuration(member(properties, "networkConfiguration")?)
        .set_platform_version(member(properties, "platformVersion")?)
        .set_propagate_tags(member(properties, "propagateTags")?)
        .set_service_name(member(properties, "serviceName")?)
        .set_service_registries(member(properties, "serviceRegistries")?)
        .set_tags(tags::to_send(properties))
        .set_task_definition(member(properties, "taskDefinition")?))
}

/// Puts what changes into the call, and nothing else. What is no longer declared goes back to what ECS takes where
/// nothing is given (ECS API reference, CreateService).
pub(super) fn apply(
    change: &Update<'_>,
    mut call: UpdateServiceFluentBuilder,
) -> Result<UpdateServiceFluentBuilder, Misfit> {
    let wanted = change.wanted;
    for name in change.changed {
        let name = name.as_str();
        call = match name {
            "availabilityZoneRebalancing" => {
                let value = member(wanted, name)?.unwrap_or(AvailabilityZoneRebalancing::Enabled);
                call.availability_zone_rebalancing(value)
            }
            // From a launch type to capacity providers and back: only a new deployment takes them up.
            "capacityProviderStrategy" | "launchType" => call
                .set_capacity_provider_strategy(Some(member(wanted, "capacityProviderStrategy")?.unwrap_or_default()))
                .force_new_deployment(true),
            "deploymentConfiguration" => {
                call.deployment_configuration(member(wanted, name)?.unwrap_or_else(default_deployment))
            }
            "desiredCount" => call.set_desired_count(member(wanted, name)?),
            "enableECSManagedTags" => call.enable_ecs_managed_tags(member(wanted, name)?.unwrap_or(false)),
            "enableExecuteCommand" => call.enable_execute_command(member(wanted, name)?.unwrap_or(false)),
            "healthCheckGracePeriodSeconds" => {
                call.health_check_grace_period_seconds(member(wanted, name)?.unwrap_or(0))
            }
            "loadBalancers" => call.set_load_balancers(Some(member(wanted, name)?.unwrap_or_default())),
            "networkConfiguration" => call.set_network_configuration(member(wanted, name)?),
            "platformVersion" => {
                call.platform_version(member::<String>(wanted, name)?.unwrap_or_else(|| "LATEST".to_owned()))
            }
            "propagateTags" => call.propagate_tags(member(wanted, name)?.unwrap_or(PropagateTags::None)),
            "serviceRegistries" => call.set_service_registries(Some(member(wanted, name)?.unwrap_or_default())),
            "taskDefinition" => call.set_task_definition(member(wanted, name)?),
            _ => call,
        };
    }
    Ok(call)
}

/// What a service has for which no deployment configuration is given.
fn default_deployment() -> DeploymentConfiguration {
    let breaker = DeploymentCircuitBreaker::builder().enable(false).rollback(false).build();
    let builder = DeploymentConfiguration::builder().maximum_percent(200).minimum_healthy_percent(100);
    builder.deployment_circuit_breaker(breaker).build()
}
