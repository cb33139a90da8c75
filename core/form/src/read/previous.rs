//! `select_one ${question}`: what was answered in a repeat, as choices.

use super::findings::Findings;
use super::references::Known;
use super::row::{Places, SurveyRow};
use crate::node::{NodeId, NodeKind, Tree};

/// Writes the expressions for the choices of each such question, once all rows stand in their places.
pub(crate) fn resolve(
    tree: &Tree,
    rows: &mut [Option<SurveyRow>],
    known: &Known<'_>,
    places: &dyn Places,
    findings: &mut Findings,
) {
    for row in rows.iter_mut().flatten() {
        let Some((name, _, _)) = row.dynamic_choices.take() else { continue };
        let found = choices(tree, &name, row.cells.get("choice_filter"));
        row.cells.remove("choice_filter");
        match found {
            Ok(found) => row.dynamic_choices = Some(found),
            Err(None) => {
                let (problem, remedy) = known.unknown(&name);
                findings.error(places.sheet(), places.place(row, "type"), problem, remedy);
            }
            Err(Some(problem)) => {
                let remedy = "Name a question in a repeat.";
                findings.error(places.sheet(), places.place(row, "type"), problem, remedy);
            }
        }
    }
}

type Choices = (String, String, String);

/// Instances of the repeat that have an answer, and in each of them the answer, as code and words.
fn choices(tree: &Tree, name: &str, filter: Option<&str>) -> Result<Choices, Option<String>> {
    let node = match tree.by_name.get(name).map(|ids| ids.as_slice()) {
        Some([node]) => *node,
        Some([_, ..]) => return Err(Some(format!("Several rows are named `{name}`."))),
        _ => return Err(None),
    };
    let repeat = tree[node].scope;
    if repeat == NodeId::ROOT || !matches!(tree[node].kind, NodeKind::Item(_)) {
        return Err(Some(format!(
            "`{name}` is no question in a repeat, so it has no answers to choose from."
        )));
    }
    let value = within(tree, repeat, node);
    let mut nodes = format!("${{{}}}[./{value} != '']", tree[repeat].name);
    if let Some(filter) = filter {
        nodes += &format!("[{}]", seen_from(tree, repeat, filter));
    }
    Ok((nodes, value.clone(), value))
}

/// The path from a repeat to a node in it.
fn within(tree: &Tree, repeat: NodeId, node: NodeId) -> String {
    let mut path = tree[node].name.to_string();
    let mut up = tree[node].parent;
    while up != repeat {
        path = format!("{}/{path}", tree[up].name);
        up = tree[up].parent;
    }
    path
}

/// Longest filter, in bytes; no expression may be longer.
const MAX_FILTER: usize = 16_000;

/// A filter in which references to questions of the repeat mean those of the instance looked at.
fn seen_from(tree: &Tree, repeat: NodeId, filter: &str) -> String {
    let mut text = String::with_capacity(filter.len());
    let mut rest = filter;
    while let Some((before, after)) = rest.split_once("${") {
        let Some((name, after)) = after.split_once('}') else { break };
        if text.len() > MAX_FILTER {
            break;
        }
        text += before;
        match tree.by_name.get(name.trim()).map(|ids| ids.as_slice()) {
            Some([node]) if tree[*node].scope == repeat => {
                text += "./";
                text += &within(tree, repeat, *node);
            }
            _ => text += &format!("${{{name}}}"),
        }
        rest = after;
    }
    text + rest
}
