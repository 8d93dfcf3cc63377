//! Stores that are broken on purpose, each in one way: kept to prove that every clause of the contract bites.

mod codes;
mod counters;
mod documents;
mod keys;
mod outbox;
mod records;
mod sessions;
mod users;

use super::Memory;
use crate::value::Timestamp;
use std::{ops::Deref, sync::atomic::AtomicU64, time::Duration};

/// Every store port, over [`Memory`], with one [`Fault`].
pub struct Broken {
    memory: Memory,
    fault: Fault,
    /// How many ids it has made up.
    made_up: AtomicU64,
}

/// One way to break a store. The first ones break several ports, the others one each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It is not broken, and keeps the contract.
    None,
    /// Reads, lets others run, and then writes over what they wrote.
    TwoSteps,
    /// Answers a rename, delete, redeem, renew, turn, revoke, confirm, forgive or settle, and writes nothing.
    WritesNothing,
    /// Writes a redeem or a turn that succeeds, and none that is refused.
    WritesSuccessAlone,
    /// Loses a field of what it keeps.
    LosesAField,
    /// Writes where it may not: over what is there, or where there is nothing.
    Overwrites,
    /// Judges by the second before.
    OneSecondLate,
    /// Judges by the second after.
    OneSecondEarly,
    /// Looks at the half of an id that says whose it is, and not at the other.
    HalfTheId,
    /// Lists the wrong way round.
    NewestFirst,

    /// Looks whether the names are free, lets others run, and then inserts or renames.
    ChecksThenWrites,
    /// Finds an account by any id.
    FindsAnybody,
    /// Looks for a login, and holds it unique, as it is written, not by its key.
    LoginByItsText,
    /// Looks for an e-mail, and holds it unique, as it is written, not by its key.
    EmailByItsText,
    /// Gives the e-mail as the reason, whatever else is one.
    EmailFirst,
    /// Keeps the login of an account that it refused for its e-mail.
    LeavesAClaim,
    /// Replaces, renames or deletes an account whatever its revision.
    IgnoresTheRevision,
    /// Takes an account's own names for taken.
    TakenFromItself,
    /// Keeps the names that an account had before it was renamed or deleted.
    KeepsTheOldNames,
    /// Does not know whose accounts it has deleted.
    ForgetsTheDeleted,

    /// Compares before it looks whether any try is left.
    ComparesFirst,
    /// Takes two tries for a wrong guess.
    CountsTwice,
    /// Takes a try for what is too long to be a guess, and wants one to be left.
    CountsAnything,
    /// Keeps the older of two codes.
    KeepsTheOlder,
    /// Has one slot for all kinds of code, or of document.
    OneSlot,
    /// Takes a code or a document of any kind for one of the kind that was asked for.
    AnyKind,
    /// Compares with codes of other secrets as if they were its own.
    AnySecret,
    /// Renews for as long as it is asked to.
    RenewsForEver,
    /// Sweeps codes that have expired, though they can be renewed.
    SweepsTheExpired,

    /// Answers a turn with the session as it was before.
    AnswersThePast,
    /// Lets the token before the good one race at no time.
    NoGrace,
    /// Lets the token before the good one race at any time.
    EndlessGrace,
    /// Does not look at the MAC.
    AnyMac,
    /// Ends all sessions where one was to be spared.
    SparesNobody,
    /// Ends and lists everybody's sessions; lists and forgets everybody's documents.
    Everybodys,

    /// Allows one hit more than the limit.
    OneMore,
    /// Says how long the window is, not how long it still runs.
    WholeWindow,
    /// Begins the window anew with each hit that it refuses.
    ProlongsTheWindow,
    /// Knows no pause, only the limit.
    NoPause,
    /// Has one counter for all keys.
    OneCounter,
    /// Looks at the name of a counter, and not at its group.
    OneGroup,
    /// Looks at the group of a counter, and not at its name.
    OneName,
    /// Counts on the others where a limit says no.
    CountsOn,
    /// Answers with the first limit that says no, though another waits longer.
    FirstAnswers,
    /// Counts an attempt each time that it is asked to.
    CountsAgain,
    /// Counts what is under way for good.
    NeverLapses,
    /// Counts what is under way once it is confirmed, and not before.
    CountsOnlyTheWrong,
    /// Confirms on the first counter alone.
    ConfirmsOne,
    /// Counts once more whatever is confirmed.
    ConfirmsAnew,
    /// Confirms nothing that has lapsed.
    LosesTheLapsed,
    /// Counts what has lapsed and is confirmed only if the rule allows it.
    AsksTheRule,
    /// Says that nothing else counts, whatever does.
    SaysAlone,
    /// Says that something else counts, whether anything does or not.
    NeverAlone,
    /// Takes back more than the attempt has counted.
    UndoesAnything,
    /// Says that all is allowed when it is only asked.
    LooksAway,
    /// Counts when it is only asked.
    LookingCounts,

    /// Leases what another has leased.
    IgnoresLeases,
    /// Leases and lists more than was asked for.
    IgnoresTheLimit,
    /// Does not count attempts.
    CountsNoAttempt,
    /// Keeps what is delivered.
    KeepsTheDelivered,
    /// Comes back at once with what was put off.
    LaterIsNow,
    /// Leases what was given up, and counts it among the waiting.
    RaisesTheDead,
    /// Takes a verdict from whoever gives one.
    AnyVerdict,
    /// Sweeps no dead entry.
    SweepsNothing,

    /// Gives what is inserted anew the revision that was there before.
    RepeatsTheRevision,
    /// Looks at the kind and the name of a document, and not at whose it is.
    OneOwner,
    /// Sweeps what stays until it is deleted.
    SweepsTheEndless,

    /// Exports or lists one record less on each page but the first.
    SkipsARecord,
    /// Exports or lists the first record of a page twice.
    ExportsTwice,
    /// Counts one record more than it exports.
    CountsOneMore,
    /// Takes a record that is there for another one.
    RefusesAgain,
}

