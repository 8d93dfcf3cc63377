//! I1 and I8, by a look into the stores: one account a name; what is used, revoked or consumed never goes back.
use auth_core::{code::Kind, secrets::Mac, testing::Tables, value::*};
use std::collections::{BTreeMap, BTreeSet};

/// What the stores held when they were last looked at.
#[derive(Default)]
pub struct Records {
    epochs: BTreeMap<UserId, u32>,
    codes: BTreeMap<(Subject, Kind), SeenCode>,
    replaced: BTreeSet<CodeId>,
    sessions: BTreeMap<SessionId, (u32, bool)>,
    gone: BTreeSet<SessionId>,
}

struct SeenCode {
    id: CodeId,
    mac: Mac,
    wrong: u8,
    spent: bool,
}

impl Records {
    /// After a write of accounts.
    pub fn look_at_users(&mut self, tables: &Tables) -> Result<(), String> {
        let users: Vec<_> = tables.users.values().map(|(user, _)| user).collect();
        for (number, user) in users.iter().enumerate() {
            if users[..number].iter().any(|other| other.login == user.login) {
                return Err(format!("I1: two accounts have the login {}", user.login.as_str()));
            }
            if users[..number].iter().any(|other| other.email == user.email) {
                return Err(format!("I1: two accounts have the e-mail of {}", user.login.as_str()));
            }
            let epoch = self.epochs.entry(user.id).or_insert(user.epoch);
            if user.epoch < *epoch {
                return Err(format!("I8: the epoch of {} goes back", user.login.as_str()));
            }
            *epoch = user.epoch;
        }
        if tables.deleted.iter().any(|id| tables.users.contains_key(id)) {
            return Err("I8: an account that was deleted is back".to_owned());
        }
        if self.epochs.keys().any(|id| !tables.users.contains_key(id) && !tables.deleted.contains(id)) {
            return Err("I8: an account is gone".to_owned());
        }
        Ok(())
    }

    /// After a write of codes.
    pub fn look_at_codes(&mut self, tables: &Tables) -> Result<(), String> {
        for (slot, code) in &tables.codes {
            if self.replaced.contains(&code.id) {
                return Err("I8: a code that had been replaced is back".to_owned());
            }
            let now = SeenCode { id: code.id, mac: code.mac, wrong: code.wrong, spent: code.spent };
            let Some(before) = self.codes.insert(*slot, now) else { continue };
            if before.id != code.id {
                self.replaced.insert(before.id);
            } else if before.spent && !code.spent {
                return Err("I8: a code that had been shown has not been shown any more".to_owned());
            } else if before.mac == code.mac && before.wrong > code.wrong {
                return Err("I8: a wrong guess at a code is not counted any more".to_owned());
            }
        }
        Ok(())
    }

    /// After a write of sessions.
    pub fn look_at_sessions(&mut self, tables: &Tables) -> Result<(), String> {
        self.gone.extend(self.sessions.keys().filter(|id| !tables.sessions.contains_key(id)));
        self.sessions.retain(|id, _| tables.sessions.contains_key(id));
        for (id, session) in &tables.sessions {
            if self.gone.contains(id) {
                return Err("I8: a session that was gone is back".to_owned());
            }
            let now = (session.generation, session.ended);
            let Some((generation, ended)) = self.sessions.insert(*id, now) else { continue };
            if session.generation < generation {
                return Err("I8: a chain of refresh tokens goes back".to_owned());
            }
            if ended && !session.ended {
                return Err("I8: a session that a replay had ended goes on".to_owned());
            }
        }
        Ok(())
    }
}
