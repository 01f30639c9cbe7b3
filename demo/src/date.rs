//! Days of the civil calendar: parse, print and count them.
//!
//! The rules of the departments are about days ("within 15 days", "older than 28 days"), so the stand-ins need no more of the
//! calendar. They read no clock: the day is an argument of a stand-in, so that its responses can be reproduced.

use std::fmt;

/// A day, counted from 1970-01-01.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date(i64);

impl Date {
    /// The day of a year, month (1–12) and day of the month; `None` when the calendar has no such day.
    pub fn new(year: i64, month: i64, day: i64) -> Option<Self> {
        if !(1..=12).contains(&month) || !(1..=31).contains(&day) {
            return None;
        }
        let date = Self::unchecked(year, month, day);
        (date.parts() == (year, month, day)).then_some(date)
    }

    /// Counts days with years that begin in March, so that the leap day is the last day of a year.
    const fn unchecked(year: i64, month: i64, day: i64) -> Self {
        let shifted = if month <= 2 { year - 1 } else { year };
        let era = shifted.div_euclid(400);
        let year_of_era = shifted.rem_euclid(400);
        let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
        let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
        Self(era * 146_097 + day_of_era - 719_468)
    }

    /// Reads `yyyy-mm-dd`.
    pub fn parse_iso(text: &str) -> Option<Self> {
        let (year, month, day) = three(text)?;
        Self::new(year, month, day)
    }

    /// Year, month and day of the month.
    pub fn parts(self) -> (i64, i64, i64) {
        let days = self.0 + 719_468;
        let era = days.div_euclid(146_097);
        let day_of_era = days.rem_euclid(146_097);
        let year_of_era =
            (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let shifted_month = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
        let month = (shifted_month + 2) % 12 + 1;
        let year = year_of_era + era * 400 + i64::from(month <= 2);
        (year, month, day)
    }

    /// The day so many days later (earlier when negative).
    pub fn plus(self, days: i64) -> Self {
        Self(self.0 + days)
    }

    /// Days from `earlier` to this day; negative when this day comes first.
    pub fn since(self, earlier: Self) -> i64 {
        self.0 - earlier.0
    }

    /// `dd-mm-yyyy`, as certificates are dated.
    pub fn dashed(self) -> String {
        let (year, month, day) = self.parts();
        format!("{day:02}-{month:02}-{year:04}")
    }

    /// `yyyy-mm`, the month of this day.
    pub fn month(self) -> String {
        let (year, month, _) = self.parts();
        format!("{year:04}-{month:02}")
    }
}

impl fmt::Display for Date {
    /// `yyyy-mm-dd`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = self.parts();
        write!(f, "{year:04}-{month:02}-{day:02}")
    }
}

fn three(text: &str) -> Option<(i64, i64, i64)> {
    let mut parts = text.splitn(3, '-').map(|part| part.parse().ok());
    Some((parts.next()??, parts.next()??, parts.next()??))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::Date;

    #[test]
    fn every_day_of_five_centuries_comes_back() {
        let mut date = Date::new(1600, 2, 28).unwrap();
        for _ in 0..190_000 {
            let (year, month, day) = date.parts();
            assert_eq!(Date::new(year, month, day), Some(date));
            assert_eq!(Date::parse_iso(&date.to_string()), Some(date));
            date = date.plus(1);
        }
    }

    #[test]
    fn days_that_do_not_exist_are_refused() {
        for text in [
            "2025-02-29",
            "2026-13-01",
            "2026-00-10",
            "2026-04-31",
            "x",
            "2026-10",
        ] {
            assert_eq!(Date::parse_iso(text), None, "{text}");
        }
    }

    #[test]
    fn differences_and_formats() {
        let day = Date::parse_iso("2026-10-31").unwrap();
        assert_eq!(day.since(Date::parse_iso("2026-10-01").unwrap()), 30);
        assert_eq!(day.plus(1).dashed(), "01-11-2026");
        assert_eq!(day.month(), "2026-10");
    }
}
