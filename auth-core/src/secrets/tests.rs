use super::*;
use proptest::prelude::*;

fn secret(byte: u8) -> ServerSecret {
    ServerSecret::new(&[byte; 32]).unwrap()
}

proptest! {
    #[test]
    fn what_a_token_says_is_opened_by_the_secret_that_sealed_it(text: Vec<u8>, nonce: [u8; 12]) {
        let sealed = secret(7).seal_token(nonce, Zeroizing::new(text.clone()));
        let opened = secret(7).open_token(&sealed);
        prop_assert_eq!(opened.as_deref(), Some(&text));
        prop_assert!(secret(8).open_token(&sealed).is_none());
    }

    #[test] // S-15
    fn nothing_that_is_sealed_for_one_purpose_is_opened_for_another(text: [u8; 32], nonce: [u8; 12], id in "[a-z]{0,8}") {
        let (secret, id) = (secret(7), id.as_bytes());
        // As long as the name of a session, once it is sealed.
        let token = secret.seal_token(nonce, Zeroizing::new(text[..20].to_vec()));
        prop_assert!(secret.open_session(&token.clone().try_into().unwrap()).is_none());
        prop_assert!(secret.open_mail(id, &token).is_none() && secret.open_keys(&token).is_none());
        let session = secret.seal_session(SessionId::from_bytes(text));
        let [mail, keys] = [Zeroizing::new(text.to_vec()), Zeroizing::new(text.to_vec())];
        for other in [&session[..], &secret.seal_mail(nonce, id, mail), &secret.seal_keys(nonce, keys)] {
            prop_assert!(secret.open_token(other).is_none());
            prop_assert!(secret.open_token(&[&[0; 12], other].concat()).is_none());
        }
    }

    #[test] // S-14
    fn a_token_that_was_altered_or_cut_is_dead(text: [u8; 32], nonce: [u8; 12], at in 0..60_usize, by in 1..=255_u8) {
        let secret = secret(7);
        let mut sealed = secret.seal_token(nonce, Zeroizing::new(text.to_vec()));
        prop_assert!(secret.open_token(&sealed[..at]).is_none() && secret.open_token(&sealed[at + 1..]).is_none());
        prop_assert!(secret.open_token(&[&sealed[..], &[by]].concat()).is_none());
        sealed[at] ^= by;
        prop_assert!(secret.open_token(&sealed).is_none());
    }
}
