//! Asking about many objects at once: a call that names one which is not there fails as a whole, and is then made again
//! for each alone.

use futures::FutureExt;
use futures::future::BoxFuture;

use crate::cloud::CallError;
use crate::kinds::abreast::abreast;
use crate::kinds::absent::present;

/// How many ARNs a call names: `DescribeTags` and `DescribeLoadBalancers` take no more.
pub(super) const BATCH: usize = 20;

/// What `describe` answers of those ARNs that are there.
///
/// # Errors
/// When a call fails for another reason than absence.
pub(super) async fn describe<'a, T: Send + 'a>(
    arns: &[String],
    describe: impl Fn(Vec<String>) -> BoxFuture<'a, Result<Vec<T>, CallError>>,
) -> Result<Vec<T>, CallError> {
    let batches: Vec<Vec<String>> = arns.chunks(BATCH).map(<[String]>::to_vec).collect();
    let calls = batches.iter().map(|batch| describe(batch.clone()).map(present).boxed()).collect();
    let mut found = Vec::new();
    for (batch, answer) in batches.iter().zip(abreast(calls).await?) {
        match answer {
            Some(answer) => found.extend(answer),
            None if batch.len() == 1 => {}
            None => {
                let alone = |arn: &String| describe(vec![arn.clone()]).map(present).boxed();
                found.extend(abreast(batch.iter().map(alone).collect()).await?.into_iter().flatten().flatten());
            }
        }
    }
    Ok(found)
}
