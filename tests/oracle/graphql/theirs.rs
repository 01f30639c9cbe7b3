//! A program of this folder in a separate process; requests and responses are lines.

use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use crate::monolith::json::Json;

pub(super) struct Theirs {
    process: Child,
    to: ChildStdin,
    from: BufReader<ChildStdout>,
}

impl Theirs {
    pub(super) fn start() -> Self {
        Theirs::run("graphql.mjs")
    }

    /// Starts a program of this folder.
    pub(super) fn run(program: &str) -> Self {
        let folder = std::env::var_os("GRAPHQL_ORACLE").expect("GRAPHQL_ORACLE, by the script");
        let mut process = Command::new("node")
            .arg(PathBuf::from(folder).join(program))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("node");
        Theirs {
            to: process.stdin.take().unwrap(),
            from: BufReader::new(process.stdout.take().unwrap()),
            process,
        }
    }

    pub(super) fn ask(&mut self, what: Vec<(&str, Json)>) -> Json {
        let members = what
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value));
        writeln!(self.to, "{}", Json::Object(members.collect())).unwrap();
        let mut line = String::new();
        self.from.read_line(&mut line).unwrap();
        Json::parse(line.as_bytes()).unwrap_or_else(|_| panic!("the oracle has ended: {line}"))
    }

    /// Sets the schema for the following requests.
    pub(super) fn schema(&mut self, sdl: &str) {
        let answer = self.ask(vec![("schema", Json::string(sdl))]);
        let problems = answer.get("problems").and_then(Json::as_list);
        assert_eq!(problems, Some(&[][..]), "{sdl}");
    }
}

impl Drop for Theirs {
    fn drop(&mut self) {
        // It waits for another line.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
