//! What is said of an error, and the way out.

use std::collections::BTreeMap;
use std::path::Path;

use hzscript::cloud::{CallError, ConnectError, ErrorClass};
use hzscript::engine::EngineError;
use hzscript::explain::{self, Code};
use hzscript::import::ImportError;
use hzscript::live::LiveError;
use hzscript::model::schema::schemas;
use hzscript::model::{Address, FailedCall};
use hzscript::plan::scope::ScopeError;
use hzscript::script::Diagnostic;
use hzscript::state::cipher::Way;
use hzscript::state::keys::Wanted;
use hzscript::state::{EditError, Executed, Holder, KeptCopy, KeyError, Lost, Renewal, StateError, Target};

use super::diagnostics;
use super::palette::Palette;
use super::store;
use super::{escape, screen::Line};
use crate::cli::error::Error;
use crate::cli::keys::VARIABLE;
use crate::cli::known::closest;

/// An error in words.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Told {
    /// What went wrong.
    pub message: String,
    /// The way out, when there is one.
    pub help: Option<String>,
    /// Places it is about.
    pub diagnostics: Vec<Diagnostic>,
    /// The texts of the files those are in, by name.
    pub sources: BTreeMap<String, String>,
    /// The call that failed, when it was one.
    pub call: Option<Box<FailedCall>>,
    /// Codes that `hzscript explain` knows.
    pub codes: Vec<&'static str>,
}

impl Told {
    fn new(message: impl Into<String>, help: Option<&str>) -> Self {
        Self { message: message.into(), help: help.map(str::to_owned), ..Self::default() }
    }

    /// As text for a terminal `width` columns wide.
    pub fn text(&self, palette: Palette, width: usize) -> String {
        let mut text = String::new();
        for diagnostic in &self.diagnostics {
            text.push_str(&diagnostics::mistake(diagnostic, &self.sources, palette, width));
            text.push('\n');
        }
        text.push_str(&format!("{} {}", palette.red("error:"), escape::lines(&self.message)));
        if let Some(help) = &self.help {
            text.push_str(&format!("\n{} {}", palette.cyan(" help:"), escape::lines(help)));
        }
        if !self.codes.is_empty() {
            text.push_str(&format!("\n{} hzscript explain {}", palette.dim(" more:"), self.codes.join(", ")));
        }
        text
    }

    /// As a JSON line.
    pub fn line(&self) -> Line<'_> {
        let Self { message, help, diagnostics, call, codes, .. } = self;
        Line::Error { message, help: help.as_deref(), diagnostics, call: call.as_deref(), codes }
    }
}

/// Puts an error in words.
pub fn told(error: &Error) -> Told {
    let told = in_words(error);
    let own = codes(error);
    let of_aws = told.call.as_ref().and_then(|call| explain::explain(call.code.as_deref()?)).map(|known| known.code);
    Told { codes: own.into_iter().map(Code::as_str).chain(of_aws).collect(), ..told }
}

/// The codes of an error.
fn codes(error: &Error) -> Vec<Code> {
    vec![match error {
        Error::Interrupted => Code::Interrupted,
        Error::Usage { .. } => Code::Usage,
        Error::Script { .. } => Code::Script,
        Error::Input(_) => Code::Input,
        Error::Mistakes(_) => Code::Mistakes,
        Error::Plan { error, .. } => {
            let mut codes: Vec<Code> =
                error.problems.iter().map(|(.., problem)| explain::of_problem(problem)).collect();
            codes.sort_unstable();
            codes.dedup();
            return codes;
        }
        Error::Synth { .. } => Code::Template,
        Error::Engine { error, .. } => return explain::of_engine(error),
        Error::Import(error) => match error.as_ref() {
            ImportError::Call(error) if error.denial().is_some() => Code::Denied,
            ImportError::Call(_) => Code::Observe,
            _ => Code::Import,
        },
        Error::Project(_) => Code::Project,
        Error::Live(error) => match error.as_ref() {
            LiveError::Call(error) if error.denial().is_some() => Code::Denied,
            LiveError::Call(_) => Code::Refused,
            _ => Code::Live,
        },
        Error::Saved(_) => Code::SavedPlan,
        Error::State(error) => explain::of_state(error),
        Error::Edit { error, .. } => explain::of_edit(error),
        Error::NotSaved { .. } => Code::NotSaved,
        Error::Connect(error) => explain::of_connection(error),
        Error::Local { .. } | Error::Refused(_) => Code::LocalData,
        Error::Settings { .. } => Code::LocalSettings,
        Error::Io { .. } => Code::Io,
    }]
}

