//! Tables for people.

use comfy_table::{Cell, CellAlignment, ContentArrangement, Table, presets};

/// Columns of a table where there is no terminal to ask.
const WIDTH: u16 = 100;

/// A table in a frame, as wide as the terminal allows.
pub(super) fn plain(head: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::UTF8_BORDERS_ONLY);
    table.set_content_arrangement(ContentArrangement::Dynamic);
    table.set_header(head.to_vec());
    table
}

/// As [`plain`], and no wider than 100 columns where there is no terminal.
pub(super) fn narrow(head: &[&str]) -> Table {
    let mut table = plain(head);
    if !table.is_tty() {
        table.set_width(WIDTH);
    }
    table
}

/// A number's cell.
pub(super) fn number(text: String) -> Cell {
    Cell::new(text).set_alignment(CellAlignment::Right)
}

/// A table of figures with their names.
pub(super) fn figures(rows: &[(&str, String)]) -> String {
    let mut table = narrow(&["what", "number"]);
    for (what, value) in rows {
        table.add_row(vec![Cell::new(what), number(value.clone())]);
    }
    table.to_string()
}
