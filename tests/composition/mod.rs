//! Composition: each `*.md` in this folder is a case.
//!
//! Blocks:
//! - `graphql subgraph NAME` for each connector, or `graphql given supergraph`;
//! - `graphql api` (the public schema), `graphql supergraph` and `text diagnostics` are expected. A case without a
//!   `text diagnostics` block must have no diagnostics, and a case without errors must compose.
//!
//! `UPDATE_EXPECT=1` writes the output into the blocks of the case; compare it with the prose before you commit it.

use std::collections::BTreeSet;
use std::path::PathBuf;

use apollo_compiler::Schema;
use sangam::config::{ConnectorSettings, Settings};
use sangam::connector::{Diagnostic, Folder, Subgraph, SubgraphKind, read_sdl};
use sangam::gateway::{ConfiguredConnector, Gateway};
use sangam::graph::{Composed, compose, compose_remainder, style, supergraph};

use crate::support::cases::{Case, Fence, Suite, cases};

inventory::submit! {
    Suite {
        folders: &["composition"],
        fences: &[
            // Not single: two subgraphs with one name are a case.
            Fence::input(SUBGRAPH).named(),
            Fence::single(GIVEN),
            Fence::expected("graphql api"),
            Fence::expected("graphql supergraph"),
            Fence::expected("text diagnostics"),
        ],
        run: |case| {
            the_order_of_connectors_changes_nothing(case);
            a_supergraph_written_and_read_is_the_same_graph(case);
            outcome(case)
        },
    }
}

const SUBGRAPH: &str = "graphql subgraph";
const GIVEN: &str = "graphql given supergraph";

fn the_order_of_connectors_changes_nothing(case: &Case) {
    let forwards = compose_case(case);
    let (mut reversed, _) = subgraphs(case);
    reversed.reverse();
    let backwards = compose(reversed);
    let sdl =
        |composed: &Option<Composed>| composed.as_ref().map(|composed| composed.api_sdl.clone());
    assert_eq!(sdl(&forwards.0), sdl(&backwards.0));
    let joins = |composed: Option<Composed>| composed.map(|composed| composed.joins);
    assert_eq!(joins(forwards.0), joins(backwards.0));
}

fn a_supergraph_written_and_read_is_the_same_graph(case: &Case) {
    let (Some(composed), _) = compose_case(case) else {
        return;
    };
    let api = Schema::parse_and_validate(&composed.api_sdl, "api.graphql").unwrap();
    let lost = sangam::graph::schema_diff::changes(&composed.api, &api);
    assert!(lost.is_empty(), "{lost:?}");
    let sdl = supergraph::write(&composed);
    let schema = Schema::parse_and_validate(&sdl, "supergraph.graphql");
    assert!(schema.is_ok(), "{}\n{sdl}", schema.unwrap_err());
    let (mut read, diagnostics) = supergraph::read("supergraph.graphql", &sdl);
    for (read, original) in read.iter_mut().zip(composed.subgraphs.iter()) {
        if matches!(original.kind, SubgraphKind::Native) {
            read.kind = SubgraphKind::Native;
        }
    }
    assert_eq!(texts(&diagnostics), "", "{sdl}");
    let (again, diagnostics) = compose(read);
    let again = again.unwrap_or_else(|| panic!("{}\n{sdl}", texts(&diagnostics)));
    assert_eq!(composed.api_sdl, again.api_sdl, "{sdl}");
    assert_eq!(composed.joins, again.joins, "{sdl}");
    assert_eq!(sdl, supergraph::write(&again));
}

fn texts(diagnostics: &[Diagnostic]) -> String {
    let texts: Vec<String> = diagnostics.iter().map(Diagnostic::to_text).collect();
    texts.join("\n\n")
}

/// The departments' folders, as `serve` reads them.
fn departments() -> Vec<Subgraph> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("connectors");
    let mut folders: Vec<PathBuf> = std::fs::read_dir(root)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.join("connector.graphql").is_file())
        .collect();
    folders.sort();
    let read = |path: &PathBuf| Folder::read(path).subgraph.unwrap();
    folders.iter().map(read).collect()
}

