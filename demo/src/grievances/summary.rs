//! Counting grievances: open and closed, by status, by age, by month, by type.

use std::collections::BTreeMap;

use async_graphql::resolver_utils::EnumType;
use async_graphql::{Context, Object, Result, SimpleObject};

use super::kind::Kind;
use super::register::{Filter, REMINDER_DAYS, Record, Status};
use super::scalars::{Day, Month};
use super::schema::register;
use crate::date::Date;

/// Ages in days at which a band ends; the last one has no end.
const BANDS: [i64; 4] = [7, 28, 60, 90];

/// The grievances of a place, a department or everything, counted.
pub(super) struct GrievanceSummary {
    filter: Filter,
}

/// Open grievances of like age.
#[derive(SimpleObject)]
struct GrievanceAgeBand {
    /// From so many days since receipt.
    from_in_days: i64,
    /// To so many days, inclusive; null for the last band.
    to_in_days: Option<i64>,
    /// How many are open.
    open_count: usize,
}

/// One month's grievances.
#[derive(SimpleObject)]
struct GrievanceMonth {
    /// The month.
    month: Month,
    /// How many were received in it.
    received_count: usize,
    /// How many were closed in it, whenever received.
    closed_count: usize,
    /// How many were open when it ended (or are open today, for the current month).
    open_at_end_count: usize,
}

/// Grievances of one type.
#[derive(SimpleObject)]
struct GrievanceTypeCount {
    /// The type.
    r#type: Kind,
    /// How many were received so far.
    received_count: usize,
    /// How many of these are open.
    open_count: usize,
}

/// Grievances with the same status.
#[derive(SimpleObject)]
struct GrievanceStatusCount {
    /// The status.
    status: Status,
    /// How many.
    grievance_count: usize,
}

/// Grievances, counted.
#[Object]
impl GrievanceSummary {
    /// The day that the figures are as of.
    async fn as_of(&self, ctx: &Context<'_>) -> Result<Day> {
        Ok(Day(register(ctx)?.today))
    }

    /// How many were received so far: the open and the closed ones.
    async fn received_count(&self, ctx: &Context<'_>) -> Result<usize> {
        self.count(ctx, |_| true)
    }

    /// How many are closed: resolved or rejected.
    async fn closed_count(&self, ctx: &Context<'_>) -> Result<usize> {
        self.count(ctx, |record| !record.is_open())
    }

    /// How many are open.
    async fn open_count(&self, ctx: &Context<'_>) -> Result<usize> {
        self.count(ctx, Record::is_open)
    }

    /// How many have been open for longer than so many days; a reminder is due after 28.
    async fn open_older_than_count(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            default_with = "REMINDER_DAYS",
            desc = "Days since receipt, for example `28`."
        )]
        days: i64,
    ) -> Result<usize> {
        let today = register(ctx)?.today;
        self.count(ctx, |record| record.is_open() && record.age(today) > days)
    }

    /// Half of what is closed took at most so many days; null when nothing is closed.
    async fn median_time_to_close_in_days(&self, ctx: &Context<'_>) -> Result<Option<i64>> {
        let today = register(ctx)?.today;
        let closed = self
            .records(ctx)?
            .into_iter()
            .filter(|record| !record.is_open());
        let mut days: Vec<i64> = closed.map(|record| record.age(today)).collect();
        days.sort_unstable();
        Ok(days.get(days.len().saturating_sub(1) / 2).copied())
    }

    /// How many have each status: registered, under examination, forwarded, resolved, rejected.
    async fn by_status(&self, ctx: &Context<'_>) -> Result<Vec<GrievanceStatusCount>> {
        let records = self.records(ctx)?;
        let count = |status| records.iter().filter(|r| r.status == status).count();
        let statuses = Status::items().iter().map(|item| item.value);
        Ok(statuses
            .map(|status| GrievanceStatusCount {
                status,
                grievance_count: count(status),
            })
            .collect())
    }

    /// Open grievances by age.
    async fn by_age(&self, ctx: &Context<'_>) -> Result<Vec<GrievanceAgeBand>> {
        let today = register(ctx)?.today;
        let open = self
            .records(ctx)?
            .into_iter()
            .filter(|record| record.is_open());
        let ages: Vec<i64> = open.map(|record| record.age(today)).collect();
        let starts = std::iter::once(0).chain(BANDS.map(|end| end + 1));
        let ends = BANDS.into_iter().map(Some).chain([None]);
        Ok(starts
            .zip(ends)
            .map(|(from_in_days, to_in_days)| GrievanceAgeBand {
                from_in_days,
                to_in_days,
                open_count: ages
                    .iter()
                    .filter(|age| {
                        **age >= from_in_days && to_in_days.is_none_or(|end| **age <= end)
                    })
                    .count(),
            })
            .collect())
    }

    /// Month by month, the oldest first.
    async fn by_month(
        &self,
        ctx: &Context<'_>,
        #[graphql(default = 12, desc = "How many months, for example `12`.")] last: i64,
        #[graphql(
            desc = "The last of them, as `2026-10`. Without it, or if that is still to come, the current one."
        )]
        up_to_month: Option<Month>,
    ) -> Result<Vec<GrievanceMonth>> {
        let today = register(ctx)?.today;
        let records = self.records(ctx)?;
        let first_day = up_to_month.and_then(|month| month.first_day());
        let end = first_day.map_or(today, |day| day.min(today));
        let months = months(end, last.clamp(1, 60));
        let count = |keep: &dyn Fn(&Record) -> bool| records.iter().filter(|r| keep(r)).count();
        Ok(months
            .into_iter()
            .map(|month| GrievanceMonth {
                received_count: count(&|r| r.received.month() == month),
                closed_count: count(&|r| r.closed.is_some_and(|day| day.month() == month)),
                open_at_end_count: count(&|r| {
                    r.received.month() <= month && r.closed.is_none_or(|day| day.month() > month)
                }),
                month: Month(month),
            })
            .collect())
    }

    /// By type, the most frequent first.
    async fn by_type(&self, ctx: &Context<'_>) -> Result<Vec<GrievanceTypeCount>> {
        let mut types: BTreeMap<Kind, (usize, usize)> = BTreeMap::new();
        for record in self.records(ctx)? {
            let (received, open) = types.entry(record.kind).or_default();
            *received += 1;
            *open += usize::from(record.is_open());
        }
        let mut counts: Vec<GrievanceTypeCount> = types
            .into_iter()
            .map(|(kind, (received, open))| GrievanceTypeCount {
                r#type: kind,
                received_count: received,
                open_count: open,
            })
            .collect();
        counts.sort_by_key(|count| std::cmp::Reverse(count.received_count));
        Ok(counts)
    }
}

impl GrievanceSummary {
    pub(super) fn of(filter: Filter) -> Option<GrievanceSummary> {
        Some(GrievanceSummary { filter })
    }

    fn records<'a>(&self, ctx: &Context<'a>) -> Result<Vec<&'a Record>> {
        Ok(register(ctx)?.kept(&self.filter))
    }

    fn count(&self, ctx: &Context<'_>, keep: impl Fn(&Record) -> bool) -> Result<usize> {
        let records = self.records(ctx)?;
        Ok(records.iter().filter(|record| keep(record)).count())
    }
}

/// So many months up to the one of `end`, oldest first.
fn months(end: Date, count: i64) -> Vec<String> {
    let (year, month, _) = end.parts();
    let last = year * 12 + month - 1;
    (last - count + 1..=last)
        .map(|index| {
            format!(
                "{:04}-{:02}",
                index.div_euclid(12),
                index.rem_euclid(12) + 1
            )
        })
        .collect()
}
