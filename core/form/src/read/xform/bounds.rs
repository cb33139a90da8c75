//! What an XForm may cost, checked before it is parsed: size, depth, attributes, namespaces, no document type.

use std::borrow::Cow;

/// Largest form, in bytes.
const MAX_BYTES: usize = 8 << 20;
/// Most nodes: elements, texts, comments.
const MAX_NODES: u32 = 400_000;
/// Deepest element.
const MAX_DEPTH: usize = 100;
/// Most attributes of one element: the parser compares each with all before it.
const MAX_ATTRIBUTES: usize = 100;
/// Most namespace declarations: the parser searches them for each name.
const MAX_NAMESPACES: usize = 500;

/// What is wrong, at which byte, and what to do.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Excess {
    pub(super) at: usize,
    pub(super) problem: &'static str,
    pub(super) remedy: &'static str,
}

fn excess<T>(at: usize, problem: &'static str, remedy: &'static str) -> Result<T, Excess> {
    Err(Excess { at, problem, remedy })
}

/// The text of a file in UTF-8, without its byte order mark.
pub(super) fn text(bytes: &[u8]) -> Result<Cow<'_, str>, Excess> {
    if bytes.len() > MAX_BYTES {
        return excess(0, "The form is larger than 8 MiB.", "Move long lists into files of their own.");
    }
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    match std::str::from_utf8(bytes) {
        Ok(text) => Ok(text.into()),
        Err(fault) => {
            excess(fault.valid_up_to(), "The form is not in UTF-8.", "Save it with the encoding UTF-8.")
        }
    }
}

/// How the parser is asked to keep to the bounds.
pub(super) fn options<'a>() -> roxmltree::ParsingOptions<'a> {
    roxmltree::ParsingOptions { nodes_limit: MAX_NODES, ..roxmltree::ParsingOptions::default() }
}

/// Checks the bounds in one pass; what is no XML at all is left to the parser.
pub(super) fn check(text: &str) -> Result<(), Excess> {
    let bytes = text.as_bytes();
    let (mut depth, mut namespaces) = (0_usize, 0_usize);
    let mut at = 0;
    while let Some(found) = memchr::memchr(b'<', &bytes[at..]) {
        let start = at + found;
        at = match bytes.get(start + 1) {
            Some(b'/') => {
                depth = depth.saturating_sub(1);
                start + 2
            }
            Some(b'?') => skip(text, start, "?>"),
            Some(b'!') if bytes[start..].starts_with(b"<!--") => skip(text, start, "-->"),
            Some(b'!') if bytes[start..].starts_with(b"<![CDATA[") => skip(text, start, "]]>"),
            Some(b'!') => {
                // Entities can be made to expand without end, and no form needs one.
                return excess(start, "A document type is not allowed.", "Remove the <!DOCTYPE …> block.");
            }
            _ => {
                let tag = tag(bytes, start);
                if tag.attributes > MAX_ATTRIBUTES {
                    return excess(
                        start,
                        "An element has more than 100 attributes.",
                        "Leave most of them out.",
                    );
                }
                namespaces += tag.namespaces;
                if namespaces > MAX_NAMESPACES {
                    return excess(start, "More than 500 namespaces are declared.", "Declare them once.");
                }
                if !tag.empty {
                    depth += 1;
                }
                if depth > MAX_DEPTH {
                    return excess(start, "Elements are nested too deeply.", "Nest at most 100 levels.");
                }
                tag.end
            }
        };
    }
    Ok(())
}

fn skip(text: &str, from: usize, end: &str) -> usize {
    text[from..].find(end).map_or(text.len(), |found| from + found + end.len())
}

struct Tag {
    attributes: usize,
    namespaces: usize,
    empty: bool,
    end: usize,
}

/// Reads over a start tag; `>` and `/` in quotes are not its end.
fn tag(bytes: &[u8], start: usize) -> Tag {
    let mut tag = Tag { attributes: 0, namespaces: 0, empty: false, end: bytes.len() };
    let mut at = start + 1;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'>' => {
                tag.empty = bytes[at - 1] == b'/';
                tag.end = at + 1;
                break;
            }
            quote @ (b'"' | b'\'') => {
                tag.attributes += 1;
                let closing = memchr::memchr(*quote, &bytes[at + 1..]);
                at += closing.map_or(bytes.len(), |found| found + 2);
            }
            b'x' if bytes[at..].starts_with(b"xmlns") => {
                tag.namespaces += 1;
                at += 5;
            }
            _ => at += 1,
        }
    }
    tag
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(text: &str) -> Option<&'static str> {
        check(text).err().map(|excess| excess.problem)
    }

    #[test]
    fn what_would_cost_too_much_is_refused_before_it_is_parsed() {
        assert_eq!(problem("<a b='>' c='/>'><!-- <x> --><d/><![CDATA[<y>]]></a>"), None);
        let deep = "<a>".repeat(101);
        assert_eq!(problem(&deep), Some("Elements are nested too deeply."));
        assert_eq!(problem(&"<a/>".repeat(1_000)), None);
        let wide = format!("<a {}/>", "b='' ".repeat(101));
        assert_eq!(problem(&wide), Some("An element has more than 100 attributes."));
        let named = "<a xmlns:b='c'/>".repeat(501);
        assert_eq!(problem(&named), Some("More than 500 namespaces are declared."));
        assert_eq!(problem("<!DOCTYPE a []><a/>"), Some("A document type is not allowed."));
    }
}
