//! Arguments with `@confidential`: no request whose URL would have the value is executed, and no log has it.

use axum::Router;
use axum::routing::post;
use sangam::persisted::Sha256;
use serde_json::{Value, json};

use super::running::{Folder, Running, client};
use crate::support::server;

const CONNECTOR: &str = r#"extend schema
  @link(url: "https://specs.apollo.dev/federation/v2.12", import: ["@key"])
  @link(url: "https://specs.apollo.dev/connect/v0.4", import: ["@source", "@connect"])
  @link(url: "https://specs.sangam.dev/wire/v0.1", import: ["@confidential"])
  @source(name: "s", http: { baseURL: "https://post.example" })

type Query {
  parcel("The number." number: ID! @confidential): Parcel
    @connect(source: "s", http: { POST: "/track", body: "number: $args.number" }, selection: "$ { status }")
  found("Which." by: Search): Parcel
    @connect(source: "s", http: { POST: "/track", body: "number: $args.by.sender.number" }, selection: "$ { status }")
  "What everybody may see."
  office: Parcel @connect(selection: "$({ status: 'open' }) { status }")
}
input Search { town: String sender: Sender }
input Sender { number: ID @confidential }
type Parcel { status: String }
"#;

/// The value that must not be in a log.
const NUMBER: &str = "canary-4711";

const PARCEL: &str = "query Parcel($number: ID!) { parcel(number: $number) { status } }";

type Refused<'r> = (&'r str, Vec<(&'r str, &'r str)>, &'r str, &'r str);

fn with_query(url: &str, parameters: &[(&str, &str)]) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(parameters);
    format!("{url}?{}", query.finish())
}

#[test(threads)]
async fn a_confidential_argument_is_sent_by_post_alone() {
    let upstream = Router::new().route(
        "/track",
        post(async || axum::Json(json!({ "status": "on its way" }))),
    );
    let upstream = server::router(upstream).await;
    let settings = format!(
        "listen = \"127.0.0.1:0\"\nwatch = \"0s\"\n[log]\nlevel = \"debug\"\nrequests = \"all\"\n[connector.parcels]\nbase_url = \"{}\"\n",
        upstream.url("")
    );
    let folder = Folder::new(&settings, &[("parcels", CONNECTOR)]);
    let operations = folder.path("schema/operations");
    std::fs::create_dir_all(&operations).unwrap();
    // The comment does not say `POST only`.
    std::fs::write(operations.join("Parcel.graphql"), PARCEL).unwrap();
    let running = Running::start(folder.command(&["serve"]));
    let url = |path: &str| format!("{}{path}", running.url);
    let variables = json!({ "number": NUMBER });

    // By POST it is executed, and its text registered.
    let extensions =
        json!({ "persistedQuery": { "version": 1, "sha256Hash": Sha256::of(PARCEL).to_string() } });
    let body = json!({ "query": PARCEL, "variables": variables, "extensions": extensions });
    let expected = json!({ "data": { "parcel": { "status": "on its way" } } });
    let sent = |path: &str, body: &Value| {
        let request = client().post(url(path));
        let request = request.header("content-type", "application/json");
        request.body(body.to_string()).send()
    };
    for (path, body) in [
        ("/graphql", body),
        (
            "/graphql",
            json!({ "variables": variables, "extensions": extensions }),
        ),
        ("/operations/Parcel", json!({ "variables": variables })),
    ] {
        let response = sent(path, &body).await.unwrap();
        assert_eq!(response.status(), 200, "{path}");
        let answer: Value = serde_json::from_str(&response.text().await.unwrap()).unwrap();
        assert_eq!(answer, expected, "{path}");
    }

    let (variables, extensions) = (variables.to_string(), extensions.to_string());
    let literal = format!("{{ parcel(number: \"{NUMBER}\") {{ status }} }}");
    let nested = "query ($by: Search) { office { status } ...Found } fragment Found on Query { found(by: $by) { status } }";
    let of_parcel = "Query.parcel(number:) must not be in a URL: send a POST request";
    let of_found = "Query.found(by:) must not be in a URL: send a POST request";
    let json_type = "application/json";
    // The path, the query string, the media type of the response, and the reason.
    let refused: [Refused<'_>; 6] = [
        (
            "/graphql",
            vec![("query", PARCEL), ("variables", &variables)],
            json_type,
            of_parcel,
        ),
        (
            "/graphql",
            vec![("extensions", &extensions), ("variables", &variables)],
            json_type,
            of_parcel,
        ),
        ("/graphql", vec![("query", &literal)], json_type, of_parcel),
        (
            "/graphql",
            vec![
                ("query", nested),
                ("variables", r#"{"by":{"sender":{"number":"canary-4711"}}}"#),
            ],
            json_type,
            of_found,
        ),
        (
            "/graphql",
            vec![("query", PARCEL), ("variables", &variables)],
            "text/event-stream",
            of_parcel,
        ),
        (
            "/operations/Parcel",
            vec![("number", NUMBER)],
            json_type,
            "The operation is sent by POST alone: its variables are to stand in no URL",
        ),
    ];
    for (path, query, accept, message) in refused {
        let url = with_query(&url(path), &query);
        let request = client().get(&url).header("accept", accept);
        let response = request.send().await.unwrap();
        let (status, allow) = (response.status(), response.headers().get("allow").cloned());
        let body = response.text().await.unwrap();
        assert_eq!(status, 405, "{path} {accept}: {body}");
        assert_eq!(allow.unwrap(), "POST", "{path} {accept}");
        assert!(body.contains(message), "{path} {accept}: {body}");
        assert!(body.contains("METHOD_NOT_ALLOWED"), "{body}");
        assert!(!body.contains("canary"), "{body}");
        let head = client().head(&url).send().await.unwrap();
        assert_eq!(head.status(), 405, "{path}");
    }
    // Other operations of the same graph are not affected.
    let query = [("query", "{ office { status } found { status } }")];
    let request = client().get(with_query(&url("/graphql"), &query));
    assert_eq!(request.send().await.unwrap().status(), 200);
    let log = running.stop();
    assert!(!log.contains("canary"), "{log}");
}
