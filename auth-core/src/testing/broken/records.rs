//! All of it, carried badly.
use super::{Broken, Fault};
use crate::ports::*;

#[async_trait]
impl RecordStore for Broken {
    async fn export(&self, kind: RecordKind, after: Option<Cursor>, limit: usize) -> Outside<Page> {
        let is_first = after.is_none();
        let mut page = self.memory.export(kind, after, limit).await?;
        match self.fault {
            Fault::SkipsARecord if !is_first => drop(page.records.pop()),
            Fault::ExportsTwice => page.records.extend(page.records.first().cloned()),
            _ => {}
        }
        Ok(page)
    }

    async fn count(&self, kind: RecordKind) -> Outside<Option<u64>> {
        let count = self.memory.count(kind).await?;
        Ok(count.map(|count| count + u64::from(self.has(Fault::CountsOneMore))))
    }

    async fn import(&self, record: &Record) -> Outside<Imported> {
        let mut record = record.clone();
        if self.has(Fault::LosesAField) {
            match &mut record {
                Record::User(user) => user.roles.clear(),
                Record::Code(code) => code.wrong = 0,
                _ => {}
            }
        }
        let store = self.open().await;
        let there = store.tables().in_place_of(&record).is_some();
        let answer = match self.fault {
            Fault::RefusesAgain if there => Imported::Conflict,
            Fault::Overwrites if there => {
                store.tables().put(record);
                Imported::Done
            }
            _ => store.import(&record).await?,
        };
        if self.has(Fault::ForgetsTheDeleted) {
            store.tables().deleted.clear();
        }
        store.close(self.writes(true));
        Ok(answer)
    }
}
