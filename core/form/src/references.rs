//! Answers within words, spelled one way whatever a form is written in: `${name}`, or `${/data/name}` in an XForm.

use std::borrow::Cow;

use crate::read::OUTPUT;

/// Words with the expressions of an XForm's `output` spelled as an XLSForm spells a reference.
pub(crate) fn spelled(text: &str) -> Cow<'_, str> {
    if !text.contains([OUTPUT.0, OUTPUT.1]) {
        return Cow::Borrowed(text);
    }
    let mut spelled = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match c {
            c if c == OUTPUT.0 => spelled.push_str("${"),
            c if c == OUTPUT.1 => spelled.push('}'),
            c => spelled.push(c),
        }
    }
    Cow::Owned(spelled)
}

/// Words with each reference said by a function, which is given what stands between the braces.
pub(crate) fn said(text: &str, mut say: impl FnMut(&str) -> String) -> String {
    let text = spelled(text);
    let mut said = String::with_capacity(text.len());
    let mut rest = &*text;
    while let Some((before, after)) = rest.split_once("${") {
        let Some((inside, after)) = after.split_once('}') else { break };
        said += before;
        said += &say(inside.trim());
        rest = after;
    }
    said + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_of_both_kinds_are_spelled_and_said_alike() {
        assert_eq!(spelled("Is \u{1}/data/who\u{2} here?"), "Is ${/data/who} here?");
        assert_eq!(said("Is ${ who } here? ${", |inside| format!("[{inside}]")), "Is [who] here? ${");
    }
}
