//! Reading an [`Outline`] from an XForm as pyxform writes it.

use std::collections::{BTreeMap, BTreeSet};

use regex::Regex;
use roxmltree::{Document, Node as Element};

use crate::outline::{Kind, NoOutline, Node, Outline, Question, Repeat};

/// Functions whose value differs from run to run.
const VOLATILE: [&str; 4] = ["now(", "today(", "random(", "uuid("];

pub(crate) fn read(xform: &str) -> Result<Outline, NoOutline> {
    let document = Document::parse(xform)?;
    let mut outline = Outline::default();
    let instance = named(document.root(), "instance").next().ok_or(NoOutline::NoInstance)?;
    let root = instance.first_element_child().ok_or(NoOutline::NoInstance)?;
    add_nodes(root, "", &mut outline.nodes);
    outline.languages = named(document.root(), "translation")
        .filter_map(|translation| translation.attribute("lang").map(str::to_owned))
        .collect();
    let words = Words::new(names(&outline));
    for bind in named(document.root(), "bind") {
        read_bind(bind, &words, &mut outline.nodes);
    }
    for action in named(document.root(), "setvalue") {
        read_setvalue(action, &words, &mut outline.nodes);
    }
    let lists = lists(&document);
    if let Some(body) = named(document.root(), "body").next() {
        read_body(body, &lists, &words, &mut outline);
    }
    let counted: Vec<String> =
        outline.repeats.iter().filter(|repeat| repeat.counted).map(|repeat| repeat.path.clone()).collect();
    let times: BTreeSet<String> = outline
        .nodes
        .iter()
        .filter(|(_, node)| node.data_type == "time")
        .filter_map(|(path, _)| path.rsplit('/').next().map(str::to_owned))
        .collect();
    for (path, node) in &mut outline.nodes {
        node.reads_time = node.calculated && !node.names.is_disjoint(&times);
        node.counted = counted.iter().any(|repeat| path == repeat || path.starts_with(&format!("{repeat}/")));
    }
    Ok(outline)
}

/// Finds the names of nodes in expressions: the last of each path, outside of quotes.
struct Words {
    patterns: Option<(Regex, Regex)>,
    known: BTreeSet<String>,
}

impl Words {
    fn new(known: BTreeSet<String>) -> Words {
        let quoted = Regex::new(r#"'[^']*'|"[^"]*""#).ok();
        Words { patterns: quoted.zip(Regex::new(r"[\p{L}_./][\p{L}\p{N}_./-]*").ok()), known }
    }

    fn of(&self, expression: &str) -> BTreeSet<String> {
        let Some((quoted, path)) = &self.patterns else { return BTreeSet::new() };
        let bare = quoted.replace_all(expression, "''");
        let names = path.find_iter(&bare).filter_map(|path| path.as_str().rsplit('/').next());
        names.filter(|name| self.known.contains(*name)).map(str::to_owned).collect()
    }
}

fn named<'a, 'd: 'a>(from: Element<'a, 'd>, name: &'static str) -> impl Iterator<Item = Element<'a, 'd>> {
    from.descendants().filter(move |node| node.is_element() && node.tag_name().name() == name)
}

/// An attribute whatever its namespace: `jr:count`, `count`.
fn attribute<'a>(element: Element<'a, '_>, name: &str) -> Option<&'a str> {
    element.attributes().find(|attribute| attribute.name() == name).map(|attribute| attribute.value())
}

fn add_nodes(element: Element<'_, '_>, parent: &str, nodes: &mut BTreeMap<String, Node>) {
    let path = format!("{parent}/{}", element.tag_name().name());
    let leaf = !element.has_children() || !element.children().any(|child| child.is_element());
    let node = nodes.entry(path.clone()).or_default();
    node.leaf = leaf;
    node.data_type = "string".to_owned();
    for child in element.children().filter(Element::is_element) {
        add_nodes(child, &path, nodes);
    }
}

fn names(outline: &Outline) -> BTreeSet<String> {
    outline.nodes.keys().filter_map(|path| path.rsplit('/').next()).map(str::to_owned).collect()
}

fn read_bind(bind: Element<'_, '_>, words: &Words, nodes: &mut BTreeMap<String, Node>) {
    let Some(node) = attribute(bind, "nodeset").and_then(|path| nodes.get_mut(path)) else { return };
    if let Some(data_type) = attribute(bind, "type") {
        node.data_type = data_type.trim_start_matches("xsd:").to_owned();
    }
    if let Some(calculation) = attribute(bind, "calculate") {
        node.calculated = true;
        node.volatile |= VOLATILE.iter().any(|function| calculation.contains(function));
        node.names_choice = calculation.contains("choice-name(");
        node.takes_largest = calculation.contains("max(");
        node.other_instances = calculation.contains("indexed-repeat(") && calculation.contains("position(");
        node.names.extend(words.of(calculation));
    }
    node.volatile |= attribute(bind, "preload").is_some();
    node.names.extend(attribute(bind, "relevant").into_iter().flat_map(|relevant| words.of(relevant)));
}

fn read_setvalue(action: Element<'_, '_>, words: &Words, nodes: &mut BTreeMap<String, Node>) {
    let Some(node) = attribute(action, "ref").and_then(|path| nodes.get_mut(path)) else { return };
    let value = attribute(action, "value").unwrap_or_default();
    node.calculated = true;
    node.volatile |= VOLATILE.iter().any(|function| value.contains(function));
    node.names.extend(words.of(value));
}

