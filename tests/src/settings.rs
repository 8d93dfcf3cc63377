//! What a server is started with, and its program.
use crate::{Certificate, Cosmos, Postbox, Server, patience};
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    process::{Output, Stdio},
};
use tempfile::TempDir;
use tokio::{io::AsyncWriteExt, process::Command};

/// The server's program under the name that it has here: `src/bin` holds it.
const PROGRAM: &str = "auth-server-under-test";

/// The variable that says on which store the tests run.
const TEST_STORE: &str = "TEST_STORE";
/// The store that the program itself must be told of.
const MEMORY: &str = "memory";

/// What a server is started with: variables of the environment, over a set that suits tests, and the command that starts
/// the program, if it is not started by itself.
#[derive(Clone, Debug)]
pub struct Settings(BTreeMap<String, String>, Vec<String>);

impl Default for Settings {
    /// A free port, small hashes, no RSA key, so that tests are about something else, and limits that nobody meets by chance.
    fn default() -> Self {
        let limits = [
            "LOGIN_PER_ACCOUNT_AND_SOURCE",
            "LOGIN_PER_ACCOUNT",
            "LOGIN_IN_A_ROW",
            "LOGIN_PER_SOURCE",
            "LOGIN_WATCH",
            "CODE_PER_SOURCE",
            "CODE_PER_SOURCE_DAILY",
            "CODE_PER_ADDRESS",
            "CODE_PER_ADDRESS_MONTHLY",
            "CODE_WATCH",
            "CODE_ATTACK",
            "CODE_DAILY",
            "MAIL_PER_SOURCE",
            "MAIL_PER_ADDRESS",
            "MAIL_PER_ADDRESS_HOURLY",
            "MAIL_PER_ADDRESS_DAILY",
            "USER_CODE_PER_ACCOUNT",
            "USER_CODE_PER_SOURCE",
            "REQUEST_PER_SOURCE",
            "REGISTRATION_PER_SOURCE",
        ];
        let small = Self::nothing().set("PORT", "0").set("ARGON2_MEMORY_KIB", "64").set("ARGON2_PASSES", "1");
        // An RSA key takes longer to make than most tests take.
        let small = small.set("SIGNING_ALGORITHMS", "none");
        // No test waits for a pause, or meets the end of one by chance.
        let small = small.set("LIMIT_LOGIN_PAUSE", "15m");
        limits.iter().fold(small, |settings, limit| settings.set(&format!("LIMIT_{limit}"), "1000000/1d"))
    }
}

impl Settings {
    /// Not one variable: a server as a newcomer starts it, at its own port.
    pub const fn nothing() -> Self {
        Self(BTreeMap::new(), Vec::new())
    }

    /// So that it speaks TLS, and trusts servers that have the same certificate.
    #[must_use]
    pub fn over_tls(self, by: &Certificate) -> Self {
        let (certificate, key) = (by.certificate(), by.key());
        let [certificate, key] = [&certificate, &key].map(|path| path.to_str().expect("a path"));
        let settings = self.set("TLS_CERTIFICATE_FILE", certificate).set("TLS_KEY_FILE", key);
        settings.set("FETCH_CA_FILE", certificate)
    }

    /// By what it speaks TLS, if it does.
    pub(crate) fn certificate(&self) -> Option<&str> {
        self.0.get("AUTH_SERVICE_TLS_CERTIFICATE_FILE").map(String::as_str)
    }

    /// Sets `AUTH_SERVICE_{name}`.
    #[must_use]
    pub fn set(mut self, name: &str, value: &str) -> Self {
        self.0.insert(format!("AUTH_SERVICE_{name}"), value.to_owned());
        self
    }

    /// Sets `AUTH_SERVICE_{name}`, unless a test has set it.
    #[must_use]
    pub(crate) fn set_unless_set(mut self, name: &str, value: &str) -> Self {
        self.0.entry(format!("AUTH_SERVICE_{name}")).or_insert_with(|| value.to_owned());
        self
    }

