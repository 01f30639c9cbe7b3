//! `@paginate`: how all pages of an upstream's list are read.

use std::sync::Arc;

use apollo_compiler::Node;
use apollo_compiler::ast::{Directive, Value};

use super::definition::{Role, SupportedDirective, SupportedType};
use super::types;
use crate::connector::connect_options::{ConnectOption, ConnectOptions};
use crate::connector::declared::{Declarations, DeclaredConnect};
use crate::connector::diagnostic::code;
use crate::connector::expression::{Expressions, Form, VariableScope};
use crate::connector::findings::Findings;
use crate::mapping::Selection;

pub(super) static DIRECTIVE: SupportedDirective = SupportedDirective {
    name: NAME,
    since: (0, 1),
    sdl: SDL,
    types: &[&STYLE, &LAST_PAGE, &CUT_OFF, &types::JSON_SELECTION],
    additions: &[],
    role: Role::ConnectOption(read),
    check,
};

/// The name of the directive in normalised schemas.
pub(super) const NAME: &str = "paginate";

const SDL: &str = r#"
"""
The upstream returns a list in pages, all of which are read.

The directive is written beside the `@connect` of a field that returns a list, and applies to every `@connect` of that
field. The request of the connect is made once per page, with one more variable:

- `$page.index`: 0 for the first request, 1 for the second, …
- `$page.offset`: the number of items read so far, plus `first` (OFFSET)
- `$page.number`: `first`, `first` + 1, … (PAGE)
- `$page.cursor`: null at first, then what `next` yielded (CURSOR)
- `$page.size`: `size`

By LINK, only the first request is the connect's. Each further one goes to the address that the page before gives: what
`next` yields, or else the `Link` header with `rel="next"` (RFC 8288). It may be relative, and must be of the same scheme,
host and port. If `base_url` of the deployment replaces the base URL of the source, an address below the source's own becomes
the same address below the deployment's.

The connect's `selection` is applied to each page, and the lists it yields are joined in order. Pages are requested
one after another. If a request fails, the field fails; by OFFSET and PAGE, a 404 after the first page is an empty page.

By offset, from an upstream that gives totals as strings and may return fewer rows than requested (data.gov.in):

    type Query {
      progress(month: String!): [Progress!]
        @connect(
          source: "ogd"
          http: {
            GET: "/resource/9ef84268"
            queryParams: "'filters[month]': $args.month offset: $page.offset limit: $page.size"
          }
          selection: "$.records { scheme: scheme_code district: lgd_code achieved }"
        )
        @paginate(by: OFFSET, size: 1000, items: "$.records", total: "$.total", maxItems: 20000)
    }

By page number, from an upstream that returns the number of pages:

    offices: [Office!]
      @connect(
        source: "directory"
        http: { GET: "/offices", queryParams: "page: $page.number per_page: $page.size" }
        selection: "$.data { code name }"
      )
      @paginate(by: PAGE, size: 100, items: "$.data", more: "$.page->lt($.pages)")

By cursor:

    notices: [Notice!]
      @connect(
        source: "gazette"
        http: { GET: "/notices", queryParams: "after: $page.cursor" }
        selection: "$.results { id title }"
      )
      @paginate(by: CURSOR, next: "$.meta.next_token", maxPages: 50)

By the next page's address, from an OData service:

    permits: [Permit!]
      @connect(source: "permits", http: { GET: "/Permits" }, selection: "$.value { id: PermitId status: Status }")
      @paginate(by: LINK, next: "$.'@odata.nextLink'?")

The list ends with the first page for which one of these holds:

1. `more` yields `false`.
2. CURSOR, LINK: `next` yields null or an empty string. It may also yield nothing, if it says so with `?`.
3. OFFSET, PAGE: `total` is given, and that many items have been read.
4. OFFSET, PAGE: the page has no items; or it has fewer than `size`, and `lastPage: SHORT` is given.
5. `limit` is given, and that many items have been read. The list is cut to `limit`; with 0, nothing is requested.

A list never ends in silence because a page is not understood: if `more` yields anything but `true` or `false`, `total`
anything but a number, `next` anything but a text, a number (CURSOR) or null, or one of them nothing, the field fails. So it
does if `items` yields nothing, and if `limit` is negative.

A list is **cut off** if the upstream ends before its own `total`, gives a cursor twice, or has more than `maxPages` pages
or `maxItems` items. `cutOff` decides what happens then.
"""
directive @paginate(
  "How the next page is requested."
  by: PageStyle!

  """
  The number of items to request per page, at least 1. Required with OFFSET and PAGE; otherwise it only sets
  `$page.size`. The upstream may return fewer: the next offset is computed from the items received.
  """
  size: Int

  "The first offset or page number: if not given, 0 for OFFSET and 1 for PAGE. Only for these."
  first: Int

  """
  The list of items in one page, of which the length is counted. Without it, the items that the connect's `selection`
  yields are counted; so it is needed if the selection leaves items out.
  """
  items: JSONSelection

  "The number of items on all pages: a number, or a string of digits. Only for OFFSET and PAGE."
  total: JSONSelection

  "Whether there are more pages: `true` or `false`."
  more: JSONSelection

  "The cursor of the next page (CURSOR, which requires it) or its address (LINK)."
  next: JSONSelection

  "Which page is the last, if the upstream does not say so by `more` or `total`. Only for OFFSET and PAGE."
  lastPage: LastPage = EMPTY

  """
  The number of items that the client wants, if the field has an argument for it (`"$args.first"`); missing or null means
  all. The list is cut to it, and does not count as cut off. It may read the variables that the connect's request may read.
  """
  limit: JSONSelection

  "The largest number of requests."
  maxPages: Int = 100

  "The largest number of items."
  maxItems: Int = 10000

  "What happens to a list that was cut off."
  cutOff: PageCutOff = ERROR
) on FIELD_DEFINITION
"#;

