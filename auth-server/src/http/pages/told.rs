//! What a person is told when what was tried has come to another end.
use crate::{
    http::problem,
    pages::{Rule, Told, Wrong},
};
use auth_core::{
    accounts::{ConfirmError, ForgotError, LoginError, RegisterError, ResendError, ResetError, Slow},
    password::Weak,
    ports::Unavailable,
};
use poem::http::StatusCode;

impl Told {
    /// As what a page is answered that tells it.
    pub const fn status(self) -> StatusCode {
        match self {
            // Not 401, which needs a challenge (RFC 9110, section 15.5.2); and not 200, by which a password manager would
            // take a wrong password for one to be kept.
            Self::Wrong | Self::Fields(_) | Self::NoDevice => StatusCode::UNPROCESSABLE_ENTITY,
            Self::OtherAccount | Self::SentAgain | Self::Registered | Self::PasswordChanged | Self::Withdrawn => {
                StatusCode::OK
            }
            Self::Stale => StatusCode::FORBIDDEN,
            Self::Slow(_) => StatusCode::TOO_MANY_REQUESTS,
            Self::Busy(_) => StatusCode::SERVICE_UNAVAILABLE,
        }
    }
}

impl From<Unavailable> for Told {
    fn from(unavailable: Unavailable) -> Self {
        Self::Busy(problem::put_off(unavailable))
    }
}

impl From<Slow> for Told {
    fn from(slow: Slow) -> Self {
        Self::Slow(slow.retry_after)
    }
}

impl From<Weak> for Rule {
    fn from(weak: Weak) -> Self {
        match weak {
            Weak::TooShort { min } => Self::PasswordShort(min),
            Weak::Common => Self::PasswordCommon,
            Weak::Context => Self::PasswordContext,
        }
    }
}

impl From<Weak> for Told {
    fn from(weak: Weak) -> Self {
        Self::Fields(Wrong { password: Some(weak.into()), ..Wrong::default() })
    }
}

impl From<LoginError> for Told {
    fn from(end: LoginError) -> Self {
        match end {
            LoginError::Refused => Self::Wrong,
            LoginError::Slow(slow) => slow.into(),
            LoginError::Unavailable(unavailable) => unavailable.into(),
        }
    }
}

impl From<RegisterError> for Told {
    fn from(end: RegisterError) -> Self {
        match end {
            RegisterError::LoginTaken => LOGIN_TAKEN,
            RegisterError::Weak(weak) => weak.into(),
            RegisterError::Slow(slow) => slow.into(),
            RegisterError::Unavailable(unavailable) => unavailable.into(),
        }
    }
}

impl From<ConfirmError> for Told {
    fn from(end: ConfirmError) -> Self {
        match end {
            ConfirmError::Refused => WRONG_CODE,
            ConfirmError::LoginTaken => LOGIN_TAKEN,
            ConfirmError::Slow(slow) => slow.into(),
            ConfirmError::Unavailable(unavailable) => unavailable.into(),
        }
    }
}

impl From<ResendError> for Told {
    fn from(end: ResendError) -> Self {
        match end {
            ResendError::Slow(slow) => slow.into(),
            ResendError::Unavailable(unavailable) => unavailable.into(),
        }
    }
}

impl From<ForgotError> for Told {
    fn from(end: ForgotError) -> Self {
        match end {
            ForgotError::Slow(slow) => slow.into(),
            ForgotError::Unavailable(unavailable) => unavailable.into(),
        }
    }
}

impl From<ResetError> for Told {
    fn from(end: ResetError) -> Self {
        match end {
            ResetError::Refused => WRONG_CODE,
            ResetError::Weak(weak) => weak.into(),
            ResetError::Slow(slow) => slow.into(),
            ResetError::Unavailable(unavailable) => unavailable.into(),
        }
    }
}

const NOTHING: Wrong = Wrong { username: None, email: None, password: None, code: None };
const LOGIN_TAKEN: Told = Told::Fields(Wrong { username: Some(Rule::LoginTaken), ..NOTHING });
/// Wrong, expired, used or unknown: one text for all, as for what cannot be a code.
pub const WRONG_CODE: Told = Told::Fields(Wrong { code: Some(Rule::Code), ..NOTHING });
