//! The body of a form.
use crate::http::{
    body::{FORM, is_form},
    problem::{Code, Problem},
};
use auth_oidc::Params;
use poem::Request;

/// Reads the fields.
///
/// # Errors
/// It is none.
pub async fn read(request: &mut Request) -> Result<Params, Problem> {
    if !is_form(request) {
        return Err(Problem::new(Code::UnsupportedMediaType).detail(format!("this route takes {FORM}")));
    }
    let text = request.take_body().into_string().await;
    let text = text.map_err(|_| Problem::new(Code::MalformedJson).detail("the form is not UTF-8"))?;
    Ok(Params::parse(&text))
}
