//! What a document says as a page of a paginated list.

use crate::cache::Document;
use crate::connector::{PageStyle, Pagination};
use crate::document::{ReadError, Value};
use crate::mapping::{Evaluated, Selection, Variables};

use super::upstream_document::{document_value, read_of, with_response};

/// What a page says about itself and the list.
#[derive(Debug, Clone)]
pub(crate) struct PageFacts {
    /// The number of elements on the page.
    pub(crate) items: usize,
    /// Whether another page follows.
    pub(crate) more: Option<bool>,
    /// The number of elements of the list.
    pub(crate) total: Option<usize>,
    /// The cursor of the next page, or its address; `None` if there is none.
    pub(crate) next: Option<Value>,
    /// Why it is not known whether another page follows: what is wrong with the page.
    pub(crate) wrong: Option<String>,
}

impl PageFacts {
    /// A page without elements.
    pub(crate) const EMPTY: PageFacts = PageFacts {
        items: 0,
        more: None,
        total: None,
        next: None,
        wrong: None,
    };
}

/// Reads the facts of a page. `of_whole` is the connect's selection, if its elements are counted.
///
/// # Errors
/// The document cannot be read, or would take more than `most` bytes of memory.
pub(crate) fn page_facts(
    pagination: &Pagination,
    of_whole: Option<&Selection>,
    document: &Document,
    variables: &Variables,
    most: usize,
) -> Result<PageFacts, ReadError> {
    let mut page = Page {
        document,
        variables: &with_response(variables, document),
        most,
        wrong: None,
    };
    let items = match of_whole {
        Some(selection) => {
            let input = document_value(document, most)?;
            let yielded = selection.evaluate_each(Some(&input), page.variables);
            yielded.value.as_ref().map_or(0, elements)
        }
        None => page.items(pagination.items.as_deref())?,
    };
    let more = page.more(pagination.more.as_deref())?;
    let total = page.total(pagination.total.as_deref())?;
    let next = match (pagination.next.as_deref(), pagination.style) {
        (Some(next), style) => page.next(next, style)?,
        (None, PageStyle::Link) => document.envelope.next_link().map(Value::from),
        (None, _) => None,
    };
    Ok(PageFacts {
        items,
        more,
        total,
        next,
        wrong: page.wrong,
    })
}

/// A page while it is read.
struct Page<'a> {
    document: &'a Document,
    variables: &'a Variables,
    most: usize,
    /// The first fault.
    wrong: Option<String>,
}

impl Page<'_> {
    fn read(&self, selection: &Selection) -> Result<Evaluated, ReadError> {
        read_of(self.document, selection, self.variables, self.most)
    }

    /// Records that an argument yields something else than it must.
    fn wrong(&mut self, argument: &str, value: Option<&Value>, expected: &str) {
        let yielded = value.map_or("nothing", |value| value.kind().describe());
        self.wrong.get_or_insert_with(|| {
            format!("`{argument}` of @paginate yields {yielded} and not {expected}")
        });
    }

    fn items(&mut self, items: Option<&Selection>) -> Result<usize, ReadError> {
        let Some(items) = items else {
            return Ok(0);
        };
        let value = self.read(items)?.value;
        match &value {
            Some(list @ (Value::Array(_) | Value::Null | Value::Object(_))) => Ok(elements(list)),
            other => {
                self.wrong("items", other.as_ref(), "a list");
                Ok(0)
            }
        }
    }

    fn more(&mut self, more: Option<&Selection>) -> Result<Option<bool>, ReadError> {
        let Some(more) = more else {
            return Ok(None);
        };
        match self.read(more)?.value {
            Some(Value::Bool(more)) => Ok(Some(more)),
            other => {
                self.wrong("more", other.as_ref(), "true or false");
                Ok(None)
            }
        }
    }

    fn total(&mut self, total: Option<&Selection>) -> Result<Option<usize>, ReadError> {
        let Some(total) = total else {
            return Ok(None);
        };
        let value = self.read(total)?.value;
        let total = count(value.as_ref());
        if total.is_none() {
            self.wrong("total", value.as_ref(), "a number of items");
        }
        Ok(total)
    }

    /// A selection that yields nothing has found the end only if it did so without a warning: `$.next?` expects that `next`
    /// may be missing, while `$.nxet` is misspelt.
    fn next(&mut self, next: &Selection, style: PageStyle) -> Result<Option<Value>, ReadError> {
        let Evaluated {
            value, warnings, ..
        } = self.read(next)?;
        match value {
            None if warnings.is_empty() => Ok(None),
            Some(Value::Null) => Ok(None),
            Some(Value::String(text)) if text.is_empty() => Ok(None),
            Some(next @ Value::String(_)) => Ok(Some(next)),
            Some(next @ Value::Number(_)) if style == PageStyle::Cursor => Ok(Some(next)),
            other => {
                self.wrong("next", other.as_ref(), "a text or null");
                Ok(None)
            }
        }
    }
}

/// The number of elements; a single object is one.
fn elements(list: &Value) -> usize {
    match list {
        Value::Array(items) => items.len(),
        Value::Null => 0,
        _ => 1,
    }
}

/// A count, as a number or as a string of digits.
pub(crate) fn count(value: Option<&Value>) -> Option<usize> {
    match value? {
        Value::Number(number) => number
            .as_whole()
            .and_then(|whole| usize::try_from(whole).ok()),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}
