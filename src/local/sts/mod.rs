//! STS: who is calling, and credentials of roles.
//!
//! Requests are not authenticated here: whoever calls is the account's user `local`, and the credentials of an assumed
//! role are made up.

use jiff::SignedDuration;
use serde_json::json;

use super::iam;
use super::identifier::fresh_word;
use super::members::Members;
use super::service::{Fault, Listed, Service};
use super::store::Tx;
use crate::model::{Json, JsonMap};

/// The service.
pub struct Sts;

impl Service for Sts {
    fn name(&self) -> &'static str {
        "sts"
    }

    fn call(&self, tx: &mut Tx<'_>, action: &str, params: &JsonMap) -> Result<Json, Fault> {
        match action {
            "GetCallerIdentity" => Ok(json!({
                "Account": tx.account,
                "Arn": caller(tx),
                "UserId": "AIDALOCALUSER0000000",
            })),
            "AssumeRole" => assume_role(tx, &Members::new(params, "ValidationError")),
            _ => Err(Fault::unknown_action("sts", action)),
        }
    }

    fn list(&self, _tx: &Tx<'_>) -> Result<Vec<Listed>, Fault> {
        Ok(Vec::new())
    }
}

fn caller(tx: &Tx<'_>) -> String {
    format!("arn:aws:iam::{}:user/local", tx.account)
}

fn assume_role(tx: &mut Tx<'_>, members: &Members<'_>) -> Result<Json, Fault> {
    let arn = members.within("RoleArn", members.required("RoleArn")?, 20, 2048)?;
    let session = members.within("RoleSessionName", members.required("RoleSessionName")?, 2, 64)?;
    members.spelled("RoleSessionName", session, "_+=,.@-", r"[\w+=,.@-]*")?;
    let seconds = members.number("DurationSeconds", 900, 43_200)?.unwrap_or(3600);
    let caller = caller(tx);
    let Some(role) = iam::assumable(tx, arn, &caller)? else {
        let message = format!("User: {caller} is not authorized to perform: sts:AssumeRole on resource: {arn}");
        return Err(Fault::new("AccessDenied", message).status(403));
    };
    if seconds > role.max_session {
        let message = "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.";
        return Err(members.refuse(message));
    }
    let expiration = tx.now + SignedDuration::from_secs(seconds);
    let assumed = format!("arn:aws:sts::{}:assumed-role/{}/{session}", tx.account, role.name);
    Ok(json!({
        "Credentials": {
            "AccessKeyId": format!("ASIA{}", fresh_word(tx, "access-key", 16)?.to_ascii_uppercase()),
            "SecretAccessKey": &tx.fresh_hex("secret-access-key")?[..40],
            "SessionToken": tx.fresh_hex("session-token")?,
            "Expiration": expiration.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        },
        "AssumedRoleUser": {"AssumedRoleId": format!("{}:{session}", role.id), "Arn": assumed},
    }))
}

#[cfg(test)]
mod tests {
    use super::super::iam::Iam;
    use super::super::settings::Settings;
    use super::super::store::Store;
    use super::*;

    #[test]
    fn a_role_is_assumed_by_whom_it_trusts_only() {
        let now = "2026-01-01T00:00:00Z".parse().unwrap();
        let (mut store, settings) = (Store::in_memory().unwrap(), Settings::default());
        let mut call = |service: &dyn Service, action: &str, params: Json| {
            let work = |tx: &mut Tx<'_>| service.call(tx, action, params.as_object().unwrap());
            store.transact("eu-west-1", now, &settings, work)
        };
        for (name, principal) in
            [("people", json!({"AWS": "000000000000"})), ("tasks", json!({"Service": "ecs-tasks.amazonaws.com"}))]
        {
            let trust = json!({"Version": "2012-10-17", "Statement": {
                "Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}});
            let params = json!({"RoleName": name, "AssumeRolePolicyDocument": trust.to_string()});
            call(&Iam, "CreateRole", params).unwrap();
        }
        let ask = |name: &str, seconds: &str| {
            json!({"RoleArn": format!("arn:aws:iam::000000000000:role/{name}"), "RoleSessionName": "me",
                "DurationSeconds": seconds})
        };
        let session = call(&Sts, "AssumeRole", ask("people", "900")).unwrap();
        assert_eq!(session["AssumedRoleUser"]["Arn"], "arn:aws:sts::000000000000:assumed-role/people/me");
        assert_eq!(session["Credentials"]["Expiration"], "2026-01-01T00:15:00Z");
        for name in ["tasks", "nobody"] {
            let refusal = call(&Sts, "AssumeRole", ask(name, "900")).unwrap_err();
            assert_eq!((refusal.code.as_str(), refusal.status), ("AccessDenied", 403));
        }
        assert_eq!(call(&Sts, "AssumeRole", ask("people", "7200")).unwrap_err().code, "ValidationError");
    }
}
