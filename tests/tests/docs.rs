//! What the documentation claims is what the tests name.
use std::{
    collections::{BTreeMap, BTreeSet},
    env, fs,
    path::{Path, PathBuf},
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
    for folder in ["auth-core", "auth-sqlite", "auth-mail", "auth-server", "tests"] {
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
