//! The body: questions, groups and repeats in the order a person meets them.

use super::binds::Named;
use super::markup::{Report, Xml, elements, jr, plain, written};
use super::skeleton::{Index, ROOT, Skeleton};

/// What a part of the body is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Control {
    Input,
    Select,
    SelectOne,
    Rank,
    Range,
    Upload,
    Trigger,
    Group,
    Repeat,
}

impl Control {
    fn named(name: &str) -> Option<Control> {
        Some(match name {
            "input" | "secret" | "textarea" => Control::Input,
            "select" => Control::Select,
            "select1" => Control::SelectOne,
            "rank" => Control::Rank,
            "range" => Control::Range,
            "upload" => Control::Upload,
            "trigger" => Control::Trigger,
            "group" => Control::Group,
            "repeat" => Control::Repeat,
            _ => return None,
        })
    }

    /// Whether it holds other parts.
    pub(super) fn is_section(self) -> bool {
        matches!(self, Control::Group | Control::Repeat)
    }
}

/// A part of the body; its place in the list is its place in the body.
#[derive(Debug)]
pub(super) struct Part<'a> {
    pub(super) control: Control,
    pub(super) node: Xml<'a>,
    /// The element it asks for or stands for; a group may have none.
    pub(super) target: Option<Index>,
    /// The words of the group around a repeat are the repeat's.
    pub(super) wraps: bool,
    /// One past the last part in it.
    pub(super) end: u32,
}

/// The parts, and the actions found among them with the part each stands in.
#[derive(Debug, Default)]
pub(super) struct Body<'a> {
    pub(super) parts: Vec<Part<'a>>,
    pub(super) actions: Vec<(Xml<'a>, Index)>,
}

/// Reads the body and says of each element which part shows it.
pub(super) fn read<'a>(
    body: Xml<'a>,
    skeleton: &mut Skeleton<'a>,
    named: &Named<'a>,
    report: &mut Report<'_, '_>,
) -> Body<'a> {
    let mut reader = Reader { skeleton, named, report, body: Body::default() };
    reader.section(body, ROOT, ROOT);
    reader.body
}

struct Reader<'a, 'r, 's, 'f> {
    skeleton: &'r mut Skeleton<'a>,
    named: &'r Named<'a>,
    report: &'r mut Report<'s, 'f>,
    body: Body<'a>,
}

