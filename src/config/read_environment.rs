//! Reads raw settings from environment variables: `SANGAM_…`.

use super::environment::Environment;
use super::problem::{ConfigError, SettingProblem};
use super::raw::RawSettings;
use super::section::Section;
use super::sections::RawConnectorLimits;

/// Reads the variables `SANGAM_…`. The second part of the result lists those that are not settings.
pub(crate) fn environment(
    environment: &Environment,
    file: &RawSettings,
) -> Result<(RawSettings, Vec<String>), ConfigError> {
    let mut raw = RawSettings::default();
    let mut unknown = Vec::new();
    let mut problems = Vec::new();
    for (name, text) in environment.with_prefix("SANGAM_") {
        // Kubernetes sets these in every container when there is a service called `sangam`.
        if name.starts_with("SERVICE_") || name.starts_with("PORT") {
            continue;
        }
        match set_from_text(&mut raw, file, &name.to_lowercase(), text) {
            Some(Ok(())) => {}
            Some(Err(message)) => {
                problems.push(SettingProblem::new(format!("SANGAM_{name}: {message}")))
            }
            None => unknown.push(format!("SANGAM_{name}")),
        }
    }
    if problems.is_empty() {
        Ok((raw, unknown))
    } else {
        Err(ConfigError { problems })
    }
}

fn set_from_text(
    raw: &mut RawSettings,
    file: &RawSettings,
    name: &str,
    text: &str,
) -> Option<Result<(), String>> {
    if let Some(rest) = name.strip_prefix("connector_") {
        return set_connector_from_text(raw, file, rest, text);
    }
    if let Some((section, key)) = name.split_once('_') {
        let set = match section {
            "limits" => raw.limits.set_text(key, text),
            "dns" => raw.dns.set_text(key, text),
            "cost" => raw.cost.set_text(key, text),
            "cache" => raw.cache.set_text(key, text),
            "admin" => raw.admin.set_text(key, text),
            "tls" => raw.tls.set_text(key, text),
            "cors" => raw.cors.set_text(key, text),
            "log" => raw.log.set_text(key, text),
            "tracing" => raw.tracing.set_text(key, text),
            _ => None,
        };
        if set.is_some() {
            return set;
        }
    }
    raw.general.set_text(name, text)
}

/// Sets `<name>_<key>`. Both may contain underscores: the longest key that matches is used. A connector's name with dashes
/// in the file is written with underscores in the variable.
fn set_connector_from_text(
    raw: &mut RawSettings,
    file: &RawSettings,
    rest: &str,
    text: &str,
) -> Option<Result<(), String>> {
    let keys = RawConnectorLimits::NAMES.iter();
    let (name, key) = keys
        .filter_map(|key| {
            let name = rest.strip_suffix(key)?.strip_suffix('_')?;
            (!name.is_empty()).then_some((name, *key))
        })
        .min_by_key(|(name, _)| name.len())?;
    let mut names = file.connectors.keys();
    let name = names
        .find(|name_in_file| name_in_file.to_lowercase().replace('-', "_") == name)
        .cloned()
        .unwrap_or_else(|| name.to_owned());
    let connector = raw.connectors.entry(name).or_default();
    connector.common.set_text(key, text)
}