/// The codes of each secondary instance.
fn lists(document: &Document<'_>) -> BTreeMap<String, Vec<String>> {
    let instances = named(document.root(), "instance").filter_map(|one| Some((attribute(one, "id")?, one)));
    instances
        .map(|(id, instance)| {
            let codes = named(instance, "name").filter_map(|name| name.text()).map(str::to_owned);
            (id.to_owned(), codes.collect())
        })
        .collect()
}

fn read_body(
    element: Element<'_, '_>,
    lists: &BTreeMap<String, Vec<String>>,
    words: &Words,
    outline: &mut Outline,
) {
    for child in element.children().filter(Element::is_element) {
        let path = attribute(child, "ref").or_else(|| attribute(child, "nodeset")).unwrap_or_default();
        if child.tag_name().name() == "repeat" {
            let count = attribute(child, "count");
            outline.repeats.push(Repeat { path: path.to_owned(), counted: count.is_some() });
            if let Some(node) = outline.nodes.get_mut(path) {
                node.repeat = true;
                node.names.extend(count.into_iter().flat_map(|count| words.of(count)));
                // pyxform computes a count in a node of its own beside the repeat.
                if let Some(helper) = outline.nodes.get(&format!("{path}_count")) {
                    let names = helper.names.clone();
                    outline.nodes.entry(path.to_owned()).or_default().names.extend(names);
                }
            }
        }
        read_control(child, path, lists, words, outline);
        read_body(child, lists, words, outline);
    }
}

fn read_control(
    control: Element<'_, '_>,
    path: &str,
    lists: &BTreeMap<String, Vec<String>>,
    words: &Words,
    outline: &mut Outline,
) {
    let Some(node) = outline.nodes.get_mut(path) else { return };
    let itemset = named(control, "itemset").next().and_then(|itemset| attribute(itemset, "nodeset"));
    if let Some(nodeset) = itemset {
        node.filtered |= nodeset.contains('[');
        node.names.extend(words.of(nodeset));
    }
    let codes = || match itemset {
        Some(nodeset) => {
            let id = nodeset.split('\'').nth(1).unwrap_or_default();
            lists.get(id).cloned().unwrap_or_default()
        }
        None => named(control, "value").filter_map(|value| value.text()).map(str::to_owned).collect(),
    };
    let number = |name, other| attribute(control, name).and_then(|text| text.parse().ok()).unwrap_or(other);
    let kind = match (control.tag_name().name(), node.data_type.as_str()) {
        ("select1", _) => Kind::One(codes()),
        ("select", _) => {
            node.many = true;
            Kind::Many(codes())
        }
        ("rank", _) => Kind::Rank(codes()),
        ("range", _) => {
            Kind::Range { start: number("start", 0.0), end: number("end", 10.0), step: number("step", 1.0) }
        }
        ("trigger", _) => Kind::Acknowledge,
        ("input", "int") => Kind::Integer,
        ("input", "decimal") => Kind::Decimal,
        ("input", "date") => Kind::Date,
        ("input", "time") => Kind::Time,
        ("input", "dateTime") => Kind::DateTime,
        ("input", _) => Kind::Text,
        _ => return,
    };
    let fixed = named(control.document().root(), "bind").any(|bind| {
        attribute(bind, "nodeset") == Some(path) && attribute(bind, "readonly") == Some("true()")
    });
    // The heading of a table of selects looks like a select and is nothing to answer.
    let heading = attribute(control, "appearance") == Some("label");
    if !fixed && !heading {
        outline.questions.push(Question { path: path.to_owned(), kind });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const XFORM: &str = r#"<html xmlns="http://www.w3.org/2002/xforms" xmlns:jr="http://openrosa.org/javarosa">
        <head><model>
          <instance><data><nights/><night><hours/><bed/></night><said/><code/></data></instance>
          <instance id="bed"><root><item><name>a</name></item><item><name>b</name></item></root></instance>
          <bind nodeset="/data/nights" type="int"/>
          <bind nodeset="/data/night/hours" type="decimal" relevant=" /data/nights  &gt; 0"/>
          <bind nodeset="/data/said" type="string" readonly="true()"/>
          <bind nodeset="/data/code" type="string" calculate="once(uuid())"/>
        </model></head>
        <body>
          <input ref="/data/nights"/>
          <group ref="/data/night"><repeat nodeset="/data/night" jr:count=" /data/nights ">
            <input ref="/data/night/hours"/>
            <select1 ref="/data/night/bed"><itemset nodeset="instance('bed')/root/item[name != /data/said]"/></select1>
          </repeat></group>
          <input ref="/data/said"/>
        </body></html>"#;

    #[test]
    fn an_outline_says_what_is_asked_and_what_decides_about_it() {
        let outline = read(XFORM).unwrap();
        let asked: Vec<_> = outline.questions.iter().map(|question| question.path.as_str()).collect();
        assert_eq!(asked, ["/data/nights", "/data/night/hours", "/data/night/bed"]);
        assert_eq!(outline.questions[2].kind, Kind::One(vec!["a".into(), "b".into()]));
        assert!(outline.repeats[0].counted && outline.nodes["/data/night/hours"].counted);
        assert!(outline.nodes["/data/night/bed"].filtered && outline.nodes["/data/code"].volatile);
        let decided = outline.decided_by("/data/night[2]/bed");
        assert_eq!(decided.into_iter().collect::<Vec<_>>(), ["nights", "said"]);
    }
}
