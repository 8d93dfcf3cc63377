//! One caller of names.rs, step by step: each is one request of the database, in the order that names.rs makes them.
use super::{database::*, job::*};

/// The request that comes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum At {
    /// What is to be written over.
    Read,
    Create(Name),
    ReadReservation(Name),
    WriteAgain(Name),
    /// A planted fault alone does so.
    ReadAgain(Name),
    ReadOwner(Name, User),
    Fence(Name, User),
    TakeOver(Name, User),
    /// The reservation of a name that the commit gives up.
    ReadOld(Name),
    Commit,
    LookForCommit,
    /// A planted fault alone does so.
    ReadToGiveBack(Name),
    GiveBack(Name),
    ReadToRelease,
    Release(Name),
    ReadFound(User),
    Ended(End),
}

/// Etags of reservations, by their names.
type Etags = [Option<Etag>; NAMES as usize];

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Actor {
    pub at: At,
    /// What is written over, once it is read.
    pub over: Option<(Account, Etag)>,
    /// The reservation that was read.
    pub reservation: Option<Etag>,
    /// Its owner's account, if there is one.
    pub owner: Option<Etag>,
    /// The reservations that it has made.
    pub made: Etags,
    /// Those that it will not need after the commit.
    pub old: Etags,
    /// Why it is refused, while it puts things in order.
    pub refusal: Option<End>,
}

impl Actor {
    pub const NOBODY: Self = Self {
        at: At::Ended(End::Done),
        over: None,
        reservation: None,
        owner: None,
        made: [None; NAMES as usize],
        old: [None; NAMES as usize],
        refusal: None,
    };

    pub fn new(role: Role) -> Self {
        match role.job {
            Job::Register(..) => Self::NOBODY.reserve(role, 0),
            Job::Rename(..) if role.fault == Fault::ReadAfterReserving => Self::NOBODY.reserve(role, 0),
            Job::Rename(..) | Job::Delete(_) => Self::NOBODY.go(At::Read),
            Job::Late(_, name) => Self::NOBODY.go(At::Create(name)),
            Job::Look(name) => Self::NOBODY.go(At::ReadReservation(name)),
        }
    }

    /// The next request, and what it leaves; two where it may wait or not.
    pub fn step(self, role: Role, database: &mut Database) -> Vec<Self> {
        let user = match role.job {
            Job::Look(name) => return vec![self.look(name, database)],
            Job::Late(user, name) => return vec![Self::late(user, database.reservation(name))],
            Job::Register(user, _) | Job::Rename(user, _) | Job::Delete(user) => user,
        };
        vec![match self.at {
            At::Read => self.read(role, database.account(user).0),
            At::Create(name) => self.create(role, user, name, database.reservation(name)),
            At::ReadReservation(name) => self.find(role, user, name, database.reservation(name).0),
            At::WriteAgain(name) => self.write_again(role, user, name, database.reservation(name)),
            At::ReadAgain(name) if database.reserved(name) == Some(user) => self.reserve(role, name + 1),
            At::ReadAgain(name) => self.go(At::Create(name)),
            At::ReadOwner(name, owner) => return self.judge(role, name, owner, database.account(owner).0),
            At::Fence(name, owner) => self.fence(role, name, owner, database.account(owner)),
            At::TakeOver(name, owner) => self.take_over(role, user, name, owner, database.reservation(name)),
            At::ReadOld(name) => self.keep(user, name, database.reservation(name).0).give_up(role, name + 1),
            At::Commit => self.commit(role, database.account(user)),
            At::LookForCommit if database.account(user).0.is_some_and(|account| account.has(role.op)) => {
                self.committed(role)
            }
            At::LookForCommit => self.refuse(role, End::Lost),
            At::ReadToGiveBack(name) => self.keep(user, name, database.reservation(name).0).give_back(role, name),
            At::GiveBack(name) => {
                database.reservation(name).delete(self.old[usize::from(name)].expect("it was read"));
                self.give_back(role, name + 1)
            }
            At::ReadToRelease => self.release(role, database.names(user), 0),
            At::Release(name) => {
                database.reservation(name).delete(self.made[usize::from(name)].expect("it was made"));
                self.release(role, Names::default(), name + 1)
            }
            At::ReadFound(_) | At::Ended(_) => unreachable!("{self:?}"),
        }]
    }

