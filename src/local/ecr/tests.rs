//! What the container registry does and refuses, call by call.

use super::super::settings::Settings;
use super::super::store::Store;
use super::*;

struct Region {
    store: Store,
    settings: Settings,
}

impl Region {
    fn new() -> Self {
        Self { store: Store::in_memory().unwrap(), settings: Settings::default() }
    }

    fn within<T>(&mut self, work: impl FnOnce(&mut Tx<'_>) -> Result<T, Fault>) -> Result<T, Fault> {
        let now = "2026-01-01T00:00:00Z".parse().unwrap();
        self.store.transact("eu-west-1", now, &self.settings, work)
    }

    fn ask(&mut self, action: &str, params: Json) -> Result<Json, Fault> {
        self.within(|tx| Ecr.call(tx, action, params.as_object().unwrap()))
    }

    fn call(&mut self, action: &str, params: Json) -> Json {
        self.ask(action, params).unwrap()
    }

    fn refused(&mut self, action: &str, params: Json) -> String {
        self.ask(action, params).unwrap_err().code
    }
}

#[test]
fn repositories_are_made_described_and_deleted() {
    let mut region = Region::new();
    let made = region.call("CreateRepository", json!({"repositoryName": "team/app"}))["repository"].clone();
    assert_eq!(made["repositoryUri"], "000000000000.dkr.ecr.eu-west-1.amazonaws.com/team/app");
    assert_eq!(made["imageTagMutability"], "MUTABLE");
    assert_eq!(region.call("DescribeRepositories", json!({}))["repositories"], json!([made]));
    let again = json!({"repositoryName": "team/app"});
    assert_eq!(region.refused("CreateRepository", again.clone()), "RepositoryAlreadyExistsException");
    for bad in ["A", "Team/app", "a", "-a", "a-", "a//b", "a._b"] {
        let refused = region.refused("CreateRepository", json!({"repositoryName": bad}));
        assert_eq!(refused, "InvalidParameterException", "{bad}");
    }
    let filters = json!({"repositoryName": "b1", "imageTagMutability": "IMMUTABLE_WITH_EXCLUSION"});
    assert_eq!(region.refused("CreateRepository", filters), "InvalidParameterException");
    region.call("DeleteRepository", again.clone());
    assert_eq!(region.refused("DeleteRepository", again), "RepositoryNotFoundException");
}

#[test]
fn policies_and_tags_come_and_go() {
    let mut region = Region::new();
    let arn = region.call("CreateRepository", json!({"repositoryName": "app"}))["repository"]["repositoryArn"].clone();
    let name = json!({"repositoryName": "app"});
    for (kind, code) in [
        ("LifecyclePolicy", "LifecyclePolicyNotFoundException"),
        ("RepositoryPolicy", "RepositoryPolicyNotFoundException"),
    ] {
        assert_eq!(region.refused(&format!("Get{kind}"), name.clone()), code);
        assert_eq!(region.refused(&format!("Delete{kind}"), name.clone()), code);
    }
    let policy = r#"{"Statement":[]}"#;
    region.call("SetRepositoryPolicy", json!({"repositoryName": "app", "policyText": policy}));
    assert_eq!(region.call("GetRepositoryPolicy", name.clone())["policyText"], policy);
    region.call("DeleteRepositoryPolicy", name.clone());
    let short = json!({"repositoryName": "app", "lifecyclePolicyText": r#"{"rules":[]}"#});
    assert_eq!(region.refused("PutLifecyclePolicy", short), "InvalidParameterException");
    let tags = json!([{"Key": "team", "Value": "data"}]);
    region.call("TagResource", json!({"resourceArn": arn, "tags": tags}));
    assert_eq!(region.call("ListTagsForResource", json!({"resourceArn": arn}))["tags"], tags);
    region.call("UntagResource", json!({"resourceArn": arn, "tagKeys": ["team"]}));
    assert_eq!(region.call("ListTagsForResource", json!({"resourceArn": arn}))["tags"], json!([]));
}

#[test]
fn an_image_of_the_accounts_own_registry_needs_its_repository() {
    let mut region = Region::new();
    region.call("CreateRepository", json!({"repositoryName": "team/app"}));
    let own = "000000000000.dkr.ecr.eu-west-1.amazonaws.com";
    for (image, lacking) in [
        (format!("{own}/team/app:1"), false),
        (format!("{own}/team/app@sha256:0"), false),
        (format!("{own}/team/other:1"), true),
        ("111111111111.dkr.ecr.eu-west-1.amazonaws.com/team/other:1".to_owned(), false),
        ("redis:7".to_owned(), false),
    ] {
        assert_eq!(region.within(|tx| lacks(tx, &image)).unwrap(), lacking, "{image}");
    }
}
