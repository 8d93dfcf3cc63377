//! A hash as it stands in a store: a PHC string, trusted no further than its bounds.
use super::{arenas::Arena, params::Argon2Params};
use crate::value::Invalid;
use argon2::{ARGON2ID_IDENT, Algorithm, Argon2, Version};
use base64::{Engine, engine::general_purpose::STANDARD_NO_PAD};
use std::fmt;

/// A hash taken apart.
#[derive(Clone)]
pub(super) struct Stored {
    params: Argon2Params,
    salt: Vec<u8>,
    pub(super) output: Vec<u8>,
}

impl Stored {
    pub(super) const SALT_BYTES: usize = 16;
    pub(super) const OUTPUT_BYTES: usize = 32;

    pub(super) fn new(params: Argon2Params, salt: [u8; Self::SALT_BYTES], output: [u8; Self::OUTPUT_BYTES]) -> Self {
        Self { params, salt: salt.to_vec(), output: output.to_vec() }
    }

    /// Reads a PHC string of Argon2id, version 19, whose parameters are `m`, `t` and `p` within bounds.
    pub(super) fn parse(text: &str) -> Result<Self, Invalid> {
        const RULE: Invalid = Invalid("a stored hash is argon2id, v=19, m<=262144, t<=10, p<=4, with salt and hash");
        let hash = argon2::PasswordHash::new(text).map_err(|_| RULE)?;
        let [memory_kib, passes, lanes] = ["m", "t", "p"].map(|name| hash.params.get_decimal(name));
        let params = Argon2Params::bounded(memory_kib.ok_or(RULE)?, passes.ok_or(RULE)?, lanes.ok_or(RULE)?);
        let (salt, output) = (hash.salt.ok_or(RULE)?, hash.hash.ok_or(RULE)?);
        let ours = hash.algorithm == ARGON2ID_IDENT && hash.version == Some(Version::V0x13.into());
        if !ours || hash.params.iter().count() != 3 || output.len() < 16 {
            return Err(RULE);
        }
        Ok(Self { params: params.ok_or(RULE)?, salt: salt.to_vec(), output: output.as_bytes().to_vec() })
    }

    /// One that Argon2 refuses to compute: its salt is too short.
    #[cfg(test)]
    pub(super) fn unhashable() -> Self {
        Self { params: Argon2Params::TESTING, salt: Vec::new(), output: vec![0; Self::OUTPUT_BYTES] }
    }

    /// Whether a new hash would be made by the same parameters.
    pub(super) fn is_current(&self, params: Argon2Params) -> bool {
        self.params == params && self.salt.len() == Self::SALT_BYTES && self.output.len() == Self::OUTPUT_BYTES
    }

    /// The output for this password by these parameters and this salt.
    pub(super) fn compute(&self, password: &[u8], arena: &mut Arena) -> Result<Vec<u8>, argon2::Error> {
        let params = self.params.argon2(Some(self.output.len()));
        compute(&Argon2::new(Algorithm::Argon2id, Version::V0x13, params), password, &self.salt, arena)
    }
}

impl fmt::Display for Stored {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (m, t, p) = (self.params.memory_kib(), self.params.passes(), self.params.lanes());
        let (salt, output) = (STANDARD_NO_PAD.encode(&self.salt), STANDARD_NO_PAD.encode(&self.output));
        write!(f, "$argon2id$v=19$m={m},t={t},p={p}${salt}${output}")
    }
}

fn compute(argon2: &Argon2<'_>, password: &[u8], salt: &[u8], arena: &mut Arena) -> Result<Vec<u8>, argon2::Error> {
    let mut output = vec![0; argon2.params().output_len().unwrap_or(Stored::OUTPUT_BYTES)];
    let fill = |memory: &mut [_]| argon2.hash_password_into_with_memory(password, salt, &mut output, memory);
    arena.provide(argon2.params().block_count(), fill).unwrap_or(Err(argon2::Error::OutOfMemory))?;
    Ok(output)
}

#[cfg(test)]
mod tests {
    use super::{super::arenas::Arenas, *};
    use argon2::{AssociatedData, Params, ParamsBuilder};
    use proptest::prelude::*;
    use std::{num::NonZero, time::Duration};

