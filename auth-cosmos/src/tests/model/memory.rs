//! What an actor remembers of the database, and what it relies on.
use super::{actor::*, database::*, job::*};

impl Actor {
    /// The name that it is just reserving.
    fn reserving(&self) -> Option<Name> {
        match self.at {
            At::Create(name)
            | At::ReadReservation(name)
            | At::WriteAgain(name)
            | At::ReadAgain(name)
            | At::ReadOwner(name, _)
            | At::Fence(name, _)
            | At::TakeOver(name, _) => Some(name),
            _ => None,
        }
    }

    /// Of the names that it is to commit to, those that it needs by now: none if it has lost already.
    pub fn relies_on(&self, role: Role, database: &mut Database) -> Names {
        let (Job::Register(user, names) | Job::Rename(user, names)) = role.job else { return Names::default() };
        let still = match self.over {
            None => database.account(user).0.is_none() && matches!(role.job, Job::Register(..)),
            Some((_, etag)) => etag == Etag::Now,
        };
        match (self.reserving(), self.at) {
            (Some(name), _) if still => names.before(name),
            (_, At::ReadOld(_) | At::Commit) if still => names,
            _ => Names::default(),
        }
    }

    /// After a step, its own or another's: what it remembers, and what it will not look for any more.
    pub fn settle(&mut self, role: Role, database: &mut Database) {
        for name in 0..NAMES {
            let (number, reservation) = (usize::from(name), database.reservation(name));
            self.made[number] = reservation.remembered(self.made[number]);
            self.old[number] = reservation.remembered(self.old[number]);
            if self.reserving() == Some(name) {
                self.reservation = reservation.remembered(self.reservation);
            } else {
                reservation.forget(role.op);
            }
        }
        if let At::Fence(_, owner) | At::TakeOver(_, owner) = self.at {
            self.owner = database.account(owner).remembered(self.owner);
        }
        if let (Some((account, etag)), Job::Rename(user, _) | Job::Register(user, _) | Job::Delete(user)) =
            (self.over, role.job)
        {
            self.over = database.account(user).remembered(Some(etag)).map(|etag| (account, etag));
        }
        if let At::Ended(_) = self.at {
            (0..USERS).for_each(|user| database.account(user).forget(role.op));
        }
    }
}