fn in_words(error: &Error) -> Told {
    match error {
        Error::Interrupted => Told::new("interrupted; nothing was changed", None),
        Error::Usage { message, help } => Told::new(message, help.as_deref()),
        Error::Script { path, reason, help } => {
            Told::new(format!("cannot read {}: {reason}", path.display()), help.as_deref())
        }
        Error::Input(error) => Told::new(error.to_string(), None),
        Error::Mistakes(mistakes) => Told {
            message: counted(mistakes.mistakes.len(), "mistake in the script", "mistakes in the script"),
            help: None,
            diagnostics: mistakes.mistakes.clone(),
            sources: mistakes.sources.clone(),
            ..Told::default()
        },
        Error::Project(mistakes) => Told {
            message: counted(mistakes.mistakes.len(), "mistake in hzscript.toml", "mistakes in hzscript.toml"),
            help: None,
            diagnostics: mistakes.mistakes.clone(),
            sources: mistakes.sources.clone(),
            ..Told::default()
        },
        Error::Plan { error, sources } => Told {
            message: counted(error.problems.len(), "problem stands in the way", "problems stand in the way"),
            help: None,
            diagnostics: error.problems.iter().map(|problem| diagnostics::of_problem(problem, sources)).collect(),
            sources: sources.clone(),
            ..Told::default()
        },
        Error::Synth { error, sources } => Told {
            message: counted(error.problems.len(), "problem stands in the way", "problems stand in the way"),
            help: None,
            diagnostics: error.problems.iter().map(|problem| diagnostics::of_template(problem, sources)).collect(),
            sources: sources.clone(),
            ..Told::default()
        },
        Error::Engine { error, state } => of_engine(error, state),
        Error::Live(error) => of_live(error),
        Error::Import(error) => of_import(error),
        Error::Saved(error) => Told::new(error.to_string(), error.help().as_deref()),
        Error::State(error) => of_state(error, None),
        Error::Edit { error, stack } => of_edit(error, stack),
        Error::NotSaved { cause, state, stack, file } => not_saved(cause, state, stack, file.as_deref()),
        Error::Connect(error) => of_connection(error),
        Error::Local { folder, source } => {
            Told::new(format!("{}: {source}", folder.display()), Some("`hzscript local reset` begins an empty one"))
        }
        Error::Refused(fault) => Told::new(format!("the embedded AWS: {}: {}", fault.code, fault.message), None),
        Error::Settings { path, reason } => Told::new(format!("{}: {reason}", path.display()), None),
        Error::Io { what, source } => Told::new(format!("cannot {what}: {source}"), None),
    }
}

fn of_live(error: &LiveError) -> Told {
    match error {
        LiveError::Call(error) => Told::new(error.to_string(), of_call(error).help.as_deref()),
        error => Told::new(error.to_string(), error.help().as_deref()),
    }
}

fn of_connection(error: &ConnectError) -> Told {
    let error = match error {
        ConnectError::NoRegion => {
            return Told::new("no region is set", Some("give one with --region, AWS_REGION or the profile"));
        }
        ConnectError::Profile { .. } => {
            let help = "`aws configure list-profiles` has the profiles there are; \
                        `aws sso login --profile NAME` signs in to one";
            return Told::new(error.to_string(), Some(help));
        }
        ConnectError::Identity(error) => error,
    };
    let help = match error.class {
        ErrorClass::Denied => UNKNOWN_CREDENTIALS,
        ErrorClass::Unknown => {
            "no good answer came: look at the network and at --endpoint-url, and that there are credentials \
             (aws configure, aws sso login, --profile NAME); without --target aws the embedded AWS is worked on"
        }
        _ => {
            "give credentials (aws configure, aws sso login, --profile NAME), \
             or leave out --target aws to work on the embedded AWS"
        }
    };
    let message = format!("cannot tell which account the credentials belong to: {}", error.told());
    Told { call: Some(Box::new(error.facts(None))), ..Told::new(message, Some(help)) }
}