static STYLE: SupportedType = SupportedType {
    name: "PageStyle",
    since: (0, 1),
    sdl: r#"
"How the next page is requested."
enum PageStyle {
  "By the number of items to skip: `$page.offset`."
  OFFSET
  "By the number of the page: `$page.number`."
  PAGE
  "By a token from the previous page: `$page.cursor`."
  CURSOR
  "By the address that the previous page gives."
  LINK
}
"#,
};

static LAST_PAGE: SupportedType = SupportedType {
    name: "LastPage",
    since: (0, 1),
    sdl: r#"
"Which page is the last."
enum LastPage {
  "A page without items: a shorter one may only be what the upstream allows per page."
  EMPTY
  "A page with fewer items than `size`. It saves the last request, from an upstream that fills its pages."
  SHORT
}
"#,
};

static CUT_OFF: SupportedType = SupportedType {
    name: "PageCutOff",
    since: (0, 1),
    sdl: r#"
"What happens to a list that was cut off before its end."
enum PageCutOff {
  "The field fails with the code `LIST_CUT_OFF`, kind LIMIT."
  ERROR
  "The field has the items read so far. `extensions.warnings` of the response and the log say so."
  WARN
}
"#,
};

/// `@paginate`: how all pages of a list are read. `docs/directives.md` describes the loop.
#[derive(Debug)]
pub struct Pagination {
    /// How the next page is requested.
    pub style: PageStyle,
    /// `$page.size`: how many items are requested per page. Always given for [`PageStyle::Offset`] and
    /// [`PageStyle::Page`].
    pub size: Option<usize>,
    /// The first offset or page number.
    pub first: usize,
    /// The items of a page, which are counted; by default, the result of the connect's selection.
    pub items: Option<Arc<Selection>>,
    /// The number of items of all pages: a number or a string of digits.
    pub total: Option<Arc<Selection>>,
    /// Another page follows only if it yields `true`.
    pub more: Option<Arc<Selection>>,
    /// The next cursor, or the next page's address. Always given for [`PageStyle::Cursor`].
    pub next: Option<Arc<Selection>>,
    /// Which page is the last without `total` and `more`.
    pub last_page: LastPage,
    /// The number of items to read; evaluated before the first page.
    pub limit: Option<Arc<Selection>>,
    /// The maximum number of requests.
    pub max_pages: usize,
    /// The maximum number of items.
    pub max_items: usize,
    /// What happens to a list that was cut off.
    pub cut_off: CutOff,
}

