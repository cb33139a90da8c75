//! A submission as a table: path of a node → what stands there.

use std::collections::BTreeMap;

use roxmltree::{Document, Node as Element};

use crate::outline::Outline;

/// Path with positions on repeat instances → text; a node with children has no text of its own.
pub type Submission = BTreeMap<String, String>;

/// What a client adds, and what says nothing about the answers.
const LEFT_OUT: [&str; 2] = ["instanceID", "deprecatedID"];
/// What stands for a value that differs from run to run.
const VOLATILE: &str = "(differs from run to run)";

/// Reads the XML that an engine would submit.
pub fn read(xml: &str, outline: &Outline) -> Result<Submission, roxmltree::Error> {
    let document = Document::parse(xml)?;
    let mut table = Submission::new();
    let root = document.root_element();
    for name in ["id", "version"] {
        let value = root.attributes().find(|attribute| attribute.name() == name);
        table.extend(value.map(|value| (format!("/@{name}"), value.value().to_owned())));
    }
    add(root, "", outline, &mut table);
    Ok(table)
}

fn add(element: Element<'_, '_>, parent: &str, outline: &Outline, table: &mut Submission) {
    let name = element.tag_name().name();
    if LEFT_OUT.contains(&name) {
        return;
    }
    let mut path = format!("{parent}/{name}");
    let node = outline.node(&path);
    if node.is_some_and(|node| node.repeat) {
        let earlier = element.prev_siblings().skip(1).filter(|one| one.tag_name().name() == name).count();
        path = format!("{path}[{}]", earlier + 1);
    }
    let children: Vec<_> = element.children().filter(Element::is_element).collect();
    if children.is_empty() {
        let text = element.text().unwrap_or_default();
        let volatile = node.is_some_and(|node| node.volatile) && !text.is_empty();
        table.insert(path, if volatile { VOLATILE.to_owned() } else { text.to_owned() });
        return;
    }
    // The wrapper of what is left out would otherwise be a difference.
    if name != "meta" {
        table.insert(path.clone(), String::new());
    }
    for child in children {
        add(child, &path, outline, table);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outline::Node;

    #[test]
    fn instances_have_positions_and_what_changes_from_run_to_run_is_masked() {
        let mut outline = Outline::default();
        outline.nodes.insert("/d/r".into(), Node { repeat: true, ..Node::default() });
        outline.nodes.insert("/d/code".into(), Node { volatile: true, ..Node::default() });
        let xml = "<d id='x'><r><q>1</q></r>\n<r><q/></r><code>abc</code><meta><instanceID>u</instanceID></meta></d>";
        let table = read(xml, &outline).unwrap();
        let rows: Vec<_> = table.iter().map(|(path, text)| format!("{path}={text}")).collect();
        let code = format!("/d/code={VOLATILE}");
        assert_eq!(rows, ["/@id=x", "/d=", &code, "/d/r[1]=", "/d/r[1]/q=1", "/d/r[2]=", "/d/r[2]/q="]);
    }
}
