//! Loads the files of a folder of named operations.

use std::sync::Arc;

use apollo_compiler::ast::OperationType;
use apollo_compiler::{Name, Node, executable};

use super::catalogue::{DESCRIPTION, Named, NamedOperations};
use super::operation::NamedOperation;
use super::parameter::{Parameter, RESERVED_PARAMETERS};
use super::{comment, openapi, origins, problems};
use crate::connector::Diagnostic;
use crate::connector::diagnostic::{LineColumn, SourceText};
use crate::document::Value;
use crate::formats::Shape;
use crate::operation::{Compiler, Document, Operation, Parts, Rejection};
use crate::plan::location;

/// The beginning of a line of a comment: the query is sent by POST alone.
const BY_POST: &str = "POST only";

/// A file of named operations.
#[derive(Debug, Clone)]
pub struct OperationFile {
    /// Its path, as messages show it.
    pub path: String,
    /// Its name without folder and extension.
    pub stem: String,
    /// Its text, or why it cannot be read.
    pub text: Result<String, String>,
    /// The text of `<Name>.variables.json` beside it, if there is one.
    pub example: Option<String>,
}

/// One file while it is loaded.
struct File<'a> {
    compiler: &'a Compiler,
    source: Arc<SourceText>,
    text: Arc<str>,
    stem: &'a str,
    example: Option<Value>,
}

impl NamedOperations {
    /// Compiles the operations of these files. `keep` gets each compiled operation, with the text of its file and the name
    /// with which it is chosen from it. It may refuse the operation.
    pub fn load(
        compiler: &Compiler,
        files: &[OperationFile],
        mut keep: impl FnMut(&str, Option<&str>, Operation) -> Result<(), Rejection>,
    ) -> NamedOperations {
        let mut all = NamedOperations::default();
        for file in files {
            let text = match &file.text {
                Ok(text) => Arc::from(text.as_str()),
                Err(error) => {
                    let message = format!("{} cannot be read: {error}", file.path);
                    all.refuse(&file.stem, vec![unreadable(&file.path, message)]);
                    continue;
                }
            };
            let source = Arc::new(SourceText {
                path: file.path.clone(),
                text: String::from(&*text),
            });
            let example = file.example.as_ref();
            let example = example.and_then(|text| Value::parse_json(text.as_bytes()).ok());
            let file = File {
                compiler,
                source,
                text,
                stem: &file.stem,
                example,
            };
            file.load(&mut all, &mut keep);
        }
        all
    }

    /// Adds a name that cannot be served, and why.
    fn refuse(&mut self, name: &str, problems: Vec<Diagnostic>) {
        let reasons: Vec<&str> = problems.iter().map(|one| one.message.as_str()).collect();
        let reason = reasons.join("; ");
        for problem in problems {
            // Several operations may use the fragment that is wrong.
            let is_known = |known: &Diagnostic| problems::is_same(known, &problem);
            if !self.problems.iter().any(is_known) {
                self.problems.push(problem);
            }
        }
        if !self.by_name.contains_key(name) {
            self.by_name.insert(name.into(), Named::Refused(reason));
        }
    }
}

fn unreadable(path: &str, message: String) -> Diagnostic {
    let source = Arc::new(SourceText {
        path: path.to_owned(),
        text: String::new(),
    });
    problems::invalid(&source, &message, (1, 1))
}

/// Keeps a compiled operation, with the text that it is of and the name with which it is chosen from it.
type Keep<'k> = dyn FnMut(&str, Option<&str>, Operation) -> Result<(), Rejection> + 'k;

