//! `copy`: everything from one store into another, so that who has begun on one file can outgrow it, and come back.
mod journal;
mod progress;

use self::{journal::Journal, progress::Progress};
use super::Ended;
use crate::{
    http::reasons,
    keys::{KeyError, RootFile},
    settings::{Settings, value::Store},
    store::{self, Carried},
};
use auth_core::{
    copy::{Copier, CopyError, Position, Side, Tally},
    ports::{Clock, Record, RecordKind, Unavailable},
    secrets::ServerSecret,
    system::SystemClock,
    value::Timestamp,
};
use conf::Conf;
use std::{sync::Arc, time::Duration};
use tokio::time::sleep;

/// Move everything into another store: with all servers stopped, into an empty store, and compared at the end. Interrupted,
/// the same command goes on.
#[derive(Conf)]
pub struct Copy {
    /// The store to copy: sqlite or cosmos, where the settings say that it is. It stays.
    #[conf(long)]
    pub from: Store,
    /// The store to fill.
    #[conf(long)]
    pub to: Store,
}

/// So many times in a row one page may fail,
const TRIES: u32 = 8;
/// after pauses that double from this on.
const PAUSE: Duration = Duration::from_millis(250);

impl Copy {
    /// Does it, and tells what was copied.
    pub async fn run(self, settings: &Settings) -> Ended {
        if self.from == self.to {
            return Err("--from and --to name the same store".into());
        }
        settings.cosmos.check()?;
        let secret = Arc::new(RootFile::of(settings).server_secret(settings).map_err(about_the_secret)?);
        let file = store::sqlite_file(settings);
        if self.from == Store::Sqlite && !file.exists() {
            return Err(format!("there is no database in {}", file.display()).into());
        }
        if self.to == Store::Sqlite {
            if self.is_in_place(settings)? {
                return Ok(format!(
                    "The copy is in {} already, whole and compared. {}",
                    file.display(),
                    self.what_next()
                ));
            }
            auth_sqlite::must_be_free(&file)?;
        }
        let unfinished = store::unfinished(settings);
        let from = store::carried((self.from, &file), settings, &secret).await?;
        let to = store::carried((self.to, &unfinished), settings, &secret).await?;
        let copied = self.carry(settings, &secret, [&from, &to]).await;
        from.close().await;
        to.close().await;
        let (journal, tallies) = copied?;
        journal.compared()?;
        if self.to == Store::Sqlite {
            auth_sqlite::put_in_place(&unfinished, &file)?;
        }
        journal.close()?;
        Ok(self.done(&tallies))
    }

    /// Whether an earlier try ended between the last two steps: the file has its name, and the journal is still there.
    fn is_in_place(&self, settings: &Settings) -> Ended<bool> {
        let journal = Journal::open(settings, self.from, self.to)?;
        let in_place =
            journal.is_compared() && store::sqlite_file(settings).exists() && !store::unfinished(settings).exists();
        if in_place {
            journal.close()?;
        }
        Ok(in_place)
    }

    async fn carry(
        &self,
        settings: &Settings,
        secret: &ServerSecret,
        [from, to]: [&Arc<dyn Carried>; 2],
    ) -> Ended<(Journal, Tallies)> {
        // Now that nobody else is at it.
        let journal = Journal::open(settings, self.from, self.to)?;
        let progress = Progress::of(&**from, journal.carried()).await;
        let first = insist(&progress, async || Ok(from.export(RecordKind::Keys, None, 1).await?)).await?;
        is_under(&first.records, secret).map_err(about_the_secret)?;
        let copier = Copier { from: from.clone(), to: to.clone() };
        match carry(&copier, &journal, &progress).await {
            Ok(tallies) => Ok((journal, tallies)),
            Err(error) => Err(self.tell(&error, &journal, settings).into()),
        }
    }

    fn done(&self, tallies: &[(RecordKind, Tally)]) -> String {
        let lines: String = tallies.iter().map(line).collect();
        format!("{lines}All of it is in {}, and was compared.\n{}", self.to, self.what_next())
    }

    fn what_next(&self) -> String {
        let Self { from, to } = self;
        format!(
            "Start the servers with AUTH_SERVICE_STORE={to}, with the same secret. What was copied is still in {from}: let no \
             server run on it any more, and remove it when nobody will ask for anything in it."
        )
    }

    fn tell(&self, error: &CopyError, journal: &Journal, settings: &Settings) -> String {
        let (reason, journal) = (reasons(error), journal.path().display());
        let empty = match self.to {
            Store::Sqlite => {
                format!(
                    "remove {0} (and what is called like it, with -wal and -shm)",
                    store::unfinished(settings).display()
                )
            }
            Store::Cosmos => format!("delete {}, and make it anew", store::place(self.to, settings)),
        };
        match error {
            CopyError::Unavailable(_) => format!(
                "the copy was interrupted: {reason}. The same command goes on with it; if it ends so again, that is the reason \
                 to look into"
            ),
            CopyError::NotEmpty => format!("a copy goes into an empty store: {empty}"),
            CopyError::Conflict(_) | CopyError::Different { .. } => format!(
                "this is no copy: {reason}. One of the two was used meanwhile, or since an interruption. Nothing is lost: stop \
                 every server, {empty}, remove {journal}, and begin anew"
            ),
        }
    }
}

