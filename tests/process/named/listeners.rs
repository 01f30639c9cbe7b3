//! Who may use what: listeners that serve named operations only, and pages of other origins.

use super::*;

async fn status(url: String) -> u16 {
    let (status, _, _) = send(client().get(url)).await;
    status
}

/// The statuses of the paths of a listener.
async fn statuses(url: &str) -> [u16; 5] {
    let paths = [
        "/operations/Parks",
        "/operations",
        "/health/ready",
        "/schema.graphql",
        "/graphql?query=%7Bparks%7Bid%7D%7D",
    ];
    let mut statuses = [0; 5];
    for (index, path) in paths.iter().enumerate() {
        statuses[index] = status(format!("{url}{path}")).await;
    }
    statuses
}

#[test(threads)]
async fn a_listener_of_its_own_serves_named_operations_only() {
    let mut named = Named::start("[operations]\nlisten = \"127.0.0.1:0\"").await;
    let outside = named.running.address("listening for named operations");
    assert_eq!(statuses(&named.running.url).await, [200; 5]);
    assert_eq!(statuses(&outside).await, [200, 200, 200, 404, 404]);
    let request = client()
        .post(format!("{outside}/graphql"))
        .header("content-type", "application/json")
        .body(r#"{"query":"{ parks { id } }"}"#);
    let (status, _, body) = send(request).await;
    assert_eq!(status, 404);
    assert!(!body.contains("/graphql"), "{body}");
    let (_, _, body) = send(client().get(format!("{outside}/"))).await;
    assert!(body.contains("\"operations\""), "{body}");
    named.running.stop();
}

#[test(threads)]
async fn the_listener_of_clients_can_serve_named_operations_only() {
    let named = Named::start("[operations]\nonly = true").await;
    assert_eq!(
        statuses(&named.running.url).await,
        [200, 200, 200, 404, 404]
    );
    named.running.stop();
}

#[test(threads)]
async fn pages_of_other_origins_may_read_named_operations_alone() {
    let settings = "[operations]\norigins = [\"https://news.example\"]\n[cors]\norigins = [\"https://dashboard.example\"]";
    let named = Named::start(settings).await;
    let allowed = async |path: &str, origin: &str| {
        let (_, headers, _) = send(named.get(path).header("origin", origin)).await;
        header(&headers, "access-control-allow-origin").to_owned()
    };
    let (news, dashboard) = ("https://news.example", "https://dashboard.example");
    assert_eq!(allowed("/operations/Parks", news).await, news);
    assert_eq!(allowed("/operations/Nothing", news).await, news);
    assert_eq!(allowed("/operations/Parks", dashboard).await, "");
    assert_eq!(
        allowed("/graphql?query=%7Bparks%7Bid%7D%7D", news).await,
        ""
    );
    assert_eq!(
        allowed("/graphql?query=%7Bparks%7Bid%7D%7D", dashboard).await,
        dashboard
    );
    let url = format!("{}/operations/Plant", named.running.url);
    let preflight = client()
        .request(http::Method::OPTIONS, url)
        .header("origin", news)
        .header("access-control-request-method", "POST")
        .header("access-control-request-headers", "content-type");
    let (status, headers, _) = send(preflight).await;
    assert_eq!(status, 200);
    assert_eq!(header(&headers, "access-control-allow-origin"), news);
    assert_eq!(
        header(&headers, "access-control-allow-methods"),
        "GET,HEAD,POST"
    );
    assert_eq!(header(&headers, "access-control-allow-credentials"), "");
    named.running.stop();
}
