//! The verbs of one container: how an item is read, written and found, by the SDK.
use crate::{
    document::{Document, Etag, Kept, Op, Place},
    repeat::{Refused, plain, repeat, retry_after},
};
use auth_core::ports::{Clock, Outside, Rng, Unavailable};
use azure_data_cosmos::{
    ContainerClient, CosmosError, FeedScope, Query,
    feed::ContinuationToken,
    models::ItemResponse,
    options::{
        FeedOptions, ItemReadOptions, ItemWriteOptions, MaxItemCountHint, OperationOptionsBuilder, Precondition,
        QueryOptions, ReadConsistencyStrategy,
    },
};
use futures_util::TryStreamExt;
use serde::Serialize;
use std::{
    hash::{BuildHasher, RandomState},
    num::NonZeroU32,
    sync::Arc,
    time::Duration,
};
use tokio::{
    sync::{Mutex, MutexGuard},
    time::{sleep, timeout},
};

/// One container.
pub struct Container {
    pub(crate) items: ContainerClient,
    /// What its port is called in a failure.
    pub(crate) service: &'static str,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) rng: Arc<dyn Rng>,
    /// How long one call of the port may take in all.
    pub(crate) patience: Duration,
    /// Who changes a document here waits for whoever does so already.
    pub(crate) turns: Turns,
}

/// Changes of one document by one process go one after the other: they would only collide. Documents that fall on the same
/// turn wait for each other, too.
pub struct Turns(Vec<Mutex<()>>, RandomState);

impl Default for Turns {
    fn default() -> Self {
        Self((0..1_024).map(|_| Mutex::new(())).collect(), RandomState::new())
    }
}

impl Turns {
    /// Which turn it is: nobody chooses ids that fall on another's.
    fn of(&self, place: &Place) -> &Mutex<()> {
        &self.0[usize::try_from(self.1.hash_one(&place.id) % 1_024).unwrap_or_default()]
    }
}

/// How new what is read must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fresh {
    /// What was last committed in the region that is asked.
    Committed,
    /// What this process has written, or was refused by, wherever that was: the SDK keeps a session, and each answer of the
    /// database, a refusal too, says how far it has come.
    Known,
}

/// The end of a write that can lose.
#[must_use]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Written {
    /// Written, and this is its state now.
    Done(Etag),
    /// There is something already, or something else, or nothing any more; or an earlier try of this very write was done
    /// and its answer lost. Who wants to know [reads again](Container::read_again), and looks for his [`Op`].
    Lost,
}

/// After so many collisions in a row somebody is writing without end.
const COLLISIONS: u32 = 64;

