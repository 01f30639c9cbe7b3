//! What `sangam check` says of a folder with settings, connectors, operations and a public schema: once for people, once as
//! JSON. Every code of the composed graph has a case, which is named after it.
//!
//! Blocks: `text file PATH` is a file, in which ''' is written for a fence; `text check` what the command prints, and
//! `json check` what it prints with `--format json`, without the texts of its messages; `json report` the named operations that it
//! prints with `--format report`, a line for each. `text test` is what `sangam test` prints. Each ends with the exit status.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use sangam::connector::diagnostic::gateway_code;
use serde_json::Value;

use super::running::{Folder, printed};
use crate::support::cases::{Case, Fence, Suite};

inventory::submit! {
    Suite {
        folders: &["process/findings"],
        fences: &[
            Fence::input("text file").named(),
            Fence::expected("text check"),
            Fence::expected("json check"),
            Fence::expected("json report"),
            Fence::expected("text test"),
        ],
        run,
    }
}

fn run(case: &Case) -> Vec<Option<String>> {
    let folder = Folder::new("", &[]);
    for (path, text) in case.named("text file") {
        let path = folder.path(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text.replace("'''", "```")).unwrap();
    }
    let blocks = case.blocks.iter();
    let outputs = blocks.map(|block| match block.fence {
        "text check" => Some(as_text(command(&folder, case, &["check"]))),
        "text test" => Some(as_text(command(&folder, case, &["test"]))),
        "json report" => Some(operations(
            command(&folder, case, &["check", "--format", "json"]),
            command(&folder, case, &["check", "--format", "report"]),
        )),
        "json check" => Some(as_json(command(
            &folder,
            case,
            &["check", "--format", "json"],
        ))),
        _ => None,
    });
    outputs.collect()
}

/// The style is checked only for the cases that are about it: they have the section `[check]`.
fn command(folder: &Folder, case: &Case, arguments: &[&str]) -> Command {
    let mut command = folder.command(arguments);
    let mut files = case.named("text file");
    if files.any(|(path, text)| path == "sangam.toml" && text.contains("[check]")) {
        command.env_remove("SANGAM_CHECK_STYLE");
    }
    command
}

fn as_text(mut command: Command) -> String {
    let output = command.output().unwrap();
    let status = output.status.code().unwrap();
    format!("{}exit status {status}\n", printed(&output))
}

/// A line for each finding: severity, code, connector, and the location of each label.
fn as_json(mut command: Command) -> String {
    let output = command.output().unwrap();
    let findings: Value = serde_json::from_slice(&output.stdout).unwrap();
    let findings = findings.as_array().unwrap().iter().map(|finding| {
        let of = |key: &str| finding[key].as_str().unwrap().to_owned();
        let labels = finding["labels"].as_array().unwrap().iter();
        let labels = labels.map(|label| {
            let file = label["file"].as_str().unwrap();
            format!(" {file}:{}:{}", label["line"], label["column"])
        });
        let labels: String = labels.collect();
        let connector = format!("{:?}", of("connector"));
        format!("{} {} {connector}{labels}\n", of("severity"), of("code"))
    });
    let findings: String = findings.collect();
    format!("{findings}exit status {}\n", output.status.code().unwrap())
}

/// The named operations of a report, which has the findings of `--format json`.
fn operations(mut json: Command, mut report: Command) -> String {
    let findings: Value = serde_json::from_slice(&json.output().unwrap().stdout).unwrap();
    let output = report.output().unwrap();
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["findings"], findings);
    let operations = report["operations"].as_array().unwrap().iter();
    let lines: String = operations.map(|one| format!("{one}\n")).collect();
    format!("{lines}exit status {}\n", output.status.code().unwrap())
}

#[test]
fn every_code_has_a_case() {
    let files = Suite::of("process/findings").files();
    let code = |path: &Path| {
        let stem = path.file_stem().unwrap().to_string_lossy();
        stem.split('-').next().unwrap().to_owned()
    };
    let have: BTreeSet<String> = files.iter().map(|path| code(path)).collect();
    let codes = gateway_code::ALL.iter().map(|code| code.name);
    let lacking: Vec<&str> = codes.filter(|code| !have.contains(*code)).collect();
    assert_eq!(lacking, Vec::<&str>::new(), "codes without a case");
}
