//! [`Keyring`]: the keys that a stack's secrets are sealed with, and what it takes to get at them.
//!
//! With a key, secrets are read as their texts and written sealed. Without one they are hashes, and what is sealed of
//! them is carried over as it is, so that commands which need no text lose none. A text that cannot be sealed is not
//! written at all.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use base64::prelude::{BASE64_STANDARD, Engine as _};
use serde::{Deserialize, Serialize};

use super::cipher::{KEY, Key, Seal, Way};
use crate::model::{Secret, Secrets};

/// Why secrets cannot be sealed or their texts not be had.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// The passphrase is another one.
    #[error("the passphrase is not the one that the secrets of this stack are sealed with")]
    WrongPassphrase,
    /// The key that KMS gave is another one.
    #[error("the key that KMS unwraps is not the one that the secrets of this stack are sealed with")]
    WrongKey,
    /// A text is needed, or is to be sealed, and there is no key.
    #[error("the secrets of this stack are sealed with {}, which is needed here", way.name())]
    Missing {
        /// What they are sealed with.
        way: Way,
    },
    /// The stack is sealed in another way than was asked for.
    #[error("the secrets of this stack are sealed with {}, not with {asked}", now.name())]
    SealedOtherwise {
        /// How they are.
        now: Way,
        /// How they were to be.
        asked: Wanted,
    },
    /// KMS refused or could not be asked.
    #[error("the KMS key {key} cannot be used: {reason}")]
    Service {
        /// The key.
        key: String,
        /// Why not.
        reason: String,
    },
    /// The seal belongs to another stack.
    #[error("what seals the secrets was made for another stack")]
    AnothersSeal,
    /// There is no making a key.
    #[error("no key can be made: {reason}")]
    Unusable {
        /// Why not.
        reason: String,
    },
}

/// What to seal with where nothing is sealed yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wanted {
    /// A passphrase.
    Passphrase,
    /// A data key of AWS KMS.
    Kms {
        /// The KMS key: an id, an ARN, or an alias such as `alias/states`.
        key: String,
    },
}

impl std::fmt::Display for Wanted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Passphrase => f.write_str("a passphrase"),
            Self::Kms { key } => write!(f, "the KMS key {key}"),
        }
    }
}

impl Wanted {
    /// Whether this may be the way in which something is sealed; which key an alias names is not known here.
    fn may_be(&self, way: &Way) -> bool {
        match (self, way) {
            (Self::Passphrase, Way::Passphrase { .. }) => true,
            (Self::Kms { key: asked }, Way::Kms { key, .. }) => {
                asked.contains("alias/") || key.rsplit('/').next() == asked.rsplit('/').next()
            }
            _ => false,
        }
    }
}

/// A passphrase, which is never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Passphrase(String);

impl Passphrase {
    /// `None` when it is empty.
    pub fn new(text: impl Into<String>) -> Option<Self> {
        Some(text.into()).filter(|text| !text.is_empty()).map(Self)
    }
}

impl std::fmt::Debug for Passphrase {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("(passphrase)")
    }
}

/// A data key that a service has made.
pub struct DataKey {
    /// The ARN of the key that wraps it.
    pub wrapped_by: String,
    /// The key.
    pub plain: Vec<u8>,
    /// The key as wrapped.
    pub wrapped: Vec<u8>,
}

/// What makes data keys and unwraps them, such as AWS KMS. The lineage of the stack goes with every call, so that a key
/// serves no other.
#[async_trait]
pub trait KeyService: std::fmt::Debug + Send + Sync {
    /// A new data key of `length` bytes.
    ///
    /// # Errors
    /// Why there is none.
    async fn make(&self, key: &str, lineage: &str, length: usize) -> Result<DataKey, String>;

    /// A data key from its wrapped form.
    ///
    /// # Errors
    /// Why it cannot be had.
    async fn unwrap(&self, key: &str, lineage: &str, wrapped: Vec<u8>) -> Result<Vec<u8>, String>;
}

/// Secrets as they stand in a file: how they are sealed, and each by its hash.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sealed {
    /// How.
    pub seal: Seal,
    /// Nonce and ciphertext in base64, by the hash of the text.
    pub secrets: BTreeMap<String, String>,
}

/// A sealed secret is not what was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Altered;

