//! Apache with `mod_auth_openidc`, a certified relying party, as a child process that speaks TLS.
use crate::Certificate;
use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::Stdio,
};
use tempfile::TempDir;
use tokio::process::{Child, Command};

/// Where Debian has its modules.
const MODULES: &str = "/usr/lib/apache2/modules";

/// One that runs, until it is dropped.
pub struct Apache {
    _process: Child,
    _folder: TempDir,
}

impl Apache {
    /// Starts one at this port of `localhost`, with a page behind a door, as a client of this provider.
    pub fn start(port: u16, secret: &str, issuer: &str, certificate: &Certificate) -> Self {
        let folder = TempDir::new().expect("a folder");
        let pages = folder.path().join("pages");
        fs::create_dir_all(pages.join("protected")).expect("the folder can be written to");
        fs::write(pages.join("protected/index.html"), "behind the door").expect("the folder can be written to");
        fs::write(pages.join("bye.html"), "signed out").expect("the folder can be written to");
        // Where it is started as root, it answers as somebody else.
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).expect("it is ours");
        let conf = Path::new(env!("CARGO_MANIFEST_DIR")).join("relying_parties/apache.conf");
        let mut command = Command::new(program());
        // One process: none is left behind when it is killed.
        command.arg("-X").arg("-f").arg(conf).env("FOLDER", folder.path()).env("MODULES", MODULES);
        command.env("PORT", port.to_string()).env("ISSUER", issuer).env("SECRET", secret);
        command.env("CERTIFICATE", certificate.certificate()).env("KEY", certificate.key());
        command.stdin(Stdio::null()).kill_on_drop(true);
        let process = command.spawn().expect("there is no apache2: scripts/test installs it");
        Self { _process: process, _folder: folder }
    }
}

/// It may be outside of the PATH of people who are not root.
fn program() -> PathBuf {
    let usual = PathBuf::from("/usr/sbin/apache2");
    if usual.is_file() { usual } else { "apache2".into() }
}
