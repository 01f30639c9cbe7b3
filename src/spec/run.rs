//! Runs specs: starts a replay of the exchanges and a real gateway in front of it, and compares the responses.
//!
//! Each case gets a new gateway, so that no case is served from the cache of another one. The gateway has the spec's
//! connector and those that its exchanges name. If these do not compose alone, it has all connectors of the suite.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::model::{RecordedExchange, Spec, SpecCase, SpecProblem};
use super::remarks::remarks;
use super::replay::{Replay, Unexpected};
use crate::config::{HttpUrl, RawConnectorSettings, Settings};
use crate::connector::{Diagnostic, Folder, Subgraph, SubgraphKind};
use crate::document::Value;
use crate::gateway::{
    AcceptedDeliveries, ClientContext, ConfiguredConnector, Draw, Gateway, GraphqlRequest,
    SetupProblem,
};
use crate::source::Wires;

/// The connectors whose specs run together.
#[derive(Debug)]
pub struct Suite {
    folders: BTreeMap<String, (PathBuf, Folder)>,
    /// The wire protocols to upstreams.
    wires: Wires,
}

/// The result of one spec.
#[derive(Debug, Clone)]
pub struct SpecReport {
    /// The file.
    pub path: PathBuf,
    /// The number of its cases.
    pub cases: usize,
    /// The failures; empty when everything is as expected.
    pub failures: Vec<SpecFailure>,
}

/// A difference from what the spec expects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpecFailure {
    /// The file.
    pub path: PathBuf,
    /// The line, from 1; 0 for the file as a whole.
    pub line: usize,
    /// The heading of the case; empty for none.
    pub heading: String,
    /// What is wrong, for a person.
    pub lines: Vec<String>,
}

impl fmt::Display for SpecFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let problem = SpecProblem::new(&self.path, self.line, self.heading.as_str());
        write!(f, "{problem}")?;
        for line in self.lines.iter().flat_map(|text| text.lines()) {
            write!(f, "\n    {line}")?;
        }
        Ok(())
    }
}

impl Suite {
    /// A suite of connector folders, each with its path. Only HTTP is replayed; a source of another wire protocol is
    /// called as it is.
    pub fn new(folders: impl IntoIterator<Item = (PathBuf, Folder)>, wires: Wires) -> Suite {
        let named = folders.into_iter().map(|(path, folder)| {
            let name = path.file_name().unwrap_or_default();
            (name.to_string_lossy().into_owned(), (path, folder))
        });
        Suite {
            folders: named.collect(),
            wires,
        }
    }

    /// The names and folders of the connectors.
    pub fn connectors(&self) -> impl Iterator<Item = (&str, &Path)> {
        let all = self.folders.iter();
        all.map(|(name, (path, _))| (name.as_str(), path.as_path()))
    }

    /// Runs one spec file of a connector.
    pub async fn run(&self, connector: &str, path: &Path) -> SpecReport {
        let mut report = SpecReport {
            path: path.to_owned(),
            cases: 0,
            failures: Vec::new(),
        };
        let folder = self.folders.get(connector).map(|(folder, _)| folder);
        let spec = super::read(folder.map_or(Path::new("."), PathBuf::as_path), path);
        let run = match spec {
            Ok(spec) => {
                report.cases = spec.cases.len();
                SpecRun::start(self, connector, spec).await
            }
            Err(problems) => Err(problems),
        };
        match run {
            Ok(run) => report.failures = run.cases().await,
            Err(problems) => {
                report
                    .failures
                    .extend(problems.into_iter().map(|problem| SpecFailure {
                        path: problem.path,
                        line: problem.line,
                        heading: problem.message,
                        lines: Vec::new(),
                    }))
            }
        }
        report
    }
}

/// A running spec.
struct SpecRun {
    spec: Spec,
    replay: Replay,
    wires: Wires,
    connectors: Vec<ConfiguredConnector>,
}

