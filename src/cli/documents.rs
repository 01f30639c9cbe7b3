//! `sangam operations`: lists the operations that clients can send by id, prints a manifest of the named ones, and checks a
//! manifest against the schema.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use apollo_compiler::ast::Definition;
use apollo_compiler::parser::Parser;
use clap::{Args, ValueEnum};

use super::output::{count, diagnostics, message, result};
use super::supergraph::SupergraphFile;
use super::{Common, Exit, Failure, Stop, load, operations};
use crate::config::Settings;
use crate::connector::Diagnostic;
use crate::connector::diagnostic::{LineColumn, gateway_code};
use crate::operation::Compiler;
use crate::persisted::Sha256;
use crate::persisted::folder::{Trusted, files_of, manifest_text};
use crate::persisted::manifest::{self, ManifestFormat, WrittenDocument};

/// The most operations of a manifest whose errors are printed.
const MOST_REPORTED: usize = 100;

/// Lists named operations and trusted documents: name, kind, id and file.
#[derive(Debug, Args)]
pub(super) struct Operations {
    /// Print a manifest of the named operations instead.
    #[arg(long, value_enum, value_name = "FORM")]
    manifest: Option<Form>,
    /// Check the operations of a manifest against the schema instead.
    #[arg(long, value_name = "FILE", conflicts_with = "manifest")]
    check: Option<PathBuf>,
    /// The folder with named operations (`*.graphql`) [default: `operations` of the settings, else schema/operations].
    #[arg(long, value_name = "DIR")]
    operations: Option<PathBuf>,
    #[command(flatten)]
    supergraph: SupergraphFile,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Form {
    /// As Apollo's generate-persisted-query-manifest writes it.
    Apollo,
    /// As Relay's compiler writes it.
    Relay,
    /// As GraphQL Code Generator writes it.
    Codegen,
}

impl Operations {
    pub(super) fn run(self, common: &Common) -> Result<Exit, Stop> {
        let settings = load::settings(common, self.supergraph.flags())?;
        if let Some(file) = &self.check {
            return check(file, &settings);
        }
        let named = self.operations.clone().or_else(|| named_folder(&settings));
        match self.manifest {
            Some(form) => print_manifest(form, named.as_deref()),
            None => list(&settings, named.as_deref()),
        }
    }
}

/// The folder of named operations; `None` if no setting names one and the default does not exist.
pub(super) fn named_folder(settings: &Settings) -> Option<PathBuf> {
    let folder = operations::folder(settings);
    (settings.operations.folder.is_some() || folder.is_dir()).then(|| folder.to_owned())
}

/// The operations of a text: name and kind. An operation may have no name, and a text may be no GraphQL.
fn operations_of(text: &str) -> Vec<(String, &'static str)> {
    let parsed = Parser::new().parse_ast(text, "operation");
    let document = parsed.unwrap_or_else(|failure| failure.partial);
    let definitions = document.definitions.iter();
    let operations = definitions.filter_map(|definition| match definition {
        Definition::OperationDefinition(operation) => {
            let name = operation.name.as_ref().map_or("", |name| name.as_str());
            Some((name.to_owned(), operation.operation_type.name()))
        }
        _ => None,
    });
    operations.collect()
}

/// Prints a line for each operation, sorted by name.
fn list(settings: &Settings, named: Option<&Path>) -> Result<Exit, Stop> {
    let trusted = Trusted::read(settings, named, &Trusted::default());
    let mut lines = Vec::new();
    for document in trusted.documents.iter() {
        let (id, file) = (&document.id, &document.file);
        let mut operations = operations_of(&document.text);
        if operations.is_empty() {
            operations.push(("(not GraphQL)".to_owned(), "-"));
        }
        for (name, kind) in operations {
            let name = if name.is_empty() {
                "(anonymous)".to_owned()
            } else {
                name
            };
            lines.push((name, kind, id, file));
        }
    }
    lines.sort();
    let width = |lengths: &mut dyn Iterator<Item = usize>| lengths.max().unwrap_or_default();
    let names = width(&mut lines.iter().map(|(name, ..)| name.chars().count()));
    let ids = width(&mut lines.iter().map(|(_, _, id, _)| id.chars().count()));
    for (name, kind, id, file) in &lines {
        result(&format!("{name:names$}  {kind:8}  {id:ids$}  {file}\n"));
    }
    let problems = trusted.problems.into_iter().map(|file| file.problem);
    let problems: Vec<Diagnostic> = problems.collect();
    match problems.is_empty() {
        true => Ok(Exit::Success),
        false => Err(Stop::with(problems, Exit::Findings)),
    }
}

/// Prints the manifest of the named operations. The id of each is the SHA-256 of its text.
fn print_manifest(form: Form, named: Option<&Path>) -> Result<Exit, Stop> {
    let Some(folder) = named else {
        let failure = Failure::new("there is no folder of named operations");
        let failure = failure.help("name it with --operations, or in the settings");
        return Err(failure.stop(Exit::Usage));
    };
    let unreadable = |path: &Path, error: std::io::Error| {
        let message = format!("{} cannot be read: {error}", path.display());
        Failure::of_file(path, message).stop(Exit::Failed)
    };
    let mut texts = BTreeMap::new();
    for path in files_of(folder, "graphql").map_err(|error| unreadable(folder, error))? {
        let text = std::fs::read_to_string(&path).map_err(|error| unreadable(&path, error))?;
        texts.insert(path, text);
    }
    let mut documents = Vec::new();
    let operations: Vec<_> = texts.values().map(|text| operations_of(text)).collect();
    for (text, operations) in texts.values().zip(&operations) {
        let Some((name, kind)) = operations.first() else {
            continue;
        };
        documents.push(WrittenDocument {
            id: Sha256::of(text).to_string(),
            name,
            kind,
            text,
        });
    }
    let format = match form {
        Form::Apollo => ManifestFormat::Apollo,
        Form::Relay | Form::Codegen => ManifestFormat::ById,
    };
    result(&manifest::write(&documents, format));
    Ok(Exit::Success)
}

/// Checks the operations of a manifest against the schema.
fn check(file: &Path, settings: &Settings) -> Result<Exit, Stop> {
    let folders = load::folders(settings)?;
    load::checked(&folders)?;
    let gateway = load::gateway(load::connectors(&folders, None)?, settings)?;
    let bytes = settings.persisted.manifest_bytes.0;
    let mut findings = Vec::new();
    let operations = of_manifest(gateway.compiler(), file, bytes, &mut findings);
    diagnostics(&findings);
    if !findings.is_empty() {
        message(&count(findings.len(), "error", "errors"));
        return Ok(Exit::Findings);
    }
    result(&format!(
        "{} the schema\n",
        match operations {
            1 => "1 operation fits".to_owned(),
            number => format!("{number} operations fit"),
        }
    ));
    Ok(Exit::Success)
}

/// Checks the operations of a manifest, and adds what is wrong to `findings`; returns the number of operations.
pub(super) fn of_manifest(
    compiler: &Compiler,
    file: &Path,
    bytes: usize,
    findings: &mut Vec<Diagnostic>,
) -> usize {
    let read = manifest_text(file, bytes).and_then(|source| {
        let manifest = manifest::read(&source)?;
        Ok((source, manifest))
    });
    let (source, manifest) = match read {
        Ok(read) => read,
        Err(problem) => {
            findings.push(*problem);
            return 0;
        }
    };
    let mut unfit = 0;
    for document in &manifest.documents {
        let Err(rejection) = compiler.check(&document.text) else {
            continue;
        };
        unfit += 1;
        if unfit > MOST_REPORTED {
            continue;
        }
        for (message, locations) in &rejection.violations {
            // A limit of the whole operation has no location of its own.
            let &(line, column) = locations.first().unwrap_or(&(1, 1));
            let at = document.place(&source, LineColumn { line, column });
            let finding = Diagnostic::error(&gateway_code::INVALID_OPERATION, "", message);
            let id = format!("in the operation with the id {}", document.id);
            findings.push(finding.at(Some(at)).note(id));
        }
    }
    if let Some(others) = unfit
        .checked_sub(MOST_REPORTED)
        .filter(|others| *others > 0)
    {
        let message = format!("{others} other operations of the manifest do not fit the schema");
        findings.push(Diagnostic::error(
            &gateway_code::INVALID_OPERATION,
            "",
            message,
        ));
    }
    manifest.documents.len()
}