#[test]
fn the_departments_survive_the_supergraph() {
    let (composed, diagnostics) = compose(departments());
    let texts: Vec<String> = diagnostics
        .iter()
        .map(|diagnostic| diagnostic.to_text())
        .collect();
    let composed = composed.unwrap_or_else(|| panic!("{}", texts.join("\n")));
    let sdl = supergraph::write(&composed);
    Schema::parse_and_validate(&sdl, "supergraph.graphql").unwrap();
    let (read, diagnostics) = supergraph::read("supergraph.graphql", &sdl);
    let texts: Vec<String> = diagnostics
        .iter()
        .map(|diagnostic| diagnostic.to_text())
        .collect();
    assert_eq!(read.len(), composed.subgraphs.len(), "{}", texts.join("\n"));
    let again = compose(read).0.unwrap();
    assert_eq!(composed.api_sdl, again.api_sdl);
    assert_eq!(composed.joins, again.joins);
    let coordinates = |composed: &Composed| -> Vec<String> {
        let connects = composed
            .subgraphs
            .iter()
            .map(|subgraph| match &subgraph.kind {
                SubgraphKind::Connectors { connects, .. } => connects.as_slice(),
                _ => &[],
            });
        connects
            .flatten()
            .map(|connect| connect.coordinate.clone())
            .collect()
    };
    assert_eq!(coordinates(&composed), coordinates(&again));
}

fn gateway_of_departments() -> Gateway {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let members = departments()
        .into_iter()
        .map(|subgraph| ConfiguredConnector {
            subgraph,
            owner: None,
            description: None,
            settings: ConnectorSettings::default(),
        });
    Gateway::new(members.collect(), &Settings::default()).unwrap()
}

/// `sangam check` reads the folders. What the gateway itself adds to the graph keeps the rules of the style, too.
#[test]
fn what_the_gateway_adds_keeps_the_style() {
    let gateway = gateway_of_departments();
    let subgraphs: Vec<Subgraph> = gateway.composed().subgraphs.to_vec();
    let findings = style::check(&subgraphs);
    let findings = findings.iter().filter(|finding| {
        // As many connectors as the deployment has folders; and an `id` is made from the key, without a call.
        let is_meant = (finding.code.name == "STYLE_LIST_SIZE"
            && finding.message.contains("Query.connectors"))
            || (finding.code.name == "STYLE_NON_NULL" && finding.message.contains(".id`"));
        !is_meant
    });
    let findings: Vec<String> = findings.map(ToString::to_string).collect();
    assert!(findings.is_empty(), "{}", findings.join("\n\n"));
}

/// The public schema is in the repository, so that a review sees each change with its impact on clients.
#[test]
fn the_public_contract_is_kept() {
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("schema/api.graphql");
    // With the fields of the gateway's connector, as `sangam schema` prints it.
    let gateway = gateway_of_departments();
    let composed = gateway.composed();
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::write(&file, &composed.api_sdl).unwrap();
    }
    let text = std::fs::read_to_string(&file).unwrap();
    let before = Schema::parse_and_validate(&text, &file).unwrap();
    let changes = sangam::graph::schema_diff::changes(&before, &composed.api);
    let changes: Vec<String> = changes.iter().map(ToString::to_string).collect();
    assert!(
        text == composed.api_sdl,
        "schema/api.graphql is not what the connectors give; UPDATE_EXPECT=1 writes it. Changes:\n{}",
        changes.join("\n")
    );
}

#[test]
fn the_rest_composes_without_the_offender() {
    let read = |name: &str, sdl: &str| {
        let (subgraph, _) = read_sdl(name, &format!("{name}.graphql"), &format!("{sdl}{LINKS}"));
        subgraph.unwrap()
    };
    let rest = compose_remainder(vec![
        read(
            "a",
            "type Query { x: Int @shareable, t: T } type T @shareable { n: Int }",
        ),
        read("b", "type Query { u: T } type T @shareable { n: Int }"),
        read(
            "c",
            "type Query { x: String @shareable } type T @shareable { n: [Int] }",
        ),
        read("d", "type Query { y: T } type T { n: Int }"),
    ]);
    let left: Vec<_> = rest
        .left_out
        .iter()
        .map(|out| {
            let codes: Vec<_> = out
                .diagnostics
                .iter()
                .map(|diagnostic| diagnostic.code.name)
                .collect();
            format!("{}: {}", out.connector, codes.join(" "))
        })
        .collect();
    assert_eq!(
        left,
        [
            "c: FIELD_TYPE_MISMATCH FIELD_TYPE_MISMATCH",
            "d: INVALID_FIELD_SHARING"
        ]
    );
    let composed = rest.composed.unwrap();
    let names = composed
        .subgraphs
        .iter()
        .map(|subgraph| subgraph.name.as_str());
    assert_eq!(names.collect::<Vec<_>>(), ["a", "b"]);
}