impl Container {
    /// Waits until nobody else here is about to change the document in this place.
    pub async fn turn(&self, place: &Place) -> MutexGuard<'_, ()> {
        self.turns.of(place).lock().await
    }

    /// A name for one write.
    pub fn op(&self) -> Op {
        Op::draw(self.rng.as_ref())
    }

    /// Bounds a call of the port, all its requests together.
    pub async fn in_time<T>(&self, call: impl Future<Output = Outside<T>>) -> Outside<T> {
        let late = || Err(self.failed("the database did not answer in time"));
        timeout(self.patience, call).await.unwrap_or_else(|_| late())
    }

    /// The document in this place, as last committed in the region that is asked.
    pub async fn read<R: Kept>(&self, place: &Place) -> Outside<Option<Document<R>>> {
        self.find(place, Fresh::Committed).await
    }

    /// The document in this place, after a write here was refused: not older than what refused it. Another region may not
    /// have heard of that yet; then the one that writes is asked.
    pub async fn read_again<R: Kept>(&self, place: &Place) -> Outside<Option<Document<R>>> {
        self.find(place, Fresh::Known).await
    }

    /// The document in this place. One that is not there may be new, and have been written by this process.
    pub async fn read_even_if_new<R: Kept>(&self, place: &Place) -> Outside<Option<Document<R>>> {
        match self.read(place).await? {
            None => self.read_again(place).await,
            found => Ok(found),
        }
    }

    /// The document in this place, at least so new.
    pub async fn find<R: Kept>(&self, place: &Place, fresh: Fresh) -> Outside<Option<Document<R>>> {
        let strategy = match fresh {
            Fresh::Committed => ReadConsistencyStrategy::LatestCommitted,
            Fresh::Known => ReadConsistencyStrategy::Session,
        };
        let operation = OperationOptionsBuilder::new().with_read_consistency_strategy(strategy).build();
        let options = ItemReadOptions::default().with_operation_options(operation);
        let read = || async {
            self.items.read_item(place.key().to_owned(), &place.id, Some(options.clone())).await?.into_model()
        };
        Ok(self.ask(read).await?.ok())
    }

    /// Writes where nothing is.
    pub async fn create<R: Kept>(&self, place: &Place, record: R, op: &Op) -> Outside<Written> {
        let document = Document::new(place, record, op, self.clock.as_ref());
        let create = || self.items.create_item(place.key().to_owned(), &place.id, &document, None);
        self.ask(create).await.map(written)
    }

    /// Writes over a document that is still as it was read.
    pub async fn replace<R: Kept>(&self, read: &Document<R>, record: R, op: &Op) -> Outside<Written> {
        let (place, next) = (read.place(), read.next(record, op, self.clock.as_ref()));
        let replace = || self.items.replace_item(place.key().to_owned(), &place.id, &next, Some(unchanged(&read.etag)));
        self.ask(replace).await.map(written)
    }

    /// Deletes a document that is still in this state. Whether it was deleted is not told.
    pub async fn delete(&self, place: &Place, etag: &Etag) -> Outside<()> {
        let delete = || self.items.delete_item(place.key().to_owned(), &place.id, Some(unchanged(etag)));
        self.ask(delete).await.map(|_deleted_or_another_by_now| ())
    }

    /// The documents of one partition that a query selects with `SELECT *`.
    pub async fn query<R: Kept>(&self, partition: &str, query: &Query) -> Outside<Vec<Document<R>>> {
        self.select(partition, query).await
    }

    /// How many of one partition a query selects with `SELECT VALUE COUNT(1)`.
    pub async fn count(&self, partition: &str, query: &Query) -> Outside<u64> {
        Ok(self.select::<u64>(partition, query).await?.into_iter().sum())
    }

    /// Some of the documents that a query selects with `SELECT *`, of one partition or of all, in an order of the database's:
    /// the first, or those after an earlier page. With them comes where to go on, until there is nothing more.
    pub async fn page<R: Kept>(
        &self,
        query: &Query,
        partition: Option<&str>,
        after: Option<String>,
        limit: u32,
    ) -> Outside<(Vec<Document<R>>, Option<String>)> {
        let feed = FeedOptions::default()
            .with_max_item_count(MaxItemCountHint::Limit(NonZeroU32::new(limit).unwrap_or(NonZeroU32::MIN)))
            .with_max_fan_out(u32::MAX); // all of it is what is asked for
        let feed = match after {
            Some(after) => feed.with_continuation_token(ContinuationToken::from_string(after)),
            None => feed,
        };
        let options = QueryOptions::default().with_feed_options(feed);
        let page = || async {
            let scope = match partition {
                Some(partition) => FeedScope::partition(partition.to_owned()),
                None => FeedScope::full_container(),
            };
            let found = self.items.query_items(query.clone(), scope, Some(options.clone())).await?;
            let mut pages = found.into_pages();
            let Some(page) = pages.try_next().await? else { return Ok((Vec::new(), None)) };
            Ok((page.into_items(), Some(pages.to_continuation_token()?.as_str().to_owned())))
        };
        self.ask(page).await?.map_err(|_| self.failed("the container is missing"))
    }

    /// Reads, lets the record decide, and writes over what was read; again while others write in between. What is decided
    /// counts only once it is written. `None`: there is no record.
    pub async fn change<R: Kept, T>(&self, place: &Place, decide: impl Fn(&mut R) -> T) -> Outside<Option<T>> {
        self.change_from(place, Fresh::Committed, decide).await
    }

    /// The same, where it matters what this process has written itself, which another region may not have heard of.
    pub async fn change_own<R: Kept, T>(&self, place: &Place, decide: impl Fn(&mut R) -> T) -> Outside<Option<T>> {
        self.change_from(place, Fresh::Known, decide).await
    }

    async fn change_from<R: Kept, T>(
        &self,
        place: &Place,
        mut fresh: Fresh,
        decide: impl Fn(&mut R) -> T,
    ) -> Outside<Option<T>> {
        let (op, mut decided, mut turn) = (self.op(), None, None);
        for collisions in 0..COLLISIONS {
            let found = match fresh {
                Fresh::Committed => self.read_even_if_new::<R>(place).await?,
                Fresh::Known => self.read_again(place).await?,
            };
            let Some(read) = found else { return Ok(None) };
            if let Some(outcome) = decided.take()
                && read.ops.has(&op)
            {
                return Ok(Some(outcome));
            }
            let mut record = read.record.clone();
            let outcome = decide(&mut record);
            if record == read.record {
                return Ok(Some(outcome)); // whoever writes nothing keeps nobody waiting
            }
            if turn.is_none() {
                let at_once = self.turns.of(place).try_lock().ok();
                let is_stale = at_once.is_none();
                turn = Some(match at_once {
                    Some(turn) => turn,
                    None => self.turn(place).await,
                });
                if is_stale {
                    continue; // whoever was at it has written over what was read
                }
            }
            match self.replace(&read, record, &op).await? {
                Written::Done(_) => return Ok(Some(outcome)),
                Written::Lost => (decided, fresh) = (Some(outcome), Fresh::Known),
            }
            self.step_aside(collisions).await;
        }
        Err(self.failed("others kept writing"))
    }

    /// Waits until a read here no longer finds this state, which is over: whoever is told so reads next. `None`: there was
    /// nothing.
    pub async fn until_past<R: Kept>(&self, place: &Place, over: Option<&Etag>) -> Outside<()> {
        for looks in 0.. {
            let found = self.read::<R>(place).await?.map(|found| found.etag);
            if found.as_ref() != over {
                break;
            }
            self.step_aside(looks).await;
        }
        Ok(())
    }

    /// Waits a moment that is drawn, and longer after each collision, so that of many one gets through.
    pub async fn step_aside(&self, collisions: u32) {
        let mut dice = [0; 2];
        self.rng.fill(&mut dice);
        let most = 1_000_u64 << collisions.min(6);
        sleep(Duration::from_micros(most * u64::from(u16::from_be_bytes(dice)) / u64::from(u16::MAX))).await;
    }

    /// A query with one more parameter.
    pub fn with(&self, query: Query, name: &str, value: impl Serialize) -> Outside<Query> {
        query.with_parameter(name, value).map_err(|error| self.failed(plain(&error)))
    }

    /// A failure of the port.
    pub fn failed(&self, reason: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Unavailable {
        Unavailable::failed(self.service, reason)
    }

    async fn select<T: serde::de::DeserializeOwned + Send + 'static>(
        &self,
        partition: &str,
        query: &Query,
    ) -> Outside<Vec<T>> {
        let select = || async {
            let scope = FeedScope::partition(partition.to_owned());
            self.items.query_items::<T>(query.clone(), scope, None).await?.try_collect::<Vec<T>>().await
        };
        self.ask(select).await?.map_err(|_| self.failed("the container is missing"))
    }

    async fn ask<T, F>(&self, verb: impl Fn() -> F) -> Outside<Result<T, Refused>>
    where
        F: Future<Output = azure_data_cosmos::Result<T>>,
    {
        repeat(self.patience, verb).await.map_err(|failure| self.unavailable(failure))
    }

    fn unavailable(&self, failure: Option<CosmosError>) -> Unavailable {
        match failure {
            Some(error) if error.status().is_throttled() => Unavailable::Overloaded {
                service: self.service,
                retry_after: retry_after(&error).unwrap_or(Duration::from_secs(1)),
            },
            Some(error) => self.failed(plain(&error)),
            None => self.failed("the database did not answer in time"),
        }
    }
}

fn unchanged(etag: &Etag) -> ItemWriteOptions {
    ItemWriteOptions::default().with_precondition(Precondition::if_match(etag.0.clone()))
}

fn written(answer: Result<ItemResponse, Refused>) -> Written {
    match answer {
        Ok(response) => Written::Done(Etag(response.headers().etag().map(ToString::to_string).unwrap_or_default())),
        Err(Refused::Missing | Refused::Conflict) => Written::Lost,
    }
}
