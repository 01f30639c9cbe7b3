//! One call: through the caches to the upstream, page by page where a field is paginated.

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;

use super::context::RequestContext;
use super::context::Runtime;
use super::context::headers_value;
use super::context::object;
use super::prepare::Prepared;
use crate::cache;
use crate::cache::Document;
use crate::cache::Fetched;
use crate::cache::Policy;
use crate::cache::Subject;
use crate::connector::Connect;
use crate::connector::CutOff;
use crate::connector::PageStyle;
use crate::connector::Pagination;
use crate::connector::Request;
use crate::connector::SubgraphKind;
use crate::document::JsonReader;
use crate::document::Kind;
use crate::document::Reader;
use crate::document::Value;
use crate::mapping::Selection;
use crate::mapping::Variables;
use crate::plan::Call;
use crate::plan::Fetch;
use crate::source::Format;
use crate::source::SourceError;

/// What a call came to.
#[derive(Debug)]
pub(crate) enum Landed {
    /// The documents: one, or one per page.
    Documents {
        pages: Vec<Fetched>,
        cut_off: Option<String>,
    },
    /// There is no document: the mapping alone answers.
    MappingOnly,
    /// A request for a page could not be rendered.
    Unrendered(crate::connector::RenderError),
    /// No answer.
    Failed(SourceError),
}

/// A call that was made.
#[derive(Debug)]
pub(crate) struct Called {
    /// What it came to.
    pub(crate) landed: Landed,
    /// The requests that were sent, or would have been but for caches; only when the request asked for a record.
    pub(crate) sent: Vec<Request>,
}

/// Whether and how caches take part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Freshness {
    Read,
    Uncached,
    Mutation,
}

/// Makes a call.
pub(crate) async fn call(
    runtime: &Runtime,
    request: &RequestContext,
    fetch: &Fetch,
    prepared: &mut Prepared,
    freshness: Freshness,
) -> Called {
    let connect = match &fetch.call {
        Call::Connect { connect, .. } => runtime.graph.connect(fetch.service, *connect),
        _ => None,
    };
    let caller = Caller {
        runtime,
        request,
        fetch,
        connect,
        freshness,
        sent: Mutex::default(),
    };
    let paginated = connect.and_then(|connect| {
        let template = connect.template.as_ref()?;
        Some((connect.pagination.as_ref()?, template))
    });
    let landed = match (paginated, prepared.request.take()) {
        (Some((pagination, template)), _) => {
            let template = template.as_ref();
            caller
                .pages(pagination, template, &prepared.variables)
                .await
        }
        (None, None) => Landed::MappingOnly,
        (None, Some(own)) => match caller.one(own, &prepared.variables).await {
            Ok(fetched) => Landed::Documents {
                pages: vec![fetched],
                cut_off: None,
            },
            Err(error) => Landed::Failed(error),
        },
    };
    let sent = caller.sent.into_inner();
    Called {
        landed,
        sent: sent.unwrap_or_else(PoisonError::into_inner),
    }
}

struct Caller<'a> {
    runtime: &'a Runtime,
    request: &'a RequestContext,
    fetch: &'a Fetch,
    connect: Option<&'a Arc<Connect>>,
    freshness: Freshness,
    /// What was sent, for the record.
    sent: Mutex<Vec<Request>>,
}

