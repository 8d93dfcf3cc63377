//! What happened, step by step: always as a hash, in words when somebody wants to read it.
use std::{
    collections::HashMap,
    fmt::{self, Arguments, Debug, Write},
};

/// The steps of one world, and how often each outcome was reached.
#[derive(Default)]
pub struct Trace {
    hash: Fnv,
    lines: Option<Vec<String>>,
    counts: HashMap<u64, (String, u64)>,
}

impl Trace {
    /// A trace that keeps the words.
    pub fn in_words() -> Self {
        Self { lines: Some(Vec::new()), ..Self::default() }
    }

    /// One more step.
    pub fn note(&mut self, step: Arguments<'_>) {
        let _ = self.hash.write_fmt(step);
        if let Some(lines) = &mut self.lines {
            lines.push(step.to_string());
        }
    }

    /// One more of this outcome.
    pub fn count(&mut self, outcome: Arguments<'_>) {
        let mut hash = Fnv::default();
        let _ = hash.write_fmt(outcome);
        self.counts.entry(hash.0).or_insert_with(|| (outcome.to_string(), 0)).1 += 1;
    }

    /// The hash over all steps, the steps in words, the outcomes.
    pub fn end(self) -> (u64, Vec<String>, impl Iterator<Item = (String, u64)>) {
        (self.hash.0, self.lines.unwrap_or_default(), self.counts.into_values())
    }
}

/// FNV-1a: the same for the same text in every process.
pub struct Fnv(pub u64);

impl Default for Fnv {
    fn default() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }
}

impl Write for Fnv {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for byte in text.bytes() {
            self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
        Ok(())
    }
}

/// The name of an enum's end, and nothing of what it holds: the first word of its `Debug`.
pub fn first_word(value: &impl Debug) -> String {
    struct Word(String);
    impl Write for Word {
        fn write_str(&mut self, text: &str) -> fmt::Result {
            let end = text.find(|c: char| !c.is_alphanumeric());
            self.0.push_str(&text[..end.unwrap_or(text.len())]);
            end.map_or(Ok(()), |_| Err(fmt::Error))
        }
    }
    let mut word = Word(String::new());
    let _ = write!(word, "{value:?}");
    word.0
}
