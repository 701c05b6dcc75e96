//! How long a command takes from its start to its end, beside Terraform's like.
//!
//! `cargo bench --bench startup` runs each command again and again, in turn with the one it is compared with, and prints
//! the median of both and their ratio. Terraform, where it is installed, has as many `terraform_data` as the script has
//! resources, and no provider to load: the least it can have to do. A shorter list by `-- NAME`.

use std::fmt::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const HZSCRIPT: &str = env!("CARGO_BIN_EXE_hzscript");
const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/scripts/hazelcast.rhai");

/// How many resources the script declares.
const RESOURCES: usize = 26;

/// How often each is measured, in turn; the median counts.
const TIMES: usize = 21;

/// A command and the one it stands beside.
struct Pair {
    name: &'static str,
    ours: &'static [&'static str],
    theirs: &'static [&'static str],
}

const PAIRS: [Pair; 3] = [
    Pair { name: "version", ours: &["--version"], theirs: &["version"] },
    Pair { name: "check", ours: &["check", SCRIPT], theirs: &["validate"] },
    Pair { name: "plan", ours: &["plan", SCRIPT], theirs: &["plan", "-input=false"] },
];

/// How long a command took; `None` when it cannot be started or fails.
fn timed(program: &str, words: &[&str], folder: &Path) -> Option<Duration> {
    let mut command = Command::new(program);
    command.args(words).current_dir(folder).env("CHECKPOINT_DISABLE", "1");
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let began = Instant::now();
    let status = command.status().ok()?;
    status.success().then(|| began.elapsed())
}

/// A folder in which `terraform` has as many resources; `None` where there is no terraform.
fn terraform() -> Option<tempfile::TempDir> {
    let folder = tempfile::tempdir().expect("a folder");
    let mut text = String::new();
    for n in 0..RESOURCES {
        writeln!(text, "resource \"terraform_data\" \"each-{n}\" {{\n  input = \"{n}\"\n}}").expect("in memory");
    }
    std::fs::write(folder.path().join("main.tf"), text).expect("written");
    timed("terraform", &["init", "-input=false"], folder.path())?;
    Some(folder)
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}

fn main() {
    let wanted: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
    let folder = tempfile::tempdir().expect("a folder");
    let terraform = terraform();
    println!("command   hzscript   terraform");
    for pair in PAIRS.iter().filter(|pair| wanted.is_empty() || wanted.iter().any(|name| name == pair.name)) {
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        for _ in 0..TIMES {
            ours.push(timed(HZSCRIPT, pair.ours, folder.path()).expect("the command succeeds"));
            theirs.extend(terraform.as_ref().and_then(|folder| timed("terraform", pair.theirs, folder.path())));
        }
        let ours = median(ours);
        let beside = if theirs.len() == TIMES {
            let theirs = median(theirs);
            let ratio = theirs.as_secs_f64() / ours.as_secs_f64();
            format!("{:>6.0} ms   {ratio:.1} times as long", theirs.as_secs_f64() * 1e3)
        } else {
            "not installed".to_owned()
        };
        println!("{:<7} {:>8.0} ms   {beside}", pair.name, ours.as_secs_f64() * 1e3);
    }
}
