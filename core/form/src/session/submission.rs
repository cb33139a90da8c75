//! The submission: the answers as the XML that OpenRosa servers take.

use jiff::civil::DateTime;

use super::Session;
use super::state::ScopeId;
use super::xml_path::written_name;
use crate::item::Stamp;
use crate::node::{NodeId, NodeKind, Tree};
use crate::{ItemKind, Value};

/// Namespace of the block of metadata.
const OPENROSA: &str = "http://openrosa.org/xforms";

impl Session {
    /// The response as an ODK-compatible submission: one line of XML, elements in the order of the form's instance,
    /// repeats as elements of one name, what is not relevant left out.
    ///
    /// Dates and times are ISO 8601; times carry the offset of the session's zone, since servers read them as moments.
    /// A form without an `instanceID` is given one, `uuid:…`, that follows from the session's seed.
    ///
    /// ```
    /// # use nightjar_form::Session;
    /// # fn show(session: &Session) {
    /// let xml = session.submission();
    /// assert!(xml.starts_with("<data id=\"night\" version=\"3\">") && xml.ends_with("</data>"));
    /// # }
    /// ```
    #[must_use]
    pub fn submission(&self) -> String {
        let instrument = &self.instrument;
        let mut writer = Writer { session: self, tree: &instrument.tree, meta: None, identifier: None };
        writer.find_identifier();
        let mut attributes: Vec<(String, String)> = Vec::new();
        for (name, value) in &instrument.root.attributes {
            let prefixed = if name.prefix.is_empty() { String::new() } else { format!("{}:", name.prefix) };
            attributes.push((format!("{prefixed}{}", name.local), value.clone()));
        }
        if instrument.root.attributes.is_empty() {
            attributes.push(("id".to_owned(), instrument.form_id.clone()));
            if !instrument.version.is_empty() {
                attributes.push(("version".to_owned(), instrument.version.clone()));
            }
        }
        let mut xml = String::new();
        let children = writer.written(NodeId::ROOT);
        let mut namespaces: Vec<(&str, &str)> = Vec::new();
        let of_attributes =
            instrument.root.attributes.iter().map(|(name, _)| (&*name.prefix, &*name.namespace));
        let of_nodes = instrument.tree.nodes.iter().filter_map(|node| node.written.prefix.as_ref());
        let all = of_attributes.chain(of_nodes.map(|(prefix, namespace)| (&**prefix, &**namespace)));
        let added = writer.meta.is_none().then_some(("orx", OPENROSA));
        for (prefix, namespace) in all.chain(added) {
            if !prefix.is_empty() && prefix != "xml" && !namespaces.iter().any(|(known, _)| *known == prefix)
            {
                namespaces.push((prefix, namespace));
            }
        }
        for (prefix, namespace) in namespaces.into_iter().rev() {
            attributes.insert(0, (format!("xmlns:{prefix}"), namespace.to_owned()));
        }
        let name = &instrument.root.name;
        xml.push('<');
        xml += name;
        for (attribute, value) in &attributes {
            write_attribute(&mut xml, attribute, value);
        }
        writer.attributes(ScopeId::ROOT, &children, &mut xml);
        xml.push('>');
        writer.elements(ScopeId::ROOT, &children, &mut xml);
        if writer.meta.is_none() {
            let id = self.instance_id();
            xml += &format!("<orx:meta><orx:instanceID>{id}</orx:instanceID>");
            if let Some(code) = &instrument.instance_name {
                let scene = self.scene(ScopeId::ROOT, NodeId::ROOT);
                xml += "<orx:instanceName>";
                escape(&scene.eval(code).into_text(&scene), false, &mut xml);
                xml += "</orx:instanceName>";
            }
            xml += "</orx:meta>";
        }
        xml += &format!("</{name}>");
        xml
    }

    /// An identity of the response that follows from the seed: a UUID of version 8, which leaves its bits to us.
    fn instance_id(&self) -> String {
        let mut hasher = blake3::Hasher::new_derive_key("nightjar 2026 form instance id");
        hasher.update(&self.seed.to_le_bytes());
        hasher.update(&self.instrument.hash);
        let mut bits = [0; 16];
        bits.copy_from_slice(&hasher.finalize().as_bytes()[..16]);
        bits[6] = (bits[6] & 0x0F) | 0x80;
        bits[8] = (bits[8] & 0x3F) | 0x80;
        let hex = data_encoding::HEXLOWER.encode(&bits);
        format!("uuid:{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
    }
}

struct Writer<'a> {
    session: &'a Session,
    tree: &'a Tree,
    /// The form's block of metadata, and its `instanceID`, if it has them.
    meta: Option<NodeId>,
    identifier: Option<NodeId>,
}

