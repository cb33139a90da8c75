//! What a question asks for: its control and the type of its bind.

use super::body::{Control, Part};
use super::markup::{Report, Xml, plain};
use super::skeleton::{Index, Skeleton};
use crate::read::kinds::bound;
use crate::{Item, ItemKind, Scale};

/// The kind of the item an element is.
pub(super) fn kind(
    part: Option<&Part<'_>>,
    index: Index,
    skeleton: &Skeleton<'_>,
    report: &mut Report<'_, '_>,
) -> ItemKind {
    let bind = &skeleton[index].bind;
    let Some(part) = part else {
        return match bind.preload.map(|(kind, _)| kind.trim()) {
            Some(kind) if kind != "uid" => ItemKind::Metadata,
            _ if bind.calculate.is_some() => ItemKind::Calculate,
            _ => ItemKind::Hidden,
        };
    };
    match part.control {
        Control::Select => ItemKind::SelectMultiple,
        Control::SelectOne => ItemKind::SelectOne,
        Control::Rank => ItemKind::Rank,
        Control::Range => ItemKind::Range,
        Control::Trigger => ItemKind::Acknowledge,
        Control::Upload => match plain(part.node, "mediatype").unwrap_or_default().trim() {
            media if media.starts_with("image") => ItemKind::Image,
            media if media.starts_with("audio") => ItemKind::Audio,
            media if media.starts_with("video") => ItemKind::Video,
            media if media.starts_with("osm") => {
                let remedy = "Ask for a place, or take the question out.";
                report.error(part.node, "@mediatype", "Drawing on OpenStreetMap is not supported.", remedy);
                ItemKind::File
            }
            _ => ItemKind::File,
        },
        Control::Input | Control::Group | Control::Repeat => input(part.node, index, skeleton, report),
    }
}

fn input(node: Xml<'_>, index: Index, skeleton: &Skeleton<'_>, report: &mut Report<'_, '_>) -> ItemKind {
    let element = &skeleton[index];
    let bind = &element.bind;
    match bind.kind() {
        "" | "string" | "text" => {
            let fixed = bind.read_only.is_some_and(|value| ["true()", "true", "1"].contains(&value.trim()));
            let blank =
                element.found.first().is_none_or(|first| super::markup::text(*first).trim().is_empty());
            // Words that nobody can answer and nothing fills: what an XLSForm calls a note.
            if fixed && blank { ItemKind::Note } else { ItemKind::Text }
        }
        "binary" => ItemKind::File,
        "barcode" => {
            let remedy = "Ask for the text, or take the question out.";
            report.warning(node, "@type", "Barcodes are not scanned; the person types the text.", remedy);
            ItemKind::Text
        }
        "boolean" | "intent" | "select" | "select1" | "rank" | "odk:rank" | "selectOne" | "list" => {
            ItemKind::Text
        }
        kind => match bound(kind) {
            ItemKind::Text => {
                let problem = format!("The type `{kind}` is not known; it is read as text.");
                report.warning(node, "@type", problem, "Use one of ODK's types.");
                ItemKind::Text
            }
            kind => kind,
        },
    }
}

/// What the values of an item are stored as.
pub(super) fn stored_as(item: &Item, bind: &str) -> ItemKind {
    let typed = match bound(bind) {
        ItemKind::Text => item.kind,
        typed => typed,
    };
    match item.kind {
        ItemKind::Calculate | ItemKind::Hidden | ItemKind::Metadata | ItemKind::Range => typed,
        kind => kind,
    }
}

/// Start, end and step of a range; after a fault none.
pub(super) fn scale(node: Xml<'_>, report: &mut Report<'_, '_>) -> Option<Scale> {
    let mut number = |name: &str, absent: f64| match plain(node, name).map(str::trim) {
        None | Some("") => Some(absent),
        Some(text) => {
            let number = text.parse().ok().filter(|number: &f64| number.is_finite());
            if number.is_none() {
                let problem = format!("`{text}` is not a number.");
                report.error(node, &format!("@{name}"), problem, "Write a number.");
            }
            number
        }
    };
    let (start, end, step) = (number("start", 0.0)?, number("end", 10.0)?, number("step", 1.0)?);
    let step = step.abs();
    if step == 0.0 || start == end || step > (end - start).abs() {
        let problem = "The range has no step between its ends.";
        report.error(node, "@step", problem, "Make step smaller than the distance, and above 0.");
        return None;
    }
    Some(Scale { start, end, step })
}
