//! Names: of questions, groups, forms, entities.

/// Longest name, in bytes.
pub(crate) const MAX_NAME: usize = 200;

/// Whether a text can be the name of an XML element, which is what a name becomes; one prefix is allowed.
pub(crate) fn is_name(text: &str) -> bool {
    let part = |part: &str| {
        part.chars().next().is_some_and(|c| c.is_alphabetic() || c == '_')
            && part.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.') || is_mark(c))
    };
    let (prefix, local) = text.split_once(':').unwrap_or(("_", text));
    text.len() <= MAX_NAME && part(prefix) && part(local)
}

/// Marks that XML allows within a name: accents of their own, the middle dot, ties.
fn is_mark(c: char) -> bool {
    matches!(c, '\u{b7}' | '\u{300}'..='\u{36f}' | '\u{203f}' | '\u{2040}')
}

/// How many letters must be added, taken out or changed to make one word the other.
pub(crate) fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, letter) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, other) in b.iter().enumerate() {
            let changed = diagonal + usize::from(letter != *other);
            diagonal = row[j + 1];
            row[j + 1] = changed.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_names_of_xml_elements() {
        for name in ["a", "_a", "A-1.b", "ä", "a:b", "日本"] {
            assert!(is_name(name), "{name}");
        }
        for name in ["", "1a", "a b", "a:b:c", ":a", "a:", "${a}", "a*", "a[0]", "-a"] {
            assert!(!is_name(name), "{name}");
        }
    }

    #[test]
    fn words_are_as_far_apart_as_letters_differ() {
        for (a, b, apart) in
            [("survey", "survey", 0), ("surveys", "survey", 1), ("sruvey", "survey", 2), ("", "abc", 3)]
        {
            assert_eq!(distance(a, b), apart, "{a} {b}");
        }
    }
}
