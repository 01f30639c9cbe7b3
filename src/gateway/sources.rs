//! The sources of a connector: one driver for each `@source`, one for the connects without a source, or that of its
//! GraphQL service.

use std::collections::HashMap;
use std::sync::Arc;

use super::configured::{ConfiguredConnector, SetupProblem};
use crate::connector::{Connect, RequestTemplate, Subgraph, SubgraphKind};
use crate::execute::FileRuntime;
use crate::source::gate::Gate;
use crate::source::{NoSource, SetupError, Source, SourceParts, Wires, native};

/// Gives the connects of a connector the templates of their wires.
pub(super) fn adapt_templates(
    connector: &mut ConfiguredConnector,
    wires: &Wires,
) -> Result<(), SetupProblem> {
    let Subgraph { name, kind, .. } = &mut connector.subgraph;
    let SubgraphKind::Connectors { connects, .. } = kind else {
        return Ok(());
    };
    for connect in connects {
        if let Some(template) = &connect.template {
            let wire = wires.of(name, template.scheme());
            let adapted = wire.map_err(|error| problem(name, &error))?;
            let adapted = adapted.template(Arc::clone(template));
            if !Arc::ptr_eq(&adapted, template) {
                Arc::make_mut(connect).template = Some(adapted);
            }
        }
    }
    Ok(())
}

/// Opens the sources of one connector, each when it is first needed.
pub(super) struct Sources<'a> {
    subgraph: &'a Subgraph,
    wires: &'a Wires,
    parts: SourceParts,
    /// By `@source`, and by scheme for connects without one.
    open: HashMap<(Option<usize>, &'a str), Arc<dyn Source>>,
}

impl<'a> Sources<'a> {
    /// `parts` is what they share, such as the bound of concurrent calls.
    pub(super) fn new(subgraph: &'a Subgraph, wires: &'a Wires, parts: SourceParts) -> Self {
        Sources {
            subgraph,
            wires,
            parts,
            open: HashMap::new(),
        }
    }

    /// How many calls of the connector may run.
    pub(super) fn gate(&self) -> Arc<Gate> {
        Arc::clone(&self.parts.gate)
    }

    /// The source that a connect calls.
    pub(super) fn of_connect(
        &mut self,
        connect: &'a Connect,
    ) -> Result<Arc<dyn Source>, SetupProblem> {
        match &connect.template {
            Some(template) => self.source(connect.source, &**template),
            None => Ok(Arc::new(NoSource)),
        }
    }

    /// The source of a GraphQL service.
    pub(super) fn of_service(&mut self) -> Result<Arc<dyn Source>, SetupProblem> {
        match &self.subgraph.kind {
            SubgraphKind::Service(service) => self.source(None, &*service.template),
            _ => self.opened(None, native::SCHEME),
        }
    }

    /// The fields with `@file`, with the sources that have their files.
    pub(super) fn of_files(&mut self) -> Result<Vec<FileRuntime>, SetupProblem> {
        let SubgraphKind::Connectors { files, .. } = &self.subgraph.kind else {
            return Ok(Vec::new());
        };
        let mut all = Vec::with_capacity(files.len());
        for field in files {
            all.push(FileRuntime {
                field: Arc::clone(field),
                source: self.source(field.source, &*field.template)?,
            });
        }
        Ok(all)
    }

    fn source(
        &mut self,
        source: Option<usize>,
        template: &'a dyn RequestTemplate,
    ) -> Result<Arc<dyn Source>, SetupProblem> {
        self.opened(source, template.scheme())
    }

    fn opened(
        &mut self,
        source: Option<usize>,
        scheme: &'a str,
    ) -> Result<Arc<dyn Source>, SetupProblem> {
        if let Some(open) = self.open.get(&(source, scheme)) {
            return Ok(Arc::clone(open));
        }
        let declared = match &self.subgraph.kind {
            SubgraphKind::Connectors { sources, .. } => source.and_then(|index| sources.get(index)),
            _ => None,
        };
        let parts = SourceParts {
            source: declared.map(|declared| declared.name.clone()),
            ..self.parts.clone()
        };
        let wire = self.wires.of(&self.subgraph.name, scheme);
        let opened = wire.and_then(|wire| wire.open(&parts));
        let opened = opened.map_err(|error| problem(&self.subgraph.name, &error))?;
        self.open.insert((source, scheme), Arc::clone(&opened));
        Ok(opened)
    }
}

fn problem(connector: &str, error: &SetupError) -> SetupProblem {
    SetupProblem::setting(connector, &error.to_string(), None)
}
