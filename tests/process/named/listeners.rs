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

/// They are trusted documents: a new one too, from the reload on.
#[test(threads)]
async fn named_operations_are_executed_where_only_trusted_documents_are() {
    let mut named = Named::start("[persisted]\nonly = \"enforce\"").await;
    for path in ["Parks", "Parks.csv", "Unnamed", "Echo?id=1"] {
        let (status, _, body) = send(named.get(&format!("/operations/{path}"))).await;
        assert_eq!(status, 200, "{path}: {body}");
    }
    let posted = named.post("/operations/Plant", r#"{"variables":{"id":"1"}}"#);
    assert_eq!(send(posted).await.0, 200);
    let refused =
        |answer: &Value| answer["errors"][0]["extensions"]["code"] == "QUERY_NOT_IN_SAFELIST";
    for text in ["{ parks { name } }", "query Parks { parks { id } }"] {
        let body = json!({ "query": text }).to_string();
        let answer = json(named.post("/graphql", &body)).await;
        assert!(refused(&answer), "{answer}");
    }
    // The text of a named operation may be sent.
    let body = json!({ "query": OPERATIONS[1].1 }).to_string();
    let answer = json(named.post("/graphql", &body)).await;
    assert_eq!(answer["data"]["parks"][0]["id"], "a", "{answer}");
    named.write("Names.graphql", "query Names { parks { name } }\n");
    named.running.hang_up();
    named.running.until("reloaded");
    let answer = json(named.get("/operations/Names")).await;
    assert_eq!(answer["data"]["parks"][0]["name"], "<a>", "{answer}");
    named.running.stop();
}

/// An operation says itself which pages may read it; a change of its file holds from the next reload.
#[test(threads)]
async fn an_operation_may_name_the_origins_of_its_pages() {
    let own = "# Trees.\n#\n# Origins: https://trees.example, http://localhost:*\nquery Trees { parks { id } }\n\
        # Origins: none\nquery Inside { parks { id } }\n";
    for general in ["", "[operations]\norigins = [\"https://news.example\"]"] {
        let mut named = Named::start_with(general, &[("Trees.graphql", own)]).await;
        let url = named.running.url.clone();
        let allowed = async |path: &str, origin: &str| {
            let request = client().get(format!("{url}{path}"));
            let (_, headers, _) = send(request.header("origin", origin)).await;
            header(&headers, "access-control-allow-origin").to_owned()
        };
        let (news, trees) = ("https://news.example", "https://trees.example");
        let of_others = if general.is_empty() { "" } else { news };
        for path in ["/operations/Trees", "/operations/Trees.csv"] {
            assert_eq!(allowed(path, trees).await, trees);
            assert_eq!(
                allowed(path, "http://localhost:8080").await,
                "http://localhost:8080"
            );
            assert_eq!(allowed(path, news).await, "");
        }
        assert_eq!(allowed("/operations/Inside", trees).await, "");
        assert_eq!(allowed("/operations/Inside", news).await, "");
        for path in ["/operations/Parks", "/operations", "/operations/Nothing"] {
            assert_eq!(allowed(path, trees).await, "", "{path}");
            assert_eq!(allowed(path, news).await, of_others, "{path}");
        }
        assert_eq!(
            allowed("/graphql?query=%7Bparks%7Bid%7D%7D", trees).await,
            ""
        );
        // A cache keeps the responses for different origins apart, also that without one.
        let (_, headers, _) = send(named.get("/operations/Trees")).await;
        let mut vary = headers.get_all("vary").iter();
        assert!(
            vary.any(|vary| vary.to_str().unwrap().contains("origin")),
            "{headers:?}"
        );
        let preflight = client()
            .request(http::Method::OPTIONS, format!("{url}/operations/Trees"))
            .header("origin", trees)
            .header("access-control-request-method", "GET")
            .header("access-control-request-headers", "x-request-id");
        let (status, headers, _) = send(preflight).await;
        assert_eq!(status, 200);
        assert_eq!(header(&headers, "access-control-allow-origin"), trees);
        assert_eq!(
            header(&headers, "access-control-allow-methods"),
            "GET,HEAD,POST"
        );
        named.write(
            "Trees.graphql",
            "# Origins: https://forest.example\nquery Trees { parks { id } }\n",
        );
        named.running.hang_up();
        named.running.until("reloaded");
        assert_eq!(allowed("/operations/Trees", trees).await, "");
        let forest = "https://forest.example";
        assert_eq!(allowed("/operations/Trees", forest).await, forest);
        named.running.stop();
    }
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
