//! Kinds that an embedder adds to [`super::KINDS`]: process-wide, for good.

use std::sync::{PoisonError, RwLock};

use super::{KINDS, Kind};
use crate::model::KindSchema;
use crate::model::schema::{Taken, schemas};

/// What was added, in that order.
static ADDED: RwLock<Vec<&'static dyn Kind>> = RwLock::new(Vec::new());

/// Adds a kind: from now on [`by_type`](super::by_type) and [`schemas`] know it, and scripts have a builder of its name.
/// To add the very same kind again changes nothing.
///
/// Add kinds before scripts are evaluated. What a kind's state needs to be read is the kind: one that a stack has must
/// be added by every process that works on the stack.
///
/// # Errors
/// [`Taken`] when there is a kind of that type or builder's name, or when `schema` is not of the kind's type.
pub fn register(kind: &'static dyn Kind, schema: KindSchema) -> Result<(), Taken> {
    let type_name = kind.facts().type_name;
    if schema.type_name != type_name {
        return Err(Taken::Mismatch { code: type_name.to_owned(), schema: schema.type_name });
    }
    // Held until the end, so that of two at once one comes first.
    let mut added = ADDED.write().unwrap_or_else(PoisonError::into_inner);
    if added.iter().any(|there| std::ptr::eq(there.facts(), kind.facts())) {
        return Ok(());
    }
    if KINDS.iter().any(|there| there.facts().type_name == type_name) {
        return Err(Taken::Kind { type_name: type_name.to_owned(), kind: schema.kind, by: type_name.to_owned() });
    }
    schemas().add(schema)?;
    added.push(kind);
    Ok(())
}

/// The kind of a type, when one was added.
pub(super) fn added(type_name: &str) -> Option<&'static dyn Kind> {
    let added = ADDED.read().unwrap_or_else(PoisonError::into_inner);
    added.iter().copied().find(|kind| kind.facts().type_name == type_name)
}

#[cfg(test)]
mod tests {
    use async_trait::async_trait;
    use serde_json::json;

    use super::*;
    use crate::cloud::{CallError, Cloud};
    use crate::kinds::listing::Among;
    use crate::kinds::{Accepted, Create, Created, Delete, Facts, Observed, Update, by_type};

    /// A kind that never has anything.
    struct Nothing(&'static Facts);

    macro_rules! facts {
        ($type_name:literal) => {
            Facts {
                type_name: $type_name,
                sends: &["path"],
                except: &[],
                replaces: &[],
                name: None,
                unique_by: &[],
                deletable_in_use: false,
                arn: None,
            }
        };
    }

    static NOTE: Facts = facts!("Example::Registry::Note");
    static OTHER: Facts = facts!("Other::Registry::Note");
    static VPC: Facts = facts!("AWS::EC2::VPC");
    static NOTES: Nothing = Nothing(&NOTE);
    static OTHERS: Nothing = Nothing(&OTHER);
    static VPCS: Nothing = Nothing(&VPC);

    #[async_trait]
    impl Kind for Nothing {
        fn facts(&self) -> &'static Facts {
            self.0
        }

        async fn read(&self, _: &Cloud, ids: &[String]) -> Result<Vec<Option<Observed>>, CallError> {
            Ok(vec![None; ids.len()])
        }

        async fn list(&self, _: &Cloud, _: Among<'_>) -> Result<Vec<String>, CallError> {
            Ok(Vec::new())
        }

        async fn find(&self, _: &Cloud, _: &Create<'_>) -> Result<Option<String>, CallError> {
            Ok(None)
        }

        async fn create(&self, _: &Cloud, _: &Create<'_>) -> Result<Created, CallError> {
            Ok(Created::default())
        }

        async fn update(&self, _: &Cloud, _: &Update<'_>) -> Result<Accepted, CallError> {
            Ok(Accepted::default())
        }

        async fn delete(&self, _: &Cloud, _: &Delete<'_>) -> Result<Accepted, CallError> {
            Ok(Accepted::default())
        }
    }

    fn schema(type_name: &str) -> KindSchema {
        let schema = json!({ "typeName": type_name, "properties": { "Path": { "type": "string" } } });
        KindSchema::from_json(&schema).expect("a schema")
    }

    #[test]
    fn what_is_added_is_known_everywhere_and_added_once() {
        let builders = |name: &str| schemas().kinds().filter(|(kind, _)| kind.as_str() == name).count();
        assert_eq!(builders("registry_note"), 0);
        assert_eq!(register(&NOTES, schema(NOTE.type_name)), Ok(()));
        assert_eq!(register(&NOTES, schema(NOTE.type_name)), Ok(()), "the very same");
        assert_eq!(by_type(NOTE.type_name).map(|kind| kind.facts().type_name), Some(NOTE.type_name));
        let found = schemas().by_type(NOTE.type_name).expect("a schema");
        assert_eq!(found.kind.as_str(), "registry_note");
        assert_eq!(builders("registry_note"), 1);

        let refused = |error: Result<(), Taken>| error.expect_err("refused").to_string();
        assert_eq!(
            refused(register(&OTHERS, schema(OTHER.type_name))),
            "Other::Registry::Note cannot be added: `registry_note` declares Example::Registry::Note already"
        );
        assert_eq!(
            refused(register(&VPCS, schema(VPC.type_name))),
            "AWS::EC2::VPC cannot be added: `ec2_vpc` declares AWS::EC2::VPC already"
        );
        assert_eq!(
            refused(register(&OTHERS, schema(NOTE.type_name))),
            "code for Other::Registry::Note cannot be added with the schema of Example::Registry::Note"
        );
    }
}
