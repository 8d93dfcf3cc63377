//! The database of the model: accounts and reservations with their etags, and the verbs that names.rs has.
//!
//! An etag never comes back. So of one that somebody remembers only this matters: whether it is still the one. That keeps
//! the states few: what a step writes is `New`, and once it is over that is `Now`, and what was `Now` of it is `Old`.

/// An account, by its number.
pub type User = u8;
/// A login or an e-mail, by its number; they are reserved in this order.
pub type Name = u8;
/// Whose write it was, by his number: the one of an actor's writes that he may look for.
pub type Op = u8;

pub const USERS: User = 3;
pub const NAMES: Name = 2;

/// Some of the names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Names(u8);

impl Names {
    pub fn of(names: &[Name]) -> Self {
        Self(names.iter().fold(0, |all, name| all | 1 << name))
    }

    pub fn has(self, name: Name) -> bool {
        self.0 & 1 << name != 0
    }

    pub fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    pub fn before(self, name: Name) -> Self {
        Self(self.0 & ((1 << name) - 1))
    }

    /// The first from this one on.
    pub fn from(self, name: Name) -> Option<Name> {
        (name..NAMES).find(|name| self.has(*name))
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Account {
    Active(Names),
    Aborted,
    Deleted,
}

impl Account {
    pub fn names(self) -> Names {
        if let Self::Active(names) = self { names } else { Names::default() }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Etag {
    Old,
    Now,
    New,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Document<R> {
    pub record: R,
    pub etag: Etag,
    ops: u8,
    last: Option<Op>,
}

impl<R> Document<R> {
    pub fn has(&self, op: Op) -> bool {
        self.ops & 1 << op != 0
    }

    pub fn ends_with(&self, op: Op) -> bool {
        self.last == Some(op)
    }
}

/// Where one document may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Place<R>(pub Option<Document<R>>);

impl<R: Copy> Place<R> {
    pub fn create(&mut self, record: R, op: Option<Op>) -> bool {
        let free = self.0.is_none();
        if free {
            self.write(0, record, op);
        }
        free
    }

    pub fn replace(&mut self, read: Etag, record: R, op: Option<Op>) -> bool {
        let Some(document) = self.0.filter(|document| document.etag == read) else { return false };
        self.write(document.ops, record, op);
        true
    }

    pub fn delete(&mut self, read: Etag) {
        self.0 = self.0.filter(|document| document.etag != read);
    }

    fn write(&mut self, ops: u8, record: R, op: Option<Op>) {
        let ops = ops | op.map_or(0, |op| 1 << op);
        self.0 = Some(Document { record, etag: Etag::New, ops, last: op });
    }

    /// What somebody remembers of it, after a step.
    pub fn remembered(&self, etag: Option<Etag>) -> Option<Etag> {
        let now = self.0.map(|document| document.etag);
        etag.map(|_| if now == etag { Etag::Now } else { Etag::Old })
    }

    /// Nobody looks for this write any more.
    pub fn forget(&mut self, op: Op) {
        if let Some(document) = &mut self.0 {
            document.ops &= !(1 << op);
            document.last = document.last.filter(|last| *last != op);
        }
    }

    fn settle(&mut self) {
        if let Some(document) = &mut self.0 {
            document.etag = Etag::Now;
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Database {
    accounts: [Place<Account>; USERS as usize],
    reservations: [Place<User>; NAMES as usize],
}

impl Database {
    pub const EMPTY: Self =
        Self { accounts: [Place(None); USERS as usize], reservations: [Place(None); NAMES as usize] };

    /// With an account that has these names.
    pub fn with(mut self, user: User, names: &[Name]) -> Self {
        self.account(user).create(Account::Active(Names::of(names)), None);
        names.iter().fold(self, |database, name| database.left(user, *name))
    }

    /// With a reservation that somebody left behind.
    pub fn left(mut self, user: User, name: Name) -> Self {
        self.reservation(name).create(user, None);
        self.settle();
        self
    }

    pub fn account(&mut self, user: User) -> &mut Place<Account> {
        &mut self.accounts[usize::from(user)]
    }

    pub fn reservation(&mut self, name: Name) -> &mut Place<User> {
        &mut self.reservations[usize::from(name)]
    }

    /// After a step.
    pub fn settle(&mut self) {
        self.accounts.iter_mut().for_each(Place::settle);
        self.reservations.iter_mut().for_each(Place::settle);
    }

    pub fn names(&self, user: User) -> Names {
        self.accounts[usize::from(user)].0.map_or(Names::default(), |account| account.record.names())
    }

    /// Whose account is active and has it.
    pub fn owners(&self, name: Name) -> impl Iterator<Item = User> {
        (0..USERS).filter(move |user| self.names(*user).has(name))
    }

    /// Whose reservation it is.
    pub fn reserved(&self, name: Name) -> Option<User> {
        self.reservations[usize::from(name)].0.map(|reservation| reservation.record)
    }
}
