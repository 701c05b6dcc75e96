//! Text that would make a terminal do something: no command prints it as it is.

use std::process::Stdio;

use crate::support::World;
use crate::support::world::Ended;

/// What a terminal obeys: colours, the title, the clipboard, the cursor, and the direction of text.
const HOSTILE: &str = r"\x1b[31mred\x1b]0;title\x07\x1b]52;c;Zm9v\x07\r\x08\x7f\u009b2J\u202Eover";

const SCRIPT: &str = r#"
print("printed HOSTILE");
let logs = logs_log_group("logs", #{
    logGroupName: "/test", tags: [#{ key: "team", value: input("team", "data") + "HOSTILE" }],
});
let group = ec2_vpc("vpc", #{ cidrBlock: "10.0.0.0/16", tags: [#{ key: "Name", value: "HOSTILE" }] });
output("text", "HOSTILE");
output("nested", #{ "HOSTILE": ["HOSTILE"] });
"#;

#[track_caller]
fn harmless(ended: &Ended) {
    for text in [&ended.stdout, &ended.stderr] {
        let acts = |c: char| c != '\n' && (c.is_control() || ('\u{202a}'..='\u{202e}').contains(&c));
        if let Some((at, c)) = text.char_indices().find(|(_, c)| acts(*c)) {
            panic!("{c:?} at {at} of {text:?}");
        }
    }
}

fn written(script: &str) -> String {
    script.replace("HOSTILE", HOSTILE)
}

#[test]
fn nothing_that_a_script_has_reaches_the_terminal_as_it_is() {
    let world = World::new();
    let script = world.script("hostile.rhai", &written(SCRIPT));
    let commands: &[&[&str]] = &[
        &["plan", &script],
        &["plan", &script, "--json"],
        &["run", &script, "--yes"],
        &["plan", &script, "--set", "team=other"],
        &["run", &script, "--yes", "--set", "team=other", "--json"],
        &["synth", &script],
        &["synth", &script, "--format", "json"],
        &["local", "list"],
        &["local", "list", "--json"],
        &["run", &script, "--yes", "-v"],
        &["destroy", &script, "--yes"],
    ];
    let mut seen = 0;
    for words in commands {
        let ended = world.hz(words);
        assert_eq!(ended.code, Some(0), "{words:?}\n{}\n{}", ended.stdout, ended.stderr);
        harmless(&ended);
        seen += usize::from(ended.says("title"));
    }
    assert!(seen > 5, "the texts are shown, in {seen} commands");
}

#[test]
fn mistakes_and_refusals_show_what_they_are_about_harmlessly() {
    let world = World::new();
    let scripts = [
        r#"throw "HOSTILE";"#,
        r#"logs_log_group("HOSTILE", #{});"#,
        r#"logs_log_group("a", #{ "HOSTILE": 1 });"#,
        r#"logs_log_group("a", #{ logGroupName: "HOSTILE" });"#,
        r#"logs_log_group("a", #{ retentionInDays: "HOSTILE" });"#,
        r#"iam_role("a", #{ roleName: "HOSTILE", assumeRolePolicyDocument: assume_role("ecs-tasks.amazonaws.com") });"#,
        r#"iam_role("a", #{ assumeRolePolicyDocument: assume_role("HOSTILE") });"#,
        r#"ec2_vpc("a", #{ cidrBlock: "10.0.0.0/99HOSTILE" });"#,
        r#"ec2_security_group("a", #{ groupDescription: "HOSTILE" });"#,
        r#"import "HOSTILE" as other;"#,
        r#"input("HOSTILE", 1);"#,
        r#"output("HOSTILE", 1);"#,
        r#"existing_vpc("HOSTILE");"#,
        r#"let x = #{}; x["HOSTILE"].y.z();"#,
        r#"ecs_cluster("a", #{ clusterName: "HOSTILE" });"#,
        r#"secretsmanager_secret("a", #{ name: "HOSTILE", secretString: secret("b") });"#,
    ];
    for (index, text) in scripts.iter().enumerate() {
        let script = world.script(&format!("s{index}.rhai"), &written(text));
        for command in ["plan", "run"] {
            let words: &[&str] = if command == "run" { &[command, &script, "--yes"] } else { &[command, &script] };
            let ended = world.hz(words);
            assert!(!ended.says("panicked"), "{text}\n{}", ended.stderr);
            harmless(&ended);
        }
    }
    // As they stand in the source, not as escapes of the language.
    let raw = world.script("raw.rhai", "let a = 1;\nlet b = \"\u{1b}[2J\u{9b}2J\u{202e}\" + ;\n// \u{1b}]0;t\u{7}\n");
    harmless(&world.hz(&["run", &raw, "--yes"]).exits_with(1));
    let hostile = "\u{1b}[31m\u{7}";
    harmless(&world.hz(&["run", hostile, "--yes"]));
    harmless(&world.hz(&[hostile]));
    harmless(&world.hz(&["plan", &raw, "--set", hostile]));
    harmless(&world.hz(&["plan", &raw, "--stack", hostile]));
    harmless(&world.hz(&["plan", &raw, "--region", hostile]));
}

#[test]
fn what_aws_tells_is_shown_harmlessly() {
    let world = World::new();
    // Of what a terminal obeys XML can only have these.
    let hostile = "title\u{9b}2J\u{7f}\u{202e}";
    let script = world.script("logs.rhai", "logs_log_group(\"logs\", #{ logGroupName: \"/test\" });");
    world.hz(&["run", &script, "--yes"]).succeeds();
    // A message of AWS's own, as the answer to the first call of a run.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = format!("http://{}", listener.local_addr().expect("an address"));
    let answering = std::thread::spawn(move || {
        use std::io::{Read, Write};
        for stream in listener.incoming().flatten().take(1) {
            let mut stream = stream;
            let mut read = [0; 4096];
            let _ = stream.read(&mut read);
            let body = format!(
                "<ErrorResponse><Error><Type>Sender</Type><Code>InvalidClientTokenId</Code><Message>no {hostile}\
                 </Message></Error></ErrorResponse>"
            );
            let head = "HTTP/1.1 403 Forbidden\r\ncontent-type: text/xml\r\nconnection: close\r\ncontent-length:";
            let _ = stream.write_all(format!("{head} {}\r\n\r\n{body}", body.len()).as_bytes());
        }
    });
    let mut command = world.command(&["plan", &script, "--target", "aws", "--region", "eu-west-1"]);
    command.args(["--endpoint-url", &address, "--stack", "other"]);
    command.envs([("AWS_ACCESS_KEY_ID", "A"), ("AWS_SECRET_ACCESS_KEY", "B")]).stdin(Stdio::null());
    let ended: Ended = command.output().expect("it starts").into();
    answering.join().expect("it answered");
    assert!(ended.says("title"), "{}", ended.stderr);
    harmless(&ended);
}
