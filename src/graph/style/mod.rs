//! The rules of docs/schema-style.md that can be checked, on what each folder says.
//!
//! Some rules need to know the other folders: which of them owns an entity, and whether one describes what another declares
//! without a description. Only `sangam check` calls this: the style decides nothing about what is served.

mod descriptions;
mod facts;
mod folder;
mod identity;
mod lists;
mod mutations;
mod names;
mod nulls;
mod report;
mod scalars;
mod units;
mod words;

use crate::connector::{Diagnostic, Subgraph};
use facts::Facts;
use report::StyleReport;

/// The findings about all folders, as warnings: by folder, then in the order of its text.
pub fn check(subgraphs: &[Subgraph]) -> Vec<Diagnostic> {
    let facts = Facts::new(subgraphs);
    let mut findings = Vec::new();
    for folder in &facts.folders {
        let mut report = StyleReport::new(folder);
        identity::check(&facts, folder, &mut report);
        descriptions::check(&facts, folder, &mut report);
        lists::check(&facts, folder, &mut report);
        names::check(&facts, folder, &mut report);
        scalars::check(folder, &mut report);
        units::check(folder, &mut report);
        nulls::check(&facts, folder, &mut report);
        mutations::check(folder, &mut report);
        findings.extend(report.into_diagnostics());
    }
    findings
}
