//! Types that several directives of a specification have in their arguments.

use super::definition::SupportedType;

/// `connect`, `wire`
pub(super) static JSON_SELECTION: SupportedType = SupportedType {
    name: "JSONSelection",
    since: (0, 1),
    sdl: r#"
"""
A mapping, in the mapping language of the connect version that the folder links (the latest, if it links none).
"""
scalar JSONSelection
"#,
};

/// `connect`
pub(super) static URL_TEMPLATE: SupportedType = SupportedType {
    name: "URLTemplate",
    since: (0, 1),
    sdl: r#"
"A URL or the end of one: text with `{expressions}`, whose values are percent-encoded."
scalar URLTemplate
"#,
};

/// `connect`, `wire`
pub(super) static HTTP_HEADER_MAPPING: SupportedType = SupportedType {
    name: "HTTPHeaderMapping",
    since: (0, 1),
    sdl: r#"
"One header of a request: exactly one of `from` and `value`."
input HTTPHeaderMapping {
  "The header's name."
  name: String!
  "Send all values that the client sent under this name."
  from: String
  "A template: text with `{expressions}`."
  value: String
}
"#,
};

/// `connect`
pub(super) static CONNECTOR_ERRORS: SupportedType = SupportedType {
    name: "ConnectorErrors",
    since: (0, 2),
    sdl: r#"
"What an error says to the client if a call failed. Nothing else of the response is shown."
input ConnectorErrors {
  "Yields the message."
  message: JSONSelection
  "Yields an object that is added to `extensions`. That of a connect is added to that of its source."
  extensions: JSONSelection
}
"#,
};
