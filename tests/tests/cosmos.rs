//! Azure Cosmos DB, from an operator's side: containers are made by a command, what is wrong is told with what to do, and
//! what the database was asked can be seen. That all the rest works on it too is shown by the other tests, with
//! `TEST_STORE=cosmos`.
use std::process::Output;
use tempfile::TempDir;
use tests::*;

async fn run(settings: &Settings, arguments: &[&str]) -> Output {
    settings.run(TempDir::new().expect("a folder").path(), arguments).await
}

#[track_caller]
fn said(output: &Output, code: i32) -> String {
    let said = [&output.stdout[..], &output.stderr].concat();
    let said = String::from_utf8(said).expect("text");
    assert_eq!(output.status.code(), Some(code), "{said}");
    said
}

#[tokio::test]
async fn the_containers_are_made_once_and_stay() {
    let cosmos = Cosmos::start().await;
    let settings = cosmos.settings(Settings::default());
    let none = said(&run(&settings, &["migrate", "status"]).await, 0);
    assert_eq!(none.matches("missing").count(), 7, "{none}");
    let made = said(&run(&settings, &["migrate", "up"]).await, 0);
    assert_eq!(made.matches("made").count(), 7, "{made}");
    let there = said(&run(&settings, &["migrate", "up"]).await, 0);
    assert_eq!(there.matches("there").count(), 7, "{there}");
    assert_eq!(said(&run(&settings, &["migrate", "status"]).await, 0), there);
    let refused = said(&run(&settings, &["migrate", "down"]).await, 1);
    assert!(refused.contains("migrate up"), "{refused}");
}

#[tokio::test]
async fn without_its_containers_a_server_does_not_start_and_says_what_to_do() {
    let cosmos = Cosmos::start().await;
    let refused = said(&run(&cosmos.settings(Settings::default()), &[]).await, 1);
    assert!(refused.contains("AUTH_SERVICE_COSMOS_") && refused.contains("migrate up"), "{refused}");
}

#[tokio::test]
async fn without_an_account_to_reach_a_server_does_not_start() {
    let settings = {
        let cosmos = Cosmos::start().await;
        cosmos.settings(Settings::default())
    };
    let refused = said(&run(&settings, &[]).await, 1);
    assert!(refused.contains("AUTH_SERVICE_COSMOS_"), "{refused}");
    assert!(!refused.contains("YSBrZXk"), "the key is not shown: {refused}"); // H-11
}

#[tokio::test]
async fn settings_that_do_not_fit_are_told_all_at_once() {
    let cosmos = |settings: Settings| settings.set("STORE", "cosmos");
    let bare = said(&run(&cosmos(Settings::default()), &[]).await, 2);
    assert!(bare.contains("AUTH_SERVICE_COSMOS_ENDPOINT"), "{bare}");
    let keyless = Settings::default().set("COSMOS_CREDENTIAL", "key").set("COSMOS_THROUGHPUT", "1500");
    let told = said(&run(&cosmos(keyless), &[]).await, 2);
    assert!(told.contains("in thousands"), "{told}");
    let keyless = Settings::default().set("COSMOS_CREDENTIAL", "key").set("COSMOS_ENDPOINT", "https://a.example/");
    let told = said(&run(&cosmos(keyless), &[]).await, 2);
    assert!(told.contains("AUTH_SERVICE_COSMOS_KEY_FILE"), "{told}");
    let plain = Settings::default().set("COSMOS_ENDPOINT", "http://a.example/").set("COSMOS_KEY", "hunter2!");
    let told = said(&run(&cosmos(plain), &[]).await, 2);
    assert!(told.contains("AUTH_SERVICE_COSMOS_ENDPOINT") && told.contains("AUTH_SERVICE_COSMOS_KEY"), "{told}");
    assert!(!told.contains("hunter2"), "{told}"); // H-11
}

#[tokio::test]
async fn the_template_is_printed_for_whoever_may_not_make_containers() {
    let printed = run(&Settings::default(), &["--store", "cosmos", "migrate", "bicep"]).await;
    let shipped = concat!(env!("CARGO_MANIFEST_DIR"), "/../deploy/cosmos.bicep");
    assert_eq!(said(&printed, 0).trim_end(), std::fs::read_to_string(shipped).expect("it is there").trim_end());
}

#[tokio::test]
async fn backups_are_azures_and_the_program_says_so() {
    let cosmos = Cosmos::start().await;
    let settings = cosmos.settings(Settings::default());
    for command in [&["backup", "copy.db"][..], &["restore", "copy.db", "--yes"]] {
        let told = said(&run(&settings, command).await, 1);
        assert!(told.contains("docs/cosmos.md"), "{told}");
    }
}

#[tokio::test] // H-06
async fn what_the_database_was_asked_is_shown_at_an_address_of_its_own() {
    let cosmos = Cosmos::start().await;
    let settings = cosmos.settings(Settings::default()).set("METRICS", "127.0.0.1:0");
    let _ = said(&run(&settings, &["migrate", "up"]).await, 0);
    let server = settings.start().await;
    Person::new("ann").arrive(&server).await;
    let line = server.said(|line| line.contains("/metrics")).await;
    let (_, url) = line.split_once("http://").expect("a URL");
    let base = format!("http://{}", url.split_once("/metrics").expect("a URL").0);
    let shown = Api::new(&base).get("/metrics").await.expect(200).text;
    for (operation, container) in [("create_item", "users"), ("read_item", "names"), ("create_item", "sessions")] {
        let labels = format!("operation=\"{operation}\",container=\"{container}\"");
        let line = shown.lines().find(|line| line.contains("request_units_total") && line.contains(&labels));
        assert!(line.is_some(), "{labels} in\n{shown}");
    }
    assert!(!shown.contains("ann"), "{shown}");
    server.api().get("/metrics").await.refused(404, "not_found");
    let _ = Api::new(&base).get("/api/v1/auth/me").await.expect(404);
}

#[tokio::test]
async fn on_a_bad_day_requests_fail_in_every_way_and_people_get_in_all_the_same() {
    let cosmos = Cosmos::start_on_a_bad_day().await;
    let settings = cosmos.settings(Settings::default());
    let _ = said(&run(&settings, &["migrate", "up"]).await, 0);
    let server = settings.start().await;
    let ann = Person::new("ann");
    let _ = ann.join(&server).await;
    let until_it_was_bad = async {
        while !cosmos.was_bad() {
            let _ = ann.sign_in(&server).await;
        }
    };
    patience("every way to fail", until_it_was_bad).await;
}

/// The server is told to read in a region that takes connections and never answers.
#[tokio::test] // R5
async fn a_region_that_never_says_a_word_is_gone_around() {
    let cosmos = Cosmos::start_beside_a_silent_region().await;
    let settings = cosmos.settings(Settings::default()).set("STORE_DEADLINE", "4s").unset("REQUEST_TIMEOUT");
    let _ = said(&run(&settings, &["migrate", "up"]).await, 0);
    let server = settings.set("COSMOS_REGION", Cosmos::SILENT).start().await;
    let (ann, bob) = (Person::new("ann"), Person::new("bob"));
    // Whoever comes first may be told to come again: of each container it is found out by itself.
    let first = async { while server.api().register(&ann).await.status == 503 {} };
    patience("the first to be taken in", first).await;
    let tokens = bob.arrive(&server).await;
    let _ = server.api().me(&tokens.access).await.expect(200);
    assert!(cosmos.was_silent(), "nobody has turned to the region that is silent");
}
