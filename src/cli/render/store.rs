//! What is said when the store of a state refuses or cannot be reached, and the way out.

use hzscript::stores::http::{self, Answer, Call, NoCredentials, is_transient};

/// What went wrong with the object at `path`, and the way out when there is one.
pub fn told(path: &str, source: &object_store::Error) -> (String, Option<String>) {
    let (scheme, rest) = path.split_once("://").unwrap_or(("file", path));
    let bucket = rest.split('/').next().unwrap_or_default();
    if let Some(NoCredentials { reason }) = http::cause(source) {
        let help = match scheme {
            "s3" => {
                "give some (aws configure, aws sso login, AWS_PROFILE), or name a profile in the state's URL: ?profile=NAME"
            }
            "gs" => "name the file of some in GOOGLE_APPLICATION_CREDENTIALS",
            _ => "give AZURE_STORAGE_ACCOUNT_KEY, or AZURE_CLIENT_ID, AZURE_CLIENT_SECRET and AZURE_TENANT_ID",
        };
        return (format!("there are no credentials for the state at {path}: {reason}"), Some(help.to_owned()));
    }
    let Some(answer) = Answer::of(source) else {
        let help = is_transient(source).then(|| {
            "look at the network and at the state's URL; what was done is in the journal, so it is safe to run again"
                .to_owned()
        });
        return (format!("state at {path}: {}", causes(source)), help);
    };
    if answer.no_bucket() {
        let make = match scheme {
            "s3" => format!("make it (`aws s3 mb s3://{bucket}`)"),
            "gs" => format!("make it (`gcloud storage buckets create gs://{bucket}`)"),
            _ => format!("make it (`az storage container create --name {bucket}`)"),
        };
        return (format!("there is no bucket {bucket} for the state"), Some(format!("{make}, or correct --state")));
    }
    if let Some(region) = elsewhere(answer) {
        let message = format!("the bucket {bucket} of the state is in another region{}", at(region));
        let help = format!("add ?region={} to the state's URL", region.unwrap_or("REGION"));
        return (message, Some(help));
    }
    let message = format!("the store of the state refuses {} {path}: {answer}", doing(answer.call));
    let code = answer.code.as_deref().unwrap_or_default();
    let help = match answer.status.as_u16() {
        _ if INVALID.contains(&code) => {
            "the credentials are not valid (any more): sign in again, or choose others".to_owned()
        }
        401 | 403 => permissions(scheme, bucket, answer.call),
        _ if answer.is_transient() => {
            "try again later; what was done is in the journal, so it is safe to run again".to_owned()
        }
        _ => return (message, None),
    };
    (message, Some(help))
}

/// Codes of credentials that are not, or no longer, any.
const INVALID: [&str; 7] = [
    "ExpiredToken",
    "InvalidAccessKeyId",
    "InvalidToken",
    "SignatureDoesNotMatch",
    "TokenRefreshRequired",
    "AuthenticationFailed",
    "InvalidAuthenticationInfo",
];

/// The region that a bucket is in, when an answer says that it is not in this one: the inner one when it names it.
fn elsewhere(answer: &Answer) -> Option<Option<&str>> {
    const CODES: [&str; 4] = [
        "PermanentRedirect",
        "TemporaryRedirect",
        "AuthorizationHeaderMalformed",
        "IllegalLocationConstraintException",
    ];
    let is = answer.code.as_deref().is_some_and(|code| CODES.contains(&code)) || answer.status.is_redirection();
    is.then_some(answer.region.as_deref())
}

fn at(region: Option<&str>) -> String {
    region.map(|region| format!(": {region}")).unwrap_or_default()
}

fn doing(call: Call) -> &'static str {
    match call {
        Call::Read => "to read",
        Call::Write => "to write",
        Call::Delete => "to delete",
        Call::List => "to list",
        Call::Token | Call::Other => "to give access to",
    }
}

fn permissions(scheme: &str, bucket: &str, call: Call) -> String {
    match scheme {
        "s3" => {
            let this = match call {
                Call::Read => "s3:GetObject",
                Call::Write => "s3:PutObject",
                Call::Delete => "s3:DeleteObject",
                Call::List | Call::Token | Call::Other => "s3:ListBucket",
            };
            format!(
                "this was {this}; the credentials must allow s3:GetObject, s3:PutObject and s3:DeleteObject on the objects \
                 of the bucket {bucket}, and s3:ListBucket on the bucket itself"
            )
        }
        "gs" => format!("the credentials need the role Storage Object User (roles/storage.objectUser) on {bucket}"),
        _ => format!("the credentials need the role Storage Blob Data Contributor on {bucket}"),
    }
}

/// The innermost causes of an error, in a line.
fn causes(error: &object_store::Error) -> String {
    let Some(transport) = http::cause::<object_store::client::HttpError>(error) else { return error.to_string() };
    let mut text = "it cannot be reached".to_owned();
    let mut next = std::error::Error::source(transport);
    while let Some(cause) = next {
        let told = cause.to_string();
        if !text.ends_with(&told) {
            text.push_str(&format!(": {told}"));
        }
        next = cause.source();
    }
    text
}
