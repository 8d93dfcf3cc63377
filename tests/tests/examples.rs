//! Examples: each is a whole program, and does what it says.
use std::{
    path::{Path, PathBuf},
    process::{Command, Stdio},
};
use tests::*;
use tokio::io::{AsyncBufReadExt as _, BufReader};

/// Builds an example and gives the program. All features and the whole workspace, as the tests are built, so that nothing
/// is compiled twice.
fn built(name: &str) -> PathBuf {
    let mut cargo = Command::new(env!("CARGO"));
    let status =
        cargo.args(["build", "--quiet", "--workspace", "--all-features", "--bin", name]).stdin(Stdio::null()).status();
    assert!(status.expect("cargo runs").success(), "{name} does not compile");
    let test = std::env::current_exe().expect("a test knows its own program");
    test.ancestors().map(|folder| folder.join(name)).find(|program| program.is_file()).expect("it was built")
}

async fn runs_to_its_end(program: &Path) -> String {
    let run = tokio::process::Command::new(program).stdin(Stdio::null()).kill_on_drop(true).output();
    let output = patience("the example to end", run).await.expect("it starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("UTF-8")
}

#[tokio::test]
async fn embedded_lives_a_whole_life() {
    let _ = runs_to_its_end(&built("embedded")).await;
}

#[tokio::test]
async fn own_store_keeps_the_contract() {
    let _ = runs_to_its_end(&built("own_store")).await;
}

#[tokio::test]
async fn the_axum_app_lets_its_user_in_and_nobody_else() {
    serves("axum_app").await;
}

#[tokio::test]
async fn the_poem_app_lets_its_user_in_and_nobody_else() {
    serves("poem_app").await;
}

async fn serves(name: &str) {
    let mut command = tokio::process::Command::new(built(name));
    let mut process =
        command.stdin(Stdio::null()).stdout(Stdio::piped()).kill_on_drop(true).spawn().expect("it starts");
    let mut lines = BufReader::new(process.stdout.take().expect("piped")).lines();
    let first = patience("the example to listen", lines.next_line()).await.expect("UTF-8").expect("a line");
    let api = Api::new(first.rsplit(' ').next().expect("an address"));

    let wrong = api.request(Method::POST, "/login").json(&json!({ "login": "ann", "password": "a quiet green river" }));
    let _ = api.send(wrong).await.expect(401);
    let right =
        api.request(Method::POST, "/login").json(&json!({ "login": "ann", "password": "a quiet green harbour" }));
    let token = api.send(right).await.expect(200).word("access_token");
    let _ = api.get("/hello").await.expect(401);
    let hello = api.send(api.request(Method::GET, "/hello").bearer_auth(token)).await.expect(200);
    assert!(hello.text.contains("ann"), "{hello}");
}
