//! Texts that CloudFormation puts together: [`Piece`]s, and the function that joins them.

use serde_json::json;

use crate::model::Json;

/// A piece of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Piece {
    /// Text as it is.
    Text(String),
    /// What `Ref` of this answers: a logical id or a pseudo parameter.
    Ref(String),
    /// An attribute of a resource, by logical id and name.
    Attribute(String, String),
    /// The region's availability zone of this number, from 0.
    Zone(usize),
}

/// The text, as short as CloudFormation can say it.
pub(super) fn joined(pieces: Vec<Piece>) -> Json {
    let mut merged: Vec<Piece> = Vec::with_capacity(pieces.len());
    for piece in pieces {
        match (merged.last_mut(), piece) {
            (_, Piece::Text(text)) if text.is_empty() => {}
            (Some(Piece::Text(before)), Piece::Text(text)) => before.push_str(&text),
            (_, piece) => merged.push(piece),
        }
    }
    match merged.as_slice() {
        [] => "".into(),
        [only] => single(only),
        several if several.iter().any(|piece| matches!(piece, Piece::Zone(_))) => {
            json!({ "Fn::Join": ["", several.iter().map(single).collect::<Json>()] })
        }
        several => json!({ "Fn::Sub": several.iter().map(substituted).collect::<String>() }),
    }
}

fn single(piece: &Piece) -> Json {
    match piece {
        Piece::Text(text) => text.as_str().into(),
        Piece::Ref(name) => json!({ "Ref": name }),
        Piece::Attribute(id, name) => json!({ "Fn::GetAtt": [id, name] }),
        Piece::Zone(number) => json!({ "Fn::Select": [number, { "Fn::GetAZs": "" }] }),
    }
}

/// A piece in the language of `Fn::Sub`, where `${!x}` stands for `${x}` as it is.
fn substituted(piece: &Piece) -> String {
    match piece {
        Piece::Text(text) => text.replace("${", "${!"),
        Piece::Ref(name) => format!("${{{name}}}"),
        Piece::Attribute(id, name) => format!("${{{id}.{name}}}"),
        Piece::Zone(number) => number.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_said_as_short_as_it_can_be() {
        let text = |text: &str| Piece::Text(text.to_owned());
        let (role, arn) = (Piece::Ref("Role".to_owned()), Piece::Attribute("Role".to_owned(), "Arn".to_owned()));
        assert_eq!(joined(vec![]), json!(""));
        assert_eq!(joined(vec![text("a ${b}"), text("c")]), json!("a ${b}c"));
        assert_eq!(joined(vec![text(""), role.clone()]), json!({ "Ref": "Role" }));
        assert_eq!(joined(vec![arn.clone()]), json!({ "Fn::GetAtt": ["Role", "Arn"] }));
        let said = joined(vec![role.clone(), text("-${x}-"), arn]);
        assert_eq!(said, json!({ "Fn::Sub": "${Role}-${!x}-${Role.Arn}" }));
        let zone = json!({ "Fn::Select": [1, { "Fn::GetAZs": "" }] });
        assert_eq!(
            joined(vec![Piece::Zone(1), text("/"), role]),
            json!({ "Fn::Join": ["", [zone, "/", { "Ref": "Role" }]] })
        );
    }
}
