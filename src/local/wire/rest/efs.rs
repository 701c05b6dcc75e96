//! The operations of EFS. Source: botocore 1.44.5's model of `efs`.

use http::{Method, StatusCode};

use super::Route;

const fn route(method: Method, path: &'static str, action: &'static str, success: StatusCode) -> Route {
    Route { method, path, action, success, lists: &[] }
}

pub(super) const ROUTES: &[Route] = &[
    route(Method::POST, "file-systems", "CreateFileSystem", StatusCode::CREATED),
    route(Method::GET, "file-systems", "DescribeFileSystems", StatusCode::OK),
    route(Method::PUT, "file-systems/{FileSystemId}", "UpdateFileSystem", StatusCode::ACCEPTED),
    route(Method::DELETE, "file-systems/{FileSystemId}", "DeleteFileSystem", StatusCode::NO_CONTENT),
    route(Method::PUT, "file-systems/{FileSystemId}/protection", "UpdateFileSystemProtection", StatusCode::OK),
    route(
        Method::PUT,
        "file-systems/{FileSystemId}/lifecycle-configuration",
        "PutLifecycleConfiguration",
        StatusCode::OK,
    ),
    route(
        Method::GET,
        "file-systems/{FileSystemId}/lifecycle-configuration",
        "DescribeLifecycleConfiguration",
        StatusCode::OK,
    ),
    route(Method::PUT, "file-systems/{FileSystemId}/backup-policy", "PutBackupPolicy", StatusCode::OK),
    route(Method::GET, "file-systems/{FileSystemId}/backup-policy", "DescribeBackupPolicy", StatusCode::OK),
    route(Method::PUT, "file-systems/{FileSystemId}/policy", "PutFileSystemPolicy", StatusCode::OK),
    route(Method::GET, "file-systems/{FileSystemId}/policy", "DescribeFileSystemPolicy", StatusCode::OK),
    route(Method::DELETE, "file-systems/{FileSystemId}/policy", "DeleteFileSystemPolicy", StatusCode::OK),
    route(Method::POST, "mount-targets", "CreateMountTarget", StatusCode::OK),
    route(Method::GET, "mount-targets", "DescribeMountTargets", StatusCode::OK),
    route(Method::DELETE, "mount-targets/{MountTargetId}", "DeleteMountTarget", StatusCode::NO_CONTENT),
    route(
        Method::GET,
        "mount-targets/{MountTargetId}/security-groups",
        "DescribeMountTargetSecurityGroups",
        StatusCode::OK,
    ),
    route(
        Method::PUT,
        "mount-targets/{MountTargetId}/security-groups",
        "ModifyMountTargetSecurityGroups",
        StatusCode::NO_CONTENT,
    ),
    route(Method::POST, "access-points", "CreateAccessPoint", StatusCode::OK),
    route(Method::GET, "access-points", "DescribeAccessPoints", StatusCode::OK),
    route(Method::DELETE, "access-points/{AccessPointId}", "DeleteAccessPoint", StatusCode::NO_CONTENT),
    route(Method::POST, "resource-tags/{ResourceId}", "TagResource", StatusCode::OK),
    route(Method::GET, "resource-tags/{ResourceId}", "ListTagsForResource", StatusCode::OK),
    Route {
        method: Method::DELETE,
        path: "resource-tags/{ResourceId}",
        action: "UntagResource",
        success: StatusCode::OK,
        lists: &[("tagKeys", "TagKeys")],
    },
];
