//! Arguments about the encryption of secrets.

use std::path::PathBuf;

use clap::Args;
use hzscript::state::keys::Wanted;

use super::shared::*;

/// Where the passphrase of a stack comes from.
#[derive(Debug, Clone, Args)]
pub struct KeyArguments {
    /// Read the passphrase of a stack whose secrets are encrypted from this file, which only its owner may read; by
    /// default HZSCRIPT_PASSPHRASE is it, or it is asked for
    #[arg(long, value_name = "FILE", env = "HZSCRIPT_PASSPHRASE_FILE")]
    pub passphrase_file: Option<PathBuf>,
}

/// Whether secrets are to be encrypted.
#[derive(Debug, Clone, Args)]
pub struct EncryptArguments {
    /// Keep the texts of secrets in the state, encrypted: with a `passphrase`, or with the key of KMS that `kms:` and its
    /// id, ARN or alias name. Without this only their hashes are kept. Needed once for a stack
    #[arg(long, value_name = "HOW", value_parser = how, help_heading = "Stack and state")]
    pub encrypt: Option<Wanted>,
}

/// Arguments of `state rekey`.
#[derive(Debug, Clone, Args)]
pub struct RekeyArguments {
    /// The script whose stack it is; it is not evaluated. May be left out with --stack
    #[arg(required_unless_present = "stack")]
    pub script: Option<PathBuf>,
    /// What to encrypt secrets with from now on: a `passphrase`, `kms:` and the id, ARN or alias of a key, or `none` to
    /// keep only their hashes
    #[arg(long, value_name = "HOW", value_parser = how_if_at_all)]
    pub encrypt: Encrypt,
    /// Read the new passphrase from this file, which only its owner may read; by default HZSCRIPT_NEW_PASSPHRASE is it, or
    /// it is asked for
    #[arg(long, value_name = "FILE")]
    pub new_passphrase_file: Option<PathBuf>,
    /// Give the encrypted texts up that cannot be decrypted: the way out when the key is lost. The next run has those again
    /// that the script gives
    #[arg(long)]
    pub discard_secrets: bool,
    #[command(flatten)]
    pub stack: StackArguments,
    #[command(flatten)]
    pub target: TargetArguments,
    /// Print one JSON value
    #[arg(long, help_heading = "Output")]
    pub json: bool,
    /// Print without colours (also: NO_COLOR)
    #[arg(long, help_heading = "Output")]
    pub no_color: bool,
}

/// What to encrypt secrets with, if with anything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Encrypt(pub Option<Wanted>);

/// What to encrypt secrets with.
///
/// # Errors
/// When it is neither a passphrase nor a key.
pub fn how(text: &str) -> Result<Wanted, String> {
    match text.split_once(':') {
        None if text == "passphrase" => Ok(Wanted::Passphrase),
        Some(("kms", key)) if !key.is_empty() => Ok(Wanted::Kms { key: key.to_owned() }),
        // It is not repeated: it may be a passphrase.
        _ => Err("`passphrase` is wanted, or `kms:` and a key such as kms:alias/states".to_owned()),
    }
}

fn how_if_at_all(text: &str) -> Result<Encrypt, String> {
    if text == "none" { Ok(Encrypt(None)) } else { how(text).map(|wanted| Encrypt(Some(wanted))) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_named_and_no_passphrase_given() {
        let kms = |key: &str| Ok(Wanted::Kms { key: key.to_owned() });
        assert_eq!(how("passphrase"), Ok(Wanted::Passphrase));
        assert_eq!(how("kms:alias/states"), kms("alias/states"));
        let arn = "arn:aws:kms:eu-west-1:000000000000:key/1";
        assert_eq!(how(&format!("kms:{arn}")), kms(arn));
        assert_eq!(how_if_at_all("none"), Ok(Encrypt(None)));
        for wrong in ["", "none", "kms", "kms:", "passphrase:hunter2", "hunter2"] {
            assert!(how(wrong).is_err_and(|told| !told.contains("hunter2")), "{wrong}");
        }
    }
}
