//! The real program as a child process, with a data folder, a mail server and a log of its own.
use crate::{Api, Cosmos, Person, Postbox, Settings, log::Log};
use std::{
    path::Path,
    process::{ExitStatus, Output, Stdio},
    time::Duration,
};
use tempfile::TempDir;
use tokio::{
    net::TcpStream,
    process::{Child, Command},
    task::JoinHandle,
};

/// A server. It is killed when it goes out of sight.
pub struct Server {
    settings: Settings,
    folder: TempDir,
    postbox: Postbox,
    log: Log,
    running: Option<Running>,
    /// Lives as long as its documents are needed.
    _cosmos: Option<Cosmos>,
}

struct Running {
    process: Child,
    readers: [JoinHandle<()>; 2],
    base: String,
    api: Api,
}

/// Bounds a wait whose end is certain unless something is broken: a guard against hanging, and never a measure.
pub async fn patience<F: Future>(what: &str, wait: F) -> F::Output {
    tokio::time::timeout(Duration::from_mins(3), wait).await.unwrap_or_else(|_| panic!("waited in vain: {what}"))
}

impl Server {
    /// Starts one with [`Settings::default`].
    pub async fn start() -> Self {
        Settings::default().start().await
    }

    pub(crate) async fn start_with(
        settings: Settings,
        folder: TempDir,
        postbox: Postbox,
        cosmos: Option<Cosmos>,
    ) -> Self {
        let mut server = Self { settings, folder, postbox, log: Log::default(), running: None, _cosmos: cosmos };
        server.launch().await;
        server
    }

    /// Starts another on the same data, with the same settings and the same mail server.
    pub async fn beside(&self) -> Self {
        self.shares_its_store();
        let data = self.folder().join("data");
        let settings = self.settings.clone().set("DATA_DIR", data.to_str().expect("a path"));
        settings.start_in(TempDir::new().expect("a folder"), self.postbox.clone()).await
    }

    /// Where it answers.
    #[track_caller]
    pub fn base(&self) -> &str {
        &self.running.as_ref().expect("the server runs").base
    }

    /// A caller of it.
    #[track_caller]
    pub fn api(&self) -> &Api {
        &self.running.as_ref().expect("the server runs").api
    }

    /// A caller of it from another source: 127.0.0.`host`.
    #[track_caller]
    pub fn api_from(&self, host: u8) -> Api {
        Api::from([127, 0, 0, host].into(), self.base())
    }

    /// Another caller from the same source, with connections of its own.
    #[track_caller]
    pub fn another_api(&self) -> Api {
        Api::new(self.base())
    }

    /// Its mail server.
    pub const fn postbox(&self) -> &Postbox {
        &self.postbox
    }

    /// The folder that it works in; its data are in `data`.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// All that it has said so far, over all its lives.
    pub fn log(&self) -> String {
        self.log.text()
    }

    /// A line of the log that this is true of; waits for it.
    pub async fn said(&self, what: impl Fn(&str) -> bool) -> String {
        let found = self.log.find(0, |line| what(line).then(|| line.to_owned()));
        patience("a line of the log", found).await
    }

    /// A connection to it, and nothing said on it.
    pub async fn connect(&self) -> TcpStream {
        let address = self.base().strip_prefix("http://").expect("plain HTTP");
        TcpStream::connect(address).await.expect("a connection")
    }

    /// The id of its process.
    #[track_caller]
    pub fn pid(&self) -> u32 {
        self.running.as_ref().and_then(|running| running.process.id()).expect("the server runs")
    }

