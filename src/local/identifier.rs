//! Identifiers in letters and digits, as IAM's (`AROA…`) and Cloud Map's (`ns-…`, `srv-…`) are.

use super::store::{StoreError, Tx};

const DIGITS: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";

/// A fresh word of `length` (at most 32) digits and lower-case letters; `what` separates it from other identifiers.
///
/// # Errors
/// When the store fails.
pub fn fresh_word(tx: &mut Tx<'_>, what: &str, length: usize) -> Result<String, StoreError> {
    let hex = tx.fresh_hex(what)?;
    let digit = |pair: &[u8]| {
        let value = pair.iter().fold(0, |value, digit| value * 16 + (*digit as char).to_digit(16).unwrap_or(0));
        DIGITS[value as usize % DIGITS.len()] as char
    };
    Ok(hex.as_bytes().chunks(2).take(length).map(digit).collect())
}
