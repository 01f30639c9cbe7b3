//! `sangam explain`: shows the plan of an operation, the most calls that it makes, and its cost; with `--run`, executes it and shows its calls.

use std::fmt::Write;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use clap::Args;
use http::{HeaderMap, HeaderName, HeaderValue};
use serde_json::json;

use super::output::{message, result};
use super::supergraph::SupergraphFile;
use super::{Common, Exit, Stop, explain_cost, load, most_calls};
use crate::config::{MASK, Secret, Settings};
use crate::connector::Request;
use crate::document::Value;
use crate::execute::CallRecord;
use crate::gateway::{
    AcceptedDeliveries, ClientContext, ConfiguredConnector, Draw, ErrorBehavior, Explained,
    Gateway, GraphqlRequest,
};
use crate::observe::Masker;

/// Shows the plan of an operation (which calls, in which order, what feeds what), the most calls that it makes, and what it
/// costs.
#[derive(Debug, Args)]
pub(super) struct Explain {
    /// The operation: its text, a file that holds it, or `-` for standard input.
    query: String,
    /// The name of the operation, if the text has several.
    #[arg(long, value_name = "NAME")]
    operation: Option<String>,
    /// Execute it too, and show each request that is sent, its status, how caches took part, and mapping warnings.
    #[arg(long)]
    run: bool,
    /// The operation's variables, a JSON object: for its calls, for its cost, and for --run.
    #[arg(long, value_name = "JSON")]
    variables: Option<String>,
    /// A header of the client's request, `name: value` (with --run); may be given several times.
    #[arg(long = "header", short = 'H', value_name = "HEADER")]
    headers: Vec<String>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    supergraph: SupergraphFile,
}

impl Explain {
    pub(super) fn run(self, common: &Common) -> Result<Exit, Stop> {
        let settings = load::settings(common, self.supergraph.flags())?;
        let request = self.request()?;
        let client = self.client()?;
        let folders = load::folders(&settings)?;
        load::checked(&folders)?;
        // Only calls need secrets, so without `--run` none are read.
        let connectors = load::connectors(&folders, self.run.then_some(&settings))?;
        let masker = masker(&settings, &connectors);
        load::install_tls();
        let runtime = load::runtime()?;
        let explained = runtime.block_on(async {
            let gateway: Gateway = load::gateway(connectors, &settings)?;
            Ok::<_, Stop>(gateway.explain(&request, &client, self.run).await)
        })?;
        match explained {
            Ok(explained) => {
                result(&match self.json {
                    true => as_json(&explained, &masker),
                    false => as_text(&explained, &masker),
                });
                Ok(Exit::Success)
            }
            Err(refusal) => {
                message(&String::from_utf8_lossy(&refusal));
                Ok(Exit::Findings)
            }
        }
    }

    fn request(&self) -> Result<GraphqlRequest, Exit> {
        let variables = self.variables.as_deref().map(|text| {
            Value::parse_json(text.as_bytes()).map_err(|error| {
                message(&format!("error: --variables is not JSON: {error}"));
                Exit::Usage
            })
        });
        Ok(GraphqlRequest {
            document_id: None,
            query: Some(text(&self.query)?),
            operation_name: self.operation.clone(),
            variables: variables.transpose()?,
            extensions: None,
            on_error: ErrorBehavior::default(),
            live: None,
            sent: None,
        })
    }

    fn client(&self) -> Result<ClientContext, Exit> {
        let mut headers = HeaderMap::new();
        for header in &self.headers {
            let parsed = header.split_once(':').and_then(|(name, value)| {
                let name = HeaderName::try_from(name.trim()).ok()?;
                Some((name, HeaderValue::from_str(value.trim()).ok()?))
            });
            let Some((name, value)) = parsed else {
                message("error: --header is written `name: value`");
                return Err(Exit::Usage);
            };
            headers.append(name, value);
        }
        Ok(ClientContext {
            headers: Arc::new(headers),
            mutations_allowed: true,
            trace: None,
            trace_state: None,
            draw: Draw::Random,
            uploads: None,
            instant: None,
            batch_cost: None,
            deliveries: AcceptedDeliveries::default(),
        })
    }
}

/// Reads the operation text.
fn text(query: &str) -> Result<String, Exit> {
    let failed = |error: std::io::Error| {
        message(&format!("error: {query} cannot be read: {error}"));
        Exit::Failed
    };
    if query == "-" {
        let mut text = String::new();
        std::io::stdin().read_to_string(&mut text).map_err(failed)?;
        return Ok(text);
    }
    if query.contains('{') {
        return Ok(query.to_owned());
    }
    std::fs::read_to_string(Path::new(query)).map_err(failed)
}

