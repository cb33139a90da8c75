//! The appearance `search('file', …)`: choices from a file beside the form.

/// Most columns to search.
const MAX_COLUMNS: usize = 20;

/// A call of `search()`.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Search {
    pub(super) file: String,
    arguments: Vec<String>,
}

impl Search {
    /// The call in an appearance, among other words.
    pub(super) fn read(appearance: &str) -> Option<Search> {
        let at = appearance.find("search")?;
        if appearance[..at].ends_with(|c: char| c.is_alphanumeric() || c == '-') {
            return None;
        }
        let inner = appearance[at + "search".len()..].trim_start().strip_prefix('(')?;
        let arguments = arguments(inner)?;
        let file = unquoted(arguments.first()?)?;
        let file = if file.ends_with(".csv") { file.to_owned() } else { format!("{file}.csv") };
        Some(Search { file, arguments })
    }

    /// What a row must fulfil: `search(file, how, columns, text, filter column, filter text)`.
    pub(super) fn filter(&self) -> Option<String> {
        let how = unquoted(self.arguments.get(1)?)?.to_lowercase();
        let columns = unquoted(self.arguments.get(2)?)?;
        let text = self.arguments.get(3)?;
        let one = |column: &str| match how.as_str() {
            "contains" => Some(format!("contains({column}, {text})")),
            "startswith" => Some(format!("starts-with({column}, {text})")),
            "endswith" => Some(format!("ends-with({column}, {text})")),
            "matches" => Some(format!("{column} = {text}")),
            _ => None,
        };
        if columns.matches(',').count() > MAX_COLUMNS {
            return None;
        }
        let any: Option<Vec<String>> = columns.split(',').map(|column| one(column.trim())).collect();
        let any = any?.join(" or ");
        Some(match (self.arguments.get(4).and_then(|name| unquoted(name)), self.arguments.get(5)) {
            (Some(column), Some(text)) => format!("({any}) and {column} = {text}"),
            _ => any,
        })
    }
}

/// Splits at commas outside quotes and brackets, up to the closing bracket.
fn arguments(text: &str) -> Option<Vec<String>> {
    let mut found = vec![String::new()];
    let (mut depth, mut quote) = (0_usize, None);
    for c in text.chars() {
        let last = found.last_mut()?;
        match (c, quote) {
            (c, Some(open)) if c == open => {
                quote = None;
                last.push(c);
            }
            (_, Some(_)) => last.push(c),
            ('\'' | '"', None) => {
                quote = Some(c);
                last.push(c);
            }
            (')', None) if depth == 0 => {
                return Some(found.into_iter().map(|argument| argument.trim().to_owned()).collect());
            }
            (',', None) if depth == 0 => found.push(String::new()),
            _ => {
                depth = match c {
                    '(' => depth + 1,
                    ')' => depth - 1,
                    _ => depth,
                };
                last.push(c);
            }
        }
    }
    None
}

fn unquoted(text: &str) -> Option<&str> {
    let inner = |quote| text.strip_prefix(quote)?.strip_suffix(quote);
    inner('\'').or_else(|| inner('"')).map(str::trim).filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_search_names_a_file_and_what_rows_must_fulfil() {
        let filter =
            |appearance| Search::read(appearance).map(|search| (search.file.clone(), search.filter()));
        let wards = || "wards.csv".to_owned();
        assert_eq!(filter("minimal search('wards')"), Some((wards(), None)));
        assert_eq!(
            filter("search('wards', 'matches', 'site', ${site})"),
            Some((wards(), Some("site = ${site}".to_owned())))
        );
        assert_eq!(
            filter("search(\"wards\", 'contains', 'name,label', concat('a,', ')'), 'site', 'x')"),
            Some((
                wards(),
                Some("(contains(name, concat('a,', ')')) or contains(label, concat('a,', ')'))) and site = 'x'".to_owned())
            ))
        );
        for other in ["search", "quick", "search(${x})", "research('a')", "search('a'"] {
            assert_eq!(filter(other), None, "{other}");
        }
    }
}
