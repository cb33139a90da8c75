//! The elements and attributes of the primary instance, each once however many entries of a repeat hold it.

use hashbrown::{HashMap, HashSet};

use super::binds::Bind;
use super::markup::{JAVAROSA, Report, Xml, elements, jr, prefix};

/// Most different elements and attributes of a form.
const MAX: usize = 50_000;

/// Index of an element or attribute; 0 is the root element.
pub(super) type Index = u32;

/// The root element.
pub(super) const ROOT: Index = 0;

/// An element or attribute of the primary instance.
#[derive(Debug)]
pub(super) struct Element<'a> {
    pub(super) name: &'a str,
    /// With a prefix, its namespace.
    pub(super) prefix: Option<(&'a str, &'a str)>,
    pub(super) parent: Index,
    pub(super) children: Vec<Index>,
    pub(super) attribute: bool,
    /// Where it stands in the file, the template first; of an attribute, its element.
    pub(super) found: Vec<Xml<'a>>,
    /// Whether the first found is a template.
    pub(super) template: bool,
    pub(super) repeat: bool,
    /// Whether the form says how many entries there are.
    pub(super) counted: bool,
    pub(super) bind: Bind<'a>,
    /// Its part of the body, if it has one.
    pub(super) part: Option<u32>,
    /// The first and last place in the body of what is in it.
    pub(super) span: Option<(u32, u32)>,
}

/// The primary instance.
#[derive(Debug)]
pub(super) struct Skeleton<'a> {
    pub(super) elements: Vec<Element<'a>>,
    by_name: HashMap<(Index, bool, &'a str), Index>,
}

impl<'a> std::ops::Index<Index> for Skeleton<'a> {
    type Output = Element<'a>;

    fn index(&self, index: Index) -> &Element<'a> {
        &self.elements[index as usize]
    }
}

impl std::ops::IndexMut<Index> for Skeleton<'_> {
    fn index_mut(&mut self, index: Index) -> &mut Self::Output {
        &mut self.elements[index as usize]
    }
}

