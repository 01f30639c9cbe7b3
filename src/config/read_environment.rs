//! Reads raw settings from environment variables: `SANGAM_…`.

use super::environment::Environment;
use super::problem::{ConfigError, problem, suggest};
use super::raw::RawSettings;
use super::section::Section;
use super::sections::{
    RawAdmin, RawCache, RawCheck, RawConnectorLimits, RawCors, RawCost, RawDns, RawFiles,
    RawGeneral, RawLimits, RawLive, RawLog, RawOperations, RawPersisted, RawStreaming, RawTls,
    RawTracing,
};
use super::value::{HttpUrl, ParseSetting};
use crate::connector::Diagnostic;

/// Reads the variables `SANGAM_…`. The second part of the result lists those that are not settings, and that look like none:
/// another program may have set them. A variable that looks like a misspelt setting is a problem.
pub(crate) fn environment(
    environment: &Environment,
) -> Result<(RawSettings, Vec<String>), ConfigError> {
    let mut raw = RawSettings::default();
    let mut unknown = Vec::new();
    let mut problems = Vec::new();
    for (name, text) in environment.with_prefix("SANGAM_") {
        // Kubernetes sets these in every container when there is a service called `sangam`.
        if name.starts_with("SERVICE_") || name.starts_with("PORT") {
            continue;
        }
        match set_from_text(&mut raw, &name.to_lowercase(), text) {
            Some(Ok(())) => {}
            Some(Err(message)) => problems.push(problem(format!("SANGAM_{name}: {message}"))),
            None => match misspelt(name) {
                Some(problem) => problems.push(problem),
                None => unknown.push(format!("SANGAM_{name}")),
            },
        }
    }
    if problems.is_empty() {
        Ok((raw, unknown))
    } else {
        Err(ConfigError { problems })
    }
}

/// Reads what can be read of the variables `SANGAM_LOG_…`.
pub(super) fn readable_log(environment: &Environment) -> RawLog {
    let mut log = RawLog::default();
    for (name, text) in environment.with_prefix("SANGAM_LOG_") {
        // Its problems are reported when the settings are read as a whole.
        let _ = log.set_text(&name.to_lowercase(), text);
    }
    log
}

/// The sections whose keys variables set, with the names of these.
const SECTIONS: [(&str, &[&str]); 15] = [
    ("limits", RawLimits::NAMES),
    ("dns", RawDns::NAMES),
    ("cost", RawCost::NAMES),
    ("check", RawCheck::NAMES),
    ("cache", RawCache::NAMES),
    ("persisted", RawPersisted::NAMES),
    ("admin", RawAdmin::NAMES),
    ("tls", RawTls::NAMES),
    ("cors", RawCors::NAMES),
    ("operations", RawOperations::NAMES),
    ("files", RawFiles::NAMES),
    ("live", RawLive::NAMES),
    ("streaming", RawStreaming::NAMES),
    ("log", RawLog::NAMES),
    ("tracing", RawTracing::NAMES),
];

/// The problem of a variable that is no setting, but looks like one: it begins with the name of a section, or differs
/// from a setting by few letters.
fn misspelt(name: &str) -> Option<Diagnostic> {
    let variable = |section: &str, key: &str| {
        let separator = if section.is_empty() { "" } else { "_" };
        format!("SANGAM_{section}{separator}{key}").to_uppercase()
    };
    let name = format!("SANGAM_{name}");
    let problem = problem(format!("{name} is no setting"));
    let lower = name.to_lowercase();
    if lower.starts_with("sangam_connector_") {
        let keys = RawConnectorLimits::NAMES.iter();
        let keys: Vec<String> = keys.map(|key| variable("connector_<name>", key)).collect();
        return Some(problem.help(format!("known: {}", keys.join(", "))));
    }
    let in_section = SECTIONS.iter().find(|(section, _)| {
        let rest = lower.strip_prefix("sangam_");
        rest.is_some_and(|rest| rest.starts_with(&format!("{section}_")))
    });
    if let Some((section, keys)) = in_section {
        let known: Vec<String> = keys.iter().map(|key| variable(section, key)).collect();
        return Some(suggest(problem, &name, known.iter().map(String::as_str)));
    }
    let general = RawGeneral::NAMES.iter().map(|key| variable("", key));
    let others = SECTIONS.iter();
    let others = others.flat_map(|(section, keys)| keys.iter().map(|key| variable(section, key)));
    let near = general
        .chain(others)
        .map(|known| (strsim::damerau_levenshtein(&name, &known), known))
        .filter(|(distance, _)| *distance <= 2)
        .min()?;
    Some(problem.help(format!("did you mean `{}`?", near.1)))
}

fn set_from_text(raw: &mut RawSettings, name: &str, text: &str) -> Option<Result<(), String>> {
    if let Some(rest) = name.strip_prefix("connector_") {
        return set_connector_from_text(raw, rest, text);
    }
    if let Some((section, key)) = name.split_once('_') {
        let set = match section {
            "limits" => raw.limits.set_text(key, text),
            "dns" => raw.dns.set_text(key, text),
            "cost" => raw.cost.set_text(key, text),
            "check" => raw.check.set_text(key, text),
            "cache" => raw.cache.set_text(key, text),
            "persisted" => raw.persisted.set_text(key, text),
            "admin" => raw.admin.set_text(key, text),
            "tls" => raw.tls.set_text(key, text),
            "cors" => raw.cors.set_text(key, text),
            "operations" => raw.operations.set_text(key, text),
            "files" => raw.files.set_text(key, text),
            "live" => raw.live.set_text(key, text),
            "streaming" => raw.streaming.set_text(key, text),
            "log" => raw.log.set_text(key, text),
            "tracing" => raw.tracing.set_text(key, text),
            _ => None,
        };
        if set.is_some() {
            return set;
        }
    }
    if name == "operations" {
        return raw.operations.set_text("folder", text);
    }
    raw.general.set_text(name, text)
}

/// Sets `<name>_<key>` or `<name>_sources_<source>_base_url`. All names may contain underscores: the longest key that
/// matches is used. In variables, names with dashes have underscores.
fn set_connector_from_text(
    raw: &mut RawSettings,
    rest: &str,
    text: &str,
) -> Option<Result<(), String>> {
    if let Some((name, source)) = rest
        .strip_suffix("_base_url")
        .and_then(|rest| rest.split_once("_sources_"))
    {
        let url = match HttpUrl::from_text(text) {
            Ok(url) => url,
            Err(message) => return Some(Err(message)),
        };
        let connector = raw.connectors.entry(name.to_owned()).or_default();
        let source = connector.sources.entry(source.to_owned()).or_default();
        source.base_url = Some(url);
        return Some(Ok(()));
    }
    let keys = RawConnectorLimits::NAMES.iter();
    let (name, key) = keys
        .filter_map(|key| {
            let name = rest.strip_suffix(key)?.strip_suffix('_')?;
            (!name.is_empty()).then_some((name, *key))
        })
        .min_by_key(|(name, _)| name.len())?;
    let connector = raw.connectors.entry(name.to_owned()).or_default();
    connector.common.set_text(key, text)
}
