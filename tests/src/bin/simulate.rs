//! Runs worlds of the simulator, one for each seed, and says what was reached in them; or one world again, step by step.
//!
//! `cargo run --release -p tests --bin simulate -- --seeds 1000000`, with `--from 5000000` to begin there;
//! `cargo run -p tests --bin simulate -- --seed 42` to see one.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "it is what this program is for")]
use indicatif::{ProgressBar, ProgressStyle};
use std::{collections::BTreeMap, env, process::ExitCode};
use tests::simulation::{Planted, explore, replay, tell};

const USAGE: &str = "simulate [--seeds HOW_MANY] [--from SEED] | --seed SEED";

fn main() -> ExitCode {
    let Some(numbers) = numbers() else {
        eprintln!("{USAGE}");
        return ExitCode::from(2);
    };
    let number = |name: &str| numbers.get(name).copied();
    let broken = if let Some(seed) = number("--seed") {
        show(seed)
    } else {
        run(number("--from").unwrap_or_default(), number("--seeds").unwrap_or(10_000))
    };
    if broken { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

/// `None`: not as the usage says.
fn numbers() -> Option<BTreeMap<String, u64>> {
    let words: Vec<String> = env::args().skip(1).collect();
    let pair = |pair: &[String]| match pair {
        [name, number] if ["--seeds", "--from", "--seed"].contains(&name.as_str()) => {
            Some((name.clone(), number.parse().ok()?))
        }
        _ => None,
    };
    words.chunks(2).map(pair).collect()
}

fn run(from: u64, seeds: u64) -> bool {
    let style = ProgressStyle::with_template("{wide_bar} {human_pos}/{human_len} worlds, {per_sec}, {eta} to go");
    let bar = ProgressBar::new(seeds).with_style(style.expect("a template"));
    let explored = explore(from..from.saturating_add(seeds), Planted::Nothing, || bar.inc(1));
    bar.finish_and_clear();
    println!("{explored}, in {:?}", bar.elapsed());
    for seed in explored.broken.keys() {
        println!("\n{}to see it all: --seed {seed}", tell(*seed, Planted::Nothing));
    }
    !explored.broken.is_empty()
}

fn show(seed: u64) -> bool {
    let outcome = replay(seed, Planted::Nothing);
    for step in outcome.steps {
        println!("{step}");
    }
    println!("seed {seed}: {}", outcome.broken.as_deref().unwrap_or("nothing is broken"));
    outcome.broken.is_some()
}
