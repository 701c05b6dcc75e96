//! What IAM does and refuses, call by call.

use serde_json::json;

use super::super::settings::Settings;
use super::super::store::Store;
use super::*;

struct Account {
    store: Store,
    settings: Settings,
}

impl Account {
    fn new() -> Self {
        Self { store: Store::in_memory().unwrap(), settings: Settings::default() }
    }

    fn within<T>(&mut self, work: impl FnOnce(&mut Tx<'_>) -> Result<T, Fault>) -> Result<T, Fault> {
        let now = "2026-01-02T03:04:05.678Z".parse().unwrap();
        self.store.transact("eu-west-1", now, &self.settings, work)
    }

    fn ask(&mut self, action: &str, params: Json) -> Result<Json, Fault> {
        self.within(|tx| Iam.call(tx, action, params.as_object().unwrap()))
    }

    fn call(&mut self, action: &str, params: Json) -> Json {
        self.ask(action, params).unwrap()
    }

    fn refused(&mut self, action: &str, params: Json) -> (String, u16) {
        let fault = self.ask(action, params).unwrap_err();
        (fault.code, fault.status)
    }

    fn role(&mut self, name: &str) -> Json {
        self.call("CreateRole", json!({"RoleName": name, "AssumeRolePolicyDocument": trust()}))
    }
}

#[test]
fn an_account_in_a_trust_policy_is_kept_as_its_root() {
    let mut account = Account::new();
    let trust = |who: Json| {
        json!({"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Principal": {"AWS": who}, "Action": "sts:AssumeRole"},
        ]})
        .to_string()
    };
    for (sent, kept) in [
        (json!("123456789012"), json!("arn:aws:iam::123456789012:root")),
        (json!(["123456789012", "*"]), json!(["arn:aws:iam::123456789012:root", "*"])),
    ] {
        let params = json!({"RoleName": "a", "AssumeRolePolicyDocument": trust(sent)});
        let answer = account.call("CreateRole", params);
        assert_eq!(answer["Role"]["AssumeRolePolicyDocument"], document::url_encoded(&trust(kept)));
        account.call("DeleteRole", json!({"RoleName": "a"}));
    }
}

fn refusal_of(code: &str, status: u16) -> (String, u16) {
    (code.to_owned(), status)
}

fn trust() -> String {
    r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"Service":"ecs-tasks.amazonaws.com"},"Action":"sts:AssumeRole"}}"#.to_owned()
}

fn allowing(action: &str, resource: &str) -> String {
    json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": action, "Resource": resource}]})
        .to_string()
}

const EXECUTION: &str = "arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy";

#[test]
fn a_role_is_answered_with_its_document_encoded_and_time_in_seconds() {
    let mut account = Account::new();
    let params = json!({"RoleName": "app", "Path": "/team/", "AssumeRolePolicyDocument": trust(),
        "Description": "For tasks", "MaxSessionDuration": "7200", "Tags": [{"Key": "b", "Value": "2"}, {"Key": "a", "Value": "1"}]});
    let created = account.call("CreateRole", params)["Role"].clone();
    let id = created["RoleId"].as_str().unwrap();
    assert!(id.starts_with("AROA") && id.len() == 21, "{id}");
    let expected = json!({
        "RoleName": "app",
        "Path": "/team/",
        "RoleId": id,
        "Arn": "arn:aws:iam::000000000000:role/team/app",
        "CreateDate": "2026-01-02T03:04:05Z",
        "AssumeRolePolicyDocument": document::url_encoded(&trust()),
        "Description": "For tasks",
        "MaxSessionDuration": 7200,
        "Tags": [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}],
    });
    assert_eq!(created, expected);
    let mut read = account.call("GetRole", json!({"RoleName": "app"}))["Role"].clone();
    assert_eq!(read.as_object_mut().unwrap().remove("RoleLastUsed"), Some(json!({})));
    assert_eq!(read, expected);
}

