//! What a type's schema says of an object's properties, in CloudFormation's names.

use crate::local::service::Fault;
use crate::model::{Json, JsonMap, JsonType, KindSchema, PathPattern, PropertyPath, Shape, schemas};

/// Types that other services here keep, or whose objects those would have to heed.
const KEPT_ELSEWHERE: &[&str] = &[
    "AWS::ApplicationAutoScaling::ScalableTarget",
    "AWS::ApplicationAutoScaling::ScalingPolicy",
    "AWS::EC2::EIP",
    "AWS::EC2::InternetGateway",
    "AWS::EC2::NatGateway",
    "AWS::EC2::NetworkInterface",
    "AWS::EC2::Route",
    "AWS::EC2::RouteTable",
    "AWS::EC2::SecurityGroup",
    "AWS::EC2::SecurityGroupEgress",
    "AWS::EC2::SecurityGroupIngress",
    "AWS::EC2::Subnet",
    "AWS::EC2::SubnetRouteTableAssociation",
    "AWS::EC2::VPC",
    "AWS::EC2::VPCEndpoint",
    "AWS::EC2::VPCGatewayAttachment",
    "AWS::ECR::Repository",
    "AWS::ECS::Cluster",
    "AWS::ECS::ClusterCapacityProviderAssociations",
    "AWS::ECS::Service",
    "AWS::ECS::TaskDefinition",
    "AWS::EFS::AccessPoint",
    "AWS::EFS::FileSystem",
    "AWS::EFS::MountTarget",
    "AWS::ElasticLoadBalancingV2::Listener",
    "AWS::ElasticLoadBalancingV2::ListenerRule",
    "AWS::ElasticLoadBalancingV2::LoadBalancer",
    "AWS::ElasticLoadBalancingV2::TargetGroup",
    "AWS::IAM::ManagedPolicy",
    "AWS::IAM::Role",
    "AWS::IAM::RolePolicy",
    "AWS::KMS::Alias",
    "AWS::KMS::Key",
    "AWS::Logs::LogGroup",
    "AWS::Logs::LogStream",
    "AWS::SecretsManager::Secret",
    "AWS::ServiceDiscovery::HttpNamespace",
    "AWS::ServiceDiscovery::Instance",
    "AWS::ServiceDiscovery::PrivateDnsNamespace",
    "AWS::ServiceDiscovery::Service",
];

/// The schema of a type, with whose objects a handler can do something (`create`, `read`, …).
pub(super) fn schema(type_name: &str, handler: &str) -> Result<&'static KindSchema, Fault> {
    let known = schemas().by_type(type_name).filter(|schema| !schema.is_open());
    let Some(schema) = known else {
        let message = format!("The type '{type_name}' cannot be found.");
        return Err(Fault::new("TypeNotFoundException", message));
    };
    let action = handler.to_uppercase();
    if KEPT_ELSEWHERE.contains(&type_name) {
        let message = format!(
            "Resource type {type_name} does not support {action} action here: the embedded AWS keeps its objects in their \
             own service."
        );
        return Err(Fault::new("UnsupportedActionException", message));
    }
    if !schema.permissions.contains_key(handler) {
        let message = format!("Resource type {type_name} does not support {action} action");
        return Err(Fault::new("UnsupportedActionException", message));
    }
    Ok(schema)
}

/// CloudFormation's name of a top-level property.
pub(super) fn cfn_name<'a>(schema: &'a KindSchema, name: &str) -> &'a str {
    schema.shape.properties.get(name).map_or("", |property| &property.cfn_name)
}

/// Properties of an object, of which nothing is there that the schema does not have, and all that it needs.
///
/// # Errors
/// `ValidationException` with everything that is wrong.
pub(super) fn validate(schema: &KindSchema, model: &JsonMap) -> Result<(), Fault> {
    let mut wrong = Vec::new();
    object(&schema.shape, model, "#", &mut wrong);
    if wrong.is_empty() {
        return Ok(());
    }
    Err(Fault::new("ValidationException", format!("Model validation failed ({})", wrong.join("; "))))
}

