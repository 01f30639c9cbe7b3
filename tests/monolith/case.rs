//! A world with its gateways, and the comparison of an operation's responses with the oracle.

use std::sync::atomic::{AtomicU64, Ordering};

use apollo_compiler::validation::Valid;
use apollo_compiler::{ExecutableDocument, Schema};
use sangam::config::{ByteSize, CostMode, Environment, RawSettings, Settings};
use sangam::connector::read_sdl;
use sangam::document::Value;
use sangam::gateway::{
    AcceptedDeliveries, ClientContext, ConfiguredConnector, Draw, ErrorBehavior, Gateway,
    GraphqlRequest, IncrementalFormat, RequestOutcome, SetupProblem,
};

use super::compare::{compare, compare_nulls, halted};
use super::data::{Data, Instance, schema};
use super::deferred::{compare_merged, deferred, streamed};
use super::json::Json;
use super::naive::{Answer, execute_noting};
use super::operation::Operation;
use super::random::{Random, hash};
use super::server::{Served, Server};
use super::world::{ENTITIES, World};
use super::{pages, print, rest};
use crate::support::incremental::Merged;

/// A world with two gateways: one without caches, and one with caches and the subgraphs in reverse order.
pub(crate) struct Case {
    pub(crate) world: World,
    served: Served,
    schema: Valid<Schema>,
    plain: Gateway,
    cached: Gateway,
    /// A gateway without caches for the same world, served elsewhere: calls that no part needs may arrive late.
    deferring: Gateway,
    served_deferring: Served,
    /// The payloads of operations with `@defer`.
    parts: AtomicU64,
    items: AtomicU64,
}

/// Why a world has no gateway: the codes and messages of its composition.
pub(crate) type Refused = Vec<(String, String)>;

/// The result of an operation.
#[derive(Debug)]
pub(crate) enum Outcomes {
    Same,
    /// It is not valid on the monolith's schema.
    Invalid,
    Different(Difference),
}

impl Difference {
    /// Whether this is probably the same fault as another one.
    pub(crate) fn is_like(&self, other: &Difference) -> bool {
        self.what
            .split_whitespace()
            .take(4)
            .eq(other.what.split_whitespace().take(4))
    }
}

/// A difference between the gateway and the oracle.
#[derive(Debug)]
pub(crate) struct Difference {
    pub(crate) what: String,
    pub(crate) expected: String,
    pub(crate) got: String,
    pub(crate) plan: String,
}

impl Case {
    pub(crate) fn new(server: &Server, world: World) -> Result<Case, Refused> {
        let served = server.serve(&world);
        let plain = gateway(&world, &served.url, false)?;
        let cached = gateway(&world, &served.url, true)?;
        let served_deferring = server.serve(&world);
        let deferring = gateway(&world, &served_deferring.url, false)?;
        Ok(Case {
            schema: schema(&print::monolith(&world)),
            world,
            served,
            plain,
            cached,
            deferring,
            served_deferring,
            parts: AtomicU64::new(0),
            items: AtomicU64::new(0),
        })
    }

    pub(crate) fn calls(&self) -> u64 {
        self.served.upstreams.calls()
    }

    /// How often elements of a streamed list have followed.
    pub(crate) fn items(&self) -> u64 {
        self.items.load(Ordering::Relaxed)
    }

    /// How many payloads the operations with `@defer` and `@stream` had.
    pub(crate) fn parts(&self) -> u64 {
        self.parts.load(Ordering::Relaxed)
    }

    /// The gateway without caches.
    pub(crate) fn gateway(&self) -> &Gateway {
        &self.plain
    }

    /// The oracle's response to an operation, and the values that it resolved; `None` if the operation is not valid.
    pub(crate) fn noted(&self, operation: &Operation) -> Option<(Answer, Vec<Json>)> {
        let text = operation.text();
        let parsed =
            ExecutableDocument::parse_and_validate(&self.schema, &text, "operation.graphql");
        let document = parsed.ok()?;
        Some(self.expected(&document, &operation.values(), false))
    }

