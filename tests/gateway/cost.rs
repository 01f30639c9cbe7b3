//! The cost limit, through a socket: a refused operation makes no call.

use std::sync::{Arc, Mutex};

use sangam::config::Settings;
use sangam::server::Server;
use sangam_demo::standin::Standin;
use serde_json::{Value, json};

use super::world::World;

/// 114 bytes that select a million grievances.
const NESTED: &str = "{grievances(first:100){nodes{district{grievances(first:100){nodes{district{\
    grievances(first:100){nodes{id}}}}}}}}}";

const QUERY: &str = "{ districts { name dggi { weakestIndicators { value } } } }";

struct Running {
    standins: Vec<Standin>,
    server: Server,
    client: reqwest::Client,
}

impl Running {
    async fn start(more: &str) -> Running {
        let World { standins, gateway } = World::start(more).await;
        let mut settings = Settings::default();
        settings.general.listen = ([127, 0, 0, 1], 0).into();
        let server = Server::start(&settings, Arc::new(gateway)).unwrap();
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        Running {
            standins,
            server,
            client,
        }
    }

    async fn send(&self, request: Value, header: Option<&str>) -> (u16, String, Value) {
        let url = format!("http://{}/graphql", self.server.address);
        let mut sent = self
            .client
            .post(url)
            .header("content-type", "application/json")
            .header("accept", "application/graphql-response+json")
            .body(request.to_string());
        if let Some(value) = header {
            sent = sent.header("sangam-cost", value);
        }
        let answer = sent.send().await.unwrap();
        let status = answer.status().as_u16();
        let kept = answer.headers()["cache-control"]
            .to_str()
            .unwrap()
            .to_owned();
        let body = answer.bytes().await.unwrap();
        (status, kept, serde_json::from_slice(&body).unwrap())
    }

    fn calls(&self) -> u64 {
        self.standins.iter().map(Standin::call_count).sum()
    }
}

#[test]
async fn what_costs_too_much_is_refused_before_anyone_is_called() {
    let running = Running::start("").await;
    let (status, kept, answer) = running.send(json!({ "query": NESTED }), None).await;
    assert_eq!((status, kept.as_str()), (400, "no-store"));
    let message = "The operation costs 1030301 by estimate, more than the maximum of 20000 (cost.max); most of it is \
                   grievances.nodes.district.grievances.nodes.district.grievances.nodes: ask for fewer items there, or \
                   nest fewer lists";
    assert_eq!(
        answer,
        json!({ "errors": [{
            "message": message,
            "extensions": { "code": "COST_LIMIT_EXCEEDED", "sangam": { "kind": "LIMIT" } }
        }] })
    );
    assert_eq!(running.calls(), 0);
}

/// The values of variables decide whether a compiled operation is refused.
#[test]
async fn variables_decide() {
    let query = "query Q($first: Int!) { districts { grievances(first: $first) { nodes { district {
           grievances(first: $first) { nodes { id } } } } } } }";
    let running = Running::start("").await;
    let ask = |first: i32| {
        running.send(
            json!({ "query": query, "variables": { "first": first } }),
            None,
        )
    };
    let (status, _, answer) = ask(100).await;
    assert_eq!(status, 400);
    assert_eq!(
        answer["errors"][0]["extensions"]["code"],
        "COST_LIMIT_EXCEEDED"
    );
    assert_eq!(running.calls(), 0);
    let (status, _, answer) = ask(2).await;
    assert_eq!((status, answer.get("errors")), (200, None), "{answer:#}");
}

#[test]
async fn the_maximum_is_the_setting() {
    let (_, _, answer) = Running::start("[cost]\nmax = 100")
        .await
        .send(json!({ "query": QUERY }), None)
        .await;
    assert_eq!(answer.get("errors"), None, "{answer:#}");
    let running = Running::start("[cost]\nmax = 99").await;
    let (status, _, answer) = running.send(json!({ "query": QUERY }), None).await;
    assert_eq!(status, 400, "{answer:#}");
    assert_eq!(running.calls(), 0);
}

#[test]
async fn lists_that_nothing_is_said_of_have_the_size_of_the_setting() {
    // The schema has no size for the questions of a service.
    let query =
        r#"{ service(slug: "income-certificate") { requirements { questions { label } } } }"#;
    let cost = async |settings: &str| {
        let running = Running::start(settings).await;
        let (_, _, answer) = running.send(json!({ "query": query }), Some("1")).await;
        answer["extensions"]["sangam"]["cost"]["estimated"].as_u64()
    };
    assert_eq!(cost("").await, Some(12));
    assert_eq!(cost("[cost]\nlist_size = 100").await, Some(102));
}

