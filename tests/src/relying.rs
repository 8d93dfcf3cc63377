//! Relying parties that others wrote, as child processes: scripts in `tests/relying_parties`, each of which drives one.
use crate::{Apache, Certificate, Person, Postbox, Server, Settings, browser, patience};
use auth_core::value::Secret;
use auth_oidc::client::SecretDigest;
use std::{
    fs,
    net::{Ipv4Addr, TcpListener},
    path::{Path, PathBuf},
    process::{self, Stdio},
    sync::atomic::{AtomicU16, Ordering},
};
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt, BufReader, Lines},
    process::{Child, ChildStdout, Command},
};

/// A client with a secret, by the Authorization header; it may use codes and refresh tokens, and its users are asked.
pub const APP: (&str, &str) = ("app", "cs_of-the-app-that-the-scripts-know-0001");
/// A client for itself, with its secret in the body.
pub const MACHINE: (&str, &str) = ("machine", "cs_of-the-machine-that-the-scripts-know-01");
/// A client by the FAPI 2.0 Security Profile, with the key that it signs by.
pub const BANK: (&str, &str) = (
    "bank",
    r#"{"kty":"EC","crv":"P-256","x":"MzZgwacrnricOuuTZJtOAsSeqo4gpQVrio9v6L7E9Ng",
        "y":"2xKzj-gj3mGKIzfSVoHwGiG3AsfnILvYTTCnF5opFSU","d":"eBv89CPMmCRsRag5dEO8ivdscDUm7hFYijS8eU9K69A"}"#,
);
/// Apache's secret.
const APACHE: &str = "cs_of-the-apache-that-the-scripts-know-01";
/// A client on a device, which keeps no secret.
pub const DEVICE: &str = "tv";
/// The one service that tokens are for.
pub const RESOURCE: &str = "https://api.example";

/// A server whose issuer is where it is reached, with the clients that the scripts know, and one person.
pub struct Provider {
    /// The server.
    pub server: Server,
    /// Somebody with an account.
    pub person: Person,
    /// A service that every client may ask tokens for, at a port that is free: a script may serve it.
    mcp: String,
    /// Where Apache may listen.
    apache: u16,
    /// By what it speaks TLS, if it does.
    certificate: Option<Certificate>,
}

impl Provider {
    /// Starts one.
    pub async fn start() -> Self {
        Self::start_with(Settings::default()).await
    }

    /// Starts one with these settings.
    pub async fn start_with(settings: Settings) -> Self {
        Self::start_by(None, settings).await
    }

    /// Starts one that speaks TLS itself, and trusts who has the same certificate.
    pub async fn start_over_tls() -> Self {
        Self::start_by(Some(Certificate::new()), Settings::default()).await
    }

    async fn start_by(certificate: Option<Certificate>, settings: Settings) -> Self {
        let (folder, port) = (TempDir::new().expect("a folder for the data"), free_port());
        let mcp = format!("http://127.0.0.1:{}/mcp", free_port());
        let apache = free_port();
        let file = folder.path().join("clients.toml");
        fs::write(&file, clients(&mcp, apache)).expect("the folder can be written to");
        let postbox = Postbox::open().await;
        let scheme = if certificate.is_some() { "https" } else { "http" };
        let settings = match &certificate {
            Some(certificate) => settings.over_tls(certificate).set("FETCH_ALLOW", &format!("localhost:{apache}")),
            None => settings,
        };
        let settings = settings
            .set("SIGNING_ALGORITHMS", "RS256")
            .set("PORT", &port.to_string())
            .set("PUBLIC_URL", &format!("{scheme}://127.0.0.1:{port}"))
            .set("CLIENTS_FILE", file.to_str().expect("a path"))
            .set("SMTP_URL", &postbox.url());
        let server = settings.start_in(folder, postbox).await;
        let person = Person::new("ann");
        person.join(&server).await;
        Self { server, person, mcp, apache, certificate }
    }

    /// The issuer, and where it is reached.
    pub fn issuer(&self) -> &str {
        self.server.base()
    }

    /// Starts Apache, and runs the script that visits it.
    pub async fn lets_apache_pass(&self) {
        let certificate = self.certificate.as_ref().expect("it speaks TLS");
        let _apache = Apache::start(self.apache, APACHE, self.issuer(), certificate);
        self.passes_with("apache.mjs", &[("APACHE", &at(self.apache))]).await;
    }

