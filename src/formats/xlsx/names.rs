//! The names of sheets: at most 31 characters, without those that references to cells need, and unique whatever the case.

use std::collections::BTreeSet;

/// The longest name that Excel takes.
const MOST: usize = 31;

/// The names that are in use.
#[derive(Debug)]
pub(super) struct SheetNames(BTreeSet<String>);

/// The sheet that says what the workbook is.
pub(super) const ABOUT: &str = "About";
/// The sheet of errors.
pub(super) const ERRORS: &str = "Errors";

impl Default for SheetNames {
    fn default() -> Self {
        // Excel keeps `History` for itself.
        let reserved = [ABOUT, ERRORS, "History"];
        SheetNames(reserved.iter().map(|name| name.to_lowercase()).collect())
    }
}

impl SheetNames {
    /// The name of a table's sheet: as many of the last steps of the table's name as fit, with a number if they are taken.
    pub(super) fn name_of(&mut self, table: &str) -> String {
        let steps = end_of(table, MOST);
        let mut name = steps.clone();
        let mut number = 2u32;
        while !self.0.insert(name.to_lowercase()) {
            let suffix = format!(" {number}");
            name = end_of(&steps, MOST - suffix.len()) + &suffix;
            number += 1;
        }
        name
    }
}

/// The last whole steps of a name, or, if the last step alone is longer, its beginning.
fn end_of(name: &str, most: usize) -> String {
    let mut rest = name;
    while rest.len() > most {
        match rest.split_once('.') {
            Some((_, below)) => rest = below,
            None => return rest.chars().take(most).collect(),
        }
    }
    rest.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_short_and_unique() {
        let mut names = SheetNames::default();
        let long = "a".repeat(40);
        for (table, expected) in [
            ("works", "works"),
            ("Works", "Works 2"),
            ("errors", "errors 2"),
            ("history", "history 2"),
            (
                "districts.workBlocks.workSummary.byStatus",
                "workBlocks.workSummary.byStatus",
            ),
            (
                "areas.workBlocks.workSummary.byStatus",
                "workSummary.byStatus 2",
            ),
            (&long, &long[..31]),
            (&long, &format!("{} 2", &long[..29])),
        ] {
            assert_eq!(names.name_of(table), expected);
        }
    }
}
