//! The files that the other programs read; removed in the end.

use std::error::Error;
use std::fs;
use std::path::Path;
use std::path::PathBuf;

pub(super) struct Files(PathBuf);

impl Files {
    pub(super) fn new() -> Result<Files, Box<dyn Error>> {
        let folder = std::env::temp_dir().join(format!("sangam-bench-{}", std::process::id()));
        fs::create_dir_all(&folder)?;
        Ok(Files(folder))
    }

    /// The gateway's settings.
    pub(super) fn settings(&self, text: &str) -> Result<PathBuf, Box<dyn Error>> {
        self.write("sangam.toml", text.as_bytes())
    }

    pub(super) fn write(&self, name: &str, content: &[u8]) -> Result<PathBuf, Box<dyn Error>> {
        let path = self.0.join(name);
        fs::write(&path, content)?;
        Ok(path)
    }
}

impl Drop for Files {
    fn drop(&mut self) {
        // What stays behind lies in the folder for temporary files.
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// The beginning of a settings file.
pub(super) fn head(connectors: &Path) -> Result<String, Box<dyn Error>> {
    Ok(format!(
        "connectors = {:?}\n",
        fs::canonicalize(connectors)?
    ))
}
