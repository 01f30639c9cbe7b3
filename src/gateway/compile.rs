//! Compiles an operation's text once: limits, parsing, validation, planning, and the program that computes its cost.
//!
//! The result is cached by the text, also when it is a refusal, so that an invalid operation is parsed only once.

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::OnceLock;

use apollo_compiler::ExecutableDocument;
use apollo_compiler::Name;
use apollo_compiler::Schema;
use apollo_compiler::executable;
use apollo_compiler::parser::Parser;
use apollo_compiler::validation::Valid;

use super::access;
use super::introspection;
use super::refusal::Refusal;
use super::syntax;
use super::validate;
use crate::cache::OperationKey;
use crate::cache::ResponseKey;
use crate::cache::plans::Weighs;
use crate::connector::Reads;
use crate::connector::SubgraphKind;
use crate::cost;
use crate::document::NumberBounds;
use crate::errors::ErrorKind;
use crate::errors::code;
use crate::graph::query::QueryGraph;
use crate::plan;
use crate::plan::FetchCall;
use crate::plan::Plan;
use crate::plan::PlanError;
use crate::plan::PlanLimits;
use crate::plan::limits::DocumentLimits;
use crate::plan::limits::LimitExceeded;
use crate::plan::limits::check_document;
use crate::plan::limits::check_text;
use crate::response::Sizes;

/// Compiles operations: the schema, the graph and the limits.
#[derive(Debug)]
pub(super) struct OperationCompiler {
    pub(super) api: Arc<Valid<Schema>>,
    pub(super) graph: Arc<QueryGraph>,
    pub(super) document_limits: DocumentLimits,
    pub(super) numbers: NumberBounds,
    pub(super) plan_limits: PlanLimits,
    pub(super) introspection: bool,
    /// The assumed size of lists without `@listSize` (`cost.list_size`).
    pub(super) list_size: u64,
    /// Refuse operations that lack a slicing argument which the schema requires.
    pub(super) requires_slicing: bool,
}

/// The result of compiling: an operation, or why it is refused.
#[derive(Debug)]
pub(super) enum Compiled {
    Ready(Box<CompiledOperation>),
    Refused(Refusal),
}

/// An operation that can be executed.
#[derive(Debug)]
pub(super) struct CompiledOperation {
    pub(super) document: Valid<ExecutableDocument>,
    /// The operation's name, if it has one.
    pub(super) name: Option<Name>,
    pub(super) plan: Plan,
    pub(super) key: OperationKey,
    /// The key of its cached response, when the response depends on the operation alone (no variables, headers or labels).
    pub(super) bare_key: OnceLock<ResponseKey>,
    /// The client headers that its calls can read; lower case, sorted.
    pub(super) headers: Arc<[String]>,
    /// One of its calls can read all client headers.
    pub(super) all_headers: bool,
    /// It selects `__schema` or `__type`.
    pub(super) introspects: bool,
    /// Computes its cost.
    pub(super) cost: Arc<cost::Program>,
    /// The buffer sizes of its last execution, as a hint for the next.
    pub(super) sizes: Mutex<Sizes>,
    /// The length of the operation's text in bytes.
    length: usize,
}

impl CompiledOperation {
    pub(super) fn operation(&self) -> Option<&executable::Operation> {
        self.document
            .operations
            .get(self.name.as_deref())
            .ok()
            .map(|operation| operation.as_ref())
    }

    /// Whether its response depends on nothing but the operation and its variables: the plan has no fetches.
    pub(super) fn is_constant(&self) -> bool {
        self.plan.fetches.is_empty()
    }
}

impl Weighs for Compiled {
    fn weight(&self) -> usize {
        match self {
            Compiled::Refused(refusal) => refusal.len(),
            // Measured: the parsed document allocates about 45 bytes per byte of text.
            Compiled::Ready(ready) => {
                1_000 + ready.length * 45 + ready.plan.weight() + ready.cost.weight()
            }
        }
    }
}

/// About how many bytes compiling a text of this length holds at most.
///
/// Measured: 450 bytes per byte of text, most of them in the parser's three trees. A short text with a large plan needs a
/// few megabytes, which the planner's limits bound.
pub(super) fn bytes_to_compile(length: usize) -> usize {
    2_000_000 + length * 450
}

impl OperationCompiler {
    /// Refuses a text that is too long, before the text is copied.
    pub(super) fn too_long(&self, text: &str) -> Option<Refusal> {
        let limits = &self.document_limits;
        if text.len() <= limits.bytes {
            return None;
        }
        check_text(text, limits).map_err(limit_refusal).err()
    }

    pub(super) fn compile(&self, text: &str, name: Option<&str>) -> Compiled {
        match self.ready(text, name) {
            Ok(ready) => Compiled::Ready(Box::new(ready)),
            Err(refusal) => Compiled::Refused(refusal),
        }
    }

