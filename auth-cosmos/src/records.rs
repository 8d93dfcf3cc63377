//! All of it, record by record, in the order in which the database has it. Tombstones and reservations are no records:
//! another store has its own.
use crate::{
    CosmosStore,
    codes::slot,
    container::{Container, Written},
    counters,
    document::{Document, Place, Record as Kept},
    names::Account,
    outbox, sessions,
};
use auth_core::{code::Code, ports::*, user::User, value::*};

#[async_trait]
impl RecordStore for CosmosStore {
    async fn export(&self, kind: RecordKind, after: Option<Cursor>, limit: usize) -> Outside<Page> {
        match kind {
            RecordKind::Users => export(&self.names.accounts, after, limit, accounts).await,
            RecordKind::Sessions => export(&self.sessions, after, limit, sessions::records).await,
            RecordKind::Codes => {
                export(&self.codes, after, limit, |code: &Document<Code>| vec![Record::Code(code.record.clone())]).await
            }
            RecordKind::Counters => export(self.counters.container(), after, limit, counters::records).await,
            RecordKind::Outbox => export(&self.outbox, after, limit, outbox::records).await,
        }
    }

    /// To count is to read all.
    async fn count(&self, _: RecordKind) -> Outside<Option<u64>> {
        Ok(None)
    }

    async fn import(&self, record: &Record) -> Outside<Imported> {
        match record {
            Record::User(user) => self.names.accounts.in_time(self.import_user(user)).await,
            Record::Deleted(id) => self.names.accounts.in_time(self.import_deleted(*id)).await,
            Record::Session(session) => {
                let live = sessions::live(session);
                self.sessions.in_time(put(&self.sessions, &sessions::place(session.id), live)).await
            }
            Record::Code(code) => {
                let slot = slot(code.id.subject(), code.purpose.kind());
                self.codes.in_time(put(&self.codes, &slot, code.clone())).await
            }
            Record::Counter(key, counter) => {
                self.counters.container().in_time(self.counters.import(*key, counter)).await
            }
            Record::Mail(entry) => {
                self.outbox.in_time(put(&self.outbox, &outbox::place(entry.id), outbox::kept(entry))).await
            }
        }
    }
}

async fn export<R: Kept>(
    container: &Container,
    after: Option<Cursor>,
    limit: usize,
    records: impl Fn(&Document<R>) -> Vec<Record>,
) -> Outside<Page> {
    let limit = u32::try_from(limit).unwrap_or(u32::MAX);
    let page = container.page(after.map(|cursor| cursor.0), limit);
    let (documents, next) = container.in_time(page).await?;
    Ok(Page { records: documents.iter().flat_map(records).collect(), next: next.map(Cursor) })
}

fn accounts(account: &Document<Account>) -> Vec<Record> {
    let id = account.place().id.parse();
    match (&account.record, id) {
        (Account::Active { user, .. }, _) => vec![Record::User(user.clone())],
        (Account::Deleted, Ok(id)) => vec![Record::Deleted(id)],
        (Account::Aborted, _) | (Account::Deleted, Err(_)) => Vec::new(),
    }
}

/// Writes a document, unless another is in its place.
async fn put<R: Kept>(container: &Container, place: &Place, record: R) -> Outside<Imported> {
    let op = container.op();
    loop {
        if container.create(place, record.clone(), &op).await? != Written::Lost {
            return Ok(Imported::Done);
        }
        if let Some(held) = container.read::<R>(place).await? {
            return Ok(if held.record == record { Imported::Done } else { Imported::Conflict });
        }
    }
}

impl CosmosStore {
    async fn import_user(&self, user: &User) -> Outside<Imported> {
        match self.insert_user(user).await? {
            Insert::Done => return Ok(Imported::Done),
            Insert::LoginTaken | Insert::EmailTaken => return Ok(Imported::Conflict),
            Insert::Exists => {}
        }
        let record = Record::User(Box::new(user.clone()));
        let held = self.names.account(user.id).await?.as_ref().map(accounts).unwrap_or_default();
        Ok(if held == [record] { Imported::Done } else { Imported::Conflict })
    }

    /// What an attempt of long ago has left there is written over: no account came of it.
    async fn import_deleted(&self, id: UserId) -> Outside<Imported> {
        let (accounts, place) = (&self.names.accounts, Place::alone(id.to_string()));
        let op = accounts.op();
        loop {
            let written = match accounts.read::<Account>(&place).await? {
                None => accounts.create(&place, Account::Deleted, &op).await?,
                Some(held) => match held.record {
                    Account::Deleted => return Ok(Imported::Done),
                    Account::Active { .. } => return Ok(Imported::Conflict),
                    Account::Aborted => accounts.replace(&held, Account::Deleted, &op).await?,
                },
            };
            if written != Written::Lost {
                return Ok(Imported::Done);
            }
        }
    }
}
