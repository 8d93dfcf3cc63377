//! `copy`: everything from one store into another, so that who has begun on one file can outgrow it, and come back.
mod journal;
mod progress;

use self::{journal::Journal, progress::Progress};
use super::Ended;
use crate::{
    keys::KeyFolder,
    settings::{Settings, SettingsError, value::Store},
    store::{self, Carried},
};
use auth_core::{
    copy::{Copier, CopyError, Position, Side, Tally},
    ports::{Clock, Outside, RecordKind, Unavailable},
    system::SystemClock,
};
use conf::Conf;
use std::{sync::Arc, time::Duration};
use tokio::time::sleep;

/// Move everything into another store: with the servers stopped, into an empty store, and with a look at all of it
/// afterwards. Interrupted, the same command goes on.
#[derive(Conf)]
pub struct Copy {
    /// The store to copy: sqlite or cosmos, where the settings say that it is. It stays as it is.
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
        let cosmos = settings.cosmos.incomplete();
        if !cosmos.is_empty() {
            return Err(SettingsError::Wrong(cosmos.join("\n")).into());
        }
        let file = store::sqlite_file(settings);
        match (self.from, file.exists()) {
            (Store::Sqlite, false) => return Err(format!("there is no database in {}", file.display()).into()),
            (Store::Cosmos, true) => {
                return Err(format!("{} is there already: a copy goes where nothing is", file.display()).into());
            }
            _ => {}
        }
        let secret = Arc::new(KeyFolder::of(settings).server_secret(settings)?);
        let journal = Journal::open(settings, self.from, self.to)?;
        let from = store::source(self.from, settings, &secret).await?;
        let to = store::target(self.to, settings, &secret).await?;
        let copied = carry(&journal, from.clone(), to.clone()).await;
        from.close().await;
        to.close().await;
        let tallies = copied.map_err(|error| tell(&error, &journal))?;
        if self.to == Store::Sqlite {
            store::put_in_place(settings)?;
        }
        journal.close()?;
        Ok(self.done(settings, &tallies))
    }

    fn done(&self, settings: &Settings, tallies: &[(RecordKind, Tally)]) -> String {
        format!(
            "{lines}All of it is in {to}, and was compared.\n\
             Start the servers with AUTH_SERVICE_STORE={to}, with the same secret and the same keys ({keys}). What was \
             copied is still in {from}: let no server run on it any more, and remove it when nobody will ask for anything \
             in it.",
            lines = tallies.iter().map(line).collect::<String>(),
            from = self.from,
            to = self.to,
            keys = settings.key_dir().display(),
        )
    }
}

fn line((kind, tally): &(RecordKind, Tally)) -> String {
    format!("{:<10} {:>9}\n", kind.as_str(), tally.records())
}

/// From where an earlier try was interrupted; then looks at all of it.
async fn carry(
    journal: &Journal,
    from: Arc<dyn Carried>,
    to: Arc<dyn Carried>,
) -> Result<Vec<(RecordKind, Tally)>, CopyError> {
    let progress = Progress::of(&*from, journal.carried()).await?;
    let copier = Copier { from, to: to.clone(), now: SystemClock.now() };
    if journal.is_new() && !is_empty(&*to).await? {
        return Err(CopyError::NotEmpty);
    }
    let keep = |at: Option<&Position>| {
        journal.keep(progress.position(), at).map_err(|error| Unavailable::failed("the journal of the copy", error))
    };
    let mut at = journal.position();
    keep(at.as_ref())?;
    while let Some(position) = at {
        let page = insist(&progress, async || copier.carry(&position).await).await?;
        progress.carried(position.kind, page.records);
        at = page.next;
        keep(at.as_ref())?;
    }
    let mut tallies = Vec::new();
    progress.begin_to_compare();
    for kind in RecordKind::ALL {
        let was = look(&copier, Side::From, kind, &progress).await?;
        let is = look(&copier, Side::To, kind, &progress).await?;
        was.must_be(&is, kind)?;
        tallies.push((kind, is));
    }
    progress.end();
    Ok(tallies)
}

async fn look(copier: &Copier, side: Side, kind: RecordKind, progress: &Progress) -> Result<Tally, CopyError> {
    let (mut seen, mut at) = (Tally::default(), Some(Position::start_of(kind)));
    while let Some(position) = at {
        let before = seen.records();
        (seen, at) = insist(progress, async || {
            let mut seen = seen.clone();
            let next = copier.look(side, &position, &mut seen).await?;
            Ok((seen, next))
        })
        .await?;
        progress.compared(kind, seen.records() - before);
    }
    Ok(seen)
}

async fn is_empty(store: &dyn Carried) -> Outside<bool> {
    for kind in RecordKind::ALL {
        let mut after = None;
        loop {
            let page = store.export(kind, after, 1).await?;
            if !page.records.is_empty() {
                return Ok(false);
            }
            after = page.next;
            if after.is_none() {
                break;
            }
        }
    }
    Ok(true)
}

/// Asks again while a store fails, and for longer each time.
async fn insist<T>(progress: &Progress, mut page: impl AsyncFnMut() -> Result<T, CopyError>) -> Result<T, CopyError> {
    let mut tries = 0;
    loop {
        match page().await {
            Err(CopyError::Unavailable(failure)) if tries < TRIES => {
                progress.failed(&failure);
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

fn tell(error: &CopyError, journal: &Journal) -> String {
    let reason = crate::http::reasons(error);
    match error {
        CopyError::Unavailable(_) => format!("the copy was interrupted: {reason}. The same command goes on with it"),
        CopyError::NotEmpty => "there is something in the target already: a copy goes into an empty store".to_owned(),
        CopyError::Conflict(_) | CopyError::Different { .. } => {
            let journal = journal.path().display();
            format!(
                "this is no copy: {reason}. One of the two was used meanwhile, or since an interruption: stop every server, \
                 empty the target, remove {journal} and begin anew"
            )
        }
    }
}
