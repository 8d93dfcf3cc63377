//! The README's story, as a newcomer would paste it: the shell's blocks, in order, beside a server without any setting.
use std::process::Stdio;
use tempfile::TempDir;
use tests::*;
use tokio::process::Command;

#[tokio::test]
async fn the_story_in_the_readme_works_as_pasted() {
    let script =
        blocks(&std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../README.md")).expect("a README"));
    assert!(script.matches("curl").count() >= 9, "from register to reset:\n{script}");

    // It speaks to the port that the server has without settings, so nothing else may have it just now.
    let server = Settings::nothing().start_in(TempDir::new().expect("a folder"), Postbox::open().await).await;
    assert_eq!(server.base(), "http://127.0.0.1:8000");
    let mut shell = Command::new("bash");
    shell.args(["-c", &script]).current_dir(server.folder()).stdin(Stdio::null()).kill_on_drop(true);
    let told = patience("the story to end", shell.output()).await.expect("bash runs");
    let (out, err) = (String::from_utf8_lossy(&told.stdout), String::from_utf8_lossy(&told.stderr));
    assert_eq!(err, "", "the shell complains; it told:\n{out}");

    let answers: Vec<Value> = out.lines().map(|line| serde_json::from_str(line).expect("an answer in JSON")).collect();
    let [confirmed, me, logged_out, nobody, reset, logged_in] = &answers[..] else { panic!("six answers:\n{out}") };
    assert_eq!(confirmed["user"]["login"], "ann", "{out}");
    assert_eq!(me["email"], "ann@example.org", "{out}");
    assert!(logged_out["message"].is_string() && reset["message"].is_string(), "{out}");
    assert_eq!(nobody["code"], "invalid_token", "{out}");
    assert!(logged_in["access_token"].is_string(), "{out}");
}

/// What stands between ```` ```sh ```` and ```` ``` ````.
fn blocks(page: &str) -> String {
    let mut script = String::new();
    let mut inside = false;
    for line in page.lines() {
        match line {
            "```sh" => inside = true,
            "```" => inside = false,
            _ if inside => script.extend([line, "\n"]),
            _ => {}
        }
    }
    script
}
