//! What was achieved, by month, district and scheme, and its sums.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

use super::SCHEMES;

/// One row of `progress.csv`; `achieved` and `amount` as the district wrote them.
#[derive(Deserialize)]
pub(super) struct Progress {
    pub(super) month: String,
    pub(super) district: u32,
    pub(super) scheme: String,
    pub(super) target: u64,
    pub(super) achieved: String,
    pub(super) amount: String,
}

pub(super) static PROGRESS: LazyLock<Vec<Progress>> =
    LazyLock::new(|| crate::data::csv(include_str!("../../data/schemes/progress.csv")));

/// The districts, in capitals, as the platform's rows have them.
const DISTRICTS: [(u32, &str, bool); 20] = [
    (1, "ANANTNAG", false),
    (2, "BADGAM", false),
    (3, "BARAMULLA", false),
    (4, "DODA", true),
    (5, "JAMMU", true),
    (7, "KATHUA", true),
    (8, "KUPWARA", false),
    (10, "POONCH", true),
    (11, "PULWAMA", false),
    (12, "RAJOURI", true),
    (13, "SRINAGAR", false),
    (14, "UDHAMPUR", true),
    (620, "KISHTWAR", true),
    (621, "RAMBAN", true),
    (622, "KULGAM", false),
    (623, "BANDIPORA", false),
    (624, "SAMBA", true),
    (625, "SHOPIAN", false),
    (626, "GANDERBAL", false),
    (627, "REASI", true),
];

/// The union territory and its divisions.
pub(super) const AREAS: [&str; 3] = ["UT", "JAMMU", "KASHMIR"];

/// How many persons benefit from one unit of the schemes that do not count persons: from a household, a ration card or a
/// self-help group. Sample numbers.
const PERSONS: [(&str, u64); 10] = [
    ("saubhagya", 5),
    ("ujala", 5),
    ("dbt-lpg", 5),
    ("pmay", 5),
    ("awas-plus", 5),
    ("jjm", 5),
    ("sbm", 5),
    ("onorc", 4),
    ("pmgkay", 4),
    ("nrlm", 10),
];

impl Progress {
    /// How many persons benefited, if it is reported.
    pub(super) fn beneficiaries(&self) -> Option<u64> {
        let persons = PERSONS.iter().find(|(slug, _)| *slug == self.scheme);
        let persons = persons.map_or(1, |(_, persons)| *persons);
        digits(&self.achieved).map(|achieved| achieved * persons)
    }

    /// The same as the platform writes it: where persons are counted, as the district wrote it.
    pub(super) fn written_beneficiaries(&self) -> String {
        match self.beneficiaries() {
            persons if persons == digits(&self.achieved) => self.achieved.clone(),
            persons => persons.map_or("NA".to_owned(), |persons| persons.to_string()),
        }
    }
}

/// Sums over the districts of an area that reported.
#[derive(Default, Clone, Copy)]
pub(super) struct Sum {
    pub(super) target: u64,
    pub(super) achieved: u64,
    pub(super) beneficiaries: u64,
    /// In hundredths of a rupee.
    pub(super) amount: u64,
}

/// By month, area and scheme.
pub(super) static SUMS: LazyLock<BTreeMap<(&'static str, &'static str, &'static str), Sum>> =
    LazyLock::new(|| {
        let mut sums: BTreeMap<_, Sum> = BTreeMap::new();
        for row in PROGRESS.iter() {
            let (Some(achieved), Some(amount)) = (digits(&row.achieved), digits(&row.amount))
            else {
                continue;
            };
            for area in [
                "UT",
                if in_jammu(row.district) {
                    "JAMMU"
                } else {
                    "KASHMIR"
                },
            ] {
                let sum = sums
                    .entry((row.month.as_str(), area, row.scheme.as_str()))
                    .or_default();
                sum.target += row.target;
                sum.achieved += achieved;
                sum.beneficiaries += row.beneficiaries().unwrap_or(0);
                sum.amount += amount;
            }
        }
        sums
    });

/// The digits of a figure as one number: an amount in hundredths; `None` for `NA`.
pub(super) fn digits(figure: &str) -> Option<u64> {
    figure
        .chars()
        .filter(char::is_ascii_digit)
        .collect::<String>()
        .parse()
        .ok()
}

/// In per cent, with two digits; nothing where nothing was reported.
pub(super) fn coverage(achieved: Option<u64>, target: u64) -> String {
    match achieved {
        Some(achieved) if target > 0 => {
            let hundredths = (achieved * 10_000 + target / 2) / target;
            format!("{}.{:02}", hundredths / 100, hundredths % 100)
        }
        _ => "NA".to_owned(),
    }
}

/// The latest month that there are rows of.
pub(super) fn latest() -> &'static str {
    PROGRESS
        .iter()
        .map(|row| row.month.as_str())
        .max()
        .unwrap_or_default()
}

/// The last day of a month, as `dd-mm-yyyy`.
pub(super) fn as_on(month: &str) -> String {
    let (year, number) = month.split_once('-').unwrap_or((month, ""));
    let day = match number {
        "02" => "28",
        "04" | "06" | "09" | "11" => "30",
        _ => "31",
    };
    format!("{day}-{number}-{year}")
}

pub(super) fn district_name(code: u32) -> &'static str {
    DISTRICTS
        .iter()
        .find(|row| row.0 == code)
        .map_or("", |row| row.1)
}

pub(super) fn scheme_name(slug: &str) -> &'static str {
    SCHEMES
        .iter()
        .find(|scheme| scheme.slug == slug)
        .map_or("", |scheme| scheme.name.as_str())
}

fn in_jammu(code: u32) -> bool {
    DISTRICTS.iter().any(|row| row.0 == code && row.2)
}
