//! Build information for `sangam --version`: the commit, the target, the compiler.

// Cargo reads what a build script prints.
#![allow(clippy::print_stdout)]

use std::process::Command;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=.git/HEAD");
    println!("cargo::rerun-if-env-changed=SANGAM_COMMIT");
    let commit = std::env::var("SANGAM_COMMIT")
        .ok()
        .filter(|commit| !commit.is_empty())
        .or_else(|| output("git", &["rev-parse", "--short=12", "HEAD"]))
        .unwrap_or_else(|| "unknown".to_owned());
    let rustc = std::env::var("RUSTC").unwrap_or_else(|_| "rustc".to_owned());
    let rustc = output(&rustc, &["--version"]).unwrap_or_else(|| "unknown".to_owned());
    let target = std::env::var("TARGET").unwrap_or_default();
    let profile = std::env::var("PROFILE").unwrap_or_default();
    println!("cargo::rustc-env=SANGAM_BUILD_COMMIT={commit}");
    println!("cargo::rustc-env=SANGAM_BUILD_RUSTC={rustc}");
    println!("cargo::rustc-env=SANGAM_BUILD_TARGET={target}");
    println!("cargo::rustc-env=SANGAM_BUILD_PROFILE={profile}");
}

fn output(program: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program).args(arguments).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    let text = text.trim();
    (output.status.success() && !text.is_empty()).then(|| text.to_owned())
}
