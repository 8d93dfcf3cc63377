//! Tokens of Entra, asked for beside the requests that need them. The SDK asks within a request, which is given up sooner
//! than a command line answers, or Entra on a bad day: so one token serves until the next is there.
use auth_core::{ports::Clock, value::Timestamp};
use azure_core::{
    credentials::{AccessToken, TokenCredential, TokenRequestOptions},
    error::ErrorKind,
};
use futures_util::{
    FutureExt,
    future::{BoxFuture, Shared},
};
use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::task::AbortHandle;

/// A credential that keeps its token.
#[derive(Clone)]
pub struct KeptToken(Arc<Inner>);

struct Inner {
    credential: Arc<dyn TokenCredential>,
    clock: Arc<dyn Clock>,
    token: Mutex<Option<AccessToken>>,
    /// Whoever needs the next one waits for the same answer, and takes a failure for his own.
    asked: Mutex<Option<Asked>>,
}

/// A question that is under way, or was.
struct Asked {
    task: AbortHandle,
    answer: Shared<BoxFuture<'static, Result<AccessToken, Arc<azure_core::Error>>>>,
}

/// So long before it expires the next one is asked for.
const EARLY: Duration = Duration::from_mins(5);
/// With less left than this a token is as good as none.
const LAST: Duration = Duration::from_secs(10);

impl KeptToken {
    pub fn new(credential: Arc<dyn TokenCredential>, clock: Arc<dyn Clock>) -> Arc<Self> {
        Arc::new(Self(Arc::new(Inner { credential, clock, token: Mutex::default(), asked: Mutex::default() })))
    }

    fn token(&self, left: Duration) -> Option<AccessToken> {
        let token = self.0.token.lock().unwrap_or_else(PoisonError::into_inner).clone()?;
        (self.0.clock.now() + left < Timestamp(token.expires_on.unix_timestamp())).then_some(token)
    }

    /// On a task of its own: whoever waits may give up, and the next one finds it further on. One at a time, however many
    /// need it.
    fn ask(&self, scopes: &[&str]) -> impl Future<Output = Result<AccessToken, Arc<azure_core::Error>>> + use<> {
        let mut asked = self.0.asked.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(asked) = asked.as_ref().filter(|asked| !asked.task.is_finished()) {
            return asked.answer.clone();
        }
        let task = tokio::spawn(self.clone().fetch(scopes.iter().map(ToString::to_string).collect()));
        let handle = task.abort_handle();
        let answer = task.map(|ended| {
            let ended = ended.unwrap_or_else(|panicked| Err(azure_core::Error::new(ErrorKind::Credential, panicked)));
            ended.map_err(Arc::new)
        });
        let answer = answer.boxed().shared();
        *asked = Some(Asked { task: handle, answer: answer.clone() });
        answer
    }

    async fn fetch(self, scopes: Vec<String>) -> azure_core::Result<AccessToken> {
        let scopes: Vec<&str> = scopes.iter().map(String::as_str).collect();
        let token = self.0.credential.get_token(&scopes, None).await?;
        *self.0.token.lock().unwrap_or_else(PoisonError::into_inner) = Some(token.clone());
        Ok(token)
    }
}

#[async_trait::async_trait]
impl TokenCredential for KeptToken {
    async fn get_token(&self, scopes: &[&str], _: Option<TokenRequestOptions<'_>>) -> azure_core::Result<AccessToken> {
        if let Some(token) = self.token(EARLY) {
            return Ok(token);
        }
        let asked = self.ask(scopes);
        if let Some(token) = self.token(LAST) {
            return Ok(token);
        }
        asked.await.map_err(|failure| azure_core::Error::new(ErrorKind::Credential, failure))
    }
}

impl fmt::Debug for KeptToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[credential]")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use auth_core::testing::FixedClock;
    use azure_core::time::OffsetDateTime;
    use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
    use tokio::sync::Semaphore;

    /// Answers when it is let to, with a token for an hour.
    #[derive(Debug)]
    struct Entra {
        expires: Mutex<i64>,
        asked: AtomicU32,
        answers: Semaphore,
    }

    #[async_trait::async_trait]
    impl TokenCredential for Entra {
        async fn get_token(&self, _: &[&str], _: Option<TokenRequestOptions<'_>>) -> azure_core::Result<AccessToken> {
            let number = self.asked.fetch_add(1, Relaxed);
            let answer = self.answers.acquire().await;
            answer.map_err(|away| azure_core::Error::new(ErrorKind::Credential, away))?.forget();
            let expires = OffsetDateTime::from_unix_timestamp(*self.expires.lock().unwrap()).unwrap();
            Ok(AccessToken::new(format!("token-{number}"), expires))
        }
    }

    fn entra(clock: &FixedClock, answers: usize) -> Arc<Entra> {
        Arc::new(Entra {
            expires: Mutex::new((clock.now() + Duration::from_hours(1)).0),
            asked: AtomicU32::new(0),
            answers: Semaphore::new(answers),
        })
    }

    #[tokio::test]
    async fn however_many_need_the_next_one_it_is_asked_for_once() {
        let clock = Arc::new(FixedClock::default());
        let entra = entra(&clock, 1);
        let kept = KeptToken::new(entra.clone(), clock.clone());
        let token = async || kept.get_token(&["scope"], None).await;
        assert!(token().await.is_ok());
        clock.advance(Duration::from_mins(57));
        for _ in 0..1_000 {
            assert!(token().await.is_ok(), "it is good while the next is on its way");
            tokio::task::yield_now().await;
        }
        assert_eq!(entra.asked.load(Relaxed), 2);
        // Of those who can go on without one no more, one failure is everybody's.
        clock.advance(Duration::from_mins(10));
        entra.answers.close();
        let ends = futures_util::future::join_all((0..100).map(|_| token())).await;
        assert!(ends.iter().all(Result::is_err));
        assert_eq!(entra.asked.load(Relaxed), 2);
    }

    #[tokio::test]
    async fn a_token_serves_until_the_next_is_there_and_whoever_gives_up_loses_nothing() {
        let clock = Arc::new(FixedClock::default());
        let hour = Duration::from_hours(1);
        let entra = entra(&clock, 0);
        let kept = KeptToken::new(entra.clone(), clock.clone());
        let token = async || kept.get_token(&["scope"], None).await.unwrap().token.secret().to_owned();
        {
            let mut gives_up = std::pin::pin!(token());
            assert!(futures_util::poll!(&mut gives_up).is_pending());
        }
        entra.answers.add_permits(1);
        assert_eq!(token().await, "token-0", "what was asked for by him who gave up");
        assert_eq!(token().await, "token-0");
        clock.advance(Duration::from_mins(55));
        *entra.expires.lock().unwrap() = (clock.now() + hour).0;
        assert_eq!(token().await, "token-0", "it is good while the next is on its way");
        entra.answers.add_permits(1);
        while token().await == "token-0" {
            tokio::task::yield_now().await;
        }
        assert_eq!(token().await, "token-1");
        assert_eq!(entra.asked.load(Relaxed), 2);
    }
}