#[test]
fn names_are_unique_whatever_their_case() {
    let mut account = Account::new();
    account.role("App");
    let again = json!({"RoleName": "app", "AssumeRolePolicyDocument": trust()});
    assert_eq!(account.refused("CreateRole", again), refusal_of("EntityAlreadyExists", 409));
    let missing = account.refused("GetRole", json!({"RoleName": "other"}));
    assert_eq!(missing, refusal_of("NoSuchEntity", 404));
}

#[test]
fn what_a_role_cannot_be_called_or_have() {
    let mut account = Account::new();
    let with = |name: &str, value: Json| {
        let mut params = json!({"RoleName": "a", "AssumeRolePolicyDocument": trust()});
        params[name] = value;
        params
    };
    for params in [
        with("RoleName", json!("a b")),
        with("RoleName", json!("a".repeat(65))),
        with("RoleName", Json::Null),
        with("Path", json!("team")),
        with("MaxSessionDuration", json!("60")),
        with("Description", json!("d".repeat(1001))),
    ] {
        assert_eq!(account.refused("CreateRole", params), refusal_of("ValidationError", 400));
    }
    let bad = with("AssumeRolePolicyDocument", json!("{"));
    assert_eq!(account.refused("CreateRole", bad), refusal_of("MalformedPolicyDocument", 400));
    let unbounded = with("PermissionsBoundary", json!("arn:aws:iam::aws:policy/Nothing"));
    assert_eq!(account.refused("CreateRole", unbounded), refusal_of("NoSuchEntity", 404));
    assert_eq!(account.call("ListRoles", json!({}))["Roles"], json!([]));
}

#[test]
fn a_role_with_policies_is_not_deleted() {
    let mut account = Account::new();
    account.role("app");
    let inline = json!({"RoleName": "app", "PolicyName": "p", "PolicyDocument": allowing("ecs:*", "*")});
    account.call("PutRolePolicy", inline);
    let attached = json!({"RoleName": "app", "PolicyArn": EXECUTION});
    account.call("AttachRolePolicy", attached.clone());
    let role = json!({"RoleName": "app"});
    assert_eq!(account.refused("DeleteRole", role.clone()), refusal_of("DeleteConflict", 409));
    account.call("DetachRolePolicy", attached.clone());
    assert_eq!(account.refused("DetachRolePolicy", attached), refusal_of("NoSuchEntity", 404));
    assert_eq!(account.refused("DeleteRole", role.clone()), refusal_of("DeleteConflict", 409));
    account.call("DeleteRolePolicy", json!({"RoleName": "app", "PolicyName": "p"}));
    account.call("DeleteRole", role.clone());
    assert_eq!(account.refused("DeleteRole", role), refusal_of("NoSuchEntity", 404));
}

#[test]
fn policies_of_aws_are_there_and_unknown_ones_are_not() {
    let mut account = Account::new();
    account.role("app");
    account.call("AttachRolePolicy", json!({"RoleName": "app", "PolicyArn": EXECUTION}));
    account.call("AttachRolePolicy", json!({"RoleName": "app", "PolicyArn": EXECUTION}));
    let attached = account.call("ListAttachedRolePolicies", json!({"RoleName": "app"}));
    let expected = json!([{"PolicyName": "AmazonECSTaskExecutionRolePolicy", "PolicyArn": EXECUTION}]);
    assert_eq!(attached, json!({"AttachedPolicies": expected, "IsTruncated": false}));
    assert_eq!(account.call("GetPolicy", json!({"PolicyArn": EXECUTION}))["Policy"]["AttachmentCount"], 1);
    let unknown = json!({"RoleName": "app", "PolicyArn": "arn:aws:iam::aws:policy/AmazonEverything"});
    assert_eq!(account.refused("AttachRolePolicy", unknown), refusal_of("NoSuchEntity", 404));
    let service_role = "arn:aws:iam::aws:policy/aws-service-role/AmazonECSServiceRolePolicy";
    let refused = account.refused("AttachRolePolicy", json!({"RoleName": "app", "PolicyArn": service_role}));
    assert_eq!(refused, refusal_of("PolicyNotAttachable", 400));
}