#[test]
async fn it_can_be_watched_before_it_is_enforced() {
    for mode in ["log", "off"] {
        let running = Running::start(&format!("[cost]\nmode = \"{mode}\"\nmax = 1")).await;
        let (status, _, answer) = running.send(json!({ "query": QUERY }), None).await;
        assert_eq!((status, answer.get("errors")), (200, None), "{answer:#}");
        assert_eq!(running.calls(), 2);
    }
}

#[test]
async fn the_answer_reports_costs_on_request() {
    let running = Running::start("").await;
    let (_, kept, plain) = running.send(json!({ "query": QUERY }), None).await;
    assert_eq!(plain.get("extensions"), None);
    assert_ne!(kept, "no-store");
    let calls = running.calls();
    // 20 districts, for each its score, and of that the three weakest indicators.
    let expected =
        json!({ "sangam": { "cost": { "estimated": 100, "actual": 100, "max": 20000 } } });
    let by_extension = json!({ "query": QUERY, "extensions": { "sangam": { "cost": true } } });
    for (request, header) in [(by_extension, None), (json!({ "query": QUERY }), Some("1"))] {
        let (status, kept, answer) = running.send(request, header).await;
        assert_eq!((status, kept.as_str()), (200, "no-store"));
        assert_eq!(answer["extensions"], expected);
        assert_eq!(answer["data"], plain["data"]);
    }
    // The cached response is unchanged, and both requests use the cached documents.
    let (_, _, again) = running.send(json!({ "query": QUERY }), None).await;
    assert_eq!(again, plain);
    assert_eq!(running.calls(), calls);
    // A response with a cost report is not cached.
    let fresh = Running::start("").await;
    fresh.send(json!({ "query": QUERY }), Some("1")).await;
    let (_, _, plain) = fresh.send(json!({ "query": QUERY }), None).await;
    assert_eq!(plain.get("extensions"), None);
}

#[test]
async fn the_actual_cost_is_of_what_is_there() {
    let running = Running::start("").await;
    let cost = async |query: &str| {
        let (_, _, answer) = running.send(json!({ "query": query }), Some("1")).await;
        let cost = &answer["extensions"]["sangam"]["cost"];
        (
            cost["estimated"].as_u64().unwrap(),
            cost["actual"].as_u64().unwrap(),
        )
    };
    // There is no such district: the value is null.
    assert_eq!(
        cost(r#"{ district(lgdCode: "9999") { name } }"#).await,
        (1, 0)
    );
    // Each division has ten of the twenty districts.
    assert_eq!(
        cost("{ districts(areaCode: JAMMU) { name } }").await,
        (20, 10)
    );
    let query = r#"{ works(first: 100, filter: { text: "no such work" }) { nodes { id } } }"#;
    // The filter counts, too.
    assert_eq!(cost(query).await, (102, 2));
}

#[test]
async fn costs_are_metrics() {
    let recorder = metrics_exporter_prometheus::PrometheusBuilder::new().build_recorder();
    let guard = metrics::set_default_local_recorder(&recorder);
    let world = World::start("").await;
    world.ask(QUERY).await;
    // From the cache: not counted again.
    world.ask(QUERY).await;
    world.ask(NESTED).await;
    let log = World::start("[cost]\nmode = \"log\"\nmax = 1").await;
    log.ask(QUERY).await;
    drop(guard);
    let rendered = recorder.handle().render();
    for line in [
        "sangam_cost_exceeded_total{mode=\"enforce\"} 1",
        "sangam_cost_exceeded_total{mode=\"log\"} 1",
        "sangam_operation_cost_count{kind=\"estimated\"} 3",
        "sangam_operation_cost_count{kind=\"actual\"} 2",
        "sangam_operation_cost_sum{kind=\"actual\"} 200",
    ] {
        assert!(rendered.contains(line), "{line} is not in\n{rendered}");
    }
}

/// The log lines, for the test.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
async fn the_log_names_what_would_be_refused_now_and_then() {
    let lines = Lines::default();
    let settings = Settings::default();
    let (sink, clock) = (Box::new(lines.clone()), Box::new(std::time::Instant::now));
    let (subscriber, observer) =
        sangam::observe::subscriber(&settings.log, &settings.tracing, sink, clock).unwrap();
    let guard = tracing::subscriber::set_default(subscriber);
    let world = World::start("[cost]\nmode = \"log\"\nmax = 99").await;
    for name in ["A", "B", "C"] {
        world.ask(&format!("query {name} {QUERY}")).await;
    }
    drop(guard);
    // Dropping the observer waits for the thread that writes the lines.
    drop(observer);
    let text = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
    let logged: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let of_cost: Vec<&Value> = logged
        .iter()
        .filter(|line| line["limit"] == "cost.max")
        .collect();
    assert_eq!(of_cost.len(), 1, "{text}");
    let line = of_cost[0];
    assert_eq!(
        (&line["operation"], &line["cost"], &line["count"]),
        (&json!("A"), &json!(100), &json!(1))
    );
}
