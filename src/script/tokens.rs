//! Tokens: how a reference or a secret travels inside a script's texts.
//!
//! A script sees `vpc.vpcId` as a text. Until it is known, that text is a token: characters of the private use area
//! around what it stands for. Tokens survive interpolation and concatenation, and are decoded where a script's value
//! becomes a property.

use super::session::State;
use crate::model::{Reference, Secret, TemplatePart, Value};

const OPEN: char = '\u{E000}';
const CLOSE: char = '\u{E001}';
const REFERENCE: char = 'r';
const SECRET: char = 's';
const UNKNOWN: char = 'u';

/// A piece of a script's text.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Piece<'a> {
    /// Literal text.
    Text(&'a str),
    /// A reference.
    Reference(Reference),
    /// A secret, by its number in the session.
    Secret(usize),
    /// What came of a mistake already told.
    Unknown,
}

/// The token of a reference.
pub(super) fn reference(reference: &Reference) -> String {
    format!("{OPEN}{REFERENCE}{reference}{CLOSE}")
}

/// The token of a secret.
pub(super) fn secret(number: usize) -> String {
    format!("{OPEN}{SECRET}{number}{CLOSE}")
}

/// The token of what is not known because of a mistake.
pub(super) fn unknown() -> String {
    format!("{OPEN}{UNKNOWN}{CLOSE}")
}

/// Whether a text has a token in it.
pub(super) fn has(text: &str) -> bool {
    text.contains(OPEN)
}

/// A text taken apart. What looks like a token and is none stays text.
pub(super) fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut found = Vec::new();
    let mut rest = text;
    let mut plain = 0;
    while let Some(open) = rest[plain..].find(OPEN).map(|at| plain + at) {
        let inside = open + OPEN.len_utf8();
        let token = rest[inside..].find(CLOSE).and_then(|length| {
            let close = inside + length;
            Some((decode(&rest[inside..close])?, close + CLOSE.len_utf8()))
        });
        let Some((piece, end)) = token else {
            plain = inside;
            continue;
        };
        if open > 0 {
            found.push(Piece::Text(&rest[..open]));
        }
        found.push(piece);
        rest = &rest[end..];
        plain = 0;
    }
    if !rest.is_empty() || found.is_empty() {
        found.push(Piece::Text(rest));
    }
    found
}

fn decode(inside: &str) -> Option<Piece<'static>> {
    let mut chars = inside.chars();
    let (sort, rest) = (chars.next()?, chars.as_str());
    match sort {
        REFERENCE => {
            let (address, attribute) = rest.split_once('#')?;
            Some(Piece::Reference(Reference { address: address.parse().ok()?, attribute: attribute.to_owned() }))
        }
        SECRET => Some(Piece::Secret(rest.parse().ok()?)),
        UNKNOWN if rest.is_empty() => Some(Piece::Unknown),
        _ => None,
    }
}

/// The value a text stands for; `None` when a token in it was taken apart. `secrets` are the session's.
pub(super) fn value(text: &str, secrets: &[String]) -> Option<Value> {
    if !text.contains([OPEN, CLOSE]) {
        return Some(Value::String(text.to_owned()));
    }
    let mut parts: Vec<TemplatePart> = Vec::new();
    for piece in pieces(text) {
        parts.push(match piece {
            Piece::Text(text) if text.contains([OPEN, CLOSE]) => return None,
            Piece::Text(text) => TemplatePart::Text(text.to_owned()),
            Piece::Reference(reference) => TemplatePart::Ref(reference),
            Piece::Secret(number) => TemplatePart::Secret(Secret::Clear(secrets.get(number)?.clone())),
            // The mistake is told; an empty template is a text nobody knows, and nothing is said about it again.
            Piece::Unknown => return Some(Value::Template(Vec::new())),
        });
    }
    Some(match parts.as_slice() {
        [TemplatePart::Text(text)] => Value::String(text.clone()),
        [TemplatePart::Ref(reference)] => Value::from(reference.clone()),
        [TemplatePart::Secret(secret)] => Value::Secret(secret.clone()),
        _ => Value::Template(parts),
    })
}

/// A text that is to be written in JSON: its secrets become those that stand there for the same text.
pub(super) fn within_json(text: &str, state: &mut State) -> String {
    if !has(text) {
        return text.to_owned();
    }
    let mut piece = |piece: Piece<'_>| match piece {
        Piece::Text(text) => text.to_owned(),
        Piece::Reference(known) => reference(&known),
        Piece::Unknown => unknown(),
        Piece::Secret(number) => match state.secrets.get(number).cloned().map(Secret::Clear).map(|it| it.within_json())
        {
            Some(Secret::Clear(within)) => secret(state.secret(&within)),
            Some(Secret::Hashed(_)) | None => secret(number),
        },
    };
    pieces(text).into_iter().map(&mut piece).collect()
}

/// A text for the eyes: references as `address.attribute`, secrets hidden.
pub(super) fn shown(text: &str) -> String {
    let piece = |piece: Piece<'_>| match piece {
        Piece::Text(text) => text.to_owned(),
        Piece::Reference(reference) => format!("({}.{})", reference.address, reference.attribute),
        Piece::Secret(_) => "(secret)".to_owned(),
        Piece::Unknown => "(unknown)".to_owned(),
    };
    if has(text) { pieces(text).into_iter().map(piece).collect() } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_found_among_text_and_what_is_none_stays() {
        let vpc = Reference { address: "ec2_vpc.main".parse().expect("an address"), attribute: "vpcId".to_owned() };
        let text = format!("a {OPEN} b{}c{}", reference(&vpc), secret(0));
        let parts = pieces(&text);
        let opening = format!("a {OPEN} b");
        let expected = [Piece::Text(&opening), Piece::Reference(vpc), Piece::Text("c"), Piece::Secret(0)];
        // The lone opening character swallows up to the first closing one, which is no token, and is tried again.
        assert_eq!(parts, expected);
        assert_eq!(shown(&text), format!("a {OPEN} b(ec2_vpc.main.vpcId)c(secret)"));
    }
}
