//! Breaks: what a pure room must not do, under several names.

use std::{fs, time::{Duration, Instant as Clock}};

pub fn compute() -> Duration {
    let started = Clock::now();
    let _ = fs::read("file");
    let instant = std::time::Duration::ZERO;
    started.elapsed() + instant
}

pub async fn wait() {
    async {}.await;
}
