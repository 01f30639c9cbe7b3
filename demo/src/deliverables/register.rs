//! The rows of the register, and its two tabs as text.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write;

/// The tab of deliverables as it is exported: a header line, then one line per deliverable.
const REGISTER: &str = include_str!("../../data/deliverables/deliverables.csv");

/// The columns by which the tab can be filtered, with the names of their filters.
const FILTERS: [(&str, usize); 6] = [
    ("code", 1),
    ("level", LEVEL),
    ("department", DEPARTMENT),
    ("district", DISTRICT),
    ("frequency", FREQUENCY),
    ("status", STATUS),
];
const LEVEL: usize = 2;
const DEPARTMENT: usize = 3;
const DISTRICT: usize = 4;
const FREQUENCY: usize = 7;
const AS_ON: usize = 9;
const STATUS: usize = 10;

/// The states, as the formula of the sheet writes them, in the order of the summary's columns.
const STATES: [&str; 4] = ["Achieved", "Late", "Not reported", "Not due"];

/// The header, and the rows that pass all filters, from `offset` on and at most `limit`; and how many pass. Unknown filters are
/// ignored.
pub(super) fn deliverables(filters: &HashMap<String, String>) -> (String, usize) {
    let number = |name: &str| filters.get(name).and_then(|text| text.parse().ok());
    let (offset, limit) = (number("offset").unwrap_or(0), number("limit"));
    let mut lines = REGISTER.lines();
    let header = lines.next().unwrap_or_default();
    let passing: Vec<&str> = lines.filter(|line| passes(line, filters)).collect();
    let part = passing
        .iter()
        .skip(offset)
        .take(limit.unwrap_or(usize::MAX));
    let mut text = String::new();
    for line in std::iter::once(&header).chain(part) {
        text.push_str(line);
        text.push('\n');
    }
    (text, passing.len())
}

fn passes(line: &str, filters: &HashMap<String, String>) -> bool {
    let cells: Vec<&str> = line.split('|').collect();
    FILTERS
        .iter()
        .all(|(name, column)| match filters.get(*name) {
            Some(wanted) => wanted
                .split(',')
                .any(|wanted| same(*column, wanted, cells[*column])),
            None => true,
        })
}

/// Whether two cells of a column mean the same.
fn same(column: usize, one: &str, other: &str) -> bool {
    match column {
        FREQUENCY => months(one).is_some() && months(one) == months(other),
        _ => plain(one).eq_ignore_ascii_case(plain(other)),
    }
}

/// A code without its leading zeros, a text without spaces around it.
fn plain(cell: &str) -> &str {
    cell.trim().trim_start_matches('0')
}

/// The division in which a district is, as the summary calls it.
fn division(district: &str) -> &'static str {
    match plain(district) {
        "4" | "5" | "7" | "10" | "12" | "14" | "620" | "621" | "624" | "627" => "Jammu",
        _ => "Kashmir",
    }
}

/// What the summary has rows for.
#[derive(Clone, Copy)]
pub(super) enum By {
    Area,
    District,
    Department,
}

impl By {
    pub(super) fn from_name(name: &str) -> Option<By> {
        match name {
            "area" => Some(By::Area),
            "district" => Some(By::District),
            "department" => Some(By::Department),
            _ => None,
        }
    }

    /// The name of the column.
    fn column(self) -> &'static str {
        match self {
            By::Area => "Area",
            By::District => "District",
            By::Department => "Department",
        }
    }

    /// For which of them a row of the register counts. Those of departments are those of the whole union territory, and of no
    /// division.
    fn of<'r>(self, cells: &[&'r str]) -> Vec<&'r str> {
        let is_of_district = cells[LEVEL] == "District";
        match self {
            By::Area if is_of_district => vec!["UT", division(cells[DISTRICT])],
            By::Area => vec!["UT"],
            By::District if is_of_district => vec![plain(cells[DISTRICT])],
            By::Department if !is_of_district => vec![plain(cells[DEPARTMENT])],
            By::District | By::Department => Vec::new(),
        }
    }
}

