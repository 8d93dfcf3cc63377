//! Logins and e-mails that have one owner each, without a transaction over their documents.
//!
//! An account's document is what commits: a reservation counts only while its owner's document is active and names it. So
//! whoever finds a name that is reserved looks at the owner. One that names it has it. Of any other the power to commit is
//! taken first, by a write over its document: what it has read is then no longer there, and its own write is refused. Only
//! then is the reservation taken. That needs no clock and no lock, and a crash anywhere leaves at most a reservation that
//! the next one repairs.
//!
//! ```text
//! commit(account, over):  reserve each name                        over: nothing, or the state that was read before
//!                         look at the reservations it will not need
//!                         write the account over that              <- the commit
//!                         delete those, as they were looked at     what has been reserved again since, stays
//! reserve(name):          create the reservation, or
//!                         mine      -> write it again              what another has read of it is no longer there
//!                         another's -> active and names it         taken
//!                                   -> else: young, wait; old, write over its account, then over the reservation
//! ```
use crate::{
    container::{Container, Fresh, Written},
    document::{Document, Etag, Kept, Op, Place},
};
use auth_core::{ports::Outside, user::User, value::*};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// What the container of accounts holds under a user's id.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AccountRecord {
    /// An account, and the names that are its own.
    Active {
        /// All of it.
        user: Box<User>,
        /// The reservations that count.
        names: Vec<Name>,
    },
    /// There was none when somebody took a name that was reserved for it. It may still come to be.
    Aborted,
    /// There was one. Ids are never used again.
    Deleted,
}

impl Kept for AccountRecord {
    fn kept_until(&self) -> Option<Timestamp> {
        None
    }
}

impl AccountRecord {
    /// The reservations that count.
    pub fn names(&self) -> &[Name] {
        if let Self::Active { names, .. } = self { names } else { &[] }
    }

    fn has(&self, name: &Name) -> bool {
        self.names().contains(name)
    }
}

/// A keyed hash that stands for a login or an e-mail: no personal data is in a key, a URL or a trace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Name(pub String);

/// A name that somebody has, or is about to have.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reservation {
    /// Whose.
    pub user: UserId,
    /// When it was reserved.
    pub at: Timestamp,
}

impl Kept for Reservation {
    fn kept_until(&self) -> Option<Timestamp> {
        None
    }
}

/// The two containers.
pub struct Names {
    /// Accounts by their ids.
    pub accounts: Container,
    /// Reservations by their names.
    pub reservations: Container,
}

/// The end of one commit.
#[must_use]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Commit {
    /// The account is as it was to be, and by this very commit.
    Done,
    /// Something else is in its place.
    Lost,
    /// Another account has this one of the names, by its number.
    Taken(usize),
}

/// A reservation in the state that it was seen in. It is given back in that state alone: in another, others may rely on it.
pub struct Seen {
    name: Name,
    etag: Etag,
}

enum Reserved {
    Made(Seen),
    Again,
    Taken,
}

/// A reservation is left alone for so long. An attempt that is under way is seen to its end, and one that crashed keeps
/// the name from others no longer.
const GRACE: Duration = Duration::from_secs(10);
const ATTEMPTS: u32 = 64;

impl Names {
    /// The account of a user, whatever has become of it.
    pub async fn account(&self, user: UserId) -> Outside<Option<Document<AccountRecord>>> {
        self.accounts.read(&of(user)).await
    }

    /// The same, after a write over it was refused.
    pub async fn account_again(&self, user: UserId) -> Outside<Option<Document<AccountRecord>>> {
        self.accounts.read_again(&of(user)).await
    }

    /// The account that has a name.
    pub async fn owner(&self, name: &Name) -> Outside<Option<Document<AccountRecord>>> {
        let Some(reservation) = self.reservations.read::<Reservation>(&place(name)).await? else { return Ok(None) };
        Ok(self.account(reservation.record.user).await?.filter(|account| account.record.has(name)))
    }

    /// Writes an account that has these names and no others, over what was read of it, or where nothing is. All or nothing:
    /// of any number of callers with one name one is `Done`.
    ///
    /// What is written over must have been read before any of the names is reserved here: then whoever takes one of them
    /// from us meanwhile has written over it, and we are `Lost`.
    pub async fn commit(
        &self,
        user: &User,
        names: &[Name],
        over: Option<&Document<AccountRecord>>,
        op: &Op,
    ) -> Outside<Commit> {
        let mut made = Vec::new();
        for (number, name) in names.iter().enumerate() {
            if over.is_some_and(|account| account.record.has(name)) {
                continue; // its own already
            }
            match self.reserve(name, user.id).await? {
                Reserved::Made(new) => made.push(new),
                Reserved::Again => {}
                Reserved::Taken => {
                    self.release(user.id, made).await?;
                    return Ok(Commit::Taken(number));
                }
            }
        }
        let account = AccountRecord::Active { user: Box::new(user.clone()), names: names.to_vec() };
        let committed = self.write(user.id, account, over, op).await?;
        if committed == Commit::Lost {
            self.release(user.id, made).await?;
        }
        Ok(committed)
    }