impl File<'_> {
    fn load(&self, all: &mut NamedOperations, keep: &mut Keep<'_>) {
        match self.compiler.document(&self.text) {
            Ok(document) => {
                let definitions: Vec<_> = document.operations.iter().cloned().collect();
                for definition in definitions {
                    self.add(all, keep, &self.text, &document, &definition);
                }
            }
            Err(rejection) => match Parts::of(&self.text) {
                Some(parts) => self.load_parts(all, keep, &parts, &rejection),
                None => all.refuse(self.stem, problems::rejected(&self.source, &rejection)),
            },
        }
    }

    /// Loads each operation of a file that is not valid as a whole, so that only those are refused that are not valid
    /// themselves. `rejection` is that of the whole file.
    fn load_parts(
        &self,
        all: &mut NamedOperations,
        keep: &mut Keep<'_>,
        parts: &Parts<'_>,
        rejection: &Rejection,
    ) {
        let whole = problems::rejected(&self.source, rejection);
        let is_in = |list: &[Diagnostic], one: &Diagnostic| {
            list.iter().any(|other| problems::is_same(one, other))
        };
        let mut reported = Vec::new();
        for part in parts.iter() {
            let name = part.name.map_or(self.stem, Name::as_str);
            let text: Arc<str> = part.text().trim_end().into();
            let document = self.compiler.document(&text);
            let mut found = match &document {
                Ok(_) => Vec::new(),
                Err(rejection) => problems::rejected(&self.source, rejection),
            };
            // What is wrong with it only beside the others, such as a name that another one has too.
            let concerns = |at| {
                let mut of_name = parts.iter().filter(|other| other.name == part.name);
                of_name.any(|other| other.contains(at))
            };
            let beside = whole
                .iter()
                .filter(|one| problems::location(one).is_some_and(concerns) && !is_in(&found, one));
            let beside: Vec<Diagnostic> = beside.cloned().collect();
            found.extend(beside);
            reported.extend(found.iter().cloned());
            match document {
                Ok(document) if found.is_empty() => {
                    let definitions: Vec<_> = document.operations.iter().cloned().collect();
                    for definition in definitions {
                        self.add(all, keep, &text, &document, &definition);
                    }
                }
                _ => all.refuse(name, found),
            }
        }
        // No operation has them: they are in fragments that none uses, or in definitions of types.
        let rest = whole.into_iter().filter(|one| !is_in(&reported, one));
        all.problems.extend(rest.map(problems::of_file));
    }

    /// Adds an operation of a valid document, whose text is `text`.
    fn add(
        &self,
        all: &mut NamedOperations,
        keep: &mut Keep<'_>,
        text: &Arc<str>,
        document: &Document,
        definition: &Node<executable::Operation>,
    ) {
        let name = definition.name.as_ref().map_or(self.stem, Name::as_str);
        let problems = self.problems(all, document, definition, name);
        if !problems.is_empty() {
            return all.refuse(name, problems);
        }
        let of_document = definition.name.as_deref();
        let mut is_confidential = false;
        let kept = self
            .compiler
            .operation(document.clone(), of_document)
            .and_then(|operation| {
                is_confidential = operation.confidential.is_some();
                keep(text, of_document, operation)
            });
        match kept {
            Ok(()) => {
                let mut named = self.named(all, text, document, definition, name);
                named.by_post |= is_confidential;
                all.by_name
                    .insert(Arc::clone(&named.name), Named::Ready(Box::new(named)));
            }
            Err(rejection) => all.refuse(name, problems::rejected(&self.source, &rejection)),
        }
    }

    /// What is wrong with the names of an operation and its variables.
    fn problems(
        &self,
        all: &NamedOperations,
        document: &Document,
        definition: &Node<executable::Operation>,
        name: &str,
    ) -> Vec<Diagnostic> {
        let sources = &document.sources;
        let at = |span| location(span, sources).unwrap_or((1, 1));
        let of_name = definition.name.as_ref().map(Name::location);
        let name_at = at(of_name.unwrap_or_else(|| definition.location()));
        let mut found = Vec::new();
        if Name::new(name).is_err() {
            let message = format!(
                "an operation without a name has that of its file, and `{name}` is no name in GraphQL"
            );
            found.push(problems::invalid(&self.source, &message, name_at));
        }
        if name == DESCRIPTION {
            let message = format!("the name `{name}` of an operation is reserved for the gateway");
            let help = format!("`/operations/{DESCRIPTION}.json` describes all operations");
            found.push(problems::reserved(&self.source, &message, &help, name_at));
        }
        if all.by_name.contains_key(name) {
            let message = format!("another file has an operation `{name}` too");
            found.push(problems::invalid(&self.source, &message, name_at));
        }
        let offset = definition.location().map_or(0, |span| span.offset());
        if let Err((word, offset)) = origins::of(&self.text, offset) {
            let message = format!(
                "`{word}` is no origin: a line `Origins:` names origins of pages, such as `https://news.example`"
            );
            let LineColumn { line, column } = self.source.position(offset);
            found.push(problems::invalid(&self.source, &message, (line, column)));
        }
        let reserved = definition
            .variables
            .iter()
            .filter(|variable| RESERVED_PARAMETERS.contains(&variable.name.as_str()));
        found.extend(reserved.map(|variable| {
            let message = format!(
                "the name `${}` of a variable is reserved for the gateway",
                variable.name
            );
            let help = format!(
                "choose another name: {} are parameters of every operation's URL",
                RESERVED_PARAMETERS.join(", ")
            );
            let at = at(variable.name.location());
            problems::reserved(&self.source, &message, &help, at)
        }));
        found
    }

    fn named(
        &self,
        all: &mut NamedOperations,
        text: &Arc<str>,
        document: &Document,
        definition: &Node<executable::Operation>,
        name: &str,
    ) -> NamedOperation {
        let api = self.compiler.api();
        let parameters = definition.variables.iter().map(|variable| {
            let schema = openapi::variable(api, variable, &mut all.types);
            Parameter::new(api, variable, schema)
        });
        let parameters = parameters.collect();
        let data = openapi::data(api, document, definition, &mut all.types);
        let offset = definition.location().map_or(0, |span| span.offset());
        let kind = definition.operation_type;
        let is_mutation = kind == OperationType::Mutation;
        NamedOperation {
            name: name.into(),
            operation_name: definition.name.as_ref().map(|name| name.as_str().into()),
            description: comment::above(&self.text, offset),
            text: Arc::clone(text),
            kind,
            by_post: is_mutation || comment::has_line(&self.text, offset, BY_POST),
            // A line that names none is a problem, found before.
            origins: origins::of(&self.text, offset).unwrap_or_default(),
            parameters,
            example: self.example.clone().filter(|_| self.stem == name),
            shape: Shape::of(document, definition, api),
            data,
        }
    }
}
