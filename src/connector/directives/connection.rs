//! `@connection`: the pages of an upstream's list as a connection, of which clients read a part.

use apollo_compiler::Node;
use apollo_compiler::ast::{Directive, FieldDefinition};

use super::definition::{Role, SupportedDirective};
use super::paginate::{self, PageStyle, Pagination};
use crate::connector::connect_options::{ConnectOption, ConnectOptions};
use crate::connector::declared::{Declarations, DeclaredConnect};
use crate::connector::diagnostic::code;
use crate::connector::expression::Expressions;
use crate::connector::findings::Findings;

pub(super) static DIRECTIVE: SupportedDirective = SupportedDirective {
    name: NAME,
    since: (0, 1),
    sdl: SDL,
    types: &[],
    additions: &[],
    role: Role::ConnectOption(read),
    check,
};

/// The name of the directive in normalised schemas.
pub(crate) const NAME: &str = "connection";

const SDL: &str = r#"
"""
Clients read a part of the list at a time, as a connection (GraphQL Cursor Connections).

The directive is written beside the `@connect` and the `@paginate` of a field that returns a list. In the public schema the
field returns a connection instead, and has the arguments `first` and `after`:

    type Query {
      works(district: ID): [Work!]
        @connect(
          source: "portal"
          http: { GET: "/works", queryParams: "district: $args.district offset: $page.offset limit: $page.size" }
          selection: "$.items { code name }"
        )
        @paginate(by: OFFSET, size: 50, total: "$.total")
        @connection(first: 20, max: 100)
    }

is, for clients:

    type Query {
      works(district: ID, first: Int = 20, after: String): WorkConnection
    }

    type WorkConnection {
      nodes: [Work!]!
      edges: [WorkEdge!]!
      pageInfo: PageInfo!
      totalCount: Int
    }

    type WorkEdge {
      cursor: String!
      node: Work!
    }

    type PageInfo {
      hasNextPage: Boolean!
      hasPreviousPage: Boolean!
      startCursor: String
      endCursor: String
    }

- Only the pages that have the wanted part are requested. By OFFSET, the first request begins at the wanted element; by PAGE and
  CURSOR, at the page that has it. If neither `total` nor `more` says whether elements follow, one more is requested.
- `totalCount` is what `total` of `@paginate` yields, and null without it.
- A cursor is an opaque text. It leads to an element by its number in the list (OFFSET), or by its page and the number in that
  (PAGE, CURSOR): if elements are added to the list in the meantime, a client may see one twice, or not at all.
- `first` below 0 or above `max` is refused with the code `INVALID_ARGUMENT`, and so is a text that is no cursor of this field.
- `selection` ends with braces, and yields an element for each item of a page: `items`, `limit` and `LINK` of `@paginate` do not
  go with it.
- The types are named after the list's type. A folder may define them itself, with these fields and more.
"""
directive @connection(
  "The value of `first` for clients that give none."
  first: Int = 20

  "The greatest `first`."
  max: Int = 100
) on FIELD_DEFINITION
"#;

/// `@connection`: clients read a part of the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Connection {
    /// The number of elements for clients that do not say how many they want.
    pub first: u32,
    /// The greatest number that they may want. `@constraint` says so too, except in a supergraph.
    pub max: u32,
}

impl ConnectOption for Connection {}

impl Connection {
    /// How the pages of a field's list are requested; `None` if the field has no `@connection`.
    pub(crate) fn page_style(field: &FieldDefinition) -> Option<PageStyle> {
        field.directives.get(NAME)?;
        PageStyle::of(field.directives.get(paginate::NAME)?)
    }
}

/// `first` and `max` of a directive.
pub(crate) fn sizes(directive: &Directive) -> (i32, i32) {
    let number = |name: &str, default: i32| {
        let value = directive.specified_argument_by_name(name);
        value.and_then(|value| value.to_i32()).unwrap_or(default)
    };
    let max = number("max", 100);
    (number("first", 20.min(max)), max)
}

fn read(
    directive: &Node<Directive>,
    options: &mut ConnectOptions,
    _: &mut Expressions,
    _: &mut Findings,
) {
    let (first, max) = sizes(directive);
    let number = |number: i32| u32::try_from(number).unwrap_or_default();
    options.add(Connection {
        first: number(first),
        max: number(max),
    });
}

fn check(declarations: &Declarations<'_>, findings: &mut Findings) {
    for connection in declarations.uses(NAME) {
        let mut report = |message: &str, help: &str| {
            findings.push(
                findings
                    .error(&code::INVALID_CONNECTION, message)
                    .at(findings.span(connection.directive.location()))
                    .help(help),
            );
        };
        let (first, max) = sizes(connection.directive);
        if first < 0 || first > max {
            report(
                "`first` is not between 0 and `max`",
                "it is the number of elements for clients that do not say how many they want",
            );
        }
        if !connection.is_beside_fetch(declarations) {
            report(
                "`@connection` without a `@connect`",
                "it reads a part of the list of the connect beside it",
            );
        }
    }
    for declared in &declarations.connects {
        check_connect(declared, findings);
    }
}

fn check_connect(declared: &DeclaredConnect, findings: &mut Findings) {
    let (Some(_), Some(field)) = (declared.options.get::<Connection>(), &declared.field) else {
        return;
    };
    let location = field.directives.get(NAME).and_then(|it| it.location());
    let mut report = |message: &str, help: &str| {
        findings.push(
            findings
                .error(&code::INVALID_CONNECTION, message)
                .at(findings.span(location))
                .help(help),
        );
    };
    let Some(pages) = declared.options.get::<Pagination>() else {
        return report(
            "`@connection` without `@paginate`",
            "say how the upstream's pages are requested: `@paginate(by: OFFSET, size: 50)`, for instance",
        );
    };
    if pages.style == PageStyle::Link {
        report(
            "`@connection` does not go with `by: LINK`",
            "a cursor would have the upstream's address in it; leave `@connection` out, or request pages by OFFSET, PAGE or CURSOR",
        );
    }
    if pages.items.is_some() {
        report(
            "`@connection` does not go with `items`",
            "leave `items` out: the elements that `selection` yields are counted",
        );
    }
    if pages.limit.is_some() {
        report(
            "`@connection` does not go with `limit`",
            "leave `limit` out: clients say how many elements they want by `first`",
        );
    }
    if declared.entity || declared.uses_batch() {
        report(
            "`@connection` is for a list, not for a look-up",
            "leave `entity: true` and `$batch` out",
        );
    }
}
