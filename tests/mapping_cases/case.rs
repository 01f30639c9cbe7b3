//! One case: what is read from its file, what comes out, and how the two are compared.

use std::fmt::Write;
use std::path::Path;

use sangam::document::Value;
use sangam::mapping::{
    Need, Problem, Scalar, Segment, Selection, Shape, Template, Variables, Version,
};

/// One `##` section of a file.
pub(super) struct Case {
    file: String,
    heading: String,
    /// The lines of its block, those of the file's first block (the defaults) behind them.
    lines: Vec<(String, String)>,
    own: usize,
}

/// Reads a file of cases.
pub(super) fn read(path: &Path, text: &str) -> Vec<Case> {
    let file = path
        .strip_prefix(env!("CARGO_MANIFEST_DIR"))
        .unwrap()
        .display()
        .to_string();
    let mut defaults = Vec::new();
    let mut cases: Vec<Case> = Vec::new();
    let mut block: Option<Vec<(String, String)>> = None;
    for (number, line) in text.lines().enumerate() {
        let place = format!("{file}:{}", number + 1);
        match &mut block {
            None if line == "```" => block = Some(Vec::new()),
            None => {
                if let Some(heading) = line.strip_prefix("## ") {
                    cases.push(Case {
                        file: file.clone(),
                        heading: heading.to_owned(),
                        lines: Vec::new(),
                        own: 0,
                    });
                }
            }
            Some(lines) if line == "```" => {
                match cases.last_mut() {
                    None => defaults = std::mem::take(lines),
                    Some(case) => {
                        assert!(case.lines.is_empty(), "{place}: a case has one block");
                        case.own = lines.len();
                        case.lines = lines.drain(..).chain(defaults.iter().cloned()).collect();
                    }
                }
                block = None;
            }
            Some(lines) => match line.strip_prefix("    ") {
                Some(more) => {
                    let (_, value) = lines
                        .last_mut()
                        .unwrap_or_else(|| panic!("{place}: nothing to go on with"));
                    value.push('\n');
                    value.push_str(more);
                }
                None => {
                    let (key, value) = line.split_once(' ').unwrap_or((line, ""));
                    lines.push((key.to_owned(), value.trim_start().to_owned()));
                }
            },
        }
    }
    for case in &cases {
        assert!(case.own > 0, "{file}: `{}` has no block", case.heading);
        case.check_keys();
    }
    cases
}

impl Case {
    pub(super) fn title(&self) -> String {
        format!("{}: {}", self.file, self.heading)
    }

    /// All that goes in and comes out: what makes a case different from others.
    pub(super) fn subject(&self) -> String {
        self.lines
            .iter()
            .map(|(key, value)| format!("{key} {value}\n"))
            .collect()
    }

    fn check_keys(&self) {
        const KEYS: [&str; 15] = [
            "version",
            "input",
            "selection",
            "expression",
            "url",
            "header",
            "value",
            "text",
            "warning",
            "error",
            "problem",
            "shape",
            "needs",
            "uses",
            "fails",
        ];
        for (key, _) in &self.lines {
            assert!(
                key.starts_with('$') || KEYS.contains(&key.as_str()),
                "{}: unknown `{key}`",
                self.title()
            );
        }
    }

    /// The case's own value for a key, else the file's.
    fn get(&self, key: &str) -> Option<&str> {
        self.lines
            .iter()
            .find(|(known, _)| known == key)
            .map(|(_, value)| value.as_str())
    }

    fn own(&self, key: &str) -> Vec<String> {
        self.lines[..self.own]
            .iter()
            .filter(|(known, _)| known == key)
            .map(|(_, value)| value.clone())
            .collect()
    }

    /// `v0.4`, `v0.1..v0.3`; all of them if nothing is said.
    pub(super) fn versions(&self) -> Vec<Version> {
        let Some(range) = self.get("version") else {
            return Version::ALL.to_vec();
        };
        let (from, to) = range.split_once("..").unwrap_or((range, range));
        let parse = |text| {
            Version::from_segment(text)
                .unwrap_or_else(|| panic!("{}: version {text}", self.title()))
        };
        let (from, to) = (parse(from), parse(to));
        Version::ALL
            .into_iter()
            .filter(|version| (from..=to).contains(version))
            .collect()
    }

