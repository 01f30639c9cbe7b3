//! The error of a server that cannot start.

use std::fmt;

/// Why the server cannot start.
#[derive(Debug, Clone)]
pub struct StartError {
    message: String,
    /// The setting that has to change.
    setting: Option<&'static str>,
    help: Option<&'static str>,
}

impl StartError {
    pub(super) fn new(message: impl Into<String>) -> StartError {
        StartError {
            message: message.into(),
            setting: None,
            help: None,
        }
    }

    pub(super) fn setting(self, setting: &'static str) -> StartError {
        StartError {
            setting: Some(setting),
            ..self
        }
    }

    pub(super) fn help(self, help: &'static str) -> StartError {
        StartError {
            help: Some(help),
            ..self
        }
    }

    /// What is wrong, in one line.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The setting that has to change, if it is one: `tls.key`.
    pub fn wrong_setting(&self) -> Option<&'static str> {
        self.setting
    }

    /// How to correct it.
    pub fn how_to_correct(&self) -> Option<&'static str> {
        self.help
    }
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        match self.help {
            Some(help) => write!(f, "\n  help: {help}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for StartError {}
