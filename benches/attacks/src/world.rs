//! The files of the gateway: a folder with the connectors of the demonstration and those of the misbehaving upstreams, and
//! the settings.

use std::path::{Path, PathBuf};
use std::{fs, io};

use crate::attack::Attack;

/// The settings of the gateway for an attack.
///
/// # Errors
/// When a folder of connectors cannot be read, or `folder` not be written.
pub fn settings(
    folder: &Path,
    connectors: &[PathBuf],
    attack: Option<&Attack>,
    upstreams: &str,
) -> io::Result<String> {
    let connectors_folder = folder.join("connectors");
    fs::create_dir_all(&connectors_folder)?;
    for of in connectors {
        for entry in fs::read_dir(of)? {
            let connector = entry?.path();
            if connector.is_dir() {
                link(&connector, &connectors_folder)?;
            }
        }
    }
    let limits = attack.map_or("", |attack| attack.limits);
    Ok(format!(
        "connectors = {connectors_folder:?}\n[limits]\n{limits}\n{upstreams}\n"
    ))
}

fn link(connector: &Path, connectors_folder: &Path) -> io::Result<()> {
    let link = connectors_folder.join(connector.file_name().unwrap_or_default());
    if link.exists() {
        return Ok(());
    }
    std::os::unix::fs::symlink(fs::canonicalize(connector)?, link)
}
