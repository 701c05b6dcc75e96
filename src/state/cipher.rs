//! [`Seal`]: how the secrets of a stack are encrypted, and the [`Key`] that it takes.
//!
//! Each text is encrypted by itself with XChaCha20-Poly1305 under a random nonce; the lineage of the stack and the hash of
//! the text are associated data, so that none can be put in the place of another. The key is 32 bytes: derived from a
//! passphrase with Argon2id, or a data key that AWS KMS made and wrapped.

use argon2::{Algorithm, Argon2, Params, Version};
use base64::prelude::{BASE64_STANDARD, Engine as _};
use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{KeyInit, XChaCha20Poly1305, XNonce};
use serde::{Deserialize, Serialize};

use super::keys::KeyError;

/// The length of a key, in bytes.
pub const KEY: usize = 32;

/// The length of a nonce, in bytes.
const NONCE: usize = 24;

/// The length of a salt, in bytes: what RFC 9106, section 3.1, recommends.
const SALT: usize = 16;

/// Memory in KiB, passes and lanes for a new passphrase: the first choice of OWASP's Password Storage Cheat Sheet for
/// Argon2id, 19 MiB, two passes, one lane.
const COST: (u32, u32, u32) = (19 * 1024, 2, 1);

/// The most that a file may ask for, in the same order: seconds and 256 MiB.
const MOST: (u32, u32, u32) = (256 * 1024, 16, 16);

/// Where a key comes from.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "by", rename_all = "camelCase", rename_all_fields = "camelCase", deny_unknown_fields)]
pub enum Way {
    /// It is derived from a passphrase with Argon2id.
    Passphrase {
        /// In base64.
        salt: String,
        /// Memory, in KiB.
        memory: u32,
        /// Passes over it.
        passes: u32,
        /// Lanes.
        lanes: u32,
    },
    /// It is a data key, kept as AWS KMS wrapped it.
    Kms {
        /// The ARN of the KMS key.
        key: String,
        /// The wrapped data key, in base64.
        wrapped: String,
    },
}

/// How the secrets of a stack are sealed; stands beside them, and has no secret in it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Seal {
    /// The lineage of the stack.
    pub lineage: String,
    /// Where the key comes from.
    pub way: Way,
    /// An empty text encrypted with the key, by which a wrong key is told from the right one, in base64.
    check: String,
}

/// A key. It is never shown.
#[derive(Clone)]
pub(super) struct Key([u8; KEY]);

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("(key)")
    }
}

impl Way {
    /// A passphrase's, with a salt of its own.
    ///
    /// # Errors
    /// When the system has no random numbers.
    pub(super) fn passphrase() -> Result<Self, KeyError> {
        let (memory, passes, lanes) = COST;
        Ok(Self::Passphrase { salt: BASE64_STANDARD.encode(random::<SALT>()?), memory, passes, lanes })
    }

    /// How a command line names it, without its details.
    pub fn name(&self) -> String {
        match self {
            Self::Passphrase { .. } => "a passphrase".to_owned(),
            Self::Kms { key, .. } => format!("the KMS key {key}"),
        }
    }
}

impl Seal {
    /// A seal for a stack whose secrets `key` encrypts.
    ///
    /// # Errors
    /// When the system has no random numbers.
    pub(super) fn new(lineage: &str, way: Way, key: &Key) -> Result<Self, KeyError> {
        let check = key.encrypt(&said("check", lineage, &way), "")?;
        Ok(Self { lineage: lineage.to_owned(), way, check })
    }

    /// Whether this is the key.
    pub(super) fn is_of(&self, key: &Key) -> bool {
        key.decrypt(&said("check", &self.lineage, &self.way), &self.check).is_some()
    }

    /// Encrypts the text of a secret, whose hash is given.
    ///
    /// # Errors
    /// When the system has no random numbers.
    pub(super) fn close(&self, key: &Key, hash: &str, text: &str) -> Result<String, KeyError> {
        key.encrypt(&said("secret", &self.lineage, &hash), text)
    }

    /// The text of a secret; `None` when it is not what was sealed under this hash.
    pub(super) fn open(&self, key: &Key, hash: &str, closed: &str) -> Option<String> {
        key.decrypt(&said("secret", &self.lineage, &hash), closed)
    }
}

/// Associated data, in a form in which no two are the same.
fn said(what: &str, lineage: &str, of: &impl Serialize) -> Vec<u8> {
    // Texts and numbers are always JSON.
    serde_json::to_vec(&(what, lineage, of)).unwrap_or_default()
}

fn random<const LENGTH: usize>() -> Result<[u8; LENGTH], KeyError> {
    let mut bytes = [0; LENGTH];
    getrandom::fill(&mut bytes).map_err(|error| KeyError::Unusable { reason: error.to_string() })?;
    Ok(bytes)
}