impl Broken {
    /// A store with this fault.
    pub fn new(fault: Fault) -> Self {
        Self { memory: Memory::default(), fault, made_up: AtomicU64::default() }
    }

    /// What it is over.
    pub fn memory(&self) -> &Memory {
        &self.memory
    }

    fn has(&self, fault: Fault) -> bool {
        self.fault == fault
    }

    /// What it takes for the time.
    fn judge(&self, now: Timestamp) -> Timestamp {
        match self.fault {
            Fault::OneSecondLate => Timestamp(now.0 - 1),
            Fault::OneSecondEarly => now + Duration::from_secs(1),
            _ => now,
        }
    }

    /// Whether it writes what a transition made of a record.
    fn writes(&self, succeeded: bool) -> bool {
        match self.fault {
            Fault::WritesNothing => false,
            Fault::WritesSuccessAlone => succeeded,
            _ => true,
        }
    }

    /// What one call reads and writes: a copy, where the fault is in how that is written back.
    async fn open(&self) -> Opened<'_> {
        let copied = matches!(self.fault, Fault::TwoSteps | Fault::WritesNothing | Fault::WritesSuccessAlone);
        let copy = copied.then(|| self.memory.tables().clone().into());
        if self.has(Fault::TwoSteps) {
            tokio::task::yield_now().await;
        }
        Opened { memory: &self.memory, copy }
    }
}

struct Opened<'a> {
    memory: &'a Memory,
    copy: Option<Memory>,
}

impl Opened<'_> {
    /// Ends the call, and writes a copy back if it is to be written.
    fn close(self, written: bool) {
        if let Some(copy) = self.copy.filter(|_| written) {
            *self.memory.tables() = copy.tables().clone();
        }
    }
}

impl Deref for Opened<'_> {
    type Target = Memory;
    fn deref(&self) -> &Memory {
        self.copy.as_ref().unwrap_or(self.memory)
    }
}
