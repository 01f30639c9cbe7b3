//! What `serve` logs about its deployment.

use std::collections::BTreeSet;

use super::super::{Exit, Stop};
use super::deployment::{Connectors, Deployment};
use crate::config::{Log, Secret, Settings};
use crate::connector::Diagnostic;
use crate::connector::diagnostic::Span;
use crate::gateway::{Served, SetAside, SetupProblem};
use crate::observe;
use crate::observe::Masker;

/// A place as fields of a line.
struct Place<'a> {
    file: Option<&'a str>,
    line: Option<u64>,
    column: Option<u64>,
}

impl Place<'_> {
    fn of(span: Option<&Span>) -> Place<'_> {
        let start = span.filter(|span| !span.is_whole_file()).map(Span::start);
        Place {
            file: span.map(|span| span.source.path.as_str()),
            line: start.map(|start| start.line as u64),
            column: start.map(|start| start.column as u64),
        }
    }
}

/// Logs an error, on one line.
pub(super) fn error(finding: &Diagnostic, message: &'static str) {
    let Place { file, line, column } = Place::of(finding.labels.first().map(|label| &label.span));
    let connector = Some(finding.connector.as_str()).filter(|name| !name.is_empty());
    tracing::error!(
        connector,
        code = finding.code.name,
        file,
        line,
        column,
        error = finding.message,
        help = finding.help,
        "{message}"
    );
}

/// Logs why something was not done, the last line with this message.
pub(super) fn refused(stop: &Stop, message: &'static str) {
    for finding in &stop.findings {
        error(finding, "an error in the deployment");
    }
    let failure = stop.failure.as_ref();
    let Place { file, line, column } = Place::of(failure.and_then(|failure| failure.at.as_ref()));
    let cause = failure.map(|failure| failure.message.as_str());
    let help = failure.and_then(|failure| failure.help.as_deref());
    let count = Some(stop.findings.len()).filter(|count| *count > 0);
    tracing::error!(file, line, column, count, error = cause, help, "{message}");
}

/// The message of the last line if nothing is served.
pub(super) const NOT_STARTED: &str = "not started";

/// Logs why the gateway does not start, before there is a log: in the format of `log`.
pub(super) fn not_started(stop: Stop, log: &Log) -> Exit {
    match observe::write_once(log, || refused(&stop, NOT_STARTED)) {
        Ok(()) => stop.exit,
        // Without a thread for the log, the text is better than nothing.
        Err(_) => stop.report(),
    }
}

/// Logs that a connector has a problem, and what is served for it.
pub(super) fn set_aside(aside: &SetAside) {
    let message = match aside.served {
        Served::Current => "a connector lacks values: the calls that read them fail",
        Served::LastGood => "a connector has errors: its last version without errors is served",
        Served::Schema => "a connector is set aside: its fields are null, with an error",
        Served::Nothing => "a connector is set aside: its fields are not in the schema",
    };
    let problem = Diagnostic {
        connector: aside.connector.clone(),
        ..aside.problem.clone()
    };
    error(&problem, message);
}

/// Logs what is wrong with named operations, as far as it was not before.
pub(super) fn operations(before: &[Diagnostic], after: &[Diagnostic]) {
    let text = |finding: &Diagnostic| finding.to_text();
    let before: BTreeSet<String> = before.iter().map(text).collect();
    for finding in after.iter().filter(|one| !before.contains(&text(one))) {
        match finding.is_error() {
            true => error(finding, "a named operation is not served"),
            false => error(
                finding,
                "a file of named operations is not valid; its operations are served",
            ),
        }
    }
}