    /// Runs a script to its end, which must be a good one.
    pub async fn passes(&self, script: &str) {
        self.passes_with(script, &[]).await;
    }

    /// The same, and the script knows these variables, too.
    pub async fn passes_with(&self, script: &str, more: &[(&str, &str)]) {
        let trusted = self.certificate.as_ref().map(Certificate::certificate).unwrap_or_default();
        let Person { login, password, .. } = &self.person;
        let known = [
            ("ISSUER", self.issuer()),
            ("LOGIN", login),
            ("PASSWORD", password),
            ("MCP_RESOURCE", self.mcp.as_str()),
            ("NODE_EXTRA_CA_CERTS", trusted.to_str().expect("a path")),
        ];
        passes(script, &[&known, more].concat()).await;
    }
}

/// Another provider, a certified one that others wrote, with the same clients: a script that fails against ours and passes
/// here is right.
pub struct Peer {
    _process: Child,
    /// What it goes on to say: whoever stops to listen ends it.
    _said: Lines<BufReader<ChildStdout>>,
    issuer: String,
    /// Where Apache may listen, and what it is known by.
    apache: u16,
    certificate: Certificate,
}

impl Peer {
    /// Starts it.
    pub async fn start() -> Self {
        let (apache, certificate) = (free_port(), Certificate::new());
        let mut command = script("peer.mjs", &[("APACHE", &at(apache))]);
        command.env("NODE_EXTRA_CA_CERTS", certificate.certificate());
        command.env("CERTIFICATE", certificate.certificate()).env("KEY", certificate.key());
        let mut process = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("node runs");
        let mut lines = BufReader::new(process.stdout.take().expect("piped")).lines();
        let listening = patience("the peer to listen", async {
            while let Some(line) = lines.next_line().await.expect("its words are UTF-8") {
                if let Some(issuer) = line.strip_prefix("Listening on ") {
                    return issuer.to_owned();
                }
            }
            panic!("{}", advice("peer.mjs"))
        });
        let issuer = listening.await;
        Self { issuer, _said: lines, _process: process, apache, certificate }
    }

    /// Runs a script to its end, which must be a good one.
    pub async fn passes(&self, script: &str) {
        let (apache, trusted) = (at(self.apache), self.certificate.certificate());
        let known = [
            ("ISSUER", self.issuer.as_str()),
            ("LOGIN", "ann"),
            ("PASSWORD", "any"),
            ("PEER", "1"),
            ("APACHE", apache.as_str()),
            ("NODE_EXTRA_CA_CERTS", trusted.to_str().expect("a path")),
            ("REQUESTS_CA_BUNDLE", trusted.to_str().expect("a path")),
        ];
        passes(script, &known).await;
    }

    /// Plays a story to its end, which must be a good one.
    pub async fn plays(&self, story: &str) {
        let known = [("ISSUER", self.issuer.as_str()), ("LOGIN", "ann"), ("PASSWORD", "any"), ("PEER", "1")];
        browser::plays(story, &known).await;
    }

    /// Starts Apache, and runs the script that visits it.
    pub async fn lets_apache_pass(&self) {
        let _apache = Apache::start(self.apache, APACHE, &self.issuer, &self.certificate);
        self.passes("apache.mjs").await;
    }
}

fn at(apache: u16) -> String {
    format!("https://localhost:{apache}")
}

async fn passes(name: &str, variables: &[(&str, &str)]) {
    let output = patience(name, script(name, variables).output()).await.unwrap_or_else(|_| panic!("{}", advice(name)));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{name} ({}):\n{said}", advice(name));
}

