//! How long the answers for a known and an unknown address take, interleaved, against the real program with hashes of the
//! real size: prints means and Welch's t for each route. Above about 4.5 either way one could tell them apart.
//!
//! `cargo run --release -p tests --bin enumeration-timing [rounds]`
#![expect(clippy::print_stdout, reason = "it is what this program is for")]
#![expect(clippy::disallowed_methods, reason = "it measures")]
use std::time::Instant;
use tests::{Answer, Person, Settings, other_than};

#[tokio::main]
async fn main() {
    let rounds: usize = std::env::args().nth(1).map_or(500, |text| text.parse().expect("a number of rounds"));
    let server = Settings::default().unset("ARGON2_MEMORY_KIB").unset("ARGON2_PASSES").start().await;
    let ann = Person::new("ann");
    let _ = ann.join(&server).await;
    let (known, unknown) = (ann.email.as_str(), "eve@example.org");
    let (known_reset, code) = ann.forget_password(&server).await;
    let unknown_reset = server.api().forgot(unknown).await.expect(202).word("reset_id");
    let wrong = &other_than(&code);
    let new = "eight dry badgers in a boat";

    let register = async |email: &str| {
        let person = Person { email: email.to_owned(), ..Person::new("bob") };
        server.api().register(&person).await
    };
    compare("register", rounds, [known, unknown], register).await;
    compare("forgot", rounds, [known, unknown], async |email| server.api().forgot(email).await).await;
    compare("login", rounds, [known, unknown], async |email| server.api().login(email, new).await).await;
    let reset = async |id: &str| server.api().reset(id, wrong, new).await;
    compare("reset", rounds, [&known_reset, &unknown_reset], reset).await;
}

async fn compare(what: &str, rounds: usize, [known, unknown]: [&str; 2], ask: impl AsyncFn(&str) -> Answer) {
    let mut times = [Vec::new(), Vec::new()];
    for round in 0..2 * rounds {
        // Known, unknown, unknown, known: what drifts, drifts for both.
        let side = usize::from(matches!(round % 4, 1 | 2));
        let began = Instant::now();
        let _ = ask([known, unknown][side]).await;
        times[side].push(began.elapsed().as_secs_f64() * 1e6);
    }
    let [known, unknown] = times.map(|mut times| {
        // The slowest twentieth is the machine's, not the server's.
        times.sort_by(f64::total_cmp);
        times.truncate(times.len() - times.len() / 20);
        mean_and_variance(&times)
    });
    let t = (known.0 - unknown.0) / (known.1 + unknown.1).sqrt();
    println!("{what:10} known {:8.1} us   unknown {:8.1} us   t = {t:+.2}", known.0, unknown.0);
}

/// The mean, and the variance of the mean.
#[expect(clippy::cast_precision_loss, reason = "a few hundred")]
fn mean_and_variance(times: &[f64]) -> (f64, f64) {
    let count = times.len() as f64;
    let mean = times.iter().sum::<f64>() / count;
    let variance = times.iter().map(|time| (time - mean).powi(2)).sum::<f64>() / (count - 1.0);
    (mean, variance / count)
}
