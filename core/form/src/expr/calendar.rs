//! Dates as text and as days since 1970-01-01.

use jiff::civil::{Date, DateTime, Time, date};
use jiff::fmt::temporal::DateTimeParser;
use jiff::tz::Offset;
use jiff::{Timestamp, Zoned};

const SECONDS_PER_DAY: f64 = 86_400.0;

/// Days since 1970-01-01 of an ISO 8601 date (whole) or date and time (fractional): of what the clock on the wall
/// showed, whatever the offset, so that `now()` is never before `today()`.
pub(crate) fn days(text: &str) -> Option<f64> {
    let text = text.trim();
    // The shape first: parsers of dates take more than ISO 8601's extended form.
    let bytes = text.as_bytes();
    if bytes.len() < 10 || bytes[4] != b'-' || bytes[7] != b'-' || !bytes[..4].iter().all(u8::is_ascii_digit)
    {
        return None;
    }
    if bytes.len() == 10 {
        return Some(f64::from(days_of_date(text.parse().ok()?)));
    }
    let at = parse_date_time(text)?;
    Some(f64::from(days_of_date(at.date())) + fraction(at.time()))
}

fn instant(text: &str) -> Option<Timestamp> {
    DateTimeParser::new().parse_timestamp(text).ok()
}

#[expect(clippy::cast_precision_loss, reason = "milliseconds since 1970 fit a double exactly")]
fn seconds_of(timestamp: Timestamp) -> f64 {
    timestamp.as_millisecond() as f64 / 1000.0
}

/// Whole days since 1970-01-01.
pub(crate) fn days_of_date(day: Date) -> i32 {
    (day - date(1970, 1, 1)).get_days()
}

/// The date so many days after 1970-01-01; fractions are dropped.
pub(crate) fn date_of_days(days: f64) -> Option<Date> {
    if !days.is_finite() || days.abs() > 4_000_000.0 {
        return None;
    }
    #[expect(clippy::cast_possible_truncation, reason = "bounded above")]
    let whole = days.floor() as i64;
    date(1970, 1, 1).checked_add(jiff::Span::new().days(whole)).ok()
}

/// A date, or the date of a date and time. Month and day may be written with one digit.
pub(crate) fn parse_date(text: &str) -> Option<Date> {
    let text = text.trim();
    match text.len() {
        10 => text.parse().ok(),
        0..10 => {
            let mut parts = text.split('-');
            let year =
                parts.next().filter(|year| year.len() == 4 && year.bytes().all(|b| b.is_ascii_digit()))?;
            let year = year.parse().ok()?;
            let mut number = || parts.next()?.parse::<i8>().ok();
            let (month, day) = (number()?, number()?);
            if parts.next().is_some() { None } else { Date::new(year, month, day).ok() }
        }
        _ => parse_date_time(text).map(|at| at.date()),
    }
}

/// So many days after 1970-01-01, as text: a date if they are whole, else the local date and time of the instant.
pub(crate) fn date_time_of_days(days: f64, now: &Zoned) -> Option<String> {
    let date = date_of_days(days)?;
    if days.fract() == 0.0 {
        return Some(date.to_string());
    }
    #[expect(clippy::cast_possible_truncation, reason = "bounded by date_of_days")]
    let milliseconds = (days * SECONDS_PER_DAY * 1000.0).round() as i64;
    let instant = Timestamp::from_millisecond(milliseconds).ok()?;
    Some(now_text(&instant.to_zoned(now.time_zone().clone())))
}

/// The wall-clock date and time written, whatever the offset; midnight of a date.
pub(crate) fn parse_date_time(text: &str) -> Option<DateTime> {
    let text = text.trim();
    if text.len() < 10 {
        return None;
    }
    text.strip_suffix('Z').unwrap_or(text).parse().ok()
}

