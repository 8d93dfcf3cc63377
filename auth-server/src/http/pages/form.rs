//! The body of a form.
use crate::http::problem::{Code, Problem};
use auth_oidc::Params;
use poem::Request;

const MEDIA_TYPE: &str = "application/x-www-form-urlencoded";

/// Reads the fields.
///
/// # Errors
/// It is none.
pub async fn read(request: &mut Request) -> Result<Params, Problem> {
    let essence = request.content_type().and_then(|named| named.split(';').next()).unwrap_or_default();
    if !essence.trim().eq_ignore_ascii_case(MEDIA_TYPE) {
        return Err(Problem::new(Code::UnsupportedMediaType).detail(format!("this route takes {MEDIA_TYPE}")));
    }
    let text = request.take_body().into_string().await;
    let text = text.map_err(|_| Problem::new(Code::MalformedJson).detail("the form is not UTF-8"))?;
    Ok(Params::parse(&text))
}