impl Writer<'_> {
    /// The children of a node as they are written: groups of the pages only are looked through.
    fn written(&self, parent: NodeId) -> Vec<NodeId> {
        let mut found = Vec::new();
        self.gather(parent, &mut found);
        found.sort_by_key(|child| self.tree[*child].written.order);
        found
    }

    fn gather(&self, parent: NodeId, found: &mut Vec<NodeId>) {
        for child in self.tree.children(parent) {
            match self.tree[child].written.unwritten {
                true => self.gather(child, found),
                false => found.push(child),
            }
        }
    }

    fn find_identifier(&mut self) {
        let named = |parent, name: &str| {
            let written = self.written(parent);
            written
                .into_iter()
                .find(|child| *self.tree[*child].name == *name && !self.tree[*child].written.attribute)
        };
        let meta = named(NodeId::ROOT, "meta").filter(|meta| {
            self.tree[*meta].kind == NodeKind::Group && self.is_relevant(ScopeId::ROOT, *meta)
        });
        let identifier = meta.and_then(|meta| named(meta, "instanceID"));
        (self.meta, self.identifier) = (meta, identifier);
    }

    fn is_relevant(&self, scope: ScopeId, node: NodeId) -> bool {
        self.session.state.cell(self.tree, scope, node).relevant
    }

    fn attributes(&self, scope: ScopeId, children: &[NodeId], xml: &mut String) {
        for child in children.iter().copied().filter(|child| self.tree[*child].written.attribute) {
            if self.is_relevant(scope, child) {
                let name = written_name(self.tree, child);
                write_attribute(xml, name.trim_start_matches('@'), &self.text(scope, child));
            }
        }
    }

    fn elements(&self, scope: ScopeId, children: &[NodeId], xml: &mut String) {
        for child in children.iter().copied().filter(|child| !self.tree[*child].written.attribute) {
            if self.tree[child].kind == NodeKind::Repeat {
                for instance in self.session.state.list(self.tree, scope, child) {
                    self.element(*instance, child, xml);
                }
            } else {
                self.element(scope, child, xml);
            }
        }
    }

    fn element(&self, scope: ScopeId, node: NodeId, xml: &mut String) {
        if !self.is_relevant(scope, node) {
            return;
        }
        let name = written_name(self.tree, node);
        let children = self.written(node);
        xml.push('<');
        *xml += &name;
        self.attributes(scope, &children, xml);
        xml.push('>');
        let before = xml.len();
        if matches!(self.tree[node].kind, NodeKind::Item(_)) {
            escape(&self.text(scope, node), false, xml);
        } else {
            self.elements(scope, &children, xml);
        }
        if Some(node) == self.meta && self.identifier.is_none() {
            let prefix = name.strip_suffix("meta").unwrap_or_default();
            *xml += &format!("<{prefix}instanceID>{}</{prefix}instanceID>", self.session.instance_id());
        }
        if xml.len() == before {
            xml.pop();
            *xml += "/>";
        } else {
            *xml += &format!("</{name}>");
        }
    }

    /// The value as ODK writes it.
    fn text(&self, scope: ScopeId, node: NodeId) -> String {
        let session = self.session;
        if session.item(node).is_some_and(|item| item.stamp == Some(Stamp::End)) {
            return self.moment(session.now.datetime());
        }
        let fine = |item: &crate::Item| item.scale().is_some_and(|scale| !scale.is_whole());
        let is_decimal =
            self.tree[node].stored_as == ItemKind::Decimal || session.item(node).is_some_and(fine);
        match session.state.cell(self.tree, scope, node).current() {
            Some(Value::DateTime(at)) => self.moment(*at),
            Some(Value::Time(time)) => {
                let offset = session.now.offset();
                format!("{}{}", time.strftime("%H:%M:%S%.3f"), offset_text(offset))
            }
            Some(value @ (Value::Integer(_) | Value::Decimal(_))) if is_decimal => {
                let text = value.to_text();
                // A decimal is told from a whole number by its point, as the field's engines write it.
                if text.contains(|c: char| !c.is_ascii_digit() && c != '-') {
                    text
                } else {
                    format!("{text}.0")
                }
            }
            Some(value) => value.to_text(),
            None if Some(node) == self.identifier => session.instance_id(),
            None => String::new(),
        }
    }

    /// A moment with the offset that the session's zone has then.
    fn moment(&self, at: DateTime) -> String {
        let zone = self.session.now.time_zone();
        let offset =
            zone.to_ambiguous_zoned(at).compatible().map_or(self.session.now.offset(), |z| z.offset());
        format!("{}{}", at.strftime("%Y-%m-%dT%H:%M:%S%.3f"), offset_text(offset))
    }
}

fn offset_text(offset: jiff::tz::Offset) -> String {
    let minutes = offset.seconds() / 60;
    if minutes == 0 {
        return "Z".to_owned();
    }
    let sign = if minutes < 0 { '-' } else { '+' };
    format!("{sign}{:02}:{:02}", minutes.abs() / 60, minutes.abs() % 60)
}

fn write_attribute(xml: &mut String, name: &str, value: &str) {
    *xml += &format!(" {name}=\"");
    escape(value, true, xml);
    xml.push('"');
}

/// Text as XML holds it. Characters that XML has no way to write become U+FFFD.
fn escape(text: &str, attribute: bool, xml: &mut String) {
    for c in text.chars() {
        match c {
            '&' => *xml += "&amp;",
            '<' => *xml += "&lt;",
            '>' => *xml += "&gt;",
            '"' if attribute => *xml += "&quot;",
            // A parser would read these as a plain space or line break.
            '\r' => *xml += "&#13;",
            '\n' if attribute => *xml += "&#10;",
            '\t' if attribute => *xml += "&#9;",
            '\t' | '\n' => xml.push(c),
            '\0'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => xml.push('\u{fffd}'),
            c => xml.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_xml_cannot_hold_is_escaped_or_replaced() {
        let mut xml = String::new();
        escape("<a> & \"b\"\r\u{0}\u{b}\n", false, &mut xml);
        assert_eq!(xml, "&lt;a&gt; &amp; \"b\"&#13;\u{fffd}\u{fffd}\n");
        let mut xml = String::new();
        escape("\"\n\t", true, &mut xml);
        assert_eq!(xml, "&quot;&#10;&#9;");
    }

    #[test]
    fn an_offset_of_nothing_is_z() {
        let text = |seconds| jiff::tz::Offset::from_seconds(seconds).map(offset_text);
        assert_eq!(text(0).ok().as_deref(), Some("Z"));
        assert_eq!(text(-12_600).ok().as_deref(), Some("-03:30"));
        assert_eq!(text(3_600).ok().as_deref(), Some("+01:00"));
    }
}
