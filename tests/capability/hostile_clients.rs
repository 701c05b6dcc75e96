//! Clients of `local serve` that mean no good, or are broken: they are refused or cut off, and nobody waits for them.

use std::time::Duration;

use hzscript::local::Local;
use hzscript::local::settings::Settings;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

const ASKED: &str = "Action=GetCallerIdentity&Version=2011-06-15";

/// An embedded AWS on a port of its own.
async fn served() -> std::net::SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let opened = "2026-01-01T00:00:00Z".parse().expect("a time");
    let local = Local::in_memory(Settings::default(), opened).expect("an AWS");
    tokio::spawn(async move { local.serve(listener).await });
    address
}

fn request(host: &str, more: &str, body: &str) -> String {
    format!(
        "POST / HTTP/1.1\r\nhost: {host}\r\ncontent-type: application/x-www-form-urlencoded\r\n{more}\
         authorization: AWS4-HMAC-SHA256 Credential=A/20260101/eu-west-1/sts/aws4_request\r\n\
         connection: close\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
}

/// What a connection is told until it is closed, after this was sent.
async fn told(address: std::net::SocketAddr, sent: &[u8]) -> String {
    let mut stream = TcpStream::connect(address).await.expect("connected");
    // It may be closed before everything was sent, and reset when something was not read.
    let _ = stream.write_all(sent).await;
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    String::from_utf8_lossy(&answer).into_owned()
}

#[track_caller]
fn answered(answer: &str) {
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n") && answer.contains("<Account>"), "{answer:?}");
}

#[tokio::test]
async fn nobody_waits_for_clients_that_say_nothing_or_not_enough() {
    let address = served().await;
    let whole = request("127.0.0.1", "", ASKED);
    let mut idle = Vec::new();
    for number in 0..300 {
        let mut stream = TcpStream::connect(address).await.expect("connected");
        let sent = &whole.as_bytes()[..number * whole.len() / 300];
        stream.write_all(sent).await.expect("sent");
        idle.push(stream);
    }
    for _ in 0..3 {
        answered(&told(address, whole.as_bytes()).await);
    }
    drop(idle);
    answered(&told(address, whole.as_bytes()).await);
}

#[tokio::test(start_paused = true)]
async fn clients_that_say_nothing_or_not_enough_are_cut_off() {
    let address = served().await;
    let whole = request("127.0.0.1", "", ASKED);
    let head = whole.find("\r\n\r\n").expect("a head");
    for sent in [0, 1, head / 2, head, head + 4, whole.len() - 1] {
        let answer = told(address, &whole.as_bytes()[..sent]).await;
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 408 "), "{sent} bytes: {answer:?}");
    }
    // Nor is one kept open for ever that has asked once.
    let kept = whole.replace("connection: close\r\n", "");
    let answer = tokio::time::timeout(Duration::from_secs(600), told(address, kept.as_bytes())).await;
    answered(&answer.expect("it is closed"));
}

#[tokio::test]
async fn only_names_of_this_machine_are_answered() {
    let address = served().await;
    for host in ["127.0.0.1", "localhost", "localhost:4566", "[::1]:4566", "LOCALHOST"] {
        answered(&told(address, request(host, "", ASKED).as_bytes()).await);
    }
    for host in
        ["example.com", "127.0.0.1.example.com", "10.0.0.1", "0.0.0.0", "localhost.example.com", "", "user@localhost:x"]
    {
        let answer = told(address, request(host, "", ASKED).as_bytes()).await;
        assert!(answer.starts_with("HTTP/1.1 4") && !answer.contains("<Account>"), "{host:?}: {answer:?}");
    }
    for sent in [
        request("127.0.0.1", "", ASKED).replace("host: 127.0.0.1\r\n", ""),
        request("127.0.0.1", "host: example.com\r\n", ASKED),
        request("127.0.0.1", "", ASKED).replace("POST / ", "POST http://example.com/ "),
    ] {
        let answer = told(address, sent.as_bytes()).await;
        assert!(answer.starts_with("HTTP/1.1 4") && !answer.contains("<Account>"), "{sent:?}: {answer:?}");
    }
}

#[tokio::test]
async fn what_is_too_large_is_refused() {
    let address = served().await;
    let large = "x".repeat(5 << 20);
    let answer = told(address, request("127.0.0.1", "", &large).as_bytes()).await;
    assert!(!answer.contains("<Account>") && (answer.is_empty() || answer.starts_with("HTTP/1.1 413 ")), "{answer:?}");
    let many: String = (0..2000).map(|number| format!("x-{number}: y\r\n")).collect();
    let long = format!("x-long: {large}\r\n");
    let path = request("127.0.0.1", "", ASKED).replace("POST / ", &format!("POST /{large} "));
    for sent in [request("127.0.0.1", &many, ASKED), request("127.0.0.1", &long, ASKED), path] {
        let answer = told(address, sent.as_bytes()).await;
        let refused = answer.is_empty() || answer.starts_with("HTTP/1.1 431 ") || answer.starts_with("HTTP/1.1 414 ");
        assert!(refused, "{answer:?}");
    }
    // What says that it is large is not waited for.
    let claims = request("127.0.0.1", "", ASKED)
        .replace(&format!("content-length: {}", ASKED.len()), "content-length: 99999999999999999999");
    let answer = told(address, claims.as_bytes()).await;
    assert!(!answer.contains("<Account>"), "{answer:?}");
    for nonsense in [&b"\0\0\0\0\r\n\r\n"[..], b"GET\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n"]
    {
        let answer = told(address, nonsense).await;
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 400 "), "{answer:?}");
    }
    answered(&told(address, request("127.0.0.1", "", ASKED).as_bytes()).await);
}

#[tokio::test]
async fn nothing_is_served_to_other_machines() {
    let listener = TcpListener::bind("0.0.0.0:0").await.expect("a port");
    let opened = "2026-01-01T00:00:00Z".parse().expect("a time");
    let local = Local::in_memory(Settings::default(), opened).expect("an AWS");
    let refused = local.serve(listener).await.expect_err("refused");
    assert!(refused.to_string().contains("is not a loopback address"), "{refused}");
}
