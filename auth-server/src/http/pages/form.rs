//! The body of a form.
use crate::http::{
    body::{FORM, form, is_form},
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
    form(request.take_body()).await.map_err(|why| Problem::new(Code::MalformedJson).detail(why))
}
