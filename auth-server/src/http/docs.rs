//! The API described: as a document for programs, and as a page for people.
use super::pages;
use poem::{Endpoint, Response, endpoint::make_sync, http::header};
use poem_openapi::{OpenApi, OpenApiService};
use serde_json::Value;

/// The `OpenAPI` document.
pub fn document<A: OpenApi>(service: &OpenApiService<A, ()>) -> impl Endpoint + 'static + use<A> {
    let document = whole(&service.spec());
    make_sync(move |_| Response::builder().content_type("application/json").body(document.clone()))
}

/// A page that shows the document and tries it out.
pub fn page<A: OpenApi>(service: &OpenApiService<A, ()>) -> impl Endpoint + 'static + use<A> {
    let open = service.spec();
    let page = service.swagger_ui_html().replace(&open, &whole(&open));
    make_sync(move |_| {
        let response = Response::builder().content_type("text/html; charset=utf-8");
        response.header(header::CONTENT_SECURITY_POLICY, POLICY).body(page.clone())
    })
}

/// The page brings its script and style inline, and talks to this server alone.
const POLICY: &str = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:; \
                      connect-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'";

/// With the endpoints for browsers, which the framework does not know.
fn whole(document: &str) -> String {
    let mut document: Value = serde_json::from_str(document).expect("the framework writes JSON");
    pages::described::add_to(&mut document);
    closed(&document.to_string())
}

/// Says of each request body that unknown fields are refused, which the framework's own schema has no word for.
fn closed(document: &str) -> String {
    let mut document: Value = serde_json::from_str(document).expect("the framework writes JSON");
    let operations = document["paths"].as_object().into_iter().flat_map(|paths| paths.values());
    let operations = operations.filter_map(Value::as_object).flat_map(|methods| methods.values());
    let bodies: Vec<String> = operations
        .filter_map(|operation| operation.pointer("/requestBody/content/application~1json/schema/$ref")?.as_str())
        .filter_map(|reference| Some(reference.strip_prefix('#')?.to_owned()))
        .collect();
    for body in bodies {
        if let Some(schema) = document.pointer_mut(&body) {
            schema["additionalProperties"] = false.into();
        }
    }
    document.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn request_bodies_are_closed_and_answers_are_open() {
        let reference = |name: &str| serde_json::json!({ "$ref": format!("#/components/schemas/{name}") });
        let document = serde_json::json!({
            "paths": { "/a": { "post": { "requestBody": { "content": { "application/json": { "schema": reference("Ask") } } } } } },
            "components": { "schemas": { "Ask": { "type": "object" }, "Answer": { "type": "object" } } },
        });
        let closed: Value = serde_json::from_str(&closed(&document.to_string())).unwrap();
        assert_eq!(closed.pointer("/components/schemas/Ask/additionalProperties"), Some(&false.into()));
        assert_eq!(closed.pointer("/components/schemas/Answer/additionalProperties"), None);
    }
}
