//! A running gateway takes changes: of connectors, settings, secrets and its certificate.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use axum::Router;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::routing::get;
use serde_json::{Value, json};

use super::running::{Folder, Running, client, post, text};
use crate::support::server::{self, Server};

/// A connector with a field of its own name, which reads this member of the upstream's object.
pub(super) fn connector(name: &str, member: &str) -> String {
    format!(
        r#"extend schema
  @link(url: "https://specs.apollo.dev/federation/v2.12", import: ["@key"])
  @link(url: "https://specs.apollo.dev/connect/v0.3", import: ["@source", "@connect"])
  @source(name: "s", http: {{ baseURL: "https://s.example", headers: [{{ name: "x-key", value: "{{$config.key?}}" }}] }})
type Query {{
  {name}: String @connect(source: "s", http: {{ GET: "/" }}, selection: "$.{member}")
}}
"#
    )
}

/// An upstream that counts its calls, and returns the key that was sent.
pub(super) struct Upstream {
    pub(super) server: Server,
    pub(super) calls: Arc<AtomicUsize>,
}

pub(super) async fn upstream() -> Upstream {
    let calls = Arc::new(AtomicUsize::new(0));
    let answer = async |State(calls): State<Arc<AtomicUsize>>, headers: HeaderMap| {
        calls.fetch_add(1, Ordering::SeqCst);
        let key = headers.get("x-key").map(|key| key.to_str().unwrap());
        let cached = [("cache-control", "max-age=3600")];
        (
            cached,
            axum::Json(json!({ "a": "A", "b": "B", "key": key })),
        )
    };
    let router = Router::new().route("/", get(answer));
    Upstream {
        server: server::router(router.with_state(Arc::clone(&calls))).await,
        calls,
    }
}

impl Upstream {
    /// Settings for these connectors; changes of files are not looked for.
    pub(super) fn settings(&self, names: &[&str]) -> String {
        let mut text = "listen = \"127.0.0.1:0\"\nwatch = \"0s\"\n".to_owned();
        for name in names {
            let url = self.server.url("");
            text.push_str(&format!("[connector.{name}]\nbase_url = \"{url}\"\n"));
        }
        text
    }
}

pub(super) async fn ask(running: &Running, query: &str) -> Value {
    let answer = text(post(&running.url, query, &json!({}))).await;
    serde_json::from_str(&answer).unwrap()
}

fn write(folder: &Folder, name: &str, text: &str) {
    let folder = folder.path("connectors").join(name);
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("connector.graphql"), text).unwrap();
}

#[test(threads)]
async fn a_signal_serves_connectors_that_are_changed_added_and_removed() {
    let upstream = upstream().await;
    let settings = upstream.settings(&["roads", "schools", "water"]);
    let folder = Folder::new(
        &settings,
        &[
            ("roads", &connector("roads", "a")),
            ("schools", &connector("schools", "a")),
            ("water", &connector("water", "a")),
        ],
    );
    let mut running = Running::start(folder.command(&["serve"]));
    let answer = ask(&running, "{ roads schools water }").await;
    assert_eq!(
        answer["data"],
        json!({ "roads": "A", "schools": "A", "water": "A" })
    );
    assert_eq!(upstream.calls.load(Ordering::SeqCst), 3);

    write(&folder, "roads", &connector("roads", "b"));
    write(&folder, "parks", &connector("parks", "b"));
    std::fs::remove_dir_all(folder.path("connectors/water")).unwrap();
    std::fs::write(
        folder.path("sangam.toml"),
        upstream.settings(&["roads", "schools", "parks"]),
    )
    .unwrap();
    running.hang_up();
    running.until("reloaded");
    let outcome = |name: &str| {
        let lines = running.said().lines();
        let lines = lines.filter_map(|line| serde_json::from_str::<Value>(line).ok());
        let mut lines = lines.filter(|line| line["message"] == "a connector has changed");
        lines
            .find(|line| line["connector"] == name)
            .map(|line| line["outcome"].clone())
    };
    assert_eq!(outcome("roads"), Some(json!("changed")));
    assert_eq!(outcome("parks"), Some(json!("added")));
    assert_eq!(outcome("water"), Some(json!("removed")));
    assert_eq!(outcome("schools"), None);
    let answer = ask(&running, "{ roads schools parks }").await;
    assert_eq!(
        answer["data"],
        json!({ "roads": "B", "schools": "A", "parks": "B" })
    );
    // The document of the connector that did not change was kept.
    assert_eq!(upstream.calls.load(Ordering::SeqCst), 5);
    let answer = ask(&running, "{ water }").await;
    assert_eq!(answer["errors"].as_array().unwrap().len(), 1, "{answer}");
    running.stop();
}

#[test(threads)]
async fn a_changed_file_is_noticed() {
    let upstream = upstream().await;
    let settings = upstream.settings(&["roads"]).replace("\"0s\"", "\"10ms\"");
    let secret = "config = { key = { file = \"key\" } }\n";
    let folder = Folder::new(
        &format!("{settings}{secret}"),
        &[("roads", &connector("roads", "key"))],
    );
    std::fs::write(folder.path("key"), "first-key\n").unwrap();
    let mut running = Running::start(folder.command(&["serve"]));
    assert_eq!(
        ask(&running, "{ roads }").await["data"]["roads"],
        "first-key"
    );
    std::fs::write(folder.path("key"), "other-key\n").unwrap();
    running.until("reloaded");
    assert_eq!(
        ask(&running, "{ roads }").await["data"]["roads"],
        "other-key"
    );
    write(&folder, "roads", &connector("roads", "b"));
    running.until("reloaded");
    assert_eq!(ask(&running, "{ roads }").await["data"]["roads"], "B");
    write(&folder, "parks", &connector("parks", "a"));
    running.until("reloaded");
    assert_eq!(
        ask(&running, "{ __type(name: \"Query\") { fields { name } } }").await["data"]["__type"]["fields"]
            [1]["name"],
        "parks"
    );
    let log = running.stop();
    assert!(
        !log.contains("first-key") && !log.contains("other-key"),
        "{log}"
    );
}

