//! Reads an XForm (ODK XForms 1.0): instance, binds and body become the tree that an XLSForm becomes too.

mod actions;
mod beginning;
mod binds;
mod body;
mod bounds;
mod choices;
mod markup;
mod pages;
mod places;
mod questions;
mod secondary;
mod skeleton;
mod tree;
mod words;

use std::collections::BTreeMap;

use hashbrown::HashSet;

use super::arrange::arrange;
use super::compile::{Surroundings, compile};
use super::findings::Findings;
use crate::document::QName;
use crate::graph::Graph;
use crate::instrument::Root;
use crate::node::NodeId;
use crate::{Attachments, Diagnostics, Instrument};
use markup::{JAVAROSA, Report, Source, XFORMS, Xml, child, elements, plain, prefix, text, written};
use pages::Pages;
use places::Spots;
use secondary::Secondaries;
pub(super) use secondary::xml;
use skeleton::{ROOT, Skeleton};
use tree::{Built, Parts};
use words::Translations;

/// The parts of a form's XML.
struct Form<'a> {
    html: Xml<'a>,
    model: Xml<'a>,
    body: Option<Xml<'a>>,
    /// Root element of the primary instance.
    root: Xml<'a>,
}

/// Reads, checks and compiles an XForm. `attachments` are the files its instances name.
pub(crate) fn read(file: &str, bytes: &[u8], attachments: &Attachments) -> Result<Instrument, Diagnostics> {
    let mut findings = Findings::new(file);
    let checked = bounds::text(bytes).and_then(|text| bounds::check(&text).map(|()| text));
    let text = match checked {
        Ok(text) => text,
        Err(excess) => {
            let known = String::from_utf8_lossy(&bytes[..excess.at.min(bytes.len())]);
            let place = Source::new(&known).place(known.len(), "");
            findings.error("", Some(place), excess.problem, excess.remedy);
            return Err(findings.into_diagnostics());
        }
    };
    let document = match roxmltree::Document::parse_with_options(&text, bounds::options()) {
        Ok(document) => document,
        Err(fault) => {
            let at = fault.pos();
            let place = super::findings::Place { row: at.row, column: Some(at.col.to_string()) };
            let problem = format!("The file is not well-formed XML: {fault}.");
            findings.error("", Some(place), problem, "Correct the XML.");
            return Err(findings.into_diagnostics());
        }
    };
    let source = Source::new(&text);
    let mut report = Report { source: &source, findings: &mut findings };
    let instrument =
        form(&document, &mut report).and_then(|form| assemble(file, bytes, &form, attachments, report));
    match instrument {
        Some(mut instrument) if !findings.has_errors() => {
            instrument.warnings = findings.into_diagnostics().0;
            Ok(instrument)
        }
        _ => Err(findings.into_diagnostics()),
    }
}

/// Finds the model, the body and the primary instance.
fn form<'a>(document: &'a roxmltree::Document<'a>, report: &mut Report<'_, '_>) -> Option<Form<'a>> {
    let html = document.root_element();
    let model = child(html, "head").and_then(|head| child(head, "model")).or_else(|| child(html, "model"));
    let Some(model) = model else {
        report.error(
            html,
            "",
            "The file has no <model>, so it is no XForm.",
            "Choose an XForm or an XLSForm.",
        );
        return None;
    };
    let primary = child(model, "instance");
    let Some(root) = primary.and_then(|instance| elements(instance).next()) else {
        report.error(
            model,
            "<model>",
            "The model has no instance.",
            "Add the instance that answers go into.",
        );
        return None;
    };
    if let Some(second) = primary.and_then(|instance| elements(instance).nth(1)) {
        report.error(second, "", "The instance has two root elements.", "Put all into one.");
    }
    let body = child(html, "body");
    if body.is_none() {
        report.error(html, "", "The form has no body, so it asks nothing.", "Add an <h:body>.");
    }
    Some(Form { html, model, body, root })
}

