//! The page loop of `@paginate`: pages of an upstream's list, one after another, until its end or a cap.

use std::sync::Arc;

use super::answers::document_value;
use super::answers::succeeded;
use super::answers::with_response;
use super::call::Caller;
use super::call::Landed;
use super::context::object;
use super::observed;
use crate::connector::Connect;
use crate::connector::CutOff;
use crate::connector::PageStyle;
use crate::connector::Pagination;
use crate::document::Value;
use crate::mapping::Selection;
use crate::mapping::Variables;

impl Caller<'_> {
    /// Reads pages until the upstream's end or a cap.
    pub(super) async fn pages(
        &self,
        pagination: &Pagination,
        template: &dyn crate::connector::RequestTemplate,
        variables: &Variables,
    ) -> Landed {
        let limit = pagination
            .limit
            .as_ref()
            .and_then(|limit| count(limit.evaluate(None, variables).value.as_ref()));
        let mut state = Pages {
            pagination,
            limit,
            index: 0,
            items: 0,
            cursor: Value::Null,
            seen: Vec::new(),
        };
        let mut pages = Vec::new();
        loop {
            let page_variables = Arc::new(variables.clone().with("$page", state.page()));
            let request = match template.render(&page_variables, &self.request.headers) {
                Ok(request) => request,
                Err(error) => {
                    observed::unrendered(self.runtime, self.fetch, &error);
                    return Landed::Unrendered(error);
                }
            };
            let fetched = match self.one(request, &page_variables).await {
                Ok(fetched) => fetched,
                Err(error) => return Landed::Failed(error),
            };
            let document = Arc::clone(&fetched.document);
            pages.push(fetched);
            let fine = self
                .connect
                .is_none_or(|connect| succeeded(connect, &document, &page_variables));
            let Some(input) = document_value(&document).filter(|_| fine) else {
                // What is wrong with it is found, and said, when it is read.
                return Landed::Documents {
                    pages,
                    cut_off: None,
                };
            };
            let page_variables = with_response(&page_variables, &document);
            match state.next(self.connect, &input, &page_variables) {
                Next::Page => {}
                Next::End => {
                    return Landed::Documents {
                        pages,
                        cut_off: None,
                    };
                }
                Next::CutOff(why) => {
                    return Landed::Documents {
                        pages,
                        cut_off: Some(why),
                    };
                }
            }
        }
    }
}

/// Where the page loop stands.
struct Pages<'p> {
    pagination: &'p Pagination,
    limit: Option<usize>,
    index: usize,
    items: usize,
    cursor: Value,
    seen: Vec<Value>,
}

enum Next {
    Page,
    End,
    CutOff(String),
}

impl Pages<'_> {
    /// `$page`.
    fn page(&self) -> Value {
        let number = |number: usize| Value::from(i64::try_from(number).unwrap_or(i64::MAX));
        object([
            ("index", number(self.index)),
            ("offset", number(self.pagination.first + self.items)),
            ("number", number(self.pagination.first + self.index)),
            ("cursor", self.cursor.clone()),
            ("size", self.pagination.size.map_or(Value::Null, number)),
        ])
    }

    /// What follows after a page.
    fn next(
        &mut self,
        connect: Option<&Arc<Connect>>,
        input: &Value,
        variables: &Variables,
    ) -> Next {
        let pagination = self.pagination;
        let value = |selection: &Option<Arc<Selection>>| {
            selection
                .as_ref()
                .and_then(|selection| selection.evaluate(Some(input), variables).value)
        };
        let counted = match (&pagination.items, connect) {
            (Some(items), _) => items.evaluate(Some(input), variables).value,
            (None, Some(connect)) => {
                let selection = &connect.selection;
                selection.evaluate_each(Some(input), variables).value
            }
            (None, None) => None,
        };
        let new = match &counted {
            Some(Value::Array(items)) => items.len(),
            Some(Value::Null) | None => 0,
            Some(_) => 1,
        };
        self.items += new;
        self.index += 1;
        if pagination.more.is_some() && value(&pagination.more) != Some(Value::Bool(true)) {
            return Next::End;
        }
        let total = count(value(&pagination.total).as_ref());
        if pagination.style == PageStyle::Cursor {
            match value(&pagination.next) {
                None | Some(Value::Null) => return Next::End,
                Some(Value::String(text)) if text.is_empty() => return Next::End,
                Some(cursor) if self.seen.contains(&cursor) => {
                    return Next::CutOff("the upstream gave the same cursor twice".to_owned());
                }
                Some(cursor) => {
                    self.seen.push(cursor.clone());
                    self.cursor = cursor;
                }
            }
        } else {
            if total.is_some_and(|total| self.items >= total) {
                return Next::End;
            }
            if new == 0 {
                return match total {
                    Some(total) => Next::CutOff(format!(
                        "the upstream ended after {} of {total} items",
                        self.items
                    )),
                    None => Next::End,
                };
            }
            let short = pagination.size.is_some_and(|size| new < size);
            if short && pagination.total.is_none() && pagination.more.is_none() {
                return Next::End;
            }
        }
        if self.limit.is_some_and(|limit| self.items >= limit) {
            return Next::End;
        }
        if self.items >= pagination.max_items {
            return Next::CutOff(format!(
                "there are more than {} items",
                pagination.max_items
            ));
        }
        if self.index >= pagination.max_pages {
            return Next::CutOff(format!(
                "there are more than {} pages",
                pagination.max_pages
            ));
        }
        Next::Page
    }
}

/// A count, as a number or as a string of digits.
fn count(value: Option<&Value>) -> Option<usize> {
    match value? {
        Value::Number(number) => number
            .as_whole()
            .and_then(|whole| usize::try_from(whole).ok()),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

/// Whether a cut-off list fails its field.
pub(crate) fn cut_off_fails(connect: &Connect) -> bool {
    connect
        .pagination
        .as_ref()
        .is_none_or(|pagination| pagination.cut_off == CutOff::Error)
}
