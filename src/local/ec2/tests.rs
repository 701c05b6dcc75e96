//! Behaviour of the calls, each test on an account of its own.

mod addresses;
mod describing;
mod endpoints;
mod groups;
mod nats;
mod networks;
mod routes;
mod tagging;

use std::time::Duration;

use jiff::Timestamp;
use serde_json::json;

use super::*;
use crate::local::settings::Settings;
use crate::local::store::Store;

/// An account in `eu-west-1`, as slow as AWS.
struct Account {
    store: Store,
    settings: Settings,
    now: Timestamp,
}

impl Account {
    fn new() -> Self {
        let settings = Settings { pace: 1.0, ..Settings::default() };
        let store = Store::in_memory().expect("a store");
        Self { store, settings, now: "2030-01-01T00:00:00Z".parse().expect("a time") }
    }

    fn within<T>(&mut self, work: impl FnOnce(&mut Tx<'_>) -> Result<T, Fault>) -> Result<T, Fault> {
        self.store.transact("eu-west-1", self.now, &self.settings, work)
    }

    fn call(&mut self, action: &str, params: Json) -> Result<Json, Fault> {
        let params = params.as_object().expect("parameters").clone();
        self.within(|tx| Ec2.call(tx, action, &params))
    }

    /// The answer of a call that is to succeed.
    fn ok(&mut self, action: &str, params: Json) -> Json {
        self.call(action, params.clone()).unwrap_or_else(|fault| panic!("{action} {params}: {fault}"))
    }

    /// A text in the answer of a call that is to succeed.
    fn id(&mut self, action: &str, params: Json, pointer: &str) -> String {
        let answer = self.ok(action, params);
        answer.pointer(pointer).and_then(Json::as_str).unwrap_or_else(|| panic!("{pointer} of {answer}")).to_owned()
    }

    /// The code of a call that is to be refused.
    fn code(&mut self, action: &str, params: Json) -> String {
        match self.call(action, params.clone()) {
            Ok(answer) => panic!("{action} {params} is answered with {answer}"),
            Err(fault) => fault.code,
        }
    }

    /// Asserts the codes of calls.
    fn refused(&mut self, calls: impl IntoIterator<Item = (&'static str, Json, &'static str)>) {
        for (action, params, code) in calls {
            assert_eq!(self.code(action, params.clone()), code, "{action} {params}");
        }
    }

    /// Lets time pass, with what happens meanwhile.
    fn pass(&mut self, seconds: u64) {
        let until = self.now + Duration::from_secs(seconds);
        self.now = until;
        loop {
            let due = self.within(|tx| Ok(tx.take_due()?)).expect("a store");
            let Some((at, _, _, timer)) = due else { break };
            self.now = at;
            self.within(|tx| Ec2.due(tx, &timer)).expect("a timer");
            self.now = until;
        }
    }

    fn vpc(&mut self, cidr: &str) -> String {
        self.id("CreateVpc", json!({ "CidrBlock": cidr }), "/vpc/vpcId")
    }

    fn subnet(&mut self, vpc: &str, cidr: &str) -> String {
        self.id("CreateSubnet", json!({ "VpcId": vpc, "CidrBlock": cidr }), "/subnet/subnetId")
    }

    fn gateway(&mut self, vpc: &str) -> String {
        let gateway = self.id("CreateInternetGateway", json!({}), "/internetGateway/internetGatewayId");
        self.ok("AttachInternetGateway", json!({ "InternetGatewayId": gateway, "VpcId": vpc }));
        gateway
    }

    fn table(&mut self, vpc: &str) -> String {
        self.id("CreateRouteTable", json!({ "VpcId": vpc }), "/routeTable/routeTableId")
    }

    fn group(&mut self, vpc: &str, name: &str) -> String {
        self.id("CreateSecurityGroup", json!({ "VpcId": vpc, "GroupName": name, "GroupDescription": "d" }), "/groupId")
    }

    fn address(&mut self) -> String {
        self.id("AllocateAddress", json!({ "Domain": "vpc" }), "/allocationId")
    }

    fn nat(&mut self, subnet: &str, address: &str) -> String {
        let params = json!({ "SubnetId": subnet, "AllocationId": address });
        self.id("CreateNatGateway", params, "/natGateway/natGatewayId")
    }

    fn task(&mut self, subnet: &str, groups: &[String], public: bool) -> TaskInterface {
        self.within(|tx| attach_task_interface(tx, subnet, groups, public, "a task")).expect("an interface")
    }

    fn stop(&mut self, task: &TaskInterface) {
        self.within(|tx| release_task_interface(tx, &task.id)).expect("a release");
    }

    /// The types and identifiers of what exists.
    fn listed(&mut self) -> Vec<(String, String)> {
        let listed = self.within(|tx| Ec2.list(tx)).expect("a list");
        listed.into_iter().map(|one| (one.type_name, one.id)).collect()
    }
}

/// The values of a member in each element of a list.
fn each<'a>(answer: &'a Json, set: &str, member: &str) -> Vec<&'a str> {
    let items = answer[set].as_array().unwrap_or_else(|| panic!("{set} of {answer}"));
    items.iter().map(|item| item[member].as_str().unwrap_or_default()).collect()
}
