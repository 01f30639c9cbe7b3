//! `sangam check`: checks each connector, their composition, the named operations, and changes of the public schema.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use super::folders::ConnectorFolder;
use super::output::{count, diagnostics, message, result};
use super::supergraph::SupergraphFile;
use super::{Common, Exit, folders, load};
use crate::config::Settings;
use crate::connector::{Diagnostic, SubgraphKind};
use crate::graph::schema_diff::Impact;
use crate::graph::{Composed, schema_diff};
use crate::operation::{Compiler, Rejection};

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
    pub(super) fn run(self, common: &Common) -> Result<Exit, Exit> {
        let settings = load::settings(common, self.supergraph.flags())?;
        let folders = load::folders(&settings)?;
        let mut findings = load::findings(&folders);
        findings.extend(load::unset_values(&settings, &folders));
        self.show(&findings);
        let mut problems = of_settings(&settings, &folders);
        let errors = findings.iter().filter(|one| one.is_error()).count();
        let warnings = findings.len() - errors;
        let mut operations = 0;
        if errors == 0 {
            let gateway = load::gateway(load::connectors(&folders, None)?, &settings)?;
            let folder = self.operations_folder(&settings);
            operations = of_operations(gateway.compiler(), folder.as_deref(), &mut problems)?;
            let contract = Path::new(DEFAULT_CONTRACT);
            let default = contract.is_file().then_some(contract);
            if let Some(file) = self.against.as_deref().or(default) {
                of_contract(gateway.composed(), file, &mut problems)?;
            }
        }
        for problem in &problems {
            message(&format!("error: {problem}\n"));
        }
        let failed = errors + problems.len();
        if failed > 0 {
            message(&format!(
                "{}, {}",
                count(failed, "error", "errors"),
                count(warnings, "warning", "warnings")
            ));
            return Ok(Exit::Findings);
        }
        if self.format == OutputFormat::Text {
            result(&summary(&folders, warnings, operations));
        }
        Ok(Exit::Success)
    }

    fn show(&self, findings: &[Diagnostic]) {
        match self.format {
            OutputFormat::Text => diagnostics(findings),
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

fn summary(folders: &[ConnectorFolder], warnings: usize, operations: usize) -> String {
    let mut text = String::new();
    for one in folders {
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
        "\n{} fit together; {}; {}\n",
        count(folders.len(), "connector", "connectors"),
        match operations {
            0 => "no operations".to_owned(),
            _ => format!(
                "{} can be answered",
                count(operations, "operation", "operations")
            ),
        },
        count(warnings, "warning", "warnings")
    ));
    text
}

/// The problems of settings: those for connectors that do not exist, and those in a folder's `connector.toml`. Secrets are
/// not read, so that a check runs without them.
fn of_settings(settings: &Settings, folders: &[ConnectorFolder]) -> Vec<String> {
    let mut problems = Vec::new();
    let unknown = folders::unknown(settings, folders);
    problems.extend(unknown.iter().map(ToString::to_string));
    for one in folders {
        if let Some(source) = &one.folder.settings.source {
            let path = Path::new(&source.path);
            if let Err(error) =
                crate::config::Settings::default().connector(one.name(), Some((path, &source.text)))
            {
                problems.push(error.to_string());
            }
        }
    }
    problems
}

/// Checks every named operation, as `serve` would when a client sends it; returns their number.
fn of_operations(
    compiler: &Compiler,
    folder: Option<&Path>,
    problems: &mut Vec<String>,
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
        for (message, locations) in rejections.iter().flat_map(|one| &one.violations) {
            let location = locations.first();
            let location = location.map(|(line, column)| format!(":{line}:{column}"));
            let location = location.unwrap_or_default();
            problems.push(format!("{}{location}: {message}", file.display()));
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

fn of_contract(composed: &Composed, file: &Path, problems: &mut Vec<String>) -> Result<(), Exit> {
    let text = std::fs::read_to_string(file).map_err(|error| {
        message(&format!(
            "error: {} cannot be read: {error}",
            file.display()
        ));
        Exit::Failed
    })?;
    let before = match apollo_compiler::Schema::parse_and_validate(text, file) {
        Ok(schema) => schema,
        Err(error) => {
            problems.push(error.errors.to_string().trim_end().to_owned());
            return Ok(());
        }
    };
    for change in schema_diff::changes(&before, &composed.api) {
        match change.impact {
            Impact::Breaking => problems.push(change.to_string()),
            Impact::Dangerous | Impact::Safe => message(&change.to_string()),
        }
    }
    Ok(())
}
