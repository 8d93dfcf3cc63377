//! I3 and I4: one successor for each refresh token and none after a replay; what was ended stays ended; and nothing ends
//! without a cause.
use super::End;
use auth_core::{refresh_token::RefreshToken, value::*};
use std::collections::BTreeMap;

/// How long the token before the good one gets the same successor, by default, in seconds.
const GRACE: i64 = 30;
/// How long an access token lives, by default, in seconds.
const ACCESS: i64 = 600;

const ENDED: &str = "I4: a session opens after its end was acknowledged";

/// What is known of sessions.
pub struct Sessions {
    steady: bool,
    /// Counts what begins and ends here, to put it in order.
    moment: u64,
    known: BTreeMap<SessionId, Session>,
    /// Ends that were asked for, and whether they were acknowledged, before the login had its answer.
    early_ends: BTreeMap<SessionId, bool>,
    endings: BTreeMap<String, Endings>,
}

/// Of one account: requests that end all its sessions.
#[derive(Clone, Copy, Default)]
struct Endings {
    under_way: u32,
    last: u64,
}

struct Session {
    account: String,
    asked: u64,
    told: u64,
    /// Why nothing opens with it any more.
    over: Option<&'static str>,
    /// Something was asked that may have ended it.
    cause: bool,
    tokens: BTreeMap<u32, Token>,
}

struct Token {
    text: RefreshToken,
    first_shown: Option<i64>,
    under_way: u32,
    successor_told: Option<i64>,
}

/// A request that ends all sessions of an account.
pub struct EndingAll {
    account: String,
    moment: u64,
    before: Endings,
}

/// A request that a live session is needed for.
pub struct Check {
    session: SessionId,
    over: Option<&'static str>,
    issued: i64,
}

/// A request that shows a refresh token.
pub struct Showing {
    session: SessionId,
    generation: u32,
    over: Option<&'static str>,
    stale: bool,
    forged: bool,
}

impl Sessions {
    /// None are known. `steady`: the clocks agree and only go forward.
    pub fn new(steady: bool) -> Self {
        Self { steady, moment: 0, known: BTreeMap::new(), early_ends: BTreeMap::new(), endings: BTreeMap::new() }
    }

    /// The moment that it is.
    pub fn moment(&mut self) -> u64 {
        self.moment += 1;
        self.moment
    }

    /// A login that was asked for at that moment gave this token.
    pub fn begun(&mut self, account: &str, asked: u64, token: RefreshToken) {
        let (told, id, generation) = (self.moment(), token.session, token.generation);
        let token = Token { text: token, first_shown: None, under_way: 0, successor_told: None };
        let tokens = BTreeMap::from([(generation, token)]);
        let early_end = self.early_ends.get(&id).copied();
        let over = early_end.unwrap_or_default().then_some(ENDED);
        let cause = early_end.is_some();
        let session = Session { account: account.to_owned(), asked, told, over, cause, tokens };
        self.known.insert(id, session);
    }

    /// A replay was seen, and has ended it. Whether it was one is for the tokens to say that were shown.
    pub fn replayed(&mut self, id: SessionId) {
        if let Some(session) = self.known.get_mut(&id) {
            session.over.get_or_insert("I3: a session goes on after a replay was seen");
        }
    }

    /// The end of one session is asked for.
    pub fn end_begins(&mut self, id: SessionId) {
        match self.known.get_mut(&id) {
            Some(session) => session.cause = true,
            None => drop(self.early_ends.entry(id).or_default()),
        }
    }

    /// It was acknowledged.
    pub fn ended(&mut self, id: SessionId) {
        match self.known.get_mut(&id) {
            Some(session) => drop(session.over.get_or_insert(ENDED)),
            None => drop(self.early_ends.insert(id, true)),
        }
    }

    /// The end of all sessions of an account is asked for.
    pub fn end_all_begins(&mut self, account: &str) -> EndingAll {
        let moment = self.moment();
        let endings = self.endings.entry(account.to_owned()).or_default();
        let begun = EndingAll { account: account.to_owned(), moment, before: *endings };
        (endings.under_way, endings.last) = (endings.under_way + 1, moment);
        begun
    }

    /// It has come to its end.
    pub fn end_all_ends(&mut self, begun: &EndingAll, ending: Ending) {
        let EndingAll { account, moment: begun, before } = begun;
        let moment = self.moment();
        let endings = self.endings.entry(account.clone()).or_default();
        let alone = before.under_way == 0 && endings.last == *begun;
        (endings.under_way, endings.last) = (endings.under_way - 1, moment);
        let spared = match ending {
            Ending::Unknown => return,
            Ending::All => None,
            Ending::AllBut(spared) => Some(spared),
        };
        if let Some(session) = spared.and_then(|id| self.known.get_mut(&id))
            && alone
            && before.last <= session.asked
        {
            session.asked = moment; // nothing else can have ended it: it stands as if it had begun now
        }
        let own = self.known.iter_mut().filter(|(_, session)| session.account == *account && session.told < *begun);
        for (_, session) in own.filter(|(id, _)| Some(**id) != spared) {
            session.over.get_or_insert("I4: a session opens after the end of all was acknowledged");
        }
    }

