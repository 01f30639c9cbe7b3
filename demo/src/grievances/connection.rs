//! Parts of a list of grievances (GraphQL Cursor Connections).

use async_graphql::{Context, ErrorExtensions, Result, SimpleObject};

use super::register::{Filter, GrievanceOrder};
use super::schema::{Grievance, register};

/// The most grievances in one part.
const MOST: i32 = 100;

/// Where a part of a list is in the list.
#[derive(SimpleObject)]
#[graphql(shareable)]
struct PageInfo {
    /// Whether elements follow this part.
    has_next_page: bool,
    /// Whether elements precede this part.
    has_previous_page: bool,
    /// The cursor of the first element of this part.
    start_cursor: Option<String>,
    /// The cursor of the last element of this part.
    end_cursor: Option<String>,
}

/// A part of a list of `Grievance`.
#[derive(SimpleObject)]
pub(super) struct GrievanceConnection {
    /// The elements of this part of the list.
    nodes: Vec<Grievance>,
    /// The same elements, with their cursors.
    edges: Vec<GrievanceEdge>,
    /// Where this part is in the list.
    page_info: PageInfo,
    /// The number of elements of the whole list.
    total_count: usize,
}

/// An element of a list of `Grievance`, with its cursor.
#[derive(SimpleObject)]
struct GrievanceEdge {
    /// Leads to the elements after this one: the argument `after`.
    cursor: String,
    /// The element.
    node: Grievance,
}

/// The part that clients want of those that the filter keeps. The cursor of a grievance is its reference number.
pub(super) fn part(
    ctx: &Context<'_>,
    filter: &Filter,
    order: GrievanceOrder,
    first: Option<i32>,
    after: Option<String>,
) -> Result<GrievanceConnection> {
    let first = first.unwrap_or(20);
    let length = usize::try_from(first).ok().filter(|_| first <= MOST);
    let length = length.ok_or_else(|| refusal("first must be at least 0 and at most 100"))?;
    let register = register(ctx)?;
    let records = register.select(filter, order);
    let start = match after {
        Some(cursor) => {
            let last = register.find(&cursor);
            let last = last.ok_or_else(|| refusal("after is no cursor of this list"))?;
            let last = register.place(order, last);
            records.partition_point(|record| register.place(order, record) <= last)
        }
        None => 0,
    };
    let references = || {
        let part = records.iter().skip(start).take(length);
        part.map(|record| record.reference.clone())
    };
    let edge = |cursor: String| GrievanceEdge {
        node: Grievance(cursor.clone()),
        cursor,
    };
    Ok(GrievanceConnection {
        nodes: references().map(Grievance).collect(),
        edges: references().map(edge).collect(),
        page_info: PageInfo {
            has_next_page: start + length < records.len(),
            has_previous_page: start > 0,
            start_cursor: references().next(),
            end_cursor: references().next_back(),
        },
        total_count: records.len(),
    })
}

/// An error about an argument, which clients should read.
fn refusal(message: &str) -> async_graphql::Error {
    async_graphql::Error::new(message)
        .extend_with(|_, extensions| extensions.set("code", "INVALID_ARGUMENT"))
}