fn assemble(
    file: &str,
    bytes: &[u8],
    form: &Form<'_>,
    attachments: &Attachments,
    mut report: Report<'_, '_>,
) -> Option<Instrument> {
    let expressions = expressions(form);
    let words = Translations::read(child(form.model, "itext"), &mut report);
    let mut skeleton = Skeleton::read(form.root, &mentioned(form, &expressions), &mut report);
    let (mut named, mut secondaries, mut actions) = (binds::Named::new(), Secondaries::default(), Vec::new());
    let mut instances = 0;
    for node in elements(form.model) {
        match node.tag_name().name() {
            "bind" => binds::read(node, &mut skeleton, &mut named, &mut report),
            "instance" => {
                instances += 1;
                if instances > 1 {
                    secondaries.read(node, attachments, &mut report);
                }
            }
            "itext" => {}
            "submission" => {
                let remedy = "Where answers go is the study's, and they are encrypted there.";
                report.warning(node, "", "<submission> is ignored.", remedy);
            }
            _ if body::is_action(node) => actions.push((node, ROOT)),
            _ => {
                let problem = format!("{} in the model has no effect.", written(node));
                report.warning(node, "", problem, "Take it out.");
            }
        }
    }
    let body = form.body.map(|body| body::read(body, &mut skeleton, &named, &mut report)).unwrap_or_default();
    let pages = Pages::read(&body, &skeleton, &mut report);
    let parts =
        Parts { skeleton: &skeleton, body: &body, pages: &pages, words: &words, secondaries: &secondaries };
    let Built { mut nodes, mut items, mut rows, spots, of, actions: mut sets } =
        tree::build(&parts, &mut report);
    for (node, source) in actions.into_iter().chain(body.actions) {
        sets.extend(actions::read(node, source, &skeleton, &named, &of, &mut report));
    }
    let beginning = beginning::read(&skeleton, &of, &mut nodes, &items, &mut report);
    let mut asking = expressions;
    for row in rows.iter().flatten() {
        let dynamic = row.dynamic_choices.iter().flat_map(|(nodes, value, label)| [nodes, value, label]);
        asking.extend(dynamic.map(String::as_str).chain(row.cells.get("choice_filter")));
    }
    let words_asked_for = words.asked_for(&asking, &mut report);
    let instances = secondaries.into_instances(&asking);

    let places = Spots { source: report.source, skeleton: &skeleton, spots };
    let mut tree = arrange(nodes, &mut items, &rows, &places, report.findings);
    tree.beginning = beginning;
    let around = Surroundings { places: &places, instances: &instances };
    compile(&mut tree, &items, &mut rows, &sets, around, report.findings);
    let graph = Graph::new(&tree);
    for cycle in graph.cycles(&tree) {
        let row = rows.get(cycle.node.index()).and_then(Option::as_ref);
        let place = row.and_then(|row| super::row::Places::place(&places, row, cycle.column));
        let problem = format!("The value depends on itself: {}.", cycle.path);
        report.findings.error("", place, problem, "Take one of these references out.");
    }
    let by_key = items.iter().enumerate().map(|(i, item)| (item.key(), i)).collect();
    let heading = heading(file, form);
    Some(Instrument {
        form_id: heading.form_id,
        version: heading.version,
        title: heading.title,
        languages: words.languages,
        hash: *blake3::hash(bytes).as_bytes(),
        settings: heading.settings,
        pages_after: Instrument::count_pages(&tree, &items),
        items,
        by_key,
        warnings: Vec::new(),
        tree,
        graph,
        instances,
        words: words_asked_for,
        root: root(form.root, &skeleton, &of),
        instance_name: None,
    })
}

/// Everything in the form that may call a function or name an attribute. What says where choices and words come from is
/// read elsewhere.
fn expressions<'a>(form: &Form<'a>) -> Vec<&'a str> {
    let model = elements(form.model).filter(|node| node.tag_name().name() != "instance");
    let mut found = Vec::new();
    for node in model.chain(form.body).flat_map(|node| node.descendants()) {
        let itemset = node.tag_name().name() == "itemset";
        for attribute in node.attributes().filter(|attribute| may_ask(attribute.value())) {
            let read = match attribute.name() {
                "nodeset" => itemset,
                "ref" | "constraintMsg" | "requiredMsg" => words::itext_id(attribute.value()).is_some(),
                _ => false,
            };
            if !read {
                found.push(attribute.value());
            }
        }
    }
    found
}

