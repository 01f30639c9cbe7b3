//! A result of a hundred thousand rows as a workbook.
#![cfg(target_os = "linux")]

use super::*;

const ROWS: usize = 100_000;

const CONNECTOR: &str = r#"extend schema
  @link(url: "https://specs.apollo.dev/federation/v2.12")
  @link(url: "https://specs.apollo.dev/connect/v0.3", import: ["@source", "@connect"])
  @source(name: "s", http: { baseURL: "https://s.example" })

type Query {
  rows(first: Int!): [Row!] @connect(
    source: "s", http: { GET: "/rows/{$args.first}" }, selection: "$.rows { id name height }"
  )
  number(of: Int!): Int @connect(source: "s", http: { GET: "/numbers/{$args.of}" }, selection: "$.number")
}
type Row { id: ID! name: String height: Float }
"#;

const OPERATIONS: [(&str, &str); 2] = [
    (
        "Rows.graphql",
        "query Rows($first: Int!) { rows(first: $first) { id name height } }\n",
    ),
    (
        "Number.graphql",
        "query Number($of: Int!) { number(of: $of) }\n",
    ),
];

async fn rows(
    State(sent): State<Arc<AtomicUsize>>,
    Path(first): Path<usize>,
) -> impl axum::response::IntoResponse {
    let row =
        |number| json!({ "id": number, "name": format!("Row <{number}> & more"), "height": 1.25 });
    let rows: Vec<Value> = (0..first).map(row).collect();
    sent.fetch_add(1, Ordering::SeqCst);
    axum::Json(json!({ "rows": rows }))
}

async fn number(Path(of): Path<usize>) -> axum::Json<Value> {
    axum::Json(json!({ "number": of }))
}

/// The memory for it is bounded, and another client gets its answers meanwhile.
#[test(threads)]
async fn a_large_workbook_stops_no_other_client() {
    let sent = Arc::new(AtomicUsize::new(0));
    let router = Router::new()
        .route("/rows/{first}", get(rows))
        .route("/numbers/{of}", get(number))
        .with_state(Arc::clone(&sent));
    let upstream = server::router(router).await;
    let settings = format!(
        "listen = \"127.0.0.1:0\"\n[connector.rows]\nbase_url = \"{}\"\n",
        upstream.url("")
    );
    let folder = Folder::new(&settings, &[("rows", CONNECTOR)]);
    let operations = folder.path("schema/operations");
    std::fs::create_dir_all(&operations).unwrap();
    for (name, text) in OPERATIONS {
        std::fs::write(operations.join(name), text).unwrap();
    }
    let running = Running::start(folder.command(&["serve"]));
    let url = |path: &str| format!("{}/operations/{path}", running.url);
    let small = client()
        .get(url("Rows.xlsx?first=10"))
        .send()
        .await
        .unwrap();
    assert_eq!(small.status(), 200);
    let before = running.memory("VmRSS");
    let large = client().get(url(&format!("Rows.xlsx?first={ROWS}")));
    let large = tokio::spawn(async move {
        let response = large.send().await.unwrap();
        (response.status().as_u16(), response.bytes().await.unwrap())
    });
    while sent.load(Ordering::SeqCst) < 2 {
        tokio::task::yield_now().await;
    }
    let other = client();
    let mut answered = 0;
    while !large.is_finished() {
        let response = other
            .get(url(&format!("Number?of={answered}")))
            .send()
            .await;
        let body = response.unwrap().text().await.unwrap();
        assert_eq!(body, format!("{{\"data\":{{\"number\":{answered}}}}}"));
        answered += 1;
    }
    let (status, book) = large.await.unwrap();
    assert_eq!(status, 200, "{}", String::from_utf8_lossy(&book));
    assert!(answered > 5, "{answered} answers meanwhile");
    let rise = running.memory("VmHWM").saturating_sub(before);
    assert!(rise < MOST, "{rise} bytes more");
    let mut archive = zip::ZipArchive::new(std::io::Cursor::new(book)).unwrap();
    let sheet = archive.by_name("xl/worksheets/sheet1.xml").unwrap();
    let sheet = std::io::read_to_string(sheet).unwrap();
    // The first row has the names.
    assert_eq!(sheet.matches("<row ").count(), ROWS + 1);
    running.stop();
}

/// Bytes: the response of the upstream, its rows, the response of the gateway and the workbook.
const MOST: usize = 150_000_000;
