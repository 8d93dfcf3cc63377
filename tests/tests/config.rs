//! Configuration and the command line: what an operator types, and what is said back.
use std::process::Output;
use tempfile::TempDir;
use tests::*;

/// Starts with these settings, which must end the start; gives what was said.
async fn does_not_start(settings: Settings) -> String {
    let folder = TempDir::new().expect("a folder");
    let output = settings.run(folder.path(), &[]).await;
    assert!(!output.status.success(), "it started:\n{}", said(&output));
    said(&output)
}

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

#[tokio::test]
async fn what_cannot_be_used_is_named_with_what_is_expected() {
    let tries = [
        ("PORT", "http", "0 to 65535"),
        ("PORT", "70000", "0 to 65535"),
        ("HOST", "somewhere", "IP address"),
        ("ENVIRONMENT", "prod", "production"),
        ("STORE", "oracle", "sqlite"),
        ("PUBLIC_URL", "auth.example.org", "https://"),
        ("CODE_LIFETIME", "10", "10m"),
        ("CODE_LIFETIME", "1h", "10m"),        // K-02
        ("ACCESS_TOKEN_LIFETIME", "2h", "1h"), // S-08
        ("PASSWORD_MIN_LENGTH", "6", "8"),     // P-01
        ("LIMIT_LOGIN_PER_SOURCE", "many", "10/15m"),
        ("TRUSTED_PROXIES", "localhost", "10.0.0.0/8"),  // P-24
        ("TRUSTED_PROXIES", "10.1.2.3/8", "10.0.0.0/8"), // P-24
        ("TRUSTED_PROXIES", "10.0.0.0/8", "AUTH_SERVICE_FORWARDED_HEADER is missing"),
        ("FORWARDED_HEADER", "x-real-ip", "forwarded, x-forwarded-for"),
        ("FORWARDED_HEADER", "forwarded", "AUTH_SERVICE_TRUSTED_PROXIES"),
        ("FORWARDED_HOPS", "0", "1 to 16"),
        ("FORWARDED_HOPS", "2", "AUTH_SERVICE_TRUSTED_PROXIES"),
        ("SMTP_URL", "imap://mail.example.org", "smtp"),
        ("SMTP_URL_FILE", "/no/such/file", "file"),
        ("LOG_LEVEL", "chatty=very", "info"),
    ];
    for (name, value, expected) in tries {
        let text = does_not_start(Settings::default().set(name, value)).await;
        assert!(text.contains(&format!("AUTH_SERVICE_{name}")), "{name}={value}: which variable?\n{text}");
        assert!(text.contains(expected), "{name}={value}: {expected:?} is expected\n{text}");
    }
}

#[tokio::test]
async fn all_that_is_wrong_is_said_at_once() {
    let settings = Settings::default().set("PORT", "http").set("HOST", "somewhere").set("POTR", "8000");
    let text = does_not_start(settings).await;
    for name in ["AUTH_SERVICE_PORT", "AUTH_SERVICE_HOST", "AUTH_SERVICE_POTR"] {
        assert!(text.contains(name), "{name}\n{text}");
    }
}

#[tokio::test] // H-15
async fn a_secret_that_cannot_be_used_is_not_repeated() {
    let text =
        does_not_start(Settings::default().set("SMTP_URL", "smtp://ann:hush-hush@@:x").set("PORT", "http")).await;
    assert!(!text.contains("hush-hush"), "{text}");
}

#[tokio::test] // P-27
async fn production_refuses_what_a_desk_may_do_without() {
    let bare = Settings::default().unset("ARGON2_MEMORY_KIB").unset("ARGON2_PASSES").set("ENVIRONMENT", "production");
    let text = does_not_start(bare).await;
    for name in ["AUTH_SERVICE_SMTP_URL", "AUTH_SERVICE_PUBLIC_URL", "AUTH_SERVICE_SECRET", "keys init"] {
        assert!(text.contains(name), "{name}\n{text}");
    }
}

