//! How state is written down: a JSON object with the version of its format, and as its last line a checksum of all
//! that stands before it.
//!
//! Secrets stand in it as hashes; where the stack is sealed, the member `sealed` has their texts encrypted. Format 3 has
//! it, and is written where there is one: what does not know it would lose them. Format 2 has none. Format 1 has no
//! checksum, and its records no version. All three are read.

use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};

use super::keys::{KeyError, Keyring, Sealed};
use super::snapshot::{FORMAT, NEWEST_FORMAT};
use crate::model::{Json, Secrets};

/// The last format without a checksum.
const UNSEALED: u64 = 1;

/// The member with what is sealed.
const SEALED: &str = "sealed";

/// What stands before the checksum, and after it.
const BEFORE: &str = ",\n  \"checksum\": \"";
const AFTER: &str = "\"\n}\n";

/// How many digits a checksum has.
const DIGITS: usize = 64;

/// Why what was read is not what was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Broken {
    /// A newer version of the program wrote it, in this format.
    Newer(u64),
    /// It was edited or cut short.
    Because(String),
}

/// Why a value cannot be written.
#[derive(Debug)]
pub(super) enum Unwritable {
    /// It cannot be JSON.
    Json(serde_json::Error),
    /// Its secrets cannot be sealed.
    Key(KeyError),
}

/// What is written of a value.
///
/// # Errors
/// When the value cannot be JSON, or has a secret that cannot be sealed and is to be.
pub(super) fn seal<T: Serialize + Secrets + Clone>(value: &T, keys: &Keyring) -> Result<Vec<u8>, Unwritable> {
    let json = serde_json::to_value(value).map_err(Unwritable::Json)?;
    let sealed = keys.close(value).map_err(Unwritable::Key)?;
    let lineage = json.get("lineage").and_then(Json::as_str);
    if sealed.as_ref().zip(lineage).is_some_and(|(sealed, lineage)| sealed.seal.lineage != lineage) {
        return Err(Unwritable::Key(KeyError::AnothersSeal));
    }
    // A snapshot says how the stack is sealed; all else only what it has to.
    let sealed = sealed.filter(|sealed| lineage.is_some() || !sealed.secrets.is_empty());
    put_together(json, sealed.as_ref()).map_err(Unwritable::Json)
}

/// The value that was written; its secrets are texts as far as there are keys.
///
/// # Errors
/// When it was not written so.
pub(super) fn open<T: DeserializeOwned + Secrets>(bytes: &[u8], keys: &Keyring) -> Result<T, Broken> {
    let (json, sealed) = take_apart(bytes)?;
    let mut value: T = serde_json::from_value(json).map_err(because)?;
    if let Some(sealed) = &sealed {
        keys.open(sealed, &mut value).map_err(|_| Broken::Because("a sealed secret was altered".to_owned()))?;
    }
    Ok(value)
}

/// What is written of an object, and of what is sealed of its secrets.
///
/// # Errors
/// When it cannot be JSON.
pub(super) fn put_together(mut json: Json, sealed: Option<&Sealed>) -> Result<Vec<u8>, serde_json::Error> {
    if let Some(object) = json.as_object_mut() {
        let format = if sealed.is_some() { NEWEST_FORMAT } else { FORMAT };
        object.insert("format".to_owned(), format.into());
        if let Some(sealed) = sealed {
            object.insert(SEALED.to_owned(), serde_json::to_value(sealed)?);
        }
    }
    let mut text = serde_json::to_string_pretty(&json)?;
    if let Some(open) = text.strip_suffix("\n}").map(str::len) {
        text.truncate(open);
    }
    let checksum = checksum(text.as_bytes());
    Ok([text.as_str(), BEFORE, checksum.as_str(), AFTER].concat().into_bytes())
}

