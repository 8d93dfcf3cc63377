//! The server's own secret, and all that is derived from it. None of it is ever in a store.
use crate::{
    ports::Rng,
    value::{CodeId, Email, OneTimeCode, SessionId, Subject},
};
use aws_lc_rs::{aead, digest, hkdf, hmac};
use serde::{Deserialize, Serialize};
use std::fmt;
use subtle::ConstantTimeEq;
use zeroize::{Zeroize, Zeroizing};

/// Names the secret that a record was made under: a record of another secret is refused, never misread.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct KeyId(pub u32);

/// 32 bytes of a keyed hash that a store may hold. Compared in constant time.
#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Mac(pub [u8; 32]);

impl PartialEq for Mac {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}
impl Eq for Mac {}
impl fmt::Debug for Mac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[mac]")
    }
}

/// A key for one purpose and one record, handed to the record's pure method. It carries the server's secret only
/// through a hash, lives as long as one attempt, and is never stored.
#[derive(Clone)]
pub struct Proof {
    /// The secret it was derived from.
    pub key: KeyId,
    bytes: Zeroizing<[u8; 32]>,
}

impl Proof {
    /// The hash of `message` under this key: what a record keeps, or is compared with.
    pub fn mac(&self, message: &[u8]) -> Mac {
        Mac(tag(&hmac::Key::new(hmac::HMAC_SHA256, self.bytes.as_ref()), &[message]))
    }
}

impl fmt::Debug for Proof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[proof]")
    }
}

/// The server's secret, split by purpose (HKDF-SHA-256, RFC 5869). Kept outside the database, so that neither the
/// database alone nor a backup of it gives anything away.
pub struct ServerSecret {
    id: KeyId,
    code: hmac::Key,
    refresh: hmac::Key,
    grant: hmac::Key,
    browser: hmac::Key,
    index: hmac::Key,
    outbox: hmac::Key,
    keys: hmac::Key,
    session: aead::LessSafeKey,
    token: aead::LessSafeKey,
}

/// What the signing keys are bound to, all of them together.
const SIGNING: &[u8] = b"signing";

/// The name of a session, as only this server reads it.
pub type SealedSession = [u8; 48];

/// The secret is too short to be one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the server's secret has fewer than 32 bytes")]
pub struct TooShort;

impl ServerSecret {
    /// Derives the keys from at least 32 random bytes.
    ///
    /// # Errors
    /// [`TooShort`].
    pub fn new(root: &[u8]) -> Result<Self, TooShort> {
        if root.len() < 32 {
            return Err(TooShort);
        }
        let derived = hkdf::Salt::new(hkdf::HKDF_SHA256, b"auth-service 1").extract(root);
        let derive = |label: &[u8]| {
            let (label, mut key) = ([label], Zeroizing::new([0; 32]));
            let filled = derived.expand(&label, hkdf::HKDF_SHA256).and_then(|okm| okm.fill(key.as_mut()));
            filled.expect("32 bytes are within what HKDF gives");
            key
        };
        let mac = |label: &[u8]| hmac::Key::new(hmac::HMAC_SHA256, derive(label).as_ref());
        let sealing = |label: &[u8]| aead_key(&aead::AES_256_GCM_SIV, &derive(label));
        let mut id = [0; 4];
        id.copy_from_slice(&tag(&mac(b"id"), &[])[..4]);
        Ok(Self {
            id: KeyId(u32::from_be_bytes(id)),
            code: mac(b"code"),
            refresh: mac(b"refresh"),
            grant: mac(b"grant"),
            browser: mac(b"browser"),
            index: mac(b"index"),
            outbox: mac(b"outbox"),
            keys: mac(b"keys"),
            session: sealing(b"session"),
            token: sealing(b"access token"),
        })
    }

    /// Names this secret in the records made under it.
    pub const fn id(&self) -> KeyId {
        self.id
    }

    /// What a typed code is checked with. The record adds what it was issued for, so that the hash at rest covers
    /// purpose, account, address, code id and code.
    pub fn code_proof(&self, id: CodeId, kind: &str, code: &OneTimeCode) -> Proof {
        self.proof(&self.code, &[&id.to_bytes(), kind.as_bytes(), &[0], code.expose().as_bytes()])
    }

