//! The log if an upstream never responds: few lines, with the name of the connector and the number of refused calls.

use std::time::Instant;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use serde_json::{Value, json};

use super::running::{Folder, Running, post, text};
use crate::support::server::{Then, raw};

const CONNECTOR: &str = r#"
extend schema
  @link(url: "https://specs.apollo.dev/federation/v2.11")
  @link(url: "https://specs.apollo.dev/connect/v0.2", import: ["@source", "@connect"])
  @source(name: "hole", http: { baseURL: "https://hole.example" })

type Query {
  depth(n: Int): Int @connect(
    source: "hole"
    http: { GET: "/", queryParams: "n: $args.n" }
    selection: "$"
  )
}
"#;

const REFUSED: usize = 200;

#[test(threads)]
async fn refused_calls_have_few_lines_for_each_department() {
    let hole = raw(Vec::new(), Then::Hold).await;
    let settings = format!(
        "listen = \"127.0.0.1:0\"\n[connector.hole]\nbase_url = \"{}\"\nin_flight = 1\ntimeout = \"100s\"\n",
        hole.url("")
    );
    let folder = Folder::new(&settings, &[("hole", CONNECTOR)]);
    let begun = Instant::now();
    let running = Running::start(folder.command(&["serve"]));
    // Each request makes a call.
    let mut answers: FuturesUnordered<_> = (0..=REFUSED)
        .map(|n| {
            text(post(
                &running.url,
                &format!("{{ depth(n: {n}) }}"),
                &json!({}),
            ))
        })
        .collect();
    for _ in 0..REFUSED {
        let answer = answers.next().await.unwrap();
        assert!(answer.contains("\"kind\":\"BUSY\""), "{answer}");
    }
    drop(answers);
    let log = running.stop();
    let lines: Vec<Value> = log
        .lines()
        .filter(|line| line.contains("BUSY"))
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    for line in &lines {
        assert_eq!(line["message"], "calls were refused before they were made");
        assert_eq!(line["connector"], "hole");
        assert_eq!(line["error"], "as many requests as allowed wait for it");
    }
    assert_eq!(lines[0]["count"], 1, "{log}");
    // One line at once, and one every ten seconds.
    assert!(
        lines.len() as u64 <= 1 + begun.elapsed().as_secs() / 10,
        "{log}"
    );
}
