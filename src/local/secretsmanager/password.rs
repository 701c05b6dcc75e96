//! `GetRandomPassword`.

use serde_json::json;

use super::super::members::Members;
use super::super::service::Fault;
use super::super::store::Tx;
use crate::model::Json;

/// What counts as punctuation (API reference, `GetRandomPassword`).
const PUNCTUATION: &str = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~";

pub(super) fn get(tx: &mut Tx<'_>, members: &Members<'_>) -> Result<Json, Fault> {
    let length = members.number("PasswordLength", 1, 4096)?.and_then(|length| usize::try_from(length).ok());
    let length = length.unwrap_or(32);
    let excluded = members.text("ExcludeCharacters")?.unwrap_or_default();
    let without = |name: &str| Ok::<bool, Fault>(members.flag(name)?.unwrap_or(false));
    let types = [
        (without("ExcludeLowercase")?, "abcdefghijklmnopqrstuvwxyz"),
        (without("ExcludeUppercase")?, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"),
        (without("ExcludeNumbers")?, "0123456789"),
        (without("ExcludePunctuation")?, PUNCTUATION),
        (!without("IncludeSpace")?, " "),
    ];
    let letters = |of: &str| of.chars().filter(|letter| !excluded.contains(*letter)).collect::<Vec<char>>();
    let types: Vec<Vec<char>> = types.iter().filter(|(without, _)| !without).map(|(_, of)| letters(of)).collect();
    let types: Vec<Vec<char>> = types.into_iter().filter(|letters| !letters.is_empty()).collect();
    let all: Vec<char> = types.concat();
    if all.is_empty() {
        return Err(members.refuse("The character set is empty: everything is excluded."));
    }
    let each = members.flag("RequireEachIncludedType")?.unwrap_or(true);
    if each && length < types.len() {
        return Err(members.refuse("The password length is too short for the required character types."));
    }
    let mut draw = Draw { numbers: Vec::new() };
    let mut password = Vec::with_capacity(length);
    for at in 0..length {
        // The first are one of each type; shuffling hides which.
        let from = types.get(at).filter(|_| each).unwrap_or(&all);
        password.push(from[draw.below(tx, from.len())?]);
    }
    for at in (1..password.len()).rev() {
        password.swap(at, draw.below(tx, at + 1)?);
    }
    Ok(json!({"RandomPassword": password.into_iter().collect::<String>()}))
}

/// Numbers drawn from the store.
struct Draw {
    numbers: Vec<usize>,
}

impl Draw {
    fn below(&mut self, tx: &mut Tx<'_>, limit: usize) -> Result<usize, Fault> {
        if self.numbers.is_empty() {
            let hex = tx.fresh_hex("password")?;
            let four = |at: usize| usize::from_str_radix(&hex[at..at + 4], 16).unwrap_or(at);
            self.numbers = (0..hex.len()).step_by(4).map(four).collect();
        }
        Ok(self.numbers.pop().unwrap_or_default() % limit)
    }
}
