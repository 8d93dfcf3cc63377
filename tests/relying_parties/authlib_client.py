"""Authlib (PyPI): a client for itself, and a code flow with PKCE whose ID token it checks by the published keys."""

import os
import urllib.parse
from html.parser import HTMLParser

import requests
from authlib.integrations.requests_client import OAuth2Session
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.jwk import KeySet

ISSUER = os.environ["ISSUER"]
CALLBACK = "https://app.example/callback"


class Form(HTMLParser):
    """The first form of a page: its action, and its fields with what they hold."""

    def __init__(self, page):
        super().__init__()
        self.action, self.fields = None, {}
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        name = attributes.get("name")
        if tag == "form" and self.action is None:
            self.action = attributes.get("action") or ""
        elif tag == "input" and name:
            self.fields[name] = attributes.get("value") or ""
        elif tag == "button" and name and attributes.get("value") != "deny":
            self.fields.setdefault(name, attributes.get("value") or "")


def bring(url):
    """Signs in and agrees, as a browser without script, until an answer goes to the callback."""
    browser = requests.Session()
    response = browser.get(url, allow_redirects=False)
    for _ in range(20):
        if "location" in response.headers:
            url = urllib.parse.urljoin(response.url, response.headers["location"])
            if url.startswith(CALLBACK):
                return url
            response = browser.get(url, allow_redirects=False)
            continue
        form = Form(response.text)
        assert form.action is not None, response.text
        for name, value in [("username", "LOGIN"), ("login", "LOGIN"), ("password", "PASSWORD")]:
            if name in form.fields:
                form.fields[name] = os.environ[value]
        action = urllib.parse.urljoin(response.url, form.action)
        origin = "{0.scheme}://{0.netloc}".format(urllib.parse.urlsplit(response.url))
        response = browser.post(action, form.fields, headers={"origin": origin}, allow_redirects=False)
    raise AssertionError(f"no end at {response.url}")


metadata = requests.get(f"{ISSUER}/.well-known/openid-configuration", timeout=20).json()
assert metadata["issuer"] == ISSUER

machine = OAuth2Session(
    os.environ["MACHINE_ID"], os.environ["MACHINE_SECRET"], token_endpoint_auth_method="client_secret_post", scope="read"
)
granted = machine.fetch_token(
    metadata["token_endpoint"], grant_type="client_credentials", resource=os.environ["RESOURCE"]
)
assert granted["token_type"] == "Bearer" and granted["scope"] == "read", granted

app = OAuth2Session(
    os.environ["CLIENT_ID"],
    os.environ["CLIENT_SECRET"],
    scope="openid email",
    redirect_uri=CALLBACK,
    code_challenge_method="S256",
    token_endpoint=metadata["token_endpoint"],
)
verifier = "a" * 43
url, state = app.create_authorization_url(metadata["authorization_endpoint"], code_verifier=verifier, nonce="n-1")
tokens = app.fetch_token(metadata["token_endpoint"], authorization_response=bring(url), state=state, code_verifier=verifier)

keys = KeySet.import_key_set(requests.get(metadata["jwks_uri"], timeout=20).json())
token = jwt.decode(tokens["id_token"], keys, algorithms=["ES256", "RS256"])
claims = CodeIDToken(token.claims, token.header, {"iss": {"value": ISSUER}}, {"client_id": os.environ["CLIENT_ID"], "nonce": "n-1"})
claims.validate()

told = app.get(metadata["userinfo_endpoint"]).json()
assert told["sub"] == claims["sub"] and told["email"] == f"{os.environ['LOGIN']}@example.org", told
print("Authlib: ok")
