//! Responses of upstreams: bodies, statuses and content types, of connectors and of GraphQL services, in a whole execution.
//!
//! Runs the execution cases once to record the upstream responses, then mutates these and the variables. For any upstream
//! response, the client's response has the form that the operation and the schema require.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex};

use apollo_compiler::executable::ExecutableDocument;
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::{Method, Response, StatusCode, Uri};
use sangam::document::Value;
use sangam::gateway::{ClientContext, Gateway, GraphqlRequest};
use tokio::runtime::Runtime;

use super::super::corpus;
use super::super::input::{Input, Language};
use super::super::run::{Target, watched};
use super::response::{Form, codes, runtime};
use super::worlds::Worlds;
use crate::execution::FENCES;
use crate::execution::upstream::Upstreams;
use crate::support::cases::Case;

pub(super) struct Answers {
    pub(super) worlds: Worlds,
    runtime: Runtime,
    pub(super) base: String,
    upstream: Arc<Mutex<Upstream>>,
}

/// The upstream of a fuzzed gateway.
#[derive(Default)]
struct Upstream {
    /// The real upstream to which calls are forwarded while responses are recorded.
    behind: Option<String>,
    said: Vec<Said>,
    /// The number of calls to each service without a recorded response.
    calls: HashMap<String, usize>,
}

#[derive(Debug, Clone)]
struct Said {
    /// Method, target and body.
    asked: String,
    /// Status and content type.
    head: String,
    body: Vec<u8>,
}

pub(super) fn make(seed: u64, few: bool) -> Box<dyn Target> {
    Box::new(Answers::new("answers", seed, few))
}

impl Answers {
    pub(super) fn new(name: &str, seed: u64, few: bool) -> Answers {
        let runtime = runtime(name);
        let upstream = Arc::new(Mutex::new(Upstream::default()));
        let router = Router::new()
            .fallback(answer)
            .with_state(Arc::clone(&upstream));
        let listener = runtime
            .block_on(tokio::net::TcpListener::bind("127.0.0.1:0"))
            .unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        runtime.spawn(async move { axum::serve(listener, router).await });
        Answers {
            worlds: Worlds::new(&["execution"], seed, few),
            runtime,
            base,
            upstream,
        }
    }
}

async fn answer(
    State(upstream): State<Arc<Mutex<Upstream>>>,
    method: Method,
    uri: Uri,
    body: Bytes,
) -> Response<Body> {
    // Only the path of a call through a proxy.
    let uri = Uri::try_from(uri.path_and_query().map_or("/", |path| path.as_str())).unwrap_or(uri);
    let asked = format!("{method} {uri} {}", String::from_utf8_lossy(&body));
    let behind = upstream.lock().unwrap().behind.clone();
    let said = match behind {
        Some(behind) => {
            let said = ask(asked, method, &format!("{behind}{uri}"), body).await;
            upstream.lock().unwrap().said.push(said.clone());
            said
        }
        None => upstream.lock().unwrap().say(&asked, &uri),
    };
    let (status, content_type) = said.head.split_once(' ').unwrap_or((&said.head, ""));
    let mut response = Response::builder()
        .status(StatusCode::from_bytes(status.as_bytes()).unwrap_or(StatusCode::OK))
        .header(CACHE_CONTROL, "no-store");
    if let Ok(content_type) = content_type.parse::<http::HeaderValue>() {
        response = response.header(CONTENT_TYPE, content_type);
    }
    response.body(Body::from(said.body)).unwrap()
}

/// The response of the case's upstream.
async fn ask(asked: String, method: Method, url: &str, body: Bytes) -> Said {
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let request = client
        .request(method, url)
        .body(body)
        .header(CONTENT_TYPE, "application/json");
    let response = request.send().await.unwrap();
    let content_type = response.headers().get(CONTENT_TYPE);
    let content_type = content_type
        .map_or("", |value| value.to_str().unwrap())
        .to_owned();
    let head = format!("{} {content_type}", response.status().as_u16());
    let body = response.bytes().await.unwrap().to_vec();
    Said { asked, head, body }
}

impl Upstream {
    /// The recorded response to this call, or else the next of the recorded responses of the same service.
    fn say(&mut self, asked: &str, uri: &Uri) -> Said {
        if let Some(said) = self.said.iter().find(|said| said.asked == asked) {
            return said.clone();
        }
        let service = uri.path().split('/').nth(1).unwrap_or_default();
        let path = format!(" /{service}");
        let responses: Vec<&Said> = self
            .said
            .iter()
            .filter(|said| said.asked.contains(&path))
            .collect();
        let call = self.calls.entry(service.to_owned()).or_default();
        *call += 1;
        match responses.is_empty() {
            true => Said {
                asked: String::new(),
                head: "404 text/plain".to_owned(),
                body: Vec::new(),
            },
            false => responses[(*call - 1) % responses.len()].clone(),
        }
    }
}

