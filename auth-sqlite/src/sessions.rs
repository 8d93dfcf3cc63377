//! Signed-in devices.
use crate::{
    Error, SqliteStore,
    record::{decode, encode, find},
};
use auth_core::{ports::*, session::*, value::*};
use rusqlite::Connection;

pub(crate) const SESSIONS: &str = "sessions";
pub(crate) const BY_ID: &str = "SELECT record FROM sessions WHERE id = ?1";

#[async_trait]
impl SessionStore for SqliteStore {
    async fn create(&self, session: &Session) -> Outside<()> {
        let session = session.clone();
        self.writer.write(SESSIONS, move |connection| insert(connection, &session)).await
    }

    async fn by_id(&self, id: SessionId) -> Outside<Option<Session>> {
        self.readers.read(SESSIONS, move |connection| find(connection, SESSIONS, BY_ID, [id.to_bytes()])).await
    }

    async fn turn(&self, id: SessionId, turn: &Turn) -> Outside<Turned> {
        let presented = turn.clone();
        self.writer.write(SESSIONS, move |connection| turn_once(connection, id, &presented)).await
    }

    async fn revoke(&self, id: SessionId) -> Outside<()> {
        self.writer.write(SESSIONS, move |connection| delete(connection, id)).await
    }

    async fn revoke_all(&self, user: UserId, but: Option<SessionId>) -> Outside<()> {
        let revoke = move |connection: &Connection| {
            let (first, last) = ids_of(user);
            let delete = "DELETE FROM sessions WHERE id BETWEEN ?1 AND ?2 AND id IS NOT ?3";
            connection.prepare_cached(delete)?.execute((first, last, but.map(|id| id.to_bytes())))?;
            Ok(())
        };
        self.writer.write(SESSIONS, revoke).await
    }

    async fn of_user(&self, user: UserId) -> Outside<Vec<Session>> {
        self.readers.read(SESSIONS, move |connection| of_user(connection, user)).await
    }

    async fn sweep(&self, now: Timestamp) -> Outside<()> {
        let delete = "DELETE FROM sessions WHERE rowid IN (SELECT rowid FROM sessions WHERE over_at <= ?1 LIMIT ?2)";
        self.sweep_batches(SESSIONS, delete, now).await
    }
}

pub(crate) fn insert(connection: &Connection, session: &Session) -> Result<(), Error> {
    // Once it has turned, a second call must not turn it back.
    let insert = "INSERT INTO sessions (id, over_at, record) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING";
    let params = (session.id.to_bytes(), over_at(session), encode(SESSIONS, session)?);
    connection.prepare_cached(insert)?.execute(params)?;
    Ok(())
}

fn turn_once(connection: &Connection, id: SessionId, turn: &Turn) -> Result<Turned, Error> {
    let Some(before) = find::<Session>(connection, SESSIONS, BY_ID, [id.to_bytes()])? else {
        return Ok(Turned::Refused);
    };
    let mut session = before.clone();
    let turned = session.turn(turn);
    if session.ended {
        delete(connection, id)?;
    } else if session != before {
        let update = "UPDATE sessions SET over_at = ?2, record = ?3 WHERE id = ?1";
        let params = (id.to_bytes(), over_at(&session), encode(SESSIONS, &session)?);
        connection.prepare_cached(update)?.execute(params)?;
    }
    Ok(turned)
}

fn delete(connection: &Connection, id: SessionId) -> Result<(), Error> {
    connection.prepare_cached("DELETE FROM sessions WHERE id = ?1")?.execute([id.to_bytes()])?;
    Ok(())
}

fn of_user(connection: &Connection, user: UserId) -> Result<Vec<Session>, Error> {
    let mut select = connection.prepare_cached("SELECT record FROM sessions WHERE id BETWEEN ?1 AND ?2")?;
    let records = select.query_map(ids_of(user), |row| row.get::<_, String>(0))?;
    let sessions = records.map(|record| decode::<Session>(SESSIONS, &record?));
    let mut sessions = sessions.collect::<Result<Vec<_>, Error>>()?;
    sessions.sort_by_key(|session| (session.started_at, session.id));
    Ok(sessions)
}

/// The first and the last id that a session of this user can have.
fn ids_of(user: UserId) -> ([u8; 32], [u8; 32]) {
    let (mut first, mut last) = ([0; 32], [0xff; 32]);
    first[..16].copy_from_slice(user.as_bytes());
    last[..16].copy_from_slice(user.as_bytes());
    (first, last)
}

/// From then on [`Session::is_live`] says no.
fn over_at(session: &Session) -> i64 {
    session.expires_at.min(session.ends_at).0
}
