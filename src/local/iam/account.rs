//! The account as a whole: what roles and policies there are, and what a role may do.

use serde_json::json;

use super::super::members::{Members, Page, tag_list};
use super::super::service::Fault;
use super::super::store::Tx;
use super::condition::Keys;
use super::document::{Document, Purpose, url_encoded};
use super::evaluate::{Decision, Effect, Request, effect};
use super::policy::Policy;
use super::role::{self, Role, boundary_json};
use super::role_policy::attached_json;
use super::{iso, managed, no_such_entity, page_size, policy, refusal, usage};
use crate::model::Json;

/// A policy that applies to a role, and IAM's words for where it comes from.
struct Source {
    id: String,
    kind: &'static str,
    document: Document,
}

/// The policies that say what a role may do, inline ones first.
fn sources(tx: &Tx<'_>, role: &Role) -> Result<Vec<Source>, Fault> {
    let mut sources = Vec::new();
    for (name, text) in &role.inline {
        if let Ok(document) = Document::parse(text, Purpose::Identity) {
            sources.push(Source { id: format!("role_{}_{name}", role.name), kind: "role", document });
        }
    }
    for arn in &role.attached {
        if let Some(document) = policy::document(tx, arn)? {
            let kind = if arn.starts_with(managed::PREFIX) { "aws-managed" } else { "user-managed" };
            sources.push(Source { id: policy::name_of(arn).to_owned(), kind, document });
        }
    }
    Ok(sources)
}

/// What a role's policies say of a request, and its boundary if it has one: both have to allow it.
pub(super) fn decide(tx: &Tx<'_>, role: &Role, request: &Request<'_>) -> Result<Decision, Fault> {
    let sources = sources(tx, role)?;
    let effects = sources.iter().filter_map(|source| effect(&source.document, request));
    Ok(bounded(Decision::of(effects), boundary_effect(tx, role, request)?))
}

/// What a role's boundary says, inside `Some` when it has one.
fn boundary_effect(tx: &Tx<'_>, role: &Role, request: &Request<'_>) -> Result<Option<Option<Effect>>, Fault> {
    let Some(boundary) = &role.boundary else { return Ok(None) };
    Ok(Some(policy::document(tx, boundary)?.and_then(|document| effect(&document, request))))
}

fn bounded(decision: Decision, boundary: Option<Option<Effect>>) -> Decision {
    match (decision, boundary) {
        (Decision::ExplicitDeny, _) | (_, Some(Some(Effect::Deny))) => Decision::ExplicitDeny,
        (Decision::Allowed, Some(None)) => Decision::ImplicitDeny,
        (decision, _) => decision,
    }
}

pub(super) fn simulate(tx: &Tx<'_>, members: &Members<'_>) -> Result<Json, Fault> {
    let arn = members.required("PolicySourceArn")?;
    let role = role::of_arn(tx, arn)?.ok_or_else(|| no_such_entity(format!("Role {arn} was not found.")))?;
    let mut sources = sources(tx, &role)?;
    sources.extend(given(members)?);
    let boundary = |request: &Request<'_>| boundary_effect(tx, &role, request);
    evaluated(members, &sources, boundary)
}

/// Simulates the policies of the call alone.
pub(super) fn simulate_custom(members: &Members<'_>) -> Result<Json, Fault> {
    let sources = given(members)?;
    if sources.is_empty() {
        return Err(members.refuse("PolicyInputList has to have a policy."));
    }
    evaluated(members, &sources, |_| Ok(None))
}

/// The policies that a call has in itself.
fn given(members: &Members<'_>) -> Result<Vec<Source>, Fault> {
    let texts = members.texts("PolicyInputList")?.into_iter().enumerate();
    let source = texts.map(|(index, text)| {
        let document = Document::parse(text, Purpose::Identity).map_err(|message| refusal("InvalidInput", message))?;
        Ok(Source { id: format!("PolicyInputList.{}", index + 1), kind: "none", document })
    });
    source.collect()
}