fn counted(count: usize, one: &str, many: &str) -> String {
    let what = if count == 1 { one } else { many };
    format!("{count} {what}; nothing was changed")
}

fn of_engine(error: &EngineError, state: &str) -> Told {
    match error {
        EngineError::State(error) => of_state(error, Some(state)),
        EngineError::Observe(error) => of_call(error),
        EngineError::Plan(error) => Told::new(error.to_string(), None),
        EngineError::Scope(error) => of_scope(error),
        EngineError::WrongTarget { stack, recorded, connected } => Told::new(
            format!("stack {stack} lives in {recorded}, and this is {connected}"),
            Some(&format!("work on it with {}, or deploy another one with --stack NAME", options(recorded))),
        ),
        EngineError::PlannedElsewhere { stack, planned, connected } => {
            let another = planned.account != connected.account;
            let by = if another { format!(" and credentials of account {}", planned.account) } else { String::new() };
            Told::new(
                format!("the plan of stack {stack} is for {planned}, and this is {connected}; nothing was changed"),
                Some(&format!("apply it with {}{by}", options(planned))),
            )
        }
        EngineError::NoOrder(_) => Told::new(
            format!("{error}; nothing was changed"),
            Some("make the plan again: this one was not made by hzscript"),
        ),
        EngineError::KeptElsewhere { .. } => Told::new(
            format!("{}; nothing was changed", on_disk(&error.to_string())),
            Some("apply it with --dir or --state as it was planned with, or make it again here"),
        ),
        EngineError::LockLost { lost, in_flight } => lock_lost(lost, in_flight),
        EngineError::StoppedWaiting => Told::new(error.to_string(), None),
        EngineError::NotKept { stack, serial, kept } => {
            Told::new(format!("no program of serial {serial} is kept of stack {stack}"), Some(&there_are(kept)))
        }
        EngineError::NothingEarlier { stack, kept } => Told::new(
            format!("no run of stack {stack} is kept that ended completely before"),
            Some(&match kept.as_slice() {
                [] => there_are(kept),
                some => format!("{}; to go back to one of them: hzscript rollback --to SERIAL", there_are(some)),
            }),
        ),
        EngineError::BeforeTheFirst { stack } => Told::new(
            format!("stack {stack} had nothing then: going back would delete everything"),
            Some(&format!("`hzscript destroy --stack {stack}` does that")),
        ),
        EngineError::OnlyLooking => Told::new(error.to_string(), None),
        EngineError::NotSaved(unsaved) => of_state(&unsaved.cause, Some(state)),
        EngineError::Stale => Told::new(
            "the state has changed since the plan was made; nothing was changed",
            Some("run again, to plan from the state as it is now"),
        ),
    }
}

fn of_scope(error: &ScopeError) -> Told {
    let help = match error {
        ScopeError::NoMatch { near: Some(near), .. } => format!("did you mean {near}?"),
        ScopeError::NoMatch { option: "replace", .. } => {
            "only what the script declares can be replaced; an address is kind.name, `*` stands for any text".to_owned()
        }
        ScopeError::NoMatch { .. } => {
            "an address is kind.name, such as ecs_service.members, and `*` stands for any text".to_owned()
        }
        ScopeError::ReplacesLeftOut { .. } => "name it with --only, too, or leave it out of --exclude".to_owned(),
    };
    Told::new(error.to_string(), Some(&help))
}

/// The runs whose programs are kept.
fn there_are(kept: &[Executed]) -> String {
    if kept.is_empty() {
        return "none is kept: the next run that changes something is the first".to_owned();
    }
    let kept: Vec<String> = kept.iter().map(ToString::to_string).collect();
    format!("there are {}", kept.join(", "))
}

fn options(target: &Target) -> String {
    format!("--target {} --region {}", target.cloud, target.region)
}

