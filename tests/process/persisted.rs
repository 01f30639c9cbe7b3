//! Persisted operations over HTTP, manifests of a running gateway, and `sangam operations`.

use reqwest::Response;
use serde_json::{Value, json};

use super::reload::{Upstream, connector, upstream};
use super::running::{Folder, Running, client, printed};
use sangam::persisted::Sha256;

const TEXT: &str = "query Roads { roads }";
const GRAPHQL: &str = "application/graphql-response+json";

struct World {
    _upstream: Upstream,
    folder: Folder,
    running: Running,
}

async fn world(section: &str, files: &[(&str, &str)]) -> World {
    world_that_watches("0s", section, files).await
}

async fn world_that_watches(watch: &str, section: &str, files: &[(&str, &str)]) -> World {
    let upstream = upstream().await;
    let settings = upstream.settings(&["roads"]);
    let settings = settings.replace("\"0s\"", &format!("\"{watch}\""));
    let settings = settings.replace("[connector", &format!("{section}\n[connector"));
    let folder = Folder::new(&settings, &[("roads", &connector("roads", "a"))]);
    for (name, text) in files {
        std::fs::write(folder.path(name), text).unwrap();
    }
    let running = Running::start(folder.command(&["serve"]));
    World {
        _upstream: upstream,
        folder,
        running,
    }
}

impl World {
    async fn post(&self, body: Value, accept: &str) -> Response {
        let request = client().post(format!("{}/graphql", self.running.url));
        let request = request.header("content-type", "application/json");
        let request = request.header("accept", accept).body(body.to_string());
        request.send().await.unwrap()
    }

    async fn get(&self, parameters: &[(&str, &str)]) -> Response {
        let url = format!("{}/graphql", self.running.url);
        let url = reqwest::Url::parse_with_params(&url, parameters).unwrap();
        client().get(url).send().await.unwrap()
    }
}

/// The status, `Cache-Control`, and the data or the code of the first error.
async fn read(response: Response) -> (u16, String, String) {
    let status = response.status().as_u16();
    let cache = response.headers()["cache-control"].to_str().unwrap();
    // The rest of the lifetime is another one each time.
    let cache = cache.split('=').next().unwrap().to_owned();
    let body: Value = serde_json::from_str(&response.text().await.unwrap()).unwrap();
    let text = match body.get("errors") {
        None => body["data"].to_string(),
        Some(errors) => errors[0]["extensions"]["code"].as_str().unwrap().to_owned(),
    };
    (status, cache, text)
}

fn is(status: u16, cache: &str, text: &str) -> (u16, String, String) {
    (status, cache.to_owned(), text.to_owned())
}

fn extensions(hash: &str) -> Value {
    json!({ "persistedQuery": { "version": 1, "sha256Hash": hash } })
}

const DATA: &str = r#"{"roads":"A"}"#;

#[test(threads)]
async fn clients_register_texts_by_post_and_get() {
    let world = world("", &[]).await;
    let hash = Sha256::of(TEXT).to_string();
    let extension = extensions(&hash);
    let not_found = is(200, "no-store", "PERSISTED_QUERY_NOT_FOUND");
    for accept in ["application/json", GRAPHQL] {
        let response = world.post(json!({ "extensions": extension }), accept).await;
        assert_eq!(read(response).await, not_found, "{accept}");
    }
    let by_hash = [("extensions", &*extension.to_string()), ("variables", "{}")];
    assert_eq!(read(world.get(&by_hash).await).await, not_found);
    let with_text = [by_hash[0], ("query", TEXT)];
    assert_eq!(
        read(world.get(&with_text).await).await,
        is(200, "public, max-age", DATA)
    );
    // From now on by the hash alone, and a cache may keep it.
    assert_eq!(
        read(world.get(&by_hash).await).await,
        is(200, "public, max-age", DATA)
    );
    let id = format!("sha256:{hash}");
    let response = world.get(&[("documentId", &id)]).await;
    assert_eq!(read(response).await, is(200, "public, max-age", DATA));
    let response = world.post(json!({ "documentId": id }), GRAPHQL).await;
    assert_eq!(read(response).await, is(200, "public, max-age", DATA));
}