impl Target for Answers {
    fn corpus(&self) -> Vec<Input> {
        let mut out = Vec::new();
        for graph in self.worlds.graphs() {
            let silent = |(info, text): &(String, String)| {
                let status = text.lines().nth(1).unwrap_or_default();
                info.starts_with("http upstream ") && matches!(status, "slow" | "dead")
            };
            if graph.blocks.iter().any(silent) {
                continue;
            }
            let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
            let case = Case::read(&path.join(format!("{}.md", graph.name)), FENCES).unwrap();
            let behind = self.runtime.block_on(Upstreams::start(&case));
            let mut blocks = graph.blocks.iter().peekable();
            while let Some((info, text)) = blocks.next() {
                if info != "graphql operation" {
                    continue;
                }
                let next = blocks.peek().filter(|(info, _)| info == "json variables");
                let variables = next.map_or("{}", |(_, variables)| variables);
                out.extend(self.recorded(&graph.name, text, variables, behind.url("")));
            }
        }
        out
    }

    fn run(&self, input: &Input) -> Result<String, String> {
        match self.worlds.gateway(&input.text("graph"), &self.base) {
            Some(gateway) => self.run_on(&gateway, input),
            None => Ok("no graph".to_owned()),
        }
    }
}

impl Answers {
    /// Executes the operation of an input, and checks the form of the response.
    pub(super) fn run_on(&self, gateway: &Gateway, input: &Input) -> Result<String, String> {
        let mut said = Vec::new();
        for at in 0.. {
            let asked = input.text(&format!("asked{at}"));
            if asked.is_empty() {
                break;
            }
            said.push(Said {
                asked,
                head: input.text(&format!("head{at}")),
                body: input.bytes(&format!("body{at}")).to_vec(),
            });
        }
        *self.upstream.lock().unwrap() = Upstream {
            said,
            ..Upstream::default()
        };
        let text = input.text("operation");
        let body = self.execute(gateway, &text, input.bytes("variables"));
        let told = codes(&body)?;
        let answer = Value::parse_json(&body).map_err(|error| error.to_string())?;
        let data = answer.get("data");
        if let Some(data) = data.filter(|data| !data.is_null()) {
            let schema = &gateway.composed().api;
            let document = ExecutableDocument::parse_and_validate(schema, &*text, "operation");
            let document = document.map_err(|error| format!("executed and not valid: {error}"))?;
            let operation = document.operations.iter().next().ok_or("no operation")?;
            let form = Form {
                schema,
                document: &document,
            };
            form.object(
                data,
                &operation.selection_set.ty,
                &[(&operation.selection_set, false)],
            )?;
        }
        let count = answer
            .get("errors")
            .and_then(Value::as_array)
            .map_or(0, <[Value]>::len);
        Ok(format!(
            "{told} {} {:?}",
            count.min(4),
            data.map(Value::is_null)
        ))
    }

    fn execute(&self, gateway: &Gateway, text: &str, variables: &[u8]) -> Vec<u8> {
        let request = GraphqlRequest {
            query: Some(text.to_owned()),
            variables: Value::parse_json(variables).ok(),
            ..GraphqlRequest::default()
        };
        let client = ClientContext {
            mutations_allowed: true,
            ..ClientContext::default()
        };
        self.runtime
            .block_on(async { gateway.execute(request, &client).await.body().await })
            .to_vec()
    }

    /// An operation with the upstream responses to it.
    fn recorded(&self, graph: &str, text: &str, variables: &str, behind: String) -> Option<Input> {
        let gateway = self.worlds.gateway(graph, &self.base)?;
        *self.upstream.lock().unwrap() = Upstream {
            behind: Some(behind.trim_end_matches('/').to_owned()),
            ..Upstream::default()
        };
        self.execute(&gateway, text, variables.as_bytes());
        let said = std::mem::take(&mut self.upstream.lock().unwrap().said);
        let mut input = Input::one(Language::Fixed, "graph", graph)
            .with(Language::Fixed, "operation", text)
            .with(Language::Json, "variables", variables);
        for (at, said) in said.iter().enumerate() {
            input = input
                .with(Language::Fixed, &format!("asked{at}"), &said.asked)
                .with(Language::Plain, &format!("head{at}"), &said.head)
                .with(Language::Json, &format!("body{at}"), &said.body);
        }
        (!said.is_empty()).then_some(input)
    }
}

/// The recorded responses are those of the case; otherwise nothing would be mutated.
#[test]
fn answers_are_recorded() {
    let counts = watched("answers", "recorded", |_| recorded(&*make(1, true)));
    assert!(counts.0 > 4 && counts.1 > 6, "{counts:?}");
}

fn recorded(target: &dyn Target) -> (usize, usize) {
    let inputs = target.corpus();
    let bodies = inputs.iter().flat_map(|input| &input.parts);
    (
        inputs.len(),
        bodies.filter(|part| part.label.starts_with("body")).count(),
    )
}

/// The corpora contain the texts of the repository.
#[test]
fn there_is_much_to_start_from() {
    assert!(corpus::connectors().len() > 50);
    assert!(corpus::mappings().len() > 300);
    assert!(corpus::documents().len() > 50);
}
