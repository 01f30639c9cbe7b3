//! The resources of the platform that have all levels: districts, divisions, the union territory, and departments.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde_json::{Map, Value};

use super::SCHEMES;
use super::platform::strings;
use super::progress::{AREAS, PROGRESS, SUMS, Sum, as_on, coverage, digits};
use crate::lgd::department_codes;

/// A row of a resource, with the month that it is of.
pub(super) type Row = Map<String, Value>;

/// What each scheme achieved in each district, each division and the union territory, month by month.
pub(super) static OF_SCHEMES: LazyLock<Vec<Row>> = LazyLock::new(|| {
    let of_districts = PROGRESS.iter().map(|row| {
        let cells = Cells {
            month: &row.month,
            level: "DISTRICT",
            code: row.district.to_string(),
        };
        let reported = digits(&row.achieved);
        cells.of_scheme(
            &row.scheme,
            Figures {
                target: row.target.to_string(),
                coverage: coverage(reported, row.target),
                achieved: row.achieved.clone(),
                beneficiaries: row.written_beneficiaries(),
                amount: row.amount.clone(),
            },
        )
    });
    let of_areas = SUMS.iter().map(|(&(month, area, scheme), sum)| {
        let cells = Cells {
            month,
            level: level(area),
            code: area.to_owned(),
        };
        cells.of_scheme(scheme, Figures::of(*sum))
    });
    of_districts.chain(of_areas).collect()
});

/// What all schemes achieved together, at the same levels and for each department: one that owns none has zeros.
pub(super) static OF_ALL: LazyLock<Vec<Row>> = LazyLock::new(|| {
    let mut totals: BTreeMap<(&str, &str, String), Total> = BTreeMap::new();
    for row in PROGRESS.iter() {
        let reported = digits(&row.achieved).zip(digits(&row.amount));
        let sum = reported.map(|(achieved, amount)| Sum {
            target: row.target,
            achieved,
            beneficiaries: row.beneficiaries().unwrap_or(0),
            amount,
        });
        let key = (row.month.as_str(), "DISTRICT", row.district.to_string());
        totals.entry(key).or_default().add(sum);
    }
    for &month in MONTHS.iter() {
        for department in department_codes() {
            let key = (month, "DEPARTMENT", department.to_string());
            totals.entry(key).or_default();
        }
        for scheme in SCHEMES.iter() {
            let sum = |area| SUMS.get(&(month, area, scheme.slug.as_str())).copied();
            for area in AREAS {
                let key = (month, level(area), area.to_owned());
                totals.entry(key).or_default().add(sum(area));
            }
            let key = (month, "DEPARTMENT", scheme.department.to_string());
            totals.entry(key).or_default().add(sum("UT"));
        }
    }
    let row = |((month, level, code), total): ((&str, &'static str, String), Total)| {
        Cells { month, level, code }.of_all(&total)
    };
    totals.into_iter().map(row).collect()
});

/// The months that there are figures of, the oldest first.
pub(super) static MONTHS: LazyLock<Vec<&str>> = LazyLock::new(|| {
    let mut months: Vec<_> = PROGRESS.iter().map(|row| row.month.as_str()).collect();
    months.sort_unstable();
    months.dedup();
    months
});

fn level(area: &str) -> &'static str {
    match area {
        "UT" => "UT",
        _ => "DIVISION",
    }
}

/// Sums over schemes.
#[derive(Default)]
struct Total {
    schemes: u64,
    reported: u64,
    /// How many reached what they were to reach.
    met: u64,
    sum: Sum,
}

impl Total {
    /// Adds a scheme; `None` if nothing was reported of it.
    fn add(&mut self, scheme: Option<Sum>) {
        self.schemes += 1;
        let Some(sum) = scheme else { return };
        self.reported += 1;
        self.met += u64::from(sum.achieved >= sum.target);
        self.sum.target += sum.target;
        self.sum.achieved += sum.achieved;
        self.sum.beneficiaries += sum.beneficiaries;
        self.sum.amount += sum.amount;
    }
}

/// Figures as the platform writes them.
struct Figures {
    target: String,
    achieved: String,
    beneficiaries: String,
    coverage: String,
    amount: String,
}

impl Figures {
    fn of(sum: Sum) -> Self {
        Figures {
            target: sum.target.to_string(),
            achieved: sum.achieved.to_string(),
            beneficiaries: sum.beneficiaries.to_string(),
            coverage: coverage(Some(sum.achieved), sum.target),
            amount: format!("{}.{:02}", sum.amount / 100, sum.amount % 100),
        }
    }
}

/// What the rows of both resources begin with.
struct Cells<'a> {
    month: &'a str,
    level: &'static str,
    code: String,
}

impl Cells<'_> {
    fn of_scheme(self, slug: &str, figures: Figures) -> Row {
        let scheme = SCHEMES.iter().find(|scheme| scheme.slug == slug);
        let (name, short) = scheme.map_or(("", ""), |scheme| (&*scheme.name, &*scheme.short));
        strings([
            ("month", self.month.to_owned()),
            ("as_on_date", as_on(self.month)),
            ("level", self.level.to_owned()),
            ("code", self.code),
            ("scheme_slug", slug.to_owned()),
            ("scheme_name", name.to_owned()),
            ("scheme_short_title", short.to_owned()),
            ("target", figures.target),
            ("achieved", figures.achieved),
            ("coverage_percent", figures.coverage),
            ("amount_in_rs", figures.amount),
            ("no_of_beneficiaries", figures.beneficiaries),
        ])
    }

    fn of_all(self, total: &Total) -> Row {
        let figures = Figures::of(total.sum);
        strings([
            ("month", self.month.to_owned()),
            ("as_on_date", as_on(self.month)),
            ("level", self.level.to_owned()),
            ("code", self.code),
            ("no_of_schemes", total.schemes.to_string()),
            ("no_of_schemes_reported", total.reported.to_string()),
            ("no_of_schemes_target_met", total.met.to_string()),
            ("target", figures.target),
            ("achieved", figures.achieved),
            ("coverage_percent", figures.coverage),
            ("amount_in_rs", figures.amount),
            ("no_of_beneficiaries", figures.beneficiaries),
        ])
    }
}