#[tokio::test]
async fn production_starts_once_it_has_what_it_asks_for() {
    let postbox = Postbox::open().await;
    let settings = Settings::default()
        .unset("ARGON2_MEMORY_KIB")
        .unset("ARGON2_PASSES")
        .set("ENVIRONMENT", "production")
        .set("PUBLIC_URL", "https://auth.example.org")
        .set("MAIL_FROM", "Example <no-reply@example.org>")
        .set("SMTP_URL", &postbox.url());
    let folder = TempDir::new().expect("a folder");
    let (settings, _store) = settings.on_the_store_of_this_run(folder.path()).await;
    let made = settings.run(folder.path(), &["keys", "init"]).await;
    assert!(made.status.success(), "{}", said(&made));
    let server = settings.start_in(folder, postbox).await;
    let tokens = Person::new("ann").arrive(&server).await;
    let me = server.api().me(&tokens.access).await.expect(200);
    assert!(me.header("strict-transport-security").contains("max-age=31536000")); // H-13
}

#[tokio::test] // H-15, S-28
async fn the_effective_configuration_is_shown_without_secrets() {
    let folder = TempDir::new().expect("a folder");
    let settings = Settings::default()
        .set("SMTP_URL", "smtps://ann:hush-hush@smtp.example.org")
        .set("SECRET", "bm90LXRoZS1iZXN0LWtlcHQtc2VjcmV0LW9mLWFsbC0h")
        .set("CODE_LIFETIME", "5m");
    let output = settings.run(folder.path(), &["config"]).await;
    assert!(output.status.success(), "{}", said(&output));
    let text = said(&output);
    assert!(text.contains("5m") && text.contains("code_lifetime"), "{text}");
    assert!(text.contains("smtp_url"), "that there is one is no secret\n{text}");
    assert!(!text.contains("hush-hush") && !text.contains("bm90LXRo"), "{text}");
}

#[tokio::test]
async fn a_file_is_beneath_the_environment_and_flags_are_above_it() {
    let folder = TempDir::new().expect("a folder");
    std::fs::write(
        folder.path().join("auth.toml"),
        "code_lifetime = \"2m\"\nproduct_name = \"Otters\"\ncode_tries = 3\n",
    )
    .expect("a file");
    let settings = Settings::default().set("CODE_LIFETIME", "3m").set("CODE_TRIES", "4");
    let output = settings.run(folder.path(), &["--config", "auth.toml", "--code-tries", "7", "config"]).await;
    let text = said(&output);
    assert!(output.status.success(), "{text}");
    for line in ["code_lifetime = \"3m\"", "product_name = \"Otters\""] {
        assert!(text.contains(line), "{line}\n{text}");
    }
    assert!(text.contains("code_tries = \"7\"") || text.contains("code_tries = 7"), "{text}");
    std::fs::write(folder.path().join("auth.toml"), "code_lifetme = \"2m\"\n").expect("a file");
    let output = settings.run(folder.path(), &["--config", "auth.toml", "config"]).await;
    assert!(!output.status.success() && said(&output).contains("code_lifetme"), "{}", said(&output));
}

#[tokio::test]
async fn help_is_enough_to_work_from() {
    let folder = TempDir::new().expect("a folder");
    let help = Settings::default().run(folder.path(), &["--help"]).await;
    assert!(help.status.success());
    let text = said(&help);
    for word in ["config", "migrate", "keys", "user", "AUTH_SERVICE_PORT", "AUTH_SERVICE_DATA_DIR", "8000"] {
        assert!(text.contains(word), "{word}\n{text}");
    }
    let wrong = Settings::default().run(folder.path(), &["user", "crate"]).await;
    assert!(!wrong.status.success() && said(&wrong).contains("create"), "{}", said(&wrong));
}

#[tokio::test] // P-27
async fn an_operator_makes_shows_and_shuts_an_account() {
    let server = Server::start().await;
    let ann = Person { login: "root-ann".to_owned(), ..Person::new("ann") };
    let made = server.create_user(&ann, &["--role", "admin"]).await;
    assert!(made.status.success(), "{}", said(&made));
    let again = server.create_user(&ann, &[]).await;
    assert!(!again.status.success(), "there is one already");
    let weak = server.create_user(&Person { password: "short".to_owned(), ..Person::new("bob") }, &[]).await;
    assert!(!weak.status.success(), "operators too");

    let tokens = ann.sign_in(&server).await;
    assert_eq!(server.api().me(&tokens.access).await.expect(200).body["roles"], json!(["admin"]));
    let shown = server.command(&["user", "show", "ann@example.org"]).await;
    assert!(shown.status.success() && said(&shown).contains("root-ann"), "{}", said(&shown));
    assert!(!said(&shown).contains("$argon2"), "no hash is for showing");
    let nobody = server.command(&["user", "show", "nobody"]).await;
    assert!(!nobody.status.success());

    // P-32: at once, though it is another process that says so.
    let shut = server.command(&["user", "disable", "root-ann"]).await;
    assert!(shut.status.success(), "{}", said(&shut));
    let _ = server.api().me(&tokens.access).await.expect(401);
    let _ = server.api().refresh(&tokens.refresh).await.expect(401);
    let _ = server.api().login("root-ann", &ann.password).await.expect(401);
    let opened = server.command(&["user", "enable", "root-ann"]).await;
    assert!(opened.status.success(), "{}", said(&opened));
    let _ = server.api().refresh(&tokens.refresh).await.expect(401);
    let _ = ann.sign_in(&server).await;
}

