//! Every clause of the contract fails on a store that is broken in the way that the clause is about, and passes on the
//! same store unbroken. Calls take turns on one thread, so what races here does so in the same way each time.
use auth_core::testing::{Broken, Fault, contract};
use std::{future::Future, sync::Arc};

/// One test for each clause, and one that says that none is left out.
macro_rules! bites {
    ($port:ident $([$($more:literal),+])? { $($clause:ident: $($fault:ident)|+,)* }) => {
        mod $port {
            use super::*;

            #[test]
            fn every_clause_is_here() {
                assert_eq!(contract::$port::CLAUSES, [$(stringify!($clause)),*]);
                let written = [
                    include_str!(concat!("../src/testing/contract/", stringify!($port), ".rs")),
                    $($(include_str!(concat!("../src/testing/contract/", $more)),)+)?
                ];
                assert_eq!(contract::$port::CLAUSES.len(), written.concat().matches("\npub async fn ").count());
            }

            $(#[test]
            fn $clause() {
                let holds = |fault| holds(contract::$port::$clause(Arc::new(Broken::new(fault))));
                assert!(holds(Fault::None), "it fails on a store that is not broken");
                for fault in [$(Fault::$fault),+] {
                    assert!(!holds(fault), "it does not notice {fault:?}");
                }
            })*
        }
    };
}

bites! { users ["users/renames.rs", "users/deletions.rs"] {
    an_account_is_found_by_its_own_names: FindsAnybody,
    an_account_is_found_by_a_login_that_looks_alike: LoginByItsText,
    an_account_is_found_by_its_email_in_another_case: EmailByItsText,
    an_account_is_kept_whole: LosesAField,
    a_changed_account_is_kept_whole: LosesAField,
    a_login_and_an_email_have_one_owner: LoginByItsText | EmailByItsText,
    of_several_reasons_the_first_counts: EmailFirst,
    a_refused_account_leaves_nothing: LeavesAClaim,
    an_id_is_inserted_once: Overwrites,
    one_of_many_racers_gets_the_login: TwoSteps | ChecksThenWrites,
    one_of_many_racers_gets_the_email: TwoSteps | ChecksThenWrites,
    one_of_many_racers_gets_the_id: TwoSteps | ChecksThenWrites,
    a_stale_write_is_refused_and_changes_nothing: IgnoresTheRevision,
    one_of_many_racing_writes_wins: TwoSteps | IgnoresTheRevision,
    an_unknown_account_is_not_replaced: Overwrites,
    no_change_among_racers_is_lost: TwoSteps,
    a_renamed_account_is_found_by_its_new_names_alone: WritesNothing | LosesAField | KeepsTheOldNames,
    names_that_were_given_up_are_free: KeepsTheOldNames,
    a_taken_name_is_refused_and_changes_nothing: LoginByItsText | EmailByItsText | LeavesAClaim,
    of_several_reasons_a_rename_gives_the_first: EmailFirst | IgnoresTheRevision,
    an_account_may_write_its_own_names_in_another_way: TakenFromItself | EmailFirst,
    a_stale_rename_is_refused_and_changes_nothing: IgnoresTheRevision,
    an_unknown_account_is_not_renamed: Overwrites,
    one_of_many_renames_gets_the_login: TwoSteps | ChecksThenWrites,
    one_of_many_renames_gets_the_email: TwoSteps | ChecksThenWrites,
    one_of_many_renames_and_inserts_gets_the_login: TwoSteps | ChecksThenWrites,
    one_of_many_renames_and_inserts_gets_the_email: TwoSteps | ChecksThenWrites,
    one_of_many_racing_renames_of_an_account_wins: TwoSteps | IgnoresTheRevision,
    names_that_are_given_up_and_taken_back_are_kept: TwoSteps | KeepsTheOldNames,
    a_deleted_account_is_found_by_nothing_and_its_names_are_free: WritesNothing | KeepsTheOldNames,
    a_deleted_id_is_never_used_again: ForgetsTheDeleted,
    a_stale_delete_is_refused_and_changes_nothing: IgnoresTheRevision,
    what_is_written_after_the_end_is_stale: Overwrites,
    one_of_many_racing_deletes_and_writes_wins: TwoSteps | IgnoresTheRevision,
} }

