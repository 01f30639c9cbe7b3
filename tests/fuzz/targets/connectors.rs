//! `connector.graphql`: read, composed alone, and composed again from its supergraph.

use sangam::connector::read_sdl;

use super::super::corpus;
use super::super::input::{Input, Language};
use super::super::run::{REFUSED, Target};
use super::composed::{composed, told};

struct Connectors;

pub(super) fn make(_: u64, _: bool) -> Box<dyn Target> {
    Box::new(Connectors)
}

impl Target for Connectors {
    fn corpus(&self) -> Vec<Input> {
        let texts = corpus::connectors().into_iter();
        texts
            .map(|text| Input::one(Language::Graphql, "sdl", text))
            .collect()
    }

    fn run(&self, input: &Input) -> Result<String, String> {
        let text = input.text("sdl");
        let (subgraph, diagnostics) = read_sdl("fuzz", "fuzz/connector.graphql", &text);
        let read = told(&diagnostics)?;
        if subgraph.is_none() && read.is_empty() {
            return Err("refused without a reason".to_owned());
        }
        match subgraph {
            Some(subgraph) => Ok(format!("{} / {read}", composed(vec![subgraph])?)),
            None => Ok(format!("{REFUSED}{read}")),
        }
    }
}