/// The object that was written, and what is sealed of its secrets.
///
/// # Errors
/// When it was not written so.
pub(super) fn take_apart(bytes: &[u8]) -> Result<(Json, Option<Sealed>), Broken> {
    let mut json: Json = serde_json::from_slice(bytes).map_err(because)?;
    let format = json.get("format").and_then(Json::as_u64).unwrap_or(UNSEALED);
    match stated(bytes) {
        Some((contents, stated)) if checksum(contents).as_bytes() != stated => {
            return Err(Broken::Because("its checksum is not that of its contents".to_owned()));
        }
        _ if format > u64::from(NEWEST_FORMAT) => return Err(Broken::Newer(format)),
        None if format > UNSEALED || json.get("checksum").is_some() => {
            return Err(Broken::Because("its last line is not its checksum".to_owned()));
        }
        _ => {}
    }
    let mut sealed = None;
    if let Some(object) = json.as_object_mut() {
        object.insert("format".to_owned(), FORMAT.into());
        object.remove("checksum");
        if let Some(found) = object.remove(SEALED) {
            let found: Sealed = serde_json::from_value(found).map_err(because)?;
            if object.get("lineage").is_some_and(|lineage| *lineage != *found.seal.lineage) {
                return Err(Broken::Because("its secrets were sealed for another stack".to_owned()));
            }
            sealed = Some(found);
        }
    }
    Ok((json, sealed))
}

/// What is sealed in what was written, as far as it can be made out.
pub(super) fn sealed(bytes: &[u8]) -> Option<Sealed> {
    // Most has none: it need not be read for that.
    let member = format!("\"{SEALED}\"");
    bytes.windows(member.len()).any(|window| window == member.as_bytes()).then(|| take_apart(bytes).ok()?.1).flatten()
}

fn because(error: serde_json::Error) -> Broken {
    Broken::Because(error.to_string())
}

/// What a text is a checksum of, and the checksum it states.
fn stated(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let rest = bytes.strip_suffix(AFTER.as_bytes())?;
    let (rest, checksum) = rest.split_at_checked(rest.len().checked_sub(DIGITS)?)?;
    Some((rest.strip_suffix(BEFORE.as_bytes())?, checksum))
}