#[test(threads)]
async fn wrong_settings_change_nothing() {
    let upstream = upstream().await;
    let settings = upstream.settings(&["roads"]);
    let folder = Folder::new(&settings, &[("roads", &connector("roads", "a"))]);
    let mut running = Running::start(folder.command(&["serve"]));
    let wrong = settings.replace("watch", "wacht");
    std::fs::write(folder.path("sangam.toml"), &wrong).unwrap();
    running.hang_up();
    let error = running.until("an error in the deployment");
    assert_eq!(
        (&error["code"], &error["file"], &error["line"]),
        (&json!("INVALID_SETTINGS"), &json!("sangam.toml"), &json!(2))
    );
    running.until("not reloaded: everything is served as before");
    assert_eq!(ask(&running, "{ roads }").await["data"]["roads"], "A");
    std::fs::write(
        folder.path("sangam.toml"),
        format!("{settings}[admin]\nlisten = \"127.0.0.1:0\"\n"),
    )
    .unwrap();
    running.hang_up();
    let warning = running.until("settings have changed that take effect at the next start");
    assert_eq!(warning["error"], "admin");
    running.until("reloaded");
    running.stop();
}

/// Each reload changes a mapping, while clients send requests: none fails, and memory stays flat.
#[test(threads)]
async fn reloads_under_load_fail_no_request() {
    let upstream = upstream().await;
    let mut settings = upstream.settings(&["roads", "schools"]);
    // There may be more than 50 reloads in a second, and each is waited for by its line.
    settings += "[log]\nlines_per_second = 100000\n";
    let folder = Folder::new(
        &settings,
        &[
            ("roads", &connector("roads", "a")),
            ("schools", &connector("schools", "a")),
        ],
    );
    let mut running = Running::start(folder.command(&["serve"]));
    let ended = Arc::new(AtomicBool::new(false));
    let clients: Vec<_> = (0..4)
        .map(|_| {
            let (url, ended) = (running.url.clone(), Arc::clone(&ended));
            tokio::spawn(async move {
                let client = client();
                let mut requests = 0;
                while !ended.load(Ordering::SeqCst) {
                    let request = client
                        .post(format!("{url}/graphql"))
                        .header("content-type", "application/json")
                        .body(r#"{"query":"{ roads schools }"}"#);
                    let answer: Value = serde_json::from_slice(
                        &request.send().await.unwrap().bytes().await.unwrap(),
                    )
                    .unwrap();
                    assert_eq!(answer.get("errors"), None, "{answer}");
                    assert_eq!(answer["data"]["schools"], "A");
                    let roads = answer["data"]["roads"].as_str().unwrap();
                    assert!(["A", "B"].contains(&roads), "{answer}");
                    requests += 1;
                }
                requests
            })
        })
        .collect();
    let mut memory = Vec::new();
    for round in 0..60 {
        let member = if round % 2 == 0 { "b" } else { "a" };
        write(&folder, "roads", &connector("roads", member));
        running.hang_up();
        running.until("reloaded");
        memory.push(running.memory("VmRSS"));
    }
    ended.store(true, Ordering::SeqCst);
    for client in clients {
        assert!(client.await.unwrap() > 0);
    }
    let (early, late) = (memory[19], memory[59]);
    assert!(
        late < early + 16_000_000,
        "{early} bytes, then {late}: {memory:?}"
    );
    assert_eq!(ask(&running, "{ roads }").await["data"]["roads"], "A");
    running.stop();
}

#[test(threads)]
async fn a_new_certificate_is_used_for_new_connections() {
    let folder = Folder::new(
        "listen = \"127.0.0.1:0\"\nwatch = \"0s\"\n[tls]\ncertificate = \"chain.pem\"\nkey = \"key.pem\"\n",
        &[("roads", &connector("roads", "a"))],
    );
    let renew = || {
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        std::fs::write(folder.path("chain.pem"), made.cert.pem()).unwrap();
        std::fs::write(folder.path("key.pem"), made.signing_key.serialize_pem()).unwrap();
        made.cert.pem()
    };
    let first = renew();
    let mut running = Running::start(folder.command(&["serve"]));
    let url = running.url.replace("127.0.0.1", "localhost");
    let status = async |trusted: &str| {
        sangam::source::tls::install_provider();
        let trusted = reqwest::Certificate::from_pem(trusted.as_bytes()).unwrap();
        let client = reqwest::Client::builder()
            .no_proxy()
            .tls_certs_only([trusted])
            .build()
            .unwrap();
        let request = client.get(format!("{url}/health/ready")).send().await;
        request.map(|response| response.status().as_u16()).ok()
    };
    assert_eq!(status(&first).await, Some(200));
    let second = renew();
    running.hang_up();
    running.until("the certificate is renewed");
    assert_eq!(status(&first).await, None);
    assert_eq!(status(&second).await, Some(200));
    // A key that does not fit: the certificate before stays.
    std::fs::write(folder.path("key.pem"), "no key").unwrap();
    running.hang_up();
    running.until("the certificate cannot be renewed: the one before stays");
    assert_eq!(status(&second).await, Some(200));
    running.stop();
}
