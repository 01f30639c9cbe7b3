//! `sangam.toml` and `connector.toml`.

use std::path::Path;

use sangam::config::{Environment, RawSettings, Settings};
use sangam::connector::FolderSettings;

use super::super::corpus;
use super::super::input::{Input, Language};
use super::super::run::{REFUSED, Target};
use super::composed::told;

struct Files {
    folder: tempfile::TempDir,
}

pub(super) fn make(_: u64, _: bool) -> Box<dyn Target> {
    let folder = tempfile::tempdir().unwrap();
    Box::new(Files { folder })
}

impl Target for Files {
    fn corpus(&self) -> Vec<Input> {
        let blocks = corpus::blocks(&["tests/execution", "tests/connectors", "connectors", "docs"])
            .into_iter();
        let blocks = blocks
            .filter(|(info, _)| info.starts_with("toml"))
            .map(|(_, text)| text);
        let files = ["connectors", "packaging", "tests/data"]
            .iter()
            .flat_map(|folder| corpus::files(folder, &["toml"]));
        let texts: Vec<String> = blocks
            .chain(files.map(|path| corpus::read(&path)))
            .collect();
        let mut out = Vec::new();
        for (at, text) in texts.iter().enumerate() {
            let input = Input::one(Language::Toml, "sangam", text);
            out.push(input.with(
                Language::Toml,
                "connector",
                &texts[(at * 3 + 1) % texts.len()],
            ));
        }
        out
    }

    fn run(&self, input: &Input) -> Result<String, String> {
        let connector_toml = input.text("connector");
        let path = Path::new("a/connector.toml");
        let (_, diagnostics) = FolderSettings::read("a", "a/connector.toml", &connector_toml);
        let mut out = told(&diagnostics)?;
        let file = self.folder.path().join("sangam.toml");
        std::fs::write(&file, input.bytes("sangam")).unwrap();
        let environment = Environment::from_iter([("A", "a")]);
        match Settings::load(Some(&file), &environment, RawSettings::default()) {
            Ok(settings) => {
                settings.unknown_connectors(&["a"]);
                match settings.connector("a", Some((path, &connector_toml))) {
                    Ok(_) => out.push_str(" settings"),
                    Err(error) => out.push_str(&kind(&error.to_string())?),
                }
            }
            Err(error) => out.insert_str(0, &format!("{REFUSED}{}", kind(&error.to_string())?)),
        }
        Ok(out)
    }
}

/// A message without the parts that quote the file.
fn kind(message: &str) -> Result<String, String> {
    if message.trim().is_empty() {
        return Err("refused without a reason".to_owned());
    }
    let words = message
        .split_whitespace()
        .filter(|word| word.chars().all(char::is_alphabetic));
    Ok(words.take(12).collect::<Vec<_>>().join(" "))
}
