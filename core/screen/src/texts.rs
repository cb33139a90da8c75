//! The fixed words around the questions, per language: what the study's own document does not say.

use std::sync::LazyLock;

use serde::Deserialize;

/// Declares the words once: a language that lacks one, or has one too many, does not load.
macro_rules! texts {
    ($(#[$about:meta])* $of:ident: $($name:ident)*) => {
        $(#[$about])*
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        pub(crate) struct $of { $(pub(crate) $name: String,)* }
    };
}

texts! {
    /// The fixed words in one language. Placeholders stand in braces; see [`filled`].
    Texts:
    page_title skip_to_main
    locked_title locked_lead voice_patient voice_carer voice_staff which_role which_form words_door
    outside_hours at_handover nothing_to_ask start_again
    back next stop clear place place_only dont_know declined or_instead tick day month year hour minute from_to rank_hint
    not_here only_read add_one no_more there_are
    ward_reads begin
    check_title check_lead change no_answer hand_in
    stop_title stop_lead stop_keep stop_throw stop_later stop_go_on
    thanks_title thanks_sealed thanks_sealed_words thanks_kept thanks_thrown fine_title fine_no fine_not_now fine_no_listed fine_not_now_listed other_language give_back done
    covered_title covered_lead still_me not_me sure_title sure_lead sure_throw sure_leave
    later_title later_lead later_done words_title words_label words_hint words_open words_wrong
    talk_hidden talk_again
    error_title error_number error_decimal error_scale error_date error_time error_rank error_both error_choice error_refused
    notice_older notice_twice
    language display large_on large_off contrast_on contrast_off left_on left_off
    listen listen_stop headphones recorded no_sound_at_night
    fault_title fault_lead fault_full fault_again
    receipt_title receipt_lead receipt_none receipt_out receipt_read receipt_note kept_title kept_lead_out
    kept_lead_read kept_once kept_picture kept_no_picture kept_picture_label own_title own_look own_looking own_not_found own_no_hub own_nowhere own_taken_out
    own_heard own_heard_all own_left own_sealed own_week own_corrected own_no_change own_counted own_counted_stays own_change own_take_out own_sure_title
    own_sure_lead own_sure_yes own_sure_no check_lead_change hand_in_change stop_lead_change
    information_question thanks_waits words_count check_lead_record hand_in_record
    stop_throw_change stop_leave thanks_corrected thanks_unchanged taken_out_title taken_out_lead taken_out_counted staff_door
    date_format
    came_door came_title came_lead came_others came_day came_said came_planned came_who came_by came_done came_who_did
    came_when came_not came_not_done came_why
}

texts! {
    /// The words of the side for staff, in English.
    StaffTexts:
    back_to_start pin_title pin_label pin_hint pin_open pin_wrong pin_wrong_wait pin_wait pin_not_set roles_title
    roles_lead ways hand_over to_home home_title to_list to_numbers to_conflicts to_voices to_sync to_tablet
    unfinished_title go_on records_title look other_role said_stored said_thrown said_waiting said_noted said_settled
    said_refused list_title list_lead list_may_not list_empty list_left list_change ask_now not_asked list_add_label list_add_hint
    list_add state_not_yet state_yes state_no state_not_today state_never label_now label_drop why_title why_lead
    back_to_list numbers_title numbers_lead today_asked today_declined today_not_today today_stopped today_finished
    unnoted unfinished_count tallies_title tally none_yet talks_title talks_lead more in_conflict voices_title
    voices_lead voices_differ voices_agree voices_one voices_outcome voices_open voices_position conflicts_title conflicts_lead
    no_conflicts disputed this_holds other_value other_holds sync_title sync_goes_on sync_offline sync_failed sync_all
    sync_some sync_nothing sync_received sync_waits sync_read sync_pulled sync_hub_lost sync_refused sync_set_aside
    sync_late newer_version sync_now tablet_title tablet_label tablet_study tablet_version tablet_ward joined no_ward to_roles
    join_title join_request_lead join_fingerprint join_request join_picture join_invitation_lead join_invitation join joining
    join_offline join_stick_lead join_stick stick_title stick_lead stick_none stick_look stick_write stick_read stick_writing stick_reading
    stick_out stick_written stick_stays stick_empty stick_taken stick_more stick_troubles stick_received stick_waits
    correct correct_title correct_lead correct_to correct_now back_to_records said_corrected
}

/// A language whose words are built in, and its file.
struct BuiltIn {
    code: &'static str,
    texts: Texts,
}

static BUILT_IN: LazyLock<[BuiltIn; 3]> = LazyLock::new(|| {
    [
        ("en", include_str!("../texts/en.toml")),
        ("en-x-easyread", include_str!("../texts/en-x-easyread.toml")),
        ("pl", include_str!("../texts/pl.toml")),
    ]
    .map(|(code, file)| BuiltIn { code, texts: read(file) })
});

static OF_STAFF: LazyLock<StaffTexts> = LazyLock::new(|| read(include_str!("../texts/staff.toml")));

#[allow(clippy::expect_used, reason = "the files are compiled in, and a test reads them")]
fn read<T: for<'d> Deserialize<'d>>(file: &str) -> T {
    toml::from_str(file).expect("the words that are built in")
}

impl Texts {
    /// The words in a language; else in the language that it is a variant of; else in English.
    pub(crate) fn of(code: &str) -> &'static Texts {
        let known = |code: &str| BUILT_IN.iter().find(|known| known.code == code);
        let base = code.split('-').next().unwrap_or_default();
        &known(code).or_else(|| known(base)).unwrap_or(&BUILT_IN[0]).texts
    }
}

impl StaffTexts {
    /// The words.
    pub(crate) fn get() -> &'static StaffTexts {
        &OF_STAFF
    }
}

