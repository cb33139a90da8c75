//! The binds: what the model says of each element of the instance.

use hashbrown::HashMap;

use super::markup::{JAVAROSA, Report, Xml, jr, plain, written};
use super::skeleton::{Index, ROOT, Skeleton};

/// What is bound to one element; of several binds, the last word on each thing.
#[derive(Debug, Default)]
pub(super) struct Bind<'a> {
    pub(super) node: Option<Xml<'a>>,
    pub(super) kind: Option<&'a str>,
    pub(super) relevant: Option<&'a str>,
    pub(super) required: Option<&'a str>,
    pub(super) constraint: Option<&'a str>,
    pub(super) calculate: Option<&'a str>,
    pub(super) read_only: Option<&'a str>,
    pub(super) constraint_message: Option<&'a str>,
    pub(super) required_message: Option<&'a str>,
    pub(super) preload: Option<(&'a str, &'a str)>,
    /// Attributes of other namespaces, as written.
    pub(super) extras: Vec<(String, &'a str)>,
}

impl<'a> Bind<'a> {
    /// The type, without the prefix of a schema.
    pub(super) fn kind(&self) -> &'a str {
        let kind = self.kind.unwrap_or_default().trim();
        kind.rsplit_once(':').map_or(kind, |(_, kind)| kind)
    }
}

/// Binds that have a name of their own.
pub(super) type Named<'a> = HashMap<&'a str, Index>;

/// Reads one `<bind>`.
pub(super) fn read<'a>(
    node: Xml<'a>,
    skeleton: &mut Skeleton<'a>,
    named: &mut Named<'a>,
    report: &mut Report<'_, '_>,
) {
    let Some(nodeset) = plain(node, "nodeset").or_else(|| plain(node, "ref")) else {
        report.error(node, "<bind>", "The bind names no element.", "Give it a nodeset.");
        return;
    };
    let Some(index) = skeleton.resolve(ROOT, nodeset) else {
        let problem =
            format!("There is nothing at `{}` in the instance, so the bind has no effect.", nodeset.trim());
        report.warning(node, "<bind>", problem, "Add the element, or correct the path.");
        return;
    };
    if let Some(id) = plain(node, "id") {
        named.insert(id, index);
    }
    let twice = skeleton[index].bind.node.is_some();
    if twice {
        let problem = format!("`{}` is bound twice.", nodeset.trim());
        report.warning(node, "<bind>", problem, "The last word on each thing counts; keep one bind.");
    }
    let bind = &mut skeleton[index].bind;
    bind.node = Some(node);
    for attribute in node.attributes().filter(|a| a.namespace().is_none()) {
        let value = Some(attribute.value());
        match attribute.name() {
            "type" => bind.kind = value,
            "relevant" => bind.relevant = value,
            "required" => bind.required = value,
            "constraint" => bind.constraint = value,
            "calculate" => bind.calculate = value,
            "readonly" => bind.read_only = value,
            "nodeset" | "ref" | "id" => {}
            // Old tools write these without their prefix.
            "constraintMsg" => bind.constraint_message = value,
            "requiredMsg" => bind.required_message = value,
            "preload" => {
                bind.preload = value.map(|kind| (kind, plain(node, "preloadParams").unwrap_or_default()))
            }
            "preloadParams" => {}
            "saveInstance" | "p3ptype" => {}
            other => {
                let problem = format!("The bind's attribute `{other}` has no effect.");
                report.warning(node, &format!("@{other}"), problem, "Leave it out.");
            }
        }
    }
    bind.constraint_message = jr(node, "constraintMsg").or(bind.constraint_message);
    bind.required_message = jr(node, "requiredMsg").or(bind.required_message);
    let params = jr(node, "preloadParams").unwrap_or_default();
    bind.preload = jr(node, "preload").map(|kind| (kind, params)).or(bind.preload);
    for attribute in node.attributes() {
        let Some(namespace) = attribute.namespace() else { continue };
        let known = ["constraintMsg", "requiredMsg", "preload", "preloadParams"].contains(&attribute.name());
        if namespace == JAVAROSA && known {
            continue;
        }
        let source = node.document().input_text();
        let name = source.get(attribute.range_qname()).unwrap_or(attribute.name());
        bind.extras.push((name.to_lowercase(), attribute.value()));
    }
    for inner in node.children().filter(Xml::is_element) {
        let problem = format!("{} in a bind has no effect.", written(inner));
        report.warning(inner, "", problem, "Give each bind a place of its own in the model.");
    }
}
