//! Signed-in devices: all of a user's in one partition.
use crate::{
    CosmosStore,
    container::Written,
    document::{Document, Kept, Place},
};
use auth_core::{ports::*, session::*, value::*};
use azure_data_cosmos::Query;
use futures_util::future::try_join_all;
use serde::{Deserialize, Serialize};

/// What is kept of a session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum SessionRecord {
    Live(Box<Session>),
    /// It was ended. Not deleted: a write that was on its way when it ended would bring it back.
    Ended {
        at: Timestamp,
    },
}

impl Kept for SessionRecord {
    fn kept_until(&self) -> Option<Timestamp> {
        Some(match self {
            Self::Live(session) => session.expires_at,
            Self::Ended { at } => *at,
        })
    }
}

impl SessionRecord {
    /// As a container holds it.
    pub(crate) fn new(session: &Session) -> Self {
        Self::Live(Box::new(session.clone()))
    }

    fn live(self) -> Option<Session> {
        match self {
            Self::Live(session) => Some(*session),
            Self::Ended { .. } => None,
        }
    }
}

/// What another store is given of it: nothing, once it has ended.
pub(crate) fn records(session: &Document<SessionRecord>) -> Vec<Record> {
    session.record.clone().live().filter(|session| !session.ended).map(Record::Session).into_iter().collect()
}

#[async_trait]
impl SessionStore for CosmosStore {
    async fn create(&self, session: &Session) -> Outside<()> {
        let create = async {
            let (place, op) = (place(session.id), self.sessions.op());
            // Its id is drawn: whatever is there is this session, and may have turned or ended meanwhile.
            let (Written::Done(_) | Written::Lost) =
                self.sessions.create(&place, SessionRecord::new(session), &op).await?;
            Ok(())
        };
        self.sessions.in_time(create).await
    }

    async fn by_id(&self, id: SessionId) -> Outside<Option<Session>> {
        let read = async { self.sessions.read_even_if_new::<SessionRecord>(&place(id)).await };
        Ok(self.sessions.in_time(read).await?.and_then(|session| session.record.live()))
    }

    async fn turn(&self, id: SessionId, turn: &Turn) -> Outside<Turned> {
        let place = place(id);
        let turned = self.sessions.change(&place, |kept| match kept {
            SessionRecord::Live(session) => session.turn(turn),
            SessionRecord::Ended { .. } => Turned::Refused,
        });
        Ok(self.sessions.in_time(turned).await?.unwrap_or(Turned::Refused))
    }

    async fn revoke(&self, id: SessionId) -> Outside<()> {
        self.sessions.in_time(self.end_session(id)).await
    }

    async fn revoke_all(&self, user: UserId, but: Option<SessionId>) -> Outside<()> {
        let revoke = async {
            let live = self.sessions_of(user).await?;
            let ended = live.into_iter().filter(|session| Some(session.id) != but).map(|session| session.id);
            try_join_all(ended.map(|id| self.end_session(id))).await.map(drop)
        };
        self.sessions.in_time(revoke).await
    }

    async fn of_user(&self, user: UserId) -> Outside<Vec<Session>> {
        let mut sessions = self.sessions.in_time(self.sessions_of(user)).await?;
        sessions.sort_by_key(|session| (session.started_at, session.id));
        Ok(sessions)
    }

    /// The database forgets by itself.
    async fn sweep(&self, _: Timestamp) -> Outside<()> {
        Ok(())
    }
}

impl CosmosStore {
    async fn end_session(&self, id: SessionId) -> Outside<()> {
        let (place, at) = (place(id), self.sessions.clock.now());
        let end = |kept: &mut SessionRecord| {
            if let SessionRecord::Live(_) = kept {
                *kept = SessionRecord::Ended { at };
            }
        };
        if self.sessions.change(&place, end).await?.is_some() {
            return Ok(());
        }
        // This region has not heard of it, or there is none. It is ended where it is written, too.
        let ended = self.sessions.create(&place, SessionRecord::Ended { at }, &self.sessions.op()).await?;
        if ended == Written::Lost {
            self.sessions.change_own(&place, end).await?;
        }
        Ok(())
    }

    async fn sessions_of(&self, user: UserId) -> Outside<Vec<Session>> {
        let all = Query::from("SELECT * FROM c");
        let found = self.sessions.query::<SessionRecord>(&user.to_string(), &all).await?;
        Ok(found.into_iter().filter_map(|session| session.record.live()).collect())
    }
}

pub(crate) fn place(id: SessionId) -> Place {
    Place::among(id.user().to_string(), id.to_string())
}
