//! For the tests of this crate: pages that are made from code, and kept in the repository.
use std::{env, fs, path::Path};

/// Ends the test if a page of the repository does not say this. With `BLESS=1` in the environment, writes it.
#[track_caller]
pub fn assert_page(path: &str, expected: &str) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path);
    if env::var_os("BLESS").is_some() {
        fs::create_dir_all(file.parent().expect("a file is in a folder")).expect("the folder can be made");
        fs::write(&file, expected).expect("the page can be written");
    }
    let found = fs::read_to_string(&file).unwrap_or_default();
    assert!(found == expected, "{path} is not what the code says: write it with `BLESS=1 cargo test -p auth-server`");
}