/// The warnings about a deployment: connector, cause and message.
pub(super) type Warnings = BTreeSet<(String, String, &'static str)>;

/// The warnings about a deployment.
pub(super) fn warnings(deployment: &Deployment) -> Warnings {
    let variables = deployment.settings.unknown_variables.iter();
    let variables = variables.map(|name| {
        let message = "a variable of the environment is no setting";
        (String::new(), name.clone(), message)
    });
    let findings = |findings: &[Diagnostic], message| {
        let findings = findings.iter();
        let warnings = findings.map(|one| (one.connector.clone(), one.message.clone(), message));
        warnings.collect::<Vec<_>>()
    };
    let unknown = findings(
        &deployment.unknown,
        "settings are for no connector that there is",
    );
    let unset = findings(&deployment.unset, "requests of a connector lack a value");
    let of_files = deployment.trusted.problems.iter();
    let of_files = of_files.map(|file| {
        let message = match file.has_last {
            true => "a manifest has an error: its last version without errors counts",
            false => "a file of trusted documents has an error: its documents are not known",
        };
        (String::new(), file.problem.summary(), message)
    });
    variables
        .chain(unknown)
        .chain(unset)
        .chain(of_files)
        .collect()
}

/// Logs the warnings that were not there before.
pub(super) fn new_warnings(before: &Warnings, after: &Warnings) {
    for (connector, error, message) in after.difference(before) {
        let connector = Some(connector.as_str()).filter(|name| !name.is_empty());
        tracing::warn!(connector, error, "{message}");
    }
}

/// Logs which settings have changed that take effect only at the next start.
pub(super) fn needs_restart(started: &Settings, now: &Settings) {
    for ((error, before), (_, after)) in fixed(started).iter().zip(fixed(now)) {
        if *before != after {
            tracing::warn!(
                error,
                "settings have changed that take effect at the next start"
            );
        }
    }
}

/// What cannot change while the gateway runs, by the names of settings.
fn fixed(settings: &Settings) -> [(&'static str, String); 11] {
    let (general, limits) = (&settings.general, &settings.limits);
    let operations = &settings.operations;
    let operations = (operations.listen, operations.only, &operations.origins);
    let cache = &settings.cache;
    let cache = (cache.plans, cache.documents, cache.responses);
    let has_tls = settings.tls.certificate.is_some();
    let shutdown = (general.shutdown_delay, general.shutdown_grace);
    let of_connections = (
        (limits.connections, limits.body_bytes, limits.bodies_bytes),
        (limits.concurrent_requests, limits.reserved_descriptors),
    );
    [
        ("listen", format!("{:?}", general.listen)),
        ("introspection", format!("{:?}", general.introspection)),
        ("compression", format!("{:?}", general.compression)),
        ("shutdown_delay or shutdown_grace", format!("{shutdown:?}")),
        ("admin", format!("{:?}", settings.admin)),
        ("tls", format!("{has_tls:?}")),
        ("cors", format!("{:?}", settings.cors)),
        (
            "operations.listen, operations.only or operations.origins",
            format!("{operations:?}"),
        ),
        ("cache", format!("{cache:?}")),
        (
            "persisted.automatic_bytes",
            format!("{:?}", settings.persisted.automatic_bytes),
        ),
        ("log, tracing or limits of connections", {
            format!("{:?}{:?}{of_connections:?}", settings.log, settings.tracing)
        }),
    ]
}

/// Hides the secrets of these deployments in the log.
pub(super) fn masker(deployments: &[(&Settings, &Connectors)]) -> Masker {
    let secrets = deployments.iter().flat_map(|(settings, connectors)| {
        let connectors = connectors.values();
        let of_connectors = connectors.flat_map(|connector| connector.settings.secrets());
        let others = [&settings.admin.token, &settings.files.key];
        of_connectors.chain(others.into_iter().flatten())
    });
    Masker::new(secrets.map(Secret::expose))
}

/// Ends a command because a gateway cannot be built.
pub(super) fn stop(problem: SetupProblem) -> Stop {
    let exit = match &problem {
        SetupProblem::Schema(_) => Exit::Findings,
        SetupProblem::Setting(_) => Exit::Usage,
    };
    Stop::with(problem.into_diagnostics(), exit)
}