    /// What it is to write over; whoever was refused looks whether there is an account by now.
    fn read(self, role: Role, account: Option<Document<Account>>) -> Self {
        let over = account.map(|account| (account.record, account.etag));
        let next = Self { over, refusal: None, ..self };
        match (role.job, over, self.refusal) {
            (Job::Register(..), Some((Account::Active(_) | Account::Deleted, _)), _) => Self::end(End::Refused),
            (Job::Register(..), _, Some(End::Taken)) => Self::end(End::Taken),
            (Job::Register(..), ..) => next.reserve(role, 0),
            (_, None | Some((Account::Aborted | Account::Deleted, _)), _) => Self::end(End::Refused),
            (Job::Rename(..), ..) if role.fault == Fault::ReadAfterReserving => next.give_up(role, 0),
            _ => next.reserve(role, 0),
        }
    }

    /// Reserves the names, from this one on, that are not its own already.
    fn reserve(self, role: Role, from: Name) -> Self {
        let own = self.over.map_or(Names::default(), |(account, _)| account.names());
        match role.names().without(own).from(from) {
            Some(name) => self.go(At::Create(name)),
            None if role.fault == Fault::ReadAfterReserving && self.over.is_none() => self.go(At::Read),
            None => self.give_up(role, 0),
        }
    }

    fn create(self, role: Role, user: User, name: Name, reservation: &mut Place<User>) -> Self {
        let done = reservation.create(user, Some(role.op));
        if done { self.made(role, name, Etag::New) } else { self.go(At::ReadReservation(name)) }
    }

    fn made(mut self, role: Role, name: Name, etag: Etag) -> Self {
        self.made[usize::from(name)] = Some(etag);
        self.reserve(role, name + 1)
    }

    fn find(self, role: Role, user: User, name: Name, found: Option<Document<User>>) -> Self {
        let Some(found) = found else { return self.go(At::Create(name)) };
        let next = |at| Self { reservation: Some(found.etag), ..self.go(at) };
        if found.ends_with(role.op) || role.fault == Fault::NotTheLastIsAsGood && found.has(role.op) {
            self.made(role, name, found.etag)
        } else if found.record != user {
            next(At::ReadOwner(name, found.record))
        } else if role.fault == Fault::TakenAgainAsItIs {
            self.reserve(role, name + 1)
        } else {
            next(At::WriteAgain(name))
        }
    }

    fn write_again(self, role: Role, user: User, name: Name, reservation: &mut Place<User>) -> Self {
        let op = (role.fault == Fault::WrittenAgainAsMade).then_some(role.op);
        let done = reservation.replace(self.reservation.expect("it was read"), user, op);
        match role.fault {
            Fault::ReleasedAlthoughItWasThere if done => self.made(role, name, Etag::New),
            _ if done => self.reserve(role, name + 1),
            Fault::AnotherAttemptIsAsGood => self.go(At::ReadAgain(name)),
            _ => self.go(At::Create(name)),
        }
    }

    /// A reservation that another has is young, and it waits; or old, and it does not.
    fn judge(self, role: Role, name: Name, owner: User, account: Option<Document<Account>>) -> Vec<Self> {
        let next = match account.map(|account| account.record) {
            Some(account) if account.names().has(name) => return vec![self.refuse(role, End::Taken)],
            Some(Account::Deleted) => At::TakeOver(name, owner),
            _ if matches!(role.fault, Fault::NoFence | Fault::FenceAfter) => At::TakeOver(name, owner),
            _ => At::Fence(name, owner),
        };
        let on = Self { at: next, owner: account.map(|account| account.etag), ..self };
        vec![self.go(At::Create(name)), on]
    }

    fn fence(self, role: Role, name: Name, owner: User, account: &mut Place<Account>) -> Self {
        let done = match (self.owner, account.0) {
            (Some(read), Some(now)) => account.replace(read, now.record, None),
            _ => account.create(Account::Aborted, None),
        };
        match role.fault {
            Fault::FenceAfter => self.reserve(role, name + 1),
            _ if done => Self { at: At::TakeOver(name, owner), owner: None, ..self },
            _ => self.go(At::Create(name)),
        }
    }

