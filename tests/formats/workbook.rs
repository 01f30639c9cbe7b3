//! Workbooks as text, for cases.

use std::io::{Cursor, Read};
use std::sync::LazyLock;

use regex::Regex;
use zip::ZipArchive;

/// The sheets of a workbook, and the cells of each row: `A1 s1 'text'`, with the number of the style if there is one;
/// numbers without quotes, Booleans as `TRUE` and `FALSE`.
pub(super) fn shown(bytes: &[u8]) -> String {
    let mut archive = ZipArchive::new(Cursor::new(bytes)).unwrap();
    let workbook = part(&mut archive, "xl/workbook.xml");
    let active = captured(&workbook, r#"activeTab="(\d+)""#);
    let mut text = String::new();
    for (index, name) in captured(&workbook, r#"<sheet name="([^"]*)""#)
        .iter()
        .enumerate()
    {
        let is_active = active == [index.to_string()];
        text += &format!("{name}{}\n", if is_active { " (active)" } else { "" });
        let sheet = part(
            &mut archive,
            &format!("xl/worksheets/sheet{}.xml", index + 1),
        );
        for row in captured(&sheet, r#"(?s)<row r="\d+"(?:/>|>(.*?)</row>)"#) {
            let cells = cells(&row);
            text += &format!("  {}\n", if row.is_empty() { "-" } else { &cells });
        }
    }
    text
}

static CELL: LazyLock<Regex> = LazyLock::new(|| {
    let cell =
        r#"(?s)<c r="([A-Z]+\d+)"(?: s="(\d+)")?(?: t="(\w+)")?>(?:<v>|<is><t [^>]*>)(.*?)<"#;
    Regex::new(cell).unwrap()
});

fn cells(row: &str) -> String {
    let cells = CELL.captures_iter(row).map(|cell| {
        let get = |index| cell.get(index).map_or("", |found| found.as_str());
        let style = match get(2) {
            "" => String::new(),
            style => format!(" s{style}"),
        };
        let content = match (get(3), get(4)) {
            ("inlineStr", text) => format!("'{}'", text.replace('\n', "\\n")),
            ("b", value) => (if value == "1" { "TRUE" } else { "FALSE" }).to_owned(),
            (_, number) => number.to_owned(),
        };
        format!("{}{style} {content}", get(1))
    });
    cells.collect::<Vec<_>>().join(" | ")
}

fn captured(text: &str, pattern: &str) -> Vec<String> {
    let pattern = Regex::new(pattern).unwrap();
    let found = pattern.captures_iter(text);
    let found = found.map(|found| found.get(1).map_or("", |found| found.as_str()).to_owned());
    found.collect()
}

fn part(archive: &mut ZipArchive<Cursor<&[u8]>>, name: &str) -> String {
    let mut text = String::new();
    archive
        .by_name(name)
        .unwrap()
        .read_to_string(&mut text)
        .unwrap();
    text
}

/// The XML of the sheet with this number.
pub(super) fn sheet(bytes: &[u8], number: usize) -> String {
    let mut archive = ZipArchive::new(Cursor::new(bytes)).unwrap();
    part(&mut archive, &format!("xl/worksheets/sheet{number}.xml"))
}