fn of_import(error: &ImportError) -> Told {
    let near = |wrong: &str, names: &[String]| {
        let near = closest(wrong, names.iter().map(String::as_str)).map(|near| format!("did you mean {near}?"));
        near.or_else(|| (!names.is_empty()).then(|| format!("there are {}", names.join(", "))))
    };
    let help = match error {
        ImportError::UnknownKind { kind } => {
            let kinds: Vec<String> = schemas().kinds().map(|(kind, _)| kind.to_string()).collect();
            let near = closest(kind, kinds.iter().map(String::as_str)).map(|near| format!("did you mean {near}?"));
            near.or_else(|| Some("an address is a kind and a name, such as ecs_cluster.main".to_owned()))
        }
        ImportError::NotThere { id, others, .. } => near(id, others),
        ImportError::NoCluster { name, others } => {
            near(name, others).or_else(|| Some("there are no clusters in this account and region".to_owned()))
        }
        ImportError::NothingTagged { .. } => {
            Some("tags are compared letter by letter; look at the region, too".to_owned())
        }
        ImportError::Call(error) => return of_call(error),
    };
    Told::new(error.to_string(), help.as_deref())
}

fn of_call(error: &CallError) -> Told {
    let message = format!("cannot read what exists: {}", error.told());
    let help = match (error.class, error.denial()) {
        (ErrorClass::Denied, Some(denied)) => denied.help(None),
        (ErrorClass::Denied, None) => UNKNOWN_CREDENTIALS.to_owned(),
        (ErrorClass::Throttled, _) => {
            "AWS takes no more calls for now: try again later, or with a lower --parallelism".to_owned()
        }
        (ErrorClass::Unknown, _) => "no good answer came; nothing was changed, so it is safe to run again".to_owned(),
        (ErrorClass::NotMade, _) => return Told::new(message, None),
        _ => "nothing was changed, so it is safe to run again once what AWS says is mended".to_owned(),
    };
    Told { call: Some(Box::new(error.facts(None))), ..Told::new(message, Some(&help)) }
}

/// What to do when AWS does not know who calls.
const UNKNOWN_CREDENTIALS: &str =
    "the credentials are not valid (any more): sign in again, or choose others with --profile NAME";

/// That a state is not where it is kept, where it is instead, and how it is brought back.
fn not_saved(cause: &StateError, state: &str, stack: &str, file: Option<&Path>) -> Told {
    let because = of_state(cause, Some(state));
    let (there, name) = match file {
        Some(file) => (format!("the state was written to {}", file.display()), file.display().to_string()),
        None => {
            ("the state is printed above; put what stands between the lines into a file".to_owned(), "FILE".to_owned())
        }
    };
    let mut help = format!(
        "nothing is lost: the next run goes on from the journal. Besides, {there}: `hzscript state push {name} --stack \
         {stack}` with the same --state brings it back"
    );
    if let Some(out) = because.help {
        help.push_str(&format!("\n{out}"));
    }
    Told::new(format!("the state was not saved: {}", because.message), Some(&help))
}

/// Addresses of files as paths, which is how people open them.
fn on_disk(text: &str) -> String {
    text.replace("file://", "")
}

fn of_state(error: &StateError, state: Option<&str>) -> Told {
    let help = match error {
        StateError::Locked(holder) => way_in(holder, state),
        StateError::OtherLock { holder: None, .. } => "without a lock there is nothing to take away".to_owned(),
        StateError::OtherLock { holder: Some(holder), .. } => format!("it is locked by {holder}"),
        StateError::Lost(lost) => return lock_lost(lost, &[]),
        StateError::Corrupt { copy: Some(KeptCopy { path, stack, serial }), .. } => format!(
            "the newest good copy is {}: `hzscript state restore {serial} --stack {stack}` shows it, asks, and puts it back",
            on_disk(path)
        ),
        StateError::Corrupt { .. } => "it was edited or cut short: put a copy of it back".to_owned(),
        StateError::Newer { .. } => "use the version of hzscript that wrote it, or a newer one".to_owned(),
        StateError::BadUrl { .. } => "give a folder, or a URL such as s3://bucket/prefix?region=eu-west-1".to_owned(),
        StateError::Key(error) => return Told::new(error.to_string(), of_key(error).as_deref()),
        StateError::Store { path, source } => {
            let (message, help) = store::told(path, source);
            return Told::new(on_disk(&message), help.as_deref());
        }
        StateError::Unconditional { .. } => {
            "one run at a time cannot be ensured there; keep states in Amazon S3, Google Cloud Storage, Azure Blob \
             Storage, or a server of S3's protocol that has conditional writes (If-None-Match)"
                .to_owned()
        }
    };
    let message = error.to_string();
    let message = if matches!(error, StateError::BadUrl { .. }) { message } else { on_disk(&message) };
    Told::new(message, Some(&help))
}

