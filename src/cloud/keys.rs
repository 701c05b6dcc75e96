//! AWS KMS as what makes the keys of sealed secrets.

use async_trait::async_trait;
use aws_sdk_kms::primitives::Blob;

use super::{Cloud, failed};
use crate::state::keys::{DataKey, KeyService};

/// The name of the encryption context that every call has; its value is the lineage of the stack.
pub const CONTEXT: &str = "hzscript:lineage";

#[async_trait]
impl KeyService for Cloud {
    async fn make(&self, key: &str, lineage: &str, length: usize) -> Result<DataKey, String> {
        let length = i32::try_from(length).map_err(|error| error.to_string())?;
        let call = self.kms.generate_data_key().key_id(key).number_of_bytes(length);
        let answer = call.encryption_context(CONTEXT, lineage).send().await;
        let answer = answer.map_err(failed("kms:GenerateDataKey")).map_err(|error| error.to_string())?;
        let bytes = |blob: Option<Blob>| blob.map(Blob::into_inner).unwrap_or_default();
        Ok(DataKey {
            wrapped_by: answer.key_id.unwrap_or_else(|| key.to_owned()),
            plain: bytes(answer.plaintext),
            wrapped: bytes(answer.ciphertext_blob),
        })
    }

    async fn unwrap(&self, key: &str, lineage: &str, wrapped: Vec<u8>) -> Result<Vec<u8>, String> {
        let call = self.kms.decrypt().key_id(key).ciphertext_blob(Blob::new(wrapped));
        let answer = call.encryption_context(CONTEXT, lineage).send().await;
        let answer = answer.map_err(failed("kms:Decrypt")).map_err(|error| error.to_string())?;
        Ok(answer.plaintext.map(Blob::into_inner).unwrap_or_default())
    }
}
