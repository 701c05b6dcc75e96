//! Listeners. Deleting one deletes its rules.

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::super::members::Members;
use super::super::service::Fault;
use super::super::store::{Object, Tx};
use super::attribute::{self, Attributes};
use super::load_balancer::{self, LoadBalancer};
use super::tags::{self, Tags};
use super::{action, arn, fresh, paged, rule, usage};
use crate::model::Json;

/// The policy of a listener that speaks TLS and names none.
/// Source: API reference, `CreateListener`.
const POLICY: &str = "ELBSecurityPolicy-2016-08";

/// A listener.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Listener {
    /// Its ARN.
    pub arn: String,
    /// The load balancer's ARN.
    pub balancer: String,
    /// What it sends what no rule takes to.
    pub actions: Vec<Json>,
    /// Its tags.
    pub tags: Tags,
    groups: Vec<String>,
    protocol: String,
    port: i64,
    policy: Option<String>,
    certificates: Vec<String>,
    alpn: Vec<String>,
    attributes: Attributes,
}

impl Object for Listener {
    const TABLE: &'static str = "elb.listener";

    fn key(&self) -> String {
        self.arn.clone()
    }

    fn parent(&self) -> String {
        self.balancer.clone()
    }
}

impl Listener {
    fn show(&self) -> Json {
        let certificates: Vec<Json> = self.certificates.iter().map(|arn| json!({ "CertificateArn": arn })).collect();
        json!({
            "ListenerArn": self.arn,
            "LoadBalancerArn": self.balancer,
            "Port": self.port,
            "Protocol": self.protocol,
            "SslPolicy": self.policy,
            "Certificates": certificates,
            "AlpnPolicy": self.alpn,
            "DefaultActions": self.actions,
        })
    }

    /// What is between `listener/` and the end of its ARN.
    pub fn path(&self) -> &str {
        self.arn.split_once(":listener/").map_or("", |(_, path)| path)
    }

    /// Takes what a call gives of protocol, port, certificates and policy.
    fn take(&mut self, tx: &Tx<'_>, members: &Members<'_>, balancer: &LoadBalancer) -> Result<(), Fault> {
        if let Some(protocol) = members.text("Protocol")? {
            let known: &[&str] = if balancer.network { &["TCP", "UDP", "TCP_UDP", "TLS"] } else { &["HTTP", "HTTPS"] };
            if !known.contains(&protocol) {
                let message = format!("Protocol '{protocol}' must be one of '{}'", known.join(", "));
                return Err(Fault::new("UnsupportedProtocol", message));
            }
            self.protocol = protocol.to_owned();
        }
        if let Some(port) = members.number("Port", 1, 65535)? {
            self.port = port;
        }
        if self.protocol.is_empty() || self.port == 0 {
            return Err(members.refuse("A listener must have a protocol and a port"));
        }
        let others = tx.under::<Self>(&self.balancer)?;
        if others.iter().any(|other| other.port == self.port && other.arn != self.arn) {
            let message = format!("A listener already exists on this port for this load balancer '{}'", self.balancer);
            return Err(Fault::new("DuplicateListener", message));
        }
        self.take_certificates(tx, members)?;
        if let Some(policy) = members.text("SslPolicy")? {
            if !policy.starts_with("ELBSecurityPolicy-") {
                return Err(Fault::new("SSLPolicyNotFound", format!("SSL policy '{policy}' not found")));
            }
            self.policy = Some(policy.to_owned());
        }
        if members.json().contains_key("AlpnPolicy") {
            self.alpn = members.texts("AlpnPolicy")?.into_iter().map(str::to_owned).collect();
        }
        if members.json().contains_key("MutualAuthentication") {
            return Err(members.refuse("The embedded AWS has nothing to do MutualAuthentication with"));
        }
        if !matches!(self.protocol.as_str(), "HTTPS" | "TLS") {
            if members.text("SslPolicy")?.is_some() || !members.list("Certificates")?.is_empty() {
                let message = format!("A certificate or policy cannot be specified for {} listeners", self.protocol);
                return Err(Fault::new("InvalidConfigurationRequest", message));
            }
            (self.policy, self.certificates, self.alpn) = (None, Vec::new(), Vec::new());
        } else if self.certificates.is_empty() {
            let message = format!("A certificate must be specified for {} listeners", self.protocol);
            return Err(members.refuse(message));
        } else {
            self.policy.get_or_insert_with(|| POLICY.to_owned());
        }
        Ok(())
    }

    fn take_certificates(&mut self, tx: &Tx<'_>, members: &Members<'_>) -> Result<(), Fault> {
        let given = members.structures("Certificates")?;
        if given.len() > 1 {
            return Err(Fault::new("TooManyCertificates", "A listener has one default certificate"));
        }
        for certificate in &given {
            let arn = certificate.required("CertificateArn")?;
            let of_account = [
                format!("arn:aws:acm:{}:{}:certificate/", tx.region, tx.account),
                format!("arn:aws:iam::{}:server-certificate/", tx.account),
            ];
            if !of_account.iter().any(|prefix| arn.starts_with(prefix.as_str())) {
                return Err(Fault::new("CertificateNotFound", format!("Certificate '{arn}' not found")));
            }
            self.certificates = vec![arn.to_owned()];
        }
        Ok(())
    }

