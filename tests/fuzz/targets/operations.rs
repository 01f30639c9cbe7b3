//! Operations on composed graphs: limits, parsing, validation, planning, and the plan as text and JSON.
//!
//! An accepted operation is also accepted after it has been printed, with the same plan.

use apollo_compiler::ast::Document;
use sangam::document::Value;
use sangam::gateway::{ClientContext, Gateway, GraphqlRequest};
use tokio::runtime::Runtime;

use super::super::corpus;
use super::super::input::{Input, Language};
use super::super::run::{REFUSED, Target};
use super::response::{codes, messages, runtime};
use super::worlds::{DEPARTMENTS, Worlds};

struct Operations {
    worlds: Worlds,
    runtime: Runtime,
}

pub(super) fn make(seed: u64, few: bool) -> Box<dyn Target> {
    Box::new(Operations {
        worlds: Worlds::new(&["plans", "execution"], seed, few),
        runtime: runtime("operations"),
    })
}

/// No upstream is called.
const NOWHERE: &str = "http://127.0.0.1:1";

impl Target for Operations {
    fn corpus(&self) -> Vec<Input> {
        let mut out = Vec::new();
        let mut add = |graph: &str, text: &str| {
            let input = Input::one(Language::Fixed, "graph", graph);
            out.push(input.with(Language::Graphql, "operation", text));
        };
        for graph in self.worlds.graphs() {
            let operations = graph
                .blocks
                .iter()
                .filter(|(info, _)| info == "graphql operation");
            operations.for_each(|(_, text)| add(&graph.name, text));
        }
        for path in corpus::files("schema/operations", &["graphql"]) {
            add(DEPARTMENTS, &corpus::read(&path));
        }
        for (info, text) in corpus::blocks(&["connectors", "tests/validation"]) {
            if info == "graphql" {
                add(DEPARTMENTS, &text);
            }
        }
        out
    }

    fn run(&self, input: &Input) -> Result<String, String> {
        let Some(gateway) = self.worlds.gateway(&input.text("graph"), NOWHERE) else {
            return Ok("no graph".to_owned());
        };
        let text = input.text("operation");
        let explained = self.explain(&gateway, &text);
        let plan = match &explained {
            Ok(plan) => plan,
            Err(refused) => {
                return Ok(format!(
                    "{REFUSED}{} {}",
                    codes(refused)?,
                    messages(refused)
                ));
            }
        };
        let printed = Document::parse(&*text, "operation").map(|document| document.to_string());
        let printed = printed.map_err(|error| format!("accepted and not parsed: {error}"))?;
        match self.explain(&gateway, &printed) {
            Ok(again) if again == *plan => {}
            Ok(again) => {
                return Err(format!(
                    "printed it has another plan: {printed}\n{plan}\n{again}"
                ));
            }
            Err(refused) => {
                let codes = codes(&refused)?;
                // The printed text is longer, and may exceed a limit.
                if codes != "LIMIT_EXCEEDED" {
                    return Err(format!("printed it is refused: {codes}\n{printed}"));
                }
            }
        }
        // Plans with the same kinds of calls in the same order have the same outcome.
        let kinds = plan
            .lines()
            .filter_map(|line| line.split_whitespace().next());
        Ok(format!("planned {}", kinds.collect::<Vec<_>>().join(" ")))
    }
}

impl Operations {
    /// The plan as text, or the refusal.
    fn explain(&self, gateway: &Gateway, text: &str) -> Result<String, Vec<u8>> {
        let request = GraphqlRequest {
            query: Some(text.to_owned()),
            variables: Some(Value::default()),
            ..GraphqlRequest::default()
        };
        let client = ClientContext {
            mutations_allowed: true,
            ..ClientContext::default()
        };
        let explained = self
            .runtime
            .block_on(gateway.explain(&request, &client, false));
        explained
            .map(|explained| explained.plan)
            .map_err(|body| body.to_vec())
    }
}