#[test]
fn a_policy_has_five_versions_at_most_and_keeps_its_default() {
    let mut account = Account::new();
    let create = json!({"PolicyName": "p", "PolicyDocument": allowing("ecs:*", "*")});
    let arn = account.call("CreatePolicy", create.clone())["Policy"]["Arn"].clone();
    assert_eq!(arn, "arn:aws:iam::000000000000:policy/p");
    assert_eq!(account.refused("CreatePolicy", create), refusal_of("EntityAlreadyExists", 409));
    let version = json!({"PolicyArn": arn, "PolicyDocument": allowing("ec2:*", "*"), "SetAsDefault": "true"});
    for number in 2..=5 {
        let created = account.call("CreatePolicyVersion", version.clone())["PolicyVersion"].clone();
        assert_eq!(created["VersionId"], format!("v{number}"));
        assert_eq!(created["IsDefaultVersion"], true);
    }
    assert_eq!(account.refused("CreatePolicyVersion", version.clone()), refusal_of("LimitExceeded", 409));
    let of = |id: &str| json!({"PolicyArn": arn, "VersionId": id});
    assert_eq!(account.refused("DeletePolicyVersion", of("v5")), refusal_of("DeleteConflict", 409));
    account.call("SetDefaultPolicyVersion", of("v1"));
    account.call("DeletePolicyVersion", of("v5"));
    assert_eq!(account.call("CreatePolicyVersion", version)["PolicyVersion"]["VersionId"], "v6");
    assert_eq!(account.refused("GetPolicyVersion", of("v5")), refusal_of("NoSuchEntity", 404));
    let first = account.call("GetPolicyVersion", of("v1"))["PolicyVersion"].clone();
    assert_eq!(first["Document"], document::url_encoded(&allowing("ecs:*", "*")));
}

#[test]
fn a_policy_that_is_used_or_has_versions_is_not_deleted() {
    let mut account = Account::new();
    account.role("app");
    let create = json!({"PolicyName": "p", "PolicyDocument": allowing("ecs:*", "*")});
    let arn = account.call("CreatePolicy", create)["Policy"]["Arn"].clone();
    let of = json!({"PolicyArn": arn});
    let use_it = json!({"RoleName": "app", "PolicyArn": arn});
    account.call("AttachRolePolicy", use_it.clone());
    assert_eq!(account.call("ListEntitiesForPolicy", of.clone())["PolicyRoles"][0]["RoleName"], "app");
    assert_eq!(account.refused("DeletePolicy", of.clone()), refusal_of("DeleteConflict", 409));
    account.call("DetachRolePolicy", use_it);
    account.call("PutRolePermissionsBoundary", json!({"RoleName": "app", "PermissionsBoundary": arn}));
    assert_eq!(account.refused("DeletePolicy", of.clone()), refusal_of("DeleteConflict", 409));
    account.call("DeleteRolePermissionsBoundary", json!({"RoleName": "app"}));
    account.call("CreatePolicyVersion", json!({"PolicyArn": arn, "PolicyDocument": allowing("ec2:*", "*")}));
    assert_eq!(account.refused("DeletePolicy", of.clone()), refusal_of("DeleteConflict", 409));
    account.call("DeletePolicyVersion", json!({"PolicyArn": arn, "VersionId": "v2"}));
    account.call("DeletePolicy", of.clone());
    assert_eq!(account.refused("GetPolicy", of), refusal_of("NoSuchEntity", 404));
}

