//! How a task is told.

use serde_json::json;

use super::{Container, Health, Interface, Last, Task};
use crate::local::ecs::{arn, tags};
use crate::local::store::Tx;
use crate::model::Json;

impl Last {
    fn name(self) -> &'static str {
        match self {
            Self::Provisioning => "PROVISIONING",
            Self::Pending => "PENDING",
            Self::Running => "RUNNING",
            Self::Deactivating => "DEACTIVATING",
            Self::Stopping => "STOPPING",
            Self::Deprovisioning => "DEPROVISIONING",
            Self::Stopped => "STOPPED",
        }
    }
}

impl Health {
    fn name(self) -> &'static str {
        match self {
            Self::Unknown => "UNKNOWN",
            Self::Healthy => "HEALTHY",
            Self::Unhealthy => "UNHEALTHY",
        }
    }
}

impl Task {
    /// As answers have it.
    pub fn view(&self, tx: &Tx<'_>, with_tags: bool) -> Json {
        let containers: Vec<Json> = self.containers.iter().map(|one| self.view_container(tx, one)).collect();
        let mut view = json!({
            "taskArn": self.arn(tx),
            "clusterArn": arn::cluster(tx, &self.cluster),
            "taskDefinitionArn": arn::of(tx, &format!("task-definition/{}", self.definition)),
            "lastStatus": self.last.name(),
            "desiredStatus": if self.stopping { "STOPPED" } else { "RUNNING" },
            "group": self.group,
            "containers": containers,
            "attachments": [self.view_attachment()],
            "attributes": [{"name": "ecs.cpu-architecture", "value": "x86_64"}],
            "cpu": self.cpu,
            "memory": self.memory,
            "enableExecuteCommand": self.exec,
            "healthStatus": self.health.name(),
            "launchType": "FARGATE",
            "platformVersion": self.platform,
            "platformFamily": "Linux",
            "overrides": self.view_overrides(),
            "inferenceAccelerators": [],
            "ephemeralStorage": {"sizeInGiB": self.storage.unwrap_or(20)},
            "fargateEphemeralStorage": {"sizeInGiB": self.storage.unwrap_or(20)},
            "tags": if with_tags { tags::view(&self.tags) } else { json!([]) },
            "version": self.version,
        });
        let texts = [
            ("startedBy", &self.started_by),
            ("capacityProviderName", &self.provider),
            ("stopCode", &self.stop_code),
            ("stoppedReason", &self.stopped_reason),
        ];
        for (name, value) in texts {
            if let Some(value) = value {
                view[name] = json!(value);
            }
        }
        let times = [
            ("createdAt", Some(self.times.created)),
            ("connectivityAt", self.times.connected),
            ("pullStartedAt", self.times.pull_started),
            ("pullStoppedAt", self.times.pull_stopped),
            ("startedAt", self.times.started),
            ("stoppingAt", self.times.stopping),
            ("executionStoppedAt", self.times.execution_stopped),
            ("stoppedAt", self.times.stopped),
        ];
        for (name, at) in times {
            if let Some(at) = at {
                view[name] = json!(crate::local::ecs::millis_to_seconds(at));
            }
        }
        if self.times.connected.is_some() {
            view["connectivity"] = json!("CONNECTED");
        }
        if let Some(interface) = &self.interface {
            view["availabilityZone"] = json!(interface.zone);
        }
        view
    }

    fn view_overrides(&self) -> Json {
        let mut overrides = self.overrides.clone();
        let named = |container: &Container| json!({"name": container.name});
        let all = || self.containers.iter().map(named).collect::<Json>();
        overrides.entry("containerOverrides").or_insert_with(all);
        overrides.entry("inferenceAcceleratorOverrides").or_insert_with(|| json!([]));
        overrides.into()
    }

    fn view_attachment(&self) -> Json {
        let detail = |name: &str, value: &str| json!({"name": name, "value": value});
        let mut details = vec![detail("subnetId", &self.subnet)];
        if let Some(interface) = &self.interface {
            details.push(detail("networkInterfaceId", &interface.id));
            details.push(detail("macAddress", &interface.mac));
            details.push(detail("privateDnsName", &interface.private_dns));
            details.push(detail("privateIPv4Address", &interface.private_ip));
        }
        let status = match (self.last, &self.interface) {
            (Last::Stopped, _) => "DELETED",
            (_, None) => "PRECREATED",
            _ => "ATTACHED",
        };
        json!({"id": self.attachment, "type": "ElasticNetworkInterface", "status": status, "details": details})
    }

    fn view_container(&self, tx: &Tx<'_>, container: &Container) -> Json {
        let last = match self.last {
            Last::Provisioning | Last::Pending => "PENDING",
            Last::Running | Last::Deactivating if container.exit_code.is_none() => "RUNNING",
            Last::Stopping if container.exit_code.is_none() && container.reason.is_none() => "RUNNING",
            _ => "STOPPED",
        };
        let interface =
            |one: &Interface| json!({"attachmentId": self.attachment, "privateIpv4Address": one.private_ip});
        let interfaces: Vec<Json> = self.interface.iter().map(interface).collect();
        let mut view = json!({
            "containerArn": container.arn,
            "taskArn": self.arn(tx),
            "name": container.name,
            "image": container.image,
            "lastStatus": last,
            "networkBindings": [],
            "networkInterfaces": interfaces,
            "healthStatus": self.health.name(),
            "cpu": container.cpu.to_string(),
        });
        for (name, size) in [("memory", container.memory), ("memoryReservation", container.reservation)] {
            if let Some(size) = size {
                view[name] = json!(size.to_string());
            }
        }
        if self.exec {
            view["managedAgents"] = json!([{"name": "ExecuteCommandAgent", "lastStatus": last}]);
        }
        if self.times.started.is_some() {
            view["runtimeId"] = json!(container.runtime);
        }
        if let Some(code) = container.exit_code {
            view["exitCode"] = json!(code);
        }
        if let Some(reason) = &container.reason {
            view["reason"] = json!(reason);
        }
        view
    }
}
