//! I6: each promised letter goes out at least once before it expires, to the stored address, and once only unless there
//! was a reason.
use auth_core::{
    ports::{Letter, Mail},
    value::*,
};
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write,
};

use crate::simulation::trace::Fnv;

/// What is known of letters.
pub struct Letters {
    steady: bool,
    promised: BTreeMap<u64, Promise>,
    ended: BTreeMap<MailId, Ended>,
    mailboxes: BTreeMap<String, Vec<Letter>>,
    codes: BTreeSet<String>,
}

/// Letters that look the same, secrets aside.
struct Promise {
    what: String,
    count: usize,
    expires_at: Timestamp,
    excused: bool,
    out: BTreeSet<MailId>,
}

/// The last attempt to deliver a letter that came to an end.
struct Ended {
    /// How many disturbances there had been before anything was done to deliver it.
    undisturbed: u64,
    answer_lost: bool,
}

impl Letters {
    /// None are known. `steady`: the clocks agree, as leases need them to.
    pub fn new(steady: bool) -> Self {
        Self {
            steady,
            promised: BTreeMap::new(),
            ended: BTreeMap::new(),
            mailboxes: BTreeMap::new(),
            codes: BTreeSet::new(),
        }
    }

    /// A letter is about to be taken for delivery.
    pub fn written(&mut self, letter: &Letter) {
        if let Mail::ConfirmRegistration { code, .. } | Mail::ResetPassword { code, .. } = &letter.mail {
            self.codes.insert(code.expose().to_owned());
        }
    }

    /// Whether a letter says this code.
    pub fn mailed(&self, code: &OneTimeCode) -> bool {
        self.codes.contains(code.expose())
    }

    /// A letter was taken for delivery, when it was this late.
    pub fn promised(&mut self, letter: &Letter, latest: Timestamp) {
        let promise = self.promise(letter);
        promise.count += 1;
        promise.excused |= latest >= letter.expires_at;
    }

    /// It is this late.
    pub fn time_is(&mut self, latest: Timestamp) {
        for promise in self.promised.values_mut() {
            promise.excused |= latest >= promise.expires_at;
        }
    }

    /// A letter reaches the mailbox; whether its answer reaches the worker is another question.
    pub fn delivered(
        &mut self,
        id: MailId,
        letter: &Letter,
        now: Timestamp,
        (undisturbed, disturbances): (u64, u64),
        answer_lost: bool,
    ) -> Result<(), String> {
        let what = what(&letter.mail);
        if matches!(letter.mail, Mail::Nothing) {
            return Err("I6: a letter goes to somebody who has no account".to_owned());
        }
        if now >= letter.expires_at {
            return Err(format!("I6: {what} goes out after it expired"));
        }
        let promise = self.promise(letter);
        promise.out.insert(id);
        let before = self.ended.insert(id, Ended { undisturbed, answer_lost });
        let for_no_reason = |before: Ended| before.undisturbed.min(undisturbed) == disturbances && !before.answer_lost;
        if self.steady && before.is_some_and(for_no_reason) {
            return Err(format!("I6: {what} goes out again for no reason"));
        }
        self.mailboxes.entry(letter.to.key().to_owned()).or_default().push(letter.clone());
        Ok(())
    }

    /// The mail server will not have it: nothing is owed any more.
    pub fn rejected(&mut self, id: MailId, letter: &Letter, undisturbed: u64) {
        self.ended.insert(id, Ended { undisturbed, answer_lost: false });
        self.promise(letter).excused = true;
    }

    /// What is in somebody's mailbox, since the last look.
    pub fn collect(&mut self, address: &str) -> Vec<Letter> {
        self.mailboxes.remove(address).unwrap_or_default()
    }

    /// Everything that could go out is out: what was promised must be.
    pub fn settled(&self) -> Result<(), String> {
        let missing = self.promised.values().find(|promise| !promise.excused && promise.out.len() < promise.count);
        missing.map_or(Ok(()), |promise| Err(format!("I6: {} was promised and never goes out", promise.what)))
    }

    fn promise(&mut self, letter: &Letter) -> &mut Promise {
        let mut key = Fnv::default();
        let _ = write!(key, "{letter:?}");
        self.promised.entry(key.0).or_insert_with(|| Promise {
            what: what(&letter.mail),
            count: 0,
            expires_at: letter.expires_at,
            excused: matches!(letter.mail, Mail::Nothing),
            out: BTreeSet::new(),
        })
    }
}

fn what(mail: &Mail) -> String {
    format!("a letter ({})", crate::simulation::trace::first_word(mail))
}
