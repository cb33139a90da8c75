//! The document, table by table; what belongs together is checked in [`consistency`].

mod consistency;

use jiff::civil::Date;
use jiff::tz::TimeZoneDatabase;
use toml::de::DeTable;

use super::Study;
use super::disclosure::{Disclosure, DisclosurePolicy, RiskDisclosurePlan};
use super::governance::{DataOrigin, GovernanceClass, Idle};
use super::instrument::{InstrumentKind, StudyInstrument};
use super::measure::{Comparator, Direction, Measure, MeasureWindow};
use super::place::{Beds, Phase, PhaseDates, Site, Ward, WardGroup};
use super::problem::{Problem, StudyProblems};
use super::published::{Flag, Published};
use super::reader::{CODE, LABEL, Notes, PARAGRAPH, Section};
use super::role::{Role, Voice};
use super::wording::{Information, Wording};

const CLASSES: [(&str, GovernanceClass); 3] = [
    ("service_evaluation", GovernanceClass::ServiceEvaluation),
    ("audit", GovernanceClass::Audit),
    ("research", GovernanceClass::Research),
];
const ORIGINS: [(&str, DataOrigin); 2] = [("own", DataOrigin::Own), ("simulated", DataOrigin::Simulated)];
const POLICIES: [(&str, DisclosurePolicy); 3] = [
    ("nhs-mhsds", DisclosurePolicy::NhsMhsds),
    ("nhs-hes-2018", DisclosurePolicy::NhsHes2018),
    ("raw-internal", DisclosurePolicy::RawInternal),
];
const KINDS: [(&str, InstrumentKind); 5] = [
    ("response", InstrumentKind::Response),
    ("encounter", InstrumentKind::Encounter),
    ("fact", InstrumentKind::Fact),
    ("position", InstrumentKind::Position),
    ("outcome", InstrumentKind::Outcome),
];
const VOICES: [(&str, Voice); 4] =
    [("patient", Voice::Patient), ("carer", Voice::Carer), ("staff", Voice::Staff), ("other", Voice::Other)];
const DIRECTIONS: [(&str, Direction); 3] =
    [("higher", Direction::Higher), ("lower", Direction::Lower), ("neither", Direction::Neither)];
const COMPARATORS: [(&str, Comparator); 4] = [
    ("phases", Comparator::Phases),
    ("year_before", Comparator::YearBefore),
    ("daytime", Comparator::Daytime),
    ("wards_not_yet_live", Comparator::WardsNotYetLive),
];

pub(super) fn read(file: &str, text: &str) -> Result<Study, StudyProblems> {
    let notes = Notes::new(file, text);
    if text.len() > Study::MAX_BYTES {
        notes.note(None, "", Problem::TooLarge { bytes: text.len(), most: Study::MAX_BYTES });
        return Err(notes.into_problems());
    }
    let (document, errors) = DeTable::parse_recoverable(text);
    for error in &errors {
        notes.note(error.span().map(|span| span.start), "", Problem::Syntax(error.message().to_owned()));
    }
    // What recovery guessed is not worth a second complaint.
    let study = if errors.is_empty() {
        document_section(&Section::new(&notes, document.get_ref(), 0, String::new()), text)
    } else {
        None
    };
    let warnings = Notes::new(file, text);
    match study {
        Some(mut study) => {
            consistency::check(&study, document.get_ref(), &notes, &warnings);
            if notes.is_empty() {
                study.warnings = warnings.into_problems().0;
                return Ok(study);
            }
        }
        None if notes.is_empty() => notes.note(None, "", Problem::Empty),
        None => {}
    }
    Err(notes.into_problems())
}