#[test]
fn every_code_has_a_case() {
    let mut shown = BTreeSet::new();
    for case in cases("composition") {
        let (_, diagnostics) = compose_case(&case);
        shown.extend(diagnostics.iter().map(|diagnostic| diagnostic.code.name));
    }
    let missing: Vec<_> = sangam::graph::code::ALL
        .iter()
        .map(|code| code.name)
        .filter(|name| !shown.contains(name))
        .collect();
    assert!(missing.is_empty(), "codes without a case: {missing:?}");
}

/// The output of a case for each of its blocks. Unexpected diagnostics fail the case.
fn outcome(case: &Case) -> Vec<Option<String>> {
    let (composed, diagnostics) = compose_case(case);
    let diagnostics = texts(&diagnostics);
    let expected = case.block("text diagnostics").is_some();
    assert!(
        expected || diagnostics.is_empty(),
        "not expected:\n{diagnostics}"
    );
    let composed = composed.as_ref();
    let blocks = case.blocks.iter().map(|block| match block.fence {
        "text diagnostics" => Some(diagnostics.clone()),
        "graphql api" => Some(composed.map_or(String::new(), |composed| composed.api_sdl.clone())),
        "graphql supergraph" => Some(composed.map(supergraph::write).unwrap_or_default()),
        _ => None,
    });
    blocks.collect()
}

fn compose_case(case: &Case) -> (Option<Composed>, Vec<Diagnostic>) {
    let (subgraphs, mut diagnostics) = subgraphs(case);
    if diagnostics.iter().any(Diagnostic::is_error) {
        return (None, diagnostics);
    }
    let (composed, composition_diagnostics) = compose(subgraphs);
    diagnostics.extend(composition_diagnostics);
    (composed, diagnostics)
}

fn subgraphs(case: &Case) -> (Vec<Subgraph>, Vec<Diagnostic>) {
    if let Some(sdl) = case.block(GIVEN) {
        return supergraph::read("supergraph.graphql", sdl);
    }
    let read = |(name, sdl): (&str, &str)| {
        // Common definitions are appended, so that line numbers match the case.
        let is_service = !sdl.contains("@link(");
        let sdl = format!("{sdl}{}", if is_service { LINKS } else { "" });
        let (subgraph, diagnostics) = read_sdl(name, &format!("{name}.graphql"), &sdl);
        let texts: Vec<String> = diagnostics
            .iter()
            .map(|diagnostic| diagnostic.to_text())
            .collect();
        let mut subgraph =
            subgraph.unwrap_or_else(|| panic!("{}: {}", case.path.display(), texts.join("\n")));
        if is_service {
            subgraph.kind = SubgraphKind::Native;
        }
        subgraph
    };
    let subgraphs: Vec<Subgraph> = case.named(SUBGRAPH).map(read).collect();
    assert!(!subgraphs.is_empty(), "nothing to compose");
    (subgraphs, Vec::new())
}

/// A subgraph of a case without links is a Federation 2 service.
const LINKS: &str = r#"
extend schema
  @link(url: "https://specs.sangam.dev/wire/v0.1", import: ["@graphql"])
  @graphql(url: "https://service.example/graphql")
  @link(url: "https://specs.apollo.dev/federation/v2.12", import: [
    "@key" "@requires" "@provides" "@external" "@extends" "@shareable" "@override" "@tag" "@inaccessible"
    "@composeDirective" "@interfaceObject" "@authenticated" "@requiresScopes" "@policy" "@context" "@fromContext"
    "@cost" "@listSize" "@cacheTag"
  ])
"#;