/// What to do about a lock that another run has.
fn way_in(holder: &Holder, state: Option<&str>) -> String {
    let stack = state.and_then(|state| state.rsplit_once('/'));
    let of = stack.map(|(store, stack)| format!(" --stack {stack} --state {}", on_disk(store))).unwrap_or_default();
    let wait = match &holder.renewal {
        Some(Renewal { forced: true, .. }) => return "try again then, or let --lock-timeout 2m wait for it".to_owned(),
        Some(renewal) if !renewal.is_alive() => "if it is no more, the lock ends by itself: --lock-timeout 5m waits",
        _ => "wait until it has ended: --lock-timeout 5m does",
    };
    format!("{wait}; only if that run is truly gone: hzscript state unlock {}{of}", holder.id)
}

fn lock_lost(lost: &Lost, in_flight: &[Address]) -> Told {
    let what = match in_flight {
        [] => "no call was in flight".to_owned(),
        some => {
            let names: Vec<String> = some.iter().map(Address::to_string).collect();
            format!("in flight were calls for {}: what came of them is looked for by the next run", names.join(", "))
        }
    };
    let help = match lost {
        Lost::Taken(_) | Lost::Unlocked(_) => "wait until the other run has ended, then run again",
        Lost::Expired { .. } | Lost::Ended => {
            "run again once the state can be written; nothing is lost, nothing made twice"
        }
    };
    let lost = on_disk(&lost.to_string());
    Told::new(format!("the lock was lost, so nothing more was done: {lost}; {what}"), Some(help))
}

/// The way to the key of secrets.
fn of_key(error: &KeyError) -> Option<String> {
    Some(match error {
        KeyError::WrongPassphrase => format!(
            "give the right one with {VARIABLE} or --passphrase-file FILE; when it is lost, `hzscript state rekey --encrypt \
             none --discard-secrets` keeps only the hashes"
        ),
        KeyError::WrongKey => "a newer copy of the state may have been put back: look at history/ beside it".to_owned(),
        KeyError::Missing { way: Way::Passphrase { .. } } => {
            format!("set {VARIABLE}, give --passphrase-file FILE, or run it on a terminal to be asked")
        }
        KeyError::Missing { way: Way::Kms { .. } } => {
            "work on the account that the key is in, with --target, --profile and --region".to_owned()
        }
        KeyError::SealedOtherwise { asked, .. } => {
            let how = match asked {
                Wanted::Passphrase => "passphrase".to_owned(),
                Wanted::Kms { key } => format!("kms:{key}"),
            };
            format!("leave out --encrypt, or change it: hzscript state rekey SCRIPT --encrypt {how}")
        }
        KeyError::Service { .. } => {
            "the credentials must allow kms:GenerateDataKey and kms:Decrypt with the key, in this account and region"
                .to_owned()
        }
        KeyError::AnothersSeal => {
            "take the seal off first: hzscript state rekey SCRIPT --encrypt none --discard-secrets".to_owned()
        }
        KeyError::Unusable { .. } => return None,
    })
}