fn document_section(root: &Section<'_>, text: &str) -> Option<Study> {
    let head = root.section("study");
    let head = head.as_ref();
    let data_lock = head.and_then(|head| head.date("data_lock"));
    let zone_name = head.and_then(|head| head.text("time_zone", LABEL));
    let zone = zone_name.as_ref().and_then(|name| {
        let zone = TimeZoneDatabase::bundled().get(name).ok();
        if let (None, Some(head)) = (&zone, head) {
            head.note("time_zone", Problem::UnknownTimeZone);
        }
        zone
    });
    let id = head.and_then(|head| head.code("id"));
    let title = head.and_then(|head| head.text("title", LABEL));
    let version = head.and_then(|head| head.text("version", CODE));
    let governance_class = head.and_then(|head| head.word("governance_class", &CLASSES));
    let registration = head.and_then(|head| head.text("registration", LABEL));
    let data = head.and_then(|head| head.word("data", &ORIGINS));

    let night_window = root.section("night_window").and_then(|night| night.window());
    let ask = root.section("ask_window");
    let handovers =
        ask.as_ref().map(|ask| all(ask.sections("handover", false), |handover| handover.window()));
    let ask_window = ask.as_ref().and_then(Section::window);
    let idle = root.section("drafts").and_then(|drafts| idle(&drafts));
    let disclosure = root.section("disclosure").and_then(|section| disclosure(&section));

    let sites = all(root.sections("site", true), |s| {
        let (code, name) = (s.code("code"), s.text("name", LABEL));
        Some(Site { code: code?, name: name? })
    });
    let ward_groups = all(root.sections("ward_group", true), |s| {
        let (code, label) = (s.code("code"), s.text("label", LABEL));
        Some(WardGroup { code: code?, label: label? })
    });
    let wards = all(root.sections("ward", true), ward);
    let roles = all(root.sections("role", true), |s| {
        let (code, label, voice) = (s.code("code"), s.text("label", LABEL), s.word("voice", &VOICES));
        let may = s.texts("may", 1, CODE);
        Some(Role { code: code?, label: label?, voice: voice?, may: may? })
    });
    let instruments = all(root.sections("instrument", true), instrument);
    let risk_disclosure_plans = all(root.sections("risk_disclosure_plan", true), |s| {
        let (name, first_reader) = (s.code("name"), s.text("first_reader", LABEL));
        let (days_to_reading, tells) = (s.count("days_to_reading", 0, 31), s.text("tells", PARAGRAPH));
        let about_own_staff = s.text("about_own_staff", PARAGRAPH);
        Some(RiskDisclosurePlan {
            name: name?,
            first_reader: first_reader?,
            days_to_reading: days_to_reading?,
            tells: tells?,
            about_own_staff: about_own_staff?,
        })
    });
    let information_version = root.section("information").and_then(|section| section.text("version", CODE));
    let wordings = all(root.sections("language", true), |section| wording(section, data_lock));
    let measures = all(root.sections("measure", false), measure);
    let published = all(root.sections("published", false), published);
    Some(Study {
        id: id?,
        title: title?,
        version: version?,
        governance_class: governance_class?,
        registration: registration?,
        data: data?,
        time_zone: zone_name?,
        data_lock: data_lock?,
        sites: sites?,
        ward_groups: ward_groups?,
        wards: wards?,
        roles: roles?,
        instruments: instruments?,
        night_window: night_window?,
        ask_window: ask_window?,
        handovers: handovers??,
        idle: idle?,
        disclosure: disclosure?,
        risk_disclosure_plans: risk_disclosure_plans?,
        information_version: information_version?,
        wordings: wordings?,
        measures: measures?,
        published: published?,
        zone: zone?,
        warnings: Vec::new(),
        source: *blake3::hash(text.as_bytes()).as_bytes(),
    })
}

/// Reads every section before giving up on one, so that all problems are noted.
fn all<'d, T>(
    sections: Option<Vec<Section<'d>>>,
    read: impl Fn(&Section<'d>) -> Option<T>,
) -> Option<Vec<T>> {
    let read: Vec<Option<T>> = sections?.iter().map(read).collect();
    read.into_iter().collect()
}

fn idle(s: &Section<'_>) -> Option<Idle> {
    let hide = s.count("hide_after_minutes", 1, 60);
    let discard = s.count("discard_after_hours", 1, 24 * 7);
    Some(Idle { hide_after_minutes: hide?, discard_after_hours: discard? })
}

fn disclosure(s: &Section<'_>) -> Option<Disclosure> {
    let (policy, version) = (s.word("policy", &POLICIES), s.count("version", 1, 1000));
    let threshold = s.count("threshold", 0, 1000);
    let staff_minimum = if s.has("staff_minimum") { s.count("staff_minimum", 1, 1000) } else { Some(10) };
    let authorised_role = s.maybe_text("authorised_role", CODE);
    Some(Disclosure {
        policy: policy?,
        version: version?,
        threshold: threshold?,
        staff_minimum: staff_minimum?,
        authorised_role,
    })
}

fn ward(s: &Section<'_>) -> Option<Ward> {
    let (code, name) = (s.code("code"), s.text("name", LABEL));
    let (group, site, note) = (s.text("group", CODE), s.text("site", CODE), s.maybe_text("note", PARAGRAPH));
    let beds = all(s.sections("beds", true), |s| {
        let (beds, days) = (s.count("beds", 0, 2000), s.days(true));
        Some(Beds { beds: beds?, days: days? })
    });
    let phases = s.section("phases").and_then(|phases| {
        let dates = Phase::ALL.map(|phase| {
            let dates = phases.maybe_section(phase.code())?;
            Some(
                dates
                    .days(false)
                    .and_then(|days| Some(PhaseDates { phase, first: days.first, last: days.last? })),
            )
        });
        dates.into_iter().flatten().collect::<Option<Vec<_>>>()
    });
    Some(Ward { code: code?, name: name?, group: group?, site: site?, beds: beds?, phases: phases?, note })
}

