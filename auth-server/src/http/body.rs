//! Bodies of requests: read in full before anything else is done, within a bound.
use super::problem::{Code, Problem};
use auth_oidc::Params;
use futures_util::StreamExt;
use poem::{Body, Request, http::header};
use std::pin::pin;
use zeroize::Zeroizing;

/// No request of this API needs more.
const MOST: usize = 64 * 1024;
/// So much of a body that is too large is read and thrown away: who is cut off while he speaks hears no answer.
const HEARD_OUT: usize = 64 * 1024 * 1024;

/// The media type of a form.
pub const FORM: &str = "application/x-www-form-urlencoded";

/// Whether the body is a form; one that is compressed is none.
pub fn is_form(request: &Request) -> bool {
    let essence = request.content_type().unwrap_or_default().split(';').next().unwrap_or_default().trim();
    essence.eq_ignore_ascii_case(FORM) && !request.headers().contains_key(header::CONTENT_ENCODING)
}

/// The parameters of a body that is a form; what it holds, such as a password, is wiped.
///
/// # Errors
/// Why it is none.
pub async fn form(body: Body) -> Result<Params, &'static str> {
    let bytes = body.into_bytes().await.map_err(|_| "the body breaks off")?;
    let bytes = Zeroizing::new(Vec::from(bytes));
    std::str::from_utf8(&bytes).map(Params::parse).map_err(|_| "the body is not UTF-8")
}

/// Reads the body and puts it back.
///
/// # Errors
/// It is too large, or breaks off.
pub async fn read(request: &mut Request) -> Result<(), Problem> {
    let body = request.take_body();
    if body.is_empty() {
        return Ok(());
    }
    let (mut pieces, mut kept, mut heard) = (pin!(body.into_bytes_stream()), Vec::new(), 0);
    while let Some(piece) = pieces.next().await {
        let piece = piece.map_err(|_| Problem::new(Code::MalformedJson).detail("the body breaks off"))?;
        heard += piece.len();
        if heard > HEARD_OUT {
            break;
        }
        if heard <= MOST {
            kept.extend_from_slice(&piece);
        }
    }
    if heard > MOST {
        return Err(Problem::new(Code::BodyTooLarge));
    }
    request.set_body(Body::from_vec(kept));
    Ok(())
}
