//! Answers of the query protocols.

use std::fmt::Write;

use super::Protocol;
use crate::local::service::Fault;
use crate::model::Json;

/// An answer's document. Lists become `<item>`s for EC2 and `<member>`s for the others.
pub fn answer(protocol: Protocol, action: &str, request: &str, answer: &Json) -> String {
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    if protocol == Protocol::Ec2 {
        let _ = write!(out, r#"<{action}Response xmlns="http://ec2.amazonaws.com/doc/2016-11-15/">"#);
        let _ = write!(out, "<requestId>{request}</requestId>");
        content(answer, "item", &mut out);
    } else {
        let _ = write!(out, "<{action}Response><{action}Result>");
        content(answer, "member", &mut out);
        let _ = write!(out, "</{action}Result><ResponseMetadata><RequestId>{request}</RequestId></ResponseMetadata>");
    }
    let _ = write!(out, "</{action}Response>");
    out
}

/// A refusal's document.
pub fn fault(protocol: Protocol, request: &str, fault: &Fault) -> String {
    let mut error = String::new();
    element("Code", &Json::String(fault.code.clone()), "", &mut error);
    element("Message", &Json::String(fault.message.clone()), "", &mut error);
    if protocol == Protocol::Ec2 {
        format!("<Response><Errors><Error>{error}</Error></Errors><RequestID>{request}</RequestID></Response>")
    } else {
        let whose = if fault.status < 500 { "Sender" } else { "Receiver" };
        format!(
            "<ErrorResponse><Error><Type>{whose}</Type>{error}</Error><RequestId>{request}</RequestId></ErrorResponse>"
        )
    }
}

fn element(name: &str, json: &Json, item: &str, out: &mut String) {
    if json.is_null() {
        return;
    }
    let _ = write!(out, "<{name}>");
    content(json, item, out);
    let _ = write!(out, "</{name}>");
}

fn content(json: &Json, item: &str, out: &mut String) {
    match json {
        Json::Null => {}
        Json::Bool(b) => out.push_str(if *b { "true" } else { "false" }),
        Json::Number(number) => out.push_str(&number.to_string()),
        Json::String(text) => escape(text, out),
        Json::Array(items) => items.iter().for_each(|value| element(item, value, item, out)),
        Json::Object(map) => map.iter().for_each(|(name, value)| element(name, value, item, out)),
    }
}

/// Writes text so that it is read back as it is; what XML cannot hold at all becomes U+FFFD.
fn escape(text: &str, out: &mut String) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\r' => out.push_str("&#xD;"),
            '\t' | '\n' => out.push(c),
            c if c.is_control() || matches!(c, '\u{FFFE}' | '\u{FFFF}') => out.push('\u{FFFD}'),
            c => out.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn lists_are_named_as_the_protocol_names_them() {
        let value = json!({ "vpcSet": [{ "vpcId": "vpc-1", "isDefault": false, "left": null }] });
        assert!(answer(Protocol::Ec2, "DescribeVpcs", "r", &value).ends_with(
            "<requestId>r</requestId><vpcSet><item><isDefault>false</isDefault><vpcId>vpc-1</vpcId></item></vpcSet>\
             </DescribeVpcsResponse>"
        ));
        let value = json!({ "Roles": [{ "RoleName": "a\u{1}<" }] });
        let roles = answer(Protocol::Query, "ListRoles", "r", &value);
        assert!(roles.contains("<ListRolesResult><Roles><member><RoleName>a\u{FFFD}&lt;</RoleName></member></Roles>"));
    }
}
