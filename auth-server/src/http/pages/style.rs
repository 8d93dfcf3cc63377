//! The style sheet.
use crate::http::Context;
use poem::{Request, Response, Result, http::header};

/// A page names it by its content: that may be kept for ever, and another version not at all.
pub async fn style(request: Request) -> Result<Response> {
    let pages = &Context::of(&request).pages;
    let named = request.uri().query().and_then(|query| query.strip_prefix("v="));
    let response = Response::builder().content_type("text/css; charset=utf-8");
    let response = match named {
        Some(version) if version == pages.style_version() => {
            response.header(header::CACHE_CONTROL, "public, max-age=31536000, immutable")
        }
        _ => response,
    };
    Ok(response.body(pages.style().to_owned()))
}
