//! Creations: begun with a token, and found again by it.
//!
//! A request that carries a client token is made once, whatever becomes of its answer, for 36 hours
//! ([user guide](https://docs.aws.amazon.com/cloudcontrolapi/latest/userguide/resource-operations.html#resource-operations-idempotency)).
//! No answer tells a request's client token: what a lost answer was about is found by the tag of the token, or else by
//! making the same request once more where that can only answer what was made before.

use std::time::Duration;

use aws_sdk_cloudcontrol::types::ProgressEvent;

use super::request::{self, Stand};
use super::{CloudControl, is_made_by_aws, names};
use crate::cloud::{CallError, Cloud, ErrorClass, failed};
use crate::kinds::tags::{has_token, pairs};
use crate::kinds::{Accepted, Create, Created};
use crate::model::{Json, JsonMap};

const ACTION: &str = "cloudformation:CreateResource";
/// How many requests with the token of one creation there may be, those that failed before included.
const REQUESTS: u32 = 12;
/// Between two looks at a request whose identifier is not known yet, or not yet known to be its own.
const PAUSE: Duration = Duration::from_secs(1);
/// How long a request may take to find that its name is taken.
const VERDICT: Duration = Duration::from_secs(20);
/// How long an identifier is waited for.
const PATIENCE: Duration = Duration::from_secs(600);

impl CloudControl {
    /// Makes an object. Answers as soon as its identifier is known to be that of what the request makes.
    pub(super) async fn begin(&self, cloud: &Cloud, wanted: &Create<'_>) -> Result<Created, CallError> {
        let own = self.identifier(wanted.properties);
        let there = match &own {
            Some(id) => self.get(cloud, id).await?.is_some(),
            None => false,
        };
        let mut event = self.request(cloud, wanted).await?;
        let mut waited = Duration::ZERO;
        loop {
            match request::judge(&event) {
                Stand::Done => break,
                Stand::Failed { code, message } => {
                    let made = match event.identifier() {
                        Some(id) if code != "AlreadyExists" && !there => self.get(cloud, id).await?.is_some(),
                        _ => false,
                    };
                    if made {
                        break;
                    }
                    return Err(request::explained(CallError::new(ACTION, &code, message)));
                }
                Stand::UnderWay(_) | Stand::Unknown => {
                    let settled = is_made_by_aws(self.schema) || (!there && waited >= VERDICT);
                    if event.identifier().is_some() && settled {
                        break;
                    }
                    if waited >= PATIENCE {
                        let message = format!("no identifier after {} s", PATIENCE.as_secs());
                        return Err(CallError::new(ACTION, "ServiceUnavailable", message));
                    }
                    tokio::time::sleep(cloud.paced(PAUSE)).await;
                    waited += PAUSE;
                    let token = event.request_token().unwrap_or_default().to_owned();
                    event = request::event(cloud, &token).await?.unwrap_or(event);
                }
            }
        }
        let id = event.identifier().unwrap_or_default().to_owned();
        let waiting = Some(request::waiting(Some(&event)));
        Ok(Created { id, configure: false, accepted: Accepted { attributes: JsonMap::new(), waiting } })
    }

    /// The identifier of the object that a creation has made, if it has.
    pub(super) async fn made_by(&self, cloud: &Cloud, wanted: &Create<'_>) -> Result<Option<String>, CallError> {
        if let Some(tags) = self.schema.tag_property.as_deref().filter(|tags| wanted.properties.contains_key(*tags)) {
            return self.tagged(cloud, wanted, tags).await;
        }
        // The same request once more makes nothing new: the name is taken, or there is a request that may be it, and
        // then whatever it makes is this creation's and is written down.
        let may_be = match self.identifier(wanted.properties) {
            Some(id) => self.get(cloud, &id).await?.is_some(),
            None => !request::creations(cloud, &self.schema.type_name).await?.is_empty(),
        };
        if !may_be {
            return Ok(None);
        }
        let again = self.begin(cloud, wanted).await;
        match again {
            Ok(created) => Ok(Some(created.id)),
            Err(error) if matches!(error.class, ErrorClass::AlreadyExists | ErrorClass::Refused) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The object that has the tag of the token: among those that were made lately, then among all.
    async fn tagged(&self, cloud: &Cloud, wanted: &Create<'_>, tags: &str) -> Result<Option<String>, CallError> {
        let mut waited = Duration::ZERO;
        loop {
            let requests = request::creations(cloud, &self.schema.type_name).await?;
            // What is under way and has no identifier yet may be it.
            let making = requests.iter().any(|event| event.identifier().is_none());
            let made: Vec<String> = requests.into_iter().filter_map(|event| event.identifier).collect();
            if let Some(id) = self.bearing(cloud, made, tags, wanted.token).await? {
                return Ok(Some(id));
            }
            if !making || waited >= PATIENCE {
                break;
            }
            tokio::time::sleep(cloud.paced(PAUSE)).await;
            waited += PAUSE;
        }
        match self.all(cloud).await {
            Ok(all) => self.bearing(cloud, all, tags, wanted.token).await,
            // Types that are listed only within another object, or not at all.
            Err(error) if error.class == ErrorClass::Refused => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn bearing(
        &self,
        cloud: &Cloud,
        mut ids: Vec<String>,
        tags: &str,
        token: &str,
    ) -> Result<Option<String>, CallError> {
        ids.sort();
        ids.dedup();
        for some in ids.chunks(32) {
            let found = crate::kinds::Kind::read(self, cloud, some).await?;
            let ours = |(id, found): (&String, Option<crate::kinds::Observed>)| {
                has_token(pairs(&found?.properties, tags), token).then(|| id.clone())
            };
            if let Some(id) = some.iter().zip(found).find_map(ours) {
                return Ok(Some(id));
            }
        }
        Ok(None)
    }

    /// Makes the request, or finds the one that was made before. One that failed before is not made again under its
    /// token, nor may another body have the token: then the next one takes its place.
    async fn request(&self, cloud: &Cloud, wanted: &Create<'_>) -> Result<ProgressEvent, CallError> {
        let properties = Json::Object(wanted.properties.clone());
        let state = names::to_cloudformation(Some(&self.schema.shape), &properties).to_string();
        let mut last = None;
        for nth in 1..=REQUESTS {
            let token = if nth == 1 { wanted.token.to_owned() } else { format!("{}-{nth}", wanted.token) };
            let call = cloud.cloudcontrol.create_resource().type_name(&self.schema.type_name);
            let answer = call.desired_state(&state).client_token(token).send().await.map_err(failed(ACTION));
            match answer {
                Ok(answer) => {
                    let event = answer.progress_event.unwrap_or_else(|| ProgressEvent::builder().build());
                    if !matches!(request::judge(&event), Stand::Failed { .. }) {
                        return Ok(event);
                    }
                    last = Some(Ok(event));
                }
                Err(error) if error.is("ClientTokenConflictException") => last = Some(Err(error)),
                Err(error) => return Err(request::explained(error)),
            }
        }
        last.unwrap_or_else(|| Err(CallError::new(ACTION, "ServiceUnavailable", "no request was made")))
    }

    /// The identifier that properties give the object, where it is not AWS that makes it.
    fn identifier(&self, properties: &JsonMap) -> Option<String> {
        if is_made_by_aws(self.schema) {
            return None;
        }
        let part = |name: &String| match properties.get(name)? {
            Json::String(text) => Some(text.clone()),
            Json::Number(number) => Some(number.to_string()),
            _ => None,
        };
        let parts: Option<Vec<String>> = self.schema.primary_identifier.iter().map(part).collect();
        Some(parts?.join("|"))
    }
}
