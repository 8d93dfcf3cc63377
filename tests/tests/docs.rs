//! What the documentation claims is what the tests name.
use auth_core::{
    counter::Pause,
    policy::{Limits, Policy},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    env, fs,
    path::{Path, PathBuf},
    time::Duration,
};

type Claims = BTreeMap<String, BTreeSet<String>>;

/// `docs/security.md` says of each demand which tests show it: those that name its id. With `UPDATE_DOCS=1` the third
/// column is written anew.
#[test]
fn security_names_the_tests_that_name_the_demand() {
    let found = claims();
    let path = root().join("docs/security.md");
    let text = fs::read_to_string(&path).unwrap();
    let mut ids = BTreeSet::new();
    let expected: String = text.lines().map(|line| row(line, &found, &mut ids) + "\n").collect();
    if env::var_os("UPDATE_DOCS").is_some() {
        fs::write(&path, &expected).unwrap();
    }
    let stray: Vec<_> = found.keys().filter(|id| !ids.contains(*id) && !id.starts_with('I')).collect();
    assert!(stray.is_empty(), "tests name demands that docs/security.md has no row for: {stray:?}");
    for (line, expected) in text.lines().zip(expected.lines()) {
        assert_eq!(line, expected, "run UPDATE_DOCS=1 cargo test -p tests --test docs");
    }
    let bare: Vec<_> = expected.lines().filter(|line| line.ends_with("|  |")).collect();
    assert!(bare.is_empty(), "no test names these demands; say `not yet` or `by design: why`: {bare:#?}");
}

/// `docs/limits.md` lists every limit of [`Policy`] with its default and what its field says. With `UPDATE_DOCS=1` the table
/// is written anew.
#[test] // H-18
fn limits_are_listed_with_their_defaults() {
    const MARKS: [&str; 2] = ["<!-- from auth_core::policy -->", "<!-- to here -->"];
    let source = fs::read_to_string(root().join("auth-core/src/policy.rs")).unwrap();
    let rows = defaults().into_iter().map(|(name, setting, default)| {
        format!("| `{name}` | `{setting}` | {default} | {} |\n", said_of(&source, &name))
    });
    let table: String = rows.collect();
    let path = root().join("docs/limits.md");
    let text = fs::read_to_string(&path).unwrap();
    let (before, rest) = text.split_once(MARKS[0]).unwrap();
    let (_, after) = rest.split_once(MARKS[1]).unwrap();
    let head = "| field | variable | default | what |\n| --- | --- | --- | --- |\n";
    let expected = format!("{before}{}\n\n{head}{table}\n{}{after}", MARKS[0], MARKS[1]);
    if env::var_os("UPDATE_DOCS").is_some() {
        fs::write(&path, &expected).unwrap();
    }
    for (line, expected) in text.lines().zip(expected.lines()) {
        assert_eq!(line, expected, "run UPDATE_DOCS=1 cargo test -p tests --test docs");
    }
    assert_eq!(text.len(), expected.len());
}

/// Each number of the policy: its field, its variable, its default. A field that comes is missed here by the compiler.
fn defaults() -> Vec<(String, String, String)> {
    let Policy {
        issuer: _,
        audience: _,
        client_id: _,
        password,
        access_ttl,
        session_idle,
        session_ttl,
        refresh_grace,
        code_ttl,
        code_tries,
        registration_ttl,
        notice_ttl,
        device_ttl,
        limits,
    } = Policy::default();
    let rows = [
        ("password", "PASSWORD_MIN_LENGTH", format!("{} characters", password.min_chars())),
        ("access_ttl", "ACCESS_TOKEN_LIFETIME", span(access_ttl)),
        ("session_idle", "SESSION_IDLE_LIFETIME", span(session_idle)),
        ("session_ttl", "SESSION_LIFETIME", span(session_ttl)),
        ("refresh_grace", "REFRESH_GRACE", span(refresh_grace)),
        ("code_ttl", "CODE_LIFETIME", span(code_ttl)),
        ("code_tries", "CODE_TRIES", code_tries.to_string()),
        ("registration_ttl", "REGISTRATION_LIFETIME", span(registration_ttl)),
        ("notice_ttl", "", span(notice_ttl)),
        ("device_ttl", "DEVICE_TOKEN_LIFETIME", span(device_ttl)),
    ];
    let rows = rows.map(|(name, setting, default)| {
        let setting = if setting.is_empty() { "fixed".to_owned() } else { format!("AUTH_SERVICE_{setting}") };
        (name.to_owned(), setting, default)
    });
    let limits = of_limits(&limits).into_iter().map(|(name, default)| {
        let setting = format!("AUTH_SERVICE_LIMIT_{}", name.to_uppercase());
        (name.to_owned(), setting, default)
    });
    rows.into_iter().chain(limits).collect()
}

