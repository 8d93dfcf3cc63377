//! People: each has an e-mail, some names that others want too, and one or two tabs open at once.
use super::{
    client::Client,
    facts::End,
    hub::Hub,
    names,
    requests::{Device, Guess},
};
use auth_core::{accounts::Identity, ports::Mail, refresh_token::RefreshToken, value::*};
use std::{
    cell::{RefCell, RefMut},
    mem::replace,
    rc::Rc,
};
use tokio::task::yield_now;

/// Somebody.
pub struct Person {
    /// At the door.
    pub client: Client,
    /// The names that this person would have, the first choice first.
    logins: [Login; 2],
    /// The address, as it is written in different moods. One mailbox.
    emails: [Email; 2],
    number: usize,
    known: RefCell<Known>,
}

/// What somebody remembers, whichever tab it happened in.
#[derive(Default)]
pub struct Known {
    joined: bool,
    used: usize,
    passwords: Vec<Password>,
    pending: Option<(CodeId, Email, Password)>,
    confirm_code: Option<Guess>,
    reset_code: Option<(CodeId, Guess)>,
    /// Refresh tokens that have been turned: a tab that slept, or a backup that was restored, still has them.
    turned: Vec<RefreshToken>,
    /// The devices that are signed in, or were.
    pub devices: Vec<Device>,
}

impl Person {
    /// One of three, at the door of this world.
    pub fn new(number: usize, client: Client) -> Rc<Self> {
        let (logins, emails) = names::of(number);
        Rc::new(Self { client, logins, emails, number, known: RefCell::default() })
    }

    /// How they are called in a trace.
    pub const NAMES: [&str; 3] = ["ann", "bob", "cat"];

    /// The address, in one of its spellings.
    pub fn email(&self) -> Email {
        self.emails[self.hub().below(2)].clone()
    }

    /// The name that the person would have.
    pub fn login(&self) -> Login {
        self.logins[self.hub().below(2)].clone()
    }

    /// Whether a code has come that makes the account.
    pub fn can_confirm(&self) -> bool {
        self.known().confirm_code.is_some()
    }

