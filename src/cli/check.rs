//! `sangam check`: checks each connector, their composition, the named operations and trusted documents, changes of the public
//! schema, and the style
//! of what the folders declare.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use serde_json::json;

use super::check_operations::CheckedOperation;
use super::folders::ConnectorFolder;
use super::output::{count, diagnostics, message, result};
use super::supergraph::SupergraphFile;
use super::{Common, Exit, Stop, check_operations, documents, folders, load, operations};
use crate::config::{Settings, StyleMode};
use crate::connector::diagnostic::{Severity, SourceFiles, gateway_code};
use crate::connector::{Diagnostic, SubgraphKind, invalid_schema};
use crate::graph::schema_diff::Impact;
use crate::graph::{Composed, coordinate, schema_diff, style};
use crate::named::NamedOperations;
use crate::persisted::folder::manifest_files;

/// The default file of the public schema that clients rely on.
const DEFAULT_CONTRACT: &str = "schema/api.graphql";

/// Checks connectors, their composition, and the named operations.
#[derive(Debug, Args)]
pub(super) struct Check {
    /// How findings are printed.
    #[arg(long, value_enum, default_value_t = OutputFormat::Text)]
    format: OutputFormat,
    /// The folder with named operations (`*.graphql`) [default: `operations` of the settings, else schema/operations].
    #[arg(long, value_name = "DIR")]
    operations: Option<PathBuf>,
    /// Report changes from this public schema, and fail when one would break clients [default: schema/api.graphql, if it
    /// exists].
    #[arg(long, value_name = "FILE")]
    against: Option<PathBuf>,
    #[command(flatten)]
    supergraph: SupergraphFile,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum OutputFormat {
    /// For people.
    Text,
    /// One JSON array of findings, for editors and CI.
    Json,
    /// One JSON object: the findings, and the named operations with the most calls that each makes.
    Report,
}

impl Check {
    pub(super) fn run(self, common: &Common) -> Result<Exit, Stop> {
        let mut findings = Vec::new();
        let checked = self.check(common, &mut findings).map_err(|stop| {
            if let Some(failure) = &stop.failure {
                failure.print();
            }
            findings.extend(stop.findings);
            stop.exit
        });
        let stopped = checked.as_ref().err().copied();
        let operations = checked
            .as_ref()
            .map_or(&[][..], |checked| &checked.operations);
        self.show(&findings, operations, stopped);
        let errors = findings.iter().filter(|one| one.is_error()).count();
        let warnings = findings.len() - errors;
        if errors > 0 {
            message(&format!(
                "{}, {}",
                count(errors, "error", "errors"),
                count(warnings, "warning", "warnings")
            ));
            return Ok(stopped.unwrap_or(Exit::Findings));
        }
        let checked = checked?;
        if self.format == OutputFormat::Text {
            result(&summary(&checked, warnings));
        }
        Ok(Exit::Success)
    }

    /// Adds what it finds to `findings`, in this order.
    fn check(&self, common: &Common, findings: &mut Vec<Diagnostic>) -> Result<Checked, Stop> {
        let settings = load::settings(common, self.supergraph.flags())?;
        let folders = load::folders(&settings)?;
        findings.extend(load::findings(&folders));
        findings.extend(load::unset_values(&settings, &folders));
        let (mut operations, mut documents) = (Vec::new(), 0);
        let fit_together = !findings.iter().any(Diagnostic::is_error);
        if fit_together {
            let gateway = load::gateway(load::connectors(&folders, None)?, &settings)?;
            let files = operations::files(self.operations.as_deref(), &settings)?;
            let compiler = gateway.compiler();
            findings.extend(NamedOperations::load(compiler, &files, |_, _, _| Ok(())).problems);
            // What the comments promise is refused together with the style.
            let severity = match settings.check.style {
                StyleMode::Deny => Severity::Error,
                StyleMode::Warn | StyleMode::Off => Severity::Warning,
            };
            operations = check_operations::check(compiler, &files, severity, findings);
            for file in manifest_files(&settings.persisted.manifests) {
                let bytes = settings.persisted.manifest_bytes.0;
                documents += documents::of_manifest(compiler, &file, bytes, findings);
            }
            let contract = Path::new(DEFAULT_CONTRACT);
            let default = contract.is_file().then_some(contract);
            if let Some(file) = self.against.as_deref().or(default) {
                of_contract(gateway.composed(), file, findings)?;
            }
        }
        findings.extend(folders::unknown(&settings, &folders));
        findings.extend(load::unfit_settings(&settings, &folders));
        // What is wrong with the folders comes first: a correction may change what the style is about.
        if fit_together {
            findings.extend(of_style(&settings, &folders));
        }
        Ok(Checked {
            folders,
            operations,
            documents,
        })
    }