    fn json(&self, text: &str) -> Value {
        Value::parse_json(text.as_bytes())
            .unwrap_or_else(|error| panic!("{}: {text}: {error}", self.title()))
    }

    /// As compact JSON, with digits and order as they are; `missing` as it is.
    fn normal(&self, text: &str) -> String {
        if text == "missing" {
            text.to_owned()
        } else {
            self.json(text).to_json()
        }
    }

    fn input(&self) -> Option<Value> {
        self.get("input")
            .filter(|text| *text != "missing")
            .map(|text| self.json(text))
    }

    fn variables(&self) -> Variables {
        let mut variables = Variables::new();
        for (key, value) in self
            .lines
            .iter()
            .rev()
            .filter(|(key, _)| key.starts_with('$'))
        {
            variables.set(key.clone(), self.json(value));
        }
        variables
    }

    pub(super) fn expected(&self) -> Outcome {
        let mut expected = Outcome::default();
        for key in [
            "value", "text", "warning", "error", "problem", "shape", "needs", "uses", "fails",
        ] {
            for value in self.own(key) {
                let value = if key == "value" {
                    self.normal(&value)
                } else {
                    value
                };
                expected.lines.push(format!("{key} {value}"));
            }
        }
        expected
    }

    fn asks_for(&self, key: &str) -> bool {
        !self.own(key).is_empty()
    }
}

/// What comes out of a case, as the lines that say so.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Outcome {
    lines: Vec<String>,
}

impl Outcome {
    pub(super) fn of(case: &Case, version: Version) -> Outcome {
        let mut outcome = Outcome::default();
        if let Some(text) = case.get("url") {
            outcome.template(case, text, Template::parse_url(text, version));
        } else if let Some(text) = case.get("header") {
            outcome.template(case, text, Template::parse_header(text, version));
        } else if let Some(text) = case.get("expression") {
            outcome.selection(case, text, Selection::parse_value(text, version));
        } else if let Some(text) = case.get("selection") {
            outcome.selection(case, text, Selection::parse(text, version));
        } else {
            panic!("{} says nothing to parse", case.title());
        }
        outcome
    }

    fn add(&mut self, key: &str, value: impl std::fmt::Display) {
        self.lines.push(format!("{key} {value}"));
    }

    fn problems(&mut self, text: &str, problems: Vec<Problem>) {
        for problem in problems {
            let marked = &text[problem.span.clone()];
            let help = problem
                .help
                .map(|help| format!(" | {help}"))
                .unwrap_or_default();
            self.add(
                "problem",
                format!("{marked} | {}{help}", problem.message).trim_start(),
            );
        }
    }

    fn template(&mut self, case: &Case, text: &str, template: Result<Template, Vec<Problem>>) {
        let template = match template {
            Ok(template) => template,
            Err(problems) => return self.problems(text, problems),
        };
        match template.render(&case.variables()) {
            Ok(rendered) => {
                self.add("text", &rendered.text);
                for warning in rendered.warnings {
                    self.add("warning", format!("{} | {}", warning.path, warning.message));
                }
            }
            Err(error) => self.add("fails", error),
        }
        if case.asks_for("uses") {
            self.uses(&template.variables());
        }
    }

    fn uses(&mut self, uses: &[sangam::mapping::VariableUse]) {
        let mut shown: Vec<String> = Vec::new();
        for one in uses {
            let path: String = one.path.iter().map(|key| format!(".{key}")).collect();
            let one = format!("{}{path}", one.name);
            if !shown.contains(&one) {
                shown.push(one);
            }
        }
        self.add("uses", shown.join(" "));
    }

