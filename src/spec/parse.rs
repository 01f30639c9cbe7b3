//! Parses the text of a spec into a [`Spec`].

use std::path::{Component, Path};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use jiff::Timestamp;

use super::markdown::{Block, blocks};
use super::model::{RecordedExchange, RecordedResponse, Spec, SpecCase, SpecProblem};
use crate::document::Value;

/// Parses the text of a spec. Problems show `path`; the paths of recorded bodies are relative to `folder`.
///
/// # Errors
/// All problems, each with its line.
pub fn parse(folder: &Path, path: &Path, text: &str) -> Result<Spec, Vec<SpecProblem>> {
    let blocks = blocks(text).map_err(|line| {
        let message = "this block is never closed; end it with a line of ```";
        vec![SpecProblem::new(path, line, message)]
    })?;
    let mut reader = SpecReader {
        folder,
        spec: Spec {
            path: path.to_owned(),
            settings: None,
            exchanges: Vec::new(),
            cases: Vec::new(),
        },
        pending: None,
        problems: Vec::new(),
    };
    for block in &blocks {
        reader.block(block);
    }
    reader.finish()
}

/// An operation whose expected response was not read yet.
struct PendingCase {
    line: usize,
    heading: String,
    operation: String,
    variables: Option<Value>,
    headers: HeaderMap,
    instant: Option<Timestamp>,
}

struct SpecReader<'a> {
    folder: &'a Path,
    spec: Spec,
    pending: Option<PendingCase>,
    problems: Vec<SpecProblem>,
}

