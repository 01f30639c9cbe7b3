//! The page loop of `@paginate`: fetches the pages of an upstream's list, one after another, up to its end or a limit. Of a
//! streamed list, it gives the pages that it has in between, and goes on from there.

use std::sync::Arc;

use super::call::Caller;
use super::observed;
use super::page_loop::{End, Next, PageLoop, PageRange, PageRest};
use crate::budget::Exceeded;
use crate::cache::Document;
use crate::cache::long::off_worker;
use crate::connector::{
    AbsentKey, Connection, Cursor, EntityList, PageStart, PageStyle, Pagination, RenderError,
    RenderErrorPlace, RequestTemplate,
};
use crate::document::{Fault, Value};
use crate::errors::ErrorKind;
use crate::graph::query::ConnectMode;
use crate::mapping::Variables;
use crate::plan::FetchCall;
use crate::response::list_part::ListPart;
use crate::response::memo::DocumentMemo;
use crate::response::outcome::{CallFault, CallOutcome, JudgedDocument};
use crate::response::page_facts::{PageFacts, count, page_facts};
use crate::response::upstream_document::follows_from_document;

impl<'a> Caller<'a> {
    /// Fetches pages up to the end of the list or a limit; or up to the end of a range, and then says where it goes on.
    pub(super) async fn pages(
        &self,
        pagination: &'a Pagination,
        template: &dyn RequestTemplate,
        variables: &Variables,
        range: PageRange<'a>,
    ) -> (CallOutcome, Option<Box<PageRest<'a>>>) {
        let mut pages = Vec::new();
        let outcome = self.page_loop(pagination, template, variables, range, &mut pages);
        let outcome = match outcome.await {
            Ok(End {
                cut_off,
                limit,
                part,
                rest,
            }) => {
                let outcome = CallOutcome::Documents {
                    pages,
                    cut_off,
                    limit,
                    part,
                };
                return (outcome, rest);
            }
            Err(outcome) => {
                if let (CallOutcome::InvalidPage(why), Some(last)) = (&outcome, pages.last()) {
                    last.report(Some(&CallFault {
                        kind: ErrorKind::BadAnswer,
                        why: why.clone().into(),
                        of_client: false,
                    }));
                }
                self.release(&pages);
                outcome
            }
        };
        (outcome, None)
    }

