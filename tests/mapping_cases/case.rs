//! One section of a case file: its input, its output, and their comparison.

use std::fmt::Write;

use sangam::document::Value;
use sangam::mapping::{
    Dialect, InputMask, NamedMappings, Problem, ScalarShape, Segment, Selection, Shape, Template,
    Variables, Version,
};

use super::DEFAULTS;
use crate::support::cases::{Case, Suite};

/// One `##` section of a file.
pub(super) struct Section {
    file: String,
    heading: String,
    /// The lines of its block, followed by those of the file's defaults.
    lines: Vec<(String, String)>,
    /// How many lines its block has.
    block_lines: usize,
}

/// The sections of a file.
pub(super) fn sections(case: &Case) -> Vec<Section> {
    let file = Suite::name_of(&case.path);
    let mut defaults = Vec::new();
    let mut sections: Vec<Section> = Vec::new();
    let mut headings = case.headings().into_iter().peekable();
    for block in &case.blocks {
        let lines = lines(&block.body, &format!("{file}:{}", block.line));
        if block.fence == DEFAULTS {
            assert!(
                sections.is_empty(),
                "{file}:{}: defaults come first",
                block.line
            );
            defaults = lines;
            continue;
        }
        let heading = headings.next_if(|(line, _)| *line < block.line);
        let (_, heading) = heading.unwrap_or_else(|| {
            panic!(
                "{file}:{}: a block without a heading of its own",
                block.line
            )
        });
        let next = headings.peek().is_none_or(|(line, _)| *line > block.line);
        assert!(next, "{file}: `{heading}` has no block");
        let section = Section {
            file: file.clone(),
            heading,
            block_lines: lines.len(),
            lines: lines.into_iter().chain(defaults.iter().cloned()).collect(),
        };
        section.check_keys();
        sections.push(section);
    }
    let last = headings.next();
    assert!(
        last.is_none(),
        "{file}: a heading without a block: {last:?}"
    );
    sections
}

/// The keys and values of a block; a line with four spaces continues the value before it.
fn lines(body: &str, place: &str) -> Vec<(String, String)> {
    let mut lines: Vec<(String, String)> = Vec::new();
    for line in body.lines() {
        match line.strip_prefix("    ") {
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
        }
    }
    lines
}

impl Section {
    pub(super) fn title(&self) -> String {
        format!("{}: {}", self.file, self.heading)
    }

    /// All input and output: it distinguishes a case from the others.
    pub(super) fn subject(&self) -> String {
        self.lines
            .iter()
            .map(|(key, value)| format!("{key} {value}\n"))
            .collect()
    }