impl SpecReader<'_> {
    fn problem(&mut self, line: usize, message: impl Into<String>) {
        let problem = SpecProblem::new(&self.spec.path, line, message);
        self.problems.push(problem);
    }

    /// Reads a block. Blocks with other info strings are prose.
    fn block(&mut self, block: &Block<'_>) {
        match block.info {
            "toml" => self.settings(block),
            "http" => self.exchange(block),
            "graphql" => self.operation(block),
            "json" => self.answer(block),
            "json variables" => self.variables(block),
            "json headers" => self.headers(block),
            "text instant" => self.instant(block),
            info if info.starts_with("json ") => {
                let message = format!(
                    "`{info}` means nothing here; use `json` for the response, `json variables` or `json headers`"
                );
                self.problem(block.line - 1, message);
            }
            _ => {}
        }
    }

    fn settings(&mut self, block: &Block<'_>) {
        if self.spec.settings.is_some() {
            self.problem(block.line - 1, "a spec has one block of settings");
        }
        if !self.spec.cases.is_empty() || self.pending.is_some() {
            self.problem(block.line - 1, "settings stand before the first operation");
        }
        self.spec.settings = Some(block.text());
    }

    fn operation(&mut self, block: &Block<'_>) {
        self.no_pending();
        self.pending = Some(PendingCase {
            line: block.line,
            heading: block.heading.to_owned(),
            operation: block.text(),
            variables: None,
            headers: HeaderMap::new(),
            instant: None,
        });
    }

    /// Reports a problem if an operation has no expected response.
    fn no_pending(&mut self) {
        if let Some(pending) = self.pending.take() {
            let message = "this operation has no expected response; add a `json` block after it";
            self.problem(pending.line, message);
        }
    }

    fn json(&mut self, block: &Block<'_>) -> Option<Value> {
        let text = block.text();
        match Value::parse_json(text.as_bytes()) {
            Ok(value) => Some(value),
            Err(error) => {
                let before = text
                    .as_bytes()
                    .get(..error.offset as usize)
                    .unwrap_or_default();
                let line = block.line + before.iter().filter(|byte| **byte == b'\n').count();
                self.problem(line, format!("this is not JSON: {error}"));
                None
            }
        }
    }

    fn variables(&mut self, block: &Block<'_>) {
        let value = self.json(block);
        match (&mut self.pending, value) {
            (None, _) => self.problem(block.line - 1, "variables stand after their operation"),
            (Some(_), None) => {}
            (Some(pending), Some(value @ Value::Object(_))) => pending.variables = Some(value),
            (Some(_), Some(_)) => self.problem(block.line, "variables are a JSON object"),
        }
    }

    fn headers(&mut self, block: &Block<'_>) {
        let Some(value) = self.json(block) else {
            return;
        };
        let headers = value.as_object().map(client_headers);
        match (&mut self.pending, headers) {
            (None, _) => self.problem(block.line - 1, "headers stand after their operation"),
            (Some(pending), Some(Some(headers))) => pending.headers = headers,
            _ => self.problem(block.line, "headers are a JSON object of names and texts"),
        }
    }

    fn instant(&mut self, block: &Block<'_>) {
        let instant = block.text().trim().parse::<Timestamp>();
        match (&mut self.pending, instant) {
            (None, _) => self.problem(block.line - 1, "an instant stands after its operation"),
            (Some(pending), Ok(instant)) => pending.instant = Some(instant),
            (Some(_), Err(_)) => {
                self.problem(
                    block.line,
                    "an instant is written `2026-03-05T10:30:00+05:30`",
                );
            }
        }
    }

    fn answer(&mut self, block: &Block<'_>) {
        let expected = self.json(block);
        let Some(pending) = self.pending.take() else {
            self.problem(
                block.line - 1,
                "an expected response stands after its operation",
            );
            return;
        };
        let Some(expected) = expected else { return };
        if expected.as_object().is_none() {
            self.problem(
                block.line,
                "a response is a JSON object with `data`, `errors` or both",
            );
            return;
        }
        self.spec.cases.push(SpecCase {
            line: pending.line,
            heading: pending.heading,
            operation: pending.operation,
            variables: pending.variables,
            headers: pending.headers,
            instant: pending.instant,
            expected,
            exchanges: self.spec.exchanges.len(),
        });
    }

    fn exchange(&mut self, block: &Block<'_>) {
        self.no_pending();
        match exchange(self.folder, block) {
            Ok(exchange) => self.spec.exchanges.push(exchange),
            Err((line, message)) => self.problem(line, message),
        }
    }

    fn finish(mut self) -> Result<Spec, Vec<SpecProblem>> {
        self.no_pending();
        if self.spec.cases.is_empty() && self.problems.is_empty() {
            self.problem(
                0,
                "there is nothing to test: a spec has a `graphql` block and a `json` block after it",
            );
        }
        let served = self.spec.cases.last().map_or(0, |case| case.exchanges);
        if let Some(exchange) = self
            .spec
            .exchanges
            .get(served)
            .filter(|_| self.problems.is_empty())
        {
            let line = exchange.line;
            self.problem(line, "no operation stands after this exchange");
        }
        if self.problems.is_empty() {
            Ok(self.spec)
        } else {
            Err(self.problems)
        }
    }
}

fn client_headers(object: &crate::document::Object) -> Option<HeaderMap> {
    let mut headers = HeaderMap::new();
    for (name, value) in object.iter() {
        let name = HeaderName::try_from(&**name).ok()?;
        let value = HeaderValue::from_str(value.as_str()?).ok()?;
        headers.append(name, value);
    }
    Some(headers)
}

type LineError = (usize, String);