    /// Whether an operation is valid on the monolith's schema.
    pub(crate) fn is_valid(&self, operation: &Operation) -> bool {
        let text = operation.text();
        ExecutableDocument::parse_and_validate(&self.schema, &text, "operation.graphql").is_ok()
    }

    /// Compares the gateway's response with the oracle's; with `twice`, also with cold and with warm caches.
    pub(crate) async fn run(&self, operation: &Operation, twice: bool) -> Outcomes {
        let (text, variables) = (operation.text(), operation.values());
        let parsed =
            ExecutableDocument::parse_and_validate(&self.schema, &text, "operation.graphql");
        let Ok(document) = parsed else {
            return Outcomes::Invalid;
        };
        let (expected, _) = self.expected(&document, &variables, false);
        let mut runs = vec![("without caches", &self.plain)];
        if twice {
            runs.push(("with caches", &self.cached));
            runs.push(("with warm caches", &self.cached));
            // At the second read of a cached document, its memo is filled.
            runs.push(("with warm caches, again", &self.cached));
        }
        for (how, gateway) in runs {
            if let Some(different) = self.once(gateway, &text, &variables, &expected).await {
                return Outcomes::Different(Difference {
                    what: format!("{how}: {}", different.0),
                    expected: expected.to_json().text(),
                    got: different.1,
                    plan: plan(&self.plain, &text).await,
                });
            }
        }
        if twice
            && !document
                .operations
                .iter()
                .any(|operation| operation.is_mutation())
        {
            let (nulls, _) = self.expected(&document, &variables, true);
            for (behavior, expected) in [
                (ErrorBehavior::Null, &nulls),
                (ErrorBehavior::Halt, &expected),
            ] {
                let body = self.under(behavior, &text, &variables).await;
                let got = Json::parse(&body).unwrap();
                let why = match behavior {
                    ErrorBehavior::Halt => halted(expected, &got),
                    _ => compare_nulls(expected, &got),
                };
                if let Some(why) = why {
                    return Outcomes::Different(Difference {
                        what: format!("onError {behavior:?}: {why}"),
                        expected: expected.to_json().text(),
                        got: String::from_utf8_lossy(&body).into_owned(),
                        plan: plan(&self.plain, &text).await,
                    });
                }
            }
        }
        let seed = hash(self.world.seed, &["defer", &text]);
        let with_defer = deferred(operation, &mut Random::new(seed));
        let with_stream = streamed(operation, &self.world);
        let with_both = streamed(&with_defer, &self.world);
        let all = [with_defer, with_stream, with_both].map(|operation| operation.text());
        let mut tried: Vec<&String> = vec![&text];
        for divided in &all {
            if tried.contains(&divided) {
                continue;
            }
            tried.push(divided);
            if let Some((why, got)) = self.in_parts(divided, &variables, &expected).await {
                return Outcomes::Different(Difference {
                    what: format!("in parts: {why}"),
                    expected: expected.to_json().text(),
                    got: format!("{divided}\n{got}"),
                    plan: plan(&self.plain, divided).await,
                });
            }
        }
        let (one, other) = (
            plan(&self.plain, &text).await,
            plan(&self.cached, &text).await,
        );
        if one != other {
            return Outcomes::Different(Difference {
                what: "the order of subgraphs changes the plan".to_owned(),
                expected: one,
                got: other,
                plan: String::new(),
            });
        }
        Outcomes::Same
    }

    /// The faults of an operation with `@defer` or `@stream`, delivered whole and in parts, and what was delivered.
    async fn in_parts(
        &self,
        text: &str,
        variables: &Json,
        expected: &Answer,
    ) -> Option<(String, String)> {
        if let Some(different) = self.once(&self.plain, text, variables, expected).await {
            return Some(different);
        }
        self.served_deferring.upstreams.begin();
        let payloads = self.payloads(text, variables, IncrementalFormat::V02).await;
        let got = payloads.join("\n");
        let mut merged = Merged::default();
        for payload in &payloads {
            if let Err(why) = merged.add(&serde_json::from_str(payload).unwrap()) {
                return Some((why, got));
            }
        }
        self.parts
            .fetch_add(merged.payloads() as u64, Ordering::Relaxed);
        let items = got.matches("\"items\":").count();
        self.items.fetch_add(items as u64, Ordering::Relaxed);
        let violations = self.served_deferring.upstreams.begin();
        if !violations.is_empty() {
            return Some((violations.join("\n"), got));
        }
        compare_merged(expected, merged).map(|why| (why, got))
    }

