//! What every store promises. A clause is a function over any store; [`contract!`](crate::contract) makes a test of each.
//!
//! An adapter writes one line for each port that it implements, and has every clause, later ones too:
//!
//! ```
//! # struct MyStore;
//! # impl MyStore { async fn in_a_new_folder() -> auth_core::testing::Memory { Default::default() } }
//! auth_core::contract!(users: MyStore::in_a_new_folder().await);
//! auth_core::contract!(codes: MyStore::in_a_new_folder().await);
//! ```
//!
//! That each clause bites is shown on [`Broken`](super::Broken) stores.

pub mod codes;
pub mod counters;
pub mod documents;
pub mod keys;
pub mod outbox;
pub mod records;
pub mod sessions;
pub mod users;

use crate::{secrets::ServerSecret, value::Timestamp};
use serde::Serialize;
use std::{future::Future, sync::Arc, time::Duration};
use tokio::{sync::Barrier, task::JoinSet};

/// Makes one test of each clause for one port, each on a store of its own.
///
/// The expression is evaluated in an async function, once for each test, and gives a store. It may `.await`, and what is
/// borrowed in it lives until the clause has ended, so a folder is gone with its test:
/// `contract!(users: open(&tempdir().unwrap()))`. The caller's crate needs tokio with `macros` and `rt-multi-thread`
/// among its dev-dependencies.
///
/// Inside an async function `contract!(each users: ...)` runs one clause after the other instead, for a test that asks them
/// again under other circumstances.
///
/// The list of clauses is here alone, so an adapter can neither forget one nor switch it off.
#[macro_export]
macro_rules! contract {
    ($port:ident: $make:expr) => { $crate::contract! { @clauses $port tests $make } };
    (each $port:ident: $make:expr) => { $crate::contract! { @clauses $port each $make } };

    (@clauses users $then:ident $($make:expr)?) => { $crate::contract! { @$then users [$($make)?]
        an_account_is_found_by_its_own_names
        an_account_is_found_by_a_login_that_looks_alike
        an_account_is_found_by_its_email_in_another_case
        an_account_is_kept_whole
        a_changed_account_is_kept_whole
        a_login_and_an_email_have_one_owner // K-16
        of_several_reasons_the_first_counts
        a_refused_account_leaves_nothing
        an_id_is_inserted_once
        one_of_many_racers_gets_the_login // K-22
        one_of_many_racers_gets_the_email // K-22
        one_of_many_racers_gets_the_id // K-22
        a_stale_write_is_refused_and_changes_nothing
        one_of_many_racing_writes_wins
        an_unknown_account_is_not_replaced
        no_change_among_racers_is_lost
        a_renamed_account_is_found_by_its_new_names_alone
        names_that_were_given_up_are_free
        a_taken_name_is_refused_and_changes_nothing // K-16
        of_several_reasons_a_rename_gives_the_first
        an_account_may_write_its_own_names_in_another_way
        a_stale_rename_is_refused_and_changes_nothing
        an_unknown_account_is_not_renamed
        one_of_many_renames_gets_the_login
        one_of_many_renames_gets_the_email
        one_of_many_renames_and_inserts_gets_the_login // K-22
        one_of_many_renames_and_inserts_gets_the_email // K-22
        one_of_many_racing_renames_of_an_account_wins
        names_that_are_given_up_and_taken_back_are_kept
        a_deleted_account_is_found_by_nothing_and_its_names_are_free
        a_deleted_id_is_never_used_again // K-30
        a_stale_delete_is_refused_and_changes_nothing
        what_is_written_after_the_end_is_stale
        one_of_many_racing_deletes_and_writes_wins
    } };
    (@clauses codes $then:ident $($make:expr)?) => { $crate::contract! { @$then codes [$($make)?]
        a_code_is_accepted_once // K-03
        a_code_is_kept_whole
        a_code_expires_at_the_very_second // K-02
        wrong_guesses_use_up_the_tries_and_no_more // K-04
        what_is_no_guess_costs_no_try_and_wants_none // K-33
        one_of_many_racers_is_accepted // K-03
        racing_guesses_are_each_counted_once // K-04
        a_newer_code_takes_the_slot_of_the_older // K-05
        each_subject_and_kind_has_a_slot_of_its_own
        another_id_of_the_subject_is_refused_and_costs_no_try // K-33
        a_code_of_another_kind_is_refused // K-07
        a_code_under_another_secret_is_refused_and_costs_no_try // K-08
        a_renewed_code_has_new_digits_and_new_tries
        a_renewed_code_does_not_outlive_what_it_is_kept_for
        a_renewal_of_what_is_not_there_is_refused
        a_code_that_is_still_kept_is_not_swept
    } };
    (@clauses sessions $then:ident $($make:expr)?) => { $crate::contract! { @$then sessions [$($make)?]
        a_session_is_kept_whole
        a_turn_moves_on_and_answers_the_session_as_it_is_now
        a_session_ends_on_time // S-03, S-20
        the_token_before_gets_the_same_successor_within_the_grace // S-17
        the_token_before_ends_the_session_after_the_grace // S-16
        an_older_token_ends_the_session // S-16
        a_wrong_mac_neither_turns_nor_ends_a_session
        one_of_many_racers_turns // S-17
        a_revoked_session_stays_gone // S-04, S-26
        no_racing_turn_revives_a_revoked_session // S-05
        all_sessions_of_a_user_but_one_are_revoked // S-05
        only_sessions_of_that_user_are_revoked
        an_unknown_session_is_refused
        own_sessions_are_listed_oldest_first // S-06
        a_live_session_is_not_swept
    } };
    (@clauses counters $then:ident $($make:expr)?) => { $crate::contract! { @$then counters [$($make)?]
        hits_are_allowed_up_to_the_limit // P-26
        a_hit_counts_until_its_window_is_over
        a_limited_hit_does_not_prolong_the_wait
        above_a_limit_with_a_pause_each_pause_is_longer // P-19
        each_key_has_a_counter_of_its_own
        counters_of_one_group_share_no_limit
        same_named_counters_of_two_groups_share_no_limit
        the_longest_wait_of_several_answers
        what_one_limit_refuses_uses_up_no_other
        an_attempt_counts_once
        a_look_sees_what_is_counted
        a_look_counts_nothing
        no_more_racers_are_allowed_than_the_limit // P-21
        a_forgotten_counter_begins_anew // P-23
        an_undone_hit_is_free_again
        only_what_the_attempt_has_counted_is_undone
        a_counter_that_still_counts_is_not_swept
        an_attempt_under_way_counts_for_a_minute
        a_confirmed_attempt_counts_for_its_window // P-21
        confirming_twice_counts_once
        what_has_lapsed_is_counted_anew_when_it_is_confirmed // P-21
        whoever_counts_alone_is_told_so
        no_more_racers_under_way_are_allowed_than_the_limit // P-21
        no_more_racers_of_a_crowd_are_allowed_than_the_limit // P-21
        what_is_confirmed_on_a_source_counts // P-21
    } };
    (@clauses outbox $then:ident $($make:expr)?) => { $crate::contract! { @$then outbox [$($make)?]
        an_entry_is_leased_whole
        an_entry_put_twice_is_there_once
        an_entry_is_not_leased_before_it_is_due
        an_entry_put_off_by_a_clock_that_was_ahead_is_due // R4
        the_most_overdue_are_leased_first_up_to_the_limit
        a_leased_entry_is_nobody_elses_until_the_lease_runs_out
        a_lease_that_is_held_runs_on
        each_entry_goes_to_one_of_many_racing_workers // K-31
        a_delivered_entry_is_forgotten
        a_delayed_entry_comes_back_at_its_time // K-31
        a_dead_entry_is_never_leased_again // K-31
        dead_entries_are_listed_oldest_first_up_to_the_limit
        a_verdict_after_a_lost_lease_changes_nothing
        the_second_verdict_is_lost
        one_of_many_racing_verdicts_counts
        only_what_is_to_be_delivered_is_waiting
        only_dead_entries_that_expired_before_are_swept
    } };

    (@clauses keys $then:ident $($make:expr)?) => { $crate::contract! { @$then keys [$($make)?]
        keys_are_kept_whole
        a_stale_set_is_refused_and_changes_nothing
        where_no_keys_are_none_are_written_over
        the_same_keys_again_are_there
        one_of_many_first_sets_is_kept // S-21
        one_of_many_racing_sets_wins // S-21
        no_rotation_among_racers_is_lost // S-21
    } };
    (@clauses documents $then:ident $($make:expr)?) => { $crate::contract! { @$then documents [$($make)?]
        a_document_is_kept_whole
        a_key_is_inserted_once
        one_of_many_racing_inserts_wins
        a_document_that_has_changed_is_not_written_over
        a_document_that_is_not_there_is_neither_replaced_nor_deleted
        one_of_many_racing_replaces_wins
        a_document_is_deleted_once
        a_document_that_has_changed_is_not_deleted
        one_of_many_racing_deletes_wins
        of_racing_deletes_and_replaces_one_wins
        what_is_inserted_anew_is_not_what_was_read_before
        keys_that_differ_in_one_part_are_different
        documents_are_listed_by_kind_and_owner
        pages_give_each_document_once
        all_of_an_owner_are_forgotten_and_nothing_else
        what_has_not_expired_is_not_swept
        no_change_of_a_document_among_racers_is_lost
    } };
    (@clauses records $then:ident $($make:expr)?) => { $crate::contract! { @$then records [$($make)?]
        every_record_is_exported_once_and_whole
        what_has_ended_is_not_exported // S-04, K-31
        an_imported_account_has_its_names // K-16
        what_was_imported_goes_on_where_it_was // S-17, K-03, K-04, P-21, K-31
        importing_again_changes_nothing
        what_is_there_is_not_written_over
        a_record_that_many_import_is_there_once
        one_of_many_imports_gets_the_login // K-16
    } };

    (@tests $port:ident [$make:expr] $($clause:ident)*) => { $(
        #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
        async fn $clause() {
            $crate::testing::contract::$port::$clause(std::sync::Arc::new($make)).await;
        }
    )* };
    (@each $port:ident [$make:expr] $($clause:ident)*) => {
        // Boxed, each and all of them: in one future they are too large for a stack.
        Box::pin(async { $(
            Box::pin(async { $crate::testing::contract::$port::$clause(std::sync::Arc::new($make)).await }).await;
        )* }).await;
    };
    (@names $port:ident [] $($clause:ident)*) => { &[$(stringify!($clause)),*] };
}