    async fn page_loop(
        &self,
        pagination: &'a Pagination,
        template: &dyn RequestTemplate,
        variables: &Variables,
        range: PageRange<'a>,
        pages: &mut Vec<JudgedDocument>,
    ) -> Result<End<'a>, CallOutcome> {
        // Objects are looked up in the whole list.
        let entity_list = self.entity_list();
        let limit = match entity_list {
            Some(_) => None,
            None => limit(pagination, variables).map_err(|error| self.unrendered(error))?,
        };
        // Objects that are not on the pages so far are looked up without the list.
        let rest_is_looked_up =
            entity_list.is_some_and(|entity_list| entity_list.absent == AbsentKey::Lookup);
        let part = self.part(pagination, variables);
        let part = part.map_err(|error| self.unrendered(error))?;
        let (mut state, mut next_request, pause) = match range {
            PageRange::Next(rest) => {
                let pause = rest.state.next_pause();
                (rest.state, rest.request, Some(pause))
            }
            PageRange::First(items) => (PageLoop::new(pagination, limit, part), None, Some(items)),
            PageRange::All => (PageLoop::new(pagination, limit, part), None, None),
        };
        if limit == Some(0) {
            return Ok(state.end(None));
        }
        loop {
            let page_variables = Arc::new(variables.clone().with("$page", state.page()));
            let request = match next_request.take() {
                Some(request) => request,
                None => template
                    .render(&page_variables, &self.request.headers)
                    .map_err(|error| self.unrendered(error))?,
            };
            let sent = request.clone();
            let may_end = rest_is_looked_up && state.index > 0;
            let judged = match self.one(request, &page_variables).await {
                Err(CallOutcome::Failed(_)) if may_end => return Ok(state.end_at_failed_page()),
                judged => judged?,
            };
            let document = Arc::clone(&judged.fetched.document);
            let facts = if judged.succeeded {
                let facts = || self.facts(pagination, &document, &page_variables);
                let facts = off_worker(document.body.len(), facts).await;
                facts.map_err(CallOutcome::Exceeded)?
            } else if state.ends_by_absence(&document) {
                self.release(&[judged]);
                return Ok(match state.next(PageFacts::EMPTY) {
                    Next::CutOff(why) => state.end(Some(why)),
                    _ => state.end(None),
                });
            } else if may_end {
                self.release(&[judged]);
                return Ok(state.end_at_failed_page());
            } else {
                None
            };
            pages.push(judged);
            // A page that is a failure or cannot be read ends the loop: ingesting it reports that.
            let Some(facts) = facts else {
                return Ok(state.end(None));
            };
            if let Some(wrong) = facts.wrong {
                if rest_is_looked_up {
                    return Ok(state.end(Some(format!("its end is not known: {wrong}"))));
                }
                let why = format!("The end of the list is not known: {wrong}");
                return Err(CallOutcome::InvalidPage(why));
            }
            match state.next(facts) {
                Next::End => return Ok(state.end(None)),
                _ if state.has_part() => return Ok(state.end_of_part()),
                Next::CutOff(why) => return Ok(state.end(Some(why))),
                Next::Page => {}
            }
            if pagination.style == PageStyle::Link {
                let address = state.cursor.as_str().unwrap_or_default();
                let request = template.next_page(&sent, address);
                next_request = Some(request.map_err(|error| {
                    let why = format!("The next page cannot be requested: {error}");
                    CallOutcome::InvalidPage(why)
                })?);
            }
            if pause.is_some_and(|items| state.has(items)) {
                return Ok(state.pause(next_request));
            }
        }
    }

    /// How objects are looked up in the list, if it is fetched for that.
    fn entity_list(&self) -> Option<&EntityList> {
        let list = ConnectMode::List;
        match &self.fetch.call {
            FetchCall::Connect { mode, .. } if *mode == list => self.connect?.options.get(),
            _ => None,
        }
    }

    /// The part of the list that the client wants, if the field is a connection: the arguments `first` and `after`.
    fn part(
        &self,
        pagination: &Pagination,
        variables: &Variables,
    ) -> Result<Option<(ListPart, PageStart)>, RenderError> {
        let connection = self.connect.and_then(|connect| connect.options.get());
        let Some(Connection { first, max }) = connection else {
            return Ok(None);
        };
        let arguments = variables.get("$args").and_then(Value::as_object);
        let argument = |name: &str| arguments.and_then(|arguments| arguments.get(name));
        // Clients' values were checked before; these are of a supergraph, whose schema does not say how pages are requested.
        let wrong = |message: String| RenderError::at(RenderErrorPlace::Argument, message);
        let take = match argument("first") {
            None | Some(Value::Null) => *first as usize,
            wanted => {
                let wanted = count(wanted).filter(|wanted| *wanted <= *max as usize);
                wanted.ok_or_else(|| wrong(format!("`first` is not between 0 and {max}")))?
            }
        };
        let start = match argument("after") {
            None | Some(Value::Null) => None,
            Some(after) => {
                let cursor = after
                    .as_str()
                    .and_then(|text| Cursor::decode(text, pagination.style));
                Some(cursor.ok_or_else(|| wrong("`after` is no cursor of this list".to_owned()))?)
            }
        };
        let has_previous = start.is_some();
        let (page, skip) = match (start, pagination.style) {
            (Some(cursor), _) => cursor.next(),
            (None, PageStyle::Offset) => (PageStart::Offset(0), 0),
            (None, PageStyle::Page) => (PageStart::Page(0), 0),
            (None, _) => (PageStart::Cursor(Value::Null), 0),
        };
        let part = ListPart {
            skip,
            take,
            pages: Vec::new(),
            has_previous,
            has_more: false,
            total: None,
        };
        Ok(Some((part, page)))
    }

    fn unrendered(&self, error: RenderError) -> CallOutcome {
        observed::unrendered(self.runtime, self.fetch, &error);
        CallOutcome::Unrendered(error)
    }
}

/// The number of items that the client wants.
fn limit(pagination: &Pagination, variables: &Variables) -> Result<Option<usize>, RenderError> {
    let Some(limit) = &pagination.limit else {
        return Ok(None);
    };
    match limit.evaluate(None, variables).value {
        None | Some(Value::Null) => Ok(None),
        value => match count(value.as_ref()) {
            Some(limit) => Ok(Some(limit)),
            None => Err(RenderError::new(
                "`limit` of @paginate yields no number of items, which is 0 or more",
            )),
        },
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
            (None, Some(connect)) => Some(connect.list.as_ref().unwrap_or(&connect.selection)),
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
        let facts = match page_facts(pagination, of_whole, document, variables, most) {
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
