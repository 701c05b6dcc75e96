//! Container definitions between the schema and the SDK.
//!
//! `resourceRequirements/*/sharingStrategy` (a GPU shared by containers) is not carried: Fargate has no GPUs.

use aws_sdk_ecs::types::{
    ApplicationProtocol, ContainerCondition, ContainerDefinition, ContainerDependency, ContainerRestartPolicy, Device,
    DeviceCgroupPermission, EnvironmentFile, EnvironmentFileType, FirelensConfiguration, FirelensConfigurationType,
    HealthCheck, HostEntry, KernelCapabilities, KeyValuePair, LinuxParameters, LogConfiguration, LogDriver, MountPoint,
    PortMapping, RepositoryCredentials, ResourceRequirement, ResourceType, Secret, SystemControl, Tmpfs,
    TransportProtocol, Ulimit, UlimitName, VersionConsistency, VolumeFrom,
};

use crate::kinds::json::{object, words};

words!(
    ApplicationProtocol,
    ContainerCondition,
    DeviceCgroupPermission,
    EnvironmentFileType,
    FirelensConfigurationType,
    LogDriver,
    ResourceType,
    TransportProtocol,
    UlimitName,
    VersionConsistency
);

object! {
    ContainerDefinition {
        "command" command set_command,
        "cpu" cpu set_cpu,
        "credentialSpecs" credential_specs set_credential_specs,
        "dependsOn" depends_on set_depends_on,
        "disableNetworking" disable_networking set_disable_networking,
        "dnsSearchDomains" dns_search_domains set_dns_search_domains,
        "dnsServers" dns_servers set_dns_servers,
        "dockerLabels" docker_labels set_docker_labels,
        "dockerSecurityOptions" docker_security_options set_docker_security_options,
        "entryPoint" entry_point set_entry_point,
        "environment" environment set_environment,
        "environmentFiles" environment_files set_environment_files,
        "essential" essential set_essential,
        "extraHosts" extra_hosts set_extra_hosts,
        "firelensConfiguration" firelens_configuration set_firelens_configuration,
        "healthCheck" health_check set_health_check,
        "hostname" hostname set_hostname,
        "image" image set_image,
        "interactive" interactive set_interactive,
        "links" links set_links,
        "linuxParameters" linux_parameters set_linux_parameters,
        "logConfiguration" log_configuration set_log_configuration,
        "memory" memory set_memory,
        "memoryReservation" memory_reservation set_memory_reservation,
        "mountPoints" mount_points set_mount_points,
        "name" name set_name,
        "portMappings" port_mappings set_port_mappings,
        "privileged" privileged set_privileged,
        "pseudoTerminal" pseudo_terminal set_pseudo_terminal,
        "readonlyRootFilesystem" readonly_root_filesystem set_readonly_root_filesystem,
        "repositoryCredentials" repository_credentials set_repository_credentials,
        "resourceRequirements" resource_requirements set_resource_requirements,
        "restartPolicy" restart_policy set_restart_policy,
        "secrets" secrets set_secrets,
        "startTimeout" start_timeout set_start_timeout,
        "stopTimeout" stop_timeout set_stop_timeout,
        "systemControls" system_controls set_system_controls,
        "ulimits" ulimits set_ulimits,
        "user" user set_user,
        "versionConsistency" version_consistency set_version_consistency,
        "volumesFrom" volumes_from set_volumes_from,
        "workingDirectory" working_directory set_working_directory,
    }
    ContainerDependency {
        "condition" condition set_condition,
        "containerName" container_name set_container_name,
    }
    EnvironmentFile {
        "type" r#type set_type,
        "value" value set_value,
    }
    FirelensConfiguration {
        "options" options set_options,
        "type" r#type set_type,
    }
    HealthCheck {
        "command" command set_command,
        "interval" interval set_interval,
        "retries" retries set_retries,
        "startPeriod" start_period set_start_period,
        "timeout" timeout set_timeout,
    }
    HostEntry {
        "hostname" hostname set_hostname,
        "ipAddress" ip_address set_ip_address,
    }
    LogConfiguration {
        "logDriver" log_driver set_log_driver,
        "options" options set_options,
        "secretOptions" secret_options set_secret_options,
    }
    MountPoint {
        "containerPath" container_path set_container_path,
        "readOnly" read_only set_read_only,
        "sourceVolume" source_volume set_source_volume,
    }
    PortMapping {
        "appProtocol" app_protocol set_app_protocol,
        "containerPort" container_port set_container_port,
        "containerPortRange" container_port_range set_container_port_range,
        "hostPort" host_port set_host_port,
        "name" name set_name,
        "protocol" protocol set_protocol,
    }
    RepositoryCredentials {
        "credentialsParameter" credentials_parameter set_credentials_parameter,
    }
    ResourceRequirement {
        "type" r#type set_type,
        "value" value set_value,
    }
    ContainerRestartPolicy {
        "enabled" enabled set_enabled,
        "ignoredExitCodes" ignored_exit_codes set_ignored_exit_codes,
        "restartAttemptPeriod" restart_attempt_period set_restart_attempt_period,
    }
    Secret {
        "name" name set_name,
        "valueFrom" value_from set_value_from,
    }
    SystemControl {
        "namespace" namespace set_namespace,
        "value" value set_value,
    }
    Ulimit {
        "hardLimit" hard_limit set_hard_limit,
        "name" name set_name,
        "softLimit" soft_limit set_soft_limit,
    }
    VolumeFrom {
        "readOnly" read_only set_read_only,
        "sourceContainer" source_container set_source_container,
    }
    KeyValuePair {
        "name" name set_name,
        "value" value set_value,
    }
    Device {
        "containerPath" container_path set_container_path,
        "hostPath" host_path set_host_path,
        "permissions" permissions set_permissions,
    }
    KernelCapabilities {
        "add" add set_add,
        "drop" drop set_drop,
    }
    LinuxParameters {
        "capabilities" capabilities set_capabilities,
        "devices" devices set_devices,
        "initProcessEnabled" init_process_enabled set_init_process_enabled,
        "maxSwap" max_swap set_max_swap,
        "sharedMemorySize" shared_memory_size set_shared_memory_size,
        "swappiness" swappiness set_swappiness,
        "tmpfs" tmpfs set_tmpfs,
    }
    Tmpfs {
        "containerPath" container_path set_container_path,
        "mountOptions" mount_options set_mount_options,
        "size" size set_size,
    }
}
