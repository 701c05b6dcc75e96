//! What Cloud Map does and refuses, call by call, with its operations carried out as time goes by.

use std::time::Duration;

use serde_json::json;

use super::super::settings::Settings;
use super::super::store::Store;
use super::*;

struct Region {
    store: Store,
    settings: Settings,
    now: Timestamp,
}

impl Region {
    fn new() -> Self {
        let settings = Settings { pace: 1.0, ..Settings::default() };
        Self { store: Store::in_memory().unwrap(), settings, now: "2026-01-01T00:00:00Z".parse().unwrap() }
    }

    /// With a namespace `local` and in it a service `app` with custom health checks.
    fn with_service() -> (Self, String) {
        let mut region = Self::new();
        let namespace = region.namespace("local");
        let params =
            json!({"Name": "app", "NamespaceId": namespace, "HealthCheckCustomConfig": {"FailureThreshold": 1}});
        let service = text(&region.call("CreateService", params)["Service"]["Id"]);
        (region, service)
    }

    fn within<T>(&mut self, work: impl FnOnce(&mut Tx<'_>) -> Result<T, Fault>) -> Result<T, Fault> {
        self.store.transact("eu-west-1", self.now, &self.settings, work)
    }

    fn ask(&mut self, action: &str, params: Json) -> Result<Json, Fault> {
        self.within(|tx| ServiceDiscovery.call(tx, action, params.as_object().unwrap()))
    }

    fn call(&mut self, action: &str, params: Json) -> Json {
        self.ask(action, params).unwrap()
    }

    fn refused(&mut self, action: &str, params: Json) -> String {
        let fault = self.ask(action, params).unwrap_err();
        assert_eq!(fault.status, 400);
        fault.code
    }

    /// Lets time go by, carrying out what is due.
    fn wait(&mut self, seconds: u64) {
        self.now += Duration::from_secs(seconds);
        while self
            .within(|tx| {
                let Some((time, _, service, timer)) = tx.take_due()? else { return Ok(false) };
                assert_eq!(service, "servicediscovery");
                let now = std::mem::replace(&mut tx.now, time);
                ServiceDiscovery.due(tx, &timer)?;
                tx.now = now;
                Ok(true)
            })
            .unwrap()
        {}
    }

    fn status(&mut self, operation: &str) -> String {
        text(&self.call("GetOperation", json!({"OperationId": operation}))["Operation"]["Status"])
    }

    /// Does something that answers with an operation, and waits for its end.
    fn done(&mut self, action: &str, params: Json) -> Json {
        let operation = self.call(action, params)["OperationId"].clone();
        self.wait(60);
        let operation = self.call("GetOperation", json!({"OperationId": operation}))["Operation"].clone();
        assert_eq!(operation["Status"], "SUCCESS", "{operation}");
        operation
    }

    fn namespace(&mut self, name: &str) -> String {
        text(&self.done("CreateHttpNamespace", json!({"Name": name}))["Targets"]["NAMESPACE"])
    }

    /// A private DNS namespace as if its VPC were there.
    fn dns_namespace(&mut self) -> String {
        let id = self.namespace("dns.local");
        self.within(|tx| {
            let mut namespace = namespace::find(tx, &id)?;
            let (vpc, hosted_zone) = ("vpc-1".to_owned(), "Z1".to_owned());
            namespace.dns = Some(namespace::Dns { vpc, hosted_zone, ttl: 15 });
            Ok(tx.put(&namespace)?)
        })
        .unwrap();
        id
    }
}

fn text(json: &Json) -> String {
    json.as_str().unwrap().to_owned()
}

fn ids(answer: &Json, list: &str, member: &str) -> Vec<String> {
    answer[list].as_array().unwrap().iter().map(|item| text(&item[member])).collect()
}

#[test]
fn a_namespace_is_there_when_its_operation_has_succeeded() {
    let mut region = Region::new();
    let params = json!({"Name": "local", "CreatorRequestId": "one", "Description": "Ours", "Tags": [{"Key": "a", "Value": "1"}]});
    let operation = text(&region.call("CreateHttpNamespace", params)["OperationId"]);
    assert!((26..=36).contains(&operation.len()));
    assert_eq!(region.status(&operation), "SUBMITTED");
    region.wait(1);
    assert_eq!(region.status(&operation), "PENDING");
    assert_eq!(region.call("ListNamespaces", json!({})), json!({"Namespaces": []}));
    region.wait(30);
    let ended = region.call("GetOperation", json!({"OperationId": operation}))["Operation"].clone();
    let id = text(&ended["Targets"]["NAMESPACE"]);
    assert!(id.starts_with("ns-") && id.len() == 19, "{id}");
    let start = 1_767_225_600.0;
    let expected = json!({"Id": operation, "OwnerAccount": "000000000000", "Type": "CREATE_NAMESPACE", "Status": "SUCCESS",
        "CreateDate": start, "UpdateDate": start + 5.0, "Targets": {"NAMESPACE": id}});
    assert_eq!(ended, expected);
    let arn = format!("arn:aws:servicediscovery:eu-west-1:000000000000:namespace/{id}");
    let expected = json!({"Namespace": {
        "Id": id, "Arn": arn, "ResourceOwner": "000000000000", "Name": "local", "Type": "HTTP", "Description": "Ours",
        "Properties": {"HttpProperties": {"HttpName": "local"}}, "ServiceCount": 0, "CreateDate": start,
        "CreatorRequestId": "one",
    }});
    assert_eq!(region.call("GetNamespace", json!({"Id": id})), expected);
    assert_eq!(
        region.call("ListTagsForResource", json!({"ResourceARN": arn})),
        json!({"Tags": [{"Key": "a", "Value": "1"}]})
    );
}

#[test]
fn asking_again_for_a_namespace_makes_no_second_one() {
    let mut region = Region::new();
    let first = json!({"Name": "local", "CreatorRequestId": "one"});
    let operation = region.call("CreateHttpNamespace", first.clone());
    assert_eq!(region.call("CreateHttpNamespace", first.clone()), operation);
    let other = json!({"Name": "local", "CreatorRequestId": "two"});
    let fault = region.ask("CreateHttpNamespace", other.clone()).unwrap_err();
    assert_eq!(
        (fault.code.as_str(), &fault.fields["DuplicateOperationId"]),
        ("DuplicateRequest", &operation["OperationId"])
    );
    region.wait(60);
    assert_eq!(region.call("CreateHttpNamespace", first), operation);
    let fault = region.ask("CreateHttpNamespace", other).unwrap_err();
    assert_eq!((fault.code.as_str(), &fault.fields["CreatorRequestId"]), ("NamespaceAlreadyExists", &json!("one")));
    let namespaces = region.call("ListNamespaces", json!({}));
    assert_eq!(ids(&namespaces, "Namespaces", "Id"), [text(&fault.fields["NamespaceId"])]);
}

#[test]
fn a_private_namespace_without_a_vpc_fails_and_leaves_nothing() {
    let mut region = Region::new();
    let params = json!({"Name": "hazelcast.local", "Vpc": "vpc-none", "CreatorRequestId": "one"});
    let first = text(&region.call("CreatePrivateDnsNamespace", params.clone())["OperationId"]);
    region.wait(60);
    let operation = region.call("GetOperation", json!({"OperationId": first}))["Operation"].clone();
    assert_eq!((&operation["Status"], &operation["ErrorCode"]), (&json!("FAIL"), &json!("CANNOT_CREATE_HOSTED_ZONE")));
    assert_eq!(region.call("ListNamespaces", json!({})), json!({"Namespaces": []}));
    let again = text(&region.call("CreatePrivateDnsNamespace", params)["OperationId"]);
    assert_ne!(again, first);
    assert_eq!(region.refused("CreatePrivateDnsNamespace", json!({"Name": "a..b", "Vpc": "vpc-1"})), "InvalidInput");
}

#[test]
fn what_holds_others_is_in_use() {
    let (mut region, service) = Region::with_service();
    let namespace = text(&region.call("GetService", json!({"Id": service}))["Service"]["NamespaceId"]);
    let (of_service, of_namespace) = (json!({"Id": service}), json!({"Id": namespace}));
    assert_eq!(region.refused("DeleteNamespace", of_namespace.clone()), "ResourceInUse");
    let instance = json!({"ServiceId": service, "InstanceId": "i", "Attributes": {}});
    region.call("RegisterInstance", instance.clone());
    assert_eq!(region.refused("DeleteService", of_service.clone()), "ResourceInUse");
    region.wait(60);
    assert_eq!(region.refused("DeleteService", of_service.clone()), "ResourceInUse");
    region.done("DeregisterInstance", instance.clone());
    assert_eq!(region.refused("DeregisterInstance", instance), "InstanceNotFound");
    region.call("DeleteService", of_service.clone());
    assert_eq!(region.refused("GetService", of_service), "ServiceNotFound");
    let deletion = region.call("DeleteNamespace", of_namespace.clone());
    let fault = region.ask("DeleteNamespace", of_namespace.clone()).unwrap_err();
    assert_eq!(
        (fault.code.as_str(), &fault.fields["DuplicateOperationId"]),
        ("DuplicateRequest", &deletion["OperationId"])
    );
    let late = json!({"Name": "late", "NamespaceId": namespace});
    assert_eq!(region.refused("CreateService", late), "NamespaceNotFound");
    region.wait(60);
    assert_eq!(region.refused("GetNamespace", of_namespace), "NamespaceNotFound");
    assert_eq!(region.within(|tx| ServiceDiscovery.list(tx)).unwrap(), []);
}

#[test]
fn a_service_is_asked_for_again_by_its_request_and_refused_by_its_name() {
    let mut region = Region::new();
    let namespace = region.dns_namespace();
    let params = |request: &str, name: &str| {
        json!({"Name": name, "NamespaceId": namespace, "CreatorRequestId": request,
            "DnsConfig": {"DnsRecords": [{"Type": "A", "TTL": 10}]}})
    };
    let service = region.call("CreateService", params("one", "app"));
    let id = text(&service["Service"]["Id"]);
    assert!(id.starts_with("srv-") && id.len() == 20, "{id}");
    let dns =
        json!({"NamespaceId": namespace, "RoutingPolicy": "MULTIVALUE", "DnsRecords": [{"Type": "A", "TTL": 10}]});
    assert_eq!((&service["Service"]["DnsConfig"], &service["Service"]["Type"]), (&dns, &json!("DNS_HTTP")));
    assert_eq!(region.call("CreateService", params("one", "app")), service);
    let fault = region.ask("CreateService", params("two", "APP")).unwrap_err();
    assert_eq!((fault.code.as_str(), &fault.fields["ServiceId"]), ("ServiceAlreadyExists", &json!(id)));
    assert_eq!(fault.fields["ServiceArn"], service["Service"]["Arn"]);
    let filter = |id: &str| json!({"Filters": [{"Name": "NAMESPACE_ID", "Values": [id]}]});
    assert_eq!(ids(&region.call("ListServices", filter(&namespace)), "Services", "Id"), [id]);
    assert_eq!(region.call("ListServices", filter("ns-none")), json!({"Services": []}));
}

#[test]
fn records_come_in_some_combinations_only() {
    let mut region = Region::new();
    let namespace = region.dns_namespace();
    let mut service = |kinds: &[&str], routing: &str| {
        let records: Vec<Json> = kinds.iter().map(|kind| json!({"Type": kind, "TTL": 60})).collect();
        let name = format!("{}-{}", kinds.join("-"), routing).to_lowercase();
        let dns = json!({"RoutingPolicy": routing, "DnsRecords": records});
        region
            .ask("CreateService", json!({"Name": name, "NamespaceId": namespace, "DnsConfig": dns}))
            .map_err(|it| it.code)
    };
    for (kinds, routing) in
        [(&["A"][..], "MULTIVALUE"), (&["AAAA", "A"], "MULTIVALUE"), (&["SRV"], "WEIGHTED"), (&["CNAME"], "WEIGHTED")]
    {
        assert!(service(kinds, routing).is_ok(), "{kinds:?}");
    }
    for (kinds, routing) in [
        (&[][..], "MULTIVALUE"),
        (&["A", "A"], "MULTIVALUE"),
        (&["A", "SRV"], "MULTIVALUE"),
        (&["CNAME"], "MULTIVALUE"),
        (&["MX"], "MULTIVALUE"),
    ] {
        assert_eq!(service(kinds, routing).unwrap_err(), "InvalidInput", "{kinds:?}");
    }
    let both = json!({"Name": "both", "NamespaceId": namespace, "HealthCheckConfig": {"Type": "TCP"}});
    assert_eq!(region.refused("CreateService", both), "InvalidInput");
    let http = region.namespace("http");
    let dns = json!({"DnsRecords": [{"Type": "A", "TTL": 60}]});
    let records = json!({"Name": "r", "NamespaceId": http, "DnsConfig": dns});
    assert_eq!(region.refused("CreateService", records), "InvalidInput");
}

#[test]
fn an_instance_has_what_its_records_need() {
    let mut region = Region::new();
    let namespace = region.dns_namespace();
    let dns = json!({"DnsRecords": [{"Type": "SRV", "TTL": 10}]});
    let params = json!({"Name": "app", "NamespaceId": namespace, "DnsConfig": dns});
    let service = text(&region.call("CreateService", params)["Service"]["Id"]);
    let with = |attributes: Json| json!({"ServiceId": service, "InstanceId": "i", "Attributes": attributes});
    for attributes in [
        json!({"AWS_INSTANCE_IPV4": "10.0.0.1"}),
        json!({"AWS_INSTANCE_PORT": "5701"}),
        json!({"AWS_INSTANCE_IPV4": "10.0.0", "AWS_INSTANCE_PORT": "5701"}),
        json!({"AWS_INSTANCE_IPV4": "10.0.0.1", "AWS_INSTANCE_PORT": "0"}),
        json!({"AWS_INSTANCE_IPV4": "10.0.0.1", "AWS_INSTANCE_PORT": "5701", "AWS_INIT_HEALTH_STATUS": "HEALTHY"}),
    ] {
        assert_eq!(region.refused("RegisterInstance", with(attributes.clone())), "InvalidInput", "{attributes}");
    }
    let attributes = json!({"AWS_INSTANCE_IPV4": "10.0.0.1", "AWS_INSTANCE_PORT": "5701", "zone": "a"});
    region.done("RegisterInstance", with(attributes.clone()));
    let instances = region.call("ListInstances", json!({"ServiceId": service}));
    assert_eq!(
        instances["Instances"][0],
        json!({"Id": "i", "Attributes": attributes, "CreatedByAccount": "000000000000"})
    );
    assert_eq!(region.call("GetService", json!({"Id": service}))["Service"]["InstanceCount"], 1);
}

#[test]
fn an_instance_is_not_there_before_its_registration_ends() {
    let (mut region, service) = Region::with_service();
    let instance =
        json!({"ServiceId": service, "InstanceId": "i", "CreatorRequestId": "one", "Attributes": {"a": "1"}});
    let operation = region.call("RegisterInstance", instance.clone());
    assert_eq!(region.call("RegisterInstance", instance.clone()), operation);
    let mut other = instance.clone();
    other["Attributes"] = json!({"a": "2"});
    assert_eq!(region.refused("RegisterInstance", other.clone()), "DuplicateRequest");
    assert_eq!(region.refused("GetInstance", instance.clone()), "InstanceNotFound");
    region.wait(60);
    assert_eq!(region.call("GetInstance", instance.clone())["Instance"]["Attributes"], json!({"a": "1"}));
    region.done("RegisterInstance", other);
    assert_eq!(region.call("GetInstance", instance)["Instance"]["Attributes"], json!({"a": "2"}));
}

#[test]
fn instances_are_discovered_by_health_and_attributes() {
    let (mut region, service) = Region::with_service();
    let arn = text(&region.call("GetService", json!({"Id": service}))["Service"]["Arn"]);
    let names = json!({"NamespaceName": "local", "ServiceName": "app"});
    let before = region.call("DiscoverInstancesRevision", names.clone())["InstancesRevision"].as_i64().unwrap();
    for (id, zone, status) in [("a", "1", "HEALTHY"), ("b", "1", "HEALTHY"), ("c", "2", "UNHEALTHY")] {
        let attributes = json!({"AWS_INSTANCE_IPV4": "10.0.0.1", "zone": zone, "AWS_INIT_HEALTH_STATUS": status});
        region.within(|tx| register_task(tx, &arn, id, attributes.as_object().unwrap())).unwrap();
    }
    let after = region.call("DiscoverInstancesRevision", names.clone())["InstancesRevision"].as_i64().unwrap();
    assert!(after > before);
    let discover = |region: &mut Region, name: &str, value: Json| {
        let mut params = names.clone();
        params[name] = value;
        ids(&region.call("DiscoverInstances", params), "Instances", "InstanceId")
    };
    assert_eq!(discover(&mut region, "HealthStatus", json!("ALL")), ["a", "b", "c"]);
    assert_eq!(discover(&mut region, "HealthStatus", json!("UNHEALTHY")), ["c"]);
    assert_eq!(discover(&mut region, "MaxResults", json!(1)), ["a"]);
    assert_eq!(discover(&mut region, "QueryParameters", json!({"zone": "1"})), ["a", "b"]);
    assert_eq!(discover(&mut region, "OptionalParameters", json!({"zone": "1"})), ["a", "b"]);
    assert_eq!(discover(&mut region, "OptionalParameters", json!({"zone": "3"})), ["a", "b"]);
    assert_eq!(discover(&mut region, "QueryParameters", json!({"zone": "2"})), ["c"]);
    region.within(|tx| set_health(tx, &arn, "a", false)).unwrap();
    region.call(
        "UpdateInstanceCustomHealthStatus",
        json!({"ServiceId": service, "InstanceId": "c", "Status": "HEALTHY"}),
    );
    assert_eq!(discover(&mut region, "HealthStatus", json!("HEALTHY")), ["b", "c"]);
    let statuses = region.call("GetInstancesHealthStatus", json!({"ServiceId": service}));
    assert_eq!(statuses, json!({"Status": {"a": "UNHEALTHY", "b": "HEALTHY", "c": "HEALTHY"}}));
    region.within(|tx| deregister_task(tx, &arn, "b").and_then(|()| deregister_task(tx, &arn, "b"))).unwrap();
    assert_eq!(discover(&mut region, "HealthStatus", json!("ALL")), ["a", "c"]);
    let none = json!({"NamespaceName": "local", "ServiceName": "other"});
    assert_eq!(region.refused("DiscoverInstances", none), "ServiceNotFound");
    let none = json!({"NamespaceName": "other", "ServiceName": "app"});
    assert_eq!(region.refused("DiscoverInstances", none), "NamespaceNotFound");
}

#[test]
fn a_service_without_a_check_is_discovered_whatever_health_is_asked_for() {
    let mut region = Region::new();
    let namespace = region.namespace("local");
    let created = region.call("CreateService", json!({"Name": "app", "NamespaceId": namespace}));
    let (id, arn) = (text(&created["Service"]["Id"]), text(&created["Service"]["Arn"]));
    region.within(|tx| register_task(tx, &arn, "a", &JsonMap::new())).unwrap();
    let params = json!({"NamespaceName": "local", "ServiceName": "app", "HealthStatus": "UNHEALTHY"});
    assert_eq!(region.call("DiscoverInstances", params)["Instances"][0]["HealthStatus"], "UNKNOWN");
    let health = json!({"ServiceId": id, "InstanceId": "a", "Status": "HEALTHY"});
    assert_eq!(region.refused("UpdateInstanceCustomHealthStatus", health), "CustomHealthNotFound");
    assert!(region.within(|tx| service_exists(tx, &arn)).unwrap());
    assert!(!region.within(|tx| service_exists(tx, &format!("{arn}x"))).unwrap());
    let refusal = region.within(|tx| register_task(tx, "arn:x/srv-none", "a", &JsonMap::new())).unwrap_err();
    assert_eq!(refusal.code, "ServiceNotFound");
}

#[test]
fn an_update_of_a_service_replaces_its_records() {
    let mut region = Region::new();
    let namespace = region.dns_namespace();
    let dns = |ttl: i64| json!({"DnsRecords": [{"Type": "A", "TTL": ttl}]});
    let params = json!({"Name": "app", "NamespaceId": namespace, "DnsConfig": dns(10)});
    let service = text(&region.call("CreateService", params)["Service"]["Id"]);
    let update = |change: Json| json!({"Id": service, "Service": change});
    let operation = region.call("UpdateService", update(json!({"DnsConfig": dns(30), "Description": "New"})));
    let read = |region: &mut Region| region.call("GetService", json!({"Id": service}))["Service"].clone();
    assert_eq!(read(&mut region)["DnsConfig"]["DnsRecords"][0]["TTL"], 10);
    assert_eq!(region.refused("UpdateService", update(json!({"DnsConfig": dns(60)}))), "DuplicateRequest");
    region.wait(60);
    assert_eq!(region.status(&text(&operation["OperationId"])), "SUCCESS");
    let updated = read(&mut region);
    assert_eq!((&updated["DnsConfig"]["DnsRecords"][0]["TTL"], &updated["Description"]), (&json!(30), &json!("New")));
    region.done("UpdateService", update(json!({"Description": "Newer"})));
    assert_eq!(read(&mut region).get("DnsConfig"), None);
}

#[test]
fn a_private_namespace_can_change_its_description_and_time_to_live() {
    let mut region = Region::new();
    let id = region.dns_namespace();
    let soa = json!({"DnsProperties": {"SOA": {"TTL": 100}}});
    let change = json!({"Id": id, "Namespace": {"Description": "New", "Properties": soa}});
    assert_eq!(region.refused("UpdateHttpNamespace", change.clone()), "InvalidInput");
    region.done("UpdatePrivateDnsNamespace", change);
    let namespace = region.call("GetNamespace", json!({"Id": id}))["Namespace"].clone();
    assert_eq!((&namespace["Type"], &namespace["Description"]), (&json!("DNS_PRIVATE"), &json!("New")));
    assert_eq!(namespace["Properties"]["DnsProperties"], json!({"HostedZoneId": "Z1", "SOA": {"TTL": 100}}));
}

#[test]
fn lists_are_filtered_and_come_in_pages() {
    let mut region = Region::new();
    let dns = region.dns_namespace();
    let mut all = vec![region.namespace("b"), region.namespace("a"), dns.clone()];
    all.sort();
    let filter = |name: &str, condition: &str, value: &str| json!({"Filters": [{"Name": name, "Condition": condition, "Values": [value]}]});
    let listed = |region: &mut Region, params: Json| ids(&region.call("ListNamespaces", params), "Namespaces", "Id");
    assert_eq!(listed(&mut region, filter("TYPE", "EQ", "DNS_PRIVATE")), std::slice::from_ref(&dns));
    assert_eq!(listed(&mut region, filter("NAME", "BEGINS_WITH", "dns.")), [dns]);
    assert_eq!(listed(&mut region, filter("NAME", "EQ", "dns.")), Vec::<String>::new());
    assert_eq!(region.refused("ListNamespaces", filter("NAME", "BETWEEN", "a")), "InvalidInput");
    let first = region.call("ListNamespaces", json!({"MaxResults": 2}));
    let mut found = ids(&first, "Namespaces", "Id");
    found.extend(listed(&mut region, json!({"MaxResults": 2, "NextToken": first["NextToken"]})));
    assert_eq!(found, all);
    let made = region.call("ListOperations", filter("NAMESPACE_ID", "EQ", &all[0]));
    assert_eq!(made["Operations"].as_array().unwrap().len(), 1);
    assert_eq!(region.call("ListOperations", filter("STATUS", "IN", "PENDING")), json!({"Operations": []}));
    let between = |from: &str, to: &str| json!({"Filters": [{"Name": "UPDATE_DATE", "Condition": "BETWEEN", "Values": [from, to]}]});
    assert_eq!(ids(&region.call("ListOperations", between("0", "9999999999")), "Operations", "Id").len(), 3);
    assert_eq!(region.call("ListOperations", between("0", "1")), json!({"Operations": []}));
}

#[test]
fn tags_are_those_of_namespaces_and_services() {
    let (mut region, service) = Region::with_service();
    let arn = region.call("GetService", json!({"Id": service}))["Service"]["Arn"].clone();
    region.call(
        "TagResource",
        json!({"ResourceARN": arn, "Tags": [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}]}),
    );
    region.call("UntagResource", json!({"ResourceARN": arn, "TagKeys": ["a"]}));
    let tags = region.call("ListTagsForResource", json!({"ResourceARN": arn}));
    assert_eq!(tags, json!({"Tags": [{"Key": "b", "Value": "2"}]}));
    let unknown = json!({"ResourceARN": "arn:aws:servicediscovery:eu-west-1:000000000000:service/srv-none"});
    assert_eq!(region.refused("ListTagsForResource", unknown), "ResourceNotFoundException");
}