impl<'a> Reader<'a, '_, '_, '_> {
    /// The parts in a group, repeat or the body; `source` is the repeat it is in. As deep as the XML, which is bounded.
    fn section(&mut self, section: Xml<'a>, context: Index, source: Index) {
        for node in elements(section) {
            let name = node.tag_name().name();
            match Control::named(name) {
                Some(control) => self.part(control, node, context, source),
                None if ["label", "hint"].contains(&name) => {}
                None if is_action(node) => self.body.actions.push((node, source)),
                None => {
                    let problem = format!("{} is not supported.", written(node));
                    self.report.error(node, "", problem, "Take it out of the body.");
                }
            }
        }
    }

    /// The element a part names; `None` after a fault.
    fn target(&mut self, control: Control, node: Xml<'a>, context: Index) -> Option<Option<Index>> {
        if let Some(id) = plain(node, "bind") {
            let found = self.named.get(id).copied();
            if found.is_none() {
                let problem = format!("There is no bind with the id `{id}`.");
                self.report.error(node, "@bind", problem, "Give a ref, or the id of a bind.");
            }
            return found.map(Some);
        }
        let reference = match control {
            Control::Repeat | Control::Group => plain(node, "nodeset").or_else(|| plain(node, "ref")),
            _ => plain(node, "ref"),
        };
        match reference {
            None if control == Control::Group => Some(None),
            None => {
                let problem = format!("{} names no element.", written(node));
                self.report.error(node, "", problem, "Give it a ref.");
                None
            }
            Some(reference) => {
                let found = self.skeleton.resolve(context, reference);
                if found.is_none() {
                    let problem = format!("There is nothing at `{}` in the instance.", reference.trim());
                    self.report.error(node, "@ref", problem, "Add the element, or correct the path.");
                }
                found.map(Some)
            }
        }
    }

    fn part(&mut self, control: Control, node: Xml<'a>, context: Index, source: Index) {
        let Some(target) = self.target(control, node, context) else { return };
        let place = u32::try_from(self.body.parts.len()).unwrap_or(u32::MAX);
        // The whole form is no group of its own.
        let target = target.filter(|target| control != Control::Group || *target != ROOT);
        let wraps = control == Control::Group
            && target.is_some_and(|target| {
                let repeats = elements(node).filter(|inner| inner.tag_name().name() == "repeat");
                let mut nodesets = repeats.filter_map(|inner| plain(inner, "nodeset"));
                nodesets.any(|nodeset| self.skeleton.resolve(target, nodeset) == Some(target))
            });
        self.body.parts.push(Part { control, node, target, wraps, end: place + 1 });
        let shown = target.filter(|_| !wraps);
        if let Some(target) = shown {
            self.place(target, place, control, node);
        }
        match control {
            Control::Group | Control::Repeat => {
                let inner = target.unwrap_or(context);
                let source = if control == Control::Repeat { inner } else { source };
                self.section(node, inner, source);
            }
            _ => {
                let source = target.unwrap_or(source);
                let actions = elements(node).filter(|inner| is_action(*inner));
                self.body.actions.extend(actions.map(|inner| (inner, source)));
                self.unknown(control, node);
            }
        }
        let end = u32::try_from(self.body.parts.len()).unwrap_or(u32::MAX);
        self.body.parts[place as usize].end = end;
    }

    /// Says which part shows an element, and where in the body what is around it lies.
    fn place(&mut self, target: Index, place: u32, control: Control, node: Xml<'a>) {
        if control == Control::Repeat {
            if target == ROOT || self.skeleton[target].attribute {
                let remedy = "Name an element inside the root.";
                self.report.error(node, "@nodeset", "This cannot be repeated.", remedy);
                return;
            }
            self.skeleton[target].repeat = true;
            self.skeleton[target].counted |= jr(node, "count").is_some_and(|count| !count.trim().is_empty());
        } else if !control.is_section() && (target == ROOT || self.skeleton.is_group(target)) {
            let path = self.skeleton.path(target);
            let problem = format!("`{path}` is a group, which has no value to ask for.");
            self.report.error(node, "@ref", problem, "Name an element without elements in it.");
            return;
        }
        if let Some(first) = self.skeleton[target].part {
            let before = self.body.parts[first as usize].control;
            if !control.is_section() {
                let problem = format!("`{}` is asked for twice.", self.skeleton.path(target));
                self.report.warning(node, "@ref", problem, "It is asked where it comes first; take one out.");
                return;
            }
            if before == Control::Repeat || control == Control::Group {
                let problem = format!("`{}` is in the body twice.", self.skeleton.path(target));
                self.report.warning(node, "@ref", problem, "What comes first counts; make one of the two.");
                return;
            }
        }
        self.skeleton[target].part = Some(place);
        let mut at = target;
        loop {
            let span = &mut self.skeleton[at].span;
            *span = Some(span.map_or((place, place), |(first, last)| (first, last.max(place))));
            if at == ROOT {
                break;
            }
            at = self.skeleton[at].parent;
        }
    }

    /// Names what is in a question and has no meaning there.
    fn unknown(&mut self, control: Control, node: Xml<'a>) {
        let choices =
            matches!(control, Control::Select | Control::SelectOne | Control::Rank | Control::Range);
        for inner in elements(node) {
            let name = inner.tag_name().name();
            let known = ["label", "hint", "help", "alert"].contains(&name)
                || is_action(inner)
                || (choices && ["item", "itemset", "choices"].contains(&name));
            if !known {
                let problem = format!("{} in a question has no effect.", written(inner));
                self.report.warning(inner, "", problem, "Take it out.");
            }
        }
        if plain(node, "query").is_some() {
            let remedy = "Put the choices into an instance and use <itemset>.";
            self.report.error(node, "@query", "Choices from an external query are not supported.", remedy);
        }
        if jr(node, "itemset").is_some() {
            self.report.warning(node, "@jr:itemset", "The attribute has no effect.", "Take it out.");
        }
    }
}

/// Whether an element does something when something happens.
pub(super) fn is_action(node: Xml<'_>) -> bool {
    let named = ["setvalue", "setgeopoint", "recordaudio", "pollsensor", "setlocation"];
    named.contains(&node.tag_name().name())
        || node
            .attributes()
            .any(|a| a.name() == "event" && a.namespace().is_none_or(|n| n.ends_with("xml-events")))
}