    /// What the refresh token of one generation of a session is made and checked with.
    pub fn refresh_proof(&self, id: SessionId, generation: u32) -> Proof {
        self.proof(&self.refresh, &[&id.to_bytes(), &generation.to_be_bytes()])
    }

    /// The same for a grant: 0 is its authorization code, and what follows are its refresh tokens. None of them is ever
    /// the token of a person's own session.
    pub fn grant_proof(&self, id: SessionId, generation: u32) -> Proof {
        self.proof(&self.grant, &[&id.to_bytes(), &generation.to_be_bytes()])
    }

    /// What the browser token of a session is made and checked with.
    pub fn browser_proof(&self, id: SessionId) -> Proof {
        self.proof(&self.browser, &[&id.to_bytes()])
    }

    /// The keyed hash that stands for an address, known or unknown.
    pub fn subject(&self, email: &Email) -> Subject {
        Subject::from_bytes(self.index(&["subject", email.key()]))
    }

    /// A new id for a code of this kind to this address: half of its nonce is random, the other half shows that it is ours.
    pub fn code_id(&self, kind: &str, subject: Subject, rng: &dyn Rng) -> CodeId {
        let mut random = [0; 8];
        rng.fill(&mut random);
        self.sign_id(kind, subject, random)
    }

    /// An id for a code of this kind to this address that is always the same: whoever asks is answered with it, and can
    /// type what was mailed before.
    pub fn standing_code_id(&self, kind: &str, subject: Subject) -> CodeId {
        let mut derived = [0; 8];
        derived.copy_from_slice(&self.index(&["standing code id", kind, &subject.to_string()])[..8]);
        self.sign_id(kind, subject, derived)
    }

    /// Whether this id is ours, for this kind. Whoever invents one for somebody's address is told from whoever was answered
    /// with one, without a look into the store.
    pub fn issued(&self, kind: &str, id: CodeId) -> bool {
        let mut random = [0; 8];
        random.copy_from_slice(&id.to_bytes()[16..24]);
        self.sign_id(kind, id.subject(), random).to_bytes().ct_eq(&id.to_bytes()).into()
    }

    fn sign_id(&self, kind: &str, subject: Subject, random: [u8; 8]) -> CodeId {
        let mut bytes = [0; 32];
        bytes[..16].copy_from_slice(subject.as_bytes());
        bytes[16..24].copy_from_slice(&random);
        let proof = tag(&self.index, &[b"code id", &bytes[..24], kind.as_bytes()]);
        bytes[24..].copy_from_slice(&proof[..8]);
        CodeId::from_bytes(bytes)
    }

    /// A keyed hash of some words, each bounded by its length: a key for an index that holds no personal data.
    pub fn index(&self, words: &[&str]) -> [u8; 16] {
        let mut message = Zeroizing::new(Vec::new());
        for word in words {
            message.extend_from_slice(&(word.len() as u64).to_be_bytes());
            message.extend_from_slice(word.as_bytes());
        }
        let mut short = [0; 16];
        short.copy_from_slice(&tag(&self.index, &[&message])[..16]);
        short
    }

    /// Encrypts the name of a session for what a client holds: the name says whose session it is, and that is no client's
    /// affair. The same name gives the same bytes, so that a token can be computed again; AES-256-GCM-SIV (RFC 8452) bears
    /// a nonce that is never new, and shows no more than that.
    pub fn seal_session(&self, id: SessionId) -> SealedSession {
        let mut sealed = [0; 48];
        let (text, tag) = sealed.split_at_mut(32);
        text.copy_from_slice(&id.to_bytes());
        let made = self.session.seal_in_place_separate_tag(no_nonce(), aead::Aad::empty(), text);
        tag.copy_from_slice(made.expect("32 bytes are far below the limit of AES-GCM-SIV").as_ref());
        sealed
    }

    /// What [`seal_session`](Self::seal_session) took, if it was this secret.
    pub fn open_session(&self, sealed: &SealedSession) -> Option<SessionId> {
        let mut text = *sealed;
        let opened = self.session.open_in_place(no_nonce(), aead::Aad::empty(), &mut text).ok()?;
        Some(SessionId::from_bytes(opened.try_into().ok()?))
    }