    /// What the kernel says of its process in a line of `/proc/{pid}/status`: KiB, where it is about memory.
    #[track_caller]
    pub fn status(&self, field: &str) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid())).expect("it runs");
        let line = status.lines().find_map(|line| line.strip_prefix(field)?.strip_prefix(':'));
        line.and_then(|line| line.split_whitespace().next()?.parse().ok()).expect("a number")
    }

    /// Ends the test if a mail to this address has come, or is on its way: waits until nothing is.
    pub async fn no_mail_for(&self, address: &str) {
        let settled = async {
            while !String::from_utf8_lossy(&self.command(&["mail"]).await.stdout).contains("waiting   0\n") {}
        };
        patience("the outbox to be empty", settled).await;
        assert!(!self.postbox.waits_for(address), "a mail for {address}");
    }

    /// What its next life and its commands are told otherwise.
    pub fn set(&mut self, name: &str, value: &str) {
        self.settings = self.settings.clone().set(name, value);
    }

    /// A command of the program on this server's data, to be started and ended by the test.
    pub fn process(&self, arguments: &[&str]) -> Command {
        self.shares_its_store();
        self.settings.command(self.folder.path(), arguments)
    }

    /// Runs a command of the program on this server's data.
    pub async fn command(&self, arguments: &[&str]) -> Output {
        self.shares_its_store();
        self.settings.run(self.folder.path(), arguments).await
    }

    /// Runs a command that succeeds, and gives what it said.
    pub async fn does(&self, arguments: &[&str]) -> String {
        let output = self.command(arguments).await;
        assert!(output.status.success(), "{arguments:?}: {}", said(&output));
        said(&output)
    }

    /// Runs a command that ends with an error (1), and gives what it said.
    pub async fn does_not(&self, arguments: &[&str]) -> String {
        let output = self.command(arguments).await;
        assert_eq!(output.status.code(), Some(1), "{arguments:?}: {}", said(&output));
        said(&output)
    }

    /// Makes an account by the operator's word: no mail goes, and no limit is met.
    pub async fn create_user(&self, person: &Person, arguments: &[&str]) -> Output {
        self.shares_its_store();
        let create = [&["user", "create", &person.login, &person.email], arguments].concat();
        self.settings.run_with(self.folder.path(), &create, &person.password).await
    }

    /// Starts it on the data that are there.
    pub async fn start_again(&mut self) {
        self.shares_its_store();
        self.launch().await;
    }

    /// Ends a test for which another process, or the next, must find what this server keeps: in memory none does.
    fn shares_its_store(&self) {
        assert!(
            !self.settings.is_in_memory(),
            "a store in memory ends with its process: leave this test out by its name"
        );
    }

    async fn launch(&mut self) {
        assert!(self.running.is_none(), "it runs already");
        let mut command = self.settings.command(self.folder.path(), &[]);
        let begin = self.log.len();
        let mut process = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program starts");
        let readers = [
            self.log.keep(process.stdout.take().expect("piped")),
            self.log.keep(process.stderr.take().expect("piped")),
        ];
        let base = patience("the server to listen", async {
            tokio::select! {
                base = self.log.find(begin, address) => Some(base),
                _ = process.wait() => None,
            }
        });
        let base = base.await.unwrap_or_else(|| panic!("it did not start:\n{}", self.log()));
        let api = match self.settings.certificate() {
            Some(certificate) => Api::trusting(certificate, &base),
            None => Api::new(&base),
        };
        self.running = Some(Running { process, readers, base, api });
    }

    /// `kill -9`, in the middle of whatever it does.
    pub async fn kill(&mut self) {
        let mut running = self.running.take().expect("the server runs");
        running.process.kill().await.expect("it is ours to kill");
        running.end().await;
    }

    /// Asks it to stop, as a service manager does, without waiting.
    pub async fn terminate(&self) {
        let sent = Command::new("sh").args(["-c", &format!("kill -TERM {}", self.pid())]).status().await;
        assert!(sent.expect("a shell").success());
    }

    /// Waits for its end.
    pub async fn ended(&mut self) -> ExitStatus {
        let mut running = self.running.take().expect("the server runs");
        let status = patience("the server to end", running.process.wait()).await.expect("a child of ours");
        running.end().await;
        status
    }

    /// Stops it in good order.
    pub async fn stop(&mut self) {
        self.terminate().await;
        let status = self.ended().await;
        assert!(status.success(), "{status}:\n{}", self.log());
    }

    /// Stops it in good order and starts it on the same data.
    pub async fn restart(&mut self) {
        self.stop().await;
        self.start_again().await;
    }
}

impl Drop for Server {
    /// A test that fails tells what the server said.
    #[expect(clippy::print_stderr, reason = "the test runner keeps it for whoever looks for the reason")]
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("the server's log:\n{}", self.log());
        }
    }
}

impl Running {
    /// Once the process is gone, reads what it said last.
    async fn end(self) {
        for reader in self.readers {
            patience("the last words", reader).await.expect("reading does not panic");
        }
    }
}

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

fn address(line: &str) -> Option<String> {
    let (_, address) = line.split_once("Listening on ")?;
    address.split_whitespace().next().map(str::to_owned)
}
