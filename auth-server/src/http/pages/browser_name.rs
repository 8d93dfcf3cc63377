//! What a browser calls itself, in a few words: for the list of a person's sessions.
use auth_core::value::DeviceName;

/// Browsers claim to be those that came before them: the first that fits is the one.
const BROWSERS: [(&str, &str); 8] = [
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("YaBrowser/", "Yandex Browser"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
];
const SYSTEMS: [(&str, &str); 7] = [
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
];

/// Such as `Firefox on Linux`.
pub fn of(user_agent: &str) -> Option<DeviceName> {
    let first = |known: &[(&str, &'static str)]| {
        known.iter().find(|(mark, _)| user_agent.contains(mark)).map(|(_, name)| *name)
    };
    let browser = first(&BROWSERS)?;
    let name = first(&SYSTEMS).map_or_else(|| browser.to_owned(), |system| format!("{browser} on {system}"));
    DeviceName::parse(&name).ok()
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_browser_is_called_by_what_it_is() {
        for (user_agent, name) in [
            ("Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0", Some("Firefox on Linux")),
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/143.0.0.0 \
                 Safari/537.36 Edg/143.0.0.0",
                Some("Edge on Windows"),
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_7 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) \
                 Version/26.0 Mobile/15E148 Safari/604.1",
                Some("Safari on iPhone"),
            ),
            (
                "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/143.0.0.0 Mobile \
                 Safari/537.36",
                Some("Chrome on Android"),
            ),
            ("Safari/1", Some("Safari")),
            ("curl/8.5.0", None),
            ("", None),
        ] {
            assert_eq!(super::of(user_agent).map(|name| name.to_string()).as_deref(), name, "{user_agent}");
        }
    }
}