impl ConnectOption for Pagination {}

/// How the next page is requested.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PageStyle {
    /// By the number of items to skip, `$page.offset`.
    Offset,
    /// By the number of the page, `$page.number`.
    Page,
    /// By a token of the previous page, `$page.cursor`.
    Cursor,
    /// By the address that the previous page gives.
    Link,
}

impl PageStyle {
    /// What `@paginate` says; `None` if `by` is not a style.
    pub(super) fn of(directive: &Directive) -> Option<PageStyle> {
        match directive
            .specified_argument_by_name("by")?
            .as_enum()?
            .as_str()
        {
            "OFFSET" => Some(PageStyle::Offset),
            "PAGE" => Some(PageStyle::Page),
            "CURSOR" => Some(PageStyle::Cursor),
            "LINK" => Some(PageStyle::Link),
            _ => None,
        }
    }
}

/// Which page is the last, if the upstream does not say it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LastPage {
    /// One without items.
    Empty,
    /// One with fewer items than the page size.
    Short,
}

/// What happens to a list that was cut off before its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CutOff {
    /// The field fails.
    Error,
    /// The field has the items read so far, and the response has a warning.
    Warn,
}

const DEFAULT_MAX_PAGES: usize = 100;
const DEFAULT_MAX_ITEMS: usize = 10_000;

fn read(
    directive: &Node<Directive>,
    options: &mut ConnectOptions,
    expressions: &mut Expressions,
    findings: &mut Findings,
) {
    if let Some(pagination) = pagination(directive, expressions, findings) {
        options.add(pagination);
    }
}

/// Reads the directive; `None` if `by` is not a style, which GraphQL validation reports.
fn pagination(
    directive: &Node<Directive>,
    expressions: &mut Expressions,
    findings: &mut Findings,
) -> Option<Pagination> {
    let argument = |name: &str| directive.specified_argument_by_name(name);
    let style = PageStyle::of(directive)?;
    check_arguments(directive, style, findings);
    let mut mapping = |scope: VariableScope, name: &'static str| -> Option<Arc<Selection>> {
        let literal = argument(name)?;
        expressions
            .in_scope(scope)
            .mapping(name, literal, Form::Value, findings)
    };
    let limit = mapping(VariableScope::Limit, "limit");
    let items = mapping(VariableScope::Page, "items");
    let total = mapping(VariableScope::Page, "total");
    let more = mapping(VariableScope::Page, "more");
    let next = mapping(VariableScope::Page, "next");
    expressions.in_scope(VariableScope::Request);
    let mut number = |name: &'static str, least: i32| count(directive, name, least, findings);
    let size = number("size", 1);
    let first = number("first", 0);
    let max_pages = number("maxPages", 1);
    let max_items = number("maxItems", 1);
    Some(Pagination {
        style,
        size,
        first: first.unwrap_or(usize::from(style == PageStyle::Page)),
        items,
        total,
        more,
        next,
        last_page: match argument("lastPage").and_then(|value| value.as_enum()) {
            Some(name) if name == "SHORT" => LastPage::Short,
            _ => LastPage::Empty,
        },
        limit,
        max_pages: max_pages.unwrap_or(DEFAULT_MAX_PAGES),
        max_items: max_items.unwrap_or(DEFAULT_MAX_ITEMS),
        cut_off: match argument("cutOff").and_then(|value| value.as_enum()) {
            Some(name) if name == "WARN" => CutOff::Warn,
            _ => CutOff::Error,
        },
    })
}

/// A number argument with a minimum.
fn count(
    directive: &Node<Directive>,
    name: &'static str,
    least: i32,
    findings: &mut Findings,
) -> Option<usize> {
    let value = directive.specified_argument_by_name(name)?;
    let number = value.to_i32()?;
    if number < least {
        push(value, format!("`{name}` is at least {least}"), "", findings);
    }
    usize::try_from(number).ok()
}