/// Whether a text may call a function or name an attribute.
fn may_ask(text: &str) -> bool {
    text.bytes().any(|byte| matches!(byte, b'(' | b'@'))
}

/// The attributes of the root that are named in some expression or reference.
fn mentioned<'a>(form: &Form<'_>, expressions: &[&'a str]) -> HashSet<&'a str> {
    let start = format!("/{}/@", form.root.tag_name().name());
    let mut names = HashSet::new();
    for expression in expressions {
        for (_, after) in
            expression.match_indices(&start).map(|(at, _)| expression.split_at(at + start.len()))
        {
            let end =
                after.find(|c: char| !c.is_alphanumeric() && !"_-.:".contains(c)).unwrap_or(after.len());
            let name = &after[..end];
            names.insert(name.rsplit_once(':').map_or(name, |(_, local)| local));
        }
    }
    names
}

struct Heading {
    form_id: String,
    version: String,
    title: String,
    settings: BTreeMap<String, String>,
}

fn heading(file: &str, form: &Form<'_>) -> Heading {
    let stem = file.rsplit(['/', '\\']).next().unwrap_or(file);
    let stem = stem.strip_suffix(".xml").unwrap_or(stem);
    let root = form.root;
    let filled = |text: Option<&str>| text.map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned);
    let own_namespace = root.tag_name().namespace().filter(|namespace| *namespace != XFORMS);
    let form_id =
        filled(plain(root, "id")).or_else(|| filled(own_namespace)).unwrap_or_else(|| stem.to_owned());
    let any_version = root.attributes().find(|attribute| attribute.name() == "version").map(|a| a.value());
    let version = filled(plain(root, "version")).or_else(|| filled(any_version)).unwrap_or_default();
    let title = child(form.html, "head").and_then(|head| child(head, "title")).map(text);
    let title = filled(title.as_deref()).unwrap_or_else(|| form_id.clone());
    let mut settings = BTreeMap::from([
        ("form_id".to_owned(), form_id.clone()),
        ("form_title".to_owned(), title.clone()),
        ("version".to_owned(), version.clone()),
    ]);
    let style = form.body.and_then(|body| plain(body, "class"));
    settings.extend(filled(style).map(|style| ("style".to_owned(), style)));
    Heading { form_id, version, title, settings }
}

/// How the root is written: its attributes, but for those that are values of their own.
fn root(node: Xml<'_>, skeleton: &Skeleton<'_>, of: &[Option<NodeId>]) -> Root {
    let mut attributes = Vec::new();
    let namespace = node.tag_name().namespace().unwrap_or_default();
    let mut declare = |prefix: &str, local: &str, namespace: &str, value: &str| {
        let name = QName { prefix: prefix.into(), local: local.into(), namespace: namespace.into() };
        attributes.push((name, value.to_owned()));
    };
    if !namespace.is_empty() && namespace != XFORMS && prefix(node).is_empty() {
        declare("", "xmlns", "", namespace);
    }
    let is_value = |name: &str| {
        let found = skeleton.resolve(ROOT, &format!("@{name}"));
        found.is_some_and(|index| of.get(index as usize).copied().flatten().is_some())
    };
    for attribute in node.attributes() {
        let namespace = attribute.namespace().unwrap_or_default();
        if namespace == JAVAROSA || is_value(attribute.name()) {
            continue;
        }
        let source = node.document().input_text();
        let written = source.get(attribute.range_qname()).unwrap_or_default();
        let prefix = written.split_once(':').map_or("", |(prefix, _)| prefix);
        declare(prefix, attribute.name(), namespace, attribute.value());
    }
    let name = match prefix(node) {
        "" => node.tag_name().name().to_owned(),
        prefix => format!("{prefix}:{}", node.tag_name().name()),
    };
    Root { name, attributes }
}
