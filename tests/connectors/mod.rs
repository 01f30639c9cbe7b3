//! Connector folders: the diagnostics of invalid ones, and what valid ones are read as.
//!
//! - `tests/connectors/<CODE>*.md`: an invalid folder (its files are the blocks `graphql connector` and `toml connector`)
//!   and its `text diagnostics`. Each code has at least one case. With a block `text folder NAME`, the folder is written to
//!   disk under that name.
//! - `tests/connectors/valid/*.md`: a valid folder. Optional blocks: `graphql normalised` (the schema as the other rooms see
//!   it), `text connects` (the kind of each connect), and `json render COORDINATE` (variables, and under `client` the
//!   client's headers, each a value or a list) followed by `text request`.

mod show;

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use http::{HeaderMap, HeaderName, HeaderValue};
use sangam::connector::diagnostic::{Area, SourceText, code};
use sangam::connector::{Diagnostic, FolderSettings, Subgraph, SubgraphKind, read_sdl};
use sangam::document::Value;

use crate::gateway::scripted::settings;
use crate::support::cases::{Case, Fence, Suite, cases};

inventory::submit! {
    Suite {
        folders: &["connectors"],
        fences: &[
            Fence::single(CONNECTOR),
            Fence::single(SETTINGS),
            Fence::single(DEPLOYMENT),
            Fence::single(FOLDER).named(),
            Fence::expected("text diagnostics"),
        ],
        run: |case| {
            let (_, diagnostics) = read(case);
            let texts = texts(&diagnostics);
            let code = case_code(&case.path);
            let has = diagnostics.iter().any(|diagnostic| diagnostic.code.name == code);
            assert!(has, "no {code} in\n{texts}");
            let blocks = case.blocks.iter();
            let outputs = blocks.map(|block| (block.fence == "text diagnostics").then(|| texts.clone()));
            outputs.collect()
        },
    }
}

inventory::submit! {
    Suite {
        folders: &["connectors/valid"],
        fences: &[
            Fence::single(CONNECTOR),
            Fence::input("json render").named(),
            Fence::expected("graphql normalised"),
            Fence::expected("text connects"),
            Fence::expected("text request"),
        ],
        run: |case| {
            let (subgraph, diagnostics) = read(case);
            assert!(diagnostics.is_empty(), "{}", texts(&diagnostics));
            outcome(case, &subgraph.unwrap())
        },
    }
}

/// The files of a folder, and its name if the case is written to disk.
const CONNECTOR: &str = "graphql connector";
const SETTINGS: &str = "toml connector";

/// The connector's section of `sangam.toml`: with it, values that are not set are reported.
const DEPLOYMENT: &str = "toml deployment";
const FOLDER: &str = "text folder";

fn texts(diagnostics: &[Diagnostic]) -> String {
    let texts: Vec<String> = diagnostics.iter().map(Diagnostic::to_text).collect();
    texts.join("\n\n")
}

#[test]
fn every_code_has_a_case() {
    let files = Suite::of("connectors").files();
    let have: BTreeSet<String> = files.iter().map(|path| case_code(path)).collect();
    let lacking: Vec<&str> = code::ALL
        .iter()
        .filter(|code| code.area == Area::Connector && !have.contains(code.name))
        .map(|code| code.name)
        .collect();
    assert_eq!(lacking, Vec::<&str>::new(), "codes without a case");
    let names: BTreeSet<&str> = code::ALL.iter().map(|code| code.name).collect();
    for name in &have {
        assert!(names.contains(name.as_str()), "{name} is no code");
    }
}

/// The code of a case: the name of its file up to the first `-` or `.`.
fn case_code(path: &Path) -> String {
    let stem = path.file_stem().unwrap().to_string_lossy();
    stem.split('-').next().unwrap().to_owned()
}

fn read(case: &Case) -> (Option<Subgraph>, Vec<Diagnostic>) {
    if let Some((name, _)) = case.named(FOLDER).next() {
        return read_folder(case, name);
    }
    let (mut subgraph, mut diagnostics) = (None, Vec::new());
    if let Some(sdl) = case.block(CONNECTOR) {
        let (read, sdl_diagnostics) = read_sdl("works", "connectors/works/connector.graphql", sdl);
        subgraph = read;
        diagnostics.extend(sdl_diagnostics);
    }
    if let Some(toml) = case.block(SETTINGS) {
        let path = "connectors/works/connector.toml";
        diagnostics.extend(FolderSettings::read("works", path, toml).1);
    }
    if let (Some(toml), Some(subgraph)) = (case.block(DEPLOYMENT), &subgraph) {
        let settings = settings(&format!("[connector.works]\n{toml}"));
        diagnostics.extend(settings.unset_values(subgraph));
    }
    (subgraph, diagnostics)
}

/// Reads a case from disk. Replaces the parts of texts that differ between runs.
fn read_folder(case: &Case, name: &str) -> (Option<Subgraph>, Vec<Diagnostic>) {
    let root = tempfile::tempdir().unwrap();
    let path = root.path().join(name);
    std::fs::create_dir(&path).unwrap();
    for (fence, file) in [
        (CONNECTOR, "connector.graphql"),
        (SETTINGS, "connector.toml"),
    ] {
        if let Some(text) = case.block(fence) {
            std::fs::write(path.join(file), text).unwrap();
        }
    }
    let mut folder = sangam::connector::Folder::read(&path);
    let root = root.path().display().to_string();
    for diagnostic in &mut folder.diagnostics {
        diagnostic.message = diagnostic.message.replace(&root, "connectors");
        for label in &mut diagnostic.labels {
            let path = label.span.source.path.replace(&root, "connectors");
            let text = label.span.source.text.clone();
            label.span.source = Arc::new(SourceText { path, text });
        }
    }
    (folder.subgraph, folder.diagnostics)
}