impl SpecRun {
    async fn start(
        suite: &Suite,
        spec_connector: &str,
        spec: Spec,
    ) -> Result<SpecRun, Vec<SpecProblem>> {
        let failed = |message: String| vec![SpecProblem::new(&spec.path, 0, message)];
        subgraph(suite, spec_connector).map_err(failed)?;
        let mut problems = Vec::new();
        let mut recorded = Vec::new();
        let mut names = vec![spec_connector.to_owned()];
        for exchange in &spec.exchanges {
            match exchange_target(suite, spec_connector, exchange) {
                Ok(target) => {
                    if !names.contains(&target.connector) {
                        names.push(target.connector.clone());
                    }
                    recorded.push((target.segment(), exchange.clone()));
                }
                Err(message) => problems.push(SpecProblem::new(&spec.path, exchange.line, message)),
            }
        }
        if !problems.is_empty() {
            return Err(problems);
        }
        let replay = Replay::start(recorded)
            .await
            .map_err(|error| failed(format!("cannot replay: {error}")))?;
        let served = |names: &[String]| -> Result<Vec<ConfiguredConnector>, Vec<SpecProblem>> {
            let connectors = names.iter();
            connectors
                .map(|name| {
                    configured_connector(suite, name, spec_connector, &spec, &replay)
                        .map_err(failed)
                })
                .collect()
        };
        let mut connectors = served(&names)?;
        if let Err(SetupProblem::Schema(_)) = gateway(&connectors, &suite.wires) {
            let all: Vec<String> = suite.folders.keys().cloned().collect();
            connectors = served(&all)?;
        }
        Ok(SpecRun {
            spec,
            replay,
            wires: suite.wires.clone(),
            connectors,
        })
    }

    /// Runs the cases in order.
    async fn cases(self) -> Vec<SpecFailure> {
        let mut failures = Vec::new();
        for case in &self.spec.cases {
            let lines = self.case(case).await;
            if !lines.is_empty() {
                failures.push(SpecFailure {
                    path: self.spec.path.clone(),
                    line: case.line,
                    heading: case.heading.clone(),
                    lines,
                });
            }
        }
        // After a failure, unused exchanges are only a consequence and are not reported.
        let unused = match failures.is_empty() {
            true => self.replay.unused(),
            false => Vec::new(),
        };
        failures.extend(unused.into_iter().map(|line| SpecFailure {
            path: self.spec.path.clone(),
            line,
            heading: "nothing asked for this exchange".to_owned(),
            lines: Vec::new(),
        }));
        failures
    }

    /// Runs one case; returns its differences.
    async fn case(&self, case: &SpecCase) -> Vec<String> {
        self.replay.serve_first(case.exchanges);
        let gateway = match gateway(&self.connectors, &self.wires) {
            Ok(gateway) => gateway,
            Err(problem) => {
                let problems = problem.into_diagnostics();
                return problems.iter().map(Diagnostic::to_text).collect();
            }
        };
        let request = GraphqlRequest {
            query: Some(case.operation.clone()),
            variables: case.variables.clone(),
            ..GraphqlRequest::default()
        };
        let client = ClientContext {
            headers: Arc::new(case.headers.clone()),
            mutations_allowed: true,
            trace: None,
            trace_state: None,
            draw: Draw::Random,
            uploads: None,
            instant: case.instant,
            batch_cost: None,
            deliveries: AcceptedDeliveries::default(),
        };
        let body = gateway.execute(request.clone(), &client).await.body().await;
        let mut lines = Vec::new();
        for unexpected in self.replay.take_unexpected() {
            lines.extend(shown(&unexpected));
        }
        match Value::parse_json(&body) {
            Ok(actual) => lines.extend(super::differences(&case.expected, &actual)),
            Err(error) => lines.push(format!("the response is not JSON: {error}")),
        }
        if !lines.is_empty() {
            lines.extend(remarks(&gateway, &request, &client).await);
            // They have been reported.
            self.replay.take_unexpected();
        }
        lines
    }
}

/// A gateway that runs a spec, with the default settings, independent of this machine's settings.
fn gateway(connectors: &[ConfiguredConnector], wires: &Wires) -> Result<Gateway, SetupProblem> {
    let gateway = Gateway::with_wires(connectors.to_vec(), &Settings::default(), wires.clone())?;
    gateway.files().show_values();
    Ok(gateway)
}

fn shown(unexpected: &Unexpected) -> Vec<String> {
    let mut lines = vec![format!("nothing is recorded for {}", unexpected.request)];
    if !unexpected.body.is_empty() {
        lines.push(format!("  with {}", unexpected.body));
    }
    if let Some((line, differences)) = &unexpected.nearest {
        lines.push(format!("  the nearest is the exchange at line {line}:"));
        lines.extend(differences.iter().map(|line| format!("    {line}")));
    }
    lines
}

/// The connector, and its source, that an exchange belongs to.
struct ExchangeTarget {
    connector: String,
    source: Option<String>,
}

impl ExchangeTarget {
    /// Its path segment at the replay.
    fn segment(&self) -> String {
        segment(&self.connector, self.source.as_deref())
    }
}

fn segment(connector: &str, source: Option<&str>) -> String {
    match source {
        Some(source) => format!("{connector}.{source}"),
        None => connector.to_owned(),
    }
}

