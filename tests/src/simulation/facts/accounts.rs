//! I5: the last acknowledged password is the only one that works; and a shut account opens to nobody.
use super::End;
use std::collections::BTreeMap;

/// Accounts by their e-mail's key.
#[derive(Default)]
pub struct Accounts(BTreeMap<String, Account>);

/// What is known of one account.
#[derive(Default)]
pub struct Account {
    /// Every password that anybody has tried to set, in the order of the requests.
    asked: Vec<String>,
    /// The numbers of those whose request is under way.
    under_way: Vec<usize>,
    /// The numbers of those that may be the one, apart from those.
    possible: Vec<usize>,
    /// It has been seen: no request of now makes it.
    exists: bool,
    door: Door,
    door_moved: u32,
}

/// Whether an operator has shut it.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Door {
    #[default]
    Open,
    Shut,
    Unknown,
}

/// A request that sets a password.
pub struct Writing {
    account: String,
    number: usize,
    overlaps: Vec<usize>,
    /// It makes the account, and changes none that is there.
    makes: bool,
}

/// A request that shows a password, or anything else that the door lets in.
pub struct Reading {
    account: String,
    allowed: Vec<usize>,
    next: usize,
    quiet: bool,
    door: Door,
    door_moved: u32,
}

impl Accounts {
    fn of(&mut self, account: &str) -> &mut Account {
        self.0.entry(account.to_owned()).or_default()
    }

    /// A password is to be set.
    pub fn write_begins(&mut self, account: &str, password: &str, makes: bool) -> Writing {
        let of = self.of(account);
        let number = of.asked.len();
        of.asked.push(password.to_owned());
        let overlaps = of.under_way.clone();
        of.under_way.push(number);
        Writing { account: account.to_owned(), number, overlaps, makes }
    }

    /// It was, or was not.
    pub fn write_ends<T>(&mut self, writing: &Writing, end: &End<T>) {
        let of = self.of(&writing.account);
        of.under_way.retain(|number| *number != writing.number);
        match end {
            End::Done(_) => {
                // Whoever was asked before this one ended may have come after it.
                let later = |number: &usize| *number > writing.number || writing.overlaps.contains(number);
                of.possible.retain(later);
                of.possible.push(writing.number);
                of.exists = true;
            }
            End::Unknown if !(writing.makes && of.exists) => of.possible.push(writing.number),
            End::Unknown | End::No(_) => {}
        }
    }

    /// A password is shown.
    pub fn read_begins(&mut self, account: &str) -> Reading {
        let of = self.of(account);
        let allowed = of.possible.iter().chain(&of.under_way).copied().collect();
        Reading {
            account: account.to_owned(),
            allowed,
            next: of.asked.len(),
            quiet: of.under_way.is_empty(),
            door: of.door,
            door_moved: of.door_moved,
        }
    }

    /// It was right, or wrong. `None` shows no password: only the door is looked at.
    pub fn read_ends(&mut self, reading: &Reading, password: Option<&str>, let_in: bool) -> Result<(), String> {
        let of = self.of(&reading.account);
        let door_stood = of.door_moved == reading.door_moved;
        if let_in && door_stood && reading.door == Door::Shut {
            return Err("I4: an account that was shut opens".to_owned());
        }
        let Some(password) = password else { return Ok(()) };
        let is_it = |number: &usize| of.asked[*number] == password;
        let quiet = reading.quiet && of.asked.len() == reading.next;
        if let_in {
            if !reading.allowed.iter().any(is_it) && !(reading.next..of.asked.len()).any(|number| is_it(&number)) {
                return Err("I5: a password opens that is not the last that was acknowledged".to_owned());
            }
            if quiet {
                let asked = &of.asked;
                of.possible.retain(|number| asked[*number] == password);
                of.exists = true;
            }
        } else if quiet && of.exists && door_stood && reading.door == Door::Open {
            if !of.possible.is_empty() && of.possible.iter().all(is_it) {
                return Err("I5: the last acknowledged password does not open".to_owned());
            }
            let asked = &of.asked;
            of.possible.retain(|number| asked[*number] != password);
        }
        Ok(())
    }

    /// An operator shuts or opens it.
    pub fn door_begins(&mut self, account: &str) {
        let of = self.of(account);
        (of.door, of.door_moved) = (Door::Unknown, of.door_moved + 1);
    }

    /// It is.
    pub fn door_ends<T>(&mut self, account: &str, shut: bool, end: &End<T>) {
        let of = self.of(account);
        of.door_moved += 1;
        if matches!(end, End::Done(_)) {
            of.door = if shut { Door::Shut } else { Door::Open };
        }
    }
}
