//! The graphs for operations: those of the plan and execution cases, and the graph of the demonstration.

use std::cell::RefCell;
use std::collections::HashMap;
use std::path::Path;
use std::rc::Rc;

use sangam::config::{ConnectorSettings, Environment, RawSettings, Settings};
use sangam::connector::{Folder, Subgraph};
use sangam::gateway::{ConfiguredConnector, Gateway};

use super::super::corpus::{Graph, graphs};
use crate::monolith::random::{Random, hash};
use crate::plans::subgraph;

/// The name of the demonstration's graph.
pub(in crate::fuzz) const DEPARTMENTS: &str = "departments";

/// Gateways, each created at its first use.
pub(super) struct Worlds {
    graphs: Vec<Graph>,
    made: RefCell<HashMap<String, Option<Rc<Gateway>>>>,
}

impl Worlds {
    /// The cases of a folder under `tests`, or a few of them.
    pub(super) fn new(folders: &[&str], seed: u64, few: bool) -> Worlds {
        sangam::source::tls::install_provider();
        let mut graphs: Vec<Graph> = folders.iter().flat_map(|folder| graphs(folder)).collect();
        if few {
            let mut random = Random::new(hash(seed, folders));
            while graphs.len() > 8 {
                graphs.remove(random.below(graphs.len()));
            }
        }
        Worlds {
            graphs,
            made: RefCell::default(),
        }
    }

    pub(super) fn graphs(&self) -> &[Graph] {
        &self.graphs
    }

    /// The gateway of a graph, whose upstreams are below `base`; `None` if it cannot be built.
    pub(super) fn gateway(&self, name: &str, base: &str) -> Option<Rc<Gateway>> {
        let mut made = self.made.borrow_mut();
        let made = made.entry(name.to_owned()).or_insert_with(|| {
            let subgraphs = match name {
                DEPARTMENTS => departments(),
                _ => self.subgraphs(name)?,
            };
            gateway(subgraphs, base).map(Rc::new)
        });
        made.clone()
    }

    /// The names and schemas of a graph's subgraphs.
    pub(super) fn sources(&self, name: &str) -> &[(String, String)] {
        let graph = self.graphs.iter().find(|graph| graph.name == name);
        graph.map_or(&[], |graph| &graph.subgraphs)
    }

    fn subgraphs(&self, name: &str) -> Option<Vec<Subgraph>> {
        // A stored case may use a graph that this run has left out.
        let folder = name.split('/').next()?;
        let graphs_of_folder;
        let graph = match self.graphs.iter().find(|graph| graph.name == name) {
            Some(graph) => graph,
            None => {
                graphs_of_folder = graphs(folder);
                graphs_of_folder.iter().find(|graph| graph.name == name)?
            }
        };
        let read = |(name, sdl): &(String, String)| subgraph(name, sdl);
        Some(graph.subgraphs.iter().map(read).collect())
    }
}

fn departments() -> Vec<Subgraph> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("connectors");
    let mut folders: Vec<_> = std::fs::read_dir(root)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    folders.sort();
    folders.retain(|path| path.join("connector.graphql").is_file());
    folders
        .iter()
        .filter_map(|path| Folder::read(path).subgraph)
        .collect()
}

/// A gateway without caches of documents and responses.
fn gateway(subgraphs: Vec<Subgraph>, base: &str) -> Option<Gateway> {
    gateway_with(subgraphs, |name| format!("base_url = \"{base}/{name}\""))
}

/// A gateway whose calls all go to `base`, for any host.
pub(super) fn gateway_through(subgraphs: Vec<Subgraph>, base: &str) -> Option<Gateway> {
    gateway_with(subgraphs, |name| {
        format!("base_url = \"http://fuzz.example/{name}\"\nproxy = \"{base}\"")
    })
}

fn gateway_with(subgraphs: Vec<Subgraph>, address: impl Fn(&str) -> String) -> Option<Gateway> {
    let mut text = "[cache]\ndocuments = 0\nresponses = 0\n".to_owned();
    for subgraph in &subgraphs {
        let (name, address) = (&subgraph.name, address(&subgraph.name));
        text.push_str(&format!(
            "[connector.{name}]\n{address}\ntimeout = \"1s\"\n"
        ));
    }
    let settings = settings(&text);
    let member = |subgraph: Subgraph| {
        let connector_settings = settings.connector(&subgraph.name, None);
        ConfiguredConnector {
            settings: connector_settings.unwrap_or_else(|_| ConnectorSettings::default()),
            owner: None,
            description: None,
            subgraph,
        }
    };
    Gateway::new(subgraphs.into_iter().map(member).collect(), &settings).ok()
}

pub(super) fn settings(text: &str) -> Settings {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("sangam.toml");
    std::fs::write(&file, text).unwrap();
    let settings = Settings::load(Some(&file), &Environment::default(), RawSettings::default());
    settings.unwrap_or_else(|error| panic!("{error}"))
}
