//! Connectors that are tests, each by itself: `tests/public_apis` (APIs as public bodies document theirs) and `tests/templates`
//! (in the style of public templates). A folder has no error, the warnings in its `warnings.txt` and no others, and specs that
//! pass and use each of its connects and fields.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use sangam::config::{ConnectorSettings, HttpUrl, Settings};
use sangam::connector::{Diagnostic, Folder};
use sangam::gateway::{ConfiguredConnector, Gateway};
use sangam::graph::compose;
use sangam::source::Wires;
use sangam::spec;
use sangam::spec::Suite;

#[test(threads)]
async fn public_apis_are_served_as_their_specs_say() {
    all("public_apis").await;
}

#[test(threads)]
async fn templates_are_served_as_their_specs_say() {
    all("templates").await;
}

async fn all(group: &str) {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests")
        .join(group);
    let folders = super::folders_in(&root);
    assert!(!folders.is_empty(), "no folder was found");
    let mut failures = Vec::new();
    for (path, folder) in folders {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let problems = one(&name, path, folder).await;
        failures.extend(problems.iter().map(|problem| format!("{name}: {problem}")));
    }
    assert!(failures.is_empty(), "\n{}", failures.join("\n\n"));
}

/// What is wrong with a folder and its specs.
async fn one(name: &str, path: PathBuf, folder: Folder) -> Vec<String> {
    let mut diagnostics = folder.diagnostics.clone();
    let Some(subgraph) = folder.subgraph.clone() else {
        return texts(&diagnostics);
    };
    diagnostics.extend(compose(vec![subgraph]).1);
    if diagnostics.iter().any(Diagnostic::is_error) {
        return texts(&diagnostics);
    }
    let mut problems = Vec::new();
    problems.extend(other_warnings(&path, &texts(&diagnostics)));
    problems.extend(not_covered(&path, &folder).await);
    let suite = Suite::new([(path.clone(), folder)], Wires::default());
    for file in spec::files(&path).unwrap() {
        let report = suite.run(name, &file).await;
        problems.extend(report.failures.iter().map(ToString::to_string));
    }
    problems
}

fn texts(diagnostics: &[Diagnostic]) -> Vec<String> {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/");
    let texts = diagnostics.iter().map(Diagnostic::to_text);
    texts.map(|text| text.replace(root, "")).collect()
}

/// Compares the warnings with the folder's `warnings.txt`, or writes it (`UPDATE_EXPECT=1`).
fn other_warnings(path: &Path, warnings: &[String]) -> Option<String> {
    let file = path.join("warnings.txt");
    let expected = std::fs::read_to_string(&file).unwrap_or_default();
    let mut actual = warnings.join("\n\n");
    if !actual.is_empty() {
        actual.push('\n');
    }
    if actual == expected {
        return None;
    }
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        match actual.is_empty() {
            true => std::fs::remove_file(&file).unwrap(),
            false => std::fs::write(&file, &actual).unwrap(),
        }
        return None;
    }
    Some(format!("other warnings than in warnings.txt:\n{actual}"))
}

/// The connects and fields that the folder's specs do not use.
async fn not_covered(path: &Path, folder: &Folder) -> Vec<String> {
    let subgraph = folder.subgraph.as_ref().unwrap();
    let mut settings = ConnectorSettings::default();
    // A folder may leave its address to the deployment.
    settings.common.base_url = HttpUrl::new("https://upstream.example");
    let member = ConfiguredConnector {
        subgraph: subgraph.clone(),
        owner: None,
        description: None,
        settings,
    };
    let gateway = Gateway::new(vec![member], &Settings::default()).unwrap();
    let mut covered = BTreeSet::new();
    for file in spec::files(path).unwrap() {
        // A spec that cannot be read fails when it is run.
        let cases = spec::read(path, &file).map_or_else(|_| Vec::new(), |spec| spec.cases);
        for case in cases {
            super::cover(&gateway, &case.operation, &mut covered).await;
        }
    }
    let missing = super::offered(subgraph).into_iter();
    let missing = missing.filter(|name| !covered.contains(name));
    missing
        .map(|name| format!("no spec covers {name}"))
        .collect()
}
