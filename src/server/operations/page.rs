//! The list of named operations as a page: HTML without scripts, readable on a phone, in light and dark.

use std::fmt::Write;

use bytes::Bytes;
use http::HeaderValue;
use http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS};

use super::super::response::HttpResponse;
use super::format::described;
use crate::named::{Named, NamedOperation, NamedOperations};

const HEAD: &str = "<!doctype html>
<html lang=\"en\">
<head>
<meta charset=\"utf-8\">
<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">
<meta name=\"color-scheme\" content=\"light dark\">
<title>Operations</title>
<style>
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 44rem; margin: 0 auto; padding: 1rem; overflow-wrap: anywhere }
article { border-top: 1px solid color-mix(in srgb, currentColor 25%, transparent); padding: .75rem 0 }
h1 { font-size: 1.4rem; margin: .5rem 0 }
h2 { font-size: 1.1rem; margin: 0 }
p, ul { margin: .25rem 0 }
small { opacity: .75 }
code { font-size: .9em }
</style>
</head>
<body>
<main>
<h1>Operations</h1>
<p>Each is a request with a URL of its own. <a href=\"/operations/openapi.json\">Description for programs (OpenAPI)</a></p>
";

/// No script, no resource of another address, and no other page around it.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// The page.
pub(super) fn page(operations: &NamedOperations) -> HttpResponse {
    let mut text = HEAD.to_owned();
    for (name, named) in operations.iter() {
        match named {
            Named::Ready(operation) => article(&mut text, operation),
            Named::Refused(reason) => {
                let (name, reason) = (escaped(name), escaped(reason));
                // Writing to a string cannot fail.
                let _ = write!(
                    text,
                    "<article id=\"{name}\">\n<h2>{name}</h2>\n<p>It cannot be executed as it is: {reason}</p>\n</article>\n"
                );
            }
        }
    }
    if operations.iter().next().is_none() {
        text.push_str("<p>There are none.</p>\n");
    }
    text.push_str("</main>\n</body>\n</html>\n");
    let mut response = HttpResponse::new(Bytes::from(text));
    let headers = response.headers_mut();
    let values = [
        (CONTENT_TYPE, "text/html; charset=utf-8"),
        (CACHE_CONTROL, "no-cache"),
        (CONTENT_SECURITY_POLICY, POLICY),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    for (name, value) in values {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

fn article(text: &mut String, operation: &NamedOperation) {
    let (name, description) = (&*operation.name, escaped(&operation.description));
    // Writing to a string cannot fail.
    let _ = write!(
        text,
        "<article id=\"{name}\">\n<h2>{name}</h2>\n<p>{description}</p>\n"
    );
    if !operation.parameters.is_empty() {
        text.push_str("<ul>\n");
        for parameter in &operation.parameters {
            let (name, ty) = (&parameter.name, &parameter.ty);
            let default = match &parameter.default {
                Some(default) => format!(" = {}", escaped(default)),
                None => String::new(),
            };
            let _ = writeln!(text, "<li><code>{name}: {ty}{default}</code></li>");
        }
        text.push_str("</ul>\n");
    }
    let url = format!("/operations/{name}");
    match (operation.is_subscription(), operation.by_post) {
        (true, true) => text.push_str("<p>Its events are at <code>/graphql</code>.</p>\n"),
        (true, false) => links(text, operation, &format!("{url}/live")),
        (false, true) => {
            let _ = writeln!(text, "<p><code>POST {url}</code></p>");
        }
        (false, false) => links(text, operation, &url),
    }
    text.push_str("</article>\n");
}

/// Links to results, if they need no variables or there are examples of them; otherwise the path.
fn links(text: &mut String, operation: &NamedOperation, url: &str) {
    let example = operation.example_query();
    let needs_variables = operation
        .parameters
        .iter()
        .any(|parameter| parameter.is_required);
    if needs_variables && example.is_empty() {
        let _ = writeln!(text, "<p><code>GET {url}?…</code></p>");
        return;
    }
    let query = match example.is_empty() {
        true => String::new(),
        false => escaped(&format!("?{example}")),
    };
    let _ = write!(text, "<p><a href=\"{url}{query}\">{url}{query}</a>");
    if operation.has_formats() {
        text.push_str(" <small>");
        for format in described() {
            let suffix = format.suffix;
            let _ = write!(text, " <a href=\"{url}.{suffix}{query}\">{suffix}</a>");
        }
        let _ = write!(text, " <a href=\"{url}/live{query}\">live</a></small>");
    }
    text.push_str("</p>\n");
}

/// A text as HTML shows it.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}