impl<'a> Skeleton<'a> {
    /// Reads the root element of the primary instance. `mentioned`: the attributes that some expression or reference
    /// names; of the root's own, only these are values, the others are copied as they are.
    pub(super) fn read(
        root: Xml<'a>,
        mentioned: &HashSet<&str>,
        report: &mut Report<'_, '_>,
    ) -> Skeleton<'a> {
        let mut skeleton = Skeleton { elements: Vec::new(), by_name: HashMap::new() };
        skeleton.push(root.tag_name().name(), spelled(root), ROOT, false);
        skeleton[ROOT].found.push(root);
        skeleton.attributes(ROOT, root, Some(mentioned));
        skeleton.children(ROOT, root);
        if skeleton.elements.len() >= MAX {
            report.error(root, "", "The form has more than 50,000 elements.", "Split the form.");
        }
        skeleton
    }

    fn push(
        &mut self,
        name: &'a str,
        prefix: Option<(&'a str, &'a str)>,
        parent: Index,
        attribute: bool,
    ) -> Index {
        let index = Index::try_from(self.elements.len()).unwrap_or(Index::MAX);
        self.elements.push(Element {
            name,
            prefix,
            parent,
            children: Vec::new(),
            attribute,
            found: Vec::new(),
            template: false,
            repeat: false,
            counted: false,
            bind: Bind::default(),
            part: None,
            span: None,
        });
        index
    }

    fn find_or_push(
        &mut self,
        parent: Index,
        attribute: bool,
        name: &'a str,
        prefix: Option<(&'a str, &'a str)>,
    ) -> Option<Index> {
        if let Some(index) = self.by_name.get(&(parent, attribute, name)) {
            return Some(*index);
        }
        if self.elements.len() >= MAX {
            return None;
        }
        let index = self.push(name, prefix, parent, attribute);
        self.by_name.insert((parent, attribute, name), index);
        self[parent].children.push(index);
        Some(index)
    }

    fn attributes(&mut self, owner: Index, node: Xml<'a>, only: Option<&HashSet<&str>>) {
        for attribute in node.attributes() {
            let (name, namespace) = (attribute.name(), attribute.namespace());
            if namespace == Some(JAVAROSA) || only.is_some_and(|only| !only.contains(name)) {
                continue;
            }
            let source = node.document().input_text();
            let spelled = source.get(attribute.range_qname()).and_then(|written| written.split_once(':'));
            let prefix = spelled.and_then(|(prefix, _)| Some((prefix, namespace?)));
            if let Some(index) = self.find_or_push(owner, true, name, prefix) {
                self[index].found.push(node);
            }
        }
    }

    /// Recursion is as deep as the XML, which is bounded.
    fn children(&mut self, parent: Index, node: Xml<'a>) {
        for element in elements(node) {
            let Some(index) = self.find_or_push(parent, false, element.tag_name().name(), spelled(element))
            else {
                return;
            };
            let template = jr(element, "template").is_some();
            let known = &mut self[index];
            if template && !known.template {
                known.template = true;
                known.found.insert(0, element);
            } else {
                known.found.push(element);
            }
            self.attributes(index, element, None);
            self.children(index, element);
        }
    }

    /// Whether an element has elements in it.
    pub(super) fn is_group(&self, index: Index) -> bool {
        self[index].repeat || self[index].children.iter().any(|child| !self[*child].attribute)
    }

    /// The path of an element: `/data/group/question`.
    pub(super) fn path(&self, mut index: Index) -> String {
        let mut names = Vec::new();
        loop {
            let element = &self[index];
            names.push(match (element.attribute, element.prefix) {
                (true, None) => format!("@{}", element.name),
                (true, Some((prefix, _))) => format!("@{prefix}:{}", element.name),
                (false, None) => element.name.to_owned(),
                (false, Some((prefix, _))) => format!("{prefix}:{}", element.name),
            });
            if index == ROOT {
                break;
            }
            index = element.parent;
        }
        names.push(String::new());
        names.reverse();
        names.join("/")
    }

    /// What a reference means, seen from an element. Conditions in brackets do not matter: they choose among entries.
    pub(super) fn resolve(&self, context: Index, reference: &str) -> Option<Index> {
        let bare = without_brackets(reference.trim());
        let reference = bare.trim();
        let (mut at, steps) = match reference.strip_prefix('/') {
            Some(absolute) => {
                let (first, rest) = absolute.split_once('/').unwrap_or((absolute, ""));
                if local(first.trim()) != self[ROOT].name {
                    return None;
                }
                (ROOT, rest)
            }
            None => (context, reference),
        };
        for step in steps.split('/').map(str::trim) {
            at = match step {
                "" if steps.is_empty() => at,
                "" => return None,
                "." | "current()" => at,
                ".." => self[at].parent,
                step => match step.strip_prefix('@') {
                    Some(name) => *self.by_name.get(&(at, true, local(name)))?,
                    None => *self.by_name.get(&(at, false, local(step)))?,
                },
            };
        }
        Some(at)
    }

    /// Whether an element is another or inside it.
    pub(super) fn is_inside(&self, mut index: Index, outer: Index) -> bool {
        while index > outer {
            index = self[index].parent;
        }
        index == outer
    }

    /// The element with what is around it, innermost first, without the root.
    pub(super) fn around(&self, index: Index) -> impl Iterator<Item = Index> + '_ {
        std::iter::successors(Some(index), |at| Some(self[*at].parent)).take_while(|at| *at != ROOT)
    }
}

/// How an element is spelled: its prefix and that prefix's namespace.
fn spelled<'a>(element: Xml<'a>) -> Option<(&'a str, &'a str)> {
    match prefix(element) {
        "" => None,
        prefix => Some((prefix, element.tag_name().namespace()?)),
    }
}

fn local(name: &str) -> &str {
    name.rsplit_once(':').map_or(name, |(_, local)| local)
}

fn without_brackets(reference: &str) -> std::borrow::Cow<'_, str> {
    if !reference.contains('[') {
        return reference.into();
    }
    let mut depth = 0_usize;
    let kept = reference.chars().filter(|c| {
        match c {
            '[' => depth += 1,
            ']' => {
                depth = depth.saturating_sub(1);
                return false;
            }
            _ => {}
        }
        depth == 0
    });
    kept.collect::<String>().into()
}
