//! From paths to operations; what has no path, or another method, is told so.
use super::problem::{Code, Problem};
use poem::{
    Endpoint, EndpointExt, IntoEndpoint, Request, Response, Result, Route,
    endpoint::BoxEndpoint,
    http::{HeaderValue, Method, header},
};
use poem_openapi::OpenApi;
use std::collections::{BTreeMap, HashMap};

/// Every path with its methods.
pub struct Paths(BTreeMap<String, Operations>);

type Operations = HashMap<Method, BoxEndpoint<'static>>;

impl Paths {
    /// The paths of an API.
    pub fn of(api: impl OpenApi) -> Self {
        let mut table = HashMap::new();
        api.add_routes(&mut table);
        Self(table.into_iter().collect())
    }

    /// One more operation.
    pub fn add(&mut self, method: Method, path: &str, operation: impl Endpoint + 'static) {
        self.0.entry(path.to_owned()).or_default().insert(method, operation.map_to_response().boxed());
    }

    /// As the framework wants them.
    pub fn into_endpoint(self) -> impl Endpoint<Output = Response> {
        let add =
            |route: Route, (path, operations): (String, _)| route.at(&path, Methods::new(path.clone(), operations));
        self.0.into_iter().fold(Route::new(), add).into_endpoint()
    }
}

/// The operations of one path.
struct Methods {
    path: String,
    operations: Operations,
    allow: HeaderValue,
}

impl Methods {
    fn new(path: String, operations: Operations) -> Self {
        let mut names: Vec<_> = operations.keys().map(Method::as_str).collect();
        if operations.contains_key(&Method::GET) {
            names.push("HEAD");
        }
        names.sort_unstable();
        let allow = names.join(", ").parse().expect("names of methods make a header");
        Self { path, operations, allow }
    }
}

impl Endpoint for Methods {
    type Output = Response;

    async fn call(&self, request: Request) -> Result<Response> {
        tracing::Span::current().record("route", &self.path);
        let is_head = request.method() == Method::HEAD;
        let method = if is_head { &Method::GET } else { request.method() };
        let Some(operation) = self.operations.get(method) else {
            return Err(Problem::new(Code::MethodNotAllowed).header(header::ALLOW, self.allow.clone()).into());
        };
        let mut response = operation.call(request).await?;
        if is_head {
            response.set_body(());
        }
        Ok(response)
    }
}