#[test]
fn lists_come_in_pages() {
    let mut account = Account::new();
    for name in ["c", "a", "b"] {
        account.role(name);
    }
    let names = |answer: &Json| -> Vec<String> {
        answer["Roles"].as_array().unwrap().iter().map(|role| role["RoleName"].as_str().unwrap().to_owned()).collect()
    };
    let first = account.call("ListRoles", json!({"MaxItems": "2"}));
    assert_eq!((names(&first), &first["IsTruncated"]), (vec!["a".to_owned(), "b".to_owned()], &json!(true)));
    let second = account.call("ListRoles", json!({"MaxItems": "2", "Marker": first["Marker"]}));
    assert_eq!((names(&second), &second["IsTruncated"]), (vec!["c".to_owned()], &json!(false)));
}

#[test]
fn authorization_details_have_all_of_a_role_and_can_be_filtered() {
    let mut account = Account::new();
    account.role("app");
    let inline = json!({"RoleName": "app", "PolicyName": "p", "PolicyDocument": allowing("ecs:*", "*")});
    account.call("PutRolePolicy", inline);
    account.call("AttachRolePolicy", json!({"RoleName": "app", "PolicyArn": EXECUTION}));
    account.call("CreatePolicy", json!({"PolicyName": "q", "PolicyDocument": allowing("ec2:*", "*")}));
    let roles = account.call("GetAccountAuthorizationDetails", json!({"Filter": ["Role"], "MaxItems": "1000"}));
    let role = &roles["RoleDetailList"][0];
    assert_eq!(role["RolePolicyList"][0]["PolicyName"], "p");
    assert_eq!(role["AttachedManagedPolicies"][0]["PolicyArn"], EXECUTION);
    assert_eq!(roles["Policies"], json!([]));
    let all = account.call("GetAccountAuthorizationDetails", json!({"MaxItems": "2"}));
    assert_eq!(all["Policies"][0]["PolicyName"], "q");
    let rest = account.call("GetAccountAuthorizationDetails", json!({"MaxItems": "2", "Marker": all["Marker"]}));
    assert_eq!(rest["Policies"][0]["PolicyName"], "AmazonECSTaskExecutionRolePolicy");
    assert_eq!((&rest["RoleDetailList"], &rest["IsTruncated"]), (&json!([]), &json!(false)));
}

#[test]
fn what_a_role_may_is_what_its_policies_and_boundary_allow_together() {
    let mut account = Account::new();
    let arn = account.role("app")["Role"]["Arn"].as_str().unwrap().to_owned();
    let may = |account: &mut Account, action: &str| account.within(|tx| role_may(tx, &arn, action, "*")).unwrap();
    assert!(!may(&mut account, "logs:PutLogEvents"));
    account.call("AttachRolePolicy", json!({"RoleName": "app", "PolicyArn": EXECUTION}));
    let conditional = json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "ecs:ListTasks",
        "Resource": "*", "Condition": {"ArnEquals": {"ecs:cluster": "arn:aws:ecs:eu-west-1:000000000000:cluster/c"}}}]});
    let inline = json!({"RoleName": "app", "PolicyName": "p", "PolicyDocument": conditional.to_string()});
    account.call("PutRolePolicy", inline);
    assert!(may(&mut account, "logs:PutLogEvents") && may(&mut account, "ecs:ListTasks"));
    assert!(!may(&mut account, "ecs:StopTask"));
    let logs = "arn:aws:iam::aws:policy/CloudWatchLogsFullAccess";
    account.call("PutRolePermissionsBoundary", json!({"RoleName": "app", "PermissionsBoundary": logs}));
    assert!(may(&mut account, "logs:PutLogEvents") && !may(&mut account, "ecs:ListTasks"));

    let trusts =
        |account: &mut Account, arn: &str, service: &str| account.within(|tx| role_trusts(tx, arn, service)).unwrap();
    assert_eq!(trusts(&mut account, &arn, "ecs-tasks.amazonaws.com"), Some(true));
    assert_eq!(trusts(&mut account, &arn, "ecs.amazonaws.com"), Some(false));
    assert_eq!(trusts(&mut account, "arn:aws:iam::000000000000:role/other/app", "ecs-tasks.amazonaws.com"), None);
}

