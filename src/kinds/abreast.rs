//! Calls side by side, for what AWS tells of one object a call.

use futures::future::BoxFuture;
use futures::{StreamExt, TryStreamExt};

use crate::cloud::CallError;

/// How many calls of one kind are in flight at once.
const AT_ONCE: usize = 8;

/// The answers, in order.
///
/// # Errors
/// The first failure; calls not begun by then are not made.
pub async fn abreast<R: Send>(calls: Vec<BoxFuture<'_, Result<R, CallError>>>) -> Result<Vec<R>, CallError> {
    futures::stream::iter(calls).buffered(AT_ONCE).try_collect().await
}