    fn selection(&mut self, case: &Case, text: &str, selection: Result<Selection, Vec<Problem>>) {
        let selection = match selection {
            Ok(selection) => selection,
            Err(problems) => return self.problems(text, problems),
        };
        let checks_text_only = !case.asks_for("value");
        if !checks_text_only {
            let evaluated = selection.evaluate(case.input().as_ref(), &case.variables());
            self.add(
                "value",
                evaluated
                    .value
                    .map_or_else(|| "missing".to_owned(), |value| value.to_json()),
            );
            for warning in evaluated.warnings {
                self.add("warning", format!("{} | {}", warning.path, warning.message));
            }
            for error in evaluated.errors {
                self.add(
                    "error",
                    format!("{} | {}", place(&error.at), error.message).trim_start(),
                );
            }
        }
        if case.asks_for("shape") {
            self.add("shape", shape(selection.shape()));
        }
        if case.asks_for("needs") {
            self.add("needs", need(selection.needs()));
        }
        if case.asks_for("uses") {
            self.uses(selection.variables());
        }
    }

    /// Both, line by line.
    pub(super) fn difference(&self, found: &Outcome) -> String {
        let mut text = String::new();
        let missing = self
            .lines
            .iter()
            .filter(|line| !found.lines.contains(line))
            .map(|line| ("expected", line));
        let extra = found
            .lines
            .iter()
            .filter(|line| !self.lines.contains(line))
            .map(|line| ("   found", line));
        for (which, line) in missing.chain(extra) {
            writeln!(text, "  {which}: {line}").unwrap();
        }
        if text.is_empty() {
            writeln!(
                text,
                "  the same lines in another order: {:#?}",
                found.lines
            )
            .unwrap();
        }
        text
    }
}

fn place(segments: &[Segment]) -> String {
    let mut text = String::new();
    for segment in segments {
        match segment {
            Segment::Key(key) => {
                write!(text, "{}{key}", if text.is_empty() { "" } else { "." }).unwrap()
            }
            Segment::Index(index) => write!(text, "[{index}]").unwrap(),
        }
    }
    text
}

/// `{ a: any, b: number, … }`.
fn shape(shape: &Shape) -> String {
    let all = |shapes: &[Shape], separator: &str| {
        shapes
            .iter()
            .map(self::shape)
            .collect::<Vec<_>>()
            .join(separator)
    };
    match shape {
        Shape::Any => "any".to_owned(),
        Shape::Scalar(Scalar::Boolean) => "boolean".to_owned(),
        Shape::Scalar(Scalar::Number) => "number".to_owned(),
        Shape::Scalar(Scalar::String) => "string".to_owned(),
        Shape::Literal(value) => value.to_json(),
        Shape::Array(elements) => format!("[{}]", all(elements, ", ")),
        Shape::OneOf(shapes) if shapes.is_empty() => "missing".to_owned(),
        Shape::OneOf(shapes) => all(shapes, " | "),
        Shape::Object { fields, open } => {
            let mut parts: Vec<_> = fields
                .iter()
                .map(|(name, field)| format!("{name}: {}", self::shape(field)))
                .collect();
            if *open {
                parts.push("…".to_owned());
            }
            if parts.is_empty() {
                "{}".to_owned()
            } else {
                format!("{{ {} }}", parts.join(", "))
            }
        }
    }
}

/// `*` for the whole, `{ a b { c } }` for keys; a key that is read whole stands alone.
fn need(need: &Need) -> String {
    fn keys(keys: &[(sangam::document::Str, Need)]) -> String {
        let key = |(name, need): &(sangam::document::Str, Need)| match need {
            Need::Whole => name.to_string(),
            Need::Keys(inner) => format!("{name} {}", braces(inner)),
        };
        keys.iter().map(key).collect::<Vec<_>>().join(" ")
    }
    fn braces(inner: &[(sangam::document::Str, Need)]) -> String {
        if inner.is_empty() {
            "{}".to_owned()
        } else {
            format!("{{ {} }}", keys(inner))
        }
    }
    match need {
        Need::Whole => "*".to_owned(),
        Need::Keys(inner) => braces(inner),
    }
}