#[tokio::test]
async fn an_operator_renames_an_account() {
    let server = Server::start().await;
    let (ann, bob) = (Person::new("ann"), Person::new("bob"));
    let tokens = ann.arrive(&server).await;
    assert!(server.create_user(&bob, &[]).await.status.success());
    for (arguments, reason) in [
        (&["user", "rename", "ann"][..], "--login"),
        (&["user", "rename", "nobody", "--login", "eve"], "no account"),
        (&["user", "rename", "ann", "--login", "BOB"], "login is taken"),
        (&["user", "rename", "ann", "--login", "eve", "--email", "Bob@example.org"], "e-mail has an account"),
        (&["user", "rename", "ann", "--email", "not an address"], "e-mail address"),
    ] {
        let refused = server.command(arguments).await;
        assert!(!refused.status.success() && said(&refused).contains(reason), "{arguments:?}: {}", said(&refused));
    }
    let does = async |arguments: &[&str]| {
        let output = server.command(arguments).await;
        assert!(output.status.success(), "{arguments:?}: {}", said(&output));
        said(&output)
    };
    let told = does(&["user", "rename", "ann", "--login", "eve"]).await;
    assert!(told.contains("login: eve") && told.contains("email: ann@example.org"), "{told}");
    assert!(told.contains("account_renamed"), "H-12: {told}");
    assert_eq!(server.api().me(&tokens.access).await.expect(200).word("login"), "eve");
    let _ = server.api().login("ann", &ann.password).await.expect(401);

    // Who reads the mail of the old address is out at once.
    let (reset, code) = ann.forget_password(&server).await;
    let told = does(&["user", "rename", "eve", "--email", "eve@example.org"]).await;
    assert!(told.contains("login: eve") && told.contains("email: eve@example.org"), "{told}");
    let _ = server.api().me(&tokens.access).await.expect(401);
    let _ = server.api().refresh(&tokens.refresh).await.expect(401);
    server.api().reset(&reset, &code, &ann.password).await.refused(400, "invalid_code");
    let eve = Person { login: "eve".to_owned(), email: "eve@example.org".to_owned(), ..ann.clone() };
    let _ = eve.sign_in(&server).await;
    let _ = ann.arrive(&server).await;
}

