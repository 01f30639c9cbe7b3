//! The package of `make dist`, unpacked in an empty folder: the binary needs nothing else.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::running::{Running, binary, client, printed, text};

/// Runs a command that must succeed, and returns its output.
pub(super) fn run(command: &mut Command) -> String {
    let output = command.stdin(Stdio::null()).output().unwrap();
    let printed = printed(&output);
    assert!(output.status.success(), "{command:?}:\n{printed}");
    printed
}

/// Packs a program, and unpacks the package.
pub(super) fn unpacked(folder: &Path, program: &Path) -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    run(Command::new(root.join("scripts/dist"))
        .args(["0.0.0", "test"])
        .env("BINARY", program)
        .env("OUT", folder.join("dist")));
    let archive = folder.join("dist/sangam-0.0.0-test.tar.gz");
    run(Command::new("sha256sum")
        .args(["--check", "sangam-0.0.0-test.tar.gz.sha256"])
        .current_dir(folder.join("dist")));
    run(Command::new("tar")
        .arg("-xzf")
        .arg(archive)
        .arg("-C")
        .arg(folder));
    folder.join("sangam-0.0.0-test")
}

#[test(threads)]
async fn a_package_runs_where_it_is_unpacked() {
    let folder = tempfile::tempdir().unwrap();
    let package = unpacked(folder.path(), binary());
    for name in [
        "INSTALL.md",
        "Dockerfile",
        "sangam.service",
        "monitoring/dashboard.json",
        "monitoring/alerts.yaml",
        "tls.conf",
        "schema/wire.graphql",
        "LICENSE-MIT",
        "LICENSE-APACHE",
    ] {
        assert!(package.join(name).is_file(), "{name}");
    }
    let command = |arguments: &[&str]| {
        let mut command = Command::new(package.join("sangam"));
        command.args(arguments).current_dir(&package).env_clear();
        command
    };
    assert!(run(&mut command(&["--version"])).contains(env!("CARGO_PKG_VERSION")));
    let output = run(&mut command(&["check"]));
    assert!(output.contains("8 connectors"), "{output}");
    run(&mut command(&["test"]));
    for examples in ["public_apis", "templates"] {
        let examples = format!("examples/{examples}");
        run(&mut command(&["test", "--connectors", &examples]));
    }
    // The sample configuration is valid, with and without its commented settings; only the ports are changed.
    let sample = std::fs::read_to_string(package.join("sangam.toml")).unwrap();
    let anywhere = sample
        .replace("127.0.0.1:4000", "127.0.0.1:0")
        .replace("127.0.0.1:4001", "127.0.0.1:0");
    assert_ne!(sample, anywhere);
    let whole = uncommented(&anywhere);
    assert_eq!(whole.matches("\n[connector.").count(), 8, "{whole}");
    let secrets = whole.split("env = \"").skip(1);
    let secrets: Vec<&str> = secrets
        .map(|rest| rest.split('"').next().unwrap())
        .collect();
    assert!(secrets.contains(&"DGGI_KEY"), "{secrets:?}");
    for settings in [&anywhere, &whole] {
        std::fs::write(package.join("sangam.toml"), settings).unwrap();
        run(&mut command(&["check"]));
        let mut serve = command(&["serve"]);
        serve
            .stdin(Stdio::null())
            .envs(secrets.iter().map(|name| (name, "sample")));
        let running = Running::start(serve);
        let ready = text(client().get(format!("{}/health/ready", running.url))).await;
        assert_eq!(ready, "{\"status\":\"ready\"}\n");
        running.stop();
    }
}

/// The sample with its commented sections as settings: each begins at its header and ends at an empty line.
fn uncommented(sample: &str) -> String {
    let mut within = false;
    let lines = sample.lines().map(|line| {
        within = line.starts_with("# [connector.") || (within && !line.is_empty());
        match line.strip_prefix("# ") {
            Some(setting) if within => setting,
            _ => line,
        }
    });
    lines.collect::<Vec<_>>().join("\n") + "\n"
}