#[test(threads)]
async fn wrong_references_have_statuses_of_their_own() {
    let world = world("", &[]).await;
    let other = Sha256::of("{ roads roads }").to_string();
    for accept in ["application/json", GRAPHQL] {
        for (body, status, code) in [
            (
                json!({ "query": TEXT, "extensions": extensions(&other) }),
                400,
                "PERSISTED_QUERY_MISMATCH",
            ),
            (
                json!({ "extensions": { "persistedQuery": 5 } }),
                400,
                "BAD_REQUEST",
            ),
            (
                json!({ "extensions": { "persistedQuery": { "version": 7, "sha256Hash": other } } }),
                400,
                "BAD_REQUEST",
            ),
            (json!({ "documentId": 5 }), 400, "BAD_REQUEST"),
            (
                json!({ "documentId": "none" }),
                200,
                "PERSISTED_QUERY_NOT_FOUND",
            ),
        ] {
            let response = world.post(body.clone(), accept).await;
            assert_eq!(
                read(response).await,
                is(status, "no-store", code),
                "{accept} {body}"
            );
        }
    }
    // What clients do by themselves is no problem for operators: neither a line nor a refusal.
    let log = world.running.stop();
    assert!(!log.contains("not_persisted"), "{log}");
}

#[test(threads)]
async fn switched_off_they_are_not_supported() {
    let world = world("[persisted]\nautomatic = false\n", &[]).await;
    let hash = Sha256::of(TEXT).to_string();
    let response = world
        .post(json!({ "extensions": extensions(&hash) }), GRAPHQL)
        .await;
    let status = response.status();
    let body: Value = serde_json::from_str(&response.text().await.unwrap()).unwrap();
    assert_eq!(status, 200);
    assert_eq!(
        body,
        json!({ "errors": [{
            "message": "PersistedQueryNotSupported",
            "extensions": { "code": "PERSISTED_QUERY_NOT_SUPPORTED", "sangam": { "kind": "NOT_FOUND" } },
        }] })
    );
}

