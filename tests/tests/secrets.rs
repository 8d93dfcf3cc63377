//! Secrets in the code itself: no type that holds one shows it or compares it byte by byte, and nothing compares what was
//! exposed. A comparison that ends at the first difference tells by its time how much was right.
use std::{
    fs,
    path::{Path, PathBuf},
};
use syn::{
    Attribute, BinOp, Expr, ExprBinary, ExprMethodCall, Fields, Item, ItemImpl, ItemMod, ItemStruct, Type,
    punctuated::Punctuated,
    visit::{self, Visit},
};

/// What a store keeps of a secret, and may write down for that.
const KEPT: [&str; 3] = ["Mac", "Seed", "PasswordHash"];

#[test] // K-09, S-28, H-11, H-15
fn whoever_holds_a_secret_neither_shows_it_nor_compares_it_byte_by_byte() {
    let found = Found::in_the_code();
    assert!(found.holders.len() >= 8, "the search finds them: {:?}", found.holders);
    for name in KEPT.into_iter().chain(["Secret", "Proof", "ServerSecret", "SigningKey", "RootSecret"]) {
        assert!(found.holders.iter().any(|(holder, _)| holder == name), "{name} is not found any more");
    }
    for (holder, derived) in &found.holders {
        let kept = KEPT.contains(&holder.as_str());
        let refused = |name: &str| match name {
            "Debug" | "Display" | "Hash" | "PartialOrd" | "Ord" | "PartialEq" => true,
            "Serialize" | "Deserialize" => !kept,
            _ => false,
        };
        let refused: Vec<_> = derived.iter().filter(|name| refused(name)).collect();
        assert!(refused.is_empty(), "{holder} derives {refused:?}: write it by hand");
    }
    for (holder, _) in &found.holders {
        assert!(!found.displayed.contains(holder), "{holder} can be printed");
        let compared = found.compared.iter().find(|(name, _)| name == holder);
        assert!(compared.is_none_or(|(_, constant_time)| *constant_time), "{holder} is compared without `ct_eq`");
    }
    assert!(found.compared.iter().filter(|(name, _)| ["Mac", "Secret"].contains(&name.as_str())).count() == 2);
}

#[test] // K-09
fn nothing_compares_what_was_exposed() {
    let found = Found::in_the_code();
    assert!(found.constant_time >= 4, "{} uses of `ct_eq`", found.constant_time);
    assert_eq!(found.exposed, Vec::<String>::new(), "compare the secrets themselves");
}

#[test]
fn the_search_finds_what_it_is_for() {
    let mut found = Found::default();
    let code = "
        #[derive(Debug, PartialEq)] struct Token(Zeroizing<Vec<u8>>);
        struct Other { key: hmac::Key }
        struct Plain { name: String }
        impl PartialEq for Other { fn eq(&self, other: &Self) -> bool { self.key == other.key } }
        impl fmt::Display for Other {}
        fn f() { a.expose() == b; c != *d.expose().as_bytes(); e.expose()[..6] == g; i.expose().len() == 6; j == k; }
        #[cfg(test)] mod tests { fn f() { a.expose() == b; } }
    ";
    found.visit_file(&syn::parse_file(code).expect("code"));
    assert_eq!(
        found.holders,
        [("Token".to_owned(), vec!["Debug".to_owned(), "PartialEq".to_owned()]), ("Other".to_owned(), vec![])]
    );
    assert_eq!((found.compared, found.displayed), (vec![("Other".to_owned(), false)], vec!["Other".to_owned()]));
    assert_eq!(found.exposed.len(), 3, "{:?}", found.exposed);
}

/// What there is in the code that runs.
#[derive(Default)]
struct Found {
    /// Who holds a secret itself, and what they derive.
    holders: Vec<(String, Vec<String>)>,
    /// Whose `PartialEq` is written by hand, and whether in constant time.
    compared: Vec<(String, bool)>,
    displayed: Vec<String>,
    /// In which files what was exposed is compared, each time.
    exposed: Vec<String>,
    /// How often something is compared in constant time.
    constant_time: usize,
    /// Where the search is.
    file: String,
}

impl Found {
    fn in_the_code() -> Self {
        let mut found = Self::default();
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace");
        for package in ["auth-core", "auth-oidc", "auth-sqlite", "auth-mail", "auth-fetch", "auth-guard", "auth-server"]
        {
            for file in sources(&root.join(package).join("src")) {
                let code = fs::read_to_string(&file).expect("a file");
                found.file = file.display().to_string();
                found.visit_file(&syn::parse_file(&code).expect("code"));
            }
        }
        found
    }
}