/// The names of a connector's sources that are replayed, if it has several sources.
fn several_sources(subgraph: &Subgraph) -> Option<Vec<&str>> {
    match &subgraph.kind {
        SubgraphKind::Connectors { sources, .. } if sources.len() > 1 => {
            let replayed = sources.iter().filter(|source| source.is_http());
            Some(replayed.map(|source| source.name.as_str()).collect())
        }
        _ => None,
    }
}

/// Resolves `@source`: `x` is a source of the spec's connector, else another connector; `x/y` is source y of connector x.
fn exchange_target(
    suite: &Suite,
    spec_connector: &str,
    exchange: &RecordedExchange,
) -> Result<ExchangeTarget, String> {
    let named = exchange.source.as_deref();
    let is_own_source =
        |name: &str| match subgraph(suite, spec_connector).map(|subgraph| &subgraph.kind) {
            Ok(SubgraphKind::Connectors { sources, .. }) => {
                sources.iter().any(|source| source.name == name)
            }
            _ => false,
        };
    let (connector, source) = match named {
        None => (spec_connector, None),
        Some(name) if is_own_source(name) => (spec_connector, Some(name)),
        Some(name) => match name.split_once('/') {
            Some((connector, source)) => (connector, Some(source)),
            None => (name, None),
        },
    };
    let found = subgraph(suite, connector);
    if suite.folders.contains_key(connector) {
        found.as_ref().map_err(String::clone)?;
    }
    let Ok(subgraph) = found else {
        let names: Vec<&str> = suite.folders.keys().map(String::as_str).collect();
        return Err(format!(
            "`@source {connector}`: there is neither a source of that name nor a connector; connectors: {}",
            names.join(", ")
        ));
    };
    let source = match (several_sources(subgraph), source) {
        (None, _) => None,
        (Some(names), Some(source)) if names.contains(&source) => Some(source.to_owned()),
        (Some(names), _) => {
            return Err(format!(
                "`{connector}` has several sources; name one of {} with a line `@source …` before the request",
                names.join(", ")
            ));
        }
    };
    Ok(ExchangeTarget {
        connector: connector.to_owned(),
        source,
    })
}

fn subgraph<'s>(suite: &'s Suite, name: &str) -> Result<&'s Subgraph, String> {
    let (path, folder) = suite
        .folders
        .get(name)
        .ok_or_else(|| format!("there is no connector `{name}`"))?;
    folder.subgraph.as_ref().ok_or_else(|| {
        let errors = folder.diagnostics.iter().filter(|one| one.is_error());
        let texts: Vec<String> = errors.map(Diagnostic::to_text).collect();
        format!("{} has errors\n\n{}", path.display(), texts.join("\n\n"))
    })
}

/// A connector with the spec's settings and with base URLs of the replay.
fn configured_connector(
    suite: &Suite,
    name: &str,
    spec_connector: &str,
    spec: &Spec,
    replay: &Replay,
) -> Result<ConfiguredConnector, String> {
    let subgraph = subgraph(suite, name)?;
    let mut raw = match &spec.settings {
        Some(text) if name == spec_connector => {
            RawConnectorSettings::read(&spec.path, text).map_err(|error| error.to_string())?
        }
        _ => RawConnectorSettings::default(),
    };
    super::config::fill(&mut raw.config, subgraph);
    // A spec does not depend on the variables of the machine that it runs on.
    raw.common.env = None;
    let address = |source: Option<&str>| {
        let url = replay.base_url(&segment(name, source));
        HttpUrl::new(&url).ok_or_else(|| format!("{url} is no URL"))
    };
    match several_sources(subgraph) {
        Some(sources) => {
            for source in sources {
                let settings = raw.sources.entry(source.to_owned()).or_default();
                settings.base_url = Some(address(Some(source))?);
            }
        }
        None if has_source(subgraph) => raw.common.base_url = Some(address(None)?),
        None => {}
    }
    let (_, folder) = &suite.folders[name];
    let own_settings = folder.settings.source.as_ref();
    let mut settings = Settings::default();
    settings.set_connector(name, raw);
    let settings = settings.connector(
        name,
        own_settings.map(|source| (Path::new(&source.path), source.text.as_str())),
    );
    let mut settings = settings.map_err(|error| error.to_string())?;
    settings.env = super::config::environment(subgraph);
    Ok(ConfiguredConnector {
        subgraph: subgraph.clone(),
        owner: folder.settings.owner.clone(),
        description: folder.settings.description.clone(),
        settings,
    })
}

fn has_source(subgraph: &Subgraph) -> bool {
    match &subgraph.kind {
        SubgraphKind::Connectors { sources, .. } => sources.iter().any(|source| source.is_http()),
        SubgraphKind::Service(_) => true,
        SubgraphKind::Native => false,
    }
}
