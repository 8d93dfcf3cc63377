//! Accounts.
use crate::{
    Error, SqliteStore,
    record::{decode, encode},
};
use auth_core::{ports::*, user::User, value::*};
use rusqlite::{Connection, OptionalExtension, ToSql};

pub(crate) const USERS: &str = "users";

#[async_trait]
impl UserStore for SqliteStore {
    async fn insert(&self, user: &User) -> Outside<Insert> {
        let user = user.clone();
        self.writer.write(USERS, move |connection| insert(connection, &user)).await
    }

    async fn by_id(&self, id: UserId) -> Outside<Option<Stored<User>>> {
        let query = "SELECT record, revision FROM users WHERE id = ?1";
        self.readers.read(USERS, move |connection| find(connection, query, id.as_bytes())).await
    }

    async fn by_login(&self, login: &Login) -> Outside<Option<Stored<User>>> {
        let query = "SELECT record, revision FROM users WHERE login_key = ?1";
        let key = login.key().to_owned();
        self.readers.read(USERS, move |connection| find(connection, query, key)).await
    }

    async fn by_email(&self, email: &Email) -> Outside<Option<Stored<User>>> {
        let query = "SELECT record, revision FROM users WHERE email_key = ?1";
        let key = email.key().to_owned();
        self.readers.read(USERS, move |connection| find(connection, query, key)).await
    }

    async fn replace(&self, user: &Stored<User>) -> Outside<Replace> {
        let Stored { value: user, revision } = user.clone();
        let Ok(revision) = revision.0.parse::<i64>() else { return Ok(Replace::Stale) };
        let replace = move |connection: &Connection| {
            let update = "UPDATE users SET record = ?1, revision = revision + 1 WHERE id = ?2 AND revision = ?3";
            let params = (encode(USERS, &user)?, user.id.as_bytes(), revision);
            let written = connection.prepare_cached(update)?.execute(params)?;
            Ok(if written == 1 { Replace::Done } else { Replace::Stale })
        };
        self.writer.write(USERS, replace).await
    }

    async fn rename(&self, user: &Stored<User>) -> Outside<Rename> {
        let Stored { value: user, revision } = user.clone();
        let Ok(revision) = revision.0.parse::<i64>() else { return Ok(Rename::Stale) };
        self.writer.write(USERS, move |connection| rename(connection, &user, revision)).await
    }

    async fn delete(&self, user: &Stored<User>) -> Outside<Replace> {
        let (id, Ok(revision)) = (user.value.id, user.revision.0.parse::<i64>()) else { return Ok(Replace::Stale) };
        let delete = move |connection: &Connection| {
            let delete = "DELETE FROM users WHERE id = ?1 AND revision = ?2";
            if connection.prepare_cached(delete)?.execute((id.as_bytes(), revision))? == 0 {
                return Ok(Replace::Stale);
            }
            bury(connection, id)?;
            Ok(Replace::Done)
        };
        self.writer.write(USERS, delete).await
    }
}

pub(crate) fn insert(connection: &Connection, user: &User) -> Result<Insert, Error> {
    let (id, login, email) = (user.id.as_bytes(), user.login.key(), user.email.key());
    let insert = "INSERT INTO users (id, login_key, email_key, revision, record) SELECT ?1, ?2, ?3, 0, ?4 \
                  WHERE NOT EXISTS (SELECT 1 FROM deleted_users WHERE id = ?1) ON CONFLICT DO NOTHING";
    if connection.prepare_cached(insert)?.execute((id, login, email, encode(USERS, user)?))? == 1 {
        return Ok(Insert::Done);
    }
    let reasons = "SELECT EXISTS (SELECT 1 FROM users WHERE id = ?1) \
                       OR EXISTS (SELECT 1 FROM deleted_users WHERE id = ?1), \
                   EXISTS (SELECT 1 FROM users WHERE login_key = ?2)";
    let (exists, login_taken) =
        connection.prepare_cached(reasons)?.query_row((id, login), |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(match (exists, login_taken) {
        (true, _) => Insert::Exists,
        (false, true) => Insert::LoginTaken,
        (false, false) => Insert::EmailTaken,
    })
}

/// The id is never another's.
pub(crate) fn bury(connection: &Connection, id: UserId) -> Result<(), Error> {
    connection.prepare_cached("INSERT INTO deleted_users (id) VALUES (?1)")?.execute([id.as_bytes()])?;
    Ok(())
}

fn rename(connection: &Connection, user: &User, revision: i64) -> Result<Rename, Error> {
    let (id, login, email) = (user.id.as_bytes(), user.login.key(), user.email.key());
    let update = "UPDATE OR IGNORE users SET login_key = ?1, email_key = ?2, record = ?3, revision = revision + 1 \
                  WHERE id = ?4 AND revision = ?5";
    if connection.prepare_cached(update)?.execute((login, email, encode(USERS, user)?, id, revision))? == 1 {
        return Ok(Rename::Done);
    }
    let reasons = "SELECT EXISTS (SELECT 1 FROM users WHERE id = ?1 AND revision = ?2), \
                   EXISTS (SELECT 1 FROM users WHERE login_key = ?3 AND id <> ?1)";
    let (as_read, login_taken) =
        connection.prepare_cached(reasons)?.query_row((id, revision, login), |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(match (as_read, login_taken) {
        (false, _) => Rename::Stale,
        (true, true) => Rename::LoginTaken,
        (true, false) => Rename::EmailTaken,
    })
}

fn find(connection: &Connection, query: &str, key: impl ToSql) -> Result<Option<Stored<User>>, Error> {
    let columns = |row: &rusqlite::Row<'_>| Ok((row.get::<_, String>(0)?, row.get::<_, i64>(1)?));
    let Some((record, revision)) = connection.prepare_cached(query)?.query_row([key], columns).optional()? else {
        return Ok(None);
    };
    Ok(Some(Stored { value: decode(USERS, &record)?, revision: Revision(revision.to_string()) }))
}
