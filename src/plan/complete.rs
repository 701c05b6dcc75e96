//! What every declaration gets that its script does not say: a physical name, and the stack's tags.
//!
//! Names and tokens derive from (lineage, address, generation): the same for the same object however often a run is
//! repeated, and another for its replacement.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use crate::kinds::NameRule;
use crate::model::schema::KindSchema;
use crate::model::{Address, JsonType, Value};

/// The tag that names the stack.
pub const STACK_TAG: &str = "hzscript:stack";
/// The tag that names the address.
pub const ADDRESS_TAG: &str = "hzscript:address";
/// The tag, set at creation, that names the very call that made the object.
pub const TOKEN_TAG: &str = "hzscript:token";

/// The longest value of a tag, in characters ([EC2 user guide](https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_Tags.html)).
const TAG_VALUE_MAX: usize = 256;

/// What a made-up name is made of.
#[derive(Debug, Clone, Copy)]
pub struct Identity<'a> {
    /// The stack's name.
    pub stack: &'a str,
    /// The state's lineage.
    pub lineage: &'a str,
    /// The resource.
    pub address: &'a Address,
    /// Which object of that resource.
    pub generation: u32,
}

impl Identity<'_> {
    /// The token of a call that makes this object: 35 characters of `[a-z0-9-]`.
    pub fn token(&self, verb: &str) -> String {
        let Self { lineage, address, generation, .. } = self;
        format!("hz-{}", &digest(&format!("{lineage}\n{address}\n{generation}\n{verb}"))[..32])
    }

    /// `<stack>-<name>-<suffix>`, cut in the middle to at most `max` characters. Without a lineage, which a stack that was
    /// never run has none of, the suffix is question marks.
    pub fn physical_name(&self, max: usize) -> String {
        let Self { stack, lineage, address, generation } = self;
        let digest = digest(&format!("{lineage}\n{address}\n{generation}"));
        let suffix = if lineage.is_empty() { "????????" } else { &digest[..8] };
        let clean = |c: char| if c.is_ascii_alphanumeric() || c == '-' || c == '_' { c } else { '-' };
        let stem: String = format!("{stack}-{}", address.name()).chars().map(clean).collect();
        let stem: String = stem.chars().take(max.saturating_sub(suffix.len() + 1)).collect();
        format!("{}-{suffix}", stem.trim_end_matches('-'))
    }
}

fn digest(text: &str) -> String {
    Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Puts in the name, where the declaration has none, and the stack's tags, where the kind takes tags.
pub fn complete(
    properties: &mut BTreeMap<String, Value>,
    schema: &KindSchema,
    name: Option<NameRule>,
    sends_tags: bool,
    identity: Identity<'_>,
) {
    if let Some(rule) = name {
        let given = properties.get(rule.property).is_some_and(|value| *value != Value::Null);
        if !given {
            let name = made_up(schema, rule, identity);
            properties.insert(rule.property.to_owned(), Value::String(name));
        }
    }
    let Some(property) = schema.tag_property.as_deref().filter(|_| sends_tags) else { return };
    if schema.shape.under(property).is_some_and(|shape| !shape.allows(JsonType::Array)) {
        let mut tags = match properties.remove(property) {
            Some(Value::Map(tags)) => tags,
            _ => BTreeMap::new(),
        };
        tags.insert(STACK_TAG.to_owned(), tag_value(identity.stack));
        tags.insert(ADDRESS_TAG.to_owned(), tag_value(&identity.address.to_string()));
        properties.insert(property.to_owned(), Value::Map(tags));
        return;
    }
    let mut tags = match properties.remove(property) {
        Some(Value::List(tags)) => tags,
        _ => Vec::new(),
    };
    let has = |tags: &[Value], key: &str| {
        tags.iter().any(|tag| matches!(tag, Value::Map(map) if map.get("key").and_then(Value::as_str) == Some(key)))
    };
    if schema.type_name.starts_with("AWS::EC2::") && !has(&tags, "Name") {
        tags.push(tag("Name", identity.address.name()));
    }
    tags.push(tag(STACK_TAG, identity.stack));
    tags.push(tag(ADDRESS_TAG, &identity.address.to_string()));
    properties.insert(property.to_owned(), Value::List(tags));
}

/// A made-up name, in small letters where the schema's pattern takes no others, and as load balancers and target groups
/// may have it: without underscores, and not as AWS's own names of internal ones begin (API reference,
/// `CreateLoadBalancer`).
fn made_up(schema: &KindSchema, rule: NameRule, identity: Identity<'_>) -> String {
    let name = identity.physical_name(rule.max);
    if schema.type_name.starts_with("AWS::ElasticLoadBalancingV2::") {
        let name = name.replace('_', "-");
        return name.strip_prefix("internal-").unwrap_or(&name).trim_start_matches('-').to_owned();
    }
    let pattern = schema.shape.under(rule.property).and_then(|shape| shape.pattern.as_deref());
    let small = name.to_lowercase();
    if pattern.is_some_and(|pattern| !pattern.matches(&name) && pattern.matches(&small)) { small } else { name }
}

/// A tag in the shape of the schemas.
pub fn tag(key: &str, value: &str) -> Value {
    Value::Map(BTreeMap::from([
        ("key".to_owned(), Value::String(key.to_owned())),
        ("value".to_owned(), tag_value(value)),
    ]))
}

/// A tag's value, as long as one may be.
pub fn tag_value(value: &str) -> Value {
    Value::String(value.chars().take(TAG_VALUE_MAX).collect())
}