    fn ready(&self, text: &str, name: Option<&str>) -> Result<CompiledOperation, Refusal> {
        check_text(text, &self.document_limits).map_err(limit_refusal)?;
        let parsed = Parser::new().parse_ast(text, "operation");
        let ast = parsed
            .map_err(|failure| Refusal::invalid(code::GRAPHQL_PARSE_FAILED, &failure.errors))?;
        let findings = syntax::check(text);
        if !findings.is_empty() {
            return Err(Refusal::with_locations(
                code::GRAPHQL_PARSE_FAILED,
                &findings,
            ));
        }
        check_document(&ast, &self.document_limits).map_err(limit_refusal)?;
        let document = ast.to_executable_validate(&self.api).map_err(|failure| {
            Refusal::invalid(code::GRAPHQL_VALIDATION_FAILED, &failure.errors)
        })?;
        let mut findings = validate::check(&self.api, &document, self.numbers);
        findings.extend(introspection::check_depth(&document));
        if !findings.is_empty() {
            return Err(Refusal::with_locations(
                code::GRAPHQL_VALIDATION_FAILED,
                &findings,
            ));
        }
        let (operation_name, operation) = match document.operations.get(name) {
            Ok(operation) => (operation.name.clone(), operation.clone()),
            Err(_) => return Err(unknown_operation(name)),
        };
        if operation.is_subscription() {
            return Err(Refusal::new(
                code::NOT_SUPPORTED,
                ErrorKind::Invalid,
                "Subscriptions are not supported yet",
            ));
        }
        let introspects = operation
            .root_fields(&document)
            .any(|field| matches!(field.name.as_str(), "__schema" | "__type"));
        if introspects && !self.introspection {
            return Err(Refusal::new(
                code::INTROSPECTION_DISABLED,
                ErrorKind::Denied,
                "Introspection is switched off here",
            ));
        }
        let limits = self.plan_limits;
        let plan = plan::plan(&self.graph, &self.api, &document, &operation, limits)
            .map_err(|error| refused_plan(&error))?;
        if let Some(field) = access::restricted_field(&plan, &self.graph) {
            let message =
                format!("{field} is for signed-in clients, and signing in is not supported yet");
            return Err(Refusal::new(
                code::UNAUTHENTICATED,
                ErrorKind::Denied,
                &message,
            ));
        }
        let cost = self.cost(&plan)?;
        let (headers, all_headers) = self.headers(&plan);
        let key = OperationKey::new(text, operation_name.as_deref());
        let length = text.len();
        Ok(CompiledOperation {
            document,
            name: operation_name,
            plan,
            key,
            bare_key: OnceLock::new(),
            headers,
            all_headers,
            introspects,
            cost: Arc::new(cost),
            sizes: Mutex::default(),
            length,
        })
    }

    /// Builds the cost program of a plan. Refuses the operation when required slicing arguments are missing.
    fn cost(&self, plan: &Plan) -> Result<cost::Program, Refusal> {
        let program = cost::Program::new(plan, &self.graph, self.list_size);
        let problems = program.problems().iter();
        let problems =
            problems.map(|problem| (problem.message.clone(), problem.locations.to_vec()));
        let violations: Vec<validate::Violation> = problems.collect();
        if self.requires_slicing && !violations.is_empty() {
            return Err(Refusal::with_locations(
                code::SLICING_ARGUMENT_REQUIRED,
                &violations,
            ));
        }
        Ok(program)
    }

    /// The client headers that a plan's calls can read, and whether one of them reads all.
    fn headers(&self, plan: &Plan) -> (Arc<[String]>, bool) {
        let mut names: Vec<String> = Vec::new();
        let mut all = false;
        let mut add = |reads: &Reads| {
            all |= reads.all_client_headers;
            names.extend(reads.client_headers.iter().cloned());
        };
        for fetch in &plan.fetches {
            match &fetch.call {
                FetchCall::Connect { connect, .. } => {
                    if let Some(connect) = self.graph.connect(fetch.subgraph, *connect) {
                        add(&connect.reads);
                    }
                }
                FetchCall::Operation(_) | FetchCall::Entities { .. } => {
                    if let SubgraphKind::Service(service) =
                        &self.graph.subgraph(fetch.subgraph).kind
                    {
                        add(&service.reads);
                    }
                }
            }
        }
        names.sort();
        names.dedup();
        (Arc::from(names), all)
    }
}

fn limit_refusal(error: LimitExceeded) -> Refusal {
    Refusal::new(code::LIMIT_EXCEEDED, ErrorKind::Limit, &error.to_string())
}

fn unknown_operation(name: Option<&str>) -> Refusal {
    let message = match name {
        Some(name) => format!("The document has no operation named {name}"),
        None => "The document must hold exactly one operation, or operationName must name one"
            .to_owned(),
    };
    Refusal::new(
        code::OPERATION_RESOLUTION_FAILURE,
        ErrorKind::Invalid,
        &message,
    )
}

fn refused_plan(error: &PlanError) -> Refusal {
    match error {
        PlanError::TooComplex => {
            Refusal::new(code::PLAN_TOO_COMPLEX, ErrorKind::Limit, &error.to_string())
        }
        PlanError::Unsatisfiable(_) => {
            Refusal::new(code::UNSATISFIABLE, ErrorKind::Internal, &error.to_string())
        }
    }
}
