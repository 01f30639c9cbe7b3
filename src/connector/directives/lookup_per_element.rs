//! `@lookupPerElement`: a call for each element of a list is intended, so `check` does not warn of it.

use super::definition::{Role, SupportedDirective, unchecked};

pub(super) static DIRECTIVE: SupportedDirective = SupportedDirective {
    name: NAME,
    since: (0, 1),
    sdl: SDL,
    types: &[],
    additions: &[],
    role: Role::Hint,
    check: unchecked,
};

/// The name of the directive in normalised schemas.
pub(crate) const NAME: &str = "lookupPerElement";

const SDL: &str = r#"
"""
A call for each element of a list is intended: `sangam check` does not warn of it (`LOOKUP_PER_ELEMENT`).

It changes nothing else. On a field, it is about the lists that the connect of the field yields, or about the objects at and
below a field that a connect selects. On a type, it is about all lists of such objects, if it is in the folder of the list or in
the folder that looks the objects up.

    "A scheme. What it gives is a text of some pages, of which clients want one at a time."
    type Scheme
      @key(fields: "slug")
      @lookupPerElement(reason: "only the detail of a scheme has its texts") {
      slug: ID!
      name: String
      benefits: String
    }
"""
directive @lookupPerElement(
  "Why it is intended, and why no list or batch helps: for those who read the schema."
  reason: String!
) on FIELD_DEFINITION | OBJECT
"#;