impl Caller<'_> {
    async fn one(&self, request: Request, variables: &Variables) -> Result<Fetched, SourceError> {
        if self.request.record {
            let mut sent = self.sent.lock().unwrap_or_else(PoisonError::into_inner);
            sent.push(request.clone());
        }
        let service = &self.runtime.services[self.fetch.service.0 as usize];
        let place = match &self.fetch.call {
            Call::Connect { connect, .. } => *connect,
            _ => 0,
        };
        let mut options = service.options.clone();
        options.traceparent.clone_from(&self.request.traceparent);
        let policy = match self.freshness {
            Freshness::Mutation => Policy::Mutation,
            Freshness::Uncached => Policy::Uncached,
            Freshness::Read => Policy::Read {
                lifetime: self.fetch.lifetime,
                subject: self.subject(),
            },
        };
        let call = cache::Call {
            endpoint: &service.endpoints[place],
            request,
            options,
            policy,
        };
        match self.connect {
            Some(connect) => {
                let (connect, variables) = (Arc::clone(connect), variables.clone());
                self.runtime
                    .documents
                    .fetch(call, move |document| {
                        succeeded(&connect, document, &variables)
                    })
                    .await
            }
            None => self.runtime.documents.fetch(call, service_succeeded).await,
        }
    }

    /// Until sign-in exists, whom private data belongs to is told by the headers that the mapping reads.
    fn subject(&self) -> Option<Subject> {
        let reads = match self.connect {
            Some(connect) => &connect.reads,
            None => match &self.runtime.graph.service(self.fetch.service).kind {
                SubgraphKind::Service(service) => &service.reads,
                _ => return None,
            },
        };
        if reads.all_client_headers {
            let mut names: Vec<&str> = self
                .request
                .headers
                .keys()
                .map(http::HeaderName::as_str)
                .collect();
            names.sort_unstable();
            return Subject::from_headers(&names, &self.request.headers);
        }
        Subject::from_headers(&reads.client_headers, &self.request.headers)
    }

    /// The page loop of `@paginate`: pages one after another, until the upstream's end or a cap.
    async fn pages(
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
            let page_variables = variables.clone().with("$page", state.page());
            let request = match template.render(&page_variables, &self.request.headers) {
                Ok(request) => request,
                Err(error) => return Landed::Unrendered(error),
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
            let page_variables = with_response(page_variables, &document);
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

/// The document as one value; `None` when it cannot be read.
pub(crate) fn document_value(document: &Document) -> Option<Value> {
    match document.format {
        Format::Json => Value::parse_json(&document.body).ok(),
        Format::Text => Some(Value::from(
            String::from_utf8_lossy(&document.body).as_ref(),
        )),
        Format::Empty => Some(Value::Null),
    }
}

/// `$status` and `$response` beside the other variables.
pub(crate) fn with_response(variables: Variables, document: &Document) -> Variables {
    variables.with("$status", i64::from(document.status)).with(
        "$response",
        object([("headers", headers_value(&document.headers))]),
    )
}

/// Whether a connect's answer is a success: 2xx, unless `isSuccess` says otherwise.
pub(crate) fn succeeded(connect: &Connect, document: &Document, variables: &Variables) -> bool {
    let Some(is_success) = &connect.is_success else {
        return (200..300).contains(&document.status);
    };
    let input = match document.format {
        Format::Json => JsonReader::new(&document.body)
            .and_then(|mut reader| needed(&mut reader, is_success.needs()))
            .ok(),
        _ => document_value(document),
    };
    let variables = with_response(variables.clone(), document);
    input.is_some_and(|input| {
        is_success.evaluate(Some(&input), &variables).value == Some(Value::Bool(true))
    })
}

/// Reads the part of a document that an expression needs, and skips the rest.
fn needed<'d>(
    reader: &mut JsonReader<'d>,
    need: &crate::mapping::Need,
) -> Result<Value, crate::document::ReadError> {
    let crate::mapping::Need::Keys(_) = need else {
        return Value::read(reader);
    };
    match reader.peek()? {
        Kind::Object => {
            let mut object = crate::document::Object::new();
            reader.enter_object()?;
            while let Some(key) = reader.next_key()? {
                match need.key(key.as_str()) {
                    Some(need) => {
                        let value = needed(reader, need)?;
                        object.insert(crate::document::Str::from(key.as_str()), value);
                    }
                    None => reader.skip()?,
                }
            }
            Ok(Value::Object(Arc::new(object)))
        }
        Kind::List => {
            let mut items = Vec::new();
            reader.enter_list()?;
            while reader.next_element()? {
                items.push(needed(reader, need)?);
            }
            Ok(Value::Array(Arc::new(items)))
        }
        _ => Value::read(reader),
    }
}

/// Whether a GraphQL service's answer may be kept: nothing in it has failed.
fn service_succeeded(document: &Document) -> bool {
    if !(200..300).contains(&document.status) {
        return false;
    }
    let found = JsonReader::new(&document.body).and_then(|mut reader| {
        let mut fine = false;
        reader.enter_object()?;
        while let Some(key) = reader.next_key()? {
            match key.as_str() {
                "errors" => return Ok(false),
                "data" => fine = reader.peek()? == Kind::Object,
                _ => {}
            }
            reader.skip()?;
        }
        Ok(fine)
    });
    found.unwrap_or(false)
}
