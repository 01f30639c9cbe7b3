//! Specs: Markdown files of a connector's folder.

use std::path::{Path, PathBuf};

use sangam::spec;

use super::super::corpus;
use super::super::input::{Input, Language};
use super::super::run::{REFUSED, Target};
use super::words;

struct Specs {
    folder: PathBuf,
}

pub(super) fn make(_: u64, _: bool) -> Box<dyn Target> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("connectors/lgd");
    Box::new(Specs { folder })
}

impl Target for Specs {
    fn corpus(&self) -> Vec<Input> {
        let files = corpus::files("connectors", &["md"]).into_iter();
        files
            .map(|path| Input::one(Language::Markdown, "spec", corpus::read(&path)))
            .collect()
    }

    fn run(&self, input: &Input) -> Result<String, String> {
        let text = input.text("spec");
        let lines = text.lines().count();
        match spec::parse(&self.folder, Path::new("fuzz.md"), &text) {
            Ok(spec) if spec.cases.is_empty() => Err("accepted without a case".to_owned()),
            Ok(spec) => Ok(format!(
                "{} {}",
                spec.cases.len().min(4),
                spec.exchanges.len().min(4)
            )),
            Err(problems) => {
                if problems.is_empty() || problems.iter().any(|problem| problem.line > lines + 1) {
                    return Err(format!("problems outside: {problems:?}"));
                }
                let plain = problems
                    .iter()
                    .map(|problem| problem.message.split('`').next().unwrap_or_default());
                Ok(format!("{REFUSED}{}", words(plain)))
            }
        }
    }
}