#[test(threads)]
async fn manifests_are_reloaded_and_a_broken_one_keeps_the_last() {
    let settings = "[persisted]\nmanifests = [\"app.json\"]\nonly = \"enforce\"\n";
    let mut world = world(settings, &[("app.json", r#"{"1": "{ roads }"}"#)]).await;
    let ask = async |world: &World, id: &str| {
        read(world.post(json!({ "doc_id": id }), GRAPHQL).await).await
    };
    let (found, not_found) = (
        is(200, "public, max-age", DATA),
        is(200, "no-store", "PERSISTED_QUERY_NOT_FOUND"),
    );
    assert_eq!(ask(&world, "1").await, found);
    assert_eq!(ask(&world, "2").await, not_found);
    let text = world.post(json!({ "query": TEXT }), GRAPHQL).await;
    assert_eq!(
        read(text).await,
        is(400, "no-store", "QUERY_NOT_IN_SAFELIST")
    );

    let write = |world: &World, text: &str| {
        std::fs::write(world.folder.path("app.json"), text).unwrap();
        world.running.hang_up();
    };
    write(
        &world,
        r#"{"1": "{ roads }", "2": "query Roads { roads }"}"#,
    );
    world.running.until("reloaded");
    assert_eq!(ask(&world, "2").await, found);
    let text = world.post(json!({ "query": TEXT }), GRAPHQL).await;
    assert_eq!(read(text).await, found);

    write(&world, r#"{"1": "{ roads }""#);
    let line = world
        .running
        .until("a manifest has an error: its last version without errors counts");
    assert_eq!(
        line["error"],
        "the manifest is not JSON: unexpected end (app.json:1)"
    );
    world.running.until("reloaded");
    assert_eq!(ask(&world, "2").await, found);

    write(&world, r#"{"3": "{ roads }", "4": "{ schools }"}"#);
    let line = world
        .running
        .until("a trusted document does not fit the schema: its requests are refused");
    assert_eq!(
        (&line["id"], &line["file"]),
        (&json!("4"), &json!("app.json"))
    );
    assert_eq!(ask(&world, "1").await, not_found);
    assert_eq!(ask(&world, "3").await, found);
    assert_eq!(
        ask(&world, "4").await,
        is(400, "no-store", "GRAPHQL_VALIDATION_FAILED")
    );
}

#[test(threads)]
async fn changed_manifests_and_named_operations_are_noticed() {
    let section = "[persisted]\nmanifests = [\"apps\"]\nonly = \"enforce\"\n";
    let mut world = world_that_watches("10ms", section, &[]).await;
    let ask = async |world: &World, query: &str| {
        let response = world.post(json!({ "query": query }), GRAPHQL).await;
        read(response).await.0
    };
    assert_eq!(ask(&world, "{ roads }").await, 400);
    // In another order than they are read, so that each is a change of its own.
    for (folder, file, text, query) in [
        ("apps", "app.json", r#"{"1": "{ roads }"}"#, "{ roads }"),
        (
            "apps",
            "app.json",
            r#"{"1": "{ a: roads }"}"#,
            "{ a: roads }",
        ),
        ("apps", "b.json", r#"{"2": "{ b: roads }"}"#, "{ b: roads }"),
        (
            "schema/operations",
            "C.graphql",
            "{ c: roads }",
            "{ c: roads }",
        ),
    ] {
        let folder = world.folder.path(folder);
        let aside = world.folder.path("aside");
        std::fs::write(&aside, text).unwrap();
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::rename(&aside, folder.join(file)).unwrap();
        world.running.until("reloaded");
        while ask(&world, query).await != 200 {
            world.running.until("reloaded");
        }
    }
}

#[test(threads)]
async fn what_would_be_refused_is_logged_once() {
    let mut world = world("[persisted]\nonly = \"log\"\n", &[]).await;
    for _ in 0..3 {
        let response = world.post(json!({ "query": TEXT }), GRAPHQL).await;
        assert_eq!(read(response).await, is(200, "public, max-age", DATA));
    }
    let message = "an operation that is no trusted document is executed, as persisted.only is log";
    let line = world.running.until(message);
    assert_eq!(line["operation"], "Roads");
    let hash = line["hash"].as_str().unwrap();
    assert_eq!(hash.len(), 12);
    let log = world.running.stop();
    assert_eq!(log.matches(message).count(), 1, "{log}");
}

/// 50,000 operations: the gateway starts at once, answers while it checks them, and needs a bounded amount of memory.
#[test(threads)]
async fn a_large_manifest_takes_bounded_memory() {
    let operation = |number: usize| {
        format!(
            "query Operation{number}($x: Int) {{ a{number}: roads b{number}: roads c{number}: roads }}"
        )
    };
    let members: Vec<String> = (0..50_000)
        .map(|number| {
            format!(
                "{}: {}",
                json!(number.to_string()),
                json!(operation(number))
            )
        })
        .collect();
    let manifest = format!("{{{}}}", members.join(",\n"));
    let bytes = manifest.len();
    let section = "[persisted]\nmanifests = [\"app.json\"]\n";
    let small = world(section, &[("app.json", r#"{"1": "{ roads }"}"#)]).await;
    let large = world(section, &[("app.json", &manifest)]).await;
    let response = large.post(json!({ "documentId": "49999" }), GRAPHQL).await;
    // Not a known variable use, so the answer is its validation error: it was found.
    assert_eq!(read(response).await.2, "GRAPHQL_VALIDATION_FAILED");
    let (before, after) = (small.running.memory("VmRSS"), large.running.memory("VmRSS"));
    let most = 12 * bytes;
    assert!(
        after < before + most,
        "{before}, then {after} bytes for a manifest of {bytes}"
    );
}

fn run(folder: &Folder, arguments: &[&str]) -> (i32, String) {
    let output = folder.command(arguments).output().unwrap();
    (output.status.code().unwrap(), printed(&output))
}

fn deployment() -> Folder {
    let settings = "[persisted]\nmanifests = [\"app.json\"]\nonly = \"enforce\"\n";
    let folder = Folder::new(settings, &[("roads", &connector("roads", "a"))]);
    std::fs::create_dir_all(folder.path("schema/operations")).unwrap();
    let named = "# The roads.\nquery Roads { roads }\n";
    std::fs::write(folder.path("schema/operations/Roads.graphql"), named).unwrap();
    let apollo = json!({
        "format": "apollo-persisted-query-manifest",
        "version": 1,
        "operations": [
            { "id": "7f", "name": "AppRoads", "type": "query", "body": "query AppRoads { roads }" },
        ],
    });
    std::fs::write(folder.path("app.json"), apollo.to_string()).unwrap();
    folder
}

#[test]
fn operations_are_listed() {
    let folder = deployment();
    let id = Sha256::of("# The roads.\nquery Roads { roads }\n");
    let (status, text) = run(&folder, &["operations"]);
    let expected = format!(
        "AppRoads  query     {:64}  app.json\nRoads     query     {id}  schema/operations/Roads.graphql\n",
        "7f"
    );
    assert_eq!((status, text), (0, expected));
    std::fs::write(folder.path("app.json"), "{").unwrap();
    let (status, text) = run(&folder, &["operations"]);
    assert_eq!(status, 1, "{text}");
    assert!(
        text.contains("error[INVALID_MANIFEST]: the manifest is not JSON: unexpected end"),
        "{text}"
    );
}

/// Only clients are restricted.
#[test]
fn any_operation_can_be_explained() {
    let (status, text) = run(&deployment(), &["explain", "{ roads }"]);
    assert_eq!(status, 0, "{text}");
}

#[test]
fn a_manifest_is_printed_in_each_form_and_checked() {
    let folder = deployment();
    for form in ["apollo", "relay", "codegen"] {
        let (status, text) = run(&folder, &["operations", "--manifest", form]);
        assert_eq!(status, 0, "{text}");
        let manifest: Value = serde_json::from_str(&text).unwrap();
        let body = "# The roads.\nquery Roads { roads }\n";
        let id = Sha256::of(body).to_string();
        let expected = match form {
            "apollo" => json!({
                "format": "apollo-persisted-query-manifest",
                "version": 1,
                "operations": [{ "id": id, "name": "Roads", "type": "query", "body": body }],
            }),
            _ => json!({ &id: body }),
        };
        assert_eq!(manifest, expected, "{form}");
        std::fs::write(folder.path("printed.json"), &text).unwrap();
        let (status, text) = run(&folder, &["operations", "--check", "printed.json"]);
        assert_eq!(
            (status, &*text),
            (0, "1 operation fits the schema\n"),
            "{form}"
        );
    }
}

#[test]
fn a_manifest_that_does_not_fit_is_shown_at_its_place() {
    let folder = deployment();
    let manifest = "{\n  \"1\": \"{ roads }\",\n  \"2\": \"query Wrong {\\n  raods\\n}\"\n}\n";
    std::fs::write(folder.path("wrong.json"), manifest).unwrap();
    let (status, text) = run(&folder, &["operations", "--check", "wrong.json"]);
    assert_eq!(status, 1, "{text}");
    assert!(text.contains("wrong.json:3:26"), "{text}");
    assert!(text.contains("in the operation with the id 2"), "{text}");
    let (status, text) = run(&folder, &["operations", "--check", "missing.json"]);
    assert_eq!(status, 1, "{text}");
    assert!(text.contains("missing.json cannot be read: "), "{text}");
    std::fs::remove_dir_all(folder.path("schema")).unwrap();
    let (status, text) = run(&folder, &["operations", "--manifest", "apollo"]);
    assert_eq!(status, 2, "{text}");
    assert!(
        text.contains("there is no folder of named operations"),
        "{text}"
    );
}