    /// The payloads of an operation, for a client that reads this format.
    pub(crate) async fn payloads(
        &self,
        text: &str,
        variables: &Json,
        format: IncrementalFormat,
    ) -> Vec<String> {
        let draw = hash(self.world.seed, &["draw", text]) % 100;
        let client = ClientContext {
            mutations_allowed: true,
            draw: Draw::At(draw as f64),
            deliveries: AcceptedDeliveries {
                incremental: Some(format),
                ..AcceptedDeliveries::default()
            },
            ..ClientContext::default()
        };
        let request = request(text, variables);
        let response = self.deferring.execute(request, &client).await;
        let mut payloads = response.payloads;
        let mut texts = Vec::new();
        while let Some(payload) = payloads.next().await {
            texts.push(String::from_utf8_lossy(&payload.body).into_owned());
        }
        texts
    }

    fn expected(
        &self,
        document: &ExecutableDocument,
        variables: &Json,
        nulls_stay: bool,
    ) -> (Answer, Vec<Json>) {
        let mutations = AtomicU64::new(0);
        let data = Data {
            world: &self.world,
            mutations: &mutations,
        };
        let operation = document.operations.iter().next().unwrap();
        let root = Instance::new(operation.object_type(), 0);
        execute_noting(
            &self.schema,
            document,
            operation,
            variables,
            root,
            &data,
            nulls_stay,
        )
    }

    /// How often each subgraph may be called: once for each step of the plan, or once per object if the step has a call per
    /// object.
    fn most_calls(&self, plan: &str, expected: &Answer) -> Vec<u64> {
        let mut most = vec![0; self.world.subgraphs.len()];
        for line in plan.lines() {
            let Some((number, step)) = line.split_once(". ") else {
                continue;
            };
            if number.parse::<u32>().is_err() {
                continue;
            }
            let subgraphs = self.world.subgraphs.iter().enumerate();
            let own = |name: &str| step.starts_with(&format!("{name}: "));
            for (place, _) in subgraphs.filter(|(_, subgraph)| own(&subgraph.name)) {
                let one_by_one = step.contains("a call per");
                most[place] += match (self.world.subgraphs[place].rest, one_by_one) {
                    (true, true) => ENTITIES,
                    (true, false) => pages::MOST_PAGES,
                    // Entities without a required value are fetched by a separate call.
                    (false, _) if !expected.errors.is_empty() => 1 + ENTITIES,
                    (false, _) => 1,
                };
            }
        }
        most
    }

    /// The response of the gateway without caches under an error behavior.
    async fn under(&self, on_error: ErrorBehavior, text: &str, variables: &Json) -> Vec<u8> {
        self.served.upstreams.begin();
        let draw = hash(self.world.seed, &["draw", text]) % 100;
        let client = ClientContext {
            draw: Draw::At(draw as f64),
            ..ClientContext::default()
        };
        let request = GraphqlRequest {
            on_error,
            ..request(text, variables)
        };
        let mut response = self.plain.execute(request, &client).await;
        let body = response.body().await.to_vec();
        self.served.upstreams.begin();
        body
    }