bites! { codes {
    a_code_is_accepted_once: WritesNothing,
    a_code_is_kept_whole: LosesAField,
    a_code_expires_at_the_very_second: OneSecondLate | OneSecondEarly,
    wrong_guesses_use_up_the_tries_and_no_more: WritesSuccessAlone | CountsTwice | ComparesFirst,
    what_is_no_guess_costs_no_try_and_wants_none: CountsAnything,
    one_of_many_racers_is_accepted: TwoSteps,
    racing_guesses_are_each_counted_once: TwoSteps | CountsTwice,
    a_newer_code_takes_the_slot_of_the_older: KeepsTheOlder,
    each_subject_and_kind_has_a_slot_of_its_own: OneSlot,
    another_id_of_the_subject_is_refused_and_costs_no_try: HalfTheId,
    a_code_of_another_kind_is_refused: AnyKind,
    a_code_under_another_secret_is_refused_and_costs_no_try: AnySecret,
    a_renewed_code_has_new_digits_and_new_tries: WritesNothing,
    a_renewed_code_does_not_outlive_what_it_is_kept_for: RenewsForEver,
    a_renewal_of_what_is_not_there_is_refused: HalfTheId | AnyKind | OneSecondLate,
    a_code_that_is_still_kept_is_not_swept: SweepsTheExpired | OneSecondEarly,
} }

bites! { sessions {
    a_session_is_kept_whole: LosesAField,
    a_turn_moves_on_and_answers_the_session_as_it_is_now: WritesNothing | AnswersThePast,
    a_session_ends_on_time: OneSecondLate | OneSecondEarly,
    the_token_before_gets_the_same_successor_within_the_grace: NoGrace,
    the_token_before_ends_the_session_after_the_grace: EndlessGrace | WritesSuccessAlone,
    an_older_token_ends_the_session: WritesSuccessAlone,
    a_wrong_mac_neither_turns_nor_ends_a_session: AnyMac,
    one_of_many_racers_turns: TwoSteps,
    a_revoked_session_stays_gone: WritesNothing,
    no_racing_turn_revives_a_revoked_session: TwoSteps,
    all_sessions_of_a_user_but_one_are_revoked: WritesNothing | SparesNobody,
    only_sessions_of_that_user_are_revoked: Everybodys,
    an_unknown_session_is_refused: HalfTheId,
    own_sessions_are_listed_oldest_first: NewestFirst | Everybodys,
    a_live_session_is_not_swept: OneSecondEarly,
} }

bites! { counters {
    hits_are_allowed_up_to_the_limit: OneMore | WholeWindow,
    a_hit_counts_until_its_window_is_over: OneSecondLate,
    a_limited_hit_does_not_prolong_the_wait: ProlongsTheWindow,
    above_a_limit_with_a_pause_each_pause_is_longer: NoPause,
    each_key_has_a_counter_of_its_own: OneCounter,
    counters_of_one_group_share_no_limit: OneName | OneCounter,
    same_named_counters_of_two_groups_share_no_limit: OneGroup | OneCounter,
    the_longest_wait_of_several_answers: FirstAnswers,
    what_one_limit_refuses_uses_up_no_other: CountsOn,
    an_attempt_counts_once: CountsAgain,
    a_look_sees_what_is_counted: LooksAway,
    a_look_counts_nothing: LookingCounts,
    no_more_racers_are_allowed_than_the_limit: TwoSteps,
    a_forgotten_counter_begins_anew: WritesNothing,
    an_undone_hit_is_free_again: WritesNothing,
    only_what_the_attempt_has_counted_is_undone: UndoesAnything,
    a_counter_that_still_counts_is_not_swept: OneSecondEarly,
    an_attempt_under_way_counts_for_a_minute: NeverLapses | CountsOnlyTheWrong | OneSecondLate | OneSecondEarly,
    a_confirmed_attempt_counts_for_its_window: WritesNothing | ConfirmsOne,
    confirming_twice_counts_once: ConfirmsAnew,
    what_has_lapsed_is_counted_anew_when_it_is_confirmed: LosesTheLapsed | AsksTheRule,
    whoever_counts_alone_is_told_so: SaysAlone | NeverAlone | NeverLapses,
    no_more_racers_under_way_are_allowed_than_the_limit: TwoSteps | CountsOnlyTheWrong,
    no_more_racers_of_a_crowd_are_allowed_than_the_limit: TwoSteps | CountsOnlyTheWrong,
    what_is_confirmed_on_a_source_counts: WritesNothing | ConfirmsOne,
} }

