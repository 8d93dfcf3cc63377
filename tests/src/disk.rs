//! A disk of a server's own, which gets full or goes bad while the server runs.
//!
//! It is mounted in a namespace that only the server and its commands are in: nobody else sees it, and it goes with the
//! test. Where the kernel permits no such thing, a limit on the size of files stands in for it: the system then refuses
//! the same writes, with another number.
use crate::{Server, patience};
use std::{
    fs::{self, File},
    io::{self, ErrorKind, Write},
    path::{Path, PathBuf},
    process::Stdio,
};
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
};

/// A disk of a server's own.
pub struct Disk {
    place: PathBuf,
    kind: Kind,
}

enum Kind {
    /// A file system in a namespace that lives as long as this process.
    Mounted { holder: Child, user: bool },
    /// No disk, but a limit on the server's files.
    Limit,
}

/// Mounts memory: any user may, in a namespace of theirs.
const SMALL: &str = "mount -t tmpfs -o size=4m,mode=700 none \"$0\"";
/// Mounts a file with a real file system in it: root alone may.
const FRAIL: &str = "truncate -s 32M \"$0.image\" && mkfs.ext4 -q \"$0.image\" && mount -o loop \"$0.image\" \"$0\"";

impl Disk {
    /// One of 4 MiB, to be filled, at this folder, which is made.
    pub async fn small(place: &Path) -> Self {
        Self::mounted(place, SMALL, true).await
    }

    /// One that can go bad, at this folder, which is made.
    pub async fn frail(place: &Path) -> Self {
        Self::mounted(place, FRAIL, false).await
    }

    #[expect(clippy::print_stderr, reason = "whoever reads the test's result must know what it was run with")]
    async fn mounted(place: &Path, mount: &str, user: bool) -> Self {
        fs::create_dir(place).expect("a folder to mount at");
        let holder = hold(place, mount, user).await;
        let kind = holder.map_or(Kind::Limit, |holder| Kind::Mounted { holder, user });
        if matches!(kind, Kind::Limit) {
            eprintln!("NO MOUNT IS PERMITTED HERE: a limit on the size of files stands in for the disk");
        }
        Self { place: place.to_owned(), kind }
    }

    /// What a server must be [started under](crate::Settings::under) to have it, at work in `folder`.
    pub fn launcher(&self, folder: &Path) -> Vec<String> {
        match &self.kind {
            Kind::Mounted { .. } => {
                let enter = ["--", "sh", "-c", "cd \"$0\" && exec \"$@\"", folder.to_str().expect("a plain path")];
                [self.enter(), enter.map(str::to_owned).to_vec()].concat()
            }
            // The signal of a limit that is met ends who does not ignore it.
            Kind::Limit => ["sh", "-c", "trap '' XFSZ; exec \"$0\" \"$@\""].map(str::to_owned).to_vec(),
        }
    }

    /// Takes no more: there is not a byte of space left.
    pub async fn fill(&self, server: &Server) {
        match &self.kind {
            Kind::Mounted { .. } => fill(&self.inside("filler")).expect("a disk that gets full"),
            Kind::Limit => limit(server, "0:").await,
        }
    }

    /// Has space again.
    pub async fn free(&self, server: &Server) {
        match &self.kind {
            Kind::Mounted { .. } => fs::remove_file(self.inside("filler")).expect("what filled it"),
            Kind::Limit => limit(server, "unlimited:").await,
        }
    }

    /// Goes bad, as a file system does that has met an error: what it has can be read, and no write is taken.
    pub async fn fail(&self, server: &Server) {
        match &self.kind {
            Kind::Mounted { .. } => self.run("mount -o remount,abort \"$0\"").await,
            Kind::Limit => limit(server, "0:").await,
        }
    }

    /// Whether it is one: a limit is gone with the process that had it.
    pub const fn is_mounted(&self) -> bool {
        matches!(self.kind, Kind::Mounted { .. })
    }

    /// Is mounted anew after it went bad, as at the machine's next start. Nobody must be using it.
    pub async fn mount_again(&self) {
        if let Kind::Mounted { .. } = &self.kind {
            self.run("umount \"$0\" && mount -o loop \"$0.image\" \"$0\"").await;
        }
    }

    async fn run(&self, script: &str) {
        let enter = self.enter();
        let mut command = Command::new(&enter[0]);
        command.args(&enter[1..]).args(["--", "sh", "-c", script]).arg(&self.place);
        assert!(command.status().await.expect("nsenter").success(), "{script}");
    }

    fn enter(&self) -> Vec<String> {
        let Kind::Mounted { user, .. } = &self.kind else { return Vec::new() };
        let mut enter = format!("nsenter --target {} --mount", self.pid());
        if *user {
            enter += " --user --preserve-credentials";
        }
        enter.split(' ').map(str::to_owned).collect()
    }

    /// A file on it, as seen from outside.
    fn inside(&self, name: &str) -> PathBuf {
        Path::new(&format!("/proc/{}/root{}", self.pid(), self.place.display())).join(name)
    }

    fn pid(&self) -> u32 {
        let Kind::Mounted { holder, .. } = &self.kind else { return 0 };
        holder.id().expect("it runs until it is dropped")
    }
}

/// What the program must be started under so that a file's mode binds it, whoever runs the tests: root may write to
/// everything, unless it is without this privilege.
pub fn without_privileges() -> Vec<String> {
    let is_root = fs::metadata("/proc/self").is_ok_and(|process| std::os::unix::fs::MetadataExt::uid(&process) == 0);
    if is_root { ["setpriv", "--bounding-set", "-dac_override"].map(str::to_owned).to_vec() } else { Vec::new() }
}

/// A process in namespaces of its own, in which this is mounted; none if that is not permitted.
async fn hold(place: &Path, mount: &str, user: bool) -> Option<Child> {
    let mut command = Command::new("unshare");
    if user {
        command.args(["--user", "--map-root-user"]);
    }
    command.args(["--mount", "sh", "-c", &format!("{mount} && echo mounted && exec cat")]).arg(place);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true);
    let mut holder = command.spawn().ok()?;
    let mut lines = BufReader::new(holder.stdout.take()?).lines();
    let line = patience("the mount, or its refusal", lines.next_line()).await.ok()?;
    line.is_some_and(|line| line == "mounted").then_some(holder)
}

fn fill(path: &Path) -> io::Result<()> {
    let mut filler = File::create(path)?;
    let mut chunk = vec![0; 4096];
    while !chunk.is_empty() {
        match filler.write_all(&chunk) {
            Err(error) if error.kind() == ErrorKind::StorageFull => chunk.truncate(chunk.len() / 2),
            written => written?,
        }
    }
    Ok(())
}

async fn limit(server: &Server, size: &str) {
    let mut command = Command::new("prlimit");
    let command = command.args(["--pid", &server.pid().to_string(), &format!("--fsize={size}")]);
    assert!(command.status().await.expect("prlimit").success());
}