    fn take_over(self, role: Role, user: User, name: Name, owner: User, reservation: &mut Place<User>) -> Self {
        if !reservation.replace(self.reservation.expect("it was read"), user, Some(role.op)) {
            self.go(At::Create(name))
        } else if role.fault == Fault::FenceAfter {
            Self { at: At::Fence(name, owner), owner: self.owner, ..self.made(role, name, Etag::New) }
        } else {
            self.made(role, name, Etag::New)
        }
    }

    /// Reads what it gives up, from this name on, and commits.
    fn give_up(self, role: Role, from: Name) -> Self {
        match self.gives_up(role, from) {
            Some(name) if role.fault != Fault::GivenBackAsFound => self.go(At::ReadOld(name)),
            _ => self.go(At::Commit),
        }
    }

    fn gives_up(&self, role: Role, from: Name) -> Option<Name> {
        let (account, _) = self.over?;
        account.names().without(role.names()).from(from)
    }

    fn keep(mut self, user: User, name: Name, found: Option<Document<User>>) -> Self {
        self.old[usize::from(name)] = found.filter(|found| found.record == user).map(|found| found.etag);
        self
    }

    fn commit(self, role: Role, account: &mut Place<Account>) -> Self {
        let record = if let Job::Delete(_) = role.job { Account::Deleted } else { Account::Active(role.names()) };
        let done = match self.over {
            None => account.create(record, Some(role.op)),
            Some((_, read)) => account.replace(read, record, Some(role.op)),
        };
        match role.fault {
            _ if done => self.committed(role),
            Fault::LostAnswerIsALoss => self.refuse(role, End::Lost),
            _ => self.go(At::LookForCommit),
        }
    }

    fn committed(self, role: Role) -> Self {
        Self { made: Self::NOBODY.made, ..self }.give_back(role, 0)
    }

    /// Deletes what it has given up, from this name on, as it was read.
    fn give_back(self, role: Role, from: Name) -> Self {
        let late = role.fault == Fault::GivenBackAsFound;
        match self.gives_up(role, from) {
            None => Self::end(End::Done),
            Some(name) if self.old[usize::from(name)].is_some() => self.go(At::GiveBack(name)),
            Some(name) if late && self.at != At::ReadToGiveBack(name) => self.go(At::ReadToGiveBack(name)),
            Some(name) => self.give_back(role, name + 1),
        }
    }

    /// Takes back what it has made, unless the account has it after all.
    fn refuse(self, role: Role, end: End) -> Self {
        let next = Self { over: None, old: Self::NOBODY.old, refusal: Some(end), ..self };
        if next.made == Self::NOBODY.made { next.refused(role) } else { next.go(At::ReadToRelease) }
    }

    fn release(mut self, role: Role, named: Names, from: Name) -> Self {
        let made = &mut self.made;
        (0..NAMES).filter(|name| *name < from || named.has(*name)).for_each(|name| made[usize::from(name)] = None);
        match (from..NAMES).find(|name| made[usize::from(*name)].is_some()) {
            Some(name) => self.go(At::Release(name)),
            None => self.refused(role),
        }
    }

    fn refused(self, role: Role) -> Self {
        match role.job {
            Job::Register(..) => self.go(At::Read),
            _ => Self::end(self.refusal.expect("it was refused")),
        }
    }

    fn look(self, name: Name, database: &Database) -> Self {
        match (self.at, database.reserved(name)) {
            (At::ReadFound(owner), _) => Self::end(End::Found(database.names(owner).has(name).then_some(owner))),
            (_, Some(owner)) => self.go(At::ReadFound(owner)),
            (_, None) => Self::end(End::Found(None)),
        }
    }

    fn late(user: User, reservation: &mut Place<User>) -> Self {
        reservation.create(user, None);
        Self::end(End::Lost)
    }

    fn go(self, at: At) -> Self {
        Self { at, reservation: None, owner: None, ..self }
    }

    fn end(end: End) -> Self {
        Self { at: At::Ended(end), ..Self::NOBODY }
    }
}
