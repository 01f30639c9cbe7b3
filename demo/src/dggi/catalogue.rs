//! The catalogue of the index: the rows of the data files, and how a figure that was entered by hand is read.

use std::collections::HashMap;
use std::sync::LazyLock;

use serde::Deserialize;

/// One row of `sectors.csv`; all sectors weigh the same.
#[derive(Deserialize)]
pub(super) struct Sector {
    pub(super) code: String,
    pub(super) name: String,
    hi: String,
    ur: String,
}

impl Sector {
    /// Its name in each language, with the code of that.
    pub(super) fn names(&self) -> [(&'static str, &str); 3] {
        [("en", &self.name), ("hi", &self.hi), ("ur", &self.ur)]
    }
}

/// One row of `editions.csv`.
#[derive(Deserialize)]
pub(super) struct Edition {
    pub(super) code: String,
    pub(super) name: String,
    pub(super) set: String,
    pub(super) from: String,
    pub(super) to: String,
    pub(super) as_on: String,
    /// The code of the edition before, if the index has it.
    pub(super) previous: String,
    /// The last day for figures; empty if no figures are kept.
    pub(super) due_on: String,
}

impl Edition {
    /// The month of a monthly edition.
    pub(super) fn month(&self) -> Option<&str> {
        self.code.strip_prefix("monthly-")
    }
}

/// One row of `indicators.csv`.
#[derive(Deserialize)]
pub(super) struct Indicator {
    pub(super) set: String,
    pub(super) code: String,
    pub(super) sector: String,
    pub(super) name: String,
    pub(super) unit: String,
    pub(super) direction: String,
    pub(super) weight: f64,
    pub(super) formula: String,
}

/// One row of `data_points.csv`.
#[derive(Deserialize)]
pub(super) struct DataPoint {
    pub(super) code: String,
    pub(super) indicator: String,
    pub(super) name: String,
    /// In which it is keyed.
    pub(super) unit: String,
}

/// One row of `districts.csv`.
#[derive(Deserialize)]
pub(super) struct District {
    pub(super) lgd: u32,
    pub(super) spelling: String,
    pub(super) division: String,
}

/// One row of `published.csv`.
#[derive(Deserialize)]
pub(super) struct Published {
    pub(super) edition: String,
    pub(super) district: u32,
    pub(super) rank: Option<u32>,
    pub(super) composite: Option<f64>,
}

/// All data of the service.
pub(super) struct Catalogue {
    pub(super) sectors: Vec<Sector>,
    pub(super) editions: Vec<Edition>,
    pub(super) indicators: Vec<Indicator>,
    pub(super) data_points: Vec<DataPoint>,
    pub(super) districts: Vec<District>,
    pub(super) published: Vec<Published>,
    /// By month and district: figures as entered, by data point.
    figures: HashMap<(String, u32), HashMap<String, String>>,
    /// By month and district: the day of the month on which the officer of a sector keyed its figures.
    keyed_on: HashMap<(String, u32), HashMap<String, String>>,
}

pub(super) static CATALOGUE: LazyLock<Catalogue> = LazyLock::new(Catalogue::read);

impl Catalogue {
    fn read() -> Catalogue {
        use crate::data::csv;
        Catalogue {
            sectors: csv(include_str!("../../data/dggi/sectors.csv")),
            editions: csv(include_str!("../../data/dggi/editions.csv")),
            indicators: csv(include_str!("../../data/dggi/indicators.csv")),
            data_points: csv(include_str!("../../data/dggi/data_points.csv")),
            districts: csv(include_str!("../../data/dggi/districts.csv")),
            published: csv(include_str!("../../data/dggi/published.csv")),
            figures: by_month(include_str!("../../data/dggi/figures.csv")),
            keyed_on: by_month(include_str!("../../data/dggi/keyed_on.csv")),
        }
    }

    /// The edition with a code; `latest` is the one whose period ends last.
    pub(super) fn edition(&self, code: &str) -> Option<&Edition> {
        match code {
            "latest" => self.latest(None),
            _ => self.editions.iter().find(|edition| edition.code == code),
        }
    }

    /// The edition whose period ends last, of a set or of all.
    pub(super) fn latest(&self, set: Option<&str>) -> Option<&Edition> {
        self.editions
            .iter()
            .filter(|edition| set.is_none_or(|set| edition.set == set))
            .max_by(|a, b| a.to.cmp(&b.to))
    }

    /// The edition before, with which an edition is compared.
    pub(super) fn previous(&self, edition: &Edition) -> Option<&Edition> {
        self.edition(&edition.previous)
    }

    /// The sector with a code.
    pub(super) fn sector(&self, code: &str) -> Option<&Sector> {
        self.sectors.iter().find(|sector| sector.code == code)
    }

    /// The indicator with a code.
    pub(super) fn indicator(&self, code: &str) -> Option<&Indicator> {
        self.indicators
            .iter()
            .find(|indicator| indicator.code == code)
    }

    /// The indicators of an edition.
    pub(super) fn indicators_of<'c>(
        &'c self,
        edition: &'c Edition,
    ) -> impl Iterator<Item = &'c Indicator> {
        self.indicators
            .iter()
            .filter(|indicator| indicator.set == edition.set)
    }

    /// The data points of an indicator, in their order.
    pub(super) fn points_of<'c>(
        &'c self,
        indicator: &'c Indicator,
    ) -> impl Iterator<Item = &'c DataPoint> {
        self.data_points
            .iter()
            .filter(|point| point.indicator == indicator.code)
    }

    /// A figure as entered; `None` if the index does not use it.
    pub(super) fn figure(
        &self,
        edition: &Edition,
        district: u32,
        point: &DataPoint,
    ) -> Option<&str> {
        let month = edition.month()?.to_owned();
        self.figures
            .get(&(month, district))?
            .get(&point.code)
            .map(String::as_str)
    }

    /// The day on which the figures of a sector were keyed, `yyyy-mm-dd`.
    pub(super) fn keyed_on(
        &self,
        edition: &Edition,
        district: u32,
        sector: &str,
    ) -> Option<String> {
        let month = edition.month()?;
        let days = self.keyed_on.get(&(month.to_owned(), district))?;
        Some(format!("{month}-{}", days.get(sector)?))
    }
}

/// A table with the columns `month` and `district`; the other columns by month and district.
fn by_month(text: &str) -> HashMap<(String, u32), HashMap<String, String>> {
    let rows: Vec<HashMap<String, String>> = crate::data::csv(text);
    let rows = rows.into_iter().filter_map(|mut row| {
        let month = row.remove("month")?;
        let district = row.remove("district")?.parse().ok()?;
        Some(((month, district), row))
    });
    rows.collect()
}

/// The number of a figure, without grouping, percent signs and stray commas; `None` if there is none.
pub(super) fn read_figure(text: &str) -> Option<f64> {
    let digits: String = text
        .chars()
        .filter(|c| c.is_ascii_digit() || matches!(c, '.' | '-'))
        .collect();
    digits.parse().ok()
}
