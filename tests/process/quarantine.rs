//! A connector with errors is set aside, and the others are served.

use serde_json::{Value, json};

use super::reload::{Upstream, ask, connector, upstream};
use super::running::{Folder, Running, client, printed};

const STATES: &str = "{ connectors { name status problem } }";

/// What clients see of the connectors, by name; without those that have no problem.
async fn problems(running: &Running) -> Vec<(String, String, String)> {
    let answer = ask(running, STATES).await;
    let connectors = answer["data"]["connectors"].as_array().unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let with_problem = connectors.iter().filter(|one| !one["problem"].is_null());
    with_problem
        .map(|one| {
            (
                text(&one["name"]),
                text(&one["status"]),
                text(&one["problem"]),
            )
        })
        .collect()
}

/// Roads has a mapping that cannot be read.
fn broken() -> String {
    connector("roads", "a").replace("\"$.a\"", "\"$.a->\"")
}

fn serve(upstream: &Upstream, roads: &str) -> Folder {
    let settings = upstream.settings(&["roads", "schools"]);
    Folder::new(
        &settings,
        &[("roads", roads), ("schools", &connector("schools", "a"))],
    )
}

fn write(folder: &Folder, name: &str, text: &str) {
    std::fs::write(
        folder
            .path("connectors")
            .join(name)
            .join("connector.graphql"),
        text,
    )
    .unwrap();
}

#[test(threads)]
async fn at_the_start_the_fields_of_a_wrong_mapping_are_null_with_an_error() {
    let upstream = upstream().await;
    let folder = serve(&upstream, &broken());
    let mut running = Running::start(folder.command(&["serve"]));
    let answer = ask(&running, "{ roads schools }").await;
    assert_eq!(answer["data"], json!({ "roads": null, "schools": "A" }));
    let errors = answer["errors"].as_array().unwrap();
    assert_eq!(errors.len(), 1, "{answer}");
    assert_eq!(errors[0]["path"], json!(["roads"]));
    assert_eq!(
        errors[0]["message"],
        "The request cannot be made: the connector is set aside, because its folder or its settings have errors"
    );
    assert_eq!(errors[0]["extensions"]["service"], "roads");
    let [(name, state, problem)] = &problems(&running).await[..] else {
        panic!("one problem");
    };
    assert_eq!((name.as_str(), state.as_str()), ("roads", "SET_ASIDE"));
    assert!(
        problem.ends_with("(connectors/roads/connector.graphql:6)"),
        "{problem}"
    );
    let ready = client().get(format!("{}/health/ready?details", running.url));
    let ready = ready.send().await.unwrap();
    assert_eq!(ready.status(), 200);
    let ready: Value = serde_json::from_slice(&ready.bytes().await.unwrap()).unwrap();
    assert_eq!(ready["status"], "ready");
    assert_eq!(
        ready["connectors"][0],
        json!({ "name": "roads", "status": "SET_ASIDE" })
    );
    // It is corrected.
    write(&folder, "roads", &connector("roads", "a"));
    running.hang_up();
    running.until("a connector has no problem any more");
    running.until("reloaded");
    assert_eq!(
        ask(&running, "{ roads }").await,
        json!({ "data": { "roads": "A" } })
    );
    let log = running.stop();
    assert_eq!(
        log.matches("a connector is set aside: its fields are null, with an error")
            .count(),
        1,
        "{log}"
    );
}

#[test(threads)]
async fn while_it_runs_the_last_version_without_errors_is_served() {
    let upstream = upstream().await;
    let folder = serve(&upstream, &connector("roads", "a"));
    let mut running = Running::start(folder.command(&["serve"]));
    // A wrong mapping, a schema that is no GraphQL, and a field that another connector has too.
    let theirs = connector("schools", "a");
    for wrong in [broken(), "type Query {".to_owned(), theirs] {
        write(&folder, "roads", &wrong);
        running.hang_up();
        let line =
            running.until("a connector has errors: its last version without errors is served");
        assert_eq!(line["connector"], "roads", "{line}");
        running.until("reloaded");
        let answer = ask(&running, "{ roads schools }").await;
        assert_eq!(answer, json!({ "data": { "roads": "A", "schools": "A" } }));
        let [(name, state, _)] = &problems(&running).await[..] else {
            panic!("one problem");
        };
        assert_eq!((name.as_str(), state.as_str()), ("roads", "UP"));
    }
    running.stop();
}

