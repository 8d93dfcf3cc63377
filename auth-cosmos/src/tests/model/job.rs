//! What an actor wants, how that ends, and what is wrong with the way that it goes about it.
use super::database::*;

/// What somebody wants. A job that is done a second time is a second actor.
#[derive(Clone, Copy, Debug)]
pub enum Job {
    /// As `insert` does it: over what another has left, until it is decided.
    Register(User, Names),
    /// From whatever names it has.
    Rename(User, Names),
    Delete(User),
    /// A request to reserve that was under way while whoever made it had asked again, or was gone.
    Late(User, Name),
    /// Whose is it?
    Look(Name),
}

/// How it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum End {
    Done,
    Lost,
    Taken,
    /// There is an account already, or there is none.
    Refused,
    Found(Option<User>),
}

/// What is planted into names.rs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    None,
    /// What is its own already is not written again.
    TakenAgainAsItIs,
    /// What another has reserved is taken while he can still commit.
    NoFence,
    /// It is taken, and then his power to commit.
    FenceAfter,
    /// What was there before is taken back with what was made.
    ReleasedAlthoughItWasThere,
    /// What is written over is read once the names are reserved.
    ReadAfterReserving,
    /// Whoever is told that another was faster does not look whether that was himself.
    LostAnswerIsALoss,
    /// Whoever is too late to write it again takes what another attempt of the same user has written for as good.
    AnotherAttemptIsAsGood,
    /// Whoever finds a write of his own in a reservation takes it for made by him, whoever has written after that.
    NotTheLastIsAsGood,
    /// It is written again under the name of the write that makes, and so taken for made if that answer is lost.
    WrittenAgainAsMade,
    /// What a rename gives back is deleted as it is found after the commit.
    GivenBackAsFound,
}

/// A job, whose it is, and what is wrong.
#[derive(Clone, Copy, Debug)]
pub struct Role {
    pub job: Job,
    pub op: Op,
    pub fault: Fault,
}

impl Role {
    /// What it is to have in the end.
    pub fn names(self) -> Names {
        match self.job {
            Job::Register(_, names) | Job::Rename(_, names) => names,
            Job::Delete(_) | Job::Late(..) | Job::Look(_) => Names::default(),
        }
    }
}