fn evaluated(
    members: &Members<'_>,
    sources: &[Source],
    boundary: impl Fn(&Request<'_>) -> Result<Option<Option<Effect>>, Fault>,
) -> Result<Json, Fault> {
    let actions = members.texts("ActionNames")?;
    if actions.is_empty() {
        return Err(members.refuse("ActionNames has to have an action."));
    }
    let resources = match members.texts("ResourceArns")? {
        resources if resources.is_empty() => vec!["*"],
        resources => resources,
    };
    let mut keys = Keys::new();
    for entry in members.structures("ContextEntries")? {
        let values = entry.texts("ContextKeyValues")?.into_iter().map(str::to_owned).collect();
        keys.insert(entry.required("ContextKeyName")?.to_ascii_lowercase(), values);
    }
    let mut results = Vec::new();
    for action in actions {
        for resource in &resources {
            let request = Request { action, resource, keys: keys.clone(), open: false };
            results.push(simulated(sources, &request, boundary(&request)?));
        }
    }
    Ok(super::paged("EvaluationResults", results, None))
}

fn simulated(sources: &[Source], request: &Request<'_>, boundary: Option<Option<Effect>>) -> Json {
    let effects: Vec<(&Source, Effect)> =
        sources.iter().filter_map(|source| Some((source, effect(&source.document, request)?))).collect();
    let decision = bounded(Decision::of(effects.iter().map(|(_, effect)| *effect)), boundary);
    let statement =
        |(source, _): &(&Source, Effect)| json!({"SourcePolicyId": source.id, "SourcePolicyType": source.kind});
    let conditions =
        sources.iter().flat_map(|source| &source.document.statements).flat_map(|statement| &statement.conditions);
    let mut missing: Vec<&str> =
        conditions.map(|condition| condition.key()).filter(|key| !request.keys.contains_key(*key)).collect();
    missing.sort_unstable();
    missing.dedup();
    let mut result = json!({
        "EvalActionName": request.action,
        "EvalResourceName": request.resource,
        "EvalDecision": decision.name(),
        "MatchedStatements": effects.iter().map(statement).collect::<Vec<_>>(),
        "MissingContextValues": missing,
    });
    if let Some(boundary) = boundary {
        let allowed = boundary == Some(Effect::Allow);
        result["PermissionsBoundaryDecisionDetail"] = json!({"AllowedByPermissionsBoundary": allowed});
    }
    result
}

/// One entry of GetAccountAuthorizationDetails.
enum Detail {
    Role(Box<Role>),
    Local(Box<Policy>),
    Aws(&'static managed::Managed),
}

impl Detail {
    fn key(&self) -> String {
        match self {
            Self::Role(role) => format!("1/{}", role::key(&role.name)),
            Self::Local(policy) => format!("2/{}", policy.arn),
            Self::Aws(managed) => format!("3/{}", managed.name),
        }
    }
}

pub(super) fn authorization_details(tx: &Tx<'_>, members: &Members<'_>) -> Result<Json, Fault> {
    let filter = members.texts("Filter")?;
    let asked = |kind| filter.is_empty() || filter.contains(&kind);
    let mut details = Vec::new();
    if asked("Role") {
        details.extend(tx.all::<Role>()?.into_iter().map(|role| Detail::Role(Box::new(role))));
    }
    if asked("LocalManagedPolicy") {
        details.extend(tx.all::<Policy>()?.into_iter().map(|policy| Detail::Local(Box::new(policy))));
    }
    if asked("AWSManagedPolicy") {
        for managed in managed::ALL {
            if usage::counts(tx, &managed.arn())? != (0, 0) {
                details.push(Detail::Aws(managed));
            }
        }
    }
    let page = Page::of(details, Detail::key, members.text("Marker")?, page_size(members)?);
    let (mut roles, mut policies) = (Vec::new(), Vec::new());
    for detail in page.items {
        match detail {
            Detail::Role(role) => roles.push(role_detail(&role)),
            Detail::Local(policy) => policies.push(with_versions(policy.summary(tx)?, policy.versions_json(true))),
            Detail::Aws(managed) => policies.push(with_versions(managed.summary(tx)?, managed.versions_json(true))),
        }
    }
    let mut answer = super::paged("RoleDetailList", roles, page.next);
    answer["Policies"] = Json::Array(policies);
    answer["UserDetailList"] = json!([]);
    answer["GroupDetailList"] = json!([]);
    Ok(answer)
}

fn with_versions(mut policy: Json, versions: Vec<Json>) -> Json {
    policy["PolicyVersionList"] = Json::Array(versions);
    policy
}

fn role_detail(role: &Role) -> Json {
    let inline = role.inline.iter();
    let inline = inline.map(|(name, text)| json!({"PolicyName": name, "PolicyDocument": url_encoded(text)}));
    let mut detail = json!({
        "Path": role.path,
        "RoleName": role.name,
        "RoleId": role.id,
        "Arn": role.arn,
        "CreateDate": iso(role.created),
        "AssumeRolePolicyDocument": url_encoded(&role.trust),
        "InstanceProfileList": [],
        "RolePolicyList": inline.collect::<Vec<_>>(),
        "AttachedManagedPolicies": attached_json(role),
        "Tags": tag_list(&role.tags),
        "RoleLastUsed": {},
    });
    if let Some(boundary) = &role.boundary {
        detail["PermissionsBoundary"] = boundary_json(boundary);
    }
    detail
}
