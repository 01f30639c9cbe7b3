//! The types of the service: what it owns, and what it adds to other departments' types.

use std::sync::Arc;

use async_graphql::{Context, ID, InputObject, Object, Result};

use super::connection::{GrievanceConnection, part};
use super::kind::Kind;
use super::labels::{EnumLabel, Language, labels};
use super::register::{AreaCode, Filter, GrievanceOrder, Owner, Record, Register, Status};
use super::scalars::Day;
use super::summary::GrievanceSummary;

/// One grievance of a citizen. Nothing in it says whose it is.
pub(super) struct Grievance(pub(super) String);

/// A district of Jammu & Kashmir.
pub(super) struct District(ID);

/// A department of the government.
pub(super) struct Department(ID);

/// The union territory, or one of its divisions.
pub(super) struct Area(AreaCode);

/// Which grievances. What is left out does not matter.
#[derive(Debug, Default, InputObject)]
pub(super) struct GrievanceFilter {
    /// Only grievances from this district, by its code in the Local Government Directory, for example `13`.
    district_lgd_code: Option<ID>,
    /// Only grievances about this department, by its code, for example `8119`.
    department_code: Option<ID>,
    /// Only grievances about this.
    r#type: Option<Kind>,
    /// Only grievances with this status.
    status: Option<Status>,
    /// Only those that are (or are not) open: neither resolved nor rejected.
    is_open: Option<bool>,
    /// Only those older than so many days, for example `28`: today, or when they were closed.
    older_than_in_days: Option<i64>,
    /// Only those received on or after this day, for example `2026-10-01`.
    received_from: Option<Day>,
    /// Only those received on or before this day, for example `2026-10-31`.
    received_to: Option<Day>,
}

/// What clients filter by, for one owner or for all.
fn filter(filter: Option<GrievanceFilter>, owner: Option<Owner>) -> Filter {
    let filter = filter.unwrap_or_default();
    Filter {
        owner,
        kind: filter.r#type,
        district: filter.district_lgd_code.map(|code| code.0),
        department: filter.department_code.map(|code| code.0),
        status: filter.status,
        open: filter.is_open,
        older_than_days: filter.older_than_in_days,
        received_from: filter.received_from.map(|day| day.0),
        received_to: filter.received_to.map(|day| day.0),
    }
}

pub(super) fn register<'a>(ctx: &Context<'a>) -> Result<&'a Register> {
    Ok(ctx.data::<Arc<Register>>()?.as_ref())
}

fn find(ctx: &Context<'_>, reference: &str) -> Result<Option<Grievance>> {
    let record = register(ctx)?.find(reference);
    Ok(record.map(|record| Grievance(record.reference.clone())))
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
    /// Its reference number, for example `JKIG-2026-003936`.
    async fn reference(&self) -> ID {
        self.0.clone().into()
    }

    /// What it is about.
    async fn r#type(&self, ctx: &Context<'_>) -> Result<Kind> {
        Ok(self.record(ctx)?.kind)
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
    async fn age_in_days(&self, ctx: &Context<'_>) -> Result<i64> {
        Ok(self.record(ctx)?.age(register(ctx)?.today))
    }

    /// The district it comes from; null when the register does not say.
    async fn district(&self, ctx: &Context<'_>) -> Result<Option<District>> {
        let code = self.record(ctx)?.district.clone();
        Ok(code.map(|code| District(code.into())))
    }

    /// The department it is about; null until it is classified.
    async fn department(&self, ctx: &Context<'_>) -> Result<Option<Department>> {
        let code = self.record(ctx)?.department.clone();
        Ok(code.map(|code| Department(code.into())))
    }

    /// The constituency of the assembly that it comes from.
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
    async fn reminder_count(&self, ctx: &Context<'_>) -> Result<u32> {
        Ok(register(ctx)?.reminders(&self.0))
    }
}

impl District {
    fn owner(&self) -> Option<Owner> {
        Some(Owner::District(self.0.to_string()))
    }
}

// Words about the types of others are left to the connectors that own them.
#[Object]
impl District {
    async fn lgd_code(&self) -> &ID {
        &self.0
    }