bites! { outbox {
    an_entry_is_leased_whole: LosesAField,
    an_entry_put_twice_is_there_once: Overwrites,
    an_entry_is_not_leased_before_it_is_due: OneSecondEarly | OneSecondLate,
    an_entry_put_off_by_a_clock_that_was_ahead_is_due: OneSecondEarly | OneSecondLate,
    the_most_overdue_are_leased_first_up_to_the_limit: NewestFirst | IgnoresTheLimit,
    a_leased_entry_is_nobody_elses_until_the_lease_runs_out: IgnoresLeases | CountsNoAttempt | OneSecondEarly,
    a_lease_that_is_held_runs_on: WritesNothing | AnyVerdict | OneSecondEarly,
    each_entry_goes_to_one_of_many_racing_workers: TwoSteps,
    a_delivered_entry_is_forgotten: WritesNothing | KeepsTheDelivered,
    a_delayed_entry_comes_back_at_its_time: LaterIsNow | OneSecondLate,
    a_dead_entry_is_never_leased_again: RaisesTheDead,
    dead_entries_are_listed_oldest_first_up_to_the_limit: NewestFirst | IgnoresTheLimit,
    a_verdict_after_a_lost_lease_changes_nothing: AnyVerdict,
    the_second_verdict_is_lost: AnyVerdict,
    one_of_many_racing_verdicts_counts: TwoSteps,
    only_what_is_to_be_delivered_is_waiting: RaisesTheDead | KeepsTheDelivered,
    only_dead_entries_that_expired_before_are_swept: SweepsNothing | OneSecondEarly,
} }

/// Whether a clause comes to its end. That of one that fails is a panic, on this very thread: the test that expects it
/// keeps its words to itself.
fn holds(clause: impl Future<Output = ()> + Send + 'static) -> bool {
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    runtime.block_on(async { tokio::spawn(clause).await.is_ok() })
}

bites! { keys {
    keys_are_kept_whole: LosesAField | WritesNothing,
    a_stale_set_is_refused_and_changes_nothing: IgnoresTheRevision | Overwrites,
    where_no_keys_are_none_are_written_over: Overwrites,
    the_same_keys_again_are_there: RefusesAgain,
    one_of_many_first_sets_is_kept: TwoSteps | Overwrites,
    one_of_many_racing_sets_wins: TwoSteps | IgnoresTheRevision,
    no_rotation_among_racers_is_lost: TwoSteps,
} }

bites! { documents {
    a_document_is_kept_whole: LosesAField,
    a_key_is_inserted_once: Overwrites,
    one_of_many_racing_inserts_wins: TwoSteps | Overwrites,
    a_document_that_has_changed_is_not_written_over: IgnoresTheRevision,
    a_document_that_is_not_there_is_neither_replaced_nor_deleted: Overwrites | HalfTheId,
    one_of_many_racing_replaces_wins: TwoSteps | IgnoresTheRevision,
    a_document_is_deleted_once: WritesNothing,
    a_document_that_has_changed_is_not_deleted: IgnoresTheRevision,
    one_of_many_racing_deletes_wins: TwoSteps | WritesNothing,
    of_racing_deletes_and_replaces_one_wins: TwoSteps | IgnoresTheRevision,
    what_is_inserted_anew_is_not_what_was_read_before: RepeatsTheRevision | IgnoresTheRevision,
    keys_that_differ_in_one_part_are_different: OneSlot | OneOwner | HalfTheId,
    documents_are_listed_by_kind_and_owner: Everybodys | AnyKind,
    pages_give_each_document_once: SkipsARecord | ExportsTwice | IgnoresTheLimit,
    all_of_an_owner_are_forgotten_and_nothing_else: WritesNothing | Everybodys,
    what_has_not_expired_is_not_swept: OneSecondEarly | SweepsTheEndless,
    no_change_of_a_document_among_racers_is_lost: TwoSteps,
} }

bites! { records {
    every_record_is_exported_once_and_whole: LosesAField | SkipsARecord | ExportsTwice | CountsOneMore,
    what_has_ended_is_not_exported: KeepsTheDelivered | WritesNothing,
    an_imported_account_has_its_names: WritesNothing | LosesAField | ForgetsTheDeleted,
    what_was_imported_goes_on_where_it_was: WritesNothing | LosesAField,
    importing_again_changes_nothing: RefusesAgain,
    what_is_there_is_not_written_over: Overwrites,
    a_record_that_many_import_is_there_once: RefusesAgain,
    one_of_many_imports_gets_the_login: TwoSteps,
} }
