//! Whether images are there.

use aws_sdk_ecr::types::ImageIdentifier;

use super::sight::{exists, is_like};
use super::{Look, Outcome};
use crate::cloud::failed;
use crate::model::Value;

/// An image of ECR.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct EcrImage<'a> {
    account: &'a str,
    region: &'a str,
    repository: &'a str,
    tag: Option<&'a str>,
    digest: Option<&'a str>,
}

/// The parts of an image's name, when it is one of ECR.
pub(super) fn of_ecr(image: &str) -> Option<EcrImage<'_>> {
    let (host, name) = image.split_once('/')?;
    let (account, rest) = host.split_once(".dkr.ecr.")?;
    let region = rest.split('.').next().filter(|_| rest.contains(".amazonaws."))?;
    let (name, digest) = match name.split_once('@') {
        Some((name, digest)) => (name, Some(digest)),
        None => (name, None),
    };
    let (repository, tag) = match name.split_once(':') {
        Some((name, tag)) => (name, Some(tag)),
        None => (name, digest.is_none().then_some("latest")),
    };
    Some(EcrImage { account, region, repository, tag, digest })
}

impl Look<'_> {
    /// Whether an image can be pulled, as far as that can be told from here.
    pub(super) async fn image(&mut self, image: &str) {
        let what = format!("image {image}");
        if self.denied_images.iter().any(|pattern| is_like(pattern, image)) {
            let help = "choose an image that there is; the embedded AWS denies what `denyImages` in its settings names";
            return self.failed(what, "the embedded AWS does not have it", help);
        }
        let Some(parts) = of_ecr(image) else {
            let says = "a public registry, which is not asked from here";
            return self.tell(Outcome::Unseen, what, says, None);
        };
        if (parts.account, parts.region) != (self.cloud.account.as_str(), self.cloud.region.as_str()) {
            let says =
                format!("it is in ECR of account {} in {}, which is not asked from here", parts.account, parts.region);
            return self.tell(Outcome::Unseen, what, says, None);
        }
        let own = self.sight.all("AWS::ECR::Repository").find(|repository| {
            repository.wanted.get("repositoryName").and_then(Value::as_str) == Some(parts.repository)
        });
        if own.is_some_and(|own| !exists(own)) {
            let says = "its repository is made by this run, and is empty then";
            let help = "run with desiredCount 0, or without the service, push the image, then run again";
            return self.tell(Outcome::Warning, what, says, Some(help));
        }
        let id = ImageIdentifier::builder().set_image_tag(parts.tag.map(str::to_owned));
        let id = id.set_image_digest(parts.digest.map(str::to_owned)).build();
        let call = self.cloud.ecr.describe_images().repository_name(parts.repository).image_ids(id);
        match call.send().await.map_err(failed("ecr:DescribeImages")) {
            Ok(_) => self.ok(what, "it is in ECR"),
            Err(error) if error.is_not_found() => {
                let says = error.message.clone();
                self.failed(what, says, "push it, or name one that is there: aws ecr list-images");
            }
            Err(error) => self.unseen(what, &error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_of_ecr_is_told_by_its_host() {
        let name = "111122223333.dkr.ecr.eu-west-1.amazonaws.com/team/hazelcast:5.5";
        let parts = of_ecr(name).expect("it is one");
        assert_eq!((parts.account, parts.region, parts.repository), ("111122223333", "eu-west-1", "team/hazelcast"));
        assert_eq!((parts.tag, parts.digest), (Some("5.5"), None));
        let parts = of_ecr("111122223333.dkr.ecr.eu-west-1.amazonaws.com/a@sha256:00").expect("it is one");
        assert_eq!((parts.repository, parts.tag, parts.digest), ("a", None, Some("sha256:00")));
        assert_eq!(of_ecr("hazelcast/hazelcast:5.5.10"), None);
        assert!(is_like("*does-not-exist*", "a/does-not-exist:1") && is_like("*:missing", "a:missing"));
        assert!(!is_like("*:missing", "a:there") && !is_like("a", "ab"));
    }
}
