//! [`Support`]: which properties a kind's code sends, and the refusal of those that it does not.

use super::Planner;
use crate::kinds::Facts;
use crate::model::path::{PathPattern, PropertyPath};
use crate::model::{Resource, Value};
use crate::plan::problem::Problem;

/// The parsed form of what a kind sends.
pub(super) struct Support {
    sends: Vec<PathPattern>,
    except: Vec<PathPattern>,
}

impl Planner<'_> {
    pub(super) fn refuse_unsent(&mut self, resource: &Resource, facts: &'static Facts) -> Result<(), Vec<Problem>> {
        let support = self.supports.entry(facts.type_name).or_insert_with(|| Support {
            sends: facts.sends.iter().map(|path| PathPattern::parse(path)).collect(),
            except: facts.except.iter().map(|path| PathPattern::parse(path)).collect(),
        });
        let mut unsent = Vec::new();
        for (name, value) in &resource.properties {
            support.collect_unsent(&PropertyPath::new(name), value, &mut unsent);
        }
        if unsent.is_empty() {
            return Ok(());
        }
        let problem =
            |path: PropertyPath| Problem::NotSent { path: path.to_string(), kind: facts.type_name.to_owned() };
        Err(unsent.into_iter().map(problem).collect())
    }
}

impl Support {
    fn collect_unsent(&self, path: &PropertyPath, value: &Value, unsent: &mut Vec<PropertyPath>) {
        if *value == Value::Null {
            return;
        }
        if self.except.iter().any(|pattern| pattern.covers(path)) {
            unsent.push(path.clone());
            return;
        }
        let covered = self.sends.iter().any(|pattern| pattern.covers(path));
        match value {
            // Something below may still be excepted, or be all that is sent.
            Value::Map(map) if !map.is_empty() => {
                for (key, item) in map {
                    self.collect_unsent(&path.key(key), item, unsent);
                }
            }
            Value::List(items) if !items.is_empty() => {
                for (index, item) in items.iter().enumerate() {
                    self.collect_unsent(&path.index(index), item, unsent);
                }
            }
            _ if covered => {}
            _ => unsent.push(path.clone()),
        }
    }
}
