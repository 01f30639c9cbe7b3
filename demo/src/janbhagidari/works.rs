//! The works and their money.

use std::sync::LazyLock;

use serde::Deserialize;

/// One row of `works.csv`.
#[derive(Deserialize)]
pub(super) struct Work {
    pub(super) id: String,
    pub(super) title: String,
    pub(super) sector: String,
    pub(super) department: u32,
    pub(super) district: u32,
    pub(super) block: String,
    pub(super) block_name: String,
    pub(super) village: String,
    pub(super) status: String,
    pub(super) progress: u32,
    pub(super) approved_on: String,
    pub(super) started_on: String,
    pub(super) completed_on: String,
    pub(super) approved: String,
    pub(super) released: String,
    pub(super) spent: String,
    pub(super) photos: u32,
}

/// One row of `feedback.csv`, and what citizens add.
#[derive(Deserialize, Clone)]
pub(super) struct Feedback {
    pub(super) id: String,
    pub(super) work: String,
    pub(super) rating: u32,
    pub(super) comment: String,
    pub(super) given_on: String,
}

/// All works, by district and number.
pub(super) static WORKS: LazyLock<Vec<Work>> =
    LazyLock::new(|| crate::data::csv(include_str!("../../data/janbhagidari/works.csv")));

/// The feedback that there is at the start.
pub(super) fn feedback() -> Vec<Feedback> {
    crate::data::csv(include_str!("../../data/janbhagidari/feedback.csv"))
}

/// The districts of Jammu division; the others are in Kashmir division.
const JAMMU: [u32; 10] = [4, 5, 7, 10, 12, 14, 620, 621, 624, 627];

impl Work {
    /// Whether it is in the union territory's part that is meant.
    pub(super) fn is_in(&self, area: &str) -> bool {
        match area {
            "JAMMU" => JAMMU.contains(&self.district),
            "KASHMIR" => !JAMMU.contains(&self.district),
            area => area == "UT",
        }
    }
}

/// Sums of some works.
#[derive(Default, Clone, Copy)]
pub(super) struct Sums {
    pub(super) works: u32,
    approved: u64,
    released: u64,
    spent: u64,
}

impl Sums {
    /// Adds up works.
    pub(super) fn of<'w>(works: impl Iterator<Item = &'w Work>) -> Sums {
        works.fold(Sums::default(), |sums, work| Sums {
            works: sums.works + 1,
            approved: sums.approved + hundredths(&work.approved),
            released: sums.released + hundredths(&work.released),
            spent: sums.spent + hundredths(&work.spent),
        })
    }

    /// Approved, released and spent, as the portal writes them.
    pub(super) fn printed(self) -> [String; 3] {
        [self.approved, self.released, self.spent].map(printed)
    }
}

/// An amount in hundredths of a lakh; `NIL` is none. Sums are exact.
pub(super) fn hundredths(amount: &str) -> u64 {
    amount
        .chars()
        .filter(char::is_ascii_digit)
        .collect::<String>()
        .parse()
        .unwrap_or(0)
}

/// Two digits after the point, and before it groups of two but for the last of three: `5,11,137.05`.
fn printed(hundredths: u64) -> String {
    let whole = (hundredths / 100).to_string();
    let (mut head, tail) = whole.split_at(whole.len().saturating_sub(3));
    let mut groups = vec![tail];
    while !head.is_empty() {
        let (rest, group) = head.split_at(head.len().saturating_sub(2));
        groups.insert(0, group);
        head = rest;
    }
    format!("{}.{:02}", groups.join(","), hundredths % 100)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_is_exact_and_grouped() {
        for amount in [
            "0.05",
            "7.91",
            "999.00",
            "1,000.00",
            "5,11,137.05",
            "1,00,00,000.10",
        ] {
            assert_eq!(printed(hundredths(amount)), amount);
        }
        assert_eq!(hundredths("NIL"), 0);
    }
}