/// Checks the arguments that a style needs, and reports those that it does not use.
fn check_arguments(directive: &Node<Directive>, style: PageStyle, findings: &mut Findings) {
    let has = |name: &str| directive.specified_argument_by_name(name);
    const SIZE: Option<(&str, &str)> = Some(("size", "how many items a page has"));
    const NEXT: Option<(&str, &str)> = Some(("next", "where the next cursor is"));
    const COUNTED: &[&str] = &["first", "total", "lastPage"];
    let (name, needed, senseless) = match style {
        PageStyle::Offset => ("OFFSET", SIZE, &["next"][..]),
        PageStyle::Page => ("PAGE", SIZE, &["next"][..]),
        PageStyle::Cursor => ("CURSOR", NEXT, COUNTED),
        PageStyle::Link => ("LINK", None, COUNTED),
    };
    if let Some((needed, why)) = needed.filter(|(needed, _)| has(needed).is_none()) {
        findings.push(
            findings
                .error(
                    &code::INVALID_PAGINATION,
                    format!("`@paginate(by: {name})` needs `{needed}`"),
                )
                .at(findings.span(directive.location()))
                .help(format!("add `{needed}:` to say {why}")),
        );
    }
    for senseless in senseless {
        if let Some(value) = has(senseless) {
            let message = format!("`{senseless}` means nothing with `by: {name}`");
            push(value, message, "leave it out", findings);
        }
    }
}

fn push(value: &Node<Value>, message: String, help: &str, findings: &mut Findings) {
    let help = (!help.is_empty()).then(|| help.to_owned());
    findings.push(
        findings
            .error(&code::INVALID_PAGINATION, message)
            .at(findings.span(value.location()))
            .help_opt(help),
    );
}

fn check(declarations: &Declarations<'_>, findings: &mut Findings) {
    for pages in declarations.uses(DIRECTIVE.name) {
        if !pages.is_beside_fetch(declarations) {
            findings.push(
                findings
                    .error(
                        &code::INVALID_PAGINATION,
                        "`@paginate` without a `@connect`",
                    )
                    .at(findings.span(pages.directive.location()))
                    .help("it reads the pages of the connect beside it"),
            );
        }
    }
    for declared in &declarations.connects {
        check_connect(declared, findings);
    }
}

/// The field must be a list, and its request must depend on the page: otherwise every page would be the first.
fn check_connect(declared: &DeclaredConnect, findings: &mut Findings) {
    let is_read = declared.connect.is_some();
    let pages = declared.options.get::<Pagination>().filter(|_| is_read);
    let (Some(pages), Some(field)) = (pages, &declared.field) else {
        return;
    };
    let directive = field.directives.get("paginate");
    let location = directive.and_then(|directive| directive.location());
    // The type of a field with `@connection` has been changed.
    if !field.ty.is_list() && !field.directives.has("connection") {
        findings.push(
            findings
                .error(
                    &code::INVALID_PAGINATION,
                    format!("`{}` is no list, so it has no pages", field.name),
                )
                .label(findings.span(location), "")
                .help(format!("make it `[{}]`", field.ty.inner_named_type())),
        );
    }
    let wanted: &[&str] = match pages.style {
        PageStyle::Link => return,
        PageStyle::Offset => &["offset", "index"],
        PageStyle::Page => &["number", "index"],
        PageStyle::Cursor => &["cursor"],
    };
    let requests = declared
        .expressions
        .iter()
        .filter(|it| it.scope == VariableScope::Request);
    let asks = requests
        .flat_map(|expression| expression.reads("$page"))
        .any(|used| {
            let key = used.path.first();
            key.is_none_or(|key| wanted.contains(&&**key))
        });
    if !asks {
        findings.push(
            findings
                .error(
                    &code::INVALID_PAGINATION,
                    format!("the request does not read `$page.{}`", wanted[0]),
                )
                .label(
                    findings.span(declared.directive.location()),
                    "every page would be the first",
                )
                .label(findings.span(location), "")
                .help(format!(
                    "send it: `queryParams: \"{0}: $page.{0}\"`, say",
                    wanted[0]
                )),
        );
    }
}