/// The number of deliverables that pass all filters by area, district or department, and by level and frequency, in all and in each
/// state.
pub(super) fn summary(by: By, filters: &HashMap<String, String>) -> String {
    let mut counts: BTreeMap<(&str, &str, usize), [u32; 5]> = BTreeMap::new();
    let mut as_on = "";
    let is_wanted = |of: &str| {
        let wanted = filters.get("of");
        wanted.is_none_or(|wanted| wanted.split(',').any(|one| plain(one) == of))
    };
    let rows = REGISTER.lines().skip(1);
    for line in rows.filter(|line| passes(line, filters)) {
        let cells: Vec<&str> = line.split('|').collect();
        as_on = cells[AS_ON];
        let state = STATES
            .iter()
            .position(|state| state.eq_ignore_ascii_case(cells[STATUS].trim()));
        let months = months(cells[FREQUENCY]).unwrap_or_default();
        for of in by.of(&cells).into_iter().filter(|of| is_wanted(of)) {
            let counted = counts.entry((of, cells[LEVEL], months)).or_default();
            counted[0] += 1;
            if let Some(state) = state {
                counted[state + 1] += 1;
            }
        }
    }
    let states = STATES.join("|");
    let column = by.column();
    let mut text = format!("Sl No|{column}|Level|Frequency|Total|{states}|As on\n");
    for (place, ((of, level, months), counts)) in counts.iter().enumerate() {
        let frequency = match months {
            1 => "Monthly",
            3 => "Quarterly",
            6 => "Half-yearly",
            _ => "Yearly",
        };
        let counts = counts.map(|count| count.to_string()).join("|");
        // Writing to a string does not fail.
        let _ = writeln!(
            text,
            "{}|{of}|{level}|{frequency}|{counts}|{as_on}",
            place + 1
        );
    }
    text
}

/// The months of a period, by what a clerk wrote as the frequency.
fn months(frequency: &str) -> Option<usize> {
    match frequency.trim().to_lowercase().as_str() {
        "monthly" => Some(1),
        "quarterly" => Some(3),
        "half-yearly" | "half yearly" => Some(6),
        "yearly" | "annual" => Some(12),
        _ => None,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    const FIRST_TARGET: usize = 11;
    const FIRST_ACHIEVEMENT: usize = 23;

    /// The cells of all rows.
    fn rows() -> Vec<Vec<&'static str>> {
        let rows = REGISTER.lines().skip(1);
        rows.map(|line| line.split('|').collect()).collect()
    }

    fn number(cell: &str) -> f64 {
        cell.replace(',', "").parse().unwrap()
    }

    #[test]
    fn every_row_has_the_columns_of_the_header() {
        let header = REGISTER.lines().next().unwrap().split('|').count();
        assert_eq!(header, FIRST_ACHIEVEMENT + 12);
        for row in rows() {
            assert_eq!(row.len(), header, "{row:?}");
        }
    }

    #[test]
    fn codes_are_unique_and_every_owner_is_in_the_directory() {
        let codes: BTreeSet<_> = rows().iter().map(|row| row[1]).collect();
        assert_eq!(codes.len(), 1_522);
        let departments = include_str!("../../data/lgd/departments.csv");
        let districts = include_str!("../../data/lgd/districts.csv");
        let known = |table: &str, code: &str| {
            let code = format!("{code},");
            table.lines().any(|line| line.starts_with(&code))
        };
        for row in rows() {
            match row[2] {
                "UT" => assert!(known(departments, row[3]) && row[4].is_empty(), "{row:?}"),
                _ => {
                    let district = plain(row[DISTRICT]);
                    assert!(known(districts, district) && row[3].is_empty(), "{row:?}");
                    let line = format!("\n{district},");
                    let (_, line) = districts.split_once(&line).unwrap();
                    let line = line.lines().next().unwrap();
                    let division = division(district).to_uppercase();
                    assert!(line.contains(&format!(",{division},")), "{row:?}");
                }
            }
        }
    }

    /// Targets stand in the months in which periods end, and the state is that of the latest period that has ended.
    #[test]
    fn the_state_follows_from_the_figures() {
        const ENDED: usize = 7; // April to October
        for row in rows() {
            let months = months(row[FREQUENCY]).unwrap();
            let mut state = "not due";
            for month in 0..12 {
                let (target, achieved) =
                    (row[FIRST_TARGET + month], row[FIRST_ACHIEVEMENT + month]);
                let is_end = (month + 1) % months == 0;
                assert_eq!(!target.is_empty(), is_end, "{row:?}");
                if is_end && month < ENDED {
                    state = match achieved {
                        "" | "NA" => "not reported",
                        _ if number(achieved) >= number(target) => "achieved",
                        _ => "late",
                    };
                } else {
                    assert_eq!(achieved, "", "{row:?}");
                }
            }
            assert_eq!(row[STATUS].trim().to_lowercase(), state, "{row:?}");
        }
    }
}
