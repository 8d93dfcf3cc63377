//! What somebody can ask for, one flow each, with what is held against the facts before and after.
use super::{
    client::Client,
    facts::{End, Ending, Turning},
    hub::Hub,
    world::SECRET,
};
use auth_core::{accounts::*, ports::Clock, refresh_token::RefreshToken, user::User, value::*};

/// A signed-in device.
#[derive(Clone)]
pub struct Device {
    /// Its session.
    pub session: SessionId,
    /// The access token.
    pub access: Secret,
    /// Not before this was it issued.
    pub issued: Timestamp,
    /// The refresh token.
    pub refresh: RefreshToken,
}

impl Client {
    /// Registers; the answer is what addresses the code.
    pub async fn register(&self, login: &Login, email: &Email, password: &Password) -> End<CodeId> {
        let ask = Registration { login: login.clone(), email: email.clone(), password: password.clone() };
        let caller = self.caller();
        self.ask("register", async |accounts| accounts.register(&caller, ask).await).await.map(|issued| issued.id)
    }

    /// Asks for the code again.
    pub async fn resend(&self, id: CodeId) -> End<()> {
        let (hub, caller) = (&self.world.hub, self.caller());
        hub.state().facts.codes.renewed(id);
        let end = self.ask("resend", async |accounts| accounts.resend(&caller, id).await).await;
        hub.state().facts.codes.renewed(id);
        end
    }

    /// Confirms the registration that asked for this password.
    pub async fn confirm(&self, id: CodeId, code: &Guess, email: &Email, password: &Password) -> End<UserId> {
        let (hub, caller, account) = (&self.world.hub, self.caller(), email.key());
        let now = hub.latest();
        let (guess, writing) = {
            let facts = &mut hub.state().facts;
            let guess = facts.codes.guess_begins(id, account, &code.code, now);
            (guess, facts.accounts.write_begins(account, password.expose(), true))
        };
        let shown = code.code.clone();
        let end = self.ask("confirm", async |accounts| accounts.confirm(&caller, id, shown).await).await;
        let end = end.map(|user| user.id);
        let now = hub.latest();
        let mut state = hub.state();
        state.facts.accounts.write_ends(&writing, &end);
        let right = code.right || state.facts.letters.mailed(&code.code);
        let found = state.facts.codes.guess_ends(&guess, right, taken(&end), now);
        state.check(found);
        end
    }

    /// Asks for a code to reset the password.
    pub async fn forgot(&self, email: &Email) -> End<CodeId> {
        let caller = self.caller();
        self.ask("forgot", async |accounts| accounts.forgot(&caller, email.clone()).await).await.map(|issued| issued.id)
    }

    /// Resets the password.
    pub async fn reset(&self, id: CodeId, code: &Guess, email: &Email, new: &Password) -> End<()> {
        let (hub, caller, account) = (&self.world.hub, self.caller(), email.key());
        let now = hub.latest();
        let (guess, writing, reading, ending) = {
            let facts = &mut hub.state().facts;
            let guess = facts.codes.guess_begins(id, account, &code.code, now);
            let reading = facts.accounts.read_begins(account);
            let writing = facts.accounts.write_begins(account, new.expose(), false);
            (guess, writing, reading, facts.sessions.end_all_begins(account))
        };
        let (shown, password) = (code.code.clone(), new.clone());
        let end = self.ask("reset", async |accounts| accounts.reset(&caller, id, shown, password).await).await;
        let now = hub.latest();
        let mut state = hub.state();
        let facts = &mut state.facts;
        facts.accounts.write_ends(&writing, &end);
        facts.sessions.end_all_ends(&ending, Ending::of_all(&end));
        let door = facts.accounts.read_ends(&reading, None, end.is_done());
        let right = code.right || facts.letters.mailed(&code.code);
        let found = facts.codes.guess_ends(&guess, right, taken(&end), now).and(door);
        state.check(found);
        end
    }

