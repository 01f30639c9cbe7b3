//! The page loop of `@paginate`: fetches the pages of an upstream's list, one after another, up to its end or a limit.

use std::sync::Arc;

use super::call::Caller;
use super::observed;
use crate::budget::Exceeded;
use crate::cache::Document;
use crate::cache::long::off_worker;
use crate::connector::{PageStyle, Pagination};
use crate::document::{Fault, ReadError, Value};
use crate::mapping::{Selection, Variables};
use crate::response::memo::DocumentMemo;
use crate::response::outcome::{CallOutcome, JudgedDocument};
use crate::response::page_facts::PageFacts;
use crate::response::upstream_document::{
    document_value, follows_from_document, read_of, with_response,
};
use crate::response::values::object;

impl Caller<'_> {
    /// Fetches pages up to the end of the list or a limit.
    pub(super) async fn pages(
        &self,
        pagination: &Pagination,
        template: &dyn crate::connector::RequestTemplate,
        variables: &Variables,
    ) -> CallOutcome {
        let limit = pagination
            .limit
            .as_ref()
            .and_then(|limit| count(limit.evaluate(None, variables).value.as_ref()));
        let mut state = PageLoop {
            pagination,
            limit,
            index: 0,
            items: 0,
            cursor: Value::Null,
            cursors: Vec::new(),
        };
        let mut pages = Vec::new();
        loop {
            let page_variables = Arc::new(variables.clone().with("$page", state.page()));
            let request = match template.render(&page_variables, &self.request.headers) {
                Ok(request) => request,
                Err(error) => {
                    self.release(&pages);
                    observed::unrendered(self.runtime, self.fetch, &error);
                    return CallOutcome::Unrendered(error);
                }
            };
            let judged = match self.one(request, &page_variables).await {
                Ok(judged) => judged,
                Err(outcome) => {
                    self.release(&pages);
                    return outcome;
                }
            };
            let document = Arc::clone(&judged.fetched.document);
            let next = match judged.succeeded {
                true => {
                    let facts = || self.facts(pagination, &document, &page_variables);
                    let facts = off_worker(document.body.len(), facts).await;
                    facts.map(|facts| facts.map_or(Next::End, |facts| state.next(facts)))
                }
                // A page that is a failure or cannot be read ends the loop: ingesting it reports that.
                false => Ok(Next::End),
            };
            pages.push(judged);
            let cut_off = match next {
                Ok(Next::Page) => continue,
                Ok(Next::End) => None,
                Ok(Next::CutOff(why)) => Some(why),
                Err(exceeded) => {
                    self.release(&pages);
                    return CallOutcome::Exceeded(exceeded);
                }
            };
            return CallOutcome::Documents { pages, cut_off };
        }
    }
}

impl Caller<'_> {
    /// Releases the bytes of pages that are dropped.
    fn release(&self, pages: &[JudgedDocument]) {
        let bytes = pages.iter().map(|page| page.fetched.document.body.len());
        self.bounds.account.release(bytes.sum());
    }

    /// The facts of a page; `None` if the document cannot be read. For a cached document they are stored in its memo,
    /// if they depend on nothing but the document.
    ///
    /// # Errors
    /// Reading it would take more memory than the operation has left.
    fn facts(
        &self,
        pagination: &Pagination,
        document: &Document,
        variables: &Variables,
    ) -> Result<Option<PageFacts>, Exceeded> {
        let of_whole = match (&pagination.items, self.connect) {
            (None, Some(connect)) => Some(&connect.selection),
            _ => None,
        };
        let selections = [
            &pagination.items,
            &pagination.more,
            &pagination.total,
            &pagination.next,
        ];
        let selections = selections.into_iter().flatten().map(Arc::as_ref);
        let mut read = selections.chain(of_whole.map(Arc::as_ref));
        let of_whole = of_whole.map(Arc::as_ref);
        let most = self.bounds.account.left();
        let follows = document.lifetime.is_some() && read.all(follows_from_document);
        let memo = match follows {
            true => document.memo.of::<DocumentMemo>(),
            false => None,
        };
        if let Some(facts) = memo.and_then(|memo| memo.facts.get()) {
            return Ok(facts.clone());
        }
        let facts = match find_facts(pagination, of_whole, document, variables, most) {
            Ok(facts) => Some(facts),
            Err(error) if error.fault == Fault::TooLarge => {
                return Err(Exceeded::Account(self.bounds.account.limit()));
            }
            Err(_) => None,
        };
        Ok(match memo {
            Some(memo) => memo.facts.get_or_init(|| facts).clone(),
            None => facts,
        })
    }
}

fn find_facts(
    pagination: &Pagination,
    of_whole: Option<&Selection>,
    document: &Document,
    variables: &Variables,
    most: usize,
) -> Result<PageFacts, ReadError> {
    let variables = with_response(variables, document);
    let value = |selection: &Option<Arc<Selection>>| match selection {
        Some(selection) => read_of(document, selection, &variables, most),
        None => Ok(None),
    };
    let counted = match of_whole {
        Some(selection) => {
            let input = document_value(document, most)?;
            selection.evaluate_each(Some(&input), &variables).value
        }
        None => value(&pagination.items)?,
    };
    Ok(PageFacts {
        items: match &counted {
            Some(Value::Array(items)) => items.len(),
            Some(Value::Null) | None => 0,
            Some(_) => 1,
        },
        more: match &pagination.more {
            Some(_) => Some(value(&pagination.more)? == Some(Value::Bool(true))),
            None => None,
        },
        total: count(value(&pagination.total)?.as_ref()),
        next: value(&pagination.next)?,
    })
}

/// The state of the page loop.
struct PageLoop<'p> {
    pagination: &'p Pagination,
    limit: Option<usize>,
    index: usize,
    items: usize,
    cursor: Value,
    /// The cursors so far.
    cursors: Vec<Value>,
}

enum Next {
    Page,
    End,
    CutOff(String),
}

impl PageLoop<'_> {
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

    /// What to do after a page with these facts.
    fn next(&mut self, facts: PageFacts) -> Next {
        let pagination = self.pagination;
        let PageFacts {
            items: new,
            more,
            total,
            next,
        } = facts;
        self.items += new;
        self.index += 1;
        if more == Some(false) {
            return Next::End;
        }
        if pagination.style == PageStyle::Cursor {
            match next {
                None | Some(Value::Null) => return Next::End,
                Some(Value::String(text)) if text.is_empty() => return Next::End,
                Some(cursor) if self.cursors.contains(&cursor) => {
                    return Next::CutOff("the upstream gave the same cursor twice".to_owned());
                }
                Some(cursor) => {
                    self.cursors.push(cursor.clone());
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
