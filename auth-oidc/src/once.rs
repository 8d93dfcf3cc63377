//! Once: what a client signs is taken the first time, and never again.
use crate::{Provider, provider::sha256, records};
use auth_core::{document::*, ports::*, token::LEEWAY, value::*};
use serde_json::Value;

impl Provider {
    /// Whether a `jti` of this signer is new. It is remembered until whatever it names is over.
    pub(crate) async fn is_new(&self, kind: &str, signer: &str, jti: &str, ends_at: Timestamp) -> Outside<bool> {
        let key = records::key(kind, &sha256(signer), &sha256(jti))?;
        let document = Document { key, expires_at: Some(ends_at + LEEWAY), body: Value::Null };
        Ok(self.ports().documents.insert(&document).await? == Inserted::Done)
    }
}