/// Keys of one stack. Cheap to clone; clones share what one of them has opened.
#[derive(Debug, Clone, Default)]
pub struct Keyring {
    passphrase: Option<Passphrase>,
    service: Option<Arc<dyn KeyService>>,
    wanted: Option<Wanted>,
    held: Arc<Mutex<Held>>,
}

#[derive(Debug, Default)]
struct Held {
    keys: HashMap<Seal, Key>,
    /// How the stack is sealed.
    current: Option<Seal>,
    /// What is sealed of secrets whose texts are not known, by hash.
    carried: BTreeMap<String, (Seal, String)>,
}

impl Keyring {
    /// A keyring with what there is to get keys by; `wanted` says what to seal with where nothing is sealed yet.
    pub fn new(passphrase: Option<Passphrase>, service: Option<Arc<dyn KeyService>>, wanted: Option<Wanted>) -> Self {
        Self { passphrase, service, wanted, held: Arc::default() }
    }

    /// Whether anything could be opened with it.
    pub(super) fn has_means(&self) -> bool {
        self.passphrase.is_some() || self.service.is_some()
    }

    /// How the stack is sealed, as far as was read.
    pub fn seal(&self) -> Option<Seal> {
        self.held().current.clone()
    }

    /// From here on what is written is sealed like this; not at all when it is `None`.
    pub fn follow(&self, seal: Option<Seal>) {
        self.held().current = seal;
    }

    /// Gets the key of a seal, if it was not got before. Says whether there is one.
    ///
    /// # Errors
    /// When the passphrase is another one, or KMS does not give the key.
    pub async fn unlock(&self, seal: &Seal) -> Result<bool, KeyError> {
        if self.held().keys.contains_key(seal) {
            return Ok(true);
        }
        let (key, wrong) = match (&seal.way, &self.passphrase, &self.service) {
            (way @ Way::Passphrase { .. }, Some(passphrase), _) => {
                (derive(passphrase, way).await?, KeyError::WrongPassphrase)
            }
            (Way::Kms { key, wrapped }, _, Some(service)) => {
                let failed = |reason: String| KeyError::Service { key: key.clone(), reason };
                let wrapped = BASE64_STANDARD.decode(wrapped).map_err(|error| failed(error.to_string()))?;
                let plain = service.unwrap(key, &seal.lineage, wrapped).await.map_err(failed)?;
                (Key::new(&plain).ok_or(KeyError::WrongKey)?, KeyError::WrongKey)
            }
            _ => return Ok(false),
        };
        if !seal.is_of(&key) {
            return Err(wrong);
        }
        self.held().keys.insert(seal.clone(), key);
        Ok(true)
    }

    /// Seals a stack that is not sealed yet, when that is wanted. Says whether it was done.
    ///
    /// # Errors
    /// When it is sealed in another way, or no key can be made.
    pub async fn begin(&self, lineage: &str) -> Result<bool, KeyError> {
        let Some(wanted) = &self.wanted else { return Ok(false) };
        if let Some(seal) = self.seal() {
            let asked = wanted.clone();
            return if wanted.may_be(&seal.way) {
                Ok(false)
            } else {
                Err(KeyError::SealedOtherwise { now: seal.way, asked })
            };
        }
        let (key, way) = match wanted {
            Wanted::Passphrase => {
                let way = Way::passphrase()?;
                let Some(passphrase) = &self.passphrase else { return Err(KeyError::Missing { way }) };
                (derive(passphrase, &way).await?, way)
            }
            Wanted::Kms { key } => {
                let failed = |reason: &str| KeyError::Service { key: key.clone(), reason: reason.to_owned() };
                let service = self.service.as_ref().ok_or_else(|| failed("there is no connection to KMS"))?;
                let made = service.make(key, lineage, KEY).await.map_err(|reason| failed(&reason))?;
                let key = Key::new(&made.plain).ok_or_else(|| failed("it gave a key of another length"))?;
                (key, Way::Kms { key: made.wrapped_by, wrapped: BASE64_STANDARD.encode(made.wrapped) })
            }
        };
        let seal = Seal::new(lineage, way, &key)?;
        let mut held = self.held();
        held.keys.insert(seal.clone(), key);
        held.current = Some(seal);
        Ok(true)
    }

