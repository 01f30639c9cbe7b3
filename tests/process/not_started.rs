//! What `sangam serve` says when it does not start: lines of the log, in its format, and nothing else.
//!
//! Blocks: `text file PATH` is a file; `text arguments` those of `serve`, by blanks; `text variables` are lines `NAME=value` of the
//! environment. `json lines` and `text lines` are all output in that format, without the time and the module of each line, and
//! the exit status. A port that another program listens on is written `BUSY`.

use std::net::TcpListener;

use serde_json::Value;

use super::running::{Folder, printed};
use crate::support::cases::{Case, Fence, Suite};

inventory::submit! {
    Suite {
        folders: &["process/not_started"],
        fences: &[
            Fence::input("text file").named(),
            Fence::single("text arguments"),
            Fence::single("text variables"),
            Fence::expected("json lines"),
            Fence::expected("text lines"),
        ],
        run,
    }
}

fn run(case: &Case) -> Vec<Option<String>> {
    let busy = TcpListener::bind("127.0.0.1:0").unwrap();
    let busy = busy.local_addr().unwrap().port().to_string();
    let folder = Folder::new("", &[]);
    for (path, text) in case.named("text file") {
        let path = folder.path(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text.replace("BUSY", &busy)).unwrap();
    }
    let given = |fence: &str| case.block(fence).unwrap_or_default();
    let arguments = given("text arguments").split_whitespace();
    let arguments: Vec<&str> = ["serve"].into_iter().chain(arguments).collect();
    let variables = given("text variables").lines();
    let variables = variables.map(|line| line.split_once('=').unwrap());
    let mut command = folder.command(&arguments);
    let output = command.envs(variables).output().unwrap();
    let lines = printed(&output).replace(&busy, "BUSY");
    let status = output.status.code().unwrap();
    let blocks = case.blocks.iter();
    let outputs = blocks.map(|block| {
        let line = match block.fence {
            "json lines" => of_json,
            "text lines" => of_text,
            _ => return None,
        };
        let lines: String = lines.lines().map(line).collect();
        Some(format!("{lines}exit status {status}\n"))
    });
    outputs.collect()
}

fn of_json(line: &str) -> String {
    let read = serde_json::from_str(line);
    let mut read: Value = read.unwrap_or_else(|error| panic!("{error}: {line}"));
    let fields = read.as_object_mut().unwrap();
    for varies in ["time", "target"] {
        let given = fields.remove(varies);
        assert!(given.is_some_and(|given| given.is_string()), "{line}");
    }
    format!("{read}\n")
}

fn of_text(line: &str) -> String {
    let (time, rest) = line.split_once(' ').unwrap();
    assert!(time.starts_with("20") && time.ends_with('Z'), "{line}");
    format!("{rest}\n")
}
