//! Whatever goes wrong, every call of every port ends within the patience that the store was given.
use super::{
    emulator::{Emulator, parts},
    faults::{FAULTS, delay, rule},
    things::{Things, count, guess},
};
use crate::{CosmosStore, Parts};
use auth_core::{code::*, counter::*, ports::*, session::*, value::*};
use azure_data_cosmos::fault_injection::FaultInjectionRule;
use std::{pin::Pin, sync::Arc, time::Duration};

/// Of what was not done no answer can be lost.
const LOST: &str = "ResponseTimeoutAfterService";
const PATIENCE: Duration = Duration::from_secs(2);

type Call<'a> = Pin<Box<dyn Future<Output = bool> + 'a>>;

/// Every method that asks the database, and whether it failed.
fn calls<'a>(store: &'a CosmosStore, things: &'a Things) -> Vec<(&'static str, Call<'a>)> {
    macro_rules! calls {
        ($($name:ident: $call:expr;)*) => {
            vec![$((stringify!($name), Box::pin(async move { $call.await.is_err() }) as Call<'a>)),*]
        };
    }
    let Things { user, code, session, entry, keys, document, records } = things;
    let (id, now) = (user.value.id, Timestamp(1));
    let count = count(3);
    let network = Count { crowd: Crowd::Source, ..count };
    let all = Count { crowd: Crowd::All, ..count };
    let lease = Lease { holder: 1, until: now };
    let proof_of_turn = parts().secret.refresh_proof(session.id, 0);
    let turn = Turn {
        generation: 0,
        mac: proof_of_turn.mac(&session.seed.0),
        proof: proof_of_turn,
        now,
        idle: Duration::from_hours(1),
        grace: Duration::ZERO,
    };
    let attempt = guess(code, now);
    let Attempt { id: of, kind, proof, .. } = guess(code, now);
    let renewal = Renewal { id: of, kind, proof, expires_at: now, now };
    calls! {
        users_insert: UserStore::insert(store, &user.value);
        users_by_id: UserStore::by_id(store, id);
        users_by_login: store.by_login(&user.value.login);
        users_by_email: store.by_email(&user.value.email);
        users_replace: UserStore::replace(store, user);
        users_rename: store.rename(user);
        users_delete: UserStore::delete(store, user);
        codes_create: CodeStore::create(store, code);
        codes_redeem: store.redeem(&attempt);
        codes_renew: store.renew(&renewal);
        sessions_create: SessionStore::create(store, session);
        sessions_by_id: SessionStore::by_id(store, session.id);
        sessions_turn: store.turn(session.id, &turn);
        sessions_revoke: store.revoke(session.id);
        sessions_revoke_all: store.revoke_all(id, None);
        sessions_of_user: store.of_user(id);
        counters_hit: store.hit(Standing::UnderWay(AttemptId(1)), std::slice::from_ref(&count), now);
        counters_hit_of_a_network: store.hit(Standing::UnderWay(AttemptId(2)), std::slice::from_ref(&network), now);
        counters_hit_of_all: store.hit(Standing::ForGood(AttemptId(3)), std::slice::from_ref(&all), now);
        counters_peek: store.peek(std::slice::from_ref(&count), now);
        counters_confirm: store.confirm(AttemptId(1), std::slice::from_ref(&count), now);
        counters_forgive: store.forgive(AttemptId(1), &[count.key], &[]);
        outbox_put: store.put(entry);
        outbox_lease: store.lease(lease, now, 10);
        outbox_settle: store.settle(entry.id, lease, &MailVerdict::Done);
        outbox_dead: store.dead(10);
        outbox_waiting: store.waiting();
        outbox_sweep: OutboxStore::sweep(store, now);
        keys_load: store.load();
        keys_save: store.save(keys, None);
        documents_insert: DocumentStore::insert(store, &document.value);
        documents_find: store.find(&document.value.key);
        documents_replace: DocumentStore::replace(store, document);
        documents_delete: DocumentStore::delete(store, document);
        documents_list: store.list("client", None, None, 10);
        documents_list_of_one: store.list("client", Some("ann"), None, 10);
        documents_forget: store.forget("ann");
        records_export: store.export(RecordKind::Users, None, 10);
        records_import_of_a_user: store.import(&records[0]);
        records_import_of_a_session: store.import(&records[1]);
        records_import_of_a_code: store.import(&records[2]);
        records_import_of_a_mail: store.import(&records[3]);
        records_import_of_a_document: store.import(&records[4]);
        ping: store.ping();
    }
}

async fn all_end_in_time(fault: &str, rule: &Arc<FaultInjectionRule>) {
    let database = Emulator::start().await.database(vec![rule.clone()]).await;
    let store = CosmosStore::over(&database, Parts { patience: PATIENCE, ..parts() }).await.unwrap();
    rule.enable();
    for (name, call) in calls(&store, &Things::of_a_life().await) {
        let began = now();
        let failed = call.await;
        assert!(failed || fault == LOST, "{name} succeeds under {fault}");
        let waited = now() - began;
        // A timer is a millisecond late at most.
        assert!(waited <= PATIENCE + Duration::from_millis(2), "{name} under {fault}: {waited:?}");
    }
}

#[tokio::test(start_paused = true)] // R5
async fn no_call_of_any_port_waits_longer_than_it_was_told_to() {
    all_end_in_time("silence", &delay(Duration::from_hours(1), 1.0)).await;
    for fault in FAULTS {
        all_end_in_time(&format!("{fault:?}"), &rule(fault, 1.0)).await;
    }
}

#[expect(clippy::disallowed_methods, reason = "the runtime's clock, which stands still but for timers")]
fn now() -> tokio::time::Instant {
    tokio::time::Instant::now()
}
