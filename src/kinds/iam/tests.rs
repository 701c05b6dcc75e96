//! Calls the kinds of IAM make, against answers of XML.

use std::sync::{Arc, Mutex};

use serde_json::json;

use super::managed_policy::ManagedPolicy;
use super::role::Role;
use crate::cloud::Cloud;
use crate::kinds::{Create, Delete, Kind, Update, echo};
use crate::model::{Json, JsonMap};

const DOCUMENT: &str = "%7B%22Version%22%3A%222012-10-17%22%2C%22Statement%22%3A%5B%5D%7D";
const DATE: &str = "2026-01-02T03:04:05Z";

/// A cloud whose IAM answers with what is inside the result element, and the calls it was sent.
fn iam(answer: impl Fn(&str) -> String + Send + Sync + 'static) -> (Cloud, Arc<Mutex<Vec<String>>>) {
    let calls = Arc::new(Mutex::new(Vec::new()));
    let log = calls.clone();
    let cloud = echo::cloud(move |action, parameters| {
        let shown: Vec<String> =
            parameters.values().filter_map(Json::as_str).map(|text| text.replace(['"', ' '], "")).collect();
        log.lock().unwrap().push(format!("{action} {}", shown.join(" ")).trim_end().to_owned());
        match answer(action) {
            error if error.starts_with("<Error>") => json!(format!("<ErrorResponse>{error}</ErrorResponse>")),
            inside => json!(format!("<{action}Response><{action}Result>{inside}</{action}Result></{action}Response>")),
        }
    });
    (cloud, calls)
}

fn absent() -> String {
    "<Error><Code>NoSuchEntity</Code><Message>none</Message></Error>".to_owned()
}

fn role(tags: &str) -> String {
    format!(
        "<Role><Path>/</Path><RoleName>r</RoleName><RoleId>AROA</RoleId><Arn>arn:r</Arn><CreateDate>{DATE}</CreateDate>\
         <AssumeRolePolicyDocument>{DOCUMENT}</AssumeRolePolicyDocument><MaxSessionDuration>3600</MaxSessionDuration>\
         <Tags>{tags}</Tags></Role>"
    )
}

fn map(json: Json) -> JsonMap {
    json.as_object().cloned().unwrap_or_default()
}

#[tokio::test]
async fn a_role_is_read_with_its_policies() {
    let (cloud, _) = iam(|action| {
        match action {
        "GetRole" => role("<member><Key>k</Key><Value>v</Value></member>"),
        "ListRolePolicies" => "<PolicyNames><member>p</member></PolicyNames><IsTruncated>false</IsTruncated>".to_owned(),
        "GetRolePolicy" => format!(
            "<RoleName>r</RoleName><PolicyName>p</PolicyName><PolicyDocument>{DOCUMENT}</PolicyDocument>"
        ),
        _ => "<AttachedPolicies><member><PolicyName>m</PolicyName><PolicyArn>arn:m</PolicyArn></member></AttachedPolicies>\
              <IsTruncated>false</IsTruncated>"
            .to_owned(),
    }
    });
    let read = Role.read(&cloud, &["r".to_owned()]).await.unwrap().remove(0).expect("it is there");
    let document = json!({ "Version": "2012-10-17", "Statement": [] });
    let expected = json!({
        "assumeRolePolicyDocument": document,
        "managedPolicyArns": ["arn:m"],
        "maxSessionDuration": 3600,
        "path": "/",
        "policies": [{ "policyName": "p", "policyDocument": document }],
        "roleName": "r",
        "tags": [{ "key": "k", "value": "v" }],
    });
    assert_eq!(Json::Object(read.properties), expected);
    assert_eq!(Json::Object(read.attributes), json!({ "arn": "arn:r", "roleId": "AROA" }));
}

#[tokio::test]
async fn a_role_is_found_only_by_the_token_of_its_call() {
    let (cloud, _) = iam(|_| role("<member><Key>hzscript:token</Key><Value>ours</Value></member>"));
    let properties = map(json!({ "roleName": "r" }));
    let find = async |token| Role.find(&cloud, &Create { properties: &properties, token }).await.unwrap();
    assert_eq!(find("ours").await.as_deref(), Some("r"));
    assert_eq!(find("theirs").await, None);
}

#[tokio::test]
async fn a_role_is_emptied_before_it_is_deleted_and_one_that_is_gone_is_fine() {
    let (cloud, calls) = iam(|action| match action {
        "ListRolePolicies" => {
            "<PolicyNames><member>p</member></PolicyNames><IsTruncated>false</IsTruncated>".to_owned()
        }
        "ListAttachedRolePolicies" => {
            "<AttachedPolicies><member><PolicyArn>arn:m</PolicyArn></member></AttachedPolicies>".to_owned()
        }
        "ListInstanceProfilesForRole" => format!(
            "<InstanceProfiles><member><Path>/</Path><InstanceProfileName>i</InstanceProfileName>\
             <InstanceProfileId>AIP</InstanceProfileId><Arn>arn:i</Arn><CreateDate>{DATE}</CreateDate><Roles/></member>\
             </InstanceProfiles>"
        ),
        _ => String::new(),
    });
    let none = JsonMap::new();
    let target = Delete { id: "r", prior: &none, attributes: &none };
    Role.delete(&cloud, &target).await.unwrap();
    let expected = [
        "ListRolePolicies r",
        "DeleteRolePolicy p r",
        "ListAttachedRolePolicies r",
        "DetachRolePolicy arn:m r",
        "ListInstanceProfilesForRole r",
        "RemoveRoleFromInstanceProfile i r",
        "DeleteRole r",
    ];
    assert_eq!(*calls.lock().unwrap(), expected);
    let (gone, _) = iam(|_| absent());
    Role.delete(&gone, &target).await.unwrap();
    assert_eq!(Role.read(&gone, &["r".to_owned()]).await.unwrap(), [None]);
}

