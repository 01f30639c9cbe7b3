//! Executions of operations. Each Markdown file is a case: subgraphs, responses of their upstreams, an operation, its
//! response, and the upstream calls.
//!
//! Blocks, in order:
//! - `graphql subgraph NAME`: a subgraph; without `@link` it is a GraphQL service;
//! - `json data NAME`: the data of the GraphQL service NAME (see [`service`]);
//! - `http upstream NAME`: a response of the upstream of any subgraph (see [`upstream`]);
//! - `toml settings`: settings of the gateway;
//! - `text draw`: the percentile of the requests below, for override labels;
//! - `graphql operation`, `text operation name`, `text on error`, `json variables`, `json headers`: an operation text, the name of its
//!   operation, the variables, and the client's headers, each a value or a list;
//! - `text instant`: the instant of the requests below, `$request.instant`;
//! - `json answer`: the response, with its fields in order; this block executes the operation;
//! - `text calls`: the upstream calls for it, sorted; `text calls in order`: in the order of their arrival;
//! - `text warnings`: the warnings of its mappings when it is executed again, as `explain` shows them;
//!   `text mapping warnings`: those of the whole mappings, also of what the operation does not ask for.
//!
//! `UPDATE_EXPECT=1` writes responses and calls; compare them with the title before you commit them.

mod bounds;
mod pretty;
mod service;
pub(crate) mod upstream;

use std::path::Path;
use std::sync::Arc;

use http::{HeaderMap, HeaderName};
use sangam::cache::{Backend, MemoryBackend};
use sangam::config::{Environment, RawSettings, Settings};
use sangam::document::Value;
use sangam::errors::ErrorCode;
use sangam::gateway::{
    ClientContext, ConfiguredConnector, Draw, ErrorBehavior, Gateway, GraphqlRequest,
};
use sangam::source::Wires;

use self::upstream::Upstreams;
use crate::plans::subgraph;
use crate::support::backend::SharedBackend;
use crate::support::cases::{Case, Fence, Suite};
use crate::support::harness::block_on;

inventory::submit! {
    Suite {
        folders: &["execution"],
        fences: FENCES,
        run: |case| block_on(run_on_each_backend(case)),
    }
}

pub(crate) const FENCES: &[Fence] = &[
    Fence::single("graphql subgraph").named(),
    Fence::single("json data").named(),
    Fence::input("http upstream").named(),
    Fence::single("toml settings"),
    Fence::input("text draw"),
    Fence::input("graphql operation"),
    Fence::input("text operation name"),
    Fence::input("text on error"),
    Fence::input("json variables"),
    Fence::input("json headers"),
    Fence::input("text instant"),
    Fence::expected("json answer"),
    Fence::expected("text calls"),
    Fence::expected("text calls in order"),
    Fence::expected("text warnings"),
    Fence::expected("text mapping warnings"),
];

/// Runs a case with caches in memory, and in a backend that waits; the outputs must be the same.
async fn run_on_each_backend(case: &Case) -> Vec<Option<String>> {
    let outputs = run(case, &MemoryBackend).await;
    let with_waits = run(case, &SharedBackend::default()).await;
    assert_eq!(with_waits, outputs, "with a backend that waits");
    outputs
}

/// Runs a case; returns the output for each of its blocks.
async fn run(case: &Case, backend: &dyn Backend) -> Vec<Option<String>> {
    let upstreams = Upstreams::start(case).await;
    let gateway = gateway_on(case, &upstreams, backend);
    let mut request = GraphqlRequest::default();
    let mut client = ClientContext {
        mutations_allowed: true,
        ..ClientContext::default()
    };
    let mut outputs = Vec::with_capacity(case.blocks.len());
    for block in &case.blocks {
        let mut out = None;
        match block.fence {
            "graphql operation" => {
                request.query = Some(block.body.clone());
                request.operation_name = None;
                request.on_error = ErrorBehavior::default();
                request.variables = None;
                client.headers = Arc::default();
            }
            "text draw" => client.draw = Draw::At(block.body.trim().parse().unwrap()),
            "text operation name" => request.operation_name = Some(block.body.trim().to_owned()),
            "text on error" => {
                request.on_error = ErrorBehavior::of_name(block.body.trim()).unwrap();
            }
            "json variables" => request.variables = Some(read(&block.body, &case.path)),
            "json headers" => client.headers = headers(&read(&block.body, &case.path)).into(),
            "text instant" => {
                client.instant = Some(block.body.trim().parse().unwrap());
            }
            "json answer" => {
                let mut response = gateway.execute(request.clone(), &client).await;
                let answer = Value::parse_json(&response.body().await).unwrap();
                check_codes(case, &answer);
                let answer = pretty::pretty(&answer);
                // The layout of the expected response does not matter.
                let expected = Value::parse_json(block.body.as_bytes()).map(|v| pretty::pretty(&v));
                let same = expected.is_ok_and(|expected| expected == answer);
                out = Some(if same { block.body.clone() } else { answer });
            }
            "text calls" => out = Some(upstreams.take_calls()),
            "text calls in order" => out = Some(upstreams.take_calls_in_order().concat()),
            "text warnings" | "text mapping warnings" => {
                let whole = block.fence == "text mapping warnings";
                out = Some(warnings(&gateway, &request, &client, whole).await);
            }
            _ => {}
        }
        outputs.push(out);
    }
    outputs
}