fn of_edit(error: &EditError, stack: &str) -> Told {
    let help = match error {
        EditError::State(error) => return of_state(error, None),
        EditError::Unknown { .. } => format!("`hzscript state list --stack {stack}` lists those there are"),
        EditError::Needed { by, .. } => {
            let by: Vec<String> = by.iter().map(ToString::to_string).collect();
            format!("name what needs it too, to forget all of them together: {}", by.join(" "))
        }
        EditError::Unsettled { .. } => {
            "`hzscript run` or `hzscript refresh` finds out first what the interrupted run made".to_owned()
        }
        EditError::OtherKind { .. } => {
            "give it another name of the same kind: what stands before the dot stays".to_owned()
        }
        EditError::Taken { to } => {
            format!("move {to} away in the same command, or see what it is: `hzscript state show {to} --stack {stack}`")
        }
        EditError::Twice { .. } => "name each address once, and give each another name than it has".to_owned(),
        EditError::Circle { .. } => {
            "move one of them to a name of its own first, in a command before this one".to_owned()
        }
        EditError::NotAState { .. } => "nothing was changed: get it again with `hzscript state pull`".to_owned(),
        EditError::Newer { .. } => "use the version of hzscript that wrote it, or a newer one".to_owned(),
        EditError::OtherStack { pushed, .. } => {
            format!("push it there: --stack {pushed}; --force makes it the state of this stack")
        }
        EditError::OtherLineage { .. } | EditError::Elsewhere { .. } => {
            "look whether it is the file you mean: --force puts it there all the same".to_owned()
        }
        EditError::Older { .. } => format!(
            "`hzscript state history --stack {stack}` shows what was written since; --force puts it there all the same"
        ),
        EditError::NoVersion { .. } => format!("`hzscript state history --stack {stack}` shows what each of them has"),
    };
    Told::new(on_disk(&format!("{error}; nothing was changed")), Some(&help))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use hzscript::state::Owner;

    use super::*;

    fn shown(error: &Error) -> String {
        told(error).text(Palette::new(false), 100)
    }

    #[test]
    fn an_error_names_the_way_out() {
        let owner = Owner {
            user: "ann".to_owned(),
            host: "build-1\u{1b}".to_owned(),
            process: 42,
            command: "run a.rhai".to_owned(),
            since: "2026-01-02T03:04:05Z".to_owned(),
            identity: None,
        };
        let lease = Duration::from_secs(60);
        let renewal = Some(Renewal { ago: Duration::from_secs(7), lease, forced: false });
        let holder = Holder { id: "4f1c".to_owned(), owner, renewal };
        let locked = EngineError::State(StateError::Locked(Box::new(holder)));
        let state = "file:///s/prod".to_owned();
        insta::assert_snapshot!(shown(&Error::Engine { error: Box::new(locked), state }), @r"
        error: the stack is locked by ann on build-1\u{1b} (process 42, `run a.rhai`) since 2026-01-02T03:04:05Z; that run renewed it 7 s ago
         help: wait until it has ended: --lock-timeout 5m does; only if that run is truly gone: hzscript state unlock 4f1c --stack prod --state /s
         more: hzscript explain HZ0301
        ");
        let lost = Lost::Expired { after: Duration::from_secs(51), reason: Some("file:///s is full".to_owned()) };
        let in_flight = vec!["ecs_service.a".parse().expect("an address")];
        let lost = EngineError::LockLost { lost, in_flight };
        insta::assert_snapshot!(shown(&Error::Engine { error: Box::new(lost), state: String::new() }), @r"
        error: the lock was lost, so nothing more was done: it could not be renewed for 51 s: /s is full; in flight were calls for ecs_service.a: what came of them is looked for by the next run
         help: run again once the state can be written; nothing is lost, nothing made twice
         more: hzscript explain HZ0303
        ");
        let target = |cloud: &str, account: &str| Target {
            cloud: cloud.to_owned(),
            account: account.to_owned(),
            region: "eu-west-1".to_owned(),
        };
        let wrong = EngineError::WrongTarget {
            stack: "prod".to_owned(),
            recorded: target("aws", "111122223333"),
            connected: target("local", "000000000000"),
        };
        insta::assert_snapshot!(shown(&Error::Engine { error: Box::new(wrong), state: String::new() }), @r"
        error: stack prod lives in aws (account 111122223333, eu-west-1), and this is local (account 000000000000, eu-west-1)
         help: work on it with --target aws --region eu-west-1, or deploy another one with --stack NAME
         more: hzscript explain HZ0404
        ");
    }
}