/// When the clauses play: far ahead, so that a store which forgets by the system's clock forgets nothing meanwhile, and
/// more seconds than 32 bits hold.
const NOW: Timestamp = Timestamp(3_000_000_000);
const SECOND: Duration = Duration::from_secs(1);
const RACERS: usize = 16;

/// The last second before.
fn before(end: Timestamp) -> Timestamp {
    Timestamp(end.0 - 1)
}

/// The server's secret, as far as the clauses know it.
fn secret() -> ServerSecret {
    ServerSecret::new(&[7; 32]).expect("32 bytes")
}

/// All of a record as it would be written down: logins and e-mails are equal by their keys alone, and more is promised.
fn whole<T: Serialize>(record: &T) -> serde_json::Value {
    serde_json::to_value(record).expect("a record is plain data")
}

/// Sixteen callers at one gate, and what each was answered.
async fn race<T, F>(caller: impl Fn(usize) -> F) -> Vec<T>
where
    T: Send + 'static,
    F: Future<Output = T> + Send + 'static,
{
    let gate = Arc::new(Barrier::new(RACERS));
    let mut racers = JoinSet::new();
    for n in 0..RACERS {
        let (gate, run) = (gate.clone(), caller(n));
        racers.spawn(async move {
            gate.wait().await;
            run.await
        });
    }
    racers.join_all().await
}

/// How many of the answers are this one.
fn count<T: PartialEq>(answers: &[T], answer: &T) -> usize {
    answers.iter().filter(|other| *other == answer).count()
}
