//! Files as pandas and openpyxl read them, and the certificate as pypdf does. `PYTHON_ORACLE` is a Python that has them;
//! `scripts/oracle-python` makes it.

use std::path::{Path, PathBuf};
use std::process::Command;

use apollo_compiler::Schema;
use sangam::budget::{Account, Budget};
use sangam::formats::{CsvOptions, NdjsonOptions, Shape, XlsxOptions, csv, ndjson, xlsx};
use sangam_demo::{Options, departments};
use tempfile::TempDir;

use crate::process::citizen::certified;
use crate::process::running::{Folder, Running};

const SCHEMA: &str = "
    type Query { works: [Work] }
    type Work { code: ID! title: String spentInRupees: Decimal share: Float count: Int isOpen: Boolean startedOn: Date seenAt: DateTime month: Month visits: [Visit] }
    type Visit { day: Date }
    scalar Decimal scalar Date scalar DateTime scalar Month";

const OPERATION: &str = "query Works { works { code title spentInRupees share count isOpen startedOn seenAt month visits { day } } }";

#[test]
#[ignore = "needs packages from PyPI: scripts/oracle-python runs it"]
fn pandas_and_openpyxl_read_every_type() {
    let data = include_str!("works.json");
    let files = Files::new(data);
    files.write(Some(
        r#"[{"message":"The service cannot be reached","path":["works"]}]"#,
    ));
    python("every_type.py", &[files.folder.path()]);
}

#[test]
#[ignore = "needs packages from PyPI: scripts/oracle-python runs it"]
fn pandas_and_openpyxl_read_a_hundred_thousand_rows() {
    let rows = (0..100_000).map(|row| {
        format!(
            r#"{{"code":"{row:06}","title":"=Road, \"{row}\"","spentInRupees":"{row}.50","share":0.25,"count":{row},"isOpen":true,"startedOn":"2026-10-31","seenAt":"2026-10-31T18:00:00Z","month":"2026-10","visits":[]}}"#
        )
    });
    let data = format!(r#"{{"works":[{}]}}"#, rows.collect::<Vec<_>>().join(","));
    let files = Files::new(&data);
    files.write(None);
    python("many_rows.py", &[files.folder.path()]);
}

#[test(threads)]
#[ignore = "needs packages from PyPI: scripts/oracle-python runs it"]
async fn pandas_and_openpyxl_read_the_urls_of_the_sample_graph() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let operations = root.join("schema/operations");
    let mut settings = format!("listen = \"127.0.0.1:0\"\noperations = {operations:?}\n");
    let (mut standins, mut connectors) = (Vec::new(), Vec::new());
    for department in departments() {
        let standin = department.start(Options::default()).await.unwrap();
        settings += &format!("\n{}", department.settings(&standin.url()));
        standins.push(standin);
        let schema = root.join("connectors").join(department.name);
        let schema = std::fs::read_to_string(schema.join("connector.graphql")).unwrap();
        connectors.push((department.name, schema));
    }
    let connectors: Vec<(&str, &str)> = connectors
        .iter()
        .map(|(name, schema)| (*name, &**schema))
        .collect();
    let folder = Folder::new(&settings, &connectors);
    let running = Running::start(folder.command(&["serve"]));
    let gateway = running.url.clone();
    let page = root.join("docs/operations.md");
    let reading = move || python("urls.py", &[Path::new(&gateway), &operations, &page]);
    tokio::task::spawn_blocking(reading).await.unwrap();
}

#[test(threads)]
#[ignore = "needs packages from PyPI: scripts/oracle-python runs it"]
async fn pypdf_opens_the_certificate() {
    let certified = certified().await;
    let url = certified.url.clone();
    let reading = move || python("certificate.py", &[Path::new(&url)]);
    tokio::task::spawn_blocking(reading).await.unwrap();
}

/// The files of one response, in a folder.
struct Files<'d> {
    shape: Shape,
    data: &'d [u8],
    account: Account,
    folder: TempDir,
}

impl Files<'_> {
    fn new(data: &str) -> Files<'_> {
        let schema = Schema::parse_and_validate(SCHEMA, "schema.graphql").unwrap();
        Files {
            shape: crate::formats::shape(&schema, OPERATION),
            data: data.as_bytes(),
            account: Budget::unbounded().account(usize::MAX),
            folder: tempfile::tempdir().unwrap(),
        }
    }

    fn write(&self, errors: Option<&str>) {
        let errors = errors.map(str::as_bytes);
        let mut options = XlsxOptions::new(Some("2026-11-30T18:30:00Z".parse().unwrap()));
        options.errors = errors;
        let workbook = xlsx(&self.shape, self.data, &options, &self.account);
        self.file("works.xlsx", &workbook.unwrap());
        for byte_order_mark in [false, true] {
            let options = CsvOptions {
                path: None,
                byte_order_mark,
            };
            let name = if byte_order_mark {
                "excel.csv"
            } else {
                "works.csv"
            };
            let file = csv(&self.shape, self.data, options, &self.account);
            self.file(name, &file.unwrap());
        }
        let options = NdjsonOptions { path: None, errors };
        let file = ndjson(&self.shape, self.data, options, &self.account);
        self.file("works.ndjson", &file.unwrap());
    }

    fn file(&self, name: &str, bytes: &[u8]) {
        std::fs::write(self.folder.path().join(name), bytes).unwrap();
    }
}

/// Runs a program of this folder.
#[allow(
    clippy::print_stdout,
    reason = "what the program found is shown with --nocapture"
)]
fn python(program: &str, arguments: &[&Path]) {
    let python = std::env::var_os("PYTHON_ORACLE").expect("PYTHON_ORACLE, by the script");
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/oracle/formats");
    let mut command = Command::new(python);
    let output = command
        .arg("-B")
        .arg(folder.join(program))
        .args(arguments)
        .output();
    let output = output.expect("python");
    let printed = |text: &[u8]| String::from_utf8_lossy(text).into_owned();
    let (out, errors) = (printed(&output.stdout), printed(&output.stderr));
    assert!(output.status.success(), "{out}{errors}");
    print!("{out}");
}