impl<'ast> Visit<'ast> for Found {
    fn visit_item(&mut self, item: &'ast Item) {
        let for_tests = match item {
            Item::Mod(ItemMod { attrs, .. }) | Item::Struct(ItemStruct { attrs, .. }) => attrs.iter().any(is_for_tests),
            _ => false,
        };
        if !for_tests {
            visit::visit_item(self, item);
        }
    }

    fn visit_item_struct(&mut self, item: &'ast ItemStruct) {
        let name = item.ident.to_string();
        if KEPT.contains(&name.as_str()) || holds_a_secret(&item.fields) {
            self.holders.push((name, item.attrs.iter().flat_map(derived).collect()));
        }
    }

    fn visit_item_impl(&mut self, item: &'ast ItemImpl) {
        let of = item.trait_.as_ref().and_then(|(_, path, _)| path.segments.last()).map(|last| last.ident.to_string());
        let name = last_name(&item.self_ty);
        let before = self.constant_time;
        visit::visit_item_impl(self, item);
        match of.as_deref() {
            Some("PartialEq") => self.compared.push((name, self.constant_time > before)),
            Some("Display") => self.displayed.push(name),
            _ => {}
        }
    }

    fn visit_expr_binary(&mut self, comparison: &'ast ExprBinary) {
        let compares = matches!(comparison.op, BinOp::Eq(_) | BinOp::Ne(_));
        if compares && (is_exposed(&comparison.left) || is_exposed(&comparison.right)) {
            self.exposed.push(self.file.clone());
        }
        visit::visit_expr_binary(self, comparison);
    }

    fn visit_expr_method_call(&mut self, call: &'ast ExprMethodCall) {
        self.constant_time += usize::from(call.method == "ct_eq");
        visit::visit_expr_method_call(self, call);
    }
}

/// What is wiped, and keys of the cryptography library.
fn holds_a_secret(fields: &Fields) -> bool {
    struct Search(bool);
    impl<'ast> Visit<'ast> for Search {
        fn visit_path(&mut self, path: &'ast syn::Path) {
            let names: Vec<_> = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
            self.0 |= names.iter().any(|name| name == "Zeroizing") || names.ends_with(&["hmac".into(), "Key".into()]);
            visit::visit_path(self, path);
        }
    }
    let mut search = Search(false);
    search.visit_fields(fields);
    search.0
}

/// Whether this is a text or bytes out of a secret, and not its length, say.
fn is_exposed(expression: &Expr) -> bool {
    match expression {
        Expr::MethodCall(call) if call.method == "expose" => true,
        Expr::MethodCall(call) => {
            ["as_bytes", "as_ref", "as_slice", "as_str", "clone", "to_owned"].iter().any(|name| call.method == name)
                && is_exposed(&call.receiver)
        }
        Expr::Index(index) => is_exposed(&index.expr),
        Expr::Paren(inner) => is_exposed(&inner.expr),
        Expr::Reference(inner) => is_exposed(&inner.expr),
        Expr::Unary(inner) => is_exposed(&inner.expr),
        _ => false,
    }
}

fn derived(attribute: &Attribute) -> Vec<String> {
    if !attribute.path().is_ident("derive") {
        return Vec::new();
    }
    let paths = attribute.parse_args_with(Punctuated::<syn::Path, syn::Token![,]>::parse_terminated).expect("traits");
    paths.iter().filter_map(|path| path.segments.last()).map(|last| last.ident.to_string()).collect()
}

fn is_for_tests(attribute: &Attribute) -> bool {
    attribute.path().is_ident("cfg") && attribute.parse_args::<syn::Path>().is_ok_and(|path| path.is_ident("test"))
}

fn last_name(of: &Type) -> String {
    match of {
        Type::Path(path) => path.path.segments.last().map(|last| last.ident.to_string()).unwrap_or_default(),
        _ => String::new(),
    }
}

/// All but what is for tests.
fn sources(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
    let kept = entries.filter(|path| !["testing", "testing.rs", "tests.rs"].iter().any(|name| path.ends_with(name)));
    kept.flat_map(|path| if path.is_dir() { sources(&path) } else { vec![path] })
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
        .collect()
}