    /// The faults of one response, and the response.
    async fn once(
        &self,
        gateway: &Gateway,
        text: &str,
        variables: &Json,
        expected: &Answer,
    ) -> Option<(String, String)> {
        self.served.upstreams.begin();
        self.served.upstreams.take_calls();
        let draw = hash(self.world.seed, &["draw", text]) % 100;
        let client = ClientContext {
            mutations_allowed: true,
            draw: Draw::At(draw as f64),
            ..ClientContext::default()
        };
        let mut response = gateway.execute(request(text, variables), &client).await;
        let body = response.body().await;
        let got = String::from_utf8_lossy(&body).into_owned();
        let violations = self.served.upstreams.begin();
        if !violations.is_empty() {
            return Some((violations.join("\n"), got));
        }
        if response.outcome != RequestOutcome::Executed {
            let code = got.split("\"code\":\"").nth(1).unwrap_or_default();
            let code = code.split('"').next().unwrap_or_default();
            return Some((format!("refused: {code}"), got));
        }
        if got.contains("\"code\":\"INTERNAL") {
            return Some(("refused: INTERNAL, while it is executed".to_owned(), got));
        }
        let answer = Json::parse(&body).unwrap();
        if let Some(why) = compare(expected, &answer) {
            return Some((why, got));
        }
        let calls = self.served.upstreams.take_calls();
        let most = self.most_calls(&plan(gateway, text).await, expected);
        let too_many = |subgraph: &usize| calls[*subgraph] > most[*subgraph];
        let mut subgraphs = 0..calls.len();
        let found = subgraphs.find(too_many)?;
        let (name, calls, most) = (&self.world.subgraphs[found].name, calls[found], most[found]);
        Some((
            format!("too many calls: {calls} of {name}, not {most}"),
            got,
        ))
    }
}

fn request(text: &str, variables: &Json) -> GraphqlRequest {
    GraphqlRequest {
        query: Some(text.to_owned()),
        variables: Value::parse_json(variables.text().as_bytes()).ok(),
        ..GraphqlRequest::default()
    }
}

async fn plan(gateway: &Gateway, text: &str) -> String {
    let request = request(text, &Json::Object(Vec::new()));
    match gateway
        .explain(&request, &ClientContext::default(), false)
        .await
    {
        Ok(explained) => explained.plan,
        Err(refusal) => String::from_utf8_lossy(&refusal).into_owned(),
    }
}

/// The SDL of a subgraph for the gateway; `upstream.example` is the placeholder of its upstream.
pub(crate) fn sdl(world: &World, subgraph: usize) -> String {
    if world.subgraphs[subgraph].rest {
        return rest::sdl(world, subgraph);
    }
    print::service(world, subgraph, true)
}

/// Whether a subgraph is a folder without fields.
pub(crate) fn is_empty(world: &World, subgraph: usize, sdl: &str) -> bool {
    world.subgraphs[subgraph].rest && !sdl.contains("@connect(")
}

fn gateway(world: &World, url: &str, other: bool) -> Result<Gateway, Refused> {
    let settings = Settings::load(None, &Environment::default(), RawSettings::default());
    let mut settings = settings.unwrap_or_else(|error| panic!("{error}"));
    settings.limits.upstream_calls = 5_000;
    settings.limits.errors = 10_000;
    settings.limits.depth = 40;
    settings.cost.mode = CostMode::Off;
    settings.cache.responses = ByteSize(0);
    if !other {
        settings.cache.documents = ByteSize(0);
    }
    let mut numbers: Vec<usize> = (0..world.subgraphs.len()).collect();
    if other {
        numbers.reverse();
    }
    let mut members = Vec::new();
    for number in numbers {
        let name = &world.subgraphs[number].name;
        let text = sdl(world, number);
        if is_empty(world, number, &text) {
            continue;
        }
        let text = text.replace("http://upstream.example", &format!("{url}/{number}"));
        let (subgraph, diagnostics) = read_sdl(name, name, &text);
        let Some(subgraph) = subgraph else {
            return Err(codes(&diagnostics));
        };
        let connector = settings.connector(name, None);
        members.push(ConfiguredConnector {
            settings: connector.unwrap_or_else(|error| panic!("{error}")),
            owner: None,
            description: None,
            subgraph,
        });
    }
    Gateway::new(members, &settings).map_err(|problem| match problem {
        SetupProblem::Schema(diagnostics) => codes(&diagnostics),
        SetupProblem::Setting(problem) => panic!("{problem}"),
    })
}

fn codes(diagnostics: &[sangam::connector::Diagnostic]) -> Refused {
    let errors = diagnostics.iter().filter(|d| d.is_error());
    errors
        .map(|d| (d.code.name.to_owned(), d.to_text()))
        .collect()
}