type Tallies = Vec<(RecordKind, Tally)>;

fn line((kind, tally): &(RecordKind, Tally)) -> String {
    format!("{:<10} {:>9}\n", kind.as_str(), tally.records())
}

/// Names are found by keyed hashes in one store, and by themselves in the other: under another secret nobody would be found.
fn is_under(keys: &[Record], secret: &ServerSecret) -> Result<(), KeyError> {
    let Some(Record::Keys(sealed)) = keys.first() else { return Err(KeyError::NoSigningKeys) };
    sealed.open(secret).map(drop).map_err(KeyError::of)
}

fn about_the_secret(error: KeyError) -> String {
    match error {
        KeyError::Missing(_) | KeyError::OtherSecret => {
            "a copy needs the secret that the servers have: give it by AUTH_SERVICE_SECRET_FILE, AUTH_SERVICE_SECRET or \
             keys/secret in the data folder"
                .to_owned()
        }
        other => reasons(&other),
    }
}

/// From where an earlier try was interrupted; then looks at all of it.
async fn carry(copier: &Copier, journal: &Journal, progress: &Progress) -> Result<Tallies, CopyError> {
    if journal.is_new() && !is_empty(copier, progress).await? {
        return Err(CopyError::NotEmpty);
    }
    let keep = |at: Option<&Position>| {
        journal.keep(progress.position(), at).map_err(|error| Unavailable::failed("the journal of the copy", error))
    };
    let mut at = journal.position();
    keep(at.as_ref())?;
    while let Some(position) = at {
        progress.at("copying", position.kind);
        let page = insist(progress, async || copier.carry(&position, SystemClock.now()).await).await?;
        progress.add(page.records);
        at = page.next;
        keep(at.as_ref())?;
    }
    progress.begin_to_compare();
    let mut tallies = Vec::new();
    for kind in RecordKind::ALL {
        progress.at("comparing", kind);
        let now = SystemClock.now();
        let was = look(copier, Side::From, kind, now, progress).await?;
        let is = look(copier, Side::To, kind, now, progress).await?;
        was.must_be(&is, kind)?;
        tallies.push((kind, is));
    }
    progress.end();
    Ok(tallies)
}

/// All of one kind in one store.
async fn look(
    copier: &Copier,
    side: Side,
    kind: RecordKind,
    now: Timestamp,
    progress: &Progress,
) -> Result<Tally, CopyError> {
    let (mut seen, mut at) = (Tally::default(), Some(Position::start_of(kind)));
    while let Some(position) = at {
        let before = seen.records();
        let page = async || {
            let mut seen = seen.clone();
            let next = copier.look(side, &position, now, &mut seen).await?;
            Ok((seen, next))
        };
        (seen, at) = insist(progress, page).await?;
        progress.add(seen.records() - before);
    }
    Ok(seen)
}

async fn is_empty(copier: &Copier, progress: &Progress) -> Result<bool, CopyError> {
    for kind in RecordKind::ALL {
        let (mut after, mut more) = (None, true);
        while more {
            let page = insist(progress, async || Ok(copier.to.export(kind, after.clone(), 256).await?)).await?;
            if !page.records.is_empty() {
                return Ok(false);
            }
            (more, after) = (page.next.is_some(), page.next);
        }
    }
    Ok(true)
}

/// Asks again while a store fails, and for longer each time.
async fn insist<T>(progress: &Progress, page: impl AsyncFn() -> Result<T, CopyError>) -> Result<T, CopyError> {
    let mut tries = 0;
    loop {
        match page().await {
            Err(CopyError::Unavailable(failure)) if tries < TRIES => {
                progress.say(&format!("{}: asking again", reasons(&failure)));
                let asked = match failure {
                    Unavailable::Overloaded { retry_after, .. } => retry_after,
                    Unavailable::Failed { .. } => Duration::ZERO,
                };
                sleep(asked.max(PAUSE * 2_u32.pow(tries))).await;
                tries += 1;
            }
            ended => return ended,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn a_copy_that_was_killed_between_its_last_two_steps_is_whole() {
        let data = tempfile::tempdir().unwrap();
        let settings = Settings::for_data_dir(data.path());
        let copy = Copy { from: Store::Cosmos, to: Store::Sqlite };
        assert!(!copy.is_in_place(&settings).unwrap());
        fs::write(store::sqlite_file(&settings), "a database").unwrap();
        assert!(!copy.is_in_place(&settings).unwrap(), "one that nobody has copied");
        Journal::open(&settings, copy.from, copy.to).unwrap().keep(9, Some(&Position::start())).unwrap();
        assert!(!copy.is_in_place(&settings).unwrap(), "one that was made while it was interrupted");
        Journal::open(&settings, copy.from, copy.to).unwrap().keep(9, None).unwrap();
        assert!(!copy.is_in_place(&settings).unwrap(), "one whose copy was found to be none");
        Journal::open(&settings, copy.from, copy.to).unwrap().compared().unwrap();
        fs::write(store::unfinished(&settings), "a copy").unwrap();
        assert!(!copy.is_in_place(&settings).unwrap(), "it has not come so far");
        fs::remove_file(store::unfinished(&settings)).unwrap();
        assert!(copy.is_in_place(&settings).unwrap());
        assert!(!copy.is_in_place(&settings).unwrap(), "it was told");
    }
}