    /// Ends an account for good, over what was read of it.
    pub async fn end(&self, user: UserId, over: &Document<AccountRecord>, op: &Op) -> Outside<Commit> {
        self.write(user, AccountRecord::Deleted, Some(over), op).await
    }

    /// The reservations that a user has of these names.
    pub async fn seen(&self, user: UserId, names: &[Name]) -> Outside<Vec<Seen>> {
        let mut seen = Vec::new();
        for name in names {
            if let Some(reservation) = self.reservations.read::<Reservation>(&place(name)).await?
                && reservation.record.user == user
            {
                seen.push(Seen { name: name.clone(), etag: reservation.etag });
            }
        }
        Ok(seen)
    }

    /// Gives reservations back that are still as they were seen.
    pub async fn give_back(&self, seen: Vec<Seen>) -> Outside<()> {
        for Seen { name, etag } in seen {
            self.reservations.delete(&place(&name), &etag).await?;
        }
        Ok(())
    }

    /// The commit, and what follows from it.
    async fn write(
        &self,
        user: UserId,
        account: AccountRecord,
        over: Option<&Document<AccountRecord>>,
        op: &Op,
    ) -> Outside<Commit> {
        // Before the commit: whoever wants one of them back for this user afterwards reserves it again.
        let old = over.map_or(&[][..], |over| over.record.names());
        let old: Vec<_> = old.iter().filter(|name| !account.has(name)).cloned().collect();
        let not_needed = self.seen(user, &old).await?;
        let written = match over {
            None => self.accounts.create(&of(user), account, op).await?,
            Some(read) => self.accounts.replace(read, account, op).await?,
        };
        if written == Written::Lost && !self.account_again(user).await?.is_some_and(|account| account.ops.has(op)) {
            return Ok(Commit::Lost);
        }
        // It is done, whatever becomes of these: they count no more, and whoever wants one repairs it.
        let _ = self.give_back(not_needed).await;
        Ok(Commit::Done)
    }

    /// Gives back what was made, unless the account has it after all.
    async fn release(&self, user: UserId, mut made: Vec<Seen>) -> Outside<()> {
        if made.is_empty() {
            return Ok(());
        }
        let account = self.account_again(user).await?;
        made.retain(|made| !account.as_ref().is_some_and(|account| account.record.has(&made.name)));
        self.give_back(made).await
    }

    async fn reserve(&self, name: &Name, user: UserId) -> Outside<Reserved> {
        let (op, place) = (self.reservations.op(), place(name));
        let own = || Reservation { user, at: self.reservations.clock.now() };
        let made = |etag| Ok(Reserved::Made(Seen { name: name.clone(), etag }));
        let mut fresh = Fresh::Committed;
        for attempt in 0..ATTEMPTS {
            if let Written::Done(etag) = self.reservations.create(&place, own(), &op).await? {
                return made(etag);
            }
            let Some(reservation) = self.reservations.read_again::<Reservation>(&place).await? else { continue };
            if reservation.ops.ends_with(&op) {
                return made(reservation.etag);
            }
            if reservation.record.user == user {
                // Written again by everyone who relies on it: what others have read of it, to take it or to give it back,
                // is no longer there. That another attempt of this user does so is not enough, since it may give it back.
                let again = self.reservations.op();
                if let Written::Done(_) = self.reservations.replace(&reservation, own(), &again).await? {
                    return Ok(Reserved::Again);
                }
                self.reservations.step_aside(attempt).await;
                continue;
            }
            let owner = self.accounts.find::<AccountRecord>(&of(reservation.record.user), fresh).await?;
            if owner.as_ref().is_some_and(|account| account.record.has(name)) {
                return Ok(Reserved::Taken);
            }
            if self.is_young(&reservation.record) {
                self.reservations.step_aside(attempt).await;
                continue;
            }
            if self.fence(reservation.record.user, owner).await? == Written::Lost {
                fresh = Fresh::Known;
                continue;
            }
            if let Written::Done(etag) = self.reservations.replace(&reservation, own(), &op).await? {
                return made(etag);
            }
        }
        Err(self.reservations.failed("others kept reserving the name"))
    }

    /// Takes an account's power to commit what it is about to: what it has read is no longer there.
    async fn fence(&self, user: UserId, account: Option<Document<AccountRecord>>) -> Outside<Written> {
        let op = self.accounts.op();
        match account {
            None => self.accounts.create(&of(user), AccountRecord::Aborted, &op).await,
            Some(read) if read.record == AccountRecord::Deleted => Ok(Written::Done(read.etag)),
            Some(read) => {
                let same = read.record.clone();
                self.accounts.replace(&read, same, &op).await
            }
        }
    }

    fn is_young(&self, reservation: &Reservation) -> bool {
        let (now, at) = (self.reservations.clock.now(), reservation.at);
        now < at + GRACE && at <= now + GRACE // one dated by a clock that is ahead is no younger
    }
}

fn of(user: UserId) -> Place {
    Place::alone(user.to_string())
}

fn place(name: &Name) -> Place {
    Place::alone(name.0.clone())
}
