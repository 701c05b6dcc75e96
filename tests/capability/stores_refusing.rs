//! Stores that refuse, or are not what they should be: what is said, and the way out.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, channel};

use crate::support::World;
use crate::support::world::Ended;

/// A server that gives every request the answer that `answer` makes of its first line; and the lines it got.
fn serving(answer: impl Fn(&str) -> String + Send + 'static) -> (String, Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address").to_string();
    let (asked, got) = channel();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let Some(line) = request(&stream) else { continue };
            let answer = answer(&line);
            // Nobody may want to know, and the other side may be gone already.
            drop(asked.send(line));
            drop((&stream).write_all(answer.as_bytes()));
        }
    });
    (address, got)
}

/// Reads a request whole, and gives its first line.
fn request(stream: &TcpStream) -> Option<String> {
    let mut lines = BufReader::new(stream);
    let (mut first, mut length) = (String::new(), 0);
    lines.read_line(&mut first).ok()?;
    loop {
        let mut line = String::new();
        if lines.read_line(&mut line).ok()? <= 2 {
            break;
        }
        if let Some(value) = line.to_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().ok()?;
        }
    }
    lines.read_exact(&mut vec![0; length]).ok()?;
    Some(first.trim_end().to_owned())
}

fn answer(status: &str, headers: &str, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\nconnection: close\r\n{headers}content-length: {}\r\n\r\n{body}", body.len())
}

fn error(status: &str, code: &str) -> String {
    answer(status, "", &format!("<Error><Code>{code}</Code><Message>because &quot;so&quot;</Message></Error>"))
}

/// Runs a script with the state in a bucket of the server at `address`.
fn run(world: &World, address: &str, command: &[&str]) -> Ended {
    world.script("logs.rhai", r#"logs_log_group("logs", #{});"#);
    let state = format!("s3://bucket/team?region=eu-west-1&endpoint=http://{address}");
    let mut command = world.command(command);
    command.args(["--state", &state]).stdin(std::process::Stdio::null());
    command.env("AWS_ACCESS_KEY_ID", "AKIA").env("AWS_SECRET_ACCESS_KEY", "hunter2");
    let ended: Ended = command.output().expect("it starts").into();
    assert!(!ended.says("hunter2") && !ended.says("panicked"), "{}", ended.stderr);
    assert_eq!(world.exists(), [], "nothing is made without a state");
    ended
}

const RUN: [&str; 3] = ["run", "logs.rhai", "--yes"];

#[test]
fn a_bucket_that_is_not_there() {
    let (address, _got) = serving(|_| error("404 Not Found", "NoSuchBucket"));
    let world = World::new();
    run(&world, &address, &RUN).exits_with(1).told("there is no bucket bucket").told("aws s3 mb s3://bucket");
    run(&world, &address, &["state", "list", "--stack", "logs"]).exits_with(1).told("there is no bucket bucket");
}

#[test]
fn access_that_is_denied_names_what_must_be_allowed() {
    let denied = |_: &str| error("403 Forbidden", "AccessDenied");
    let (address, _got) = serving(denied);
    let ended = run(&World::new(), &address, &["outputs", "--stack", "logs"]).exits_with(1);
    let ended = ended.told("refuses to list").told("AccessDenied: because \"so\"").told("this was s3:ListBucket");
    for action in ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"] {
        assert!(ended.says(action), "{}", ended.stderr);
    }
}

#[test]
fn credentials_that_have_ended() {
    let (address, _got) = serving(|_| error("400 Bad Request", "ExpiredToken"));
    run(&World::new(), &address, &RUN).exits_with(1).told("sign in again");
}

#[test]
fn a_bucket_in_another_region() {
    let moved = |_: &str| {
        let body = "<Error><Code>PermanentRedirect</Code><Message>elsewhere</Message></Error>";
        answer("301 Moved Permanently", "x-amz-bucket-region: eu-north-1\r\n", body)
    };
    let (address, _got) = serving(moved);
    run(&World::new(), &address, &RUN).exits_with(1).told("in another region: eu-north-1").told("?region=eu-north-1");
    let told = |_: &str| {
        let body = "<Error><Code>AuthorizationHeaderMalformed</Code><Region>eu-south-2</Region></Error>";
        answer("400 Bad Request", "", body)
    };
    let (address, _got) = serving(told);
    run(&World::new(), &address, &RUN).exits_with(1).told("?region=eu-south-2");
}

