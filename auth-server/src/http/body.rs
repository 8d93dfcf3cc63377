//! Bodies of requests: read in full before anything else is done, within a bound.
use super::problem::{Code, Problem};
use futures_util::StreamExt;
use poem::{Body, Request};
use std::pin::pin;

/// No request of this API needs more.
const MOST: usize = 64 * 1024;
/// So much of a body that is too large is read and thrown away: who is cut off while he speaks hears no answer.
const HEARD_OUT: usize = 64 * 1024 * 1024;

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
