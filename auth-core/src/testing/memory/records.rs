//! All that is in memory, record by record.
use super::{Memory, Tables, documents};
use crate::ports::*;
use async_trait::async_trait;
use std::collections::BTreeMap;

#[async_trait]
impl RecordStore for Memory {
    async fn export(&self, kind: RecordKind, after: Option<Cursor>, limit: usize) -> Outside<Page> {
        let all = self.tables().records(kind);
        let after = after.map_or_else(String::new, |cursor| cursor.0);
        let mut rest = all.into_iter().filter(|(place, _)| *place > after);
        let page: Vec<_> = rest.by_ref().take(limit).collect();
        let next = rest.next().and(page.last().map(|(place, _)| Cursor(place.clone())));
        Ok(Page { records: page.into_iter().map(|(_, record)| record).collect(), next })
    }

    async fn count(&self, kind: RecordKind) -> Outside<Option<u64>> {
        Ok(Some(self.tables().records(kind).len() as u64))
    }

    async fn import(&self, record: &Record) -> Outside<Imported> {
        let mut tables = self.tables();
        Ok(match tables.in_place_of(record) {
            Some(held) if held == *record => Imported::Done,
            Some(_) => Imported::Conflict,
            None => {
                tables.put(record.clone());
                Imported::Done
            }
        })
    }
}

impl Tables {
    /// Each by its place, in the order of the places.
    fn records(&self, kind: RecordKind) -> BTreeMap<String, Record> {
        let records: Vec<Record> = match kind {
            RecordKind::Users => {
                let users = self.users.values().map(|(user, _)| Record::User(Box::new(user.clone())));
                users.chain(self.deleted.iter().copied().map(Record::Deleted)).collect()
            }
            RecordKind::Sessions => {
                self.sessions.values().filter(|session| !session.ended).cloned().map(Record::Session).collect()
            }
            RecordKind::Codes => self.codes.values().cloned().map(Record::Code).collect(),
            RecordKind::Counters => {
                self.counters.iter().map(|(key, counter)| Record::Counter(*key, counter.clone())).collect()
            }
            RecordKind::Outbox => self.outbox.values().cloned().map(Record::Mail).collect(),
            RecordKind::Documents => {
                self.documents.values().map(|(document, _)| Record::Document(document.clone())).collect()
            }
            RecordKind::Keys => self.keys.iter().map(|(keys, _)| Record::Keys(keys.clone())).collect(),
        };
        records.into_iter().map(|record| (place(&record), record)).collect()
    }

    /// What must go for a record to be put, or is it.
    pub(in crate::testing) fn in_place_of(&self, record: &Record) -> Option<Record> {
        let active = |matches: &dyn Fn(&crate::user::User) -> bool| {
            let found = self.users.values().map(|(user, _)| user).find(|user| matches(user));
            found.map(|user| Record::User(Box::new(user.clone())))
        };
        let deleted = |id| self.deleted.contains(&id).then_some(Record::Deleted(id));
        match record {
            Record::User(user) => deleted(user.id)
                .or_else(|| active(&|other| other.id == user.id))
                .or_else(|| active(&|other| other.login == user.login || other.email == user.email)),
            Record::Deleted(id) => deleted(*id).or_else(|| active(&|other| other.id == *id)),
            Record::Session(session) => self.sessions.get(&session.id).cloned().map(Record::Session),
            Record::Code(code) => self.codes.get(&(code.id.subject(), code.purpose.kind())).cloned().map(Record::Code),
            Record::Counter(key, _) => self.counters.get(key).cloned().map(|counter| Record::Counter(*key, counter)),
            Record::Mail(entry) => self.outbox.get(&entry.id).cloned().map(Record::Mail),
            Record::Document(document) => {
                self.documents.get(&document.key).map(|(held, _)| Record::Document(held.clone()))
            }
            Record::Keys(_) => self.keys.clone().map(|(keys, _)| Record::Keys(keys)),
        }
    }

    pub(in crate::testing) fn put(&mut self, record: Record) {
        match record {
            Record::User(user) => drop(self.users.insert(user.id, (*user, 0))),
            Record::Deleted(id) => drop(self.deleted.insert(id)),
            Record::Session(session) => drop(self.sessions.insert(session.id, session)),
            Record::Code(code) => drop(self.codes.insert((code.id.subject(), code.purpose.kind()), code)),
            Record::Counter(key, counter) => drop(self.counters.insert(key, counter)),
            Record::Mail(entry) => drop(self.outbox.insert(entry.id, entry)),
            Record::Document(document) => self.write(document),
            Record::Keys(keys) => self.keys = Some((keys, 0)),
        }
    }
}

fn place(record: &Record) -> String {
    match record {
        Record::User(user) => user.id.to_string(),
        Record::Deleted(id) => id.to_string(),
        Record::Session(session) => session.id.to_string(),
        Record::Code(code) => format!("{} {}", code.id.subject(), code.purpose.kind().as_str()),
        Record::Counter(key, _) => format!("{key:?}"),
        Record::Mail(entry) => entry.id.to_string(),
        Record::Document(document) => documents::place(&document.key),
        Record::Keys(_) => "keys".to_owned(),
    }
}
