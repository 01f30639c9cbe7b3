//! The rows of the register, and its two tabs as text.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write;

/// The tab of deliverables as it is exported: a header line, then one line per deliverable.
const REGISTER: &str = include_str!("../../data/deliverables/deliverables.csv");

/// The columns by which the tab can be filtered, with the names of their filters.
const FILTERS: [(&str, usize); 4] = [
    ("code", 1),
    ("level", 2),
    ("department", 3),
    ("district", 4),
];
/// Other columns.
const FREQUENCY: usize = 7;
const AS_ON: usize = 9;
const STATUS: usize = 10;

/// The states, as the formula of the sheet writes them, in the order of the summary's columns.
const STATES: [&str; 4] = ["Achieved", "Late", "Not reported", "Not due"];

/// The header, and the rows that pass all filters. Unknown filters are ignored.
pub(super) fn deliverables(filters: &HashMap<String, String>) -> String {
    let mut lines = REGISTER.lines();
    let mut text = String::new();
    for line in lines
        .next()
        .into_iter()
        .chain(lines.filter(|line| passes(line, filters)))
    {
        text.push_str(line);
        text.push('\n');
    }
    text
}

fn passes(line: &str, filters: &HashMap<String, String>) -> bool {
    let cells: Vec<&str> = line.split('|').collect();
    FILTERS
        .iter()
        .all(|(name, column)| match filters.get(*name) {
            Some(wanted) => wanted
                .split(',')
                .any(|wanted| plain(wanted) == plain(cells[*column])),
            None => true,
        })
}

/// A code without its leading zeros.
fn plain(code: &str) -> &str {
    code.trim_start_matches('0')
}

/// The number of deliverables by level and frequency, in all and in each state.
pub(super) fn summary() -> String {
    let mut counts: BTreeMap<(usize, &str), [u32; 5]> = BTreeMap::new();
    let mut as_on = "";
    for line in REGISTER.lines().skip(1) {
        let cells: Vec<&str> = line.split('|').collect();
        as_on = cells[AS_ON];
        let key = (months(&cells), cells[2]);
        let counted = counts.entry(key).or_default();
        counted[0] += 1;
        let state = STATES
            .iter()
            .position(|state| state.eq_ignore_ascii_case(cells[STATUS].trim()));
        if let Some(state) = state {
            counted[state + 1] += 1;
        }
    }
    let mut text = format!("Sl No|Level|Frequency|Total|{}|As on\n", STATES.join("|"));
    for (place, ((months, level), counts)) in counts.iter().enumerate() {
        let frequency = match months {
            1 => "Monthly",
            3 => "Quarterly",
            6 => "Half-yearly",
            _ => "Yearly",
        };
        let counts = counts.map(|count| count.to_string()).join("|");
        // Writing to a string does not fail.
        let _ = writeln!(text, "{}|{level}|{frequency}|{counts}|{as_on}", place + 1);
    }
    text
}

/// The months of a period, by what a clerk wrote as the frequency.
fn months(cells: &[&str]) -> usize {
    match cells[FREQUENCY] {
        "Monthly" => 1,
        "Quarterly" => 3,
        "Half-yearly" | "Half Yearly" => 6,
        _ => 12,
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
                _ => assert!(
                    known(districts, plain(row[4])) && row[3].is_empty(),
                    "{row:?}"
                ),
            }
        }
    }

    /// Targets stand in the months in which periods end, and the state is that of the latest period that has ended.
    #[test]
    fn the_state_follows_from_the_figures() {
        const ENDED: usize = 7; // April to October
        for row in rows() {
            let months = months(&row);
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