#[test]
fn a_simulation_knows_the_keys_that_it_is_given_only() {
    let mut account = Account::new();
    let arn = account.role("app")["Role"]["Arn"].clone();
    let policy = json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": "ecs:*", "Resource": "*", "Condition": {"StringEquals": {"aws:RequestedRegion": "eu-west-1"}}},
        {"Effect": "Deny", "Action": "ecs:StopTask", "Resource": "*"},
    ]});
    account.call("PutRolePolicy", json!({"RoleName": "app", "PolicyName": "p", "PolicyDocument": policy.to_string()}));
    let mut simulate = |entries: Json| {
        let actions = json!(["ecs:ListTasks", "ecs:StopTask", "ec2:RunInstances"]);
        let params = json!({"PolicySourceArn": arn, "ActionNames": actions, "ContextEntries": entries});
        let results = account.call("SimulatePrincipalPolicy", params)["EvaluationResults"].clone();
        let decision = |result: &Json| result["EvalDecision"].as_str().unwrap().to_owned();
        results.as_array().unwrap().iter().map(decision).collect::<Vec<_>>()
    };
    assert_eq!(simulate(json!([])), ["implicitDeny", "explicitDeny", "implicitDeny"]);
    let region = json!([{"ContextKeyName": "aws:RequestedRegion", "ContextKeyType": "string", "ContextKeyValues": ["eu-west-1"]}]);
    assert_eq!(simulate(region), ["allowed", "explicitDeny", "implicitDeny"]);
}

#[test]
fn a_role_of_a_services_own_is_not_changed_nor_listed_as_ours() {
    let mut account = Account::new();
    let create = json!({"AWSServiceName": "ecs.amazonaws.com"});
    let role = account.call("CreateServiceLinkedRole", create.clone())["Role"].clone();
    let arn = "arn:aws:iam::000000000000:role/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS";
    assert_eq!(role["Arn"], arn);
    assert_eq!(account.refused("CreateServiceLinkedRole", create), refusal_of("InvalidInput", 400));
    let name = json!({"RoleName": "AWSServiceRoleForECS"});
    assert_eq!(account.refused("DeleteRole", name), refusal_of("UnmodifiableEntity", 400));
    account.role("app");
    account.call("CreatePolicy", json!({"PolicyName": "q", "PolicyDocument": allowing("ec2:*", "*")}));
    let listed = account.within(|tx| Iam.list(tx)).unwrap();
    let ids: Vec<(&str, &str)> = listed.iter().map(|it| (it.type_name.as_str(), it.id.as_str())).collect();
    let expected = [("AWS::IAM::Role", "app"), ("AWS::IAM::ManagedPolicy", "arn:aws:iam::000000000000:policy/q")];
    assert_eq!(ids, expected);
}

#[test]
fn tags_and_descriptions_change_in_place() {
    let mut account = Account::new();
    account.role("app");
    account
        .call("TagRole", json!({"RoleName": "app", "Tags": [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}]}));
    account.call("UntagRole", json!({"RoleName": "app", "TagKeys": ["a"]}));
    let tags = account.call("ListRoleTags", json!({"RoleName": "app"}));
    assert_eq!(tags, json!({"Tags": [{"Key": "b", "Value": "2"}], "IsTruncated": false}));
    account.call("UpdateRole", json!({"RoleName": "app", "Description": "New", "MaxSessionDuration": "43200"}));
    let wider = trust().replace("ecs-tasks", "ec2");
    account.call("UpdateAssumeRolePolicy", json!({"RoleName": "app", "PolicyDocument": wider}));
    let role = account.call("GetRole", json!({"RoleName": "app"}))["Role"].clone();
    assert_eq!((&role["Description"], &role["MaxSessionDuration"]), (&json!("New"), &json!(43200)));
    assert_eq!(role["AssumeRolePolicyDocument"], document::url_encoded(&wider));
}