/// `schools` cannot be served without `roads`, which it refers to; its last version is not forgotten meanwhile.
#[test(threads)]
async fn a_connector_that_needs_a_removed_one_comes_back_with_it() {
    let upstream = upstream().await;
    let roads = connector("roads", "a").replace(
        "type Query {",
        "type Road @key(fields: \"id\") { id: ID! name: String }\ntype Query {\n  road(id: ID!): Road @connect(source: \"s\", \
         http: { GET: \"/?id={$args.id}\" }, entity: true, selection: \"id: a name: b\")",
    );
    let schools = connector("schools", "a").replace(
        "type Query {",
        "type Road @key(fields: \"id\", resolvable: false) { id: ID! }\ntype School { road: Road }\ntype Query {\n  \
         school: School @connect(source: \"s\", http: { GET: \"/\" }, selection: \"road: { id: a }\")",
    );
    let folder = serve(&upstream, &roads);
    write(&folder, "schools", &schools);
    let mut running = Running::start(folder.command(&["serve"]));
    let query = "{ school { road { id } } }";
    let expected = json!({ "data": { "school": { "road": { "id": "A" } } } });
    assert_eq!(ask(&running, query).await, expected);
    let roads_folder = folder.path("connectors/roads");
    let aside = folder.path("roads");
    std::fs::rename(&roads_folder, &aside).unwrap();
    running.hang_up();
    running.until("reloaded");
    std::fs::rename(&aside, &roads_folder).unwrap();
    write(&folder, "schools", "type Query {");
    running.hang_up();
    running.until("reloaded");
    assert_eq!(ask(&running, query).await, expected);
    running.stop();
}

#[test(threads)]
async fn at_the_start_a_folder_that_is_no_graphql_is_left_out() {
    let upstream = upstream().await;
    let folder = serve(&upstream, "type Query {");
    let running = Running::start(folder.command(&["serve"]));
    assert_eq!(
        ask(&running, "{ schools }").await,
        json!({ "data": { "schools": "A" } })
    );
    let [(name, state, _)] = &problems(&running).await[..] else {
        panic!("one problem");
    };
    assert_eq!((name.as_str(), state.as_str()), ("roads", "SET_ASIDE"));
    running.stop();
}

#[test(threads)]
async fn at_the_start_one_of_two_that_do_not_fit_is_left_out() {
    let upstream = upstream().await;
    let folder = serve(&upstream, &connector("schools", "b"));
    let running = Running::start(folder.command(&["serve"]));
    let answer = ask(&running, "{ schools }").await;
    assert_eq!(answer.get("errors"), None, "{answer}");
    assert_eq!(problems(&running).await.len(), 1);
    running.stop();
}

#[test(threads)]
async fn a_missing_secret_fails_only_the_calls_that_read_it() {
    let upstream = upstream().await;
    let settings = upstream.settings(&["schools", "roads"]);
    let secret = "config = { token = { file = \"none\" } }\n";
    let schema = connector("roads", "a").replace(
        "type Query {",
        "type Query {\n  secret: String @connect(source: \"s\", http: { GET: \"/\", headers: [{ name: \"x-token\", \
         value: \"{$config.token}\" }] }, selection: \"$.a\")",
    );
    let folder = Folder::new(
        &format!("{settings}{secret}"),
        &[("roads", &schema), ("schools", &connector("schools", "a"))],
    );
    let mut running = Running::start(folder.command(&["serve"]));
    let answer = ask(&running, "{ secret roads schools }").await;
    assert_eq!(
        answer["data"],
        json!({ "secret": null, "roads": "A", "schools": "A" })
    );
    assert_eq!(
        answer["errors"][0]["message"],
        "The request cannot be made: `$config.token` is not set"
    );
    assert_eq!(problems(&running).await.len(), 1);
    // Once it was there, its version is served when it is missing again.
    let file = folder.path("none");
    std::fs::write(&file, "a-token").unwrap();
    running.hang_up();
    running.until("reloaded");
    std::fs::remove_file(&file).unwrap();
    running.hang_up();
    running.until("a connector has errors: its last version without errors is served");
    running.until("reloaded");
    let answer = ask(&running, "{ secret }").await;
    assert_eq!(answer, json!({ "data": { "secret": "A" } }));
    let log = running.stop();
    assert!(
        log.contains("a connector lacks values: the calls that read them fail"),
        "{log}"
    );
}

#[test(threads)]
async fn strict_refuses_at_the_start_and_changes_nothing_later() {
    let upstream = upstream().await;
    let folder = serve(&upstream, &broken());
    let output = folder.command(&["serve", "--strict"]).output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", printed(&output));
    write(&folder, "roads", &connector("roads", "a"));
    let mut running = Running::start(folder.command(&["serve", "--strict"]));
    write(&folder, "roads", &broken());
    write(&folder, "schools", &connector("schools", "b"));
    running.hang_up();
    running.until("not reloaded: everything is served as before");
    let answer = ask(&running, "{ roads schools }").await;
    assert_eq!(answer, json!({ "data": { "roads": "A", "schools": "A" } }));
    running.stop();
}
