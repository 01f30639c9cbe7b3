//! The types of the service: what it owns, and what it adds to other departments' types.

use std::sync::Arc;

use async_graphql::{
    Context, ErrorExtensions, ID, InputObject, InputValueError, InputValueResult, Object, Result,
    Scalar, ScalarType, SimpleObject, Value,
};

use super::register::{Filter, Record, Register, Status};
use super::summary::GrievanceSummary;
use crate::date::Date;

/// The most grievances that one page holds.
const PAGE_LIMIT: usize = 100;

/// A day of the calendar.
#[derive(Debug, Clone, Copy)]
pub(super) struct Day(pub(super) Date);

/// A day of the calendar, as `yyyy-mm-dd`.
#[Scalar(name = "Date")]
impl ScalarType for Day {
    fn parse(value: Value) -> InputValueResult<Self> {
        match &value {
            Value::String(text) => {
                let day = Date::parse_iso(text).map(Day);
                day.ok_or_else(|| InputValueError::custom("a day is written yyyy-mm-dd"))
            }
            _ => Err(InputValueError::expected_type(value)),
        }
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.to_string())
    }
}

/// One grievance of a citizen. Nothing in it says whose it is.
pub(super) struct Grievance(String);

/// A district of Jammu & Kashmir.
pub(super) struct District(ID);

/// A department of the government.
pub(super) struct Department(ID);

/// One page of grievances.
#[derive(SimpleObject)]
pub(super) struct GrievancePage {
    /// How many match, on all pages together.
    total: usize,
    /// Those on this page, the oldest first.
    items: Vec<Grievance>,
}

/// Which grievances; what is not given does not matter.
#[derive(Debug, Default, InputObject)]
pub(super) struct GrievanceFilter {
    /// Only of this district, by LGD code.
    district_lgd_code: Option<ID>,
    /// Only of this department.
    department_code: Option<ID>,
    /// Only in this state.
    status: Option<Status>,
    /// Only those that are (or are not) open.
    open: Option<bool>,
    /// Only those older than so many days: today, or when they were closed.
    older_than_days: Option<i64>,
    /// Only those received on or after this day.
    received_from: Option<Day>,
    /// Only those received on or before this day.
    received_to: Option<Day>,
}

impl From<GrievanceFilter> for Filter {
    fn from(filter: GrievanceFilter) -> Self {
        Self {
            district: filter.district_lgd_code.map(|code| code.0),
            department: filter.department_code.map(|code| code.0),
            status: filter.status,
            open: filter.open,
            older_than_days: filter.older_than_days,
            received_from: filter.received_from.map(|day| day.0),
            received_to: filter.received_to.map(|day| day.0),
        }
    }
}

fn register<'a>(ctx: &Context<'a>) -> Result<&'a Register> {
    Ok(ctx.data::<Arc<Register>>()?.as_ref())
}

fn page(ctx: &Context<'_>, filter: &Filter, first: usize, offset: usize) -> Result<GrievancePage> {
    if first > PAGE_LIMIT {
        return Err(format!("first is more than {PAGE_LIMIT}").into());
    }
    let records = register(ctx)?.select(filter);
    let items = records.iter().skip(offset).take(first);
    Ok(GrievancePage {
        total: records.len(),
        items: items.map(|record| Grievance(record.id.clone())).collect(),
    })
}

impl Grievance {
    fn record<'a>(&self, ctx: &Context<'a>) -> Result<&'a Record> {
        register(ctx)?
            .find(&self.0)
            .ok_or_else(|| "The grievance is gone".into())
    }
}

/// One grievance of a citizen. Nothing in it says whose it is.
#[Object]
impl Grievance {
    /// Its reference number.
    async fn id(&self) -> ID {
        self.0.clone().into()
    }

    /// What it is about.
    async fn r#type<'a>(&self, ctx: &Context<'a>) -> Result<&'a str> {
        Ok(&self.record(ctx)?.kind)
    }

    /// Where it stands.
    async fn status(&self, ctx: &Context<'_>) -> Result<Status> {
        Ok(self.record(ctx)?.status)
    }

    /// The day of receipt.
    async fn received_on(&self, ctx: &Context<'_>) -> Result<Day> {
        Ok(Day(self.record(ctx)?.received))
    }

    /// The day on which it was resolved or rejected; null while it is open.
    async fn closed_on(&self, ctx: &Context<'_>) -> Result<Option<Day>> {
        Ok(self.record(ctx)?.closed.map(Day))
    }

    /// Days since receipt: today, or when it was closed.
    async fn age_days(&self, ctx: &Context<'_>) -> Result<i64> {
        Ok(self.record(ctx)?.age(register(ctx)?.today))
    }

    /// The district it comes from; null when the register does not say.
    async fn district(&self, ctx: &Context<'_>) -> Result<Option<District>> {
        Ok(self
            .record(ctx)?
            .district
            .clone()
            .map(|code| District(code.into())))
    }

    /// The department it is about; null until it is classified.
    async fn department(&self, ctx: &Context<'_>) -> Result<Option<Department>> {
        Ok(self
            .record(ctx)?
            .department
            .clone()
            .map(|code| Department(code.into())))
    }

    /// The constituency it comes from.
    async fn constituency<'a>(&self, ctx: &Context<'a>) -> Result<Option<&'a str>> {
        Ok(Some(&self.record(ctx)?.constituency))
    }

    /// The office that has to act; null when it is closed.
    async fn pending_at<'a>(&self, ctx: &Context<'a>) -> Result<Option<&'a str>> {
        Ok(self.record(ctx)?.pending_at.as_deref())
    }

    /// Its number in the Union's system (CPGRAMS), when it came from there.
    async fn cpgrams_number<'a>(&self, ctx: &Context<'a>) -> Result<Option<&'a str>> {
        Ok(self.record(ctx)?.cpgrams.as_deref())
    }

    /// How many reminders were sent about it.
    async fn reminders(&self, ctx: &Context<'_>) -> Result<u32> {
        Ok(register(ctx)?.reminders(&self.0))
    }
}

