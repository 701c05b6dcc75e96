//! [`Address`]: the URL of a bucket and a prefix in it, taken apart.

use std::collections::BTreeMap;
use std::net::IpAddr;

use object_store::path::Path;
use url::{Host, Url};

use super::bad;
use crate::state::StateError;

/// A bucket and a prefix in it.
#[derive(Debug, PartialEq, Eq)]
pub struct Address {
    /// As given.
    pub url: String,
    /// The bucket or container.
    pub bucket: String,
    /// Where in it the stacks are.
    pub prefix: Path,
    parameters: BTreeMap<String, String>,
}

impl Address {
    /// Takes a URL apart, whose parameters are among `known`.
    ///
    /// # Errors
    /// [`StateError::BadUrl`] with what is wrong.
    pub fn parse(url: &str, known: &[&str]) -> Result<Self, StateError> {
        let parsed = Url::parse(url).map_err(|error| bad(url, error))?;
        if !parsed.username().is_empty() || parsed.password().is_some() {
            return Err(bad(&without_credentials(&parsed), "credentials do not belong into it"));
        }
        let bucket = parsed.host_str().unwrap_or_default().to_owned();
        if bucket.is_empty() || parsed.port().is_some() || parsed.fragment().is_some() {
            return Err(bad(url, "it does not name a bucket, as in s3://bucket/prefix"));
        }
        let prefix = Path::from_url_path(parsed.path()).map_err(|error| bad(url, error))?;
        let mut parameters = BTreeMap::new();
        for (name, value) in parsed.query_pairs() {
            if !known.contains(&name.as_ref()) {
                return Err(bad(url, format!("it has no parameter {name}, only {}", known.join(", "))));
            }
            parameters.insert(name.into_owned(), value.into_owned());
        }
        Ok(Self { url: url.to_owned(), bucket, prefix, parameters })
    }

    /// The value of a parameter.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// Where calls go instead of the service's own address: the parameter `endpoint`, or else what `otherwise` says.
    /// Nobody on the way may read along: without TLS only this machine itself is reached, unless `allowHttp=true`.
    ///
    /// # Errors
    /// [`StateError::BadUrl`] when it is not an address, or not a safe one.
    pub fn endpoint(&self, otherwise: Option<&str>) -> Result<Option<String>, StateError> {
        let Some(endpoint) = self.parameter("endpoint").or(otherwise) else { return Ok(None) };
        let parsed = Url::parse(endpoint).map_err(|error| bad(endpoint, error))?;
        let allowed = match (parsed.scheme(), parsed.host()) {
            ("https", Some(_)) => true,
            ("http", Some(host)) => is_loopback(&host) || self.parameter("allowHttp") == Some("true"),
            _ => return Err(bad(endpoint, "an endpoint looks like https://host:port")),
        };
        if !allowed {
            return Err(bad(endpoint, "it is not encrypted; allowHttp=true in the state's URL permits that"));
        }
        Ok(Some(endpoint.trim_end_matches('/').to_owned()))
    }
}

fn is_loopback(host: &Host<&str>) -> bool {
    match host {
        Host::Domain(name) => *name == "localhost" || name.ends_with(".localhost"),
        Host::Ipv4(address) => IpAddr::from(*address).is_loopback(),
        Host::Ipv6(address) => IpAddr::from(*address).is_loopback(),
    }
}

fn without_credentials(url: &Url) -> String {
    format!("{}://…@{}{}", url.scheme(), url.host_str().unwrap_or_default(), url.path())
}

#[cfg(test)]
mod tests {
    use super::*;

    const KNOWN: &[&str] = &["region", "endpoint", "allowHttp"];

    fn reason(url: &str) -> String {
        match Address::parse(url, KNOWN).and_then(|address| address.endpoint(None)) {
            Err(error) => error.to_string(),
            Ok(endpoint) => panic!("{url} is accepted: {endpoint:?}"),
        }
    }

    #[test]
    fn a_bucket_a_prefix_and_parameters() {
        let address = Address::parse("s3://states/team/a?region=eu-west-1", KNOWN).expect("one");
        assert_eq!((address.bucket.as_str(), address.prefix.as_ref()), ("states", "team/a"));
        assert_eq!((address.parameter("region"), address.parameter("endpoint")), (Some("eu-west-1"), None));
        assert_eq!(address.endpoint(None).expect("none"), None);
        assert_eq!(Address::parse("gs://states", KNOWN).expect("one").prefix, Path::default());
    }

    #[test]
    fn what_is_no_bucket_is_told() {
        assert!(reason("s3:///prefix").contains("does not name a bucket"));
        assert!(reason("s3://bucket/?regoin=x").contains("no parameter regoin, only region, endpoint"));
        let secret = reason("s3://AKIA:hunter2@bucket/prefix");
        assert!(secret.contains("credentials") && !secret.contains("hunter2"), "{secret}");
    }

    #[test]
    fn without_encryption_only_this_machine_is_reached() {
        for good in ["http://127.0.0.1:9000", "http://localhost:9000/", "http://[::1]:1", "https://minio.example"] {
            let address = Address::parse(&format!("s3://b/p?endpoint={good}"), KNOWN).expect("one");
            assert_eq!(address.endpoint(None).ok().flatten().as_deref(), Some(good.trim_end_matches('/')));
        }
        assert!(reason("s3://b/p?endpoint=http://10.0.0.1:9000").contains("not encrypted"));
        assert!(reason("s3://b/p?endpoint=ftp://127.0.0.1").contains("looks like"));
        let allowed = Address::parse("s3://b?endpoint=http://10.0.0.1&allowHttp=true", KNOWN).expect("one");
        assert_eq!(allowed.endpoint(None).ok().flatten().as_deref(), Some("http://10.0.0.1"));
        let address = Address::parse("s3://b", KNOWN).expect("one");
        assert!(address.endpoint(Some("http://10.0.0.1")).is_err(), "wherever the endpoint comes from");
    }
}
