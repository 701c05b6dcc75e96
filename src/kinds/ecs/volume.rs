//! What a task definition has beside its containers, volumes above all, between the schema and the SDK.

use aws_sdk_ecs::types::{
    Compatibility, CpuArchitecture, DockerVolumeConfiguration, EfsAuthorizationConfig, EfsAuthorizationConfigIam,
    EfsTransitEncryption, EfsVolumeConfiguration, EphemeralStorage, FSxWindowsFileServerAuthorizationConfig,
    FSxWindowsFileServerVolumeConfiguration, HostVolumeProperties, IpcMode, NetworkMode, OsFamily, PidMode,
    ProxyConfiguration, ProxyConfigurationType, RuntimePlatform, S3FilesVolumeConfiguration, Scope,
    TaskDefinitionPlacementConstraint, TaskDefinitionPlacementConstraintType, Volume,
};

use crate::kinds::json::{object, words};

words!(
    Compatibility,
    CpuArchitecture,
    EfsAuthorizationConfigIam,
    EfsTransitEncryption,
    IpcMode,
    NetworkMode,
    OsFamily,
    PidMode,
    ProxyConfigurationType,
    Scope,
    TaskDefinitionPlacementConstraintType
);

object! {
    Volume {
        "configuredAtLaunch" configured_at_launch set_configured_at_launch,
        "dockerVolumeConfiguration" docker_volume_configuration set_docker_volume_configuration,
        "efsVolumeConfiguration" efs_volume_configuration set_efs_volume_configuration,
        "fsxWindowsFileServerVolumeConfiguration" fsx_windows_file_server_volume_configuration set_fsx_windows_file_server_volume_configuration,
        "host" host set_host,
        "name" name set_name,
        "s3FilesVolumeConfiguration" s3files_volume_configuration set_s3files_volume_configuration,
    }
    DockerVolumeConfiguration {
        "autoprovision" autoprovision set_autoprovision,
        "driver" driver set_driver,
        "driverOpts" driver_opts set_driver_opts,
        "labels" labels set_labels,
        "scope" scope set_scope,
    }
    EfsVolumeConfiguration {
        "authorizationConfig" authorization_config set_authorization_config,
        "filesystemId" file_system_id set_file_system_id,
        "rootDirectory" root_directory set_root_directory,
        "transitEncryption" transit_encryption set_transit_encryption,
        "transitEncryptionPort" transit_encryption_port set_transit_encryption_port,
    }
    EfsAuthorizationConfig {
        "accessPointId" access_point_id set_access_point_id,
        "iam" iam set_iam,
    }
    FSxWindowsFileServerVolumeConfiguration {
        "authorizationConfig" authorization_config set_authorization_config,
        "fileSystemId" file_system_id set_file_system_id,
        "rootDirectory" root_directory set_root_directory,
    }
    FSxWindowsFileServerAuthorizationConfig {
        "credentialsParameter" credentials_parameter set_credentials_parameter,
        "domain" domain set_domain,
    }
    HostVolumeProperties {
        "sourcePath" source_path set_source_path,
    }
    S3FilesVolumeConfiguration {
        "accessPointArn" access_point_arn set_access_point_arn,
        "fileSystemArn" file_system_arn set_file_system_arn,
        "rootDirectory" root_directory set_root_directory,
        "transitEncryptionPort" transit_encryption_port set_transit_encryption_port,
    }
    EphemeralStorage {
        "sizeInGiB" size_in_gib set_size_in_gib,
    }
    ProxyConfiguration {
        "containerName" container_name set_container_name,
        "proxyConfigurationProperties" properties set_properties,
        "type" r#type set_type,
    }
    RuntimePlatform {
        "cpuArchitecture" cpu_architecture set_cpu_architecture,
        "operatingSystemFamily" operating_system_family set_operating_system_family,
    }
    TaskDefinitionPlacementConstraint {
        "expression" expression set_expression,
        "type" r#type set_type,
    }
}
