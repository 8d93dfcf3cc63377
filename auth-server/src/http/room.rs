//! Whether there is room for one more hash: asked first, so that a request that would be sent away costs neither a count
//! nor a look into the store (R6, P-26).
use super::{Context, problem::Problem};
use poem::{FromRequest, Request, RequestBody};

/// There is room for this request.
pub struct Room;

impl<'a> FromRequest<'a> for Room {
    async fn from_request(request: &'a Request, _: &mut RequestBody) -> poem::Result<Self> {
        (Context::of(request).room)().map_err(Problem::from)?;
        Ok(Self)
    }
}