/// Reads one `http` block.
fn exchange(folder: &Path, block: &Block<'_>) -> Result<RecordedExchange, LineError> {
    let mut at = 0;
    let line = |at: usize| block.lines.get(at).copied();
    let number = |at: usize| block.line + at;
    while line(at).is_some_and(|line| line.trim().is_empty()) {
        at += 1;
    }
    let mut source = None;
    if let Some(name) = line(at).and_then(|line| line.strip_prefix("@source")) {
        source = Some(name.trim().to_owned());
        at += 1;
    }
    let start = at;
    let request_line = line(at).ok_or((block.line, "the block is empty".to_owned()))?;
    let (method, target) = method_and_target(request_line).ok_or_else(|| {
        let message =
            format!("expected a request line such as `POST /path?query`, found `{request_line}`");
        (number(at), message)
    })?;
    let answer_at = (at + 1..block.lines.len())
        .find(|at| block.lines[*at].starts_with("HTTP/"))
        .ok_or((
            number(at),
            "there is no response; add a line such as `HTTP/1.1 200`".to_owned(),
        ))?;
    let (headers, body_at) = head(block, at + 1, answer_at)?;
    let body = body(folder, block, body_at, answer_at)?;
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    Ok(RecordedExchange {
        line: number(start),
        source,
        method,
        path: path.to_owned(),
        query: url::form_urlencoded::parse(query.as_bytes())
            .into_owned()
            .collect(),
        headers,
        body: (!body.is_empty()).then_some(body),
        answer: recorded_response(folder, block, answer_at)?,
    })
}

fn method_and_target(request_line: &str) -> Option<(Method, &str)> {
    let (method, target) = request_line.split_once(' ')?;
    let (method, target) = (Method::try_from(method).ok()?, target.trim());
    target.starts_with('/').then_some((method, target))
}

/// Reads the response of a block, from its status line on.
fn recorded_response(
    folder: &Path,
    block: &Block<'_>,
    at: usize,
) -> Result<RecordedResponse, LineError> {
    let number = |at: usize| block.line + at;
    let status = block.lines[at].split_whitespace().nth(1);
    let status = status
        .and_then(|status| status.parse().ok())
        .filter(|status| (100..=599).contains(status))
        .ok_or((
            number(at),
            "expected a status such as `HTTP/1.1 200`".to_owned(),
        ))?;
    let end = block.lines.len();
    let (lines, body_at) = head(block, at + 1, end)?;
    let mut headers = Vec::new();
    for (index, (name, value)) in lines.into_iter().enumerate() {
        let value = HeaderValue::from_str(&value).map_err(|_| {
            let message = format!("`{name}` cannot have this value");
            (number(at + 1 + index), message)
        })?;
        headers.push((name, value));
    }
    Ok(RecordedResponse {
        status,
        headers,
        body: body(folder, block, body_at, end)?,
    })
}

/// Reads header lines from line `from` to a blank line; returns them and the line where the body begins.
fn head(
    block: &Block<'_>,
    from: usize,
    to: usize,
) -> Result<(Vec<(HeaderName, String)>, usize), LineError> {
    let mut headers = Vec::new();
    for at in from..to {
        let line = block.lines[at];
        if line.trim().is_empty() {
            return Ok((headers, at + 1));
        }
        let header = line.split_once(':').and_then(|(name, value)| {
            let name = HeaderName::try_from(name.trim()).ok()?;
            Some((name, value.trim().to_owned()))
        });
        headers.push(header.ok_or_else(|| {
            let message = format!(
                "expected a header such as `content-type: application/json`, found `{line}`"
            );
            (block.line + at, message)
        })?);
    }
    Ok((headers, to))
}

/// The body in the lines `from` to `to`: the text itself, or the content of the file that `< path` names.
fn body(folder: &Path, block: &Block<'_>, from: usize, to: usize) -> Result<Bytes, LineError> {
    let lines = block.lines.get(from..to).unwrap_or_default();
    let text = lines.join("\n");
    let text = text.trim();
    let Some(name) = text.strip_prefix("< ") else {
        return Ok(Bytes::from(text.to_owned()));
    };
    let blank = lines.iter().take_while(|line| line.trim().is_empty());
    let line = block.line + from + blank.count();
    let path = Path::new(name.trim());
    let inside = path
        .components()
        .all(|component| matches!(component, Component::Normal(_) | Component::CurDir));
    if !inside {
        let message = format!("`{name}` leads out of the connector's folder");
        return Err((line, message));
    }
    match std::fs::read(folder.join(path)) {
        Ok(bytes) => Ok(Bytes::from(bytes)),
        Err(error) => Err((line, format!("`{name}` cannot be read: {error}"))),
    }
}
