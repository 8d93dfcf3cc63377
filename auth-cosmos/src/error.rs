//! Why the database cannot be used. No message holds what a document held.
use azure_data_cosmos::CosmosError;

/// Why the database cannot be reached or made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The endpoint is no address.
    #[error("{0:?} is no endpoint: give one such as https://example.documents.azure.com/")]
    Endpoint(String),
    /// There is no credential of this kind here.
    #[error("there is no such credential on this machine")]
    Credential(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The database or a container is not there.
    #[error(
        "{0} is not there: make it with `auth-server migrate up`, or with the template that `auth-server migrate bicep` prints"
    )]
    Missing(String),
    /// The credential may read and write items, and not make containers: so are Entra's roles.
    #[error(
        "this credential may not make {0}: make it with the template that `auth-server migrate bicep` prints, or with \
         the account's key"
    )]
    Forbidden(String),
    /// The credential may not read it, or not from here.
    #[error(
        "this credential may not read {0}: give it the role Cosmos DB Built-in Data Contributor, and see whether the \
         account's firewall lets this machine in"
    )]
    Unread(String),
    /// A container is there, and is not as it must be.
    #[error("{name} is there, and {reason}: it cannot be changed in place, so give another database")]
    Different {
        /// Which.
        name: String,
        /// How it differs.
        reason: &'static str,
    },
    /// The database answered otherwise.
    #[error("{what} cannot be used: the database answered {status}")]
    Answered {
        /// What was asked for.
        what: String,
        /// Its status and sub-status.
        status: String,
    },
    /// It did not answer.
    #[error("the database did not answer within {0} seconds")]
    Silent(u64),
}

impl Error {
    /// What the database's answer means, when it was asked for this.
    pub(crate) fn of(what: impl Into<String>) -> impl FnOnce(CosmosError) -> Self {
        let what = what.into();
        move |error| {
            let status = error.status();
            match u16::from(status.status_code()) {
                404 => Self::Missing(what),
                401 | 403 => Self::Unread(what),
                _ => Self::Answered { what, status: status.to_string() },
            }
        }
    }

    /// The same, when it was to be made or mended.
    pub(crate) fn of_making(what: impl Into<String>) -> impl FnOnce(CosmosError) -> Self {
        let what = what.into();
        move |error| {
            let forbidden = u16::from(error.status().status_code()) == 403;
            if forbidden { Self::Forbidden(what) } else { Self::of(what)(error) }
        }
    }
}