    /// Prints the findings. A command that could not run, for another reason than a finding, has no result.
    fn show(
        &self,
        findings: &[Diagnostic],
        operations: &[CheckedOperation],
        stopped: Option<Exit>,
    ) {
        if self.format == OutputFormat::Text {
            return diagnostics(findings);
        }
        if stopped.is_some() && findings.is_empty() {
            return;
        }
        let findings: Vec<_> = findings.iter().map(Diagnostic::to_json).collect();
        let printed = match self.format {
            OutputFormat::Report => {
                let operations = operations.iter().map(CheckedOperation::to_json);
                json!({ "findings": findings, "operations": operations.collect::<Vec<_>>() })
            }
            OutputFormat::Text | OutputFormat::Json => findings.into(),
        };
        result(&format!("{printed:#}\n"));
    }
}

/// What was checked.
struct Checked {
    folders: Vec<ConnectorFolder>,
    /// The named operations.
    operations: Vec<CheckedOperation>,
    /// The number of trusted documents.
    documents: usize,
}

fn summary(checked: &Checked, warnings: usize) -> String {
    let mut text = String::new();
    for one in &checked.folders {
        let what = match one.folder.subgraph.as_ref().map(|subgraph| &subgraph.kind) {
            Some(SubgraphKind::Connectors { connects, .. }) => {
                count(connects.len(), "connect", "connects")
            }
            Some(SubgraphKind::Service(_)) => "a GraphQL service".to_owned(),
            Some(SubgraphKind::Native) => "in this process".to_owned(),
            None => continue,
        };
        text.push_str(&format!("{:16} {what}\n", one.name()));
    }
    let names = checked.operations.iter().map(CheckedOperation::shown_name);
    let width = names.map(str::len).max().unwrap_or_default();
    let lines: String = checked
        .operations
        .iter()
        .filter_map(|operation| operation.line(width))
        .collect();
    if !lines.is_empty() {
        text.push_str(&format!("\n{lines}"));
    }
    text.push_str(&format!(
        "\n{}; {}; {}\n",
        match checked.folders.len() {
            1 => "1 connector can be served".to_owned(),
            number => format!("{number} connectors fit together"),
        },
        match checked.operations.len() + checked.documents {
            0 => "no operations".to_owned(),
            number => format!(
                "{} can be answered",
                count(number, "operation", "operations")
            ),
        },
        count(warnings, "warning", "warnings")
    ));
    text
}

/// The style of what the folders declare. The graphs of a supergraph were declared elsewhere.
fn of_style(settings: &Settings, folders: &[ConnectorFolder]) -> Vec<Diagnostic> {
    let mode = settings.check.style;
    if mode == StyleMode::Off || settings.general.supergraph.is_some() {
        return Vec::new();
    }
    let subgraphs = folders.iter().filter_map(|one| one.folder.subgraph.clone());
    let mut findings = style::check(&subgraphs.collect::<Vec<_>>());
    if mode == StyleMode::Deny {
        for finding in &mut findings {
            finding.severity = Severity::Error;
        }
    }
    findings
}

/// Compares the public schema with the one in a file, which clients rely on.
fn of_contract(
    composed: &Composed,
    file: &Path,
    findings: &mut Vec<Diagnostic>,
) -> Result<(), Exit> {
    let text = std::fs::read_to_string(file).map_err(|error| {
        message(&format!(
            "error: {} cannot be read: {error}",
            file.display()
        ));
        Exit::Failed
    })?;
    let before = match apollo_compiler::Schema::parse_and_validate(text, file) {
        Ok(schema) => schema,
        Err(invalid) => {
            findings.extend(invalid_schema(&invalid.errors));
            return Ok(());
        }
    };
    let sources = SourceFiles::new(before.sources.clone());
    for change in schema_diff::changes(&before, &composed.api) {
        let what = format!("{}: {}", change.coordinate, change.message);
        let finding = match change.impact {
            Impact::Breaking => Diagnostic::error(&gateway_code::BREAKING_CHANGE, "", what),
            Impact::Dangerous => Diagnostic::warning(&gateway_code::DANGEROUS_CHANGE, "", what),
            Impact::Safe => {
                message(&change.to_string());
                continue;
            }
        };
        let at = coordinate::location(&before, &change.coordinate);
        let help = format!(
            "if clients do not rely on it, accept the new schema: `sangam schema > {}`",
            file.display()
        );
        findings.push(finding.at(sources.span(at)).help(help));
    }
    Ok(())
}