    fn act(&mut self, tx: &mut Tx<'_>, members: &Members<'_>, balancer: &LoadBalancer) -> Result<(), Fault> {
        let actions = action::read(tx, members, "DefaultActions", balancer)?;
        usage::change(tx, &self.arn, &self.balancer, &self.groups, &actions.groups)?;
        (self.actions, self.groups) = (actions.told, actions.groups);
        Ok(())
    }
}

/// The listener of an ARN.
pub fn find(tx: &Tx<'_>, arn: &str) -> Result<Listener, Fault> {
    let absent = || Fault::new("ListenerNotFound", format!("Listener '{arn}' not found"));
    tx.get(arn)?.ok_or_else(absent)
}

fn asked(tx: &Tx<'_>, members: &Members<'_>) -> Result<Listener, Fault> {
    find(tx, members.required("ListenerArn")?)
}

/// `CreateListener`. With the same settings as one of that port it tells that one.
pub fn create(tx: &mut Tx<'_>, members: &Members<'_>) -> Result<Json, Fault> {
    let balancer = load_balancer::find(tx, members.required("LoadBalancerArn")?)?;
    let id = fresh(tx, "listener")?;
    let attributes = if balancer.network { attribute::TCP_LISTENER } else { attribute::HTTP_LISTENER };
    let mut listener = Listener {
        arn: arn(tx, &format!("listener/{}/{id}", balancer.path())),
        balancer: balancer.arn.clone(),
        actions: Vec::new(),
        groups: Vec::new(),
        tags: tags::at_creation(members)?,
        protocol: String::new(),
        port: 0,
        policy: None,
        certificates: Vec::new(),
        alpn: Vec::new(),
        attributes: attribute::defaults(attributes),
    };
    let port = members.number("Port", 1, 65535)?;
    let there = tx.under::<Listener>(&balancer.arn)?.into_iter().find(|there| Some(there.port) == port);
    if let Some(there) = there {
        let actions = action::read(tx, members, "DefaultActions", &balancer)?;
        let same = there.tags == listener.tags
            && there.actions == actions.told
            && members.text("Protocol")? == Some(&there.protocol);
        if same {
            return Ok(json!({ "Listeners": [there.show()] }));
        }
    }
    listener.take(tx, members, &balancer)?;
    listener.act(tx, members, &balancer)?;
    tx.put(&listener)?;
    Ok(json!({ "Listeners": [listener.show()] }))
}

/// `DescribeListeners`: by ARN, or of a load balancer.
pub fn describe(tx: &Tx<'_>, members: &Members<'_>) -> Result<Json, Fault> {
    let mut found = Vec::new();
    for arn in members.texts("ListenerArns")? {
        found.push(find(tx, arn)?);
    }
    match members.text("LoadBalancerArn")? {
        Some(balancer) => found.extend(tx.under::<Listener>(&load_balancer::find(tx, balancer)?.arn)?),
        None if found.is_empty() => {
            return Err(members.refuse("You must specify either listener ARNs or a load balancer ARN"));
        }
        None => {}
    }
    paged(members, "Listeners", found, |listener| Ok(listener.show()))
}

/// `DescribeListenerAttributes`.
pub fn describe_attributes(tx: &Tx<'_>, members: &Members<'_>) -> Result<Json, Fault> {
    Ok(attribute::told(&asked(tx, members)?.attributes))
}

/// `ModifyListenerAttributes`.
pub fn modify_attributes(tx: &mut Tx<'_>, members: &Members<'_>) -> Result<Json, Fault> {
    let mut listener = asked(tx, members)?;
    let told = attribute::modify(members, &mut listener.attributes)?;
    tx.put(&listener)?;
    Ok(told)
}

/// `ModifyListener`.
pub fn modify(tx: &mut Tx<'_>, members: &Members<'_>) -> Result<Json, Fault> {
    let mut listener = asked(tx, members)?;
    let balancer = load_balancer::find(tx, &listener.balancer)?;
    listener.take(tx, members, &balancer)?;
    if members.json().contains_key("DefaultActions") {
        listener.act(tx, members, &balancer)?;
    }
    tx.put(&listener)?;
    Ok(json!({ "Listeners": [listener.show()] }))
}

/// `DeleteListener`, with its rules.
pub fn delete(tx: &mut Tx<'_>, members: &Members<'_>) -> Result<Json, Fault> {
    let listener = asked(tx, members)?;
    forget(tx, &listener)?;
    Ok(json!({}))
}

fn forget(tx: &mut Tx<'_>, listener: &Listener) -> Result<(), Fault> {
    rule::forget_all(tx, &listener.arn)?;
    usage::change(tx, &listener.arn, &listener.balancer, &listener.groups, &[])?;
    tx.delete::<Listener>(&listener.arn)?;
    Ok(())
}

/// Forgets the listeners of a load balancer.
pub fn forget_all(tx: &mut Tx<'_>, balancer: &str) -> Result<(), Fault> {
    for listener in tx.under::<Listener>(balancer)? {
        forget(tx, &listener)?;
    }
    Ok(())
}
