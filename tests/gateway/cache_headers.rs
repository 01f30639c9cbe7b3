//! What the headers of responses allow to clients and shared caches, by those of the upstream: never more than these.

use std::sync::Arc;

use sangam::config::Settings;
use sangam::server::Server;

use super::scripted::{Upstream, gateway, http, settings};

const SCHEMA: &str = r#"
extend schema
  @link(url: "https://specs.apollo.dev/federation/v2.12", import: ["@key"])
  @link(url: "https://specs.apollo.dev/connect/v0.3", import: ["@source", "@connect"])
  @source(name: "s", http: { baseURL: "http://127.0.0.1:9" })
type Query {
  open: String @connect(source: "s", http: { GET: "/open" }, selection: "$.value")
  other: String @connect(source: "s", http: { GET: "/other" }, selection: "$.value")
  signed: String @connect(source: "s"
    http: { GET: "/signed", headers: [{ name: "authorization", from: "authorization" }] } selection: "$.value")
  cookie: String @connect(source: "s"
    http: { GET: "/cookie", headers: [{ name: "cookie", from: "cookie" }] } selection: "$.value")
}
"#;

/// The fields that are requested, `Cache-Control` of `/open` and `/other` (of all others that of `/open`), and that of the
/// response. Numbers of more than 60 are shown as `N`: they are seconds that pass during the test.
const CASES: [(&str, &str, &str, &str); 12] = [
    ("open", "max-age=3600", "", "public, max-age=N"),
    (
        "open",
        "public, max-age=3600, must-revalidate",
        "",
        "public, max-age=N, must-revalidate",
    ),
    (
        "open",
        "max-age=0, s-maxage=3600",
        "",
        "public, max-age=0, s-maxage=N, must-revalidate",
    ),
    (
        "open",
        "s-maxage=3600",
        "",
        "public, max-age=0, s-maxage=N, must-revalidate",
    ),
    (
        "open other",
        "s-maxage=3600",
        "max-age=7200",
        "public, max-age=0, s-maxage=N, must-revalidate",
    ),
    ("open other", "max-age=3600", "no-store", "no-store"),
    ("signed", "max-age=3600", "", "private, max-age=N"),
    ("signed", "public, max-age=3600", "", "public, max-age=N"),
    (
        "signed",
        "max-age=0, s-maxage=3600",
        "",
        "public, max-age=0, s-maxage=N, must-revalidate",
    ),
    (
        "signed other",
        "max-age=3600",
        "max-age=3600",
        "private, max-age=N",
    ),
    ("cookie", "max-age=3600", "", "private, max-age=N"),
    ("cookie", "private, max-age=0", "", "no-store"),
];

async fn start() -> (Upstream, Server) {
    let upstream = Upstream::start().await;
    let gateway = gateway(&upstream, SCHEMA, "", "");
    let mut settings: Settings = settings("");
    settings.general.listen = std::net::SocketAddr::from(([127, 0, 0, 1], 0));
    let server = Server::start(&settings, Arc::new(gateway)).unwrap();
    (upstream, server)
}

/// The header with `N` for each number of more than 60.
fn shown(header: &str) -> String {
    let words = header.split_inclusive(['=', ',']).map(|word| {
        let digits = word.trim_end_matches(',');
        match digits.parse::<u64>() {
            Ok(61..) => word.replace(digits, "N"),
            _ => word.to_owned(),
        }
    });
    words.collect()
}

#[test]
async fn no_more_than_the_upstream_allows() {
    sangam::source::tls::install_provider();
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    for (fields, first, second, expected) in CASES {
        let (upstream, server) = start().await;
        for (path, policy) in [
            ("/open", first),
            ("/signed", first),
            ("/cookie", first),
            ("/other", second),
        ] {
            let headers = format!("content-type: application/json\r\ncache-control: {policy}\r\n");
            upstream.answer(path, http("200 OK", &headers, br#"{"value":"v"}"#));
        }
        // From the upstream, and then from the cache.
        for _ in 0..2 {
            let url = format!("http://{}/graphql", server.address);
            let query = format!("{{ {fields} }}");
            let url = url::Url::parse_with_params(&url, [("query", query)]).unwrap();
            let request = client.get(url).header("authorization", "Bearer a");
            let response = request.header("cookie", "session=a").send().await.unwrap();
            let header = response.headers()["cache-control"].to_str().unwrap();
            assert_eq!(shown(header), expected, "{fields}: {first}; {second}");
        }
    }
}
