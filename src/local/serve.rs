//! The embedded AWS on a loopback port, for the `aws` command line, boto3 and members' own discovery.
//!
//! Only loopback addresses are listened on, and a request must name one in its `Host` header, so that no web page can
//! reach it through a name of its own. Bodies are bounded, and so is how long a request may take to come.

use std::io;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpListener;
use tokio::time::timeout;

use super::Local;

/// The largest body, in bytes: several times what any of the calls may be on AWS.
const MAX_BODY: usize = 4 << 20;

/// How long the head of a request is waited for, and as long its body.
const LONGEST_WAIT: Duration = Duration::from_secs(30);

impl Local {
    /// Answers requests until the future is dropped.
    ///
    /// # Errors
    /// When the listener is not on a loopback address.
    pub async fn serve(&self, listener: TcpListener) -> io::Result<()> {
        let address = listener.local_addr()?;
        if !address.ip().is_loopback() {
            return Err(io::Error::new(
                io::ErrorKind::AddrNotAvailable,
                format!("{address} is not a loopback address"),
            ));
        }
        let mut connections = tokio::task::JoinSet::new();
        loop {
            // What cannot be accepted (too many open files, a client gone already) concerns that client alone.
            let Ok((stream, _)) = listener.accept().await else {
                tokio::task::yield_now().await;
                continue;
            };
            while connections.try_join_next().is_some() {}
            let local = self.clone();
            connections.spawn(async move {
                let answer = service_fn(|request| answer(&local, request));
                let mut connection = http1::Builder::new();
                connection.timer(TokioTimer::new()).header_read_timeout(LONGEST_WAIT);
                // A connection that breaks is the client's affair.
                let _ = connection.serve_connection(TokioIo::new(stream), answer).await;
            });
        }
    }
}

/// That an answer is lost: its connection is closed without it.
#[derive(Debug, thiserror::Error)]
#[error("the answer is lost")]
struct Lost;

async fn answer(local: &Local, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Lost> {
    let (parts, body) = request.into_parts();
    let named = parts.uri.host().is_none_or(is_loopback);
    if !named || !names_loopback(&parts.headers) {
        return Ok(plain(StatusCode::MISDIRECTED_REQUEST, "The Host header does not name a loopback address.\n"));
    }
    let body = match timeout(LONGEST_WAIT, Limited::new(body, MAX_BODY).collect()).await {
        Ok(Ok(body)) => body,
        Ok(Err(_)) => return Ok(plain(StatusCode::PAYLOAD_TOO_LARGE, "The body is too large.\n")),
        Err(_) => return Ok(plain(StatusCode::REQUEST_TIMEOUT, "The body takes too long.\n")),
    };
    let answer = local.answer(parts.method, parts.uri, parts.headers, body.to_bytes()).await.ok_or(Lost)?;
    let mut response = Response::new(Full::new(Bytes::from(answer.body)));
    *response.status_mut() = answer.status;
    for (name, value) in answer.headers {
        if let Ok(value) = value.parse() {
            response.headers_mut().insert(name, value);
        }
    }
    Ok(response)
}

fn plain(status: StatusCode, text: &'static str) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from_static(text.as_bytes())));
    *response.status_mut() = status;
    response
}

/// Whether the `Host` header names this machine itself.
fn names_loopback(headers: &HeaderMap) -> bool {
    let mut hosts = headers.get_all(http::header::HOST).iter();
    let (Some(host), None) = (hosts.next().and_then(|host| host.to_str().ok()), hosts.next()) else { return false };
    let Ok(authority) = host.parse::<http::uri::Authority>() else { return false };
    // A user's name has no place in this header.
    !host.contains('@') && is_loopback(authority.host())
}

/// Whether a name, or an address in brackets or without, is this machine's.
fn is_loopback(name: &str) -> bool {
    let address = name.trim_start_matches('[').trim_end_matches(']').parse::<std::net::IpAddr>();
    name.eq_ignore_ascii_case("localhost") || address.is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_this_machine_are_hosts() {
        let named =
            |host: &str| names_loopback(&HeaderMap::from_iter([(http::header::HOST, host.parse().expect("a value"))]));
        assert!(["127.0.0.1:80", "localhost", "LOCALHOST:1", "[::1]:8080", "127.3.2.1"].into_iter().all(named));
        assert!(
            !["", "example.com", "127.0.0.1.example.com", "10.0.0.1:80", "localhost.example"].into_iter().any(named)
        );
    }
}
