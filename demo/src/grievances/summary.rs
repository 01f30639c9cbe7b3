//! Counting grievances: open and closed, by age, by month, by type.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_graphql::{Context, Object, Result, SimpleObject};

use super::register::{Filter, REMINDER_DAYS, Record, Register};
use super::schema::Day;
use crate::date::Date;

/// Ages in days at which a band ends; the last one has no end.
const BANDS: [i64; 4] = [7, 28, 60, 90];

/// The grievances of a place, a department or everything, counted.
pub(super) struct GrievanceSummary {
    pub(super) filter: Filter,
}

/// Open grievances of like age.
#[derive(SimpleObject)]
struct GrievanceAgeBand {
    /// From so many days.
    from_days: i64,
    /// To so many days, inclusive; null for the last band.
    to_days: Option<i64>,
    /// How many are open.
    open: usize,
}

/// One month's grievances.
#[derive(SimpleObject)]
struct GrievanceMonth {
    /// The month, as `yyyy-mm`.
    month: String,
    /// Received in it.
    received: usize,
    /// Closed in it, whenever received.
    closed: usize,
    /// Still open when it ended (or today, for the current month).
    open_at_end: usize,
}

/// Grievances of one type.
#[derive(SimpleObject)]
struct GrievanceTypeCount {
    /// The type.
    r#type: String,
    /// Received so far.
    received: usize,
    /// Of these, open.
    open: usize,
}

/// Grievances, counted.
#[Object]
impl GrievanceSummary {
    /// The day that the figures are as of.
    async fn as_of(&self, ctx: &Context<'_>) -> Result<Day> {
        Ok(Day(ctx.data::<Arc<Register>>()?.today))
    }

    /// Received so far.
    async fn received(&self, ctx: &Context<'_>) -> Result<usize> {
        Ok(self.records(ctx)?.len())
    }

    /// Closed so far: resolved or rejected.
    async fn closed(&self, ctx: &Context<'_>) -> Result<usize> {
        Ok(self
            .records(ctx)?
            .iter()
            .filter(|record| !record.is_open())
            .count())
    }

    /// Open today.
    async fn open(&self, ctx: &Context<'_>) -> Result<usize> {
        Ok(self
            .records(ctx)?
            .iter()
            .filter(|record| record.is_open())
            .count())
    }

    /// Open for longer than so many days; a reminder is due after 28.
    async fn open_older_than(
        &self,
        ctx: &Context<'_>,
        #[graphql(default_with = "REMINDER_DAYS", desc = "Days since receipt.")] days: i64,
    ) -> Result<usize> {
        let today = ctx.data::<Arc<Register>>()?.today;
        let records = self.records(ctx)?;
        Ok(records
            .iter()
            .filter(|record| record.is_open() && record.age(today) > days)
            .count())
    }

    /// Half of what is closed took at most so many days; null when nothing is closed.
    async fn median_days_to_close(&self, ctx: &Context<'_>) -> Result<Option<i64>> {
        let today = ctx.data::<Arc<Register>>()?.today;
        let closed = self
            .records(ctx)?
            .into_iter()
            .filter(|record| !record.is_open());
        let mut days: Vec<i64> = closed.map(|record| record.age(today)).collect();
        days.sort_unstable();
        Ok(days.get(days.len().saturating_sub(1) / 2).copied())
    }

    /// Open grievances by age.
    async fn ageing(&self, ctx: &Context<'_>) -> Result<Vec<GrievanceAgeBand>> {
        let today = ctx.data::<Arc<Register>>()?.today;
        let open = self
            .records(ctx)?
            .into_iter()
            .filter(|record| record.is_open());
        let ages: Vec<i64> = open.map(|record| record.age(today)).collect();
        let starts = std::iter::once(0).chain(BANDS.map(|end| end + 1));
        let ends = BANDS.into_iter().map(Some).chain([None]);
        Ok(starts
            .zip(ends)
            .map(|(from_days, to_days)| GrievanceAgeBand {
                from_days,
                to_days,
                open: ages
                    .iter()
                    .filter(|age| **age >= from_days && to_days.is_none_or(|end| **age <= end))
                    .count(),
            })
            .collect())
    }

    /// Month by month, oldest first, up to the current one.
    async fn by_month(
        &self,
        ctx: &Context<'_>,
        #[graphql(default = 12, desc = "So many months, at most 60.")] last: i64,
    ) -> Result<Vec<GrievanceMonth>> {
        let today = ctx.data::<Arc<Register>>()?.today;
        let records = self.records(ctx)?;
        let months = months(today, last.clamp(0, 60));
        let count = |keep: &dyn Fn(&Record) -> bool| records.iter().filter(|r| keep(r)).count();
        Ok(months
            .into_iter()
            .map(|month| GrievanceMonth {
                received: count(&|r| r.received.month() == month),
                closed: count(&|r| r.closed.is_some_and(|day| day.month() == month)),
                open_at_end: count(&|r| {
                    r.received.month() <= month && r.closed.is_none_or(|day| day.month() > month)
                }),
                month,
            })
            .collect())
    }

    /// By type, the most frequent first.
    async fn by_type(&self, ctx: &Context<'_>) -> Result<Vec<GrievanceTypeCount>> {
        let mut types: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
        for record in self.records(ctx)? {
            let (received, open) = types.entry(&record.kind).or_default();
            *received += 1;
            *open += usize::from(record.is_open());
        }
        let mut counts: Vec<GrievanceTypeCount> = types
            .into_iter()
            .map(|(kind, (received, open))| GrievanceTypeCount {
                r#type: kind.to_owned(),
                received,
                open,
            })
            .collect();
        counts.sort_by_key(|count| std::cmp::Reverse(count.received));
        Ok(counts)
    }
}

impl GrievanceSummary {
    fn records<'a>(&self, ctx: &Context<'a>) -> Result<Vec<&'a Record>> {
        Ok(ctx.data::<Arc<Register>>()?.select(&self.filter))
    }
}

/// The last months up to the one of `today`, oldest first.
fn months(today: Date, count: i64) -> Vec<String> {
    let (year, month, _) = today.parts();
    let current = year * 12 + month - 1;
    (current - count + 1..=current)
        .map(|index| {
            format!(
                "{:04}-{:02}",
                index.div_euclid(12),
                index.rem_euclid(12) + 1
            )
        })
        .collect()
}
