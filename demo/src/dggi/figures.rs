//! Whether the figures of an edition were keyed, and what may be made of them.
//!
//! A figure is *missing* if nothing or no number was keyed, and *late* if it was keyed after the day by which it was due. It is
//! *absurd* if it is more than five times, or less than a fifth of, the median of what the district has keyed for the data
//! point in all months: nothing of what is counted changes so fast, and most such figures have a digit too many. What is both
//! late and absurd is absurd.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::catalogue::{
    CATALOGUE, Catalogue, DataPoint, District, Edition, Indicator, read_figure,
};

/// How far a figure may be from the median, as a factor.
const PLAUSIBLE: f64 = 5.0;

/// What may be made of a figure, from the best to the worst.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Status {
    Keyed,
    Late,
    Missing,
    Absurd,
}

impl Status {
    /// The letter that the service writes.
    pub(super) fn letter(self) -> &'static str {
        match self {
            Status::Keyed => "K",
            Status::Late => "L",
            Status::Missing => "M",
            Status::Absurd => "X",
        }
    }
}

/// A figure of a district in an edition.
pub(super) struct Entry {
    /// As it was keyed.
    pub(super) text: &'static str,
    pub(super) status: Status,
    /// The day on which it was keyed, if anything was.
    pub(super) keyed_on: Option<String>,
}

/// How many figures of a district, or of several, have which status.
#[derive(Clone, Copy, Default)]
pub(super) struct Tally {
    pub(super) keyed: usize,
    pub(super) late: usize,
    pub(super) missing: usize,
    pub(super) absurd: usize,
}

impl Tally {
    fn add(mut self, status: Status) -> Tally {
        match status {
            Status::Keyed => self.keyed += 1,
            Status::Late => self.late += 1,
            Status::Missing => self.missing += 1,
            Status::Absurd => self.absurd += 1,
        }
        self
    }

    /// The sum with another tally.
    pub(super) fn plus(self, other: Tally) -> Tally {
        Tally {
            keyed: self.keyed + other.keyed,
            late: self.late + other.late,
            missing: self.missing + other.missing,
            absurd: self.absurd + other.absurd,
        }
    }

    pub(super) fn total(self) -> usize {
        self.keyed + self.late + self.missing + self.absurd
    }
}

/// What is known of the figures of a district in an edition.
struct Judged {
    /// By data point.
    entries: HashMap<&'static str, Entry>,
    tally: Tally,
}

/// By edition and district, for the editions that have figures.
static JUDGED: LazyLock<HashMap<(&'static str, u32), Judged>> = LazyLock::new(|| {
    let catalogue: &'static Catalogue = &CATALOGUE;
    let mut judged = HashMap::new();
    for district in &catalogue.districts {
        for indicator in &catalogue.indicators {
            for point in catalogue.points_of(indicator) {
                judge(catalogue, district.lgd, indicator, point, &mut judged);
            }
        }
    }
    judged
});

/// Judges the figures of a data point in all editions.
fn judge(
    catalogue: &'static Catalogue,
    district: u32,
    indicator: &'static Indicator,
    point: &'static DataPoint,
    judged: &mut HashMap<(&'static str, u32), Judged>,
) {
    let keyed: Vec<_> = catalogue
        .editions
        .iter()
        .filter_map(|edition| Some((edition, catalogue.figure(edition, district, point)?)))
        .collect();
    let usual = median(keyed.iter().filter_map(|(_, text)| read_figure(text)));
    for (edition, text) in keyed {
        let keyed_on = catalogue
            .keyed_on(edition, district, &indicator.sector)
            .filter(|_| !text.is_empty());
        let late = keyed_on.as_ref().is_some_and(|day| *day > edition.due_on);
        let status = match read_figure(text) {
            None => Status::Missing,
            Some(value) if is_absurd(value, usual) => Status::Absurd,
            Some(_) if late => Status::Late,
            Some(_) => Status::Keyed,
        };
        let of_district = judged
            .entry((edition.code.as_str(), district))
            .or_insert_with(|| Judged {
                entries: HashMap::new(),
                tally: Tally::default(),
            });
        of_district.tally = of_district.tally.add(status);
        let entry = Entry {
            text,
            status,
            keyed_on,
        };
        of_district.entries.insert(&point.code, entry);
    }
}

/// How many figures of a district have which status; `None` if the edition has no figures.
pub(super) fn tally(edition: &Edition, district: u32) -> Option<Tally> {
    let judged = JUDGED.get(&(edition.code.as_str(), district))?;
    Some(judged.tally)
}

/// The sum over some districts; `None` if the edition has no figures.
pub(super) fn sum<'d>(
    edition: &Edition,
    districts: impl Iterator<Item = &'d District>,
) -> Option<Tally> {
    districts
        .filter_map(|district| tally(edition, district.lgd))
        .reduce(Tally::plus)
}

/// The figures of an indicator, with their data points; none if the edition has no figures.
pub(super) fn entries(
    edition: &'static Edition,
    district: u32,
    indicator: &'static Indicator,
) -> impl Iterator<Item = (&'static DataPoint, &'static Entry)> {
    let judged = JUDGED.get(&(edition.code.as_str(), district));
    judged.into_iter().flat_map(move |judged| {
        CATALOGUE
            .points_of(indicator)
            .filter_map(|point| Some((point, judged.entries.get(point.code.as_str())?)))
    })
}

/// The worst status of the figures of an indicator.
pub(super) fn worst(
    edition: &'static Edition,
    district: u32,
    indicator: &'static Indicator,
) -> Option<Status> {
    entries(edition, district, indicator)
        .map(|(_, entry)| entry.status)
        .max()
}

/// Whether a figure is too far from what the district usually keys.
fn is_absurd(value: f64, usual: Option<f64>) -> bool {
    usual.is_some_and(|usual| value > usual * PLAUSIBLE || value * PLAUSIBLE < usual)
}

fn median(values: impl Iterator<Item = f64>) -> Option<f64> {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    let upper = *values.get(values.len() / 2)?;
    match values.len() % 2 {
        0 => Some((values.get(values.len() / 2 - 1)? + upper) / 2.0),
        _ => Some(upper),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn every_figure_of_an_edition_has_a_status() {
        let edition = CATALOGUE.latest(None).unwrap();
        for district in &CATALOGUE.districts {
            assert_eq!(tally(edition, district.lgd).unwrap().total(), 140);
        }
        let all = sum(edition, CATALOGUE.districts.iter()).unwrap();
        assert!(
            [all.keyed, all.late, all.missing, all.absurd]
                .iter()
                .all(|count| *count > 0)
        );
    }

    #[test]
    fn yearly_editions_have_no_figures() {
        let edition = CATALOGUE.edition("dggi-4.0").unwrap();
        assert!(tally(edition, 13).is_none());
        assert!(sum(edition, CATALOGUE.districts.iter()).is_none());
    }

    #[test]
    fn a_figure_far_from_the_usual_one_is_absurd() {
        for (value, absurd) in [(100.0, false), (500.0, false), (501.0, true), (19.0, true)] {
            assert_eq!(is_absurd(value, Some(100.0)), absurd, "{value}");
        }
        assert!(!is_absurd(501.0, None));
    }

    #[test]
    fn the_median_of_an_even_number_is_between_two() {
        assert_eq!(median([3.0, 1.0, 2.0].into_iter()), Some(2.0));
        assert_eq!(median([4.0, 1.0, 2.0, 9.0].into_iter()), Some(3.0));
        assert_eq!(median(std::iter::empty()), None);
    }
}