/// The output for each block.
fn outcome(case: &Case, subgraph: &Subgraph) -> Vec<Option<String>> {
    let mut rendered = String::new();
    let blocks = case.blocks.iter().map(|block| match block.fence {
        "json render" => {
            rendered = render(subgraph, &block.name, &block.body);
            None
        }
        "graphql normalised" => Some(subgraph.schema.to_string()),
        "text connects" => Some(show::kind(&subgraph.kind)),
        "text request" => Some(rendered.clone()),
        _ => None,
    });
    blocks.collect()
}

fn render(subgraph: &Subgraph, coordinate: &str, input: &str) -> String {
    let input = Value::parse_json(input.as_bytes()).unwrap();
    let mut variables = sangam::mapping::Variables::new();
    let mut client = HeaderMap::new();
    for (name, value) in input.as_object().unwrap().iter() {
        if **name != *"client" {
            variables.set(name.to_string(), value.clone());
            continue;
        }
        for (name, values) in value.as_object().unwrap().iter() {
            let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
            let values = values.as_array().unwrap_or(std::slice::from_ref(values));
            for value in values {
                let value = HeaderValue::from_str(value.as_str().unwrap()).unwrap();
                client.append(name.clone(), value);
            }
        }
    }
    let template = match &subgraph.kind {
        SubgraphKind::Connectors { connects, .. } => {
            let connect = connects
                .iter()
                .find(|connect| connect.coordinate == coordinate);
            connect
                .unwrap_or_else(|| panic!("no {coordinate}"))
                .template
                .clone()
                .unwrap()
        }
        SubgraphKind::Service(service) => service.template.clone(),
        SubgraphKind::Native => panic!("nothing to render"),
    };
    match template.render(&variables, &client) {
        Ok(request) => show::request(&request),
        Err(error) => format!("error: {error}"),
    }
}

#[test]
fn the_folders_of_the_departments_are_right() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("connectors");
    let mut texts = Vec::new();
    for entry in std::fs::read_dir(root).unwrap() {
        let path = entry.unwrap().path();
        if path.join("connector.graphql").is_file() {
            let folder = sangam::connector::Folder::read(&path);
            texts.extend(folder.diagnostics.iter().map(Diagnostic::to_text));
        }
    }
    assert!(texts.is_empty(), "{}", texts.join("\n\n"));
}

/// Reading any folder ends, with diagnostics if necessary.
#[test]
fn broken_text_never_ends_the_process() {
    for case in cases("connectors/valid") {
        let sdl = case.block(CONNECTOR).unwrap();
        let boundaries: Vec<usize> = sdl.char_indices().map(|(at, _)| at).collect();
        for (index, at) in boundaries.iter().enumerate().step_by(41) {
            let cut = &sdl[..*at];
            let gap = format!(
                "{cut}{}",
                &sdl[boundaries[(index + 3).min(boundaries.len() - 1)]..]
            );
            let strange = format!("{cut}\u{0}\u{1f600}\"\"\"{}", &sdl[*at..]);
            for text in [cut.to_owned(), gap, strange] {
                let (subgraph, diagnostics) = read_sdl("works", "connector.graphql", &text);
                let shown: String = diagnostics.iter().map(Diagnostic::to_text).collect();
                assert!(subgraph.is_some() || !shown.is_empty(), "{text}");
            }
        }
    }
}

#[test]
fn a_deployment_puts_its_own_address_in_place() {
    let case = |name: &str| {
        let cases = cases("connectors/valid");
        let case = cases.iter().find(|case| case.path.ends_with(name));
        read(case.unwrap()).0.unwrap()
    };
    let variables = r#"{"$args": {"id": "7"}, "$config": {"tenant": "jk"}}"#;
    let mut works = case("entities.md");
    works.set_base_url(None, "http://127.0.0.1:9/x/").unwrap();
    assert!(
        render(&works, "works:Query.work[0]", variables)
            .starts_with("GET http://127.0.0.1:9/x/works/7?tenant=jk\n")
    );
    works
        .set_base_url(Some("works"), "http://127.0.0.1:9")
        .unwrap();
    assert!(
        render(&works, "works:Query.work[0]", variables)
            .starts_with("GET http://127.0.0.1:9/works/7?tenant=jk\n")
    );
    let unknown = works.set_base_url(Some("roads"), "http://127.0.0.1:9");
    assert_eq!(
        unknown.unwrap_err().to_string(),
        "`works` has no source `roads`, but `works`"
    );
    let none = case("without-request.md").set_base_url(None, "http://127.0.0.1:9");
    assert_eq!(
        none.unwrap_err().to_string(),
        "`works` has no source that could have another address"
    );
    let mut service = case("federation-1.md");
    service
        .set_base_url(None, "http://127.0.0.1:9/graphql")
        .unwrap();
    assert_eq!(
        render(&service, "", "{}"),
        "POST http://127.0.0.1:9/graphql\n"
    );
}