    /// What the person remembers; not to be held over a wait.
    pub fn known(&self) -> RefMut<'_, Known> {
        self.known.borrow_mut()
    }

    fn hub(&self) -> &Hub {
        &self.client.world.hub
    }

    /// A password that nobody has had.
    pub fn new_password(&self) -> Password {
        let mut known = self.known();
        known.used += 1;
        names::password(self.number, known.used)
    }

    /// Says that an operator has made the account with this password.
    pub fn was_given(&self, password: Password) {
        let mut known = self.known();
        known.joined = true;
        known.passwords.push(password);
    }

    /// Does so many things, one after the other.
    pub async fn tab(self: Rc<Self>, things: usize) {
        for _ in 0..things {
            self.read_mail();
            match self.hub().below(24) {
                0 => self.register().await,
                1 => self.resend().await,
                2 => self.confirm().await,
                3 => self.log_in(self.hub().chance(4)).await,
                4 => self.forget().await,
                5 => self.reset().await,
                6 => self.change().await,
                7 => self.end_all().await,
                8 => self.end_one().await,
                9 => self.log_out().await,
                10..=12 => self.refresh().await,
                13 => drop(tokio::join!(self.change(), self.end_all())),
                14 => drop(tokio::join!(self.change(), self.log_in(false), self.reset())),
                15 => self.wake_an_old_tab().await,
                _ => self.go_on().await,
            }
        }
    }

    /// What most people would do next.
    async fn go_on(&self) {
        let (joined, pending, code, reset, signed_in) = {
            let known = self.known();
            let (pending, code) = (known.pending.is_some(), known.confirm_code.is_some());
            (known.joined, pending, code, known.reset_code.is_some(), !known.devices.is_empty())
        };
        match () {
            () if reset && self.hub().chance(3) => self.reset().await,
            () if !joined && pending && code => self.confirm().await,
            () if !joined && pending && !self.hub().chance(6) => self.wait().await,
            () if !joined => self.register().await,
            () if !signed_in => self.log_in(false).await,
            () if self.hub().chance(2) => self.refresh().await,
            () => drop(self.authenticate().await),
        }
    }

    /// Looks at something else for a while.
    async fn wait(&self) {
        for _ in 0..self.hub().below(60) {
            yield_now().await;
        }
    }

    /// Asks, and where nobody knows what became of it perhaps asks the same again.
    async fn ask<T>(&self, ask: impl AsyncFn() -> End<T>) -> End<T> {
        for _ in 0..3 {
            match ask().await {
                End::Unknown if !self.hub().chance(3) => {}
                end => return end,
            }
        }
        End::Unknown
    }

    fn read_mail(&self) {
        let letters = self.hub().state().facts.letters.collect(self.emails[0].key());
        let mut known = self.known();
        for letter in letters {
            match letter.mail {
                Mail::ConfirmRegistration { code, .. } => known.confirm_code = Some(Guess { code, right: true }),
                Mail::ResetPassword { id, code, .. } => known.reset_code = Some((id, Guess { code, right: true })),
                _ => {}
            }
        }
    }

    async fn register(&self) {
        let (login, email, password) = (self.login(), self.email(), self.new_password());
        let end = self.ask(async || self.client.register(&login, &email, &password).await).await;
        if let End::Done(id) = end {
            self.known().pending = Some((id, email, password));
        }
    }

    async fn resend(&self) {
        let Some((id, ..)) = self.known().pending.clone() else { return };
        self.ask(async || self.client.resend(id).await).await;
    }

    async fn confirm(&self) {
        let Some((id, email, password)) = self.known().pending.clone() else { return };
        let code = self.known().confirm_code.clone();
        let code = code.filter(|_| !self.hub().chance(8)).unwrap_or_else(Guess::wrong);
        let end = self.ask(async || self.client.confirm(id, &code, &email, &password).await).await;
        let mut known = self.known();
        if !end.is_unknown() && code.right {
            known.confirm_code = None;
        }
        match end {
            End::Done(_) => {
                known.joined = true;
                known.passwords.push(password);
            }
            // The account may be there: one finds out by logging in.
            _ => known.passwords.insert(0, password),
        }
    }

    async fn log_in(&self, absent_minded: bool) {
        let password = {
            let known = self.known();
            let right = known.passwords.last().cloned();
            let other = known.passwords.get(self.hub().below(known.passwords.len().max(1))).cloned();
            if absent_minded { other } else { right }
        };
        let Some(password) = password else { return };
        let identifier = match self.hub().below(4) {
            0 => Identifier::Login(self.login()),
            _ => Identifier::Email(self.email()),
        };
        let end = self.ask(async || self.client.login(identifier.clone(), &password).await).await;
        let mut known = self.known();
        match end {
            End::Done(device) => {
                known.joined = true;
                known.devices.push(device);
            }
            // A change that nobody answered may have been done, or not.
            End::No(_) => {
                known.passwords.rotate_right(1);
                known.joined &= !self.hub().chance(8);
            }
            End::Unknown => {}
        }
    }

    fn device(&self) -> Option<(usize, Device)> {
        let known = self.known();
        let which = self.hub().below(known.devices.len().max(1));
        known.devices.get(which).map(|device| (which, device.clone()))
    }

    fn forget_device(&self, device: &Device) {
        self.known().devices.retain(|held| held.session != device.session);
    }

    async fn authenticate(&self) -> Option<(Device, Identity)> {
        let (_, device) = self.device()?;
        match self.ask(async || self.client.authenticate(&device).await).await {
            End::Done(who) => Some((device, who)),
            End::No(_) => {
                // Out of time, perhaps: the refresh token says more.
                self.refresh_device(&device).await;
                None
            }
            End::Unknown => None,
        }
    }

    async fn refresh(&self) {
        if let Some((_, device)) = self.device() {
            self.refresh_device(&device).await;
        }
    }

    async fn wake_an_old_tab(&self) {
        let turned = self.known().turned.clone();
        if let Some(token) = turned.get(self.hub().below(turned.len().max(1))) {
            let _ = self.client.refresh(token).await;
        }
    }

    async fn refresh_device(&self, device: &Device) {
        match self.ask(async || self.client.refresh(&device.refresh).await).await {
            End::Done(next) => {
                let mut known = self.known();
                let held = known.devices.iter_mut().find(|held| held.session == next.session);
                if let Some(held) = held.filter(|held| held.refresh.generation < next.refresh.generation) {
                    let turned = replace(held, next).refresh;
                    known.turned.push(turned);
                }
            }
            End::No(_) => self.forget_device(device),
            End::Unknown => {}
        }
    }

    async fn forget(&self) {
        let email = self.email();
        self.ask(async || self.client.forgot(&email).await).await;
    }

    async fn reset(&self) {
        let code = self.known().reset_code.clone();
        let Some((id, mut code)) = code else { return };
        if self.hub().chance(8) {
            code = Guess::wrong();
        }
        let (email, new) = (self.email(), self.new_password());
        let end = self.ask(async || self.client.reset(id, &code, &email, &new).await).await;
        self.took(&end, new);
        if code.right && !self.hub().chance(4) {
            self.known().reset_code = None;
        }
    }

    async fn change(&self) {
        let Some((_, who)) = self.authenticate().await else { return };
        let Some(current) = self.known().passwords.last().cloned() else { return };
        let new = self.new_password();
        let end = self.ask(async || self.client.change(&who, &current, &new).await).await;
        self.took(&end, new);
    }

    fn took(&self, end: &End<()>, new: Password) {
        let mut known = self.known();
        match end {
            End::Done(()) => known.passwords.push(new),
            End::Unknown => known.passwords.insert(0, new),
            End::No(_) => {}
        }
    }

    async fn end_all(&self) {
        if let Some((_, who)) = self.authenticate().await {
            self.ask(async || self.client.logout_all(&who).await).await;
        }
    }

    async fn end_one(&self) {
        let Some((_, who)) = self.authenticate().await else { return };
        let end = self.client.ask("sessions", async |accounts| accounts.sessions(&who).await).await;
        let sessions = end.done().unwrap_or_default();
        if let Some(session) = sessions.get(self.hub().below(sessions.len().max(1))) {
            self.ask(async || self.client.end_session(&who, session.id).await).await;
        }
    }

    async fn log_out(&self) {
        let Some((_, device)) = self.device() else { return };
        let end = self.ask(async || self.client.logout(&device).await).await;
        // Some go on with what they copied before, to see whether it still opens.
        if !end.is_unknown() && self.hub().chance(3) {
            self.forget_device(&device);
        }
    }
}
