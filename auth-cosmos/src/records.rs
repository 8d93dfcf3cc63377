//! All of it, record by record, in the order in which the database has it. Tombstones and reservations are no records:
//! another store has its own.
use crate::{
    CosmosStore,
    codes::slot,
    container::{Container, Fresh, Written},
    counters,
    document::{Document, Kept, Place},
    documents,
    documents::DocumentRecord,
    keys,
    names::AccountRecord,
    outbox, sessions,
};
use auth_core::{code::Code, ports::*, user::User, value::*};
use azure_data_cosmos::Query;

#[async_trait]
impl RecordStore for CosmosStore {
    async fn export(&self, kind: RecordKind, after: Option<Cursor>, limit: usize) -> Outside<Page> {
        match kind {
            RecordKind::Users => export(&self.names.accounts, after, limit, accounts).await,
            RecordKind::Sessions => {
                export(&self.sessions, after, limit, |session| Some(sessions::records(session))).await
            }
            RecordKind::Codes => {
                let record = |code: &Document<Code>| Some(vec![Record::Code(code.record.clone())]);
                export(&self.codes, after, limit, record).await
            }
            RecordKind::Counters => export(self.counters.container(), after, limit, counters::records).await,
            RecordKind::Outbox => export(&self.outbox, after, limit, outbox::records).await,
            RecordKind::Documents => {
                export(&self.documents, after, limit, |document| Some(documents::records(document))).await
            }
            RecordKind::Keys => {
                let records = self.load().await?.map(|keys| Record::Keys(keys.value)).into_iter().collect();
                Ok(Page { records, next: None })
            }
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
                let live = sessions::SessionRecord::new(session);
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
                self.outbox.in_time(put(&self.outbox, &outbox::place(entry.id), outbox::MailRecord::new(entry))).await
            }
            Record::Document(document) => {
                let (place, live) = (documents::place(&document.key), DocumentRecord::Live(document.clone()));
                self.documents.in_time(put(&self.documents, &place, live)).await
            }
            Record::Keys(keys) => {
                let container = &self.names.reservations;
                container.in_time(put(container, &keys::place(), keys.clone())).await
            }
        }
    }
}

async fn export<R: Kept>(
    container: &Container,
    after: Option<Cursor>,
    limit: usize,
    records: impl Fn(&Document<R>) -> Option<Vec<Record>>,
) -> Outside<Page> {
    let limit = u32::try_from(limit).unwrap_or(u32::MAX);
    let all = Query::from("SELECT * FROM c");
    let page = container.page(&all, None, after.map(|cursor| cursor.0), limit);
    let (documents, next) = container.in_time(page).await?;
    let records: Option<Vec<Vec<Record>>> = documents.iter().map(records).collect();
    let records = records.ok_or_else(|| container.failed("a document cannot be read"))?;
    Ok(Page { records: records.into_iter().flatten().collect(), next: next.map(Cursor) })
}

fn accounts(account: &Document<AccountRecord>) -> Option<Vec<Record>> {
    Some(match &account.record {
        AccountRecord::Active { user, .. } => vec![Record::User(user.clone())],
        AccountRecord::Deleted => vec![Record::Deleted(account.place().id.parse().ok()?)],
        AccountRecord::Aborted => Vec::new(),
    })
}

/// Writes a document, unless another is in its place.
async fn put<R: Kept>(container: &Container, place: &Place, record: R) -> Outside<Imported> {
    let op = container.op();
    loop {
        if container.create(place, record.clone(), &op).await? != Written::Lost {
            return Ok(Imported::Done);
        }
        if let Some(held) = container.read_again::<R>(place).await? {
            let written = |record: &R| serde_json::to_value(record).map_err(|error| container.failed(error));
            let same = written(&held.record)? == written(&record)?;
            return Ok(if same { Imported::Done } else { Imported::Conflict });
        }
    }
}

impl CosmosStore {
    /// One that is there has its names: they were reserved before it was.
    async fn import_user(&self, user: &User) -> Outside<Imported> {
        let record = Record::User(Box::new(user.clone()));
        loop {
            match self.names.account(user.id).await?.as_ref().and_then(accounts).as_deref() {
                None | Some([]) => {}
                Some(held) => return Ok(if *held == [record] { Imported::Done } else { Imported::Conflict }),
            }
            match self.insert_user(user).await? {
                Insert::Done => return Ok(Imported::Done),
                Insert::LoginTaken | Insert::EmailTaken => return Ok(Imported::Conflict),
                Insert::Exists => {} // another import was faster: of the same one, perhaps
            }
        }
    }

    /// What an attempt of long ago has left there is written over: no account came of it.
    async fn import_deleted(&self, id: UserId) -> Outside<Imported> {
        let (accounts, place) = (&self.names.accounts, Place::alone(id.to_string()));
        let op = accounts.op();
        let mut fresh = Fresh::Committed;
        loop {
            let written = match accounts.find::<AccountRecord>(&place, fresh).await? {
                None => accounts.create(&place, AccountRecord::Deleted, &op).await?,
                Some(held) => match held.record {
                    AccountRecord::Deleted => return Ok(Imported::Done),
                    AccountRecord::Active { .. } => return Ok(Imported::Conflict),
                    AccountRecord::Aborted => accounts.replace(&held, AccountRecord::Deleted, &op).await?,
                },
            };
            if written != Written::Lost {
                return Ok(Imported::Done);
            }
            fresh = Fresh::Known;
        }
    }
}
