//! A compiled form version.

use std::collections::BTreeMap;
use std::fmt;

use hashbrown::HashMap;

use crate::document::QName;
use crate::expr::code::Code;
use crate::graph::Graph;
use crate::instances::Instances;
use crate::item::Translated;
use crate::node::{NodeId, NodeKind, Tree};
use crate::{Attachments, Diagnostic, Diagnostics, Item, ItemKey, Language};

/// A form version, read from a workbook, checked and compiled; the same bytes give the same instrument everywhere.
pub struct Instrument {
    pub(crate) form_id: String,
    pub(crate) version: String,
    pub(crate) title: String,
    pub(crate) languages: Vec<Language>,
    pub(crate) hash: [u8; 32],
    pub(crate) settings: BTreeMap<String, String>,
    pub(crate) items: Vec<Item>,
    pub(crate) by_key: HashMap<ItemKey, usize>,
    pub(crate) warnings: Vec<Diagnostic>,
    pub(crate) tree: Tree,
    pub(crate) graph: Graph,
    pub(crate) instances: Instances,
    /// Words that expressions ask for with `jr:itext()`, by their id.
    pub(crate) words: HashMap<String, Translated>,
    pub(crate) root: Root,
    /// Settings column `instance_name`.
    pub(crate) instance_name: Option<Code>,
    pub(crate) pages_after: Vec<Option<u32>>,
}

/// How the root of a submission is written.
#[derive(Debug, Clone)]
pub(crate) struct Root {
    pub(crate) name: String,
    /// Attributes as written, `id` and `version` among them; with a prefix, the prefix's namespace.
    pub(crate) attributes: Vec<(QName, String)>,
}

impl Default for Root {
    fn default() -> Root {
        Root { name: "data".to_owned(), attributes: Vec::new() }
    }
}

impl fmt::Debug for Instrument {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Instrument")
            .field("form_id", &self.form_id)
            .field("version", &self.version)
            .finish_non_exhaustive()
    }
}

impl Instrument {
    /// Reads a form: an XLSForm as a workbook (`.xlsx`, `.xlsm`, `.xlsb`), as Markdown tables or as comma-separated
    /// values (one file that names its sheets, or a `survey.csv` with the other sheets attached), or an XForm. What it
    /// is, is told from the bytes; `file` is the name that diagnostics show. All faults are reported at once.
    ///
    /// ```
    /// use nightjar_form::{Attachments, Instrument};
    ///
    /// let form = "
    ///     | survey |                             |      |             |
    ///     |        | type                        | name | label       |
    ///     |        | select_one_from_file w.csv  | ward | Which ward? |";
    /// let mut attachments = Attachments::new();
    /// attachments.insert("w.csv", b"name,label\na,Ward A\n".to_vec());
    /// let instrument = Instrument::read("night.md", form.as_bytes(), &attachments)?;
    /// assert_eq!(instrument.items()[0].choices()[0].code(), "a");
    ///
    /// let found = Instrument::read("night.md", b"| survey |\n| | type | name |", &attachments).unwrap_err();
    /// assert_eq!(found.all()[0].problem, "The form asks nothing.");
    /// # Ok::<(), nightjar_form::Diagnostics>(())
    /// ```
    pub fn read(file: &str, bytes: &[u8], attachments: &Attachments) -> Result<Instrument, Diagnostics> {
        crate::read::instrument(file, bytes, attachments)
    }

    /// Reads a form that has no attachments, as [`Instrument::read`] does.
    pub fn from_workbook(file: &str, bytes: &[u8]) -> Result<Instrument, Diagnostics> {
        Instrument::read(file, bytes, &Attachments::default())
    }

    /// What the reader ignored or thinks is a mistake.
    #[must_use]
    pub fn warnings(&self) -> &[Diagnostic] {
        &self.warnings
    }

    /// Settings column `form_id`; the file name without its ending when the workbook has none.
    #[must_use]
    pub fn form_id(&self) -> &str {
        &self.form_id
    }

    /// Settings column `version`; may be empty.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.version
    }

    /// The title: settings column `form_title::Language`, else `form_title`, else the form id.
    #[must_use]
    pub fn title(&self, language: &Language) -> &str {
        let column = format!("form_title::{}", language.name().to_lowercase());
        self.settings.get(&column).unwrap_or(&self.title)
    }

    /// The languages, the default first; never empty.
    #[must_use]
    pub fn languages(&self) -> &[Language] {
        &self.languages
    }

    /// The language a session opens in when none is asked for.
    #[must_use]
    pub fn default_language(&self) -> &Language {
        &self.languages[0]
    }

    /// The language with this name or code.
    #[must_use]
    pub fn language(&self, name_or_code: &str) -> Option<&Language> {
        let wanted = name_or_code.trim();
        self.languages
            .iter()
            .find(|l| l.name() == wanted)
            .or_else(|| self.languages.iter().find(|l| l.code().eq_ignore_ascii_case(wanted)))
    }

    /// BLAKE3 of the workbook's bytes.
    #[must_use]
    pub fn hash(&self) -> [u8; 32] {
        self.hash
    }

    /// A column of the settings sheet by its lower-case heading, as `nightjar::wording_status`.
    #[must_use]
    pub fn setting(&self, column: &str) -> Option<&str> {
        self.settings.get(column).map(String::as_str)
    }

    /// Questions, notes, calculations, hidden items and metadata in document order; groups are not items.
    #[must_use]
    pub fn items(&self) -> &[Item] {
        &self.items
    }

    /// The item with this identity.
    #[must_use]
    pub fn item(&self, key: &ItemKey) -> Option<&Item> {
        self.by_key.get(key).map(|&i| &self.items[i])
    }

    /// The first item with this name, in document order.
    #[must_use]
    pub fn item_named(&self, name: &str) -> Option<&Item> {
        self.items.iter().find(|item| *item.name == *name)
    }

    /// The item of a node.
    pub(crate) fn item_at(&self, id: NodeId) -> Option<&Item> {
        match self.tree[id].kind {
            NodeKind::Item(index) => self.items.get(index),
            _ => None,
        }
    }

    /// How many pages come after that of a node, the check page included; `None` where answers may change it.
    pub(crate) fn pages_after(&self, id: NodeId) -> Option<usize> {
        let after = self.pages_after.get(id.index())?;
        after.map(|after| after as usize)
    }

    /// By node: what [`Instrument::pages_after`] says.
    pub(crate) fn count_pages(tree: &Tree, items: &[Item]) -> Vec<Option<u32>> {
        let shown = |id: NodeId| match tree[id].kind {
            NodeKind::Item(index) => items[index].kind().is_shown(),
            _ => false,
        };
        let mut after = vec![None; tree.nodes.len()];
        // From the end to the last thing that may come and go; the check page is always there.
        let mut pages = 1;
        let mut list: Option<NodeId> = None;
        for id in tree.ids().rev() {
            after[id.index()] = Some(pages);
            if tree[id].relevant.is_some() || tree[id].kind == NodeKind::Repeat {
                break;
            }
            if !shown(id) {
                continue;
            }
            let around = field_list(tree, id);
            if around.is_none() || around != list {
                pages += 1;
            }
            list = around;
        }
        after
    }
}

/// The outermost group around a node that is shown on one page.
fn field_list(tree: &Tree, id: NodeId) -> Option<NodeId> {
    let mut found = None;
    let mut at = id;
    while at != NodeId::ROOT {
        at = tree[at].parent;
        if tree[at].field_list {
            found = Some(at);
        }
    }
    found
}
