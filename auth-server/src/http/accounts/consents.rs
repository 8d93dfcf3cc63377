//! Consents: the clients that a person has let in, and the end of that.
use super::{Tag, date};
use crate::http::{
    answer::{Answer, Done, Refusal, Refuse, SIGNED_IN, WRITES},
    bearer::SignedIn,
    problem::{Code, Problem},
};
use auth_core::{ports::Unavailable, value::ClientId};
use auth_oidc::{Provider, applications::Application};
use poem::web::Data;
use poem_openapi::{Object, OpenApi, param::Path};
use time::OffsetDateTime;

pub struct Consents;

/// The clients that the person has let in.
#[derive(Object)]
struct ConsentList {
    /// In no particular order.
    consents: Vec<ConsentView>,
}

/// What a client may do.
#[derive(Object)]
#[oai(rename = "Consent")]
struct ConsentView {
    /// The client.
    client_id: String,
    /// What it is called.
    client_name: String,
    /// What it may do at which service.
    granted: Vec<GrantedView>,
    /// When the person agreed last.
    given_at: OffsetDateTime,
}

/// What a client may do at one service.
#[derive(Object)]
#[oai(rename = "Granted", skip_serializing_if_is_none)]
struct GrantedView {
    /// The service, if it is not this one.
    resource: Option<String>,
    /// With a space between each two words.
    scope: String,
}

#[OpenApi(prefix_path = "/api/v1/auth", tag = "Tag::Sessions")]
impl Consents {
    /// List consents
    #[oai(path = "/consents", method = "get", operation_id = "list_consents")]
    async fn list(
        &self,
        Data(provider): Data<&Provider>,
        SignedIn(who): SignedIn,
    ) -> Result<Answer<200, ConsentList>, Refusal<Unavailable>> {
        let applications = provider.applications(who.user.id).await?;
        Ok(Answer(ConsentList { consents: applications.into_iter().map(ConsentView::from).collect() }))
    }

    /// Withdraw a consent
    ///
    /// What the client was given ends with it, and its tokens open nothing here from then on.
    #[oai(path = "/consents/:client_id", method = "delete", operation_id = "withdraw_consent")]
    async fn withdraw(
        &self,
        Data(provider): Data<&Provider>,
        SignedIn(who): SignedIn,
        /// The client.
        client_id: Path<String>,
    ) -> Result<Done, Refusal<WithdrawError>> {
        let client = ClientId::parse(&client_id).map_err(|_| WithdrawError::NotFound)?;
        let withdrawn = provider.withdraw_consent(who.user.id, &client).await.map_err(WithdrawError::Unavailable)?;
        if withdrawn { Ok(Done) } else { Err(WithdrawError::NotFound.into()) }
    }
}

impl From<Application> for ConsentView {
    fn from(Application { client, consent }: Application) -> Self {
        let granted = |(at, scope): (String, auth_core::value::Scope)| GrantedView {
            resource: (!at.is_empty()).then_some(at),
            scope: scope.to_string(),
        };
        Self {
            client_name: client.name().to_owned(),
            client_id: client.client_id.into(),
            granted: consent.granted.into_iter().map(granted).collect(),
            given_at: date(consent.given_at),
        }
    }
}

/// The other ends of [`Consents::withdraw`].
enum WithdrawError {
    /// The person has let in no such client.
    NotFound,
    /// The outside failed.
    Unavailable(Unavailable),
}

impl Refuse for WithdrawError {
    const CODES: &'static [&'static [Code]] = &[SIGNED_IN, WRITES, &[Code::NotFound]];

    fn problem(self) -> Problem {
        match self {
            Self::NotFound => Problem::new(Code::NotFound),
            Self::Unavailable(unavailable) => unavailable.into(),
        }
    }
}
