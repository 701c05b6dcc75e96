//! What AWS makes up: identifiers, ARNs, addresses, and names that nobody gave.

use crate::local::store::{StoreError, Tx};
use crate::model::{Json, JsonMap, KindSchema, PropertyPath};

use super::model::cfn_name;

/// ARNs that are not of the common form: `{}` is the name.
const ARNS: [(&str, &str); 5] = [
    ("AWS::S3::Bucket", "arn:aws:s3:::{}"),
    ("AWS::SNS::Topic", "arn:aws:sns:REGION:ACCOUNT:{}"),
    ("AWS::SQS::Queue", "arn:aws:sqs:REGION:ACCOUNT:{}"),
    ("AWS::Lambda::Function", "arn:aws:lambda:REGION:ACCOUNT:function:{}"),
    ("AWS::CloudWatch::Alarm", "arn:aws:cloudwatch:REGION:ACCOUNT:alarm:{}"),
];

/// Puts into a model what AWS makes up.
pub(super) fn fill(tx: &mut Tx<'_>, schema: &KindSchema, model: &mut JsonMap) -> Result<(), StoreError> {
    let own = schema.type_name.rsplit("::").next().unwrap_or_default().to_owned();
    let name = name(tx, schema, &own, model)?;
    for attribute in schema.attributes() {
        let cfn_name = cfn_name(schema, attribute);
        let identifies = schema.primary_identifier.iter().any(|part| part == attribute);
        if cfn_name.is_empty() || model.contains_key(cfn_name) {
            continue;
        }
        if let Some(value) = value(tx, schema, cfn_name, &name, identifies)? {
            model.insert(cfn_name.to_owned(), Json::String(value));
        }
    }
    for part in schema.primary_identifier.clone() {
        let cfn_name = cfn_name(schema, &part).to_owned();
        if !model.contains_key(&cfn_name) {
            let value = format!("{}-{}", own.to_lowercase(), &tx.fresh_hex(&own)?[..12]);
            model.insert(cfn_name, Json::String(value));
        }
    }
    Ok(())
}

/// The name of an object, made up where its type has one and none is given.
fn name(tx: &mut Tx<'_>, schema: &KindSchema, own: &str, model: &mut JsonMap) -> Result<String, StoreError> {
    for cfn_name in [format!("{own}Name"), "Name".to_owned()] {
        let Some(property) = schema.shape.by_cfn_name(&cfn_name) else { continue };
        if let Some(given) = model.get(&cfn_name).and_then(Json::as_str) {
            return Ok(given.to_owned());
        }
        if schema.is_read_only(&PropertyPath::new(property)) {
            continue;
        }
        let made = format!("{}-{}", own.to_lowercase(), &tx.fresh_hex(own)?[..12]);
        let fifo = model.get(&format!("Fifo{own}")) == Some(&Json::Bool(true));
        let made = if fifo { format!("{made}.fifo") } else { made };
        model.insert(cfn_name, Json::String(made.clone()));
        return Ok(made);
    }
    let part = schema.primary_identifier.iter().find_map(|part| model.get(cfn_name(schema, part)));
    match part.and_then(Json::as_str) {
        Some(part) => Ok(part.to_owned()),
        None => Ok(tx.fresh_hex(own)?[..17].to_owned()),
    }
}

fn value(
    tx: &mut Tx<'_>,
    schema: &KindSchema,
    cfn_name: &str,
    name: &str,
    identifies: bool,
) -> Result<Option<String>, StoreError> {
    let mut words = schema.type_name.split("::").skip(1);
    let service = words.next().unwrap_or_default().to_lowercase();
    let own = words.next().unwrap_or_default();
    let (region, account) = (tx.region.clone(), tx.account);
    Ok(if cfn_name.ends_with("Arn") {
        let known = ARNS.iter().find(|(type_name, _)| *type_name == schema.type_name).map(|(_, form)| *form);
        let form = known
            .map_or_else(|| format!("arn:aws:{service}:REGION:ACCOUNT:{}/{{}}", own.to_lowercase()), str::to_owned);
        Some(form.replace("REGION", &region).replace("ACCOUNT", account).replace("{}", name))
    } else if cfn_name.ends_with("Url") || cfn_name.ends_with("URL") {
        Some(format!("https://{service}.{region}.amazonaws.com/{account}/{name}"))
    } else if cfn_name.ends_with("DomainName") || cfn_name.ends_with("Endpoint") {
        Some(format!("{name}.{service}.{region}.amazonaws.com"))
    } else if cfn_name.ends_with("Id") || identifies {
        Some(format!("{}-{}", own.to_lowercase(), &tx.fresh_hex(cfn_name)?[..17]))
    } else {
        None
    })
}
