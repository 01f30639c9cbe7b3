//! Pages and tables of `docs/` that are generated: `make docs` (`UPDATE_DOCS=1 cargo nextest run generated_docs`) writes them.

use std::path::Path;

use sangam::connector::diagnostic::code;

/// Compares a page with what it is to be, or writes it.
fn check(name: &str, page: impl FnOnce(&str) -> String) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("docs")
        .join(name);
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    let page = page(&written);
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, &page).unwrap();
        return;
    }
    assert!(
        written == page,
        "docs/{name} is not up to date: run `make docs`"
    );
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
fn errors() {
    check("errors.md", |page| {
        for mark in ["<!-- generated: kinds -->", "<!-- generated: codes -->"] {
            assert!(page.contains(mark), "docs/errors.md has no `{mark}`");
        }
        sangam::errors::markdown(page)
    });
}

/// The codes of composition and of reading a connector.
#[test]
fn diagnostics() {
    let mut page = String::from(
        "# Diagnostics\n\nThe stable codes of the errors and warnings that `sangam check` and `sangam serve` report about connectors. The \
         tests show the full\nmessage of each: `tests/connectors/<CODE>*.md` and `tests/composition/<CODE>*.md`.\n",
    );
    let areas = [
        ("One connector by itself", code::ALL),
        ("Connectors together", sangam::graph::code::ALL),
    ];
    for (title, codes) in areas {
        page += &format!("\n## {title}\n\n| code | what is wrong |\n|---|---|\n");
        let mut codes: Vec<_> = codes.iter().collect();
        codes.sort_by_key(|code| code.name);
        for code in codes {
            page += &format!("| `{}` | {} |\n", code.name, code.summary);
        }
    }
    check("diagnostics.md", |_| page);
}