    /// Logs in to an account, by its e-mail or its login.
    pub async fn login(&self, identifier: Identifier, password: &Password) -> End<Device> {
        let hub = &self.world.hub;
        let before = hub.account_of(&identifier);
        let (reading, asked) = {
            let facts = &mut hub.state().facts;
            (before.as_ref().map(|account| facts.accounts.read_begins(account)), facts.sessions.moment())
        };
        let (caller, issued) = (self.caller(), self.earliest());
        let attempt = LoginAttempt { identifier: identifier.clone(), password: password.clone(), device: None };
        let end = self.ask("login", async |accounts| accounts.login(&caller, attempt).await).await;
        let end = end.map(|tokens| Device::new(&tokens, issued));
        let mut state = hub.state();
        let let_in = end.is_done();
        if let Some(reading) = &reading
            && (let_in || end.is_refused())
        {
            let found = state.facts.accounts.read_ends(reading, Some(password.expose()), let_in);
            state.check(found);
        }
        drop(state);
        if let End::Done(device) = &end {
            // Somebody whose account was not there when the request was made is let in by what happened since.
            let account = before.or_else(|| hub.account_of(&identifier)).unwrap_or_default();
            hub.state().facts.sessions.begun(&account, asked, device.refresh.clone());
        }
        end
    }

    /// Shows an access token.
    pub async fn authenticate(&self, device: &Device) -> End<Identity> {
        let hub = &self.world.hub;
        let (check, reading) = {
            let account = hub.account_of_id(device.session.user());
            let facts = &mut hub.state().facts;
            (facts.sessions.check_begins(device.session, device.issued), facts.accounts.read_begins(&account))
        };
        let end = self.ask("authenticate", async |accounts| accounts.authenticate(device.access.expose()).await).await;
        let let_in = end.is_done();
        if !end.is_unknown() {
            let latest = self.latest();
            let mut state = hub.state();
            let door = state.facts.accounts.read_ends(&reading, None, let_in);
            let found = state.facts.sessions.check_ends(&check, let_in, latest).and(door);
            state.check(found);
        }
        end
    }

    /// Shows a refresh token.
    pub async fn refresh(&self, token: &RefreshToken) -> End<Device> {
        let (hub, issued) = (&self.world.hub, self.earliest());
        let (showing, reading) = {
            let account = hub.account_of_id(token.session.user());
            let facts = &mut hub.state().facts;
            (facts.sessions.shown(token, issued), facts.accounts.read_begins(&account))
        };
        let text = token.reveal(&SECRET);
        let end = self.ask("refresh", async |accounts| accounts.refresh(&text).await).await;
        let end = end.map(|tokens| Device::new(&tokens, issued));
        let turning = match &end {
            End::Done(device) => Turning::Done(&device.refresh),
            End::No(_) => Turning::Ended,
            End::Unknown => Turning::Unknown,
        };
        let latest = self.latest();
        let mut state = hub.state();
        let door = state.facts.accounts.read_ends(&reading, None, end.is_done());
        let found = state.facts.sessions.turned(&showing, turning, latest).and(door);
        state.check(found);
        drop(state);
        end
    }

    /// Logs a device out.
    pub async fn logout(&self, device: &Device) -> End<()> {
        let hub = &self.world.hub;
        hub.state().facts.sessions.end_begins(device.session);
        let end = self.ask("logout", async |accounts| accounts.logout(device.access.expose()).await).await;
        if end.is_done() {
            hub.state().facts.sessions.ended(device.session);
        }
        end
    }

    /// Ends one of one's sessions.
    pub async fn end_session(&self, who: &Identity, session: SessionId) -> End<()> {
        let hub = &self.world.hub;
        hub.state().facts.sessions.end_begins(session);
        let end = self.ask("end_session", async |accounts| accounts.end_session(who, session).await).await;
        if end.is_done() {
            hub.state().facts.sessions.ended(session);
        }
        end
    }

    /// Ends all of one's sessions.
    pub async fn logout_all(&self, who: &Identity) -> End<()> {
        let (hub, account) = (&self.world.hub, who.user.email.key());
        let begun = hub.state().facts.sessions.end_all_begins(account);
        let end = self.ask("logout_all", async |accounts| accounts.logout_all(who).await).await;
        hub.state().facts.sessions.end_all_ends(&begun, Ending::of_all(&end));
        end
    }