    /// Leaves `AUTH_SERVICE_{name}` to the server.
    #[must_use]
    pub fn unset(mut self, name: &str) -> Self {
        self.0.remove(&format!("AUTH_SERVICE_{name}"));
        self
    }

    /// Starts the program by another one, which is given the program and its arguments as its last arguments.
    #[must_use]
    pub fn under(mut self, launcher: Vec<String>) -> Self {
        self.1 = launcher;
        self
    }

    /// The program with these settings, at work in `folder`, and with nothing else from the environment.
    pub fn command(&self, folder: &Path, arguments: &[&str]) -> Command {
        let program = program();
        let mut words = self.1.iter().map(AsRef::as_ref).chain([program.as_os_str()]);
        let mut command = Command::new(words.next().expect("the program at least"));
        let path = std::env::var_os("PATH").unwrap_or_default();
        command.args(words).args(arguments).current_dir(folder).env_clear().env("PATH", path).envs(&self.0);
        command.stdin(Stdio::null()).kill_on_drop(true);
        if self.is_in_memory() {
            command.env(TEST_STORE, MEMORY);
        }
        command
    }

    /// Whether a server with these settings has its store in its own memory.
    pub(crate) fn is_in_memory(&self) -> bool {
        !self.0.contains_key("AUTH_SERVICE_STORE") && std::env::var(TEST_STORE).is_ok_and(|store| store == MEMORY)
    }

    /// Runs the program to its end.
    pub async fn run(&self, folder: &Path, arguments: &[&str]) -> Output {
        self.run_with(folder, arguments, "").await
    }

    /// Runs the program to its end, with this to read from its standard input.
    pub async fn run_with(&self, folder: &Path, arguments: &[&str], input: &str) -> Output {
        let mut command = self.command(folder, arguments);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut process = command.spawn().expect("the program starts");
        let mut stdin = process.stdin.take().expect("piped");
        // One that reads nothing may be gone by now.
        let _ = stdin.write_all(input.as_bytes()).await;
        drop(stdin);
        patience(&format!("{arguments:?} to end"), process.wait_with_output()).await.expect("it can be waited for")
    }

    /// Starts a server that mails to a postbox of its own.
    pub async fn start(self) -> Server {
        let postbox = Postbox::open().await;
        let settings = self.set("SMTP_URL", &postbox.url());
        settings.start_with(postbox).await
    }

    /// Starts a server beside a postbox, and leaves it to the settings whether the server knows of it.
    pub async fn start_with(self, postbox: Postbox) -> Server {
        self.start_in(TempDir::new().expect("a folder for the data"), postbox).await
    }

    /// Starts a server in a folder, on whatever is there, beside a postbox; on the store of this run, unless it is told on
    /// which.
    pub async fn start_in(self, folder: TempDir, postbox: Postbox) -> Server {
        let (settings, cosmos) = self.on_the_store_of_this_run(folder.path()).await;
        Server::start_with(settings, folder, postbox, cosmos).await
    }

    /// Names the store of this run, made for a server in this folder, unless these settings name one. It is there for as
    /// long as what comes with them.
    pub async fn on_the_store_of_this_run(self, folder: &Path) -> (Self, Option<Cosmos>) {
        let store = std::env::var(TEST_STORE).unwrap_or_default();
        let cosmos = match store.as_str() {
            _ if self.0.contains_key("AUTH_SERVICE_STORE") => return (self, None),
            "" | "sqlite" | MEMORY => return (self, None),
            "cosmos" => Cosmos::start().await,
            "cosmos-on-a-bad-day" => Cosmos::start_on_a_bad_day().await,
            other => panic!("TEST_STORE is sqlite, memory, cosmos or cosmos-on-a-bad-day, and not {other}"),
        };
        let settings = cosmos.settings(self);
        let made = settings.run(folder, &["migrate", "up"]).await;
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        (settings, Some(cosmos))
    }
}

/// The server's program: built with the tests, and lying beside their folder.
fn program() -> PathBuf {
    let test = std::env::current_exe().expect("a test knows its own program");
    let folder = test.ancestors().find(|folder| folder.join(PROGRAM).is_file());
    folder.expect("the program was built with the tests").join(PROGRAM)
}
