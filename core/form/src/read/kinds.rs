//! The type column: what a row is, in the spellings of twenty years of forms.

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::ItemKind;
use crate::item::Stamp;

/// What a survey row is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum RowKind {
    BeginGroup,
    EndGroup,
    BeginRepeat,
    EndRepeat,
    /// The rows up to the matching end, once for each choice of the list.
    BeginLoop(Option<String>),
    EndLoop,
    Item(ItemKind),
    /// A type that says what a number may be: its kind, and the constraint it stands for.
    Constrained(ItemKind, &'static str),
    /// A select or rank.
    Select(Select),
    /// `start`, `end`, `today`.
    Metadata(Stamp),
    /// Metadata that is accepted and never filled; why.
    Unfilled(&'static str),
    /// How the form was filled in: accepted, never kept.
    Audit,
    /// A recording made while the form is filled in: accepted, never kept.
    BackgroundAudio,
    /// A place taken when another question is answered: accepted, never filled.
    BackgroundGeopoint,
    /// A file that expressions look things up in; its ending.
    External(&'static str),
    /// A setting written on the survey sheet: the value is in the name column.
    Setting(&'static str),
    /// A type that XLSForm has and this engine does not, and what to do instead.
    Refused(&'static str),
    /// No type of XLSForm.
    Unknown,
}

/// A question with choices.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Select {
    pub(crate) kind: ItemKind,
    pub(crate) from: ChoicesFrom,
    /// A list, a file, or `${name}`, as written.
    pub(crate) list: String,
    pub(crate) or_other: bool,
}

/// Where a select has its choices.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ChoicesFrom {
    Choices,
    ExternalChoices,
    File,
    Answers,
}

const IDENTIFYING: &str = "It would tie answers to a person or device, so it stays empty.";
/// Why what records without being seen stays empty.
pub(super) const UNSEEN: &str = "It would record without being seen, so it stays empty.";
const NO_MAPS: &str = "Ask in words, or take the row out.";

/// By the type in lower case, `_` between words as space: what it is, and how it is written today if otherwise.
static PLAIN: LazyLock<HashMap<&'static str, (RowKind, Option<&'static str>)>> = LazyLock::new(|| {
    use ItemKind as K;
    use RowKind::{
        Audit, BackgroundAudio, BackgroundGeopoint, Constrained, External, Item, Metadata, Refused, Setting,
        Unfilled,
    };
    const UP_TO_31: &str = "0 <= . and . <= 31";
    let now = |name, kind| (name, (kind, None));
    let old = |name, kind, today| (name, (kind, Some(today)));
    HashMap::from([
        now("begin group", RowKind::BeginGroup),
        now("end group", RowKind::EndGroup),
        now("begin repeat", RowKind::BeginRepeat),
        now("end repeat", RowKind::EndRepeat),
        old("begin lgroup", RowKind::BeginRepeat, "begin_repeat"),
        old("end lgroup", RowKind::EndRepeat, "end_repeat"),
        old("begin looped group", RowKind::BeginRepeat, "begin_repeat"),
        old("end looped group", RowKind::EndRepeat, "end_repeat"),
        now("end loop", RowKind::EndLoop),
        now("text", Item(K::Text)),
        old("string", Item(K::Text), "text"),
        old("q string", Item(K::Text), "text"),
        old("add text prompt", Item(K::Text), "text"),
        now("integer", Item(K::Integer)),
        old("int", Item(K::Integer), "integer"),
        old("q int", Item(K::Integer), "integer"),
        old("add integer prompt", Item(K::Integer), "integer"),
        old("percentage", Constrained(K::Integer, "0 <= . and . <= 100"), "integer"),
        old("number of days in last month", Constrained(K::Integer, UP_TO_31), "integer"),
        old("number of days in last six months", Constrained(K::Integer, "0 <= . and . <= 183"), "integer"),
        old("number of days in last year", Constrained(K::Integer, "0 <= . and . <= 365"), "integer"),
        old("phone number", Constrained(K::Text, "regex(., '^\\d*$')"), "text"),
        now("decimal", Item(K::Decimal)),
        old("q decimal", Item(K::Decimal), "decimal"),
        old("add decimal prompt", Item(K::Decimal), "decimal"),
        now("date", Item(K::Date)),
        old("q date", Item(K::Date), "date"),
        old("add date prompt", Item(K::Date), "date"),
        now("time", Item(K::Time)),
        now("datetime", Item(K::DateTime)),
        old("date time", Item(K::DateTime), "dateTime"),
        old("q datetime", Item(K::DateTime), "dateTime"),
        old("q date time", Item(K::DateTime), "dateTime"),
        old("add datetime prompt", Item(K::DateTime), "dateTime"),
        old("add date time prompt", Item(K::DateTime), "dateTime"),
        now("note", Item(K::Note)),
        old("q note", Item(K::Note), "note"),
        old("add note prompt", Item(K::Note), "note"),
        now("calculate", Item(K::Calculate)),
        old("q calculate", Item(K::Calculate), "calculate"),
        old("add calculate prompt", Item(K::Calculate), "calculate"),
        now("hidden", Item(K::Hidden)),
        now("range", Item(K::Range)),
        now("acknowledge", Item(K::Acknowledge)),
        now("trigger", Item(K::Acknowledge)),
        old("q acknowledge", Item(K::Acknowledge), "acknowledge"),
        old("add acknowledge prompt", Item(K::Acknowledge), "acknowledge"),
        now("barcode", Item(K::Text)),
        old("q barcode", Item(K::Text), "barcode"),
        old("add barcode prompt", Item(K::Text), "barcode"),
        now("geopoint", Item(K::Geopoint)),
        old("gps", Item(K::Geopoint), "geopoint"),
        old("location", Item(K::Geopoint), "geopoint"),
        old("q geopoint", Item(K::Geopoint), "geopoint"),
        old("q location", Item(K::Geopoint), "geopoint"),
        old("add location prompt", Item(K::Geopoint), "geopoint"),
        now("geotrace", Item(K::Geotrace)),
        old("q geotrace", Item(K::Geotrace), "geotrace"),
        now("geoshape", Item(K::Geoshape)),
        old("q geoshape", Item(K::Geoshape), "geoshape"),
        now("image", Item(K::Image)),
        old("photo", Item(K::Image), "image"),
        old("q image", Item(K::Image), "image"),
        old("q picture", Item(K::Image), "image"),
        old("add image prompt", Item(K::Image), "image"),
        old("add photo prompt", Item(K::Image), "image"),
        now("audio", Item(K::Audio)),
        old("q audio", Item(K::Audio), "audio"),
        old("add audio prompt", Item(K::Audio), "audio"),
        now("video", Item(K::Video)),
        old("q video", Item(K::Video), "video"),
        old("add video prompt", Item(K::Video), "video"),
        now("file", Item(K::File)),
        old("add file prompt", Item(K::File), "file"),
        now("start", Metadata(Stamp::Start)),
        old("start time", Metadata(Stamp::Start), "start"),
        old("get start time", Metadata(Stamp::Start), "start"),
        now("end", Metadata(Stamp::End)),
        old("end time", Metadata(Stamp::End), "end"),
        old("get end time", Metadata(Stamp::End), "end"),
        now("today", Metadata(Stamp::Today)),
        old("get today", Metadata(Stamp::Today), "today"),
        now("deviceid", Unfilled(IDENTIFYING)),
        now("device id", Unfilled(IDENTIFYING)),
        now("get device id", Unfilled(IDENTIFYING)),
        now("uri:deviceid", Unfilled(IDENTIFYING)),
        now("imei", Unfilled(IDENTIFYING)),
        now("username", Unfilled(IDENTIFYING)),
        now("uri:username", Unfilled(IDENTIFYING)),
        now("email", Unfilled(IDENTIFYING)),
        now("uri:email", Unfilled(IDENTIFYING)),
        now("phonenumber", Unfilled(IDENTIFYING)),
        now("uri:phonenumber", Unfilled(IDENTIFYING)),
        now("get phone number", Unfilled(IDENTIFYING)),
        now("simserial", Unfilled(IDENTIFYING)),
        now("sim id", Unfilled(IDENTIFYING)),
        now("get sim id", Unfilled(IDENTIFYING)),
        now("uri:simserial", Unfilled(IDENTIFYING)),
        now("subscriberid", Unfilled(IDENTIFYING)),
        now("subscriber id", Unfilled(IDENTIFYING)),
        now("get subscriber id", Unfilled(IDENTIFYING)),
        now("uri:subscriberid", Unfilled(IDENTIFYING)),
        now("start-geopoint", Unfilled(UNSEEN)),
        now("background-audio", BackgroundAudio),
        now("background-geopoint", BackgroundGeopoint),
        now("audit", Audit),
        now("csv-external", External("csv")),
        now("xml-external", External("xml")),
        now("osm", Refused(NO_MAPS)),
        now("set form title", Setting("form_title")),
        now("set form id", Setting("form_id")),
    ])
});

/// Words of a command and what it begins; the longer first where one begins another.
const SELECTS: &[(&[&str], ItemKind, ChoicesFrom)] = &[
    (&["add", "select", "one", "prompt", "using"], ItemKind::SelectOne, ChoicesFrom::Choices),
    (&["add", "select", "multiple", "prompt", "using"], ItemKind::SelectMultiple, ChoicesFrom::Choices),
    (&["select", "all", "that", "apply", "from"], ItemKind::SelectMultiple, ChoicesFrom::Choices),
    (&["select", "all", "that", "apply"], ItemKind::SelectMultiple, ChoicesFrom::Choices),
    (&["select", "one", "from", "file"], ItemKind::SelectOne, ChoicesFrom::File),
    (&["select", "multiple", "from", "file"], ItemKind::SelectMultiple, ChoicesFrom::File),
    (&["select", "one", "external"], ItemKind::SelectOne, ChoicesFrom::ExternalChoices),
    (&["select", "one", "from"], ItemKind::SelectOne, ChoicesFrom::Choices),
    (&["select", "one", "using"], ItemKind::SelectOne, ChoicesFrom::Choices),
    (&["select", "multiple", "from"], ItemKind::SelectMultiple, ChoicesFrom::Choices),
    (&["select", "multiple", "using"], ItemKind::SelectMultiple, ChoicesFrom::Choices),
    (&["select", "one"], ItemKind::SelectOne, ChoicesFrom::Choices),
    (&["select", "multiple"], ItemKind::SelectMultiple, ChoicesFrom::Choices),
    (&["select1"], ItemKind::SelectOne, ChoicesFrom::Choices),
    (&["rank"], ItemKind::Rank, ChoicesFrom::Choices),
];

/// Reads a type cell; how the type is written today, if otherwise.
pub(crate) fn row_kind(cell: &str) -> (RowKind, Option<&'static str>) {
    let lower = cell.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase();
    // `begin_group`, `select_one list`: underscores only in the first word, never in a list's name.
    let first = lower.split(' ').next().unwrap_or_default();
    let spaced = match lower.split_once(' ') {
        _ if !first.contains('_') => lower.clone(),
        Some((first, rest)) => format!("{} {rest}", first.replace('_', " ")),
        None => lower.replace('_', " "),
    };
    if let Some((kind, today)) = PLAIN.get(spaced.as_str()) {
        return (kind.clone(), *today);
    }
    if let Some(rest) = spaced.strip_prefix("begin loop")
        && (rest.is_empty() || rest.starts_with(' '))
    {
        let over = rest.trim();
        let list = over.strip_prefix("over ").unwrap_or(over);
        // As written: lists are told apart by case.
        let list = cell.split_whitespace().last().filter(|_| !list.is_empty() && !list.contains(' '));
        return (RowKind::BeginLoop(list.map(str::to_owned)), None);
    }
    if spaced.starts_with("osm ") {
        return (RowKind::Refused(NO_MAPS), None);
    }
    (select(cell).map_or(RowKind::Unknown, RowKind::Select), None)
}

fn select(cell: &str) -> Option<Select> {
    let mut words = cell.split_whitespace();
    let first: Vec<&str> = words.next()?.split('_').collect();
    let whole: Vec<&str> = first.iter().copied().chain(words).collect();
    for (command, kind, from) in SELECTS {
        let begins = command.len() >= first.len()
            && whole.len() > command.len()
            && command.iter().zip(&whole).all(|(word, written)| written.eq_ignore_ascii_case(word));
        if !begins {
            continue;
        }
        let [list, rest @ ..] = &whole[command.len()..] else { continue };
        let rest = rest.join(" ").to_lowercase();
        let or_other = match rest.as_str() {
            "" => false,
            "or_other" | "or other" | "or specify other" => true,
            _ => continue,
        };
        let from = if *from == ChoicesFrom::Choices && list.starts_with("${") {
            ChoicesFrom::Answers
        } else {
            *from
        };
        return Some(Select { kind: *kind, from, list: (*list).to_owned(), or_other });
    }
    None
}

/// What a bind's `type` stores values as.
pub(crate) fn bound(name: &str) -> ItemKind {
    match name.trim().to_lowercase().as_str() {
        "int" | "integer" => ItemKind::Integer,
        "decimal" => ItemKind::Decimal,
        "date" => ItemKind::Date,
        "time" => ItemKind::Time,
        "datetime" => ItemKind::DateTime,
        "geopoint" => ItemKind::Geopoint,
        "geotrace" => ItemKind::Geotrace,
        "geoshape" => ItemKind::Geoshape,
        _ => ItemKind::Text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_known_in_the_spellings_in_use() {
        let select = |kind, list: &str, or_other| {
            RowKind::Select(Select { kind, from: ChoicesFrom::Choices, list: list.to_owned(), or_other })
        };
        let from = |kind, from, list: &str| {
            RowKind::Select(Select { kind, from, list: list.to_owned(), or_other: false })
        };
        for (cell, kind) in [
            ("begin_group", RowKind::BeginGroup),
            ("Begin  Group", RowKind::BeginGroup),
            ("end repeat", RowKind::EndRepeat),
            ("begin_loop over Things", RowKind::BeginLoop(Some("Things".to_owned()))),
            ("begin loop", RowKind::BeginLoop(None)),
            ("TEXT", RowKind::Item(ItemKind::Text)),
            ("dateTime", RowKind::Item(ItemKind::DateTime)),
            ("int", RowKind::Item(ItemKind::Integer)),
            ("trigger", RowKind::Item(ItemKind::Acknowledge)),
            ("select_one Yes_No", select(ItemKind::SelectOne, "Yes_No", false)),
            ("select one yes_no", select(ItemKind::SelectOne, "yes_no", false)),
            ("select1 yes_no", select(ItemKind::SelectOne, "yes_no", false)),
            ("select one from yn", select(ItemKind::SelectOne, "yn", false)),
            ("select one from file", select(ItemKind::SelectOne, "file", false)),
            ("select all that apply from woke", select(ItemKind::SelectMultiple, "woke", false)),
            ("select_multiple woke or_other", select(ItemKind::SelectMultiple, "woke", true)),
            ("select_one woke or other", select(ItemKind::SelectOne, "woke", true)),
            ("select_one woke or specify other", select(ItemKind::SelectOne, "woke", true)),
            ("rank voices", select(ItemKind::Rank, "voices", false)),
            ("select_one_from_file W.csv", from(ItemKind::SelectOne, ChoicesFrom::File, "W.csv")),
            ("select one from file w.csv", from(ItemKind::SelectOne, ChoicesFrom::File, "w.csv")),
            ("select_one_external c", from(ItemKind::SelectOne, ChoicesFrom::ExternalChoices, "c")),
            ("select_multiple ${q}", from(ItemKind::SelectMultiple, ChoicesFrom::Answers, "${q}")),
            ("today", RowKind::Metadata(Stamp::Today)),
            ("geopoint", RowKind::Item(ItemKind::Geopoint)),
            ("deviceid", RowKind::Unfilled(IDENTIFYING)),
            ("osm tags", RowKind::Refused(NO_MAPS)),
            ("slider", RowKind::Unknown),
            ("begin dancing", RowKind::Unknown),
            ("select_one", RowKind::Unknown),
            ("select_one_yes", RowKind::Unknown),
            ("select_one yes no", RowKind::Unknown),
        ] {
            assert_eq!(row_kind(cell).0, kind, "{cell}");
        }
        assert_eq!(row_kind("q string").1, Some("text"));
    }
}