    /// Encrypts what an access token says, for a token that nobody else reads (AES-256-GCM-SIV). `nonce` is random.
    pub fn seal_token(&self, nonce: [u8; 12], text: Zeroizing<Vec<u8>>) -> Vec<u8> {
        seal(&self.token, nonce, &[], text)
    }

    /// What [`seal_token`](Self::seal_token) took, if it was this secret.
    pub fn open_token(&self, sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        open(&self.token, &[], sealed)
    }

    /// Encrypts a mail for the outbox, bound to its id (AES-256-GCM). `nonce` is random and never used again.
    pub(crate) fn seal_mail(&self, nonce: [u8; 12], id: &[u8], text: Zeroizing<Vec<u8>>) -> Vec<u8> {
        seal(&sealing_key(&self.outbox, id), nonce, id, text)
    }

    /// What [`seal_mail`](Self::seal_mail) took, if it was this secret and this id.
    pub(crate) fn open_mail(&self, id: &[u8], sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        open(&sealing_key(&self.outbox, id), id, sealed)
    }

    /// Encrypts the signing keys for a store, in the same way.
    pub(crate) fn seal_keys(&self, nonce: [u8; 12], text: Zeroizing<Vec<u8>>) -> Vec<u8> {
        seal(&sealing_key(&self.keys, SIGNING), nonce, SIGNING, text)
    }

    /// What [`seal_keys`](Self::seal_keys) took, if it was this secret.
    pub(crate) fn open_keys(&self, sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        open(&sealing_key(&self.keys, SIGNING), SIGNING, sealed)
    }

    fn proof(&self, key: &hmac::Key, parts: &[&[u8]]) -> Proof {
        Proof { key: self.id, bytes: Zeroizing::new(tag(key, parts)) }
    }
}

impl fmt::Debug for ServerSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[secret]")
    }
}

fn seal(key: &aead::LessSafeKey, nonce: [u8; 12], bound_to: &[u8], mut text: Zeroizing<Vec<u8>>) -> Vec<u8> {
    let mut sealed = nonce.to_vec();
    let tag = key
        .seal_in_place_separate_tag(aead::Nonce::assume_unique_for_key(nonce), aead::Aad::from(bound_to), &mut text)
        .expect("what is sealed is far below AES-GCM's limit");
    sealed.extend_from_slice(&text);
    sealed.extend_from_slice(tag.as_ref());
    sealed
}

fn open(key: &aead::LessSafeKey, bound_to: &[u8], sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let (nonce, sealed) = sealed.split_at_checked(12)?;
    let nonce = aead::Nonce::try_assume_unique_for_key(nonce).ok()?;
    let mut text = Zeroizing::new(sealed.to_vec());
    let length = key.open_in_place(nonce, aead::Aad::from(bound_to), &mut text).ok()?.len();
    text.truncate(length);
    Some(text)
}

fn no_nonce() -> aead::Nonce {
    aead::Nonce::assume_unique_for_key([0; 12])
}

/// Each mail has a key of its own, and so have the signing keys: random nonces under one key would be used up by billions of mails.
fn sealing_key(key: &hmac::Key, bound_to: &[u8]) -> aead::LessSafeKey {
    aead_key(&aead::AES_256_GCM, &Zeroizing::new(tag(key, &[bound_to])))
}

fn aead_key(algorithm: &'static aead::Algorithm, key: &[u8; 32]) -> aead::LessSafeKey {
    aead::LessSafeKey::new(aead::UnboundKey::new(algorithm, key).expect("32 bytes are an AES-256 key"))
}

fn tag(key: &hmac::Key, parts: &[&[u8]]) -> [u8; 32] {
    let mut context = hmac::Context::with_key(key);
    for part in parts {
        context.update(part);
    }
    let mut out = [0; digest::SHA256_OUTPUT_LEN];
    out.copy_from_slice(context.sign().as_ref());
    out
}

/// A random value that only a record holds, so that the server's secret alone makes no refresh token.
#[derive(Clone, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Seed(pub [u8; 32]);

impl PartialEq for Seed {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}
impl Eq for Seed {}

impl Drop for Seed {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}
impl fmt::Debug for Seed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[seed]")
    }
}

#[cfg(test)]
mod tests;
