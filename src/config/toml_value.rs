//! Reads `config`, whose keys a connector defines: converts TOML to JSON and recognises references to secrets.

use std::path::Path;

use toml::de::{DeTable, DeValue};

use super::connector::RawConfig;
use super::secret::SecretRef;

/// The reference in a table that is exactly `{ env = "NAME" }` or `{ file = "path" }`.
pub(crate) fn secret_ref(table: &DeTable<'_>, base: &Path) -> Option<SecretRef> {
    let mut entries = table.iter();
    let (Some((key, value)), None) = (entries.next(), entries.next()) else {
        return None;
    };
    let text = value.get_ref().as_str()?;
    match key.get_ref().as_ref() {
        "env" => Some(SecretRef::Environment(text.to_owned())),
        "file" => Some(SecretRef::File(base.join(text))),
        _ => None,
    }
}

/// Reads a value of `config`.
pub(crate) fn config(value: &DeValue<'_>, base: &Path) -> Result<RawConfig, String> {
    Ok(match value {
        DeValue::String(text) => RawConfig::Plain(text.as_ref().into()),
        DeValue::Boolean(value) => RawConfig::Plain((*value).into()),
        DeValue::Integer(number) => {
            let number = i64::from_str_radix(number.as_str(), number.radix());
            let number = number.map_err(|_| "this number does not fit into 64 bits".to_owned())?;
            RawConfig::Plain(number.into())
        }
        DeValue::Float(number) => {
            let number = number.as_str().parse::<f64>().ok();
            let number = number.and_then(serde_json::Number::from_f64);
            RawConfig::Plain(
                number
                    .ok_or_else(|| "JSON has no such number".to_owned())?
                    .into(),
            )
        }
        DeValue::Datetime(date) => RawConfig::Plain(date.to_string().into()),
        DeValue::Array(items) => {
            let items = items.iter();
            RawConfig::List(
                items
                    .map(|item| config(item.get_ref(), base))
                    .collect::<Result<_, _>>()?,
            )
        }
        DeValue::Table(table) => match secret_ref(table, base) {
            Some(reference) => RawConfig::Secret(reference),
            None => RawConfig::Table(
                table
                    .iter()
                    .map(|(key, item)| {
                        Ok((
                            key.get_ref().as_ref().to_owned(),
                            config(item.get_ref(), base)?,
                        ))
                    })
                    .collect::<Result<_, String>>()?,
            ),
        },
    })
}
