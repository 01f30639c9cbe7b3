//! `sangam check`: checks each connector, their composition, the named operations and manifests of others, changes of the public schema, and the style
//! of what the folders declare.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::{Args, ValueEnum};

use super::folders::ConnectorFolder;
use super::output::{count, diagnostics, message, result};
use super::supergraph::SupergraphFile;
use super::{Common, Exit, Stop, documents, folders, load};
use crate::config::{Settings, StyleMode};
use crate::connector::diagnostic::{LineColumn, Severity, SourceFiles, SourceText, gateway_code};
use crate::connector::{Diagnostic, SubgraphKind, invalid_schema};
use crate::graph::schema_diff::Impact;
use crate::graph::{Composed, coordinate, schema_diff, style};
use crate::operation::{Compiler, Rejection};
use crate::persisted::folder::manifest_files;

/// The default folder of named operations.
const DEFAULT_OPERATIONS: &str = "schema/operations";

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
        self.show(&findings, stopped);
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
        let mut operations = 0;
        let fit_together = !findings.iter().any(Diagnostic::is_error);
        if fit_together {
            let gateway = load::gateway(load::connectors(&folders, None)?, &settings)?;
            let folder = self.operations_folder(&settings);
            operations = of_operations(gateway.compiler(), folder.as_deref(), findings)?;
            for file in manifest_files(&settings.persisted.manifests) {
                let bytes = settings.persisted.manifest_bytes.0;
                operations += documents::of_manifest(gateway.compiler(), &file, bytes, findings);
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
        })
    }

    /// Prints the findings. A command that could not run, for another reason than a finding, has no result.
    fn show(&self, findings: &[Diagnostic], stopped: Option<Exit>) {
        match self.format {
            OutputFormat::Text => diagnostics(findings),
            OutputFormat::Json if stopped.is_some() && findings.is_empty() => {}
            OutputFormat::Json => {
                let findings: Vec<_> = findings.iter().map(Diagnostic::to_json).collect();
                result(&format!("{:#}\n", serde_json::Value::from(findings)));
            }
        }
    }

    fn operations_folder(&self, settings: &Settings) -> Option<PathBuf> {
        let named = self.operations.clone();
        let named = named.or_else(|| settings.general.operations.clone());
        named.or_else(|| {
            let default = PathBuf::from(DEFAULT_OPERATIONS);
            default.is_dir().then_some(default)
        })
    }
}

/// What was checked.
struct Checked {
    folders: Vec<ConnectorFolder>,
    /// The number of named operations.
    operations: usize,
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
    text.push_str(&format!(
        "\n{}; {}; {}\n",
        match checked.folders.len() {
            1 => "1 connector can be served".to_owned(),
            number => format!("{number} connectors fit together"),
        },
        match checked.operations {
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

/// Checks every named operation, as `serve` would when a client sends it; returns their number.
fn of_operations(
    compiler: &Compiler,
    folder: Option<&Path>,
    findings: &mut Vec<Diagnostic>,
) -> Result<usize, Exit> {
    let Some(folder) = folder else { return Ok(0) };
    let unreadable = |error: std::io::Error| {
        message(&format!(
            "error: {} cannot be read: {error}",
            folder.display()
        ));
        Exit::Failed
    };
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        if path
            .extension()
            .is_some_and(|extension| extension == "graphql")
        {
            files.push(path);
        }
    }
    files.sort();
    let mut operations = 0;
    for file in files {
        let text = std::fs::read_to_string(&file).map_err(unreadable)?;
        let (number, rejections) = of_document(compiler, &text);
        operations += number;
        let source = Arc::new(SourceText {
            path: file.display().to_string(),
            text,
        });
        for (message, locations) in rejections.iter().flat_map(|one| &one.violations) {
            // A limit of the whole operation has no location of its own.
            let &(line, column) = locations.first().unwrap_or(&(1, 1));
            let at = source.word(LineColumn { line, column });
            let finding = Diagnostic::error(&gateway_code::INVALID_OPERATION, "", message);
            findings.push(finding.at(Some(at)));
        }
    }
    Ok(operations)
}

/// The number of a document's operations, and what is refused of it.
fn of_document(compiler: &Compiler, text: &str) -> (usize, Vec<Rejection>) {
    let document = match compiler.document(text) {
        Ok(document) => document,
        Err(rejection) => return (0, vec![rejection]),
    };
    let names: Vec<_> = document
        .operations
        .iter()
        .map(|one| one.name.clone())
        .collect();
    let rejections = names.iter().filter_map(|name| {
        let operation = compiler.operation(document.clone(), name.as_deref());
        let operation = match operation {
            Ok(operation) => operation,
            Err(rejection) => return Some(rejection),
        };
        // What an operation costs is known here only if it needs no variables.
        let variables = compiler.coerce(&operation, None).ok()?;
        compiler.within_cost(&operation, &variables).err()
    });
    let rejections = rejections.collect();
    (names.len(), rejections)
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