fn of_limits(limits: &Limits) -> Vec<(&'static str, String)> {
    macro_rules! rows {
        ($($rule:ident),*) => {{
            let Limits { $($rule,)* login_pause, network_factor, watch_divisor, counters } = limits;
            let Pause { first, longest } = *login_pause;
            vec![
                ("login_pause", format!("{}, then twice, to {}", span(first), span(longest))),
                $((stringify!($rule), format!("{} in {}", $rule.limit, span($rule.window))),)*
                ("network_factor", network_factor.to_string()),
                ("watch_divisor", watch_divisor.to_string()),
                ("counters", counters.to_string()),
            ]
        }};
    }
    rows!(
        login_per_account_and_source,
        login_per_account,
        login_in_a_row,
        login_per_source,
        login_watch,
        code_per_source,
        code_per_source_daily,
        code_per_address,
        code_per_address_monthly,
        code_watch,
        code_attack,
        code_daily,
        mail_per_source,
        mail_per_address,
        mail_per_address_hourly,
        mail_per_address_daily,
        user_code_per_account,
        user_code_per_source,
        request_per_source,
        registration_per_source
    )
}

fn span(span: Duration) -> String {
    let seconds = span.as_secs();
    for (unit, length) in [("days", 86_400), ("hours", 3_600), ("minutes", 60)] {
        if seconds >= length && seconds.is_multiple_of(length) && (seconds > length || unit != "days") {
            return format!("{} {}", seconds / length, if seconds == length { &unit[..unit.len() - 1] } else { unit });
        }
    }
    format!("{seconds} {}", if seconds == 1 { "second" } else { "seconds" })
}

/// What the documentation of a field says.
fn said_of(source: &str, field: &str) -> String {
    let lines: Vec<&str> = source.lines().map(str::trim).collect();
    let at = lines.iter().position(|line| line.starts_with(&format!("pub {field}:"))).unwrap();
    let first = lines[..at].iter().rposition(|line| !line.starts_with("///")).unwrap() + 1;
    let said: Vec<&str> = lines[first..at].iter().map(|line| line.trim_start_matches("///").trim()).collect();
    said.join(" ").replace("(Self::login_pause)", "")
}

/// The row as it should be: hand-written words stay where no test names the id.
fn row(line: &str, found: &Claims, ids: &mut BTreeSet<String>) -> String {
    let cells: Vec<&str> = line.split('|').map(str::trim).collect();
    let ["", id, demand, held, ""] = cells[..] else { return line.to_owned() };
    if !is_id(id) {
        return line.to_owned();
    }
    ids.insert(id.to_owned());
    match found.get(id) {
        Some(tests) => {
            let tests: Vec<_> = tests.iter().map(|test| format!("`{test}`")).collect();
            format!("| {id} | {demand} | {} |", tests.join(", "))
        }
        None if held.starts_with('`') => format!("| {id} | {demand} |  |"),
        None => format!("| {id} | {demand} | {held} |"),
    }
}

/// Which tests, and which clauses of the contract, name which demand.
fn claims() -> Claims {
    let mut claims = Claims::new();
    for folder in [
        "auth-core",
        "auth-oidc",
        "auth-sqlite",
        "auth-mail",
        "auth-fetch",
        "auth-guard",
        "auth-server",
        "fuzz",
        "tests",
    ] {
        for file in sources(&root().join(folder)) {
            claims_of(&file, &mut claims);
        }
    }
    claims
}

fn claims_of(file: &Path, claims: &mut Claims) {
    let stem = file.file_stem().unwrap().to_str().unwrap().to_owned();
    let is_clause = file.components().any(|part| part.as_os_str() == "contract");
    let (mut test, mut pending, mut next) = (None::<String>, BTreeSet::new(), false);
    for line in fs::read_to_string(file).unwrap().lines().map(str::trim) {
        let named = line.split_once("//").map(|(_, comment)| comment).or(line.contains("assert").then_some(line));
        let named: BTreeSet<_> = named.map(ids_in).unwrap_or_default();
        if line.starts_with("#[") && line.contains("test") && !line.starts_with("#[cfg") || line.starts_with("///") {
            (test, next) = (None, next || line.starts_with("#["));
            pending.extend(named);
        } else if let Some(name) = function(line).filter(|_| next || (is_clause && line.starts_with("pub async fn"))) {
            pending.extend(named);
            test = Some(format!("{stem}::{name}"));
            for id in std::mem::take(&mut pending) {
                claims.entry(id).or_default().extend(test.clone());
            }
            next = false;
        } else if let Some(test) = &test {
            for id in named {
                claims.entry(id).or_default().insert(test.clone());
            }
        } else if next {
            pending.extend(named);
        } else {
            pending.clear();
        }
    }
}

fn function(line: &str) -> Option<&str> {
    let line = line.trim_start_matches("pub ").trim_start_matches("async ");
    line.strip_prefix("fn ")?.split(['(', '<']).next()
}

fn ids_in(text: &str) -> BTreeSet<String> {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '-');
    words.filter(|word| is_id(word)).map(str::to_owned).collect()
}

/// `P-01` to `H-22`, `R1` to `R7`, `I1` to `I8`.
fn is_id(word: &str) -> bool {
    match word.as_bytes() {
        [b'P' | b'K' | b'S' | b'O' | b'H', b'-', a, b] => a.is_ascii_digit() && b.is_ascii_digit(),
        [b'R', n] => (b'1'..=b'7').contains(n),
        [b'I', n] => (b'1'..=b'8').contains(n),
        _ => false,
    }
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") && !path.ends_with("docs.rs") {
            files.push(path);
        }
    }
    files.sort();
    files
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}
