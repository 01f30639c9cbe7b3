//! Sets of subgraphs, and supergraphs: composition does not depend on the order, and a written supergraph composes to the
//! same graph.

use apollo_compiler::Schema;
use sangam::connector::{Diagnostic, Subgraph, SubgraphKind, read_sdl};
use sangam::graph::query::QueryGraph;
use sangam::graph::{compose, supergraph};

use super::super::corpus;
use super::super::input::{Input, Language};
use super::super::run::{REFUSED, Target};
use super::words;

struct Compositions;

pub(super) fn compositions(_: u64, _: bool) -> Box<dyn Target> {
    Box::new(Compositions)
}

impl Target for Compositions {
    fn corpus(&self) -> Vec<Input> {
        let cases = ["composition", "plans", "execution"]
            .iter()
            .flat_map(|folder| corpus::graphs(folder));
        let inputs = cases.map(|graph| {
            graph
                .subgraphs
                .iter()
                .fold(Input::default(), |input, (name, sdl)| {
                    input.with(Language::Graphql, name, linked(sdl))
                })
        });
        inputs.filter(|input| input.len() < 16 * 1024).collect()
    }

    fn run(&self, input: &Input) -> Result<String, String> {
        let (mut subgraphs, mut diagnostics) = (Vec::new(), Vec::new());
        for part in &input.parts {
            let sdl = String::from_utf8_lossy(&part.bytes);
            let (subgraph, sdl_diagnostics) = read_sdl(&part.label, &part.label, &sdl);
            diagnostics.extend(sdl_diagnostics);
            subgraphs.extend(subgraph);
        }
        let read = told(&diagnostics)?;
        if subgraphs.len() < input.parts.len() {
            return Ok(format!("{REFUSED}{read}"));
        }
        let mut reversed = subgraphs.clone();
        reversed.reverse();
        let backwards = compose(reversed).0.map(|composed| composed.api_sdl);
        let forwards = compose(subgraphs.clone())
            .0
            .map(|composed| composed.api_sdl);
        if forwards != backwards {
            return Err(format!("the order counts: {forwards:?} {backwards:?}"));
        }
        Ok(format!("{} / {read}", composed(subgraphs)?))
    }
}

/// A subgraph of a case without `@link` is a GraphQL service.
pub(super) fn linked(sdl: &str) -> String {
    const LINKS: &str = r#"
extend schema
  @link(url: "https://specs.sangam.dev/wire/v0.1", import: ["@graphql"])
  @graphql(url: "https://service.example/graphql")
  @link(url: "https://specs.apollo.dev/federation/v2.12", import: [
    "@key" "@requires" "@provides" "@external" "@extends" "@shareable" "@override" "@tag" "@inaccessible"
    "@composeDirective" "@interfaceObject" "@authenticated" "@requiresScopes" "@policy" "@context" "@fromContext"
    "@cost" "@listSize" "@cacheTag"
  ])
"#;
    match sdl.contains("@link") {
        true => sdl.to_owned(),
        false => format!("{sdl}{LINKS}"),
    }
}

struct Supergraphs;

pub(super) fn supergraphs(_: u64, _: bool) -> Box<dyn Target> {
    Box::new(Supergraphs)
}

impl Target for Supergraphs {
    fn corpus(&self) -> Vec<Input> {
        let blocks = corpus::blocks(&["tests/composition"]).into_iter();
        let written = blocks
            .filter(|(info, _)| info.ends_with("supergraph"))
            .map(|(_, text)| text);
        let mut texts: Vec<String> = written.collect();
        for graph in corpus::graphs("plans")
            .iter()
            .chain(&corpus::graphs("execution"))
        {
            let read = |(name, sdl): &(String, String)| read_sdl(name, name, &linked(sdl)).0;
            let subgraphs: Option<Vec<Subgraph>> = graph.subgraphs.iter().map(read).collect();
            if let Some(subgraphs) = subgraphs
                && texts.len() < 60
                && let (Some(composed), _) = compose(subgraphs)
            {
                texts.push(supergraph::write(&composed));
            }
        }
        texts
            .iter()
            .map(|text| Input::one(Language::Graphql, "sdl", text))
            .collect()
    }

    fn run(&self, input: &Input) -> Result<String, String> {
        let (subgraphs, diagnostics) = supergraph::read("supergraph.graphql", &input.text("sdl"));
        let read = told(&diagnostics)?;
        if diagnostics.iter().any(Diagnostic::is_error) {
            return Ok(format!("{REFUSED}{read}"));
        }
        Ok(format!("{} / {read}", composed(subgraphs)?))
    }
}

/// The codes of diagnostics; also formats each one.
pub(super) fn told(diagnostics: &[Diagnostic]) -> Result<String, String> {
    for diagnostic in diagnostics.iter().take(50) {
        if diagnostic.to_text().is_empty() || diagnostic.message.is_empty() {
            return Err(format!("a diagnostic that says nothing: {diagnostic:?}"));
        }
        diagnostic.to_json();
    }
    Ok(words(
        diagnostics.iter().map(|diagnostic| diagnostic.code.name),
    ))
}

/// Composes. The schema is valid as text, and the supergraph composes to the same schema.
pub(super) fn composed(subgraphs: Vec<Subgraph>) -> Result<String, String> {
    let (composed, diagnostics) = compose(subgraphs);
    let codes = told(&diagnostics)?;
    let Some(composed) = composed else {
        return match codes.is_empty() {
            true => Err("refused without a reason".to_owned()),
            false => Ok(format!("{REFUSED}{codes}")),
        };
    };
    QueryGraph::new(&composed);
    if let Err(error) = Schema::parse_and_validate(&composed.api_sdl, "api.graphql") {
        return Err(format!(
            "the public schema is not valid: {}\n{}",
            error, composed.api_sdl
        ));
    }
    let sdl = supergraph::write(&composed);
    if let Err(error) = Schema::parse_and_validate(&sdl, "supergraph.graphql") {
        return Err(format!("the supergraph is not valid: {error}\n{sdl}"));
    }
    let (mut read, diagnostics) = supergraph::read("supergraph.graphql", &sdl);
    for (read, original) in read.iter_mut().zip(composed.subgraphs.iter()) {
        if matches!(original.kind, SubgraphKind::Native) {
            read.kind = SubgraphKind::Native;
        }
    }
    let text = |diagnostics: &[Diagnostic]| {
        diagnostics
            .iter()
            .map(Diagnostic::to_text)
            .collect::<Vec<_>>()
            .join("\n")
    };
    if diagnostics.iter().any(Diagnostic::is_error) {
        return Err(format!(
            "the supergraph cannot be read: {}\n{sdl}",
            text(&diagnostics)
        ));
    }
    let (again, diagnostics) = compose(read);
    let Some(again) = again else {
        return Err(format!(
            "the supergraph does not compose: {}\n{sdl}",
            text(&diagnostics)
        ));
    };
    if again.api_sdl != composed.api_sdl {
        return Err(format!(
            "the supergraph gives another schema: {}\n{}",
            composed.api_sdl, again.api_sdl
        ));
    }
    Ok(format!("composed {codes}"))
}