    /// Fails for an unknown key, and for a section without an expected result.
    fn check_keys(&self) {
        const KEYS: [&str; 17] = [
            "version",
            "link",
            "mapping",
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
        let expects = Section::EXPECTED.iter().any(|key| self.asks_for(key));
        assert!(expects, "{}: expects nothing", self.title());
    }

    /// The value of a key: of the section, or else of the file's defaults.
    fn get(&self, key: &str) -> Option<&str> {
        self.lines
            .iter()
            .find(|(line_key, _)| line_key == key)
            .map(|(_, value)| value.as_str())
    }

    fn block_values(&self, key: &str) -> Vec<String> {
        self.lines[..self.block_lines]
            .iter()
            .filter(|(line_key, _)| line_key == key)
            .map(|(_, value)| value.clone())
            .collect()
    }

    /// `v0.4`, `v0.1..v0.3`; all versions by default.
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

    /// The language in a version, with the methods of `wire` if the case links it.
    fn dialect(&self, version: Version) -> Dialect {
        let link = self.get("link");
        assert!(
            link.is_none_or(|link| link == "wire"),
            "{}: link {link:?}",
            self.title()
        );
        let wire = link.is_some();
        Dialect { version, wire }
    }

    /// The named mappings, which must not have problems.
    fn named(&self, dialect: Dialect) -> NamedMappings {
        let texts = self.block_values("mapping");
        let texts: Vec<(&str, &str)> = texts
            .iter()
            .map(|text| {
                let pair = text.split_once(" = ");
                pair.unwrap_or_else(|| panic!("{}: mapping {text}", self.title()))
            })
            .collect();
        let (named, problems) = NamedMappings::parse(&texts, dialect);
        assert_eq!(problems, [], "{}", self.title());
        named
    }

    fn json(&self, text: &str) -> Value {
        Value::parse_json(text.as_bytes())
            .unwrap_or_else(|error| panic!("{}: {text}: {error}", self.title()))
    }

    /// Compact JSON with unchanged digits and order; `missing` stays.
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
        for key in Section::EXPECTED {
            for value in self.block_values(key) {
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

    /// The keys of expected results.
    const EXPECTED: [&str; 9] = [
        "value", "text", "warning", "error", "problem", "shape", "needs", "uses", "fails",
    ];

    fn asks_for(&self, key: &str) -> bool {
        !self.block_values(key).is_empty()
    }
}

/// The output of a section, in the form of its lines.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Outcome {
    lines: Vec<String>,
}

impl Outcome {
    pub(super) fn of(case: &Section, version: Version) -> Outcome {
        let mut outcome = Outcome::default();
        let dialect = case.dialect(version);
        if let Some(text) = case.get("url") {
            outcome.template(case, text, Template::parse_url(text, dialect));
        } else if let Some(text) = case.get("header") {
            outcome.template(case, text, Template::parse_header(text, dialect));
        } else if let Some(text) = case.get("expression") {
            let named = case.named(dialect);
            outcome.selection(
                case,
                text,
                Selection::parse_value_with(text, dialect, &named),
            );
        } else if let Some(text) = case.get("selection") {
            let named = case.named(dialect);
            outcome.selection(case, text, Selection::parse_with(text, dialect, &named));
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

    fn template(&mut self, case: &Section, text: &str, template: Result<Template, Vec<Problem>>) {
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
        for used in uses {
            let path: String = used.path.iter().map(|key| format!(".{key}")).collect();
            let text = format!("{}{path}", used.name);
            if !shown.contains(&text) {
                shown.push(text);
            }
        }
        self.add("uses", shown.join(" "));
    }

    fn selection(
        &mut self,
        case: &Section,
        text: &str,
        selection: Result<Selection, Vec<Problem>>,
    ) {
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
            self.add("needs", need(selection.input_mask()));
        }
        if case.asks_for("uses") {
            self.uses(selection.variables());
        }
    }

    /// The differences, line by line.
    pub(super) fn difference(&self, actual: &Outcome) -> String {
        let mut text = String::new();
        let missing = self
            .lines
            .iter()
            .filter(|line| !actual.lines.contains(line))
            .map(|line| ("expected", line));
        let extra = actual
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
                actual.lines
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
    let joined = |shapes: &[Shape], separator: &str| {
        shapes
            .iter()
            .map(self::shape)
            .collect::<Vec<_>>()
            .join(separator)
    };
    match shape {
        Shape::Any => "any".to_owned(),
        Shape::Scalar(ScalarShape::Boolean) => "boolean".to_owned(),
        Shape::Scalar(ScalarShape::Number) => "number".to_owned(),
        Shape::Scalar(ScalarShape::String) => "string".to_owned(),
        Shape::Literal(value) => value.to_json(),
        Shape::Array(elements) => format!("[{}]", joined(elements, ", ")),
        Shape::OneOf(shapes) if shapes.is_empty() => "missing".to_owned(),
        Shape::OneOf(shapes) => joined(shapes, " | "),
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

/// `*` for the whole value, `{ a b { c } }` for keys; a key without braces is read whole.
fn need(need: &InputMask) -> String {
    fn keys(keys: &[(sangam::document::Str, InputMask)]) -> String {
        let key = |(name, need): &(sangam::document::Str, InputMask)| match need {
            InputMask::Whole => name.to_string(),
            InputMask::Keys(inner) => format!("{name} {}", braces(inner)),
        };
        keys.iter().map(key).collect::<Vec<_>>().join(" ")
    }
    fn braces(inner: &[(sangam::document::Str, InputMask)]) -> String {
        if inner.is_empty() {
            "{}".to_owned()
        } else {
            format!("{{ {} }}", keys(inner))
        }
    }
    match need {
        InputMask::Whole => "*".to_owned(),
        InputMask::Keys(inner) => braces(inner),
    }
}
