//! A ticket: what a page carries from one step of an authorization to the next.
use super::{Decision, Done, Request, Visitor};
use crate::{Params, Provider, provider::hex};
use auth_core::{accounts::Identity, value::Timestamp};
use subtle::ConstantTimeEq;

/// Shown back with what the person has chosen on a page, it proves that this page was shown to this session, for this very
/// request, a moment ago: so no page elsewhere can choose for them (O-17), and nothing needs to be kept meanwhile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ticket {
    shown_at: Timestamp,
    done: Done,
    /// What the page said, in short.
    said: String,
    mac: String,
}

/// A page that asks a signed-in person something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Page {
    /// Which account it is to be.
    Account,
    /// Whether they agree.
    Consent,
    /// Whether they let a device in.
    Device,
}

impl Ticket {
    /// Reads the text of a form.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('.');
        let (shown_at, done) = (parts.next()?, parts.next()?);
        let (said, mac) = (parts.next()?.to_owned(), parts.next()?.to_owned());
        let done = Done { signed_in: done.contains('s'), chosen: done.contains('c') };
        let shown_at = Timestamp(shown_at.parse().ok()?);
        parts.next().is_none().then_some(Self { shown_at, done, said, mac })
    }

    /// What the page said, in short.
    pub(crate) fn said(&self) -> &str {
        &self.said
    }

    /// The text for the form.
    pub fn reveal(&self) -> String {
        format!("{}.{}.{}.{}", self.shown_at.0, self.done.letters(), self.said, self.mac)
    }
}

impl Done {
    const fn letters(self) -> &'static str {
        match (self.signed_in, self.chosen) {
            (false, false) => "",
            (false, true) => "c",
            (true, false) => "s",
            (true, true) => "sc",
        }
    }
}

impl Provider {
    /// A ticket for a page that is shown to this person now.
    pub fn ticket(&self, page: Page, params: &Params, request: &Request, who: &Identity, done: Done) -> Ticket {
        self.ticket_of(page, params, who, (done, request.said()), self.ports().clock.now())
    }

    /// Whoever has gone on from the list of accounts with the one that is signed in. Without a good ticket they have not,
    /// and are shown it again.
    pub fn chosen(&self, params: &Params, who: Option<Identity>, ticket: Option<&Ticket>) -> Visitor {
        let shown = self.shown(Page::Account, params, who.as_ref(), ticket);
        Visitor {
            done: shown.map_or_else(Done::default, |ticket| Done { chosen: true, ..ticket.done }),
            ..Visitor::of(who)
        }
    }

    /// Whoever has said yes or no. Without a good ticket they have not, and are asked again.
    pub fn decided(
        &self,
        params: &Params,
        who: Option<Identity>,
        ticket: Option<&Ticket>,
        decision: Option<Decision>,
    ) -> Visitor {
        let shown = self.shown(Page::Consent, params, who.as_ref(), ticket);
        match shown {
            Some(Ticket { done, said, .. }) => {
                Visitor { done: *done, decision, said: Some(said.clone()), who, returning: true }
            }
            None => Visitor::of(who),
        }
    }

    /// The ticket, if it is of this page, and was shown to them.
    pub(crate) fn shown<'a>(
        &self,
        page: Page,
        params: &Params,
        who: Option<&Identity>,
        ticket: Option<&'a Ticket>,
    ) -> Option<&'a Ticket> {
        let (who, ticket) = who.zip(ticket)?;
        let made = self.ticket_of(page, params, who, (ticket.done, ticket.said.clone()), ticket.shown_at);
        let ours: bool = made.mac.as_bytes().ct_eq(ticket.mac.as_bytes()).into();
        let now = self.ports().clock.now();
        (ours && now.since(ticket.shown_at) < self.policy.page_ttl).then_some(ticket)
    }

    pub(crate) fn ticket_of(
        &self,
        page: Page,
        params: &Params,
        who: &Identity,
        (done, said): (Done, String),
        shown_at: Timestamp,
    ) -> Ticket {
        let page = match page {
            Page::Account => "account",
            Page::Consent => "consent",
            Page::Device => "device",
        };
        let (session, at, request) = (who.session.id.to_string(), shown_at.0.to_string(), params.to_string());
        let mac = self.accounts.secret().index(&["ticket", page, &session, &at, done.letters(), &said, &request]);
        Ticket { shown_at, done, said, mac: hex(mac) }
    }
}