/// A time of day; seconds may be left out.
pub(crate) fn parse_time(text: &str) -> Option<Time> {
    // Of a time with an offset the clock's own part is kept, as of any other.
    let text = text.trim().trim_end_matches(['Z', 'z']);
    if text.len() < 5 || text.as_bytes().get(2) != Some(&b':') { None } else { text.parse().ok() }
}

/// The fraction of the day at a time.
pub(crate) fn fraction(time: Time) -> f64 {
    let seconds = i32::from(time.hour()) * 3600 + i32::from(time.minute()) * 60 + i32::from(time.second());
    (f64::from(seconds) + f64::from(time.millisecond()) / 1000.0) / SECONDS_PER_DAY
}

/// Fractional days since 1970-01-01 UTC; where no offset is written, of the local clock.
pub(crate) fn decimal_date_time(text: &str, now: &Zoned) -> Option<f64> {
    let text = text.trim();
    let local = |at: DateTime| at.to_zoned(now.time_zone().clone()).ok();
    let at = match instant(text) {
        Some(instant) => instant,
        None if text.len() <= 10 => local(parse_date(text)?.to_datetime(Time::midnight()))?.timestamp(),
        None => local(parse_date_time(text)?)?.timestamp(),
    };
    Some(seconds_of(at) / SECONDS_PER_DAY)
}

/// The fraction of the day that has passed at a time, on the local clock where an offset is written.
pub(crate) fn decimal_time(text: &str, now: &Zoned) -> Option<f64> {
    let text = text.trim();
    if let Some(time) = parse_time(text) {
        return Some(fraction(time));
    }
    let local = |instant: Timestamp| instant.to_zoned(now.time_zone().clone()).time();
    if let Some(instant) = instant(text) {
        return Some(fraction(local(instant)));
    }
    if text.len() > 10 {
        return parse_date_time(text).map(|at| fraction(at.time()));
    }
    // A time with an offset: of this day.
    let instant = instant(&format!("{}T{text}", now.date()))?;
    Some(fraction(local(instant)))
}

/// `now()` as ODK writes it: `2026-11-22T03:56:47.123+00:00`.
pub(crate) fn now_text(now: &Zoned) -> String {
    let offset = offset_text(now.offset());
    format!("{}{offset}", now.strftime("%Y-%m-%dT%H:%M:%S.%3f"))
}

fn offset_text(offset: Offset) -> String {
    let minutes = offset.seconds() / 60;
    let sign = if minutes < 0 { '-' } else { '+' };
    format!("{sign}{:02}:{:02}", minutes.abs() / 60, minutes.abs() % 60)
}

const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const WEEKDAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

/// `format-date` and `format-date-time`: `%Y %y %m %n %b %d %e %a %H %h %M %S %3`; names in English.
pub(crate) fn format(at: DateTime, pattern: &str) -> String {
    let mut text = String::new();
    let mut chars = pattern.chars();
    while let Some(c) = chars.next() {
        if c != '%' {
            text.push(c);
            continue;
        }
        text += &match chars.next() {
            Some('Y') => format!("{:04}", at.year()),
            Some('y') => format!("{:02}", at.year().rem_euclid(100)),
            Some('m') => format!("{:02}", at.month()),
            Some('n') => at.month().to_string(),
            Some('b') => name(&MONTHS, at.month() - 1),
            Some('d') => format!("{:02}", at.day()),
            Some('e') => at.day().to_string(),
            Some('a') => name(&WEEKDAYS, at.weekday().to_monday_zero_offset()),
            Some('H') => format!("{:02}", at.hour()),
            Some('h') => at.hour().to_string(),
            Some('M') => format!("{:02}", at.minute()),
            Some('S') => format!("{:02}", at.second()),
            Some('3') => format!("{:03}", at.millisecond()),
            Some('%') => "%".to_owned(),
            Some(other) => format!("%{other}"),
            None => "%".to_owned(),
        };
    }
    text
}

fn name(names: &[&str], index: i8) -> String {
    usize::try_from(index).ok().and_then(|i| names.get(i)).copied().unwrap_or_default().to_owned()
}
