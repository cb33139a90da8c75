//! The forms of `tests/conformance`.

use nightjar_conformance::own_forms;

use super::Shape;
use crate::trouble::Trouble;

/// All of them, as tables.
pub(crate) fn own() -> Result<Vec<Shape>, Trouble> {
    Ok(own_forms::all()?.into_iter().map(|form| read(form.name, &form.text)).collect())
}

fn read(name: String, markdown: &str) -> Shape {
    let mut sheets: Vec<(String, Vec<Vec<String>>)> = Vec::new();
    for line in markdown.lines() {
        let Some(row) = line.trim().strip_prefix('|').and_then(|row| row.strip_suffix('|')) else { continue };
        // `\|` is a bar within a cell.
        let row = row.replace("\\|", "\0");
        let mut cells = row.split('|').map(|cell| cell.trim().replace('\0', "|"));
        match cells.next() {
            Some(sheet) if !sheet.is_empty() => sheets.push((sheet, Vec::new())),
            _ => {
                if let Some((_, rows)) = sheets.last_mut() {
                    rows.push(cells.collect());
                }
            }
        }
    }
    Shape { name, sheets }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_read_as_it_was_written() {
        let shape = read(
            "x".into(),
            "# about\n\n| survey |\n| | type | name |\n| | text | a\\|b |\n| choices |\n| | c |\n",
        );
        assert_eq!(
            shape.sheets[0],
            ("survey".into(), vec![vec!["type".into(), "name".into()], vec!["text".into(), "a|b".into()]])
        );
        assert_eq!(shape.sheets[1].0, "choices");
        assert!(shape.markdown().contains("| | text | a\\|b |"));
    }
}
