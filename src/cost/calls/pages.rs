//! How many pages a call with `@paginate` reads at most, from an upstream that fills its pages.

use super::sizes::{Given, Sizes, whole};
use crate::connector::{Connect, Connection, LastPage, PageStyle, Pagination, Site};
use crate::graph::query::ConnectMode;
use crate::plan::Fetch;

impl Sizes<'_> {
    /// The most pages of one call; 1 without `@paginate`.
    pub(super) fn pages(&self, fetch: &Fetch, connect: &Connect, mode: ConnectMode) -> u64 {
        let Some(pagination) = connect.options.get::<Pagination>() else {
            return 1;
        };
        let Some(size) = pagination.size.map(|size| (size as u64).max(1)) else {
            return pagination.max_pages as u64;
        };
        let most = (pagination.max_items as u64).div_ceil(size);
        let most = most.min(pagination.max_pages as u64);
        let wanted = match connect.options.get::<Connection>() {
            Some(connection) if mode != ConnectMode::List => {
                Some(self.pages_of_part(fetch, pagination, *connection, size))
            }
            _ => self.pages_of_list(fetch, connect, pagination, mode, size),
        };
        wanted.map_or(most, |wanted| wanted.min(most)).max(1)
    }

    /// The pages that have the wanted part of a connection.
    ///
    /// After a cursor, a part may begin within a page. If all parts of a list are as long as this one, they never begin so
    /// that a part has elements of one page more than it must.
    fn pages_of_part(
        &self,
        fetch: &Fetch,
        pagination: &Pagination,
        connection: Connection,
        size: u64,
    ) -> u64 {
        let argument = |name: &str| {
            let mut arguments = fetch.arguments.iter();
            let argument = arguments.find(|argument| *argument.name == *name);
            argument.map_or(Given::Nothing, |argument| self.given(argument))
        };
        let max = u64::from(connection.max);
        let wanted = match argument("first") {
            Given::Nothing => u64::from(connection.first),
            Given::Any => max,
            Given::Value(first) => whole(&first).unwrap_or(max).min(max),
        };
        let begins_within_page = !matches!(pagination.style, PageStyle::Offset)
            && !matches!(argument("after"), Given::Nothing)
            && wanted > 0
            && !size.is_multiple_of(wanted)
            && !wanted.is_multiple_of(size);
        let skipped = if begins_within_page { size - 1 } else { 0 };
        // The element after the part says whether there are more, if nothing else does.
        let next = u64::from(!says_more(pagination));
        (skipped + wanted + next).div_ceil(size)
    }

    /// The pages of a whole list; `None` if its size is not known.
    fn pages_of_list(
        &self,
        fetch: &Fetch,
        connect: &Connect,
        pagination: &Pagination,
        mode: ConnectMode,
        size: u64,
    ) -> Option<u64> {
        let Site::Field { parent, field } = &connect.site else {
            return None;
        };
        let arguments = match mode {
            ConnectMode::List => &[],
            _ => fetch.arguments.as_slice(),
        };
        let items = self.list(parent, field, arguments)?;
        let is_link = matches!(pagination.style, PageStyle::Link);
        Some(match pagination.last_page {
            _ if says_more(pagination) || is_link => items.div_ceil(size),
            LastPage::Short => items / size + 1,
            LastPage::Empty => items.div_ceil(size) + 1,
        })
    }
}

/// Whether a page says whether others follow it.
fn says_more(pagination: &Pagination) -> bool {
    matches!(pagination.style, PageStyle::Cursor)
        || pagination.more.is_some()
        || pagination.total.is_some()
}
