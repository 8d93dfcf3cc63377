//! Codes that were mailed.
use crate::{
    Error, SqliteStore,
    record::{encode, find},
};
use auth_core::{code::*, ports::*, value::*};
use rusqlite::Connection;

pub(crate) const CODES: &str = "codes";

#[async_trait]
impl CodeStore for SqliteStore {
    async fn create(&self, code: &Code) -> Outside<()> {
        let code = code.clone();
        self.writer.write(CODES, move |connection| put(connection, &code)).await
    }

    async fn redeem(&self, attempt: &Attempt) -> Outside<Redeem> {
        let attempt = attempt.clone();
        let redeem = move |connection: &Connection| {
            let redeemed = change(connection, attempt.id.subject(), attempt.kind, |code| code.redeem(&attempt))?;
            Ok(redeemed.unwrap_or(Redeem::Refused))
        };
        self.writer.write(CODES, redeem).await
    }

    async fn renew(&self, renewal: &Renewal) -> Outside<Renewed> {
        let renewal = renewal.clone();
        let renew = move |connection: &Connection| {
            let renewed = change(connection, renewal.id.subject(), renewal.kind, |code| code.renew(&renewal))?;
            Ok(renewed.unwrap_or(Renewed::Refused))
        };
        self.writer.write(CODES, renew).await
    }

    async fn sweep(&self, now: Timestamp) -> Outside<()> {
        let delete = "DELETE FROM codes WHERE rowid IN (SELECT rowid FROM codes WHERE kept_until <= ?1 LIMIT ?2)";
        self.sweep_batches(CODES, delete, now).await
    }
}

/// Puts a code into its slot, over whatever is there.
pub(crate) fn put(connection: &Connection, code: &Code) -> Result<(), Error> {
    let put = "INSERT INTO codes (subject, kind, kept_until, record) VALUES (?1, ?2, ?3, ?4) \
               ON CONFLICT (subject, kind) DO UPDATE SET kept_until = excluded.kept_until, record = excluded.record";
    let (subject, kind) = (code.id.subject(), code.purpose.kind().as_str());
    connection.prepare_cached(put)?.execute((subject.as_bytes(), kind, code.kept_until.0, encode(CODES, code)?))?;
    Ok(())
}

pub(crate) fn of_slot(connection: &Connection, subject: Subject, kind: Kind) -> Result<Option<Code>, Error> {
    let query = "SELECT record FROM codes WHERE subject = ?1 AND kind = ?2";
    find(connection, CODES, query, (subject.as_bytes(), kind.as_str()))
}

/// Lets the code in a slot decide, and keeps what it has become.
fn change<T>(
    connection: &Connection,
    subject: Subject,
    kind: Kind,
    decide: impl FnOnce(&mut Code) -> T,
) -> Result<Option<T>, Error> {
    let Some(before) = of_slot(connection, subject, kind)? else { return Ok(None) };
    let mut code = before.clone();
    let outcome = decide(&mut code);
    if code != before {
        put(connection, &code)?;
    }
    Ok(Some(outcome))
}