#[tokio::test]
async fn a_role_is_changed_where_it_differs_and_nowhere_else() {
    let (cloud, calls) = iam(|_| String::new());
    let document = json!({ "Statement": [] });
    let policy = |name: &str| json!({ "policyName": name, "policyDocument": document });
    let observed =
        map(json!({ "policies": [policy("kept"), policy("dropped")], "managedPolicyArns": ["a", "theirs"] }));
    let wanted = map(json!({ "policies": [policy("kept"), policy("new")] }));
    let prior = map(json!({ "managedPolicyArns": ["a"], "permissionsBoundary": "b" }));
    let changed = ["policies", "managedPolicyArns", "permissionsBoundary", "description"].map(str::to_owned);
    let attributes = JsonMap::new();
    let change = Update {
        id: "r",
        wanted: &wanted,
        observed: &observed,
        prior: &prior,
        attributes: &attributes,
        changed: &changed,
        token: "t",
    };
    Role.update(&cloud, &change).await.unwrap();
    let expected = [
        "UpdateRole  3600 r",
        "DeleteRolePermissionsBoundary r",
        "PutRolePolicy {Statement:[]} new r",
        "DeleteRolePolicy dropped r",
        "DetachRolePolicy a r",
    ];
    assert_eq!(*calls.lock().unwrap(), expected);
}

#[tokio::test]
async fn a_sixth_version_of_a_policy_takes_the_place_of_the_oldest() {
    let (cloud, calls) = iam(|action| match action {
        "ListPolicyVersions" => {
            let version = |number: u32| {
                let default = number == 8;
                format!(
                    "<member><VersionId>v{number}</VersionId><IsDefaultVersion>{default}</IsDefaultVersion></member>"
                )
            };
            format!("<Versions>{}</Versions>", [8, 10, 9, 12, 11].map(version).concat())
        }
        _ => "<PolicyVersion><VersionId>v13</VersionId></PolicyVersion>".to_owned(),
    });
    let wanted = map(json!({ "policyDocument": { "Statement": [] } }));
    let (none, changed) = (JsonMap::new(), ["policyDocument".to_owned()]);
    let change = Update {
        id: "arn:p",
        wanted: &wanted,
        observed: &none,
        prior: &none,
        attributes: &none,
        changed: &changed,
        token: "t",
    };
    let accepted = ManagedPolicy.update(&cloud, &change).await.unwrap();
    assert_eq!(accepted.attributes, map(json!({ "defaultVersionId": "v13" })));
    let expected =
        ["ListPolicyVersions arn:p", "DeletePolicyVersion arn:p v9", "CreatePolicyVersion arn:p {Statement:[]} true"];
    assert_eq!(*calls.lock().unwrap(), expected);
}

#[tokio::test]
async fn many_policies_are_read_in_one_sweep() {
    let (cloud, calls) = iam(|_| {
        format!(
            "<RoleDetailList><member><RoleName>r</RoleName><AttachedManagedPolicies><member><PolicyArn>arn:3</PolicyArn>\
             </member></AttachedManagedPolicies></member></RoleDetailList><Policies><member><PolicyName>n</PolicyName>\
             <Arn>arn:3</Arn><DefaultVersionId>v2</DefaultVersionId><PolicyVersionList>\
             <member><VersionId>v1</VersionId><Document>%7B%7D</Document></member>\
             <member><VersionId>v2</VersionId><IsDefaultVersion>true</IsDefaultVersion><Document>{DOCUMENT}</Document></member>\
             </PolicyVersionList></member></Policies><IsTruncated>false</IsTruncated>"
        )
    });
    let ids: Vec<String> = (0..11).map(|number| format!("arn:{number}")).collect();
    let read = ManagedPolicy.read(&cloud, &ids).await.unwrap();
    assert_eq!(*calls.lock().unwrap(), ["GetAccountAuthorizationDetails Role LocalManagedPolicy"]);
    let found: Vec<usize> = (0..11).filter(|at| read[*at].is_some()).collect();
    assert_eq!(found, [3]);
    let properties = read[3].clone().expect("it was found").properties;
    let document = json!({ "Version": "2012-10-17", "Statement": [] });
    let expected = json!({ "managedPolicyName": "n", "policyDocument": document, "roles": ["r"] });
    assert_eq!(Json::Object(properties), expected);
}

#[tokio::test]
async fn who_may_not_read_the_account_reads_one_by_one() {
    let (cloud, calls) = iam(|action| match action {
        "GetAccountAuthorizationDetails" | "ListRoles" => {
            "<Error><Code>AccessDenied</Code><Message>no</Message></Error>".to_owned()
        }
        _ => absent(),
    });
    let names: Vec<String> = (0..11).map(|n| format!("r{n}")).collect();
    assert_eq!(Role.read(&cloud, &names).await.unwrap(), vec![None; 11]);
    assert_eq!(ManagedPolicy.read(&cloud, &names).await.unwrap(), vec![None; 11]);
    let asked = |action: &str| calls.lock().unwrap().iter().filter(|call| call.starts_with(action)).count();
    assert_eq!((asked("GetRole"), asked("GetPolicy")), (11, 11));
}
