//! I2: a code works once and answers so many wrong guesses; and an address has so many wrong guesses a day.
use auth_core::{counter::Counter, value::*};
use std::collections::BTreeMap;

/// Wrong guesses that one code answers, by default.
const PER_CODE: u32 = 5;
/// Wrong guesses at one address's codes in a day, by default.
const PER_ADDRESS: u32 = 10;

/// What is known of codes.
pub struct Codes {
    steady: bool,
    limited: bool,
    known: BTreeMap<CodeId, Guessed>,
    addresses: BTreeMap<String, u32>,
}

#[derive(Clone, Copy, Default)]
struct Guessed {
    wrong: u32,
    won: u32,
    renewed: u32,
}

/// A request that shows a code.
pub struct Guess {
    id: CodeId,
    address: String,
    digits: bool,
    before: Guessed,
    since: Timestamp,
}

impl Codes {
    /// None are known. `steady`: the clocks agree; where they do not, a code has expired for one node and not for another,
    /// and no answer says whether a guess was looked at. `limited`: the default limits hold.
    pub fn new(steady: bool, limited: bool) -> Self {
        Self { steady, limited: steady && limited, known: BTreeMap::new(), addresses: BTreeMap::new() }
    }

    /// New digits are asked for, or were: what was guessed at the old ones is past.
    pub fn renewed(&mut self, id: CodeId) {
        let code = self.known.entry(id).or_default();
        *code = Guessed { wrong: 0, renewed: code.renewed + 1, ..*code };
    }

    /// Somebody shows a code.
    pub fn guess_begins(&mut self, id: CodeId, address: &str, code: &OneTimeCode, now: Timestamp) -> Guess {
        let (digits, before) = (code.length() == CodeLength::Digits, *self.known.entry(id).or_default());
        Guess { id, address: address.to_owned(), digits, before, since: now }
    }

    /// It was taken (`Some(true)`), refused (`Some(false)`), or nobody knows. `right`: it was read in a letter, or is what a
    /// letter says. One that took longer than an attempt may be under way is counted by the store whatever the rule says, and
    /// not here: a server gives no request that long.
    pub fn guess_ends(
        &mut self,
        guess: &Guess,
        right: bool,
        taken: Option<bool>,
        now: Timestamp,
    ) -> Result<(), String> {
        let code = self.known.entry(guess.id).or_default();
        match taken {
            Some(true) if self.steady && guess.digits && guess.before.wrong >= PER_CODE => {
                return Err(format!("I2: a code is taken after {} wrong guesses", guess.before.wrong));
            }
            Some(true) if !right => return Err("I2: a wrong code is taken".to_owned()),
            Some(true) if code.won > 0 => return Err("I2: a code works twice".to_owned()),
            Some(true) => code.won += 1,
            Some(false) if !right => {
                if code.renewed == guess.before.renewed {
                    code.wrong += 1;
                }
                let guesses = self.addresses.entry(guess.address.clone()).or_default();
                *guesses += u32::from(now < guess.since + Counter::UNDER_WAY);
                if self.limited && *guesses > PER_ADDRESS {
                    return Err(format!("I2: {guesses} wrong guesses at one address are answered in a day"));
                }
            }
            Some(false) | None => {}
        }
        Ok(())
    }
}