#[tokio::test]
async fn an_operator_says_what_else_is_known_of_a_person() {
    let server = Server::start().await;
    let folder = TempDir::new().expect("a folder");
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).expect("a file");
        path.to_str().expect("a path").to_owned()
    };
    let bad = file("bad.json", r#"{ "name": "Ann", "email": "other@example.org" }"#);
    let wrong = file("wrong.json", r#"{ "birthdate": "1987-02-30" }"#);
    let (first, second) = (file("1.json", r#"{ "name": "Ann" }"#), file("2.json", r#"{ "nickname": "Annie" }"#));
    let ann = Person::new("ann");
    for (path, reason) in
        [(&bad, "`email`"), (&wrong, "birthdate: it is YYYY-MM-DD"), (&"nowhere.json".to_owned(), "nowhere.json")]
    {
        let refused = server.create_user(&ann, &["--claims", path]).await;
        assert!(!refused.status.success() && said(&refused).contains(reason), "{reason}: {}", said(&refused));
    }
    let made = server.create_user(&ann, &["--claims", &first]).await;
    assert!(made.status.success(), "what was refused has made no account: {}", said(&made));
    assert!(server.does(&["user", "claims", "ann"]).await.contains(r#""name": "Ann""#));
    let told = server.does(&["user", "claims", "ann@example.org", "--file", &second]).await;
    assert!(told.contains("Annie") && !told.contains(r#""name""#) && told.contains("claims_set"), "H-12: {told}");
    assert!(server.does_not(&["user", "claims", "ann", "--file", &wrong]).await.contains("birthdate"));
    assert!(server.does(&["user", "claims", "ann"]).await.contains("Annie"), "as it was");
    assert!(server.does_not(&["user", "claims", "nobody"]).await.contains("no account"));
}

#[tokio::test]
async fn an_operator_deletes_an_account_for_good() {
    let server = Server::start().await;
    let ann = Person::new("ann");
    let (id, code) = ann.ask_to_register(&server).await;
    let _ = server.api().confirm(&id, &code).await.expect(201);
    let _welcome = server.postbox().next_for(&ann.email).await;
    let tokens = ann.sign_in(&server).await;
    let unsure = server.command(&["user", "delete", "ann"]).await;
    assert!(!unsure.status.success() && said(&unsure).contains("--yes"), "{}", said(&unsure));
    let _ = server.api().me(&tokens.access).await.expect(200);

    let gone = server.command(&["user", "delete", "--yes", "ann@example.org"]).await;
    assert!(gone.status.success() && said(&gone).contains("deleted: ann"), "{}", said(&gone));
    assert!(said(&gone).contains("account_deleted"), "H-12: {}", said(&gone));
    let _ = server.api().me(&tokens.access).await.expect(401);
    let _ = server.api().refresh(&tokens.refresh).await.expect(401);
    let _ = server.api().login("ann", &ann.password).await.expect(401);
    let nobody = server.command(&["user", "delete", "--yes", "ann"]).await;
    assert!(!nobody.status.success() && said(&nobody).contains("no account"), "{}", said(&nobody));
    // K-30: the code that made the account does not bring it back, and the next one is another.
    server.api().confirm(&id, &code).await.refused(400, "invalid_code");
    let again = ann.arrive(&server).await;
    let next = server.api().me(&again.access).await.expect(200).word("id");
    assert!(!said(&gone).contains(&next), "{next}: {}", said(&gone));
    let _ = server.api().me(&tokens.access).await.expect(401);
}

#[tokio::test] // S-21
async fn keys_are_rotated_while_it_runs_and_old_tokens_live_on() {
    let mut server = Server::start().await;
    let ann = Person::new("ann");
    let old = ann.arrive(&server).await;
    let kids = async |server: &Server| {
        let keys = server.api().get("/.well-known/jwks.json").await.expect(200).body["keys"].clone();
        let kids = keys.as_array().expect("keys").iter().map(|key| key["kid"].as_str().expect("a kid").to_owned());
        kids.collect::<Vec<_>>()
    };
    assert_eq!(kids(&server).await.len(), 1);
    let rotated = server.command(&["keys", "rotate"]).await;
    assert!(rotated.status.success(), "{}", said(&rotated));
    let listed = server.command(&["keys", "list"]).await;
    assert!(listed.status.success() && !said(&listed).contains("PRIVATE"), "{}", said(&listed));

    let _ = server.said(|line| line.contains("the signing keys have changed")).await;
    let published = kids(&server).await;
    assert_eq!(published.len(), 2, "the new one before it signs, the old one until its last token has died");
    for kid in &published {
        assert!(said(&listed).contains(kid), "{kid}\n{}", said(&listed));
    }
    let new = ann.sign_in(&server).await;
    server.restart().await;
    assert_eq!(kids(&server).await, published);
    for tokens in [old, new] {
        let _ = server.api().me(&tokens.access).await.expect(200);
    }
}

#[tokio::test]
async fn migrations_go_forward_and_back() {
    let mut server = Server::start().await;
    let _ = Person::new("ann").join(&server).await;
    server.stop().await;
    let status = server.command(&["migrate", "status"]).await;
    assert!(status.status.success(), "{}", said(&status));
    let up = server.command(&["migrate", "up"]).await;
    assert!(up.status.success(), "there is nothing to do, and that is well: {}", said(&up));
    server.start_again().await;
    let _ = Person::new("ann").sign_in(&server).await;
    server.stop().await;
    let down = server.command(&["migrate", "down", "0"]).await;
    assert!(down.status.success(), "{}", said(&down));
    let up = server.command(&["migrate", "up"]).await;
    assert!(up.status.success(), "{}", said(&up));
    server.start_again().await;
    let _ = Person::new("ann").join(&server).await;
}