/// Checks that the code of each error is in the table of codes, or comes from the case itself: from an `errors` mapping or an
/// upstream response.
fn check_codes(case: &Case, answer: &Value) {
    let errors = answer.get("errors").and_then(Value::as_array);
    for error in errors.unwrap_or_default() {
        let extensions = error.get("extensions");
        let code = extensions.and_then(|extensions| extensions.get("code"));
        let code = code.and_then(Value::as_str).unwrap_or_default();
        let is_known = ErrorCode::ALL
            .iter()
            .any(|error_code| error_code.as_str() == code);
        let given = ["graphql subgraph", "http upstream"];
        let has_code = |fence: &&str| case.named(fence).any(|(_, text)| text.contains(code));
        assert!(
            is_known || (!code.is_empty() && given.iter().any(has_code)),
            "`{code}` is not in the table of codes"
        );
    }
}

fn read(text: &str, path: &Path) -> Value {
    Value::parse_json(text.as_bytes()).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Headers of a client.
fn headers(value: &Value) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, values) in value.as_object().unwrap().iter() {
        let values = values.as_array().unwrap_or(std::slice::from_ref(values));
        for value in values {
            let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
            headers.append(name, value.as_str().unwrap().parse().unwrap());
        }
    }
    headers
}

/// The warnings of an operation's mappings, a line each; or those of the whole mappings that are no warnings of the operation.
async fn warnings(
    gateway: &Gateway,
    request: &GraphqlRequest,
    client: &ClientContext,
    whole: bool,
) -> String {
    let explained = gateway.explain(request, client, true).await.unwrap();
    let told = explained.calls.iter().flat_map(|call| {
        let line = |remark: &String| format!("{}: {remark}\n", call.coordinate);
        let warnings = if whole {
            &call.mapping_warnings
        } else {
            &call.remarks
        };
        warnings.iter().map(line)
    });
    let mut told: Vec<String> = told.collect();
    told.sort();
    told.concat()
}

/// A gateway for the upstreams of a case.
pub(crate) fn gateway(case: &Case, upstreams: &Upstreams) -> Gateway {
    gateway_on(case, upstreams, &MemoryBackend)
}

/// The same with caches in this backend.
fn gateway_on(case: &Case, upstreams: &Upstreams, backend: &dyn Backend) -> Gateway {
    let mut text = case.block("toml settings").unwrap_or_default().to_owned();
    let mut subgraphs = Vec::new();
    for (name, sdl) in case.named("graphql subgraph") {
        let url = upstreams.url(name);
        let timeout = upstreams.timeout(name);
        // The settings of the case may have the table already.
        let table = format!("[connector.{name}]\n");
        if !text.contains(&table) {
            text.push_str(&table);
        }
        let address = format!("{table}base_url = \"{url}\"\ntimeout = \"{timeout}\"\n");
        text = text.replace(&table, &address);
        subgraphs.push(subgraph(name, sdl));
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("sangam.toml");
    std::fs::write(&file, text).unwrap();
    let settings = Settings::load(Some(&file), &Environment::default(), RawSettings::default());
    let settings = settings.unwrap_or_else(|error| panic!("{error}"));
    let members = subgraphs.into_iter().map(|subgraph| ConfiguredConnector {
        settings: settings
            .connector(&subgraph.name, None)
            .unwrap_or_else(|error| panic!("{error}")),
        owner: None,
        description: None,
        subgraph,
    });
    Gateway::with_backend(members.collect(), &settings, Wires::default(), backend)
        .unwrap_or_else(|problem| panic!("{}: {problem:#?}", case.path.display()))
}