#[test]
fn a_store_that_writes_over_what_exists() {
    let empty = "<ListBucketResult><KeyCount>0</KeyCount><IsTruncated>false</IsTruncated></ListBucketResult>";
    let (address, _got) = serving(move |line| match line.split(' ').next() {
        Some("GET") if line.contains("list-type") => answer("200 OK", "content-type: application/xml\r\n", empty),
        Some("GET") => error("404 Not Found", "NoSuchKey"),
        Some("POST") => answer("200 OK", "", "<DeleteResult><Deleted><Key>a</Key></Deleted></DeleteResult>"),
        _ => answer("200 OK", "etag: \"1\"\r\n", ""),
    });
    run(&World::new(), &address, &RUN).exits_with(1).told("ignores the condition").told("If-None-Match");
}

#[test]
fn no_credentials_at_all() {
    let world = World::new();
    world.script("logs.rhai", r#"logs_log_group("logs", #{});"#);
    let state = "s3://bucket/team?region=eu-west-1&endpoint=http://127.0.0.1:9";
    let mut command = world.command(&RUN);
    command.args(["--state", state]).env("AWS_EC2_METADATA_DISABLED", "true");
    let ended: Ended = command.output().expect("it starts").into();
    ended.exits_with(1).told("there are no credentials for the state at s3://bucket/team").told("aws sso login");
}

#[test]
fn a_profile_named_in_the_url_is_used() {
    let (address, got) = serving(|_| error("403 Forbidden", "AccessDenied"));
    let world = World::new();
    std::fs::create_dir(world.path().join(".aws")).expect("made");
    let text = "[states]\naws_access_key_id = OTHER\naws_secret_access_key = x\n";
    std::fs::write(world.path().join(".aws/credentials"), text).expect("written");
    let state = format!("s3://bucket/team?region=eu-west-1&profile=states&endpoint=http://{address}");
    world.hz(&["outputs", "--stack", "a", "--state", &state]).exits_with(1).told("AccessDenied");
    assert!(got.try_recv().is_ok_and(|line| line.starts_with("GET /bucket?")), "the bucket was asked");
    let state = state.replace("profile=states", "profile=nobody");
    world.hz(&["outputs", "--stack", "a", "--state", &state]).exits_with(1).told("nobody");
}

#[test]
fn an_address_in_the_environment_is_used_unless_the_url_has_one() {
    let (address, got) = serving(|_| error("403 Forbidden", "AccessDenied"));
    let (unused, not_asked) = serving(|_| error("403 Forbidden", "AccessDenied"));
    let world = World::new();
    let ask = |state: &str, variable: &str, address: &str| {
        let mut command = world.command(&["outputs", "--stack", "a", "--state", state]);
        command.env("AWS_ACCESS_KEY_ID", "AKIA").env("AWS_SECRET_ACCESS_KEY", "hunter2").env("AWS_REGION", "eu-west-1");
        let ended: Ended = command.env(variable, format!("http://{address}")).output().expect("it starts").into();
        ended.exits_with(1).told("AccessDenied");
    };
    for variable in ["AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"] {
        ask("s3://bucket/team", variable, &address);
        assert!(got.try_recv().is_ok(), "{variable}");
    }
    ask(&format!("s3://bucket/team?endpoint=http://{address}"), "AWS_ENDPOINT_URL_S3", &unused);
    assert!(got.try_recv().is_ok() && not_asked.try_recv().is_err());
}

#[test]
fn with_https_the_first_thing_said_is_a_handshake() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    let hello = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("somebody comes");
        let mut first = [0; 3];
        stream.read_exact(&mut first).expect("bytes");
        first
    });
    let world = World::new();
    let state = format!("s3://bucket/team?region=eu-west-1&endpoint=https://{address}");
    let mut command = world.command(&["outputs", "--stack", "a", "--state", &state]);
    command.env("AWS_ACCESS_KEY_ID", "AKIA").env("AWS_SECRET_ACCESS_KEY", "hunter2");
    let ended: Ended = command.output().expect("it starts").into();
    ended.exits_with(1).told("cannot be reached");
    // A record of the handshake, of TLS (RFC 8446, section 5.1).
    assert_eq!(hello.join().expect("it ends")[..2], [22, 3]);
}

#[test]
fn what_is_no_url_of_a_store() {
    let world = World::new();
    for (state, told) in [
        ("s3://bucket/team?regoin=eu-west-1", "no parameter regoin"),
        ("s3://AKIA:hunter2@bucket/team", "credentials do not belong into it"),
        ("s3://bucket/?region=eu-west-1&endpoint=http://10.0.0.1", "not encrypted"),
        ("s3:///team", "does not name a bucket"),
        ("s3://bucket/team", "which region"),
        ("ftp://bucket", "states are kept at file://, s3://"),
    ] {
        let ended = world.hz(&["outputs", "--stack", "a", "--state", state]).exits_with(1).told(told);
        assert!(!ended.says("hunter2"), "{}", ended.stderr);
    }
}