/// A text with its placeholders filled in. What is filled in is never looked at again.
pub(crate) fn filled(text: &str, with: &[(&str, &str)]) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(open) = rest.find('{') {
        out.push_str(&rest[..open]);
        let after = &rest[open + 1..];
        let name = after.find('}').map(|close| &after[..close]);
        match name.and_then(|name| with.iter().find(|(known, _)| *known == name)) {
            Some((known, value)) => {
                out.push_str(value);
                rest = &after[known.len() + 1..];
            }
            None => {
                out.push('{');
                rest = after;
            }
        }
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a failed step is a failed test")]
mod tests {
    use super::*;

    #[test]
    fn every_language_has_all_words_and_the_same_placeholders() {
        let files = [
            include_str!("../texts/en.toml"),
            include_str!("../texts/en-x-easyread.toml"),
            include_str!("../texts/pl.toml"),
        ];
        let holes = |text: &str| {
            let mut holes: Vec<String> =
                text.split('{').skip(1).filter_map(|part| Some(part.split_once('}')?.0.to_owned())).collect();
            holes.sort();
            holes
        };
        let [english, others @ ..] = files.map(|file| toml::from_str::<toml::Table>(file).unwrap());
        for other in others {
            for (name, text) in &english {
                let there = other.get(name).unwrap().as_str().unwrap();
                assert_eq!(holes(text.as_str().unwrap()), holes(there), "{name}");
            }
        }
        let next = |code| Texts::of(code).next.as_str();
        assert_eq!([next("pl-PL"), next("pl"), next("xx"), next("en")], ["Dalej", "Dalej", "Next", "Next"]);
        assert_eq!(Texts::of("en-x-easyread").error_title, "Something is not right");
        assert_eq!(StaffTexts::get().pin_open, "Open");
    }

    #[test]
    fn what_is_filled_in_is_not_filled_in_again() {
        assert_eq!(filled("{a} of {b}{c}", &[("a", "{b}"), ("b", "2")]), "{b} of 2{c}");
    }
}
