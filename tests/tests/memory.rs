//! Memory: what sixty-four logins at once may take, with hashes of the real size.
use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};
use tests::*;

const LOGINS: usize = 64;
const MIB: u64 = 1_024;

#[tokio::test(flavor = "multi_thread")] // P-16, P-26, R6
async fn sixty_four_logins_at_once_stay_within_bounds_and_me_is_answered() {
    let arenas = 2;
    let settings = Settings::default().unset("ARGON2_MEMORY_KIB").unset("ARGON2_PASSES");
    let server = settings.set("ARGON2_ARENAS", &arenas.to_string()).start().await;
    let idle = server.status("VmRSS");
    let ann = Person::new("ann");
    let tokens = ann.arrive(&server).await;

    let storm_is_over = Arc::new(AtomicBool::new(false));
    let checks = tokio::spawn({
        let (api, over) = (server.another_api(), storm_is_over.clone());
        async move {
            let mut answered = 0;
            while !over.load(Ordering::Relaxed) {
                let _ = api.me(&tokens.access).await.expect(200);
                answered += 1;
            }
            answered
        }
    });
    let logins = together(LOGINS, |_| {
        let (api, ann) = (server.another_api(), ann.clone());
        async move { api.login(&ann.login, &ann.password).await }
    });
    let logins = logins.await;
    storm_is_over.store(true, Ordering::Relaxed);
    let checked = checks.await.expect("every check is answered");

    let let_in = logins.iter().filter(|answer| answer.status == 200).count();
    for answer in logins.iter().filter(|answer| answer.status != 200) {
        assert_eq!(answer.status, 503, "{answer}"); // P-26
        assert!(answer.header("retry-after").parse::<u64>().is_ok_and(|seconds| seconds > 0));
    }
    // How many, before their patience was at an end, is a matter of the machine.
    assert!(let_in > 0, "nobody was let in");
    assert!(checked > let_in, "{checked} checks beside {let_in} logins: they waited for hashes");
    let (peak, bound) = (server.status("VmHWM"), idle + 19 * MIB * arenas + 30 * MIB);
    assert!(peak <= bound, "{peak} KiB at the peak, {idle} KiB idle, {bound} KiB allowed");
}
