//! What is computed in words: `${name}`, and a look-up in a list or file, `instance('…')/root/item[…]/label`.

/// A part of a text.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Part<'a> {
    Plain(&'a str),
    /// The name between the brackets of `${…}`.
    Reference(&'a str),
    /// An expression from `instance(` to the end of its path.
    LookUp(&'a str),
    /// A `${` that is never closed.
    Unclosed,
}

/// Whether a text has anything computed in it.
pub(super) fn is_computed(text: &str) -> bool {
    text.contains("${") || look_up(text, 0).is_some()
}

/// The parts of a text, in order.
pub(super) fn parts(text: &str) -> Vec<Part<'_>> {
    let mut found = Vec::new();
    let mut at = 0;
    // Looked for again only when it is passed, so that a long text is walked once.
    let mut next = look_up(text, 0);
    loop {
        if next.is_some_and(|(start, _)| start < at) {
            next = look_up(text, at);
        }
        let reference = text[at..].find("${").map(|found| at + found);
        match (reference, next) {
            (None, None) => break,
            (Some(start), next) if next.is_none_or(|(look_up, _)| start < look_up) => {
                found.push(Part::Plain(&text[at..start]));
                let Some((name, _)) = text[start + 2..].split_once('}') else {
                    found.push(Part::Unclosed);
                    return found;
                };
                found.push(Part::Reference(name.trim()));
                at = start + 2 + name.len() + 1;
            }
            (_, Some((start, end))) => {
                found.push(Part::Plain(&text[at..start]));
                found.push(Part::LookUp(&text[start..end]));
                at = end;
            }
            (Some(_), None) => break,
        }
    }
    found.push(Part::Plain(&text[at..]));
    found
}

/// Where the first look-up from a byte on begins and ends: at a space outside of brackets and quotes, less the stop after a sentence.
fn look_up(text: &str, from: usize) -> Option<(usize, usize)> {
    let is_call = |at: &usize| {
        let inside = text[at + "instance(".len()..].trim_start();
        inside.starts_with(['\'', '"']) && !text[..*at].ends_with(|c: char| c.is_alphanumeric() || c == '-')
    };
    let start = text[from..].match_indices("instance(").map(|(at, _)| from + at).find(is_call)?;
    let (mut depth, mut quote) = (0_i32, None);
    let mut end = text.len();
    for (at, c) in text[start..].char_indices() {
        match (c, quote) {
            (c, Some(open)) if c == open => quote = None,
            (_, Some(_)) => {}
            ('\'' | '"', None) => quote = Some(c),
            ('(' | '[' | '{', None) => depth += 1,
            (')' | ']' | '}', None) => depth -= 1,
            (c, None) if depth == 0 && c.is_whitespace() => {
                end = start + at;
                break;
            }
            _ => {}
        }
        if depth < 0 {
            end = start + at;
            break;
        }
    }
    let path = text[start..end].trim_end_matches(['.', ',', ';', ':', '!', '?']);
    Some((start, start + path.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_taken_apart_at_what_is_computed() {
        use Part::{LookUp, Plain, Reference, Unclosed};
        let look_up = "instance('beds')/root/item[ward = ${w} and n > 1]/label";
        let text = format!("You are in ${{ w }} with {look_up}. (See {look_up}) An instance(of this).");
        let expected = [
            Plain("You are in "),
            Reference("w"),
            Plain(" with "),
            LookUp(look_up),
            Plain(". (See "),
            LookUp(look_up),
            Plain(") An instance(of this)."),
        ];
        assert_eq!(parts(&text), expected);
        assert_eq!(parts("a ${b"), [Plain("a "), Unclosed]);
        assert!(!is_computed("An instance(of this), an instance."));
    }
}