impl Key {
    /// From bytes; `None` when there are more or fewer than [`KEY`].
    pub(super) fn new(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    /// From a passphrase. Takes tens of milliseconds and much memory: not for a thread that others wait for.
    ///
    /// # Errors
    /// When the way is none to derive a key in, or asks for more than is given.
    pub(super) fn derive(passphrase: &str, way: &Way) -> Result<Self, KeyError> {
        let unusable = |reason: &str| KeyError::Unusable { reason: reason.to_owned() };
        let Way::Passphrase { salt, memory, passes, lanes } = way else {
            return Err(unusable("a passphrase opens no key of KMS"));
        };
        if *memory > MOST.0 || *passes > MOST.1 || *lanes > MOST.2 {
            return Err(unusable("the file asks for more memory or time than a key may take"));
        }
        let salt = BASE64_STANDARD.decode(salt).map_err(|error| unusable(&error.to_string()))?;
        let params = Params::new(*memory, *passes, *lanes, Some(KEY)).map_err(|error| unusable(&error.to_string()))?;
        let mut key = [0; KEY];
        let argon = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        argon
            .hash_password_into(passphrase.as_bytes(), &salt, &mut key)
            .map_err(|error| unusable(&error.to_string()))?;
        Ok(Self(key))
    }

    fn encrypt(&self, said: &[u8], text: &str) -> Result<String, KeyError> {
        let nonce = random::<NONCE>()?;
        let payload = Payload { msg: text.as_bytes(), aad: said };
        let closed = XChaCha20Poly1305::new(&self.0.into()).encrypt(&XNonce::from(nonce), payload);
        let closed =
            closed.map_err(|_| KeyError::Unusable { reason: "a secret is too long to be sealed".to_owned() })?;
        Ok(BASE64_STANDARD.encode([nonce.as_slice(), &closed].concat()))
    }

    fn decrypt(&self, said: &[u8], closed: &str) -> Option<String> {
        let bytes = BASE64_STANDARD.decode(closed).ok()?;
        let (nonce, closed) = bytes.split_at_checked(NONCE)?;
        let nonce: [u8; NONCE] = nonce.try_into().ok()?;
        let payload = Payload { msg: closed, aad: said };
        let text = XChaCha20Poly1305::new(&self.0.into()).decrypt(&XNonce::from(nonce), payload).ok()?;
        String::from_utf8(text).ok()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::model::Secret;

    fn key(seed: u8) -> Key {
        Key([seed; KEY])
    }

    fn seal(lineage: &str, key: &Key) -> Seal {
        Seal::new(lineage, Way::Kms { key: "arn".to_owned(), wrapped: "w".to_owned() }, key).expect("a seal")
    }

    #[test]
    fn a_passphrase_gives_one_key_with_its_salt_and_another_with_every_other() {
        let cheap =
            |salt: [u8; SALT]| Way::Passphrase { salt: BASE64_STANDARD.encode(salt), memory: 64, passes: 1, lanes: 1 };
        let (one, other) = (cheap([1; SALT]), cheap([2; SALT]));
        let derived = |text: &str, way: &Way| Key::derive(text, way).expect("a key").0;
        assert_eq!(derived("pass", &one), derived("pass", &one));
        assert_ne!(derived("pass", &one), derived("pass", &other));
        assert_ne!(derived("pass", &one), derived("Pass", &one));
        assert_ne!(Way::passphrase().expect("a way"), Way::passphrase().expect("a way"));
    }

    #[test]
    fn a_file_cannot_ask_for_all_the_memory_there_is() {
        let salt = BASE64_STANDARD.encode([0; SALT]);
        for (memory, passes, lanes) in [(u32::MAX, 1, 1), (64, u32::MAX, 1), (u32::MAX, 1, 1 << 20)] {
            let way = Way::Passphrase { salt: salt.clone(), memory, passes, lanes };
            assert!(matches!(Key::derive("pass", &way), Err(KeyError::Unusable { .. })), "{way:?}");
        }
    }

    #[test]
    fn what_a_seal_says_of_itself_is_part_of_its_check() {
        let seal = seal("lineage", &key(1));
        assert!(seal.is_of(&key(1)) && !seal.is_of(&key(2)));
        assert!(!Seal { lineage: "other".to_owned(), ..seal.clone() }.is_of(&key(1)));
        let way = Way::Kms { key: "another".to_owned(), wrapped: "w".to_owned() };
        assert!(!Seal { way, ..seal }.is_of(&key(1)));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256))]

        #[test]
        fn what_is_closed_opens_with_its_key_for_its_stack_and_hash_only(
            text in ".{0,60}", other in ".{0,60}", lineage in "[a-z\"\\\\,]{0,10}", elsewhere in "[a-z\"\\\\,]{0,10}",
        ) {
            let (right, wrong) = (key(7), key(8));
            let seal_here = seal(&lineage, &right);
            let hash = Secret::Clear(text.clone()).hash();
            let closed = seal_here.close(&right, &hash, &text).expect("closed");
            prop_assert_eq!(seal_here.open(&right, &hash, &closed), Some(text.clone()));
            prop_assert_eq!(seal_here.open(&wrong, &hash, &closed), None);
            prop_assert_ne!(&seal_here.close(&right, &hash, &text).expect("closed"), &closed);
            prop_assert!(text.is_empty() || !closed.contains(&BASE64_STANDARD.encode(&text)));
            if other != text {
                prop_assert_eq!(seal_here.open(&right, &Secret::Clear(other).hash(), &closed), None);
            }
            if elsewhere != lineage {
                prop_assert_eq!(seal(&elsewhere, &right).open(&right, &hash, &closed), None);
            }
        }

        #[test]
        fn a_flipped_bit_is_refused(text in ".{0,20}") {
            let key = key(3);
            let seal = seal("lineage", &key);
            let hash = Secret::Clear(text.clone()).hash();
            let closed = seal.close(&key, &hash, &text).expect("closed");
            let bytes = BASE64_STANDARD.decode(&closed).expect("base64");
            for bit in 0..bytes.len() * 8 {
                let mut flipped = bytes.clone();
                flipped[bit / 8] ^= 1 << (bit % 8);
                prop_assert_eq!(seal.open(&key, &hash, &BASE64_STANDARD.encode(&flipped)), None, "bit {}", bit);
            }
            for length in 0..bytes.len() {
                prop_assert_eq!(seal.open(&key, &hash, &BASE64_STANDARD.encode(&bytes[..length])), None);
            }
        }

        #[test]
        fn no_text_upsets_it(closed in ".{0,80}") {
            let key = key(3);
            prop_assert_eq!(seal("lineage", &key).open(&key, "sha256:", &closed), None);
        }
    }
}
