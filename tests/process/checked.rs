//! `sangam check` refuses of a named operation what `sangam serve` refuses when a client sends it, in the same words: each
//! limit, each rule. So does `sangam explain`, which shows what costs too much instead of refusing it. One Markdown file for
//! each set of settings.
//!
//! Blocks, in order:
//! - `graphql subgraph`: the only subgraph, a GraphQL service;
//! - `toml settings`: settings of both;
//! - `graphql operation`: a document, which is a file for `check`, and for `serve` a request for each of its operations;
//! - `text refused`: a line for each error, by `serve` with its code; or that nothing is refused.
//!
//! `UPDATE_EXPECT=1` writes what `serve` refuses. That the other commands say the same is asserted with
//! every run.

use axum::routing::post;
use axum::{Json, Router};
use serde_json::{Value, json};

use super::running::{Folder, Running, text};
use crate::support::cases::{Case, Fence, Suite};
use crate::support::harness::block_on_threads;
use crate::support::server::router;

inventory::submit! {
    Suite {
        folders: &["process/checked"],
        fences: &[
            Fence::single("graphql subgraph"),
            Fence::single("toml settings"),
            Fence::input("graphql operation"),
            Fence::expected("text refused"),
        ],
        run: |case| block_on_threads(run(case)),
    }
}

async fn run(case: &Case) -> Vec<Option<String>> {
    // An operation that is not refused gets this.
    let answer = post(|| async { Json(json!({ "data": null })) });
    let service = router(Router::new().route("/graphql", answer)).await;
    let settings = format!(
        "listen = \"127.0.0.1:0\"\n{}[connector.s]\nbase_url = \"{}\"\n",
        case.block("toml settings").unwrap_or_default(),
        service.url("/graphql")
    );
    let schema = case.block("graphql subgraph").unwrap();
    let folder = Folder::new(&settings, &[("s", schema)]);
    let operations = folder.path("operations");
    std::fs::create_dir(&operations).unwrap();
    let documents: Vec<(usize, &str)> = case
        .blocks
        .iter()
        .filter(|block| block.fence == "graphql operation")
        .map(|block| (block.line, block.body.as_str()))
        .collect();
    for (line, document) in &documents {
        std::fs::write(operations.join(format!("_{line}.graphql")), document).unwrap();
    }
    let mut check = folder.command(&["check", "--operations", "operations", "--format", "json"]);
    let checked = check.output().unwrap().stdout;
    let checked: Value = serde_json::from_slice(&checked).unwrap();
    let running = Running::start(folder.command(&["serve"]));
    let mut refused = Vec::new();
    for (line, document) in documents {
        let mut errors = Vec::new();
        for name in names(document) {
            let name = name.as_deref();
            let served = by_serve(&running.url, document, name).await;
            let explained = by_explain(&folder, line, name);
            let shown = |error: &&Refused| error.code != "COST_LIMIT_EXCEEDED";
            let other: Vec<Refused> = served.iter().filter(shown).cloned().collect();
            assert_eq!(explained, other, "{document}");
            errors.extend(served);
        }
        let served: Vec<String> = errors.iter().map(Refused::located).collect();
        let reported = by_check(&checked, line);
        assert_eq!(reported, served, "{document}\n{checked}");
        refused.push(match errors.is_empty() {
            true => "nothing\n".to_owned(),
            false => errors
                .iter()
                .map(|error| format!("{} {}\n", error.code, error.line))
                .collect(),
        });
    }
    running.stop();
    let mut refused = refused.into_iter();
    let blocks = case.blocks.iter();
    blocks
        .map(|block| match block.fence {
            "text refused" => refused.next(),
            _ => None,
        })
        .collect()
}

/// What `check` says of the document at this line.
fn by_check(findings: &Value, line: usize) -> Vec<String> {
    let file = format!("operations/_{line}.graphql");
    let findings = findings.as_array().unwrap().iter();
    let of_file = findings.filter(|finding| finding["labels"][0]["file"] == file.as_str());
    let lines = of_file.map(|finding| {
        assert_eq!(finding["code"], "INVALID_OPERATION");
        let (at, message) = (&finding["labels"][0], finding["message"].as_str().unwrap());
        format!("{}:{}: {message}", at["line"], at["column"])
    });
    lines.collect()
}

/// An error of a refused operation.
#[derive(Debug, Clone, PartialEq)]
struct Refused {
    code: String,
    /// `line:column: message`, or the message alone.
    line: String,
}

impl Refused {
    /// With the start of the document where the error has no location.
    fn located(&self) -> String {
        match self.line.starts_with(|c: char| c.is_ascii_digit()) {
            true => self.line.clone(),
            false => format!("1:1: {}", self.line),
        }
    }
}

/// The names of a document's operations.
fn names(document: &str) -> Vec<Option<String>> {
    let Ok(parsed) = apollo_compiler::ast::Document::parse(document, "document.graphql") else {
        return vec![None];
    };
    let operations = parsed.definitions.iter();
    let operations = operations.filter_map(|definition| definition.as_operation_definition());
    let names = operations.map(|operation| operation.name.as_ref().map(ToString::to_string));
    names.collect()
}

async fn by_serve(url: &str, document: &str, name: Option<&str>) -> Vec<Refused> {
    let body = json!({ "query": document, "operationName": name });
    let request = super::running::client().post(format!("{url}/graphql"));
    let request = request.header("content-type", "application/json");
    errors(&text(request.body(body.to_string())).await)
}

fn by_explain(folder: &Folder, line: usize, name: Option<&str>) -> Vec<Refused> {
    let file = format!("operations/_{line}.graphql");
    let mut arguments = vec!["explain", &file];
    arguments.extend(name.into_iter().flat_map(|name| ["--operation", name]));
    let output = folder.command(&arguments).output().unwrap();
    match output.status.success() {
        true => Vec::new(),
        false => errors(&String::from_utf8(output.stderr).unwrap()),
    }
}

/// The errors of a response without data.
fn errors(response: &str) -> Vec<Refused> {
    let response: Value = serde_json::from_str(response).unwrap();
    if response.get("data").is_some() {
        return Vec::new();
    }
    let errors = response["errors"].as_array().unwrap().iter();
    let errors = errors.map(|error| {
        let message = error["message"].as_str().unwrap();
        let at = &error["locations"][0];
        Refused {
            code: error["extensions"]["code"].as_str().unwrap().to_owned(),
            line: match at.is_null() {
                true => message.to_owned(),
                false => format!("{}:{}: {message}", at["line"], at["column"]),
            },
        }
    });
    errors.collect()
}
