//! Executes mutated connectors that still compose (selections, templates and field sets with mistakes), with the upstream
//! responses of the original case.

use sangam::connector::read_sdl;

use super::super::input::{Input, Language};
use super::super::run::{REFUSED, Target};
use super::answers::Answers;
use super::composed::{linked, told};
use super::worlds::gateway_through;

struct Executions(Answers);

pub(super) fn make(seed: u64, few: bool) -> Box<dyn Target> {
    Box::new(Executions(Answers::new("executions", seed, few)))
}

/// The prefix of the names of subgraphs.
const SDL: &str = "sdl:";

impl Target for Executions {
    fn corpus(&self) -> Vec<Input> {
        let mut inputs = self.0.corpus();
        for input in &mut inputs {
            let graph = input.text("graph");
            for part in &mut input.parts {
                part.language = match part.label.as_str() {
                    "operation" => Language::Graphql,
                    "variables" => Language::Json,
                    _ => Language::Fixed,
                };
            }
            for (name, sdl) in self.0.worlds.sources(&graph) {
                let label = format!("{SDL}{name}");
                *input = input.clone().with(Language::Graphql, &label, linked(sdl));
            }
        }
        inputs
    }

    fn run(&self, input: &Input) -> Result<String, String> {
        let mut subgraphs = Vec::new();
        for part in &input.parts {
            if let Some(name) = part.label.strip_prefix(SDL) {
                let sdl = String::from_utf8_lossy(&part.bytes);
                match read_sdl(name, name, &sdl) {
                    (Some(subgraph), _) => subgraphs.push(subgraph),
                    (None, diagnostics) => return Ok(format!("{REFUSED}{}", told(&diagnostics)?)),
                }
            }
        }
        match gateway_through(subgraphs, &self.0.base) {
            Some(gateway) => self.0.run_on(&gateway, input),
            None => Ok(format!("{REFUSED}to compose")),
        }
    }
}
