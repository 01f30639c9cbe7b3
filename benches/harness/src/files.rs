//! The files that the other programs read; removed in the end.

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

/// A folder for temporary files.
#[derive(Debug)]
pub struct Files(PathBuf);

impl Files {
    /// A folder of this process, empty.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn new() -> Result<Files, Box<dyn Error>> {
        let folder = std::env::temp_dir().join(format!("sangam-bench-{}", std::process::id()));
        fs::create_dir_all(&folder)?;
        Ok(Files(folder))
    }

    /// Where it is.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.0
    }

    /// The gateway's settings. A secret `{ sample = "text" }` becomes a file, because an older gateway, with which a newer one
    /// is compared, knows no samples.
    ///
    /// # Errors
    /// When a file cannot be written.
    pub fn settings(&self, text: &str) -> Result<PathBuf, Box<dyn Error>> {
        const SAMPLE: &str = "{ sample = \"";
        let mut written = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once(SAMPLE) {
            let (sample, after) = after.split_once('"').ok_or("a sample without its end")?;
            let name = format!("sample-{}", written.len());
            self.write(&name, sample.as_bytes())?;
            written.push_str(&format!("{before}{{ file = \"{name}\""));
            rest = after;
        }
        written.push_str(rest);
        self.write("sangam.toml", written.as_bytes())
    }

    /// A file with this content. It stays as it is if it has this content already: a gateway whose settings are written reads
    /// them again, and its caches are empty then.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(&self, name: &str, content: &[u8]) -> Result<PathBuf, Box<dyn Error>> {
        let path = self.0.join(name);
        if fs::read(&path).is_ok_and(|written| written == content) {
            return Ok(path);
        }
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
///
/// # Errors
/// When there is no such folder.
pub fn head(connectors: &Path) -> Result<String, Box<dyn Error>> {
    Ok(format!(
        "connectors = {:?}\n",
        fs::canonicalize(connectors)?
    ))
}
