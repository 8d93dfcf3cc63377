//! Signed-in devices, kept badly.
use super::{Broken, Fault};
use crate::{ports::*, session::*, value::*};
use std::time::Duration;

#[async_trait]
impl SessionStore for Broken {
    async fn create(&self, session: &Session) -> Outside<()> {
        let mut session = session.clone();
        if self.has(Fault::LosesAField) {
            session.device = None;
        }
        SessionStore::create(&self.memory, &session).await
    }

    async fn by_id(&self, id: SessionId) -> Outside<Option<Session>> {
        match self.fault {
            Fault::HalfTheId => Ok(self.memory.of_user(id.user()).await?.pop()),
            _ => SessionStore::by_id(&self.memory, id).await,
        }
    }

    async fn turn(&self, id: SessionId, turn: &Turn) -> Outside<Turned> {
        let store = self.open().await;
        let before = SessionStore::by_id(&*store, id).await?;
        let mut turn = Turn { now: self.judge(turn.now), ..turn.clone() };
        match (self.fault, &before) {
            (Fault::NoGrace, _) => turn.grace = Duration::ZERO,
            (Fault::EndlessGrace, _) => turn.grace = Duration::MAX,
            (Fault::AnyMac, Some(session)) => turn.mac = turn.proof.mac(&session.seed.0),
            _ => {}
        }
        let answer = match (store.turn(id, &turn).await?, before) {
            (Turned::Done(_), Some(before)) if self.has(Fault::AnswersThePast) => Turned::Done(before),
            (answer, _) => answer,
        };
        store.close(self.writes(matches!(answer, Turned::Done(_))));
        Ok(answer)
    }

    async fn revoke(&self, id: SessionId) -> Outside<()> {
        let store = self.open().await;
        store.revoke(id).await?;
        store.close(self.writes(true));
        Ok(())
    }

    async fn revoke_all(&self, user: UserId, but: Option<SessionId>) -> Outside<()> {
        let store = self.open().await;
        match self.fault {
            Fault::Everybodys => store.tables().sessions.retain(|id, _| Some(*id) == but),
            Fault::SparesNobody => store.revoke_all(user, None).await?,
            _ => store.revoke_all(user, but).await?,
        }
        store.close(self.writes(true));
        Ok(())
    }

    async fn of_user(&self, user: UserId) -> Outside<Vec<Session>> {
        let mut sessions = self.memory.of_user(user).await?;
        match self.fault {
            Fault::Everybodys => sessions = self.memory.tables().sessions.values().cloned().collect(),
            Fault::NewestFirst => sessions.reverse(),
            _ => {}
        }
        Ok(sessions)
    }

    async fn sweep(&self, now: Timestamp) -> Outside<()> {
        SessionStore::sweep(&self.memory, self.judge(now)).await
    }
}
