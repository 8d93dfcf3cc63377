//! How a client calls people (OpenID Connect Core, section 8).
use super::{BadClient, Client, RedirectUri};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// How a client calls people.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SubjectType {
    /// As every other client of this type does.
    #[default]
    Public,
    /// By names that only the clients of its sector know, so that others cannot tell whom they have in common.
    Pairwise,
}

impl SubjectType {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Public, Self::Pairwise];

    /// Its registered name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Pairwise => "pairwise",
        }
    }

    /// The one that has this name.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|own| own.as_str() == text)
    }
}

impl Client {
    /// Whose clients call people as this one does (section 8.1): a host. On the machine of a person there is none that
    /// would be one client's own.
    pub(crate) fn sector(&self) -> Option<String> {
        if let Some(uri) = &self.sector_identifier_uri {
            return uri.host_str().map(str::to_owned);
        }
        let mut hosts: BTreeSet<_> = self.redirect_uris.iter().map(RedirectUri::host).collect::<Option<_>>()?;
        if hosts.len() == 1 { hosts.pop_first() } else { None }
    }

    /// Whether a client has the sector that it needs.
    pub(super) fn check_subject_type(&self) -> Result<(), BadClient> {
        let bad = |rule| Err(BadClient { member: "sector_identifier_uri", rule });
        if self.sector_identifier_uri.as_ref().is_some_and(|uri| uri.scheme() != "https") {
            return bad("it is https");
        }
        if self.subject_type == SubjectType::Pairwise && self.sector().is_none() {
            return bad("a pairwise client has one, unless its redirect URIs are https and of one host");
        }
        Ok(())
    }
}
