//! Calls that name what may not be there.

use crate::cloud::CallError;

/// The answer, or `None` when AWS says that what was named does not exist.
///
/// # Errors
/// Any other failure.
pub fn present<T>(answer: Result<T, CallError>) -> Result<Option<T>, CallError> {
    match answer {
        Ok(answer) => Ok(Some(answer)),
        Err(error) if error.is_not_found() => Ok(None),
        Err(error) => Err(error),
    }
}