fn instrument(s: &Section<'_>) -> Option<StudyInstrument> {
    let (id, title, file) = (s.code("id"), s.text("title", LABEL), s.path_to("file", ".xlsx or .xml or .md"));
    let (kind, confidential) = (s.word("kind", &KINDS), s.maybe_flag("confidential"));
    let (natural_key, denominators) =
        (s.texts("natural_key", 0, CODE), s.texts("denominators", 1, PARAGRAPH));
    let (schedule, wording_status) = (s.text("schedule", PARAGRAPH), s.text("wording_status", LABEL));
    Some(StudyInstrument {
        id: id?,
        title: title?,
        file: file?,
        kind: kind?,
        confidential: confidential.unwrap_or(kind? == InstrumentKind::Response),
        natural_key: natural_key.unwrap_or_default(),
        denominators: denominators?,
        schedule: schedule?,
        wording_status: wording_status?,
    })
}

fn wording(s: &Section<'_>, data_lock: Option<Date>) -> Option<Wording> {
    let (language, name, status) = (s.code("code"), s.text("name", LABEL), s.text("status", LABEL));
    let draft_notice = s.maybe_text("draft_notice", PARAGRAPH);
    let (talk_button, talk_message) = (s.text("talk_button", LABEL), s.text("talk_message", PARAGRAPH));
    let free_text_notice = s.text("free_text_notice", PARAGRAPH);
    let not_the_care_record = s.text("not_the_care_record", PARAGRAPH);
    let information = s.section("information").and_then(|section| information(&section, data_lock));
    Some(Wording {
        language: language?,
        name: name?,
        status: status?,
        draft_notice,
        information: information?,
        talk_button: talk_button?,
        talk_message: talk_message?,
        free_text_notice: free_text_notice?,
        not_the_care_record: not_the_care_record?,
    })
}

fn information(s: &Section<'_>, data_lock: Option<Date>) -> Option<Information> {
    let (title, paragraphs) = (s.text("title", LABEL), s.texts("paragraphs", 1, PARAGRAPH));
    let (yes, not_now, no) = (s.text("yes", LABEL), s.text("not_now", LABEL), s.text("no", LABEL));
    let format = s.text("date_format", CODE);
    let date = format.and_then(|format| {
        let date = jiff::fmt::strtime::format(&format, data_lock.unwrap_or_default()).ok();
        if date.is_none() {
            s.note("date_format", Problem::BadDateFormat);
        }
        date
    });
    let dated = |s: &Section<'_>, paragraphs: Option<Vec<String>>| -> Option<Vec<String>> {
        let paragraphs = paragraphs?;
        if !paragraphs.iter().any(|paragraph| paragraph.contains("{date}")) {
            s.note("paragraphs", Problem::NoTakeOutDate);
        }
        let date = date.as_deref()?;
        Some(paragraphs.iter().map(|paragraph| paragraph.replace("{date}", date)).collect())
    };
    let of = |voice: &'static str| match s.maybe_section(voice) {
        None => Some(None),
        Some(section) => dated(&section, section.texts("paragraphs", 1, PARAGRAPH)).map(Some),
    };
    let (carer, staff) = (of("carer"), of("staff"));
    let paragraphs = dated(s, paragraphs)?;
    let (carer, staff) = (carer?, staff?);
    Some(Information { title: title?, paragraphs, carer, staff, yes: yes?, not_now: not_now?, no: no? })
}

fn windows(s: &Section<'_>) -> Option<Vec<MeasureWindow>> {
    all(s.sections("window", false), |s| {
        let (label, days) = (s.text("label", LABEL), s.days(false));
        Some(MeasureWindow { label: label?, days: days? })
    })
}

fn measure(s: &Section<'_>) -> Option<Measure> {
    let (id, title, primary) = (s.code("id"), s.text("title", LABEL), s.maybe_flag("primary"));
    let (instruments, unit) = (s.texts("instruments", 1, CODE), s.text("unit", LABEL));
    let (denominator, better) = (s.text("denominator", PARAGRAPH), s.word("better", &DIRECTIONS));
    let (comparators, windows) = (s.words("comparators", &COMPARATORS), windows(s));
    Some(Measure {
        id: id?,
        title: title?,
        primary: primary.unwrap_or(false),
        instruments: instruments?,
        unit: unit?,
        denominator: denominator?,
        better: better?,
        comparators: comparators.unwrap_or_default(),
        windows: windows?,
    })
}

fn published(s: &Section<'_>) -> Option<Published> {
    let (id, title, file) = (s.code("id"), s.text("title", LABEL), s.path_to("file", ".csv"));
    let (citation, doi) = (s.text("citation", PARAGRAPH), s.text("doi", LABEL));
    let (place, licence) = (s.text("place", LABEL), s.text("licence", PARAGRAPH));
    let (caveats, windows) = (s.texts("caveats", 1, PARAGRAPH), windows(s));
    let flags = all(s.sections("flag", false), |s| {
        let (number, text) = (s.count("number", 1, 1000), s.text("text", PARAGRAPH));
        Some(Flag { number: number?, text: text? })
    });
    Some(Published {
        id: id?,
        title: title?,
        file: file?,
        citation: citation?,
        doi: doi?,
        place: place?,
        licence: licence?,
        windows: windows?,
        caveats: caveats?,
        flags: flags?,
    })
}