    /// The grievances from it, counted.
    async fn grievance_summary(
        &self,
        #[graphql(
            desc = "Only grievances that match all of it. Another district's code in it matches none."
        )]
        filter: Option<GrievanceFilter>,
    ) -> Option<GrievanceSummary> {
        GrievanceSummary::of(self::filter(filter, self.owner()))
    }

    /// The grievances from it.
    async fn grievances(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            desc = "Only grievances that match all of it. Another district's code in it matches none."
        )]
        filter: Option<GrievanceFilter>,
        #[graphql(
            default_with = "GrievanceOrder::Oldest",
            desc = "In which order they come."
        )]
        order_by: GrievanceOrder,
        #[graphql(
            default_with = "Some(20)",
            desc = "How many elements are returned at most."
        )]
        first: Option<i32>,
        #[graphql(
            desc = "The elements after the one with this cursor: `endCursor` of the part before."
        )]
        after: Option<String>,
    ) -> Result<Option<GrievanceConnection>> {
        part(
            ctx,
            &self::filter(filter, self.owner()),
            order_by,
            first,
            after,
        )
        .map(Some)
    }
}

impl Department {
    fn owner(&self) -> Option<Owner> {
        Some(Owner::Department(self.0.to_string()))
    }
}

#[Object]
impl Department {
    async fn code(&self) -> &ID {
        &self.0
    }

    /// The grievances about it, counted.
    async fn grievance_summary(
        &self,
        #[graphql(
            desc = "Only grievances that match all of it. Another department's code in it matches none."
        )]
        filter: Option<GrievanceFilter>,
    ) -> Option<GrievanceSummary> {
        GrievanceSummary::of(self::filter(filter, self.owner()))
    }

    /// The grievances about it.
    async fn grievances(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            desc = "Only grievances that match all of it. Another department's code in it matches none."
        )]
        filter: Option<GrievanceFilter>,
        #[graphql(
            default_with = "GrievanceOrder::Oldest",
            desc = "In which order they come."
        )]
        order_by: GrievanceOrder,
        #[graphql(
            default_with = "Some(20)",
            desc = "How many elements are returned at most."
        )]
        first: Option<i32>,
        #[graphql(
            desc = "The elements after the one with this cursor: `endCursor` of the part before."
        )]
        after: Option<String>,
    ) -> Result<Option<GrievanceConnection>> {
        part(
            ctx,
            &self::filter(filter, self.owner()),
            order_by,
            first,
            after,
        )
        .map(Some)
    }
}

#[Object]
impl Area {
    async fn code(&self) -> AreaCode {
        self.0
    }

    /// The grievances from it, counted. Those of which no district is known count for the union territory only.
    async fn grievance_summary(
        &self,
        #[graphql(desc = "Only grievances that match all of it.")] filter: Option<GrievanceFilter>,
    ) -> Option<GrievanceSummary> {
        GrievanceSummary::of(self::filter(filter, Some(Owner::Area(self.0))))
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
        #[graphql(desc = "Its reference number, for example `JKIG-2026-003936`.")] reference: ID,
    ) -> Result<Option<Grievance>> {
        find(ctx, &reference)
    }

    /// Grievances.
    async fn grievances(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            desc = "Only grievances that match all of it; all grievances if it is left out."
        )]
        filter: Option<GrievanceFilter>,
        #[graphql(
            default_with = "GrievanceOrder::Oldest",
            desc = "In which order they come."
        )]
        order_by: GrievanceOrder,
        #[graphql(
            default_with = "Some(20)",
            desc = "How many elements are returned at most."
        )]
        first: Option<i32>,
        #[graphql(
            desc = "The elements after the one with this cursor: `endCursor` of the part before."
        )]
        after: Option<String>,
    ) -> Result<Option<GrievanceConnection>> {
        part(ctx, &self::filter(filter, None), order_by, first, after).map(Some)
    }

    /// Grievances, counted.
    async fn grievance_summary(
        &self,
        #[graphql(
            desc = "Only grievances that match all of it; all grievances if it is left out."
        )]
        filter: Option<GrievanceFilter>,
    ) -> Option<GrievanceSummary> {
        GrievanceSummary::of(self::filter(filter, None))
    }

    /// What the values of the enums of grievances are called in one language: an app asks it once for each. Those in Hindi and Urdu are
    /// sample translations.
    async fn grievance_labels(
        &self,
        #[graphql(
            default_with = "Language::En",
            desc = "The language; in English if there is none in that."
        )]
        language: Language,
    ) -> Option<Vec<EnumLabel>> {
        Some(labels(language))
    }

    #[graphql(entity)]
    async fn find_grievance_by_reference(
        &self,
        ctx: &Context<'_>,
        reference: ID,
    ) -> Result<Option<Grievance>> {
        find(ctx, &reference)
    }

    #[graphql(entity)]
    async fn find_area_by_code(&self, code: AreaCode) -> Area {
        Area(code)
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
