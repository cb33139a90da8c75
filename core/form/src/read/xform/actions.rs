//! Actions: what sets a value when something happens, and what a program would do that only a phone can.

use super::binds::Named;
use super::markup::{Report, Xml, plain, text, written};
use super::skeleton::{Index, ROOT, Skeleton};
use crate::node::{Events, NodeId};
use crate::read::row::WrittenAction;

/// Reads one action that stands in an element.
pub(super) fn read(
    node: Xml<'_>,
    source: Index,
    skeleton: &Skeleton<'_>,
    named: &Named<'_>,
    nodes: &[Option<NodeId>],
    report: &mut Report<'_, '_>,
) -> Option<WrittenAction> {
    if node.tag_name().name() != "setvalue" {
        let problem = format!("{} is not supported; nothing is recorded.", written(node));
        report.warning(node, "", problem, "Ask for it, or take the action out.");
        return None;
    }
    let reference = plain(node, "ref").or_else(|| plain(node, "target")).or_else(|| plain(node, "nodeset"));
    let target = match (reference, plain(node, "bind")) {
        (Some(reference), _) => {
            if skeleton.resolve(source, reference).is_none() {
                let problem = format!("There is nothing at `{}` in the instance.", reference.trim());
                report.error(node, "@ref", problem, "Add the element, or correct the path.");
                return None;
            }
            reference.trim().to_owned()
        }
        (None, Some(id)) => match named.get(id) {
            Some(index) => skeleton.path(*index),
            None => {
                let problem = format!("There is no bind with the id `{id}`.");
                report.error(node, "@bind", problem, "Give a ref, or the id of a bind.");
                return None;
            }
        },
        (None, None) => {
            report.error(node, "<setvalue>", "The action names no element.", "Give it a ref.");
            return None;
        }
    };
    let value = match plain(node, "value").map(str::trim).filter(|value| !value.is_empty()) {
        Some(expression) => Ok(expression.to_owned()),
        None => Err(text(node).trim().to_owned()),
    };
    Some(WrittenAction {
        events: events(node, report)?,
        source: nodes.get(source as usize).copied().flatten().unwrap_or(NodeId::ROOT),
        target,
        value,
        place: Some(report.source.place(node.range().start, "<setvalue>")),
    })
}

/// `jr:preload="uid"`, which is an action under another name.
pub(super) fn unique(index: Index, skeleton: &Skeleton<'_>, nodes: &[Option<NodeId>]) -> WrittenAction {
    let in_repeat = skeleton.around(index).any(|around| skeleton[around].repeat);
    WrittenAction {
        events: Events { first_load: true, new_repeat: in_repeat, ..Events::default() },
        source: nodes.get(index as usize).copied().flatten().unwrap_or(NodeId::ROOT),
        target: if index == ROOT { String::new() } else { ".".to_owned() },
        value: Ok("concat('uuid:', uuid())".to_owned()),
        place: None,
    }
}

/// Names of events are separated by spaces.
fn events(node: Xml<'_>, report: &mut Report<'_, '_>) -> Option<Events> {
    let attribute = node.attributes().find(|attribute| attribute.name() == "event");
    let mut events = Events::default();
    for event in attribute.map(|a| a.value()).unwrap_or_default().split_whitespace() {
        match event {
            "odk-instance-first-load" => events.first_load = true,
            "odk-instance-load" | "xforms-ready" => events.load = true,
            "odk-new-repeat" | "jr-insert" => events.new_repeat = true,
            "xforms-value-changed" => events.value_changed = true,
            other => {
                let problem = format!("The event `{other}` never happens here.");
                report.warning(node, "@event", problem, "Use one of ODK's events.");
            }
        }
    }
    let any = events != Events::default();
    if !any {
        let remedy = "Give it one of ODK's events, such as odk-instance-first-load.";
        report.warning(node, "@event", "The action waits for no event, so it never runs.", remedy);
    }
    any.then_some(events)
}
