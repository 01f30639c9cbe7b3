//! The generated pages and tables of `docs/`, and files of `schema/`. `make docs` (`UPDATE_DOCS=1 cargo nextest run
//! generated_docs`) writes them.

use std::path::Path;

use apollo_compiler::schema::SchemaBuilder;
use sangam::connector::diagnostic::{code, gateway_code, style_code};
use sangam::connector::reference;

use crate::gateway::operations;

/// What `docs/operations.md` says above its table.
const OPERATIONS: &str = include_str!("operations.md");

/// Compares a page of `docs/` with the generated one, or writes it.
fn check(name: &str, page: impl FnOnce(&str) -> String) {
    check_file(&format!("docs/{name}"), page);
}

/// Compares a file with the generated one, or writes it.
fn check_file(name: &str, page: impl FnOnce(&str) -> String) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    let page = page(&written);
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, &page).unwrap();
        return;
    }
    assert!(written == page, "{name} is not up to date: run `make docs`");
}

#[test]
fn configuration() {
    check("configuration.md", |_| sangam::config::markdown());
}

#[test]
fn observability() {
    check("observability.md", |_| sangam::observe::markdown());
}

#[test]
fn directives() {
    check("directives.md", |_| reference::markdown());
    check_file("schema/wire.graphql", |_| reference::wire_sdl());
    check_file("schema/directives.graphql", |_| reference::editor_sdl());
}

/// An editor, which supports GraphQL and this file but not `@link`, reports no error in the connectors of the demonstration and
/// of the tests.
#[test]
fn the_schema_for_editors_fits_the_shipped_connectors() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let directives = std::fs::read_to_string(root.join("schema/directives.graphql")).unwrap();
    let mut connectors = 0;
    let folders = ["connectors", "tests/public_apis", "tests/templates"];
    let entries = folders
        .iter()
        .flat_map(|folder| std::fs::read_dir(root.join(folder)).unwrap());
    for entry in entries {
        let path = entry.unwrap().path().join("connector.graphql");
        let Ok(connector) = std::fs::read_to_string(&path) else {
            continue;
        };
        let schema = SchemaBuilder::new()
            .adopt_orphan_extensions()
            .parse(&directives, "directives.graphql")
            .parse(connector, &path)
            .build();
        let valid = schema.map(|schema| schema.validate().map_err(|invalid| invalid.errors));
        assert!(matches!(valid, Ok(Ok(_))), "{}: {valid:?}", path.display());
        connectors += 1;
    }
    assert!(connectors > 0);
}

#[test]
fn errors() {
    check("errors.md", |page| {
        for mark in ["<!-- generated: kinds -->", "<!-- generated: codes -->"] {
            assert!(page.contains(mark), "docs/errors.md has no `{mark}`");
        }
        sangam::errors::markdown(page)
    });
}

/// The codes of composition and of connectors.
#[test]
fn diagnostics() {
    let mut page = String::from(
        "# Diagnostics\n\nThe stable codes of the errors and warnings that the commands report about connectors, settings and \
         operations. With\n`sangam check --format json` they are a JSON array, each with file, line and column.\n\n\
         <!-- only in the repository -->\nThe tests show the full message of each: `tests/connectors/<CODE>*.md`, \
         `tests/composition/<CODE>*.md`,\n`tests/process/findings/<CODE>*.md` and `tests/style/<CODE>*.md`.\n\n<!-- end -->",
    );
    let areas = [
        ("One connector by itself", code::ALL),
        ("Connectors together", sangam::graph::code::ALL),
        ("The graph", gateway_code::ALL),
        ("The style", style_code::ALL),
    ];
    for (title, codes) in areas {
        page += &format!("\n## {title}\n\n");
        if title == "The style" {
            page += "`sangam check` reports these as warnings, or as the setting `[check] style` says. \
                     [schema-style.md](schema-style.md) has the rules.\n\n";
        }
        page += "| code | what is wrong |\n|---|---|\n";
        let mut codes: Vec<_> = codes.iter().collect();
        codes.sort_by_key(|code| code.name);
        for code in codes {
            page += &format!("| `{}` | {} |\n", code.name, code.summary);
        }
    }
    check("diagnostics.md", |_| page);
}

/// The named operations, as they are at the stand-ins.
#[test]
async fn operations() {
    let mut page = String::from(OPERATIONS);
    page += &operations::table(&operations::measure().await);
    page += "\n<!-- end -->\n";
    check("operations.md", |_| page);
}
