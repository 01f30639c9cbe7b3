//! HTTP requests of clients: target, query string, headers and body.

use std::sync::Arc;

use http::{HeaderName, HeaderValue, Method};
use sangam::config::Settings;
use sangam::gateway::Gateway;
use sangam::server::Server;
use tokio::runtime::Runtime;

use super::super::corpus;
use super::super::input::{Input, Language};
use super::super::run::Target;
use super::response::{codes, runtime};

struct Requests {
    server: Server,
    runtime: Runtime,
    client: reqwest::Client,
}

pub(super) fn make(_: u64, _: bool) -> Box<dyn Target> {
    sangam::source::tls::install_provider();
    let runtime = runtime("requests");
    let mut settings = Settings::default();
    settings.general.listen = ([127, 0, 0, 1], 0).into();
    // The fields of the gateway's connector suffice: other targets test execution.
    let gateway =
        Gateway::new(Vec::new(), &settings).unwrap_or_else(|problem| panic!("{problem:?}"));
    let server = {
        let _inside = runtime.enter();
        Server::start(&settings, Arc::new(gateway)).unwrap()
    };
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    Box::new(Requests {
        server,
        runtime,
        client,
    })
}

const HEADERS: [&str; 6] = [
    "content-type: application/json\naccept: application/graphql-response+json",
    "content-type: application/json; charset=utf-8\naccept: application/json;q=0.5, */*;q=0.1\naccept-encoding: gzip, br;q=0",
    "content-type: application/json\ntraceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\ntracestate: a=b,c=d",
    "accept: text/html, application/xhtml+xml\nif-none-match: W/\"a\"\nx-request-id: a",
    "accept: */*\norigin: https://a.example\naccess-control-request-method: POST",
    "content-type: text/plain\ncache-control: no-cache",
];

impl Target for Requests {
    fn corpus(&self) -> Vec<Input> {
        let mut operations = vec![
            "{ __typename }".to_owned(),
            "query A($n: String!) { __type(name: $n) { name fields { name } } }".to_owned(),
            "{ connectors { name owner status } }".to_owned(),
        ];
        operations.extend(
            corpus::files("schema/operations", &["graphql"])
                .iter()
                .map(|path| corpus::read(path)),
        );
        let mut out = Vec::new();
        for (at, headers) in HEADERS.iter().enumerate() {
            for text in &operations {
                let body = serde_json::json!({
                    "query": text,
                    "operationName": "A",
                    "variables": { "n": "Query", "list": [1, 2.50, null] },
                    "extensions": { "a": {} },
                });
                let query = url::form_urlencoded::Serializer::new(String::new())
                    .append_pair("query", text)
                    .append_pair("variables", "{\"n\": \"Query\"}")
                    .append_pair("operationName", "A")
                    .finish();
                let target = [
                    "POST /graphql",
                    "GET /graphql",
                    "GET /",
                    "OPTIONS /graphql",
                    "GET /schema.graphql",
                ];
                let (target, query) = match at % 2 {
                    0 => ("POST /graphql", String::new()),
                    _ => (target[at % target.len()], query),
                };
                out.push(
                    Input::one(Language::Plain, "target", target)
                        .with(Language::Plain, "query", query)
                        .with(Language::Plain, "headers", headers)
                        .with(Language::Json, "body", body.to_string()),
                );
            }
        }
        out
    }

    fn run(&self, input: &Input) -> Result<String, String> {
        let Some(request) = self.request(input) else {
            return Ok("cannot be sent".to_owned());
        };
        self.runtime.block_on(async {
            let response = match self.client.execute(request).await {
                Ok(response) => response,
                // The connection may be closed after a request that is not valid HTTP.
                Err(error) if error.is_connect() => {
                    return Err(format!("no server listens: {error}"));
                }
                Err(_) => return Ok("no answer".to_owned()),
            };
            let status = response.status();
            let headers = response.headers().clone();
            let body = response
                .bytes()
                .await
                .map_err(|error| format!("broke off: {error}"))?;
            if status.as_u16() == 500 {
                return Err(format!("status 500: {}", String::from_utf8_lossy(&body)));
            }
            let content_type = headers
                .get("content-type")
                .and_then(|value| value.to_str().ok())
                .unwrap_or_default();
            let plain = !headers.contains_key("content-encoding")
                && content_type.contains("json")
                && !body.is_empty();
            let told = if plain {
                codes(&body)?
            } else {
                content_type.to_owned()
            };
            Ok(format!("{status} {told}"))
        })
    }
}

impl Requests {
    fn request(&self, input: &Input) -> Option<reqwest::Request> {
        let target = input.text("target");
        let (method, path) = target.split_once(' ')?;
        let method = Method::from_bytes(method.as_bytes()).ok()?;
        let path = path.trim_start_matches('/');
        let query = input.text("query");
        let question = if query.is_empty() { "" } else { "?" };
        let url = format!("http://{}/{path}{question}{query}", self.server.address);
        let url = url
            .parse::<url::Url>()
            .ok()
            .filter(|url| url.port() == Some(self.server.address.port()))?;
        let mut request = self
            .client
            .request(method, url)
            .body(input.bytes("body").to_vec());
        for line in input.bytes("headers").split(|byte| *byte == b'\n') {
            let at = line.iter().position(|byte| *byte == b':')?;
            let name = HeaderName::from_bytes(line[..at].trim_ascii()).ok()?;
            // The HTTP client sets the headers that define the end of a request.
            if matches!(
                name.as_str(),
                "content-length" | "transfer-encoding" | "host" | "connection" | "upgrade" | "te"
            ) {
                continue;
            }
            request = request.header(
                name,
                HeaderValue::from_bytes(line[at + 1..].trim_ascii()).ok()?,
            );
        }
        request.build().ok()
    }
}
