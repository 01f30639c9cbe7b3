//! A cgroup with a memory limit, if one can be created.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The folder of cgroups and the file with the limit, for version 2 and version 1.
const PLACES: [(&str, &str); 2] = [
    ("/sys/fs/cgroup", "memory.max"),
    ("/sys/fs/cgroup/memory", "memory.limit_in_bytes"),
];

/// Removed when dropped; its processes must have ended by then.
pub(super) struct Group(PathBuf);

impl Group {
    /// A cgroup with this limit; `None` if that is not allowed.
    pub(super) fn new(limit: u64) -> Option<Group> {
        PLACES.iter().find_map(|(place, file)| {
            // An ordinary file system would create a folder of any name.
            if !Path::new(place).join("cgroup.procs").is_file() {
                return None;
            }
            let folder = Path::new(place).join(format!("sangam-test-{}", std::process::id()));
            fs::create_dir(&folder).ok()?;
            let group = Group(folder);
            let limited = fs::OpenOptions::new()
                .write(true)
                .open(group.0.join(file))
                .and_then(|mut file| {
                    std::io::Write::write_all(&mut file, limit.to_string().as_bytes())
                });
            limited.ok().map(|()| group)
        })
    }

    /// A command that runs a program in it.
    pub(super) fn command(&self, program: &Path) -> Command {
        let mut command = Command::new("/bin/sh");
        command
            .args(["-c", "echo $$ > \"$0\" && exec \"$@\""])
            .arg(self.0.join("cgroup.procs"))
            .arg(program);
        command
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        let _ = fs::remove_dir(&self.0);
    }
}