fn object(shape: &Shape, map: &JsonMap, at: &str, wrong: &mut Vec<String>) {
    for name in &shape.required {
        let cfn_name = shape.properties.get(name).map_or(name.as_str(), |property| &property.cfn_name);
        if map.get(cfn_name).is_none_or(Json::is_null) {
            wrong.push(format!("{at}: required key [{cfn_name}] not found"));
        }
    }
    for (key, item) in map {
        let property = shape.by_cfn_name(key).and_then(|name| shape.under(name));
        match property.or_else(|| shape.under(key)) {
            Some(below) => value(below, item, &format!("{at}/{key}"), wrong),
            None if shape.additional => {}
            None => wrong.push(format!("{at}: extraneous key [{key}] is not permitted")),
        }
    }
}

fn value(shape: &Shape, json: &Json, at: &str, wrong: &mut Vec<String>) {
    let is = match json {
        Json::Null => JsonType::Null,
        Json::Bool(_) => JsonType::Boolean,
        Json::Number(number) if number.is_i64() || number.is_u64() => JsonType::Integer,
        Json::Number(_) => JsonType::Number,
        Json::String(_) => JsonType::String,
        Json::Array(_) => JsonType::Array,
        Json::Object(_) => JsonType::Object,
    };
    // Numbers and truth values may be written as texts, and texts as they.
    let scalar = |of: JsonType| !matches!(of, JsonType::Array | JsonType::Object);
    let fits = shape.allows(is) || (scalar(is) && shape.types.iter().any(|of| scalar(*of)));
    if !fits {
        let name = |of: JsonType| match of {
            JsonType::Array => "JSONArray",
            JsonType::Object => "JSONObject",
            JsonType::String => "String",
            JsonType::Boolean => "Boolean",
            JsonType::Integer | JsonType::Number => "Number",
            JsonType::Null => "Null",
        };
        let wanted: Vec<&str> = shape.types.iter().map(|of| name(*of)).collect();
        wrong.push(format!("{at}: expected type: {}, found: {}", wanted.join(" or "), name(is)));
        return;
    }
    match json {
        Json::Object(map) if !shape.properties.is_empty() => object(shape, map, at, wrong),
        Json::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                if let Some(below) = shape.items.as_deref() {
                    value(below, item, &format!("{at}/{index}"), wrong);
                }
            }
        }
        Json::String(text) if !shape.choices.is_empty() && !shape.any_case && !shape.choices.contains(json) => {
            wrong.push(format!("{at}: #: {text} is not a valid enum value"));
        }
        _ => {}
    }
}

/// Properties that are there though AWS alone says what they are.
pub(super) fn read_only<'a>(schema: &KindSchema, model: &'a JsonMap) -> Vec<&'a str> {
    let is = |name: &&String| {
        schema.shape.by_cfn_name(name).is_some_and(|name| schema.is_read_only(&PropertyPath::new(name)))
    };
    model.keys().filter(is).map(String::as_str).collect()
}

/// Create-only properties that differ between two models.
pub(super) fn fixed(schema: &KindSchema, before: &JsonMap, after: &JsonMap) -> Vec<String> {
    let top = schema.create_only.iter().filter(|pattern| pattern.is_top_level()).map(PathPattern::root);
    let names = top.map(|name| cfn_name(schema, name));
    names.filter(|name| before.get(*name) != after.get(*name)).map(str::to_owned).collect()
}

/// A model without what AWS never tells.
pub(super) fn told(schema: &KindSchema, model: &JsonMap) -> JsonMap {
    let Json::Object(told) = shown(schema, &schema.shape, &Json::Object(model.clone()), &PropertyPath::whole()) else {
        return JsonMap::new();
    };
    told
}

fn shown(schema: &KindSchema, shape: &Shape, json: &Json, path: &PropertyPath) -> Json {
    match json {
        Json::Object(map) => {
            let mut kept = JsonMap::new();
            for (key, item) in map {
                let name = shape.by_cfn_name(key).unwrap_or(key);
                let path = path.key(name);
                if !schema.is_write_only(&path) {
                    let below = shape.under(name);
                    let item = below.map_or_else(|| item.clone(), |below| shown(schema, below, item, &path));
                    kept.insert(key.clone(), item);
                }
            }
            Json::Object(kept)
        }
        Json::Array(items) => {
            let item = |(index, item): (usize, &Json)| match shape.items.as_deref() {
                Some(below) => shown(schema, below, item, &path.index(index)),
                None => item.clone(),
            };
            Json::Array(items.iter().enumerate().map(item).collect())
        }
        other => other.clone(),
    }
}
