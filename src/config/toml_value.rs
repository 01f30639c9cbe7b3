//! Reads `config`, whose keys a connector defines: converts TOML to JSON; references to secrets stay references.

use std::path::Path;

use toml::de::DeValue;

use super::connector::RawConfig;
use super::secret::SecretRef;

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
        DeValue::Table(table) => match SecretRef::from_toml(table, base) {
            Some(reference) => RawConfig::Secret(reference),
            None => RawConfig::Table(
                table
                    .iter()
                    .map(|(key, item)| {
                        let value = config(item.get_ref(), base)?;
                        Ok((key.get_ref().as_ref().to_owned(), value))
                    })
                    .collect::<Result<_, String>>()?,
            ),
        },
    })
}
