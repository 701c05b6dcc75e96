//! Encrypting with keys, and data keys to encrypt with elsewhere.

use aws_smithy_types::base64;
use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{KeyInit, XChaCha20Poly1305, XNonce};
use serde_json::json;

use super::super::members::Members;
use super::super::service::Fault;
use super::super::store::Tx;
use super::key::{self, Key};
use crate::model::Json;

const ALGORITHM: &str = "SYMMETRIC_DEFAULT";

/// The longest text that is encrypted, in bytes (API reference, `Encrypt`).
const LONGEST: usize = 4096;

/// The longest data key, in bytes (API reference, `GenerateDataKey`).
const LONGEST_KEY: i64 = 1024;

/// The length of a key's id, which a ciphertext begins with, and of the nonce after it.
const ID: usize = 36;
const NONCE: usize = 24;

fn bytes(members: &Members<'_>, name: &str, most: usize) -> Result<Vec<u8>, Fault> {
    let bytes = base64::decode(members.required(name)?).map_err(|error| members.refuse(error.to_string()))?;
    if bytes.is_empty() || bytes.len() > most {
        return Err(members.refuse(format!("{name} must have 1 to {most} bytes.")));
    }
    Ok(bytes)
}

/// The encryption context, in which order counts for nothing.
fn context(members: &Members<'_>, key: &Key) -> Result<Vec<u8>, Fault> {
    let context = members.text_map("EncryptionContext")?;
    // Texts are always JSON.
    Ok(serde_json::to_vec(&(&key.arn, context)).unwrap_or_default())
}

fn algorithm(members: &Members<'_>) -> Result<(), Fault> {
    match members.text("EncryptionAlgorithm")? {
        Some(other) if other != ALGORITHM => {
            Err(Fault::new("InvalidKeyUsageException", format!("The key does not support {other}.")))
        }
        _ => Ok(()),
    }
}

fn closed(key: &Key, context: &[u8], text: &[u8]) -> Result<String, Fault> {
    let nonce = key::random::<NONCE>()?;
    let payload = Payload { msg: text, aad: context };
    let closed = XChaCha20Poly1305::new(&key.material.into()).encrypt(&XNonce::from(nonce), payload);
    let closed = closed.map_err(|error| Fault::new("KMSInternalException", error.to_string()).status(500))?;
    Ok(base64::encode([key.id.as_bytes(), &nonce, &closed].concat()))
}

pub(super) fn encrypt(tx: &mut Tx<'_>, members: &Members<'_>) -> Result<Json, Fault> {
    let text = bytes(members, "Plaintext", LONGEST)?;
    algorithm(members)?;
    let key = key::usable(tx, members.required("KeyId")?)?;
    let blob = closed(&key, &context(members, &key)?, &text)?;
    Ok(json!({ "CiphertextBlob": blob, "KeyId": key.arn, "EncryptionAlgorithm": ALGORITHM }))
}

pub(super) fn decrypt(tx: &mut Tx<'_>, members: &Members<'_>) -> Result<Json, Fault> {
    let invalid = || Fault::new("InvalidCiphertextException", "");
    let blob = bytes(members, "CiphertextBlob", 6144)?;
    algorithm(members)?;
    let (id, rest) = blob.split_at_checked(ID).ok_or_else(invalid)?;
    let id = std::str::from_utf8(id).map_err(|_| invalid())?;
    let own = key::by_id(tx, id);
    if let Some(named) = members.text("KeyId")? {
        let named = key::find(tx, named)?;
        if named.id != id {
            let message = "The key ID in the request does not identify a CMK that can perform this operation.";
            return Err(Fault::new("IncorrectKeyException", message));
        }
    }
    // Of a key that is not there it cannot be told whether it ever was.
    own.map_err(|_| invalid())?;
    let key = key::usable(tx, id)?;
    let (nonce, closed) = rest.split_at_checked(NONCE).ok_or_else(invalid)?;
    let nonce: [u8; NONCE] = nonce.try_into().map_err(|_| invalid())?;
    let context = context(members, &key)?;
    let payload = Payload { msg: closed, aad: &context };
    let text = XChaCha20Poly1305::new(&key.material.into()).decrypt(&XNonce::from(nonce), payload);
    let text = base64::encode(text.map_err(|_| invalid())?);
    Ok(json!({ "Plaintext": text, "KeyId": key.arn, "EncryptionAlgorithm": ALGORITHM }))
}

pub(super) fn generate(tx: &mut Tx<'_>, members: &Members<'_>, plain: bool) -> Result<Json, Fault> {
    let spec = members.one_of("KeySpec", &["AES_256", "AES_128"])?;
    let length = match (spec, members.number("NumberOfBytes", 1, LONGEST_KEY)?) {
        (Some("AES_128"), None) => 16,
        (Some(_), None) => 32,
        (None, Some(length)) => usize::try_from(length).unwrap_or_default(),
        _ => return Err(members.refuse("Please specify either number of bytes or key spec.")),
    };
    let key = key::usable(tx, members.required("KeyId")?)?;
    let mut data = vec![0; length];
    key::fill(&mut data)?;
    let blob = closed(&key, &context(members, &key)?, &data)?;
    let plain = plain.then(|| base64::encode(&data));
    Ok(json!({ "CiphertextBlob": blob, "Plaintext": plain, "KeyId": key.arn }))
}