    /// That texts of secrets can be had and sealed, as far as the stack is sealed at all.
    ///
    /// # Errors
    /// [`KeyError::Missing`] when they cannot.
    pub fn require(&self) -> Result<(), KeyError> {
        let held = self.held();
        match &held.current {
            Some(seal) if !held.keys.contains_key(seal) => Err(KeyError::Missing { way: seal.way.clone() }),
            _ => Ok(()),
        }
    }

    /// The secrets of a value, sealed; `None` when the stack is not.
    ///
    /// # Errors
    /// When a text can be neither sealed nor carried over.
    pub fn close<T: Secrets + Clone>(&self, value: &T) -> Result<Option<Sealed>, KeyError> {
        let Some(seal) = self.seal() else { return Ok(None) };
        let mut found: BTreeMap<String, Option<String>> = BTreeMap::new();
        value.clone().visit_secrets(&mut |secret| {
            let text = found.entry(secret.hash()).or_default();
            if let Secret::Clear(clear) = secret {
                *text = Some(clear.clone());
            }
        });
        self.close_texts(seal, found).map(Some)
    }

    fn close_texts(&self, seal: Seal, texts: BTreeMap<String, Option<String>>) -> Result<Sealed, KeyError> {
        let held = self.held();
        let key = held.keys.get(&seal);
        let mut secrets = BTreeMap::new();
        for (hash, text) in texts {
            let carried = || held.carried.get(&hash).filter(|(of, _)| *of == seal).map(|(_, closed)| closed.clone());
            let closed = match (&text, key) {
                (Some(text), Some(key)) => Some(seal.close(key, &hash, text)?),
                (Some(_), None) => Some(carried().ok_or_else(|| KeyError::Missing { way: seal.way.clone() })?),
                (None, _) => carried(),
            };
            if let Some(closed) = closed {
                secrets.insert(hash, closed);
            }
        }
        drop(held);
        Ok(Sealed { seal, secrets })
    }

    /// Puts the texts of secrets in their places. Without the key they stay hashes, and what is sealed is kept for when the
    /// value is written again.
    ///
    /// # Errors
    /// When something sealed is not what was written.
    pub fn open<T: Secrets>(&self, sealed: &Sealed, value: &mut T) -> Result<(), Altered> {
        let texts = self.texts(sealed)?;
        value.visit_secrets(&mut |secret| {
            if let Secret::Hashed(hash) = secret
                && let Some(text) = texts.get(hash)
            {
                *secret = Secret::Clear(text.clone());
            }
        });
        Ok(())
    }

    fn texts(&self, sealed: &Sealed) -> Result<BTreeMap<String, String>, Altered> {
        let mut held = self.held();
        let Sealed { seal, secrets } = sealed;
        let Some(key) = held.keys.get(seal) else {
            let carried = secrets.iter().map(|(hash, closed)| (hash.clone(), (seal.clone(), closed.clone())));
            held.carried.extend(carried);
            return Ok(BTreeMap::new());
        };
        let opened = secrets.iter().map(|(hash, closed)| {
            let text = seal.open(key, hash, closed).ok_or(Altered)?;
            Ok((hash.clone(), text))
        });
        opened.collect()
    }

    /// The same secrets sealed as `to` seals; `None` when it does not.
    ///
    /// # Errors
    /// [`Altered`] inside when something sealed is not what was written; [`KeyError::Missing`] without either key.
    pub(super) fn close_again(&self, sealed: &Sealed, to: &Self) -> Result<Result<Option<Sealed>, Altered>, KeyError> {
        if !self.held().keys.contains_key(&sealed.seal) {
            return Err(KeyError::Missing { way: sealed.seal.way.clone() });
        }
        let texts = match self.texts(sealed) {
            Ok(texts) => texts,
            Err(altered) => return Ok(Err(altered)),
        };
        let Some(seal) = to.seal() else { return Ok(Ok(None)) };
        let texts = texts.into_iter().map(|(hash, text)| (hash, Some(text))).collect();
        to.close_texts(seal, texts).map(|sealed| Ok(Some(sealed)))
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        // What it guards is whole between any two of its changes.
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Derives a key on a thread that nobody waits for.
async fn derive(passphrase: &Passphrase, way: &Way) -> Result<Key, KeyError> {
    let (passphrase, way) = (passphrase.clone(), way.clone());
    let derived = tokio::task::spawn_blocking(move || Key::derive(&passphrase.0, &way)).await;
    derived.unwrap_or_else(|error| Err(KeyError::Unusable { reason: error.to_string() }))
}
