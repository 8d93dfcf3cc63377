//! Sessions: the devices that are signed in, and the end of one of them.
use super::{Tag, date};
use crate::http::{
    answer::{Answer, Done, Refusal, Refuse, SIGNED_IN, WRITES},
    bearer::SignedIn,
    problem::{Code, Problem},
};
use auth_core::{
    accounts::{Accounts, EndSessionError},
    ports::Unavailable,
    session::Session,
    value::SessionId,
};
use poem::web::Data;
use poem_openapi::{Object, OpenApi, param::Path};
use time::OffsetDateTime;

pub struct Sessions;

/// The devices that are signed in.
#[derive(Object)]
struct SessionList {
    /// The oldest first.
    sessions: Vec<SessionView>,
}

/// A signed-in device, or a client that the person has let in.
#[derive(Object)]
#[oai(rename = "Session", skip_serializing_if_is_none)]
struct SessionView {
    /// Names it: the `sid` of its access tokens.
    id: String,
    /// What the person calls the device.
    device: Option<String>,
    /// The client that it was given to, if it is not the person's own.
    client_id: Option<String>,
    /// When it was signed in.
    started_at: OffsetDateTime,
    /// When it was refreshed last.
    refreshed_at: OffsetDateTime,
    /// When it ends unless it is refreshed first.
    expires_at: OffsetDateTime,
    /// Whether it is the one that asks.
    current: bool,
}

#[OpenApi(prefix_path = "/api/v1/auth", tag = "Tag::Sessions")]
impl Sessions {
    /// List sessions
    #[oai(path = "/sessions", method = "get", operation_id = "list_sessions")]
    async fn list(
        &self,
        Data(accounts): Data<&Accounts>,
        SignedIn(who): SignedIn,
    ) -> Result<Answer<200, SessionList>, Refusal<Unavailable>> {
        let sessions = accounts.sessions(&who).await?;
        let view = |session| SessionView::new(session, who.session.id);
        Ok(Answer(SessionList { sessions: sessions.into_iter().map(view).collect() }))
    }

    /// End a session
    ///
    /// One of your own; its tokens open nothing here from then on.
    #[oai(path = "/sessions/:id", method = "delete", operation_id = "end_session")]
    async fn end(
        &self,
        Data(accounts): Data<&Accounts>,
        SignedIn(who): SignedIn,
        /// The session's id.
        id: Path<String>,
    ) -> Result<Done, Refusal<EndSessionError>> {
        let id = SessionId::parse(&id).map_err(|_| EndSessionError::NotFound)?;
        accounts.end_session(&who, id).await?;
        Ok(Done)
    }
}

impl SessionView {
    fn new(session: Session, asking: SessionId) -> Self {
        Self {
            id: session.id.to_string(),
            device: session.device.map(Into::into),
            client_id: session.grant.map(|grant| grant.client.into()),
            started_at: date(session.started_at),
            refreshed_at: date(session.turned_at),
            expires_at: date(session.expires_at.min(session.ends_at)),
            current: session.id == asking,
        }
    }
}

impl Refuse for EndSessionError {
    const CODES: &'static [&'static [Code]] = &[SIGNED_IN, WRITES, &[Code::NotFound]];

    fn problem(self) -> Problem {
        match self {
            Self::NotFound => Problem::new(Code::NotFound),
            Self::Unavailable(unavailable) => unavailable.into(),
        }
    }
}
