//! How a service is deployed (network, balancers, registries, roll-out) between the schema and the SDK.
//!
//! Life-cycle hooks are not carried.

use aws_sdk_ecs::types::{
    AdvancedConfiguration, AssignPublicIp, AvailabilityZoneRebalancing, AwsVpcConfiguration, CanaryConfiguration,
    DeploymentAlarms, DeploymentCircuitBreaker, DeploymentConfiguration, DeploymentController,
    DeploymentControllerType, DeploymentEarlySuccessCriteria, DeploymentStrategy, LaunchType, LinearConfiguration,
    LoadBalancer, NetworkConfiguration, PlacementConstraint, PlacementConstraintType, PlacementStrategy,
    PlacementStrategyType, PropagateTags, SchedulingStrategy, ServiceRegistry, ServiceRevisionCleanup,
    ThresholdConfiguration, ThresholdType,
};

use crate::kinds::json::{object, words};

words!(
    AssignPublicIp,
    AvailabilityZoneRebalancing,
    DeploymentControllerType,
    DeploymentStrategy,
    LaunchType,
    PlacementConstraintType,
    PlacementStrategyType,
    PropagateTags,
    SchedulingStrategy,
    ServiceRevisionCleanup,
    ThresholdType
);

object! {
    AdvancedConfiguration {
        "alternateTargetGroupArn" alternate_target_group_arn set_alternate_target_group_arn,
        "productionListenerRule" production_listener_rule set_production_listener_rule,
        "roleArn" role_arn set_role_arn,
        "testListenerRule" test_listener_rule set_test_listener_rule,
    }
    AwsVpcConfiguration {
        "assignPublicIp" assign_public_ip set_assign_public_ip,
        "securityGroups" security_groups set_security_groups,
        "subnets" subnets set_subnets,
    }
    CanaryConfiguration {
        "canaryBakeTimeInMinutes" canary_bake_time_in_minutes set_canary_bake_time_in_minutes,
        "canaryPercent" canary_percent set_canary_percent,
    }
    DeploymentAlarms {
        "alarmNames" alarm_names set_alarm_names,
        "enable" enable set_enable,
        "rollback" rollback set_rollback,
    }
    DeploymentCircuitBreaker {
        "enable" enable set_enable,
        "resetOnHealthyTask" reset_on_healthy_task set_reset_on_healthy_task,
        "rollback" rollback set_rollback,
        "thresholdConfiguration" threshold_configuration set_threshold_configuration,
    }
    DeploymentConfiguration {
        "alarms" alarms set_alarms,
        "bakeTimeInMinutes" bake_time_in_minutes set_bake_time_in_minutes,
        "canaryConfiguration" canary_configuration set_canary_configuration,
        "deploymentCircuitBreaker" deployment_circuit_breaker set_deployment_circuit_breaker,
        "earlySuccessCriteria" early_success_criteria set_early_success_criteria,
        "linearConfiguration" linear_configuration set_linear_configuration,
        "maximumPercent" maximum_percent set_maximum_percent,
        "minimumHealthyPercent" minimum_healthy_percent set_minimum_healthy_percent,
        "strategy" strategy set_strategy,
    }
    DeploymentController {
        "type" r#type set_type,
    }
    DeploymentEarlySuccessCriteria {
        "enable" enable set_enable,
        "healthyPercent" healthy_percent set_healthy_percent,
        "sourceServiceRevisionCleanup" source_service_revision_cleanup set_source_service_revision_cleanup,
    }
    LinearConfiguration {
        "stepBakeTimeInMinutes" step_bake_time_in_minutes set_step_bake_time_in_minutes,
        "stepPercent" step_percent set_step_percent,
    }
    LoadBalancer {
        "advancedConfiguration" advanced_configuration set_advanced_configuration,
        "containerName" container_name set_container_name,
        "containerPort" container_port set_container_port,
        "loadBalancerName" load_balancer_name set_load_balancer_name,
        "targetGroupArn" target_group_arn set_target_group_arn,
    }
    NetworkConfiguration {
        "awsvpcConfiguration" awsvpc_configuration set_awsvpc_configuration,
    }
    PlacementConstraint {
        "expression" expression set_expression,
        "type" r#type set_type,
    }
    PlacementStrategy {
        "field" field set_field,
        "type" r#type set_type,
    }
    ServiceRegistry {
        "containerName" container_name set_container_name,
        "containerPort" container_port set_container_port,
        "port" port set_port,
        "registryArn" registry_arn set_registry_arn,
    }
    ThresholdConfiguration {
        "type" r#type set_type,
        "value" value set_value,
    }
}