    /// Changes the password.
    pub async fn change(&self, who: &Identity, current: &Password, new: &Password) -> End<()> {
        let (hub, account) = (&self.world.hub, who.user.email.key());
        let (reading, writing, begun) = {
            let facts = &mut hub.state().facts;
            let reading = facts.accounts.read_begins(account);
            let writing = facts.accounts.write_begins(account, new.expose(), false);
            (reading, writing, facts.sessions.end_all_begins(account))
        };
        let (old, password) = (current.clone(), new.clone());
        let change = async |accounts: &Accounts| accounts.change_password(who, old, password).await;
        let end = self.ask("change", change).await;
        let mut state = hub.state();
        let facts = &mut state.facts;
        let done = end.is_done();
        let found = if done { facts.accounts.read_ends(&reading, Some(current.expose()), true) } else { Ok(()) };
        facts.accounts.write_ends(&writing, &end);
        facts.sessions.end_all_ends(&begun, if done { Ending::AllBut(who.session.id) } else { Ending::Unknown });
        state.check(found);
        end
    }

    /// Shuts an account, as an operator does, or opens it again.
    pub async fn set_door(&self, user: &User, shut: bool) {
        let (hub, account) = (&self.world.hub, user.email.key());
        let begun = {
            let facts = &mut hub.state().facts;
            facts.accounts.door_begins(account);
            facts.sessions.end_all_begins(account)
        };
        let end = if shut {
            self.ask("disable", async |accounts| accounts.disable_user(user.id).await).await
        } else {
            self.ask("enable", async |accounts| accounts.enable_user(user.id).await).await
        };
        let facts = &mut hub.state().facts;
        facts.accounts.door_ends(account, shut, &end);
        facts.sessions.end_all_ends(&begun, if shut { Ending::of_all(&end) } else { Ending::Unknown });
    }

    fn caller(&self) -> Caller {
        Caller { source: Some(self.source), ..Caller::default() }
    }

    fn latest(&self) -> Timestamp {
        self.world.hub.latest()
    }

    fn earliest(&self) -> Timestamp {
        self.world.hub.clocks.iter().map(|clock| clock.now()).min().unwrap_or_default()
    }
}

/// A code as somebody types it.
#[derive(Clone)]
pub struct Guess {
    /// What is typed.
    pub code: OneTimeCode,
    /// It was read in a letter.
    pub right: bool,
}

impl Guess {
    /// Some six digits: wrong, but for one world in a million.
    pub fn wrong() -> Self {
        let code = OneTimeCode::parse(&Secret::new("000000".to_owned())).expect("six digits");
        Self { code, right: false }
    }
}

impl Device {
    fn new(tokens: &Tokens, issued: Timestamp) -> Self {
        let refresh = RefreshToken::parse(&tokens.refresh_token, &SECRET).expect("a token of ours");
        Self { session: refresh.session, access: tokens.access_token.clone(), issued, refresh }
    }
}

impl Hub {
    /// The key of the account's e-mail, if somebody is there by this name.
    fn account_of(&self, identifier: &Identifier) -> Option<String> {
        let tables = self.stores.users.memory().tables();
        let mut users = tables.users.values().map(|(user, _)| user);
        let found = match identifier {
            Identifier::Login(login) => users.find(|user| user.login == *login)?,
            Identifier::Email(email) => return Some(email.key().to_owned()),
            Identifier::Nobody => return None,
        };
        Some(found.email.key().to_owned())
    }

    fn account_of_id(&self, id: UserId) -> String {
        let tables = self.stores.users.memory().tables();
        tables.users.get(&id).map_or_else(String::new, |(user, _)| user.email.key().to_owned())
    }
}

fn taken<T>(end: &End<T>) -> Option<bool> {
    end.is_done().then_some(true).or(end.is_refused().then_some(false))
}
