//! Strangers who want in, and the operator who shuts doors.
use super::{client::Client, facts::End, people::Person, requests::Guess};
use auth_core::{accounts::Accounts, refresh_token::RefreshToken, secrets::Mac, value::*};
use std::{cell::RefCell, net::IpAddr, rc::Rc};
use tokio::task::yield_now;

/// Somebody who wants in.
pub struct Stranger {
    client: Client,
    people: Vec<Rc<Person>>,
    /// What was answered to whoever asked in another's name.
    reset_ids: RefCell<Vec<(CodeId, Email)>>,
    confirm_ids: RefCell<Vec<(CodeId, Email, Password)>>,
    stolen: RefCell<Vec<RefreshToken>>,
}

impl Stranger {
    /// One who goes for these people.
    pub fn new(client: Client, people: Vec<Rc<Person>>) -> Rc<Self> {
        Rc::new(Self {
            client,
            people,
            reset_ids: RefCell::default(),
            confirm_ids: RefCell::default(),
            stolen: RefCell::default(),
        })
    }

    /// Does so many things.
    pub async fn go(self: Rc<Self>, things: usize) {
        for _ in 0..things {
            match self.below(12) {
                0 => self.ask_for_a_code().await,
                1 => self.squat().await,
                2 => self.steal(),
                3 | 4 => self.present_what_was_stolen().await,
                5 => self.forge().await,
                6 => self.try_a_password().await,
                7 => self.confirm().await,
                _ => Box::pin(self.guess()).await,
            }
        }
    }

    fn below(&self, end: usize) -> usize {
        self.client.world.hub.below(end)
    }

    fn victim(&self) -> &Person {
        &self.people[self.below(self.people.len())]
    }

    /// From another address each time: no limit by source is in the way.
    fn somewhere(&self) -> Client {
        let source = IpAddr::from([203, 0, 113, u8::try_from(self.below(256)).expect("below 256")]);
        Client { source, ..self.client.clone() }
    }

    async fn ask_for_a_code(&self) {
        let email = self.victim().email();
        if let End::Done(id) = self.somewhere().forgot(&email).await {
            self.reset_ids.borrow_mut().push((id, email));
        }
    }

    /// Some guesses, one after the other or all at once: as many as one code answers.
    async fn guess(&self) {
        if self.below(2) == 0 {
            self.ask_for_a_code().await;
        }
        let latest = self.reset_ids.borrow().last().cloned();
        let Some((id, email)) = latest else { return };
        let new = self.victim().new_password();
        let guess = async || self.somewhere().reset(id, &Guess::wrong(), &email, &new).await;
        if self.below(2) == 0 {
            let _ = tokio::join!(guess(), guess(), guess(), guess(), guess());
        } else {
            for _ in 0..=self.below(7) {
                let _ = guess().await;
            }
        }
    }

    /// Takes a name, or an address, before its owner does.
    async fn squat(&self) {
        let (login, email, password) = (self.victim().login(), self.victim().email(), self.victim().new_password());
        if let End::Done(id) = self.somewhere().register(&login, &email, &password).await {
            self.confirm_ids.borrow_mut().push((id, email, password));
        }
    }

    async fn confirm(&self) {
        let latest = self.confirm_ids.borrow().last().cloned();
        let Some((id, email, password)) = latest else { return self.squat().await };
        let _ = self.somewhere().confirm(id, &Guess::wrong(), &email, &password).await;
    }

    fn steal(&self) {
        let tokens: Vec<_> = self.victim().known().devices.iter().map(|device| device.refresh.clone()).collect();
        self.stolen.borrow_mut().extend(tokens);
    }

    async fn present_what_was_stolen(&self) {
        let which = self.below(self.stolen.borrow().len().max(1));
        let token = self.stolen.borrow().get(which).cloned();
        match token {
            Some(token) => drop(self.somewhere().refresh(&token).await),
            None => self.steal(),
        }
    }

    /// A session's name is public; its tokens are not made from it.
    async fn forge(&self) {
        let known = self.victim().known().devices.first().cloned();
        if let Some(device) = known {
            let token = RefreshToken { mac: Mac([0; 32]), ..device.refresh };
            let _ = self.somewhere().refresh(&token).await;
        }
    }

    async fn try_a_password(&self) {
        let (email, password) = (self.victim().email(), self.victim().new_password());
        let client = self.somewhere();
        for _ in 0..[1, 1, 1, 12][self.below(4)] {
            let _ = client.login(Identifier::Email(email.clone()), &password).await;
        }
    }
}

/// Shuts accounts and opens them again.
pub async fn operate(client: Client, people: Vec<Rc<Person>>, things: usize) {
    let hub = client.world.hub.clone();
    for _ in 0..things {
        for _ in 0..hub.below(120) {
            yield_now().await;
        }
        let email = people[hub.below(people.len())].email();
        let find = async |accounts: &Accounts| accounts.find_user(&Identifier::Email(email.clone())).await;
        let Some(Some(user)) = client.ask("find", find).await.done() else { continue };
        for shut in [true, false] {
            client.set_door(&user, shut).await;
            for _ in 0..hub.below(60) {
                yield_now().await;
            }
        }
    }
}
