//! What the `OpenAPI` document says of the endpoints for browsers, whose answers are pages.
use auth_oidc::path;
use serde_json::{Map, Value, json};

/// The parameters of an authorization request (RFC 6749, section 4.1.1; `OpenID` Connect Core, section 3.1.2.1), and whether
/// each must be there.
const AUTHORIZE: [(&str, bool, &str); 20] = [
    ("client_id", true, "The client."),
    ("redirect_uri", false, "Where the answer goes: one that the client has registered, letter for letter."),
    ("response_type", false, "`code`."),
    ("scope", false, "What is asked for, with a space between each two words."),
    ("state", false, "Given back as it came."),
    ("nonce", false, "Given back in the ID token."),
    ("code_challenge", false, "Of PKCE (RFC 7636)."),
    ("code_challenge_method", false, "`S256`."),
    ("response_mode", false, "`query` or `form_post`."),
    ("resource", false, "The service that tokens are for; may be repeated (RFC 8707)."),
    ("prompt", false, "`none`, or some of `login`, `consent`, `select_account` and `create`."),
    ("max_age", false, "For how many seconds a sign-in is good enough."),
    ("login_hint", false, "A login or an address to begin with."),
    ("id_token_hint", false, "An ID token that says whom the person must be."),
    ("claims", false, "Claims that are asked for one by one."),
    ("ui_locales", false, "The languages that the person reads."),
    ("acr_values", false, "How the person should sign in, as a wish."),
    ("display", false, "Passed over."),
    ("request", false, "A signed request object (RFC 9101)."),
    (
        "request_uri",
        false,
        "A request that was pushed (RFC 9126), or one of the client's `request_uris`; with `client_id`.",
    ),
];

/// Of a request to sign out (`OpenID` Connect RP-Initiated Logout, section 2).
const LOGOUT: [(&str, bool, &str); 5] = [
    ("id_token_hint", false, "An ID token of the session that is meant: then the person is not asked."),
    ("client_id", false, "The client."),
    ("post_logout_redirect_uri", false, "Where the person goes then: one that the client has registered."),
    ("state", false, "Given back as it came."),
    ("ui_locales", false, "The languages that the person reads."),
];

/// Of the page for a device's person (RFC 8628, section 3.3).
const DEVICE: [(&str, bool, &str); 2] =
    [("user_code", false, "What the device shows."), ("ui_locales", false, "The languages that the person reads.")];

/// Adds them to a document.
pub fn add_to(document: &mut Value) {
    let posted = |id: &str, about: &str| json!({ "post": operation(id, about, &[]) });
    let both = |name: &str, about: &str| {
        json!({
            "get": operation(&format!("page_{name}"), about, &[]),
            "post": operation(&format!("page_{name}_filled_in"), about, &[]),
        })
    };
    let paths = [
        (path::AUTHORIZE, by_both("authorize", "Where clients send people", &AUTHORIZE)),
        (path::LOGOUT, by_both("logout", "Where clients send people to sign out", &LOGOUT)),
        (path::DEVICE, by_both("device", "Where a person types what a device shows", &DEVICE)),
        ("/oauth2/device-consent", posted("page_device_consent", "The page to let a device in")),
        (
            "/oauth2/sign-in",
            both("sign_in", "The page to sign in, for the authorization request that is its query, if any"),
        ),
        ("/oauth2/sign-up", both("sign_up", "The page to create an account, for that request")),
        ("/oauth2/confirm", posted("page_confirm", "The page for the code of a registration")),
        ("/oauth2/resend", posted("page_resend", "The same, for another code")),
        ("/oauth2/forgot", both("forgot", "The page for whoever has forgotten the password")),
        ("/oauth2/reset", both("reset", "The page to choose a new password, for the reset that `id` names")),
        ("/oauth2/applications", both("applications", "The page of what the person has let clients do")),
        ("/oauth2/account", posted("page_account", "The page to choose an account")),
        ("/oauth2/consent", posted("page_consent", "The page to agree")),
    ];
    if let Some(all) = document["paths"].as_object_mut() {
        all.extend(paths.map(|(path, item)| (path.to_owned(), item)));
    }
}

/// By a query, or by a form with the same parameters, which is shown the way to the query.
fn by_both(name: &str, about: &str, parameters: &[(&str, bool, &str)]) -> Value {
    let parameter = |(name, required, about): &(&str, bool, &str)| json!({ "name": name, "in": "query", "required": required, "description": about, "schema": { "type": "string" } });
    let query: Vec<_> = parameters.iter().map(parameter).collect();
    json!({
        "get": operation(&format!("page_{name}"), about, &query),
        "post": operation(&format!("page_{name}_by_post"), &format!("{about}, by POST"), &[]),
    })
}

fn operation(id: &str, about: &str, parameters: &[Value]) -> Value {
    let page = json!({ "text/html": { "schema": { "type": "string" } } });
    let said = [
        ("200", "A page."),
        ("303", "On to the client, or to the next page."),
        ("400", "A page that says what is wrong: nobody is sent anywhere."),
        ("403", "The form was not one of this browser's: the page again."),
        ("422", "What was filled in does not do: the page again."),
        ("429", "Too many attempts: the page again."),
        ("503", "Not now."),
    ];
    let responses: Map<_, _> = said
        .into_iter()
        .map(|(status, description)| {
            let content = if status == "303" { json!({}) } else { page.clone() };
            (status.to_owned(), json!({ "description": description, "content": content }))
        })
        .collect();
    json!({
        "tags": ["OAuth"],
        "summary": about,
        "operationId": id,
        "parameters": parameters,
        "responses": responses,
    })
}