    async fn arena(blocks: usize) -> Arena {
        let arenas = Arenas::new(NonZero::<usize>::MIN, blocks, 0, Duration::ZERO).unwrap();
        arenas.lend().await.unwrap()
    }

    #[tokio::test] // P-11
    async fn the_hash_is_that_of_rfc_9106() {
        let (mut params, data) = (ParamsBuilder::new(), AssociatedData::new(&[4; 12]).unwrap());
        let params = params.m_cost(32).t_cost(3).p_cost(4).output_len(32).data(data).build().unwrap();
        let argon2 = Argon2::new_with_secret(&[3; 8], Algorithm::Argon2id, Version::V0x13, params).unwrap();
        let output = compute(&argon2, &[1; 32], &[2; 16], &mut arena(32).await).unwrap();
        let expected = 0x0d64_0df5_8d78_766c_08c0_37a3_4a8b_53c9_u128.to_be_bytes();
        let expected = [expected, 0xd01e_f045_2d75_b65e_b525_20e9_6b01_e659_u128.to_be_bytes()].concat();
        assert_eq!(output, expected);
    }

    #[tokio::test] // From the reference implementation's own tests.
    async fn hashes_of_the_reference_implementation_are_read() {
        for text in [
            "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
            "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
            "$argon2id$v=19$m=256,t=2,p=2$c29tZXNhbHQ$bQk8UB/VmZZF4Oo79iDXuL5/0ttZwg2f/5U52iv1cDc",
        ] {
            let stored = Stored::parse(text).unwrap();
            assert_eq!(stored.to_string(), text);
            assert_eq!(stored.compute(b"password", &mut arena(256).await).unwrap(), stored.output);
        }
    }

    #[test] // P-14
    fn what_is_malformed_or_out_of_bounds_is_refused_before_anything_is_allocated() {
        let good = "$argon2id$v=19$m=262144,t=10,p=4$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4";
        assert!(Stored::parse(good).is_ok());
        for (part, instead) in [
            ("m=262144", "m=262145"),
            ("m=262144", "m=4294967295"),
            ("m=262144", "m=99999999999"),
            ("m=262144", "m=-1"),
            ("m=262144", "m=16"),
            ("m=262144,", ""),
            ("t=10", "t=11"),
            ("t=10", "t=0"),
            ("p=4", "p=5"),
            ("p=4", "p=0"),
            ("p=4", "p=4,data=AAAA"),
            ("p=4", "p=4,keyid=AAAA"),
            ("argon2id", "argon2i"),
            ("argon2id", "argon2d"),
            ("argon2id", "scrypt"),
            ("v=19", "v=16"),
            ("v=19$", ""),
            ("c29tZXNhbHQ", "c29tc2FsdA"),
            ("$c29tZXNhbHQ", ""),
            ("$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4", ""),
            ("EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4", "EOgLrQMRAA"),
            ("$argon2id", "argon2id"),
            (good, ""),
            (good, "correct horse battery staple"),
        ] {
            assert!(good.contains(part));
            assert!(Stored::parse(&good.replacen(part, instead, 1)).is_err(), "{part} -> {instead}");
        }
        assert!(Stored::parse(&good.repeat(100_000)).is_err());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn a_used_arena_makes_no_difference(
            password: Vec<u8>, salt in prop::collection::vec(any::<u8>(), 8..48),
            memory_kib in 32..200_u32, passes in 1..4_u32, lanes in 1..5_u32, output in 16..65_usize,
        ) {
            let params = Argon2Params::bounded(memory_kib, passes, lanes).unwrap();
            let stored = Stored { params, salt: salt.clone(), output: vec![0; output] };
            let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
            let mut arena = runtime.block_on(arena(100));
            stored.compute(b"before", &mut arena).unwrap();

            let params = Params::new(memory_kib, passes, lanes, Some(output)).unwrap();
            let mut expected = vec![0; output];
            Argon2::from(params).hash_password_into(&password, &salt, &mut expected).unwrap();
            prop_assert_eq!(stored.compute(&password, &mut arena).unwrap(), expected);
        }

        #[test]
        fn no_text_panics(text in "\\PC{0,60}|[$]argon2id[$]v=19[$]m=[0-9]{1,12},t=[0-9]{1,3},p=[0-9]{1,3}[$][A-Za-z0-9+/]{0,99}") {
            prop_assert!(Stored::parse(&text).is_err());
        }
    }
}