// Words about these two are left to the connector that owns them.
#[Object]
impl District {
    async fn lgd_code(&self) -> &ID {
        &self.0
    }

    /// Its grievances, counted.
    async fn grievance_summary(
        &self,
        #[graphql(desc = "Only of this department.")] department_code: Option<ID>,
    ) -> Option<GrievanceSummary> {
        let (district, department) = (Some(self.0.to_string()), department_code.map(|code| code.0));
        Some(GrievanceSummary {
            filter: Filter {
                district,
                department,
                ..Filter::default()
            },
        })
    }

    /// Its grievances, the oldest first.
    async fn grievances(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only those that are (or are not) open.")] open: Option<bool>,
        #[graphql(desc = "Only those older than so many days.")] older_than_days: Option<i64>,
        #[graphql(default = 20, desc = "At most so many; 100 is the most.")] first: usize,
        #[graphql(default = 0, desc = "How many to pass over.")] offset: usize,
    ) -> Result<Option<GrievancePage>> {
        let district = Some(self.0.to_string());
        let filter = Filter {
            district,
            open,
            older_than_days,
            ..Filter::default()
        };
        page(ctx, &filter, first, offset).map(Some)
    }
}

#[Object]
impl Department {
    async fn code(&self) -> &ID {
        &self.0
    }

    /// Grievances about it, counted.
    async fn grievance_summary(
        &self,
        #[graphql(desc = "Only of this district, by LGD code.")] district_lgd_code: Option<ID>,
    ) -> Option<GrievanceSummary> {
        let (department, district) = (
            Some(self.0.to_string()),
            district_lgd_code.map(|code| code.0),
        );
        Some(GrievanceSummary {
            filter: Filter {
                district,
                department,
                ..Filter::default()
            },
        })
    }

    /// Grievances about it, the oldest first.
    async fn grievances(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only those that are (or are not) open.")] open: Option<bool>,
        #[graphql(desc = "Only those older than so many days.")] older_than_days: Option<i64>,
        #[graphql(default = 20, desc = "At most so many; 100 is the most.")] first: usize,
        #[graphql(default = 0, desc = "How many to pass over.")] offset: usize,
    ) -> Result<Option<GrievancePage>> {
        let department = Some(self.0.to_string());
        let filter = Filter {
            department,
            open,
            older_than_days,
            ..Filter::default()
        };
        page(ctx, &filter, first, offset).map(Some)
    }
}

/// What can be asked.
pub(super) struct Query;

#[Object]
impl Query {
    /// One grievance by its reference number; null when there is none.
    async fn grievance(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Its reference number, such as `JKIG-2026-000900`.")] id: ID,
    ) -> Result<Option<Grievance>> {
        Ok(register(ctx)?
            .find(&id)
            .map(|record| Grievance(record.id.clone())))
    }

    /// Grievances of the whole Union Territory, the oldest first.
    async fn grievances(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which ones; all of them if not given.")] filter: Option<GrievanceFilter>,
        #[graphql(default = 20, desc = "At most so many; 100 is the most.")] first: usize,
        #[graphql(default = 0, desc = "How many to pass over.")] offset: usize,
    ) -> Result<Option<GrievancePage>> {
        page(ctx, &filter.unwrap_or_default().into(), first, offset).map(Some)
    }

    /// The grievances of the whole Union Territory, counted.
    async fn grievance_summary(
        &self,
        #[graphql(desc = "Which ones; all of them if not given.")] filter: Option<GrievanceFilter>,
    ) -> Option<GrievanceSummary> {
        Some(GrievanceSummary {
            filter: filter.unwrap_or_default().into(),
        })
    }

    #[graphql(entity)]
    async fn find_grievance_by_id(&self, ctx: &Context<'_>, id: ID) -> Result<Option<Grievance>> {
        Ok(register(ctx)?
            .find(&id)
            .map(|record| Grievance(record.id.clone())))
    }

    #[graphql(entity)]
    async fn find_district_by_lgd_code(&self, lgd_code: ID) -> District {
        District(lgd_code)
    }

    #[graphql(entity)]
    async fn find_department_by_code(&self, code: ID) -> Department {
        Department(code)
    }
}

/// What can be changed.
pub(super) struct Mutation;

#[Object]
impl Mutation {
    /// Reminds the office with which an open grievance is pending; due after 28 days.
    async fn send_grievance_reminder(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Reference number of the grievance.")] id: ID,
    ) -> Result<Option<Grievance>> {
        let record = register(ctx)?.remind(&id).map_err(|refusal| {
            let error = async_graphql::Error::new(refusal.to_string());
            error.extend_with(|_, extensions| extensions.set("code", refusal.code()))
        })?;
        Ok(Some(Grievance(record.id.clone())))
    }
}