    /// An access token is shown that was issued then, or later.
    pub fn check_begins(&self, session: SessionId, issued: Timestamp) -> Check {
        let over = self.known.get(&session).and_then(|session| session.over);
        Check { session, over, issued: issued.0 }
    }

    /// It was let in, or not.
    pub fn check_ends(&self, check: &Check, let_in: bool, now: Timestamp) -> Result<(), String> {
        let in_time = now.0 < check.issued + ACCESS;
        match check.over {
            Some(broken) if let_in => Err(broken.to_owned()),
            None if !let_in && in_time && !self.excused(check.session, now.0) => {
                Err("I4: an access token is refused, and nobody has ended its session".to_owned())
            }
            _ => Ok(()),
        }
    }

    /// A refresh token is shown.
    pub fn shown(&mut self, token: &RefreshToken, now: Timestamp) -> Showing {
        let (id, generation) = (token.session, token.generation);
        let mut showing = Showing { session: id, generation, over: None, stale: false, forged: true };
        let Some(session) = self.known.get_mut(&id) else { return showing };
        showing.over = session.over;
        showing.forged = session.tokens.get(&generation).is_none_or(|known| known.text != *token);
        if showing.forged {
            return showing;
        }
        showing.stale = session.tokens.range(generation + 2..).next().is_some();
        // Of two tokens that are shown at once the older may come too late.
        session.cause |= session.tokens.range(generation + 1..).any(|(_, newer)| newer.first_shown.is_some())
            || session.tokens.range(..generation).any(|(_, older)| older.under_way > 0);
        let Some(known) = session.tokens.get_mut(&generation) else { return showing };
        known.first_shown.get_or_insert(now.0);
        known.under_way += 1;
        showing.stale |= self.steady && known.successor_told.is_some_and(|told| now.0 >= told + GRACE);
        showing
    }

    /// It gave its successor (`Done`), or the session was said to be over (`Ended`), or nobody knows.
    pub fn turned(&mut self, showing: &Showing, end: Turning<'_>, now: Timestamp) -> Result<(), String> {
        let excused = self.excused(showing.session, now.0);
        if let Some(session) = self.known.get_mut(&showing.session)
            && !showing.forged
        {
            let known = session.tokens.get_mut(&showing.generation).expect("it was shown");
            known.under_way -= 1;
            session.cause |= known.first_shown.is_none_or(|first| now.0 - first >= GRACE);
            if let Turning::Done(next) = end {
                known.successor_told.get_or_insert(now.0);
                let fresh = Token { text: next.clone(), first_shown: None, under_way: 0, successor_told: None };
                let succeeds = next.session == showing.session && next.generation == showing.generation + 1;
                if !succeeds || session.tokens.entry(next.generation).or_insert(fresh).text != *next {
                    return Err("I3: a refresh token has two successors".to_owned());
                }
            }
        }
        match (end, showing.over) {
            (Turning::Done(_), _) if showing.forged => Err("I3: a forged refresh token turns".to_owned()),
            (Turning::Done(_), Some(broken)) => Err(broken.to_owned()),
            (Turning::Done(_), None) if showing.stale => Err("I3: an old refresh token turns".to_owned()),
            (Turning::Ended, None) if !showing.forged && !excused => {
                Err("I3: a refresh token is refused, and nobody has ended its session".to_owned())
            }
            _ => Ok(()),
        }
    }

    /// Whether there may be a reason why a session is over, or seems to be.
    fn excused(&self, id: SessionId, now: i64) -> bool {
        let Some(session) = self.known.get(&id) else { return true };
        let endings = self.endings.get(&session.account).copied().unwrap_or_default();
        let late = |token: &Token| token.under_way > 0 && token.first_shown.is_some_and(|first| now - first >= GRACE);
        !self.steady
            || session.cause
            || endings.under_way > 0
            || endings.last > session.asked
            || session.tokens.values().any(late)
    }
}

/// How a request to end all sessions of an account ended.
#[derive(Clone, Copy)]
pub enum Ending {
    /// All are over.
    All,
    /// All but this one.
    AllBut(SessionId),
    /// It was refused, or nobody knows.
    Unknown,
}

impl Ending {
    /// Of all, if that was acknowledged.
    pub fn of_all<T>(end: &End<T>) -> Self {
        if end.is_done() { Self::All } else { Self::Unknown }
    }
}

/// How a turn ended.
#[derive(Clone, Copy)]
pub enum Turning<'a> {
    /// With the next token.
    Done(&'a RefreshToken),
    /// The session is over.
    Ended,
    /// Nobody knows.
    Unknown,
}
