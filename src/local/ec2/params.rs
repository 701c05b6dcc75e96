//! Parameters of a call as the query protocol carries them: every scalar is a text.

use crate::local::service::Fault;
use crate::model::{Json, JsonMap};

/// The parameters of a call, or of one element in them.
#[derive(Debug, Clone, Copy)]
pub struct Params<'a>(pub &'a JsonMap);

impl<'a> Params<'a> {
    /// The text of a parameter.
    pub fn text(self, name: &str) -> Option<&'a str> {
        self.0.get(name).and_then(Json::as_str)
    }

    /// The text of a parameter that must be there.
    ///
    /// # Errors
    /// `MissingParameter`.
    pub fn required(self, name: &str) -> Result<&'a str, Fault> {
        self.text(name).filter(|text| !text.is_empty()).ok_or_else(|| missing(name))
    }

    /// A truth value.
    ///
    /// # Errors
    /// `InvalidParameterValue` when it is none.
    pub fn flag(self, name: &str) -> Result<Option<bool>, Fault> {
        match self.0.get(name) {
            None => Ok(None),
            Some(Json::Bool(flag)) => Ok(Some(*flag)),
            Some(json) => match json.as_str().unwrap_or_default() {
                "true" => Ok(Some(true)),
                "false" => Ok(Some(false)),
                other => {
                    Err(invalid(format!("Value ({other}) for parameter {name} is invalid. Must be 'true' or 'false'.")))
                }
            },
        }
    }

    /// A truth value wrapped as `{"Value": …}`, as attributes to modify are.
    ///
    /// # Errors
    /// `InvalidParameterValue` when it is none.
    pub fn wrapped_flag(self, name: &str) -> Result<Option<bool>, Fault> {
        self.object(name).map_or(Ok(None), |object| object.flag("Value"))
    }

    /// A whole number.
    ///
    /// # Errors
    /// `InvalidParameterValue` when it is none.
    pub fn integer(self, name: &str) -> Result<Option<i64>, Fault> {
        match self.0.get(name) {
            None => Ok(None),
            Some(json) => match json.as_i64().or_else(|| json.as_str()?.parse().ok()) {
                Some(number) => Ok(Some(number)),
                None => Err(invalid(format!("Value ({json}) for parameter {name} is invalid. Must be an integer."))),
            },
        }
    }

    /// The texts of a list; none when the parameter is absent.
    pub fn list(self, name: &str) -> Vec<&'a str> {
        match self.0.get(name) {
            Some(Json::Array(items)) => items.iter().filter_map(Json::as_str).collect(),
            Some(Json::String(one)) => vec![one],
            _ => Vec::new(),
        }
    }

    /// The elements of a list of objects.
    pub fn objects(self, name: &str) -> Vec<Params<'a>> {
        match self.0.get(name) {
            Some(Json::Array(items)) => items.iter().filter_map(Json::as_object).map(Params).collect(),
            _ => Vec::new(),
        }
    }

    /// An object.
    pub fn object(self, name: &str) -> Option<Params<'a>> {
        self.0.get(name).and_then(Json::as_object).map(Params)
    }

    /// Whether the parameter is there at all.
    pub fn has(self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// Refuses parameters that mean something on AWS and nothing here, so that none is dropped unseen. `false` is let
    /// pass: it asks for nothing.
    ///
    /// # Errors
    /// `UnsupportedOperation`, naming the first.
    pub fn refuse(self, names: &[&str]) -> Result<(), Fault> {
        for name in names {
            let asks = match self.0.get(*name) {
                None | Some(Json::Bool(false)) => false,
                Some(Json::String(text)) => text != "false",
                Some(Json::Object(inner)) => Params(inner).text("Value") != Some("false"),
                Some(_) => true,
            };
            if asks {
                return Err(Fault::new("UnsupportedOperation", format!("The embedded AWS does not know {name}.")));
            }
        }
        Ok(())
    }
}

/// The refusal of a value.
pub fn invalid(message: impl Into<String>) -> Fault {
    Fault::new("InvalidParameterValue", message)
}

/// The refusal of a call that lacks a parameter.
pub fn missing(name: &str) -> Fault {
    Fault::new("MissingParameter", format!("The request must contain the parameter {name}"))
}

/// The refusal of parameters that do not go together.
pub fn combination(message: impl Into<String>) -> Fault {
    Fault::new("InvalidParameterCombination", message)
}

/// The refusal of what others depend on.
pub fn dependency(message: impl Into<String>) -> Fault {
    Fault::new("DependencyViolation", message)
}