fn checksum(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::model::{JsonMap, Timeouts, Value};
    use crate::state::{Record, Recorded, Snapshot, Status, Target, Verb};

    fn seal<T: Serialize + Secrets + Clone>(value: &T) -> Result<Vec<u8>, Unwritable> {
        super::seal(value, &Keyring::default())
    }

    fn open<T: DeserializeOwned + Secrets>(bytes: &[u8]) -> Result<T, Broken> {
        super::open(bytes, &Keyring::default())
    }

    fn recorded(note: &str, number: f64) -> Recorded {
        let inputs = json!({ "logGroupName": note, "retentionInDays": 5, "tags": [{ "key": "a", "value": note }] });
        let Value::Map(mut inputs) = Value::from_json(&inputs) else { panic!("a map") };
        inputs.insert("share".to_owned(), Value::Float(number));
        Recorded {
            kind: "AWS::Logs::LogGroup".to_owned(),
            id: note.to_owned(),
            generation: 1,
            inputs,
            attributes: JsonMap::new(),
            dependencies: Vec::new(),
            status: Status::Ready,
            protect: false,
            retain: false,
            replace_on: Vec::new(),
            ignore_changes: Vec::new(),
            timeouts: Timeouts::default(),
            formation: None,
        }
    }

    fn record(note: &str, number: f64) -> Record {
        Record::Intent {
            address: "logs_log_group.a".parse().expect("an address"),
            verb: Verb::Create,
            token: "t-1".to_owned(),
            recorded: Box::new(recorded(note, number)),
        }
    }

    fn snapshot(note: &str, number: f64) -> Snapshot {
        let target = Target { cloud: "model".to_owned(), account: "0".repeat(12), region: "nowhere-1".to_owned() };
        let mut snapshot = Snapshot::new("lineage".to_owned(), "stack", target);
        let address = "logs_log_group.a".parse().expect("an address");
        snapshot.apply(&Record::Made { address, recorded: Box::new(recorded(note, number)) });
        snapshot.apply(&record(note, number));
        snapshot.apply(&Record::Outputs { outputs: BTreeMap::from([("name".to_owned(), Value::String(note.into()))]) });
        snapshot
    }

    #[test]
    fn every_byte_and_every_length_counts() {
        let (snapshot, record) = (snapshot("ü", 0.1), record("ü", 0.1));
        let (whole, entry) = (seal(&snapshot).expect("sealed"), seal(&record).expect("sealed"));
        assert_eq!(open(&whole), Ok(snapshot));
        assert_eq!(open(&entry), Ok(record));
        for bit in 0..8 {
            for at in 0..whole.len() {
                let mut flipped = whole.clone();
                flipped[at] ^= 1 << bit;
                assert!(open::<Snapshot>(&flipped).is_err(), "bit {bit} of byte {at}");
            }
            for at in 0..entry.len() {
                let mut flipped = entry.clone();
                flipped[at] ^= 1 << bit;
                assert!(open::<Record>(&flipped).is_err(), "bit {bit} of byte {at}");
            }
        }
        for length in 0..whole.len() {
            assert!(open::<Snapshot>(&whole[..length]).is_err(), "{length} bytes");
        }
        for length in 0..entry.len() {
            assert!(open::<Record>(&entry[..length]).is_err(), "{length} bytes");
        }
    }

    #[test]
    fn the_format_before_checksums_is_read_and_a_newer_one_is_not() {
        let snapshot = snapshot("a", 0.5);
        let mut old = serde_json::to_value(&snapshot).expect("JSON");
        old["format"] = 1.into();
        let text = serde_json::to_vec_pretty(&old).expect("JSON");
        assert_eq!(open(&text), Ok(snapshot));
        let record = record("a", 0.5);
        assert_eq!(open(&serde_json::to_vec_pretty(&record).expect("JSON")), Ok(record));
        old["format"] = (NEWEST_FORMAT + 1).into();
        let newer = serde_json::to_vec_pretty(&old).expect("JSON");
        assert_eq!(open::<Snapshot>(&newer), Err(Broken::Newer(u64::from(NEWEST_FORMAT) + 1)));
    }

    #[test]
    fn a_checksum_cannot_be_left_out() {
        let mut json = serde_json::to_value(snapshot("a", 0.5)).expect("JSON");
        let without = serde_json::to_vec_pretty(&json).expect("JSON");
        assert_eq!(open::<Snapshot>(&without), Err(Broken::Because("its last line is not its checksum".to_owned())));
        json["format"] = 1.into();
        json["checksum"] = "0".into();
        let misplaced = serde_json::to_vec_pretty(&json).expect("JSON");
        assert_eq!(open::<Snapshot>(&misplaced), Err(Broken::Because("its last line is not its checksum".to_owned())));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(128))]

        #[test]
        fn what_is_written_is_read(note in ".{0,40}", number in any::<f64>().prop_filter("finite", |number| number.is_finite())) {
            let text = seal(&record(&note, number)).expect("sealed");
            let Ok(Record::Intent { recorded: read, .. }) = open::<Record>(&text) else { panic!("it is whole") };
            prop_assert_eq!(&read.id, &note);
            prop_assert_eq!(read.inputs.get("share"), Some(&Value::Float(number)));
        }

        #[test]
        fn an_edited_text_is_refused(
            note in "[a-z\"\\\\]{0,20}", from in any::<prop::sample::Index>(), length in 0usize..40,
            instead in prop_oneof![
                prop::collection::vec(any::<u8>(), 0..40),
                "[ \n{}\\[\\],:\"0-9a-f]{0,40}".prop_map(String::into_bytes),
            ],
        ) {
            let whole = seal(&snapshot(&note, 0.5)).expect("sealed");
            let from = from.index(whole.len());
            let to = (from + length).min(whole.len());
            let edited = [&whole[..from], &instead, &whole[to..]].concat();
            prop_assert_eq!(open::<Snapshot>(&edited).is_ok(), edited == whole);
        }

        #[test]
        fn no_bytes_upset_it(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            prop_assert!(open::<Snapshot>(&bytes).is_err());
            prop_assert!(open::<Record>(&bytes).is_err());
        }
    }
}
