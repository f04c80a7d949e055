//! Columns of text.

use super::said::line;

/// Rows under a heading, aligned. Nothing is cut off: scripts cut better than we do, and have
/// `--json`.
pub(super) struct Table {
    rows: Vec<Vec<String>>,
}

impl Table {
    pub fn new(headings: &[&str]) -> Self {
        Self { rows: vec![headings.iter().map(|heading| (*heading).to_owned()).collect()] }
    }

    pub fn row<T: AsRef<str>>(&mut self, cells: impl IntoIterator<Item = T>) {
        self.rows.push(cells.into_iter().map(|cell| line(cell.as_ref())).collect());
    }

    pub fn is_empty(&self) -> bool {
        self.rows.len() == 1
    }

    pub fn text(&self) -> String {
        let columns = self.rows.iter().map(Vec::len).max().unwrap_or(0);
        let width = |column: usize| {
            self.rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max()
        };
        let widths: Vec<usize> = (0..columns).map(|column| width(column).unwrap_or(0)).collect();
        let mut out = String::new();
        for row in &self.rows {
            let mut shown = String::new();
            for (cell, width) in row.iter().zip(&widths) {
                shown.push_str(cell);
                let gap = width - cell.chars().count() + 2;
                shown.extend(std::iter::repeat_n(' ', gap));
            }
            out.push_str(shown.trim_end());
            out.push('\n');
        }
        out
    }
}

/// `label  value` lines.
pub(super) fn facts(pairs: &[(&str, Option<String>)]) -> String {
    let width = pairs.iter().map(|(label, _)| label.len()).max().unwrap_or(0);
    pairs
        .iter()
        .filter_map(|(label, value)| value.as_ref().map(|value| format!("{label:width$}  {}\n", line(value))))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_aligned_and_lines_have_no_tail() {
        let mut table = Table::new(&["A", "LONG"]);
        table.row(["value", ""]);
        table.row(["ü", "x\ny"]);
        assert_eq!(table.text(), "A      LONG\nvalue\nü      x y\n");
    }
}