fn script(name: &str, variables: &[(&str, &str)]) -> Command {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("relying_parties");
    let program = if name.strip_suffix(".py").is_some() { built("venv/bin/python") } else { "node".into() };
    let mut command = Command::new(program);
    command.env("OPENIDCONNECT_CLIENT", built("openidconnect/debug/openidconnect-client"));
    let known = [
        ("CLIENT_ID", APP.0),
        ("CLIENT_SECRET", APP.1),
        ("MACHINE_ID", MACHINE.0),
        ("MACHINE_SECRET", MACHINE.1),
        ("BANK_ID", BANK.0),
        ("BANK_KEY", BANK.1),
        ("DEVICE_ID", DEVICE),
        ("RESOURCE", RESOURCE),
        ("APACHE_SECRET", APACHE),
    ];
    command.arg(folder.join(name)).current_dir(folder).envs(known).envs(variables.iter().copied());
    command.stdin(Stdio::null()).stderr(Stdio::piped()).kill_on_drop(true);
    command
}

/// Where `scripts/test` puts what the scripts need: under `target`.
fn built(path: &str) -> PathBuf {
    let test = std::env::current_exe().expect("a test knows its own program");
    let built = test.ancestors().map(|folder| folder.join(path)).find(|path| path.is_file());
    built.unwrap_or_else(|| Path::new("target").join(path))
}

fn advice(name: &str) -> String {
    format!("{name} needs what scripts/test installs: run that once")
}

fn clients(mcp: &str, apache: u16) -> String {
    let digest = |secret: &str| String::from(SecretDigest::of(&Secret::new(secret.to_owned())));
    let key: serde_json::Value = serde_json::from_str(BANK.1).expect("a JWK");
    let of_key = |member: &str| key[member].as_str().expect("a text").to_owned();
    format!(
        r#"
        [[resources]]
        resource = "{RESOURCE}"
        name = "The API"
        scope = "read write"

        [[resources]]
        resource = "{mcp}"
        scope = "tools"
        any_client = true

        [[clients]]
        client_id = "{}"
        client_name = "An application"
        client_secrets = ["{}"]
        redirect_uris = ["https://app.example/callback"]
        post_logout_redirect_uris = ["https://app.example/bye"]
        grant_types = ["authorization_code", "refresh_token"]
        id_token_signed_response_alg = "RS256"
        resources = ["{RESOURCE}"]
        scope = "openid profile email offline_access read"

        [[clients]]
        client_id = "{}"
        client_secrets = ["{}"]
        token_endpoint_auth_method = "client_secret_post"
        grant_types = ["client_credentials"]
        resources = ["{RESOURCE}"]
        scope = "read"

        [[clients]]
        client_id = "{}"
        profile = "fapi2"
        token_endpoint_auth_method = "private_key_jwt"
        jwks = {{ keys = [{{ kty = "EC", crv = "P-256", x = "{}", y = "{}" }}] }}
        redirect_uris = ["http://127.0.0.1/callback"]
        grant_types = ["authorization_code", "refresh_token"]
        scope = "openid profile email offline_access"

        [[clients]]
        client_id = "spa"
        token_endpoint_auth_method = "none"
        redirect_uris = ["http://localhost/"]
        post_logout_redirect_uris = ["http://localhost/"]
        grant_types = ["authorization_code", "refresh_token"]
        scope = "openid profile email offline_access"

        [[clients]]
        client_id = "{DEVICE}"
        client_name = "The television"
        token_endpoint_auth_method = "none"
        grant_types = ["urn:ietf:params:oauth:grant-type:device_code", "refresh_token"]
        id_token_signed_response_alg = "RS256"

        [[clients]]
        client_id = "apache"
        client_secrets = ["{}"]
        redirect_uris = ["https://localhost:{apache}/protected/redirect_uri"]
        post_logout_redirect_uris = ["https://localhost:{apache}/bye.html"]
        backchannel_logout_uri = "https://localhost:{apache}/protected/redirect_uri?logout=backchannel"
        id_token_signed_response_alg = "RS256"
        "#,
        APP.0,
        digest(APP.1),
        MACHINE.0,
        digest(MACHINE.1),
        BANK.0,
        of_key("x"),
        of_key("y"),
        digest(APACHE),
    )
}

/// A port that nothing has, outside of those that the system hands out by itself: the issuer must be known before the
/// server listens. No two tests that run at the same time are given one: each has four of its own, by its process.
pub fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let of_process = 20_000 + 4 * u16::try_from(process::id() % 3_000).expect("it fits");
    loop {
        let port = of_process + NEXT.fetch_add(1, Ordering::Relaxed) % 4;
        if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return port;
        }
    }
}
