//! Chromium, as a person has it: what it does is told in `tests/browser`.
use crate::patience;
use std::{
    env,
    path::{Path, PathBuf},
};
use tokio::process::Command;

/// Plays a story to its end, which must be a good one.
pub async fn plays(story: &str, known: &[(&str, &str)]) {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    let packages = tests.join("../target/browser/node_modules");
    assert!(packages.is_dir(), "there is no {}: scripts/test fetches it", packages.display());
    let mut node = Command::new(program("node"));
    node.args(["--test", "--test-reporter=spec"]).arg(tests.join("browser").join(story)).kill_on_drop(true);
    node.env("NODE_PATH", packages).env("CHROMIUM", program("chromium")).envs(known.iter().copied());
    let output = patience(story, node.output()).await.expect("node runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}

/// Where a program is that a story cannot do without.
fn program(name: &str) -> PathBuf {
    let path = env::var_os("PATH").unwrap_or_default();
    let found = env::split_paths(&path).map(|folder| folder.join(name)).find(|file| file.is_file());
    found.unwrap_or_else(|| panic!("there is no {name}: install it, or let scripts/test do so"))
}