fn masker(settings: &Settings, connectors: &[ConfiguredConnector]) -> Masker {
    let of_connectors = connectors
        .iter()
        .flat_map(|connector| connector.settings.secrets());
    let all = of_connectors.chain(settings.admin.token.as_ref());
    Masker::new(all.map(Secret::expose))
}

fn as_text(explained: &Explained, masker: &Masker) -> String {
    let mut text = explained.plan.clone();
    text.push('\n');
    text.push_str(&most_calls::as_text(&explained.most_calls));
    text.push_str(&explain_cost::as_text(&explained.cost));
    let Some(answer) = &explained.answer else {
        return text;
    };
    // Writing to a string cannot fail.
    let _ = writeln!(text, "\nCalls");
    for call in &explained.calls {
        let _ = write!(text, "\n{}. {}", call.number, call.coordinate);
        let _ = writeln!(text, "   {}", outcome(call));
        for request in &call.sent {
            let _ = writeln!(text, "   {}", masker.mask(&shown(request)));
        }
        for remark in &call.remarks {
            let _ = writeln!(text, "   warning: {}", masker.mask(remark));
        }
        for warning in call.mapping_warnings.iter().take(MOST_WARNINGS) {
            let _ = writeln!(text, "   mapping: {}", masker.mask(warning));
        }
    }
    let _ = writeln!(
        text,
        "\nAnswer\n\n{}",
        masker.mask(&String::from_utf8_lossy(answer))
    );
    text
}

/// The most warnings of a whole mapping that are shown of one call.
const MOST_WARNINGS: usize = 10;

/// `200 miss, 1832 bytes, 4.1 ms`
fn outcome(call: &CallRecord) -> String {
    let took = format!("{:.1} ms", call.took.as_secs_f64() * 1000.0);
    if let Some(failure) = &call.failure {
        return format!("{failure}, {took}");
    }
    let mut documents: Vec<String> = call
        .statuses
        .iter()
        .zip(&call.cache)
        .map(|(status, cache)| match status {
            Some(status) => format!("{status} {cache}"),
            None => (*cache).to_owned(),
        })
        .collect();
    if call.entities > 0 {
        documents.push(format!("{} entities hit", call.entities));
    }
    format!("{}, {} bytes, {took}", documents.join(", "), call.bytes)
}

/// A request as it was sent, with credentials in headers masked.
fn shown(request: &Request) -> String {
    let request = request.shown();
    let line: Vec<_> = request.line.iter().map(|(_, text)| text.as_str()).collect();
    let mut text = line.join(" ");
    for (name, value) in &request.headers {
        let _ = write!(text, "\n     {name}: {}", header(name, value));
    }
    if !request.body.is_empty() {
        let _ = write!(text, "\n     {}", request.body);
    }
    text
}

/// The same as JSON.
fn sent(request: &Request) -> serde_json::Value {
    let request = request.shown();
    let line = request.line.into_iter();
    let mut sent: serde_json::Map<_, _> = line
        .map(|(name, text)| (name.to_owned(), text.into()))
        .collect();
    let headers = request.headers.iter();
    let headers = headers.map(|(name, value)| (name.clone(), header(name, value).into()));
    sent.insert(
        "headers".to_owned(),
        serde_json::Value::Object(headers.collect()),
    );
    sent.insert("body".to_owned(), request.body.into());
    sent.into()
}

/// The value of a header; masked if its name suggests a credential.
fn header<'h>(name: &str, value: &'h str) -> &'h str {
    const WORDS: [&str; 6] = ["auth", "cookie", "key", "token", "secret", "signature"];
    match WORDS.iter().any(|word| name.contains(word)) {
        true => MASK,
        false => value,
    }
}

fn as_json(explained: &Explained, masker: &Masker) -> String {
    let mut whole = explained.plan_json.clone();
    whole["signature"] = json!(explained.signature);
    whole["mostCalls"] = most_calls::as_json(&explained.most_calls);
    whole["cost"] = explain_cost::as_json(&explained.cost);
    if let Some(answer) = &explained.answer {
        let calls = explained.calls.iter().map(|call| {
            let sent = call.sent.iter().map(sent);
            let statuses = call.statuses.iter();
            let numbers = statuses.map(|status| status.map(|status| status.number));
            json!({
                "fetch": call.number,
                "coordinate": call.coordinate,
                "sent": sent.collect::<Vec<_>>(),
                "statuses": numbers.collect::<Vec<_>>(),
                "cache": call.cache,
                "entities": call.entities,
                "bytes": call.bytes,
                "ms": call.took.as_secs_f64() * 1000.0,
                "failure": call.failure,
                "warnings": call.remarks,
                "mappingWarnings": call.mapping_warnings,
            })
        });
        whole["calls"] = calls.collect();
        whole["answer"] = serde_json::from_slice(answer).unwrap_or_default();
    }
    masker.mask(&format!("{whole:#}\n")).into_owned()
}
