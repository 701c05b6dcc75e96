//! `hzscript plan --iam`: what has to be allowed to whoever carries a plan out.

use std::collections::BTreeSet;

use hzscript::permissions::{MANAGED_POLICY_LIMIT, PolicyDocument, Surroundings, permissions};
use hzscript::plan::Plan;
use hzscript::state::cipher::Way;

use super::Tools;
use super::args::PlanArguments;
use super::error::Error;
use super::exit::Exit;
use super::render::escape;
use super::saved;
use super::stack::Stack;

/// The most characters of a role's inline policies together, white space not counted.
///
/// Source: IAM user guide, "IAM and AWS STS quotas".
const ROLE_LIMIT: usize = 10_240;

/// What is needed beside the resources: the state and its key, and what was looked up.
pub fn surroundings(stack: &Stack, arguments: &PlanArguments) -> Surroundings {
    let calls = stack.engine.cloud().calls.counted();
    let looked = calls.keys().filter(|(service, _)| service != "sts");
    let key = stack.engine.keys().seal().and_then(|seal| match seal.way {
        Way::Kms { key, .. } => Some(key),
        Way::Passphrase { .. } => None,
    });
    Surroundings {
        bucket: bucket(arguments),
        key,
        looked: looked.map(|(service, operation)| format!("{service}:{operation}")).collect(),
    }
}

/// The bucket in S3 and the prefix in it where the arguments have the state.
fn bucket(arguments: &PlanArguments) -> Option<(String, String)> {
    let place = arguments.stack.state.as_deref()?.strip_prefix("s3://")?;
    let place = place.split('?').next().unwrap_or(place);
    let (bucket, prefix) = place.split_once('/').unwrap_or((place, ""));
    Some((bucket.to_owned(), prefix.to_owned()))
}

/// Prints what a saved plan needs. Nothing is asked for it.
///
/// # Errors
/// When it cannot be read.
pub fn of_saved(arguments: &PlanArguments, tools: &Tools) -> Result<Exit, Error> {
    let saved = saved::read(&arguments.script)?;
    let key = saved.sealed.as_ref().and_then(|sealed| match &sealed.seal.way {
        Way::Kms { key, .. } => Some(key.clone()),
        Way::Passphrase { .. } => None,
    });
    let place = saved.place.strip_prefix("s3://").and_then(|place| place.split('?').next());
    let bucket = place.map(|place| {
        // The stack's own folder is the last.
        let (bucket, prefix) = place.split_once('/').unwrap_or((place, ""));
        (bucket.to_owned(), prefix.to_owned())
    });
    let found = Surroundings { bucket, key, looked: BTreeSet::new() };
    print(&saved.plan, &found, arguments.output.json, tools);
    Ok(Exit::Success)
}

/// Prints the policy of a plan to standard output, and what to do with it to standard error.
pub fn print(plan: &Plan, surroundings: &Surroundings, alone: bool, tools: &Tools) {
    let document = PolicyDocument::allowing(&permissions(plan, surroundings));
    tools.screen.raw_out(&serde_json::to_string_pretty(&document).unwrap_or_default());
    if !alone {
        tools.screen.err(&told(&document, &plan.stack));
    }
}

/// How the document is used.
fn told(document: &PolicyDocument, stack: &str) -> String {
    let (count, size) = (document.actions().len(), document.size());
    let stack = escape::line(stack).into_owned();
    let mut lines = vec![
        String::new(),
        format!(
            "This allows the {count} actions that running this plan needs, and reading for the next one: no others."
        ),
        "Statements named Sometimes… are for what happens rarely: AWS's own roles that are made once an account,"
            .to_owned(),
        "answers that were lost, tasks that do not start.".to_owned(),
    ];
    if size > ROLE_LIMIT {
        lines.push(format!(
            "It has {size} characters. A managed policy may have {MANAGED_POLICY_LIMIT}, the inline policies of a role \
             {ROLE_LIMIT} together: make two policies of it, some statements in each, and attach both."
        ));
    } else if size > MANAGED_POLICY_LIMIT {
        lines.push(format!(
            "It has {size} characters, and a managed policy may have {MANAGED_POLICY_LIMIT}: put it inline into a role \
             (which may have {ROLE_LIMIT}), or make two policies of it, some statements in each."
        ));
    }
    lines.extend([
        "To attach it to the role that runs hzscript:".to_owned(),
        "  hzscript plan … --iam --json > policy.json".to_owned(),
        format!("  aws iam put-role-policy --role-name ROLE --policy-name hzscript-{stack} --policy-document file://policy.json"),
        "To try it without an account: hzscript run … --as-policy policy.json".to_owned(),
    ]);
    lines.join("\n")
}
