//! Images of containers: names that no registry has are refused before anything is made.

use std::collections::BTreeMap;

use super::super::image;
use super::super::session::Mistake;
use super::Checker;
use crate::model::{PropertyPath, Value};

/// Checks the images of a task definition.
pub(super) fn check(properties: &BTreeMap<String, Value>, checker: &mut Checker<'_>) {
    let Some(Value::List(containers)) = properties.get("containerDefinitions") else { return };
    for (index, container) in containers.iter().enumerate() {
        let Value::Map(container) = container else { continue };
        let Some(Value::String(name)) = container.get("image") else { continue };
        if image::parse(name).is_none() {
            let mistake = Mistake::new(format!("`{name}` is no name of an image")).label("not a name of an image");
            let help =
                "such as `hazelcast/hazelcast:5.5.10`: lower case, without spaces, a tag after a colon".to_owned();
            checker.value(&PropertyPath::new("containerDefinitions").index(index).key("image"), mistake.help(help));
        }
    }
}
