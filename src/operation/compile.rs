//! Compiles an operation: limits, parsing, validation, planning, and the program that computes its cost.

use std::collections::HashSet;
use std::sync::Arc;

use apollo_compiler::Schema;
use apollo_compiler::parser::Parser;
use apollo_compiler::validation::Valid;

use super::compiled::{Document, Operation};
use super::limits::{DocumentLimits, LimitExceeded, check_document, check_text};
use super::rejection::Rejection;
use super::variables::CoercedVariables;
use super::{
    access, confidential, constraints, incremental, introspection, live, service, syntax, validate,
    validation_errors, variables,
};
use crate::config::{CostMode, Settings};
use crate::connector::{Reads, SubgraphKind};
use crate::cost::{CallBound, Estimate, Program};
use crate::document::{NumberBounds, Str, Value};
use crate::errors::{ErrorKind, code};
use crate::graph::query::{QueryGraph, SubgraphId};
use crate::graph::{Confidential, Constraints};
use crate::plan::arguments::coerce_variable;
use crate::plan::{FetchCall, KeptClosures, Plan, PlanError, PlanLimits};
use crate::{cost, plan};

/// Compiles operations over one graph.
#[derive(Debug)]
pub struct Compiler {
    api: Arc<Valid<Schema>>,
    constraints: Constraints,
    confidential: Confidential,
    graph: Arc<QueryGraph>,
    document_limits: DocumentLimits,
    plan_limits: PlanLimits,
    /// The subgraphs whose calls take unequally long.
    varying: HashSet<SubgraphId>,
    /// What the planner found out about the graph.
    closures: KeptClosures,
    numbers: NumberBounds,
    introspection: bool,
    /// The assumed size of lists without `@listSize`.
    list_size: u64,
    /// The greatest cost, if it is enforced.
    cost_max: Option<u64>,
}

impl Compiler {
    /// A compiler for a graph and its public schema, with the limits of the settings.
    pub fn new(api: Arc<Valid<Schema>>, graph: Arc<QueryGraph>, settings: &Settings) -> Compiler {
        let (limits, cost) = (&settings.limits, &settings.cost);
        let schemas = graph.subgraphs.iter().map(|subgraph| &subgraph.schema);
        Compiler {
            constraints: Constraints::of(schemas.clone()),
            confidential: Confidential::of(schemas),
            api: Arc::new(service::with_service(&live::with_directives(&api))),
            graph,
            document_limits: limits.into(),
            plan_limits: limits.into(),
            varying: HashSet::new(),
            closures: KeptClosures::default(),
            numbers: limits.into(),
            introspection: settings.general.introspection,
            list_size: cost.list_size as u64,
            cost_max: (cost.mode == CostMode::Enforce).then_some(cost.max as u64),
        }
    }

    /// The same compiler, for connectors of these names whose calls take unequally long (`latency_varies`).
    pub fn with_varying_latency(mut self, names: &[String]) -> Compiler {
        let subgraphs = self.graph.subgraphs.iter().zip(0..);
        self.varying = subgraphs
            .filter(|(subgraph, _)| names.contains(&subgraph.name))
            .map(|(_, index)| SubgraphId(index))
            .collect();
        self
    }

    /// The public schema.
    pub fn api(&self) -> &Valid<Schema> {
        &self.api
    }

    /// Refuses a text that is too long, without reading it.
    pub fn check_length(&self, text: &str) -> Result<(), Rejection> {
        if text.len() <= self.document_limits.bytes {
            return Ok(());
        }
        check_text(text, &self.document_limits).map_err(over_limit)
    }

    /// The operation of a text that has this name, or its only one.
    pub fn compile(&self, text: &str, name: Option<&str>) -> Result<Operation, Rejection> {
        self.operation(self.document(text)?, name)
    }

    /// Reads a text: limits, parsing, validation.
    pub fn document(&self, text: &str) -> Result<Document, Rejection> {
        check_text(text, &self.document_limits).map_err(over_limit)?;
        let parsed = Parser::new().parse_ast(text, "operation");
        let ast = parsed.map_err(|failure| Rejection::syntax(&failure.errors))?;
        Rejection::unless_valid(code::GRAPHQL_PARSE_FAILED, syntax::check(text))?;
        check_document(&ast, &self.document_limits).map_err(over_limit)?;
        let document = ast.to_executable_validate(&self.api).map_err(|failure| {
            // Names of the schema are as public as introspection.
            let (errors, suggest) = (&failure.errors, self.introspection);
            let violations = validation_errors::violations(errors, &ast, &self.api, suggest);
            Rejection::invalid(code::GRAPHQL_VALIDATION_FAILED, violations)
        })?;
        let mut violations = validate::check(&self.api, &document, self.numbers);
        violations.extend(introspection::check(&document));
        violations.extend(incremental::check(&self.api, &document));
        Rejection::unless_valid(code::GRAPHQL_VALIDATION_FAILED, violations)?;
        Ok(Document(document))
    }

    /// Plans the operation of a document that has this name, or its only one.
    pub fn operation(
        &self,
        document: Document,
        name: Option<&str>,
    ) -> Result<Operation, Rejection> {
        let Ok(definition) = document.operations.get(name) else {
            return Err(unknown_operation(name));
        };
        let definition = definition.clone();
        let introspects = definition
            .root_fields(&document)
            .any(|field| matches!(field.name.as_str(), "__schema" | "__type" | "__service"));
        if introspects && !self.introspection {
            return Err(Rejection::new(
                code::INTROSPECTION_DISABLED,
                ErrorKind::Denied,
                "Introspection is switched off here",
            ));
        }
        let constrained =
            constraints::collect(&self.api, &self.constraints, &document, &definition);
        Rejection::unless_valid(code::INVALID_ARGUMENT, constrained.violations)?;
        let plan = plan::plan(
            &self.graph,
            &self.api,
            &document,
            &definition,
            self.plan_limits,
            &self.varying,
            &self.closures,
        )
        .map_err(|error| not_planned(&error))?;
        if let Some(field) = access::restricted_field(&plan, &self.graph) {
            let message =
                format!("{field} is for signed-in clients, and signing in is not supported yet");
            return Err(Rejection::new(
                code::UNAUTHENTICATED,
                ErrorKind::Denied,
                message,
            ));
        }
        let cost = self.cost(&plan)?;
        let ClientReads {
            headers,
            all_headers,
            instant,
        } = self.client_reads(&plan);
        let makes_calls = self.makes_calls(&plan);
        let confidential = confidential::first(&self.confidential, &document, &definition);
        Ok(Operation {
            initial_counts: incremental::initial_counts(&document),
            document,
            definition,
            plan,
            cost: Arc::new(cost),
            headers,
            all_headers,
            reads_instant: instant,
            constrained: constrained.open,
            introspects,
            makes_calls,
            confidential,
        })
    }

    /// Compiles every operation of a text, as far as the text decides what is refused: variables are known only with a request.
    pub fn check(&self, text: &str) -> Result<(), Rejection> {
        let document = self.document(text)?;
        let names: Vec<_> = document
            .operations
            .iter()
            .map(|one| one.name.clone())
            .collect();
        for name in names {
            let operation = self.operation(document.clone(), name.as_deref())?;
            // What an operation costs is known here only if it needs no variables.
            if let Ok(variables) = self.coerce(&operation, None) {
                self.within_cost(&operation, &variables)?;
            }
        }
        Ok(())
    }

    /// Coerces the variables of a request for an operation, and checks the constraints on arguments that they give.
    pub fn coerce(
        &self,
        operation: &Operation,
        given: Option<&Value>,
    ) -> Result<CoercedVariables, Rejection> {
        let variables = variables::coerce(&self.api, operation, given, self.numbers)?;
        let arguments = &operation.constrained;
        let values = &variables.values;
        let violations = constraints::check(&self.api, &self.constraints, arguments, values);
        Rejection::unless_valid(code::INVALID_ARGUMENT, violations)?;
        Ok(variables)
    }

    /// Refuses an operation that costs more than the maximum with these variables.
    pub fn within_cost(
        &self,
        operation: &Operation,
        variables: &CoercedVariables,
    ) -> Result<(), Rejection> {
        let estimate = operation.cost.estimate(&variables.values);
        match self.cost_max {
            Some(max) if estimate.total() > max => {
                Err(too_costly(operation, &estimate, variables, max))
            }
            _ => Ok(()),
        }
    }

    /// The most calls that an operation makes with these variables. One that is not given may have any value.
    pub fn most_calls(&self, operation: &Operation, given: Option<&Value>) -> CallBound {
        let variables = operation.definition.variables.iter();
        let known = variables.filter_map(|variable| {
            let value = given?.get(&variable.name)?;
            let value = coerce_variable(&self.api, &variable.ty, value);
            Some((Str::from(variable.name.as_str()), value))
        });
        let known = known.collect();
        CallBound::new(&operation.plan, &self.graph, &self.constraints, &known)
    }

    /// Builds the cost program of a plan. Refuses the operation when required slicing arguments are missing.
    fn cost(&self, plan: &Plan) -> Result<Program, Rejection> {
        let program = cost::Program::new(plan, &self.graph, self.list_size);
        if self.cost_max.is_some() {
            let problems = program.problems().iter();
            let violations =
                problems.map(|problem| (problem.message.clone(), problem.locations.to_vec()));
            Rejection::unless_valid(code::SLICING_ARGUMENT_REQUIRED, violations.collect())?;
        }
        Ok(program)
    }

    /// Whether a plan has a fetch that is more than a mapping without a request.
    fn makes_calls(&self, plan: &Plan) -> bool {
        plan.fetches.iter().any(|fetch| match &fetch.call {
            FetchCall::Connect { connect, .. } => {
                let connect = self.graph.connect(fetch.subgraph, *connect);
                connect.is_none_or(|connect| connect.template.is_some())
            }
            FetchCall::Operation(_) | FetchCall::Entities { .. } => true,
        })
    }

    /// What a plan's calls can read of the client's request.
    fn client_reads(&self, plan: &Plan) -> ClientReads {
        let mut names: Vec<String> = Vec::new();
        let (mut all, mut instant) = (false, false);
        let mut add = |reads: &Reads| {
            all |= reads.all_client_headers;
            instant |= reads.instant;
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
        ClientReads {
            headers: Arc::from(names),
            all_headers: all,
            instant,
        }
    }
}

/// What the calls of a plan can read of a client's request.
struct ClientReads {
    /// These headers.
    headers: Arc<[String]>,
    /// All headers.
    all_headers: bool,
    /// The instant of the request.
    instant: bool,
}

fn over_limit(error: LimitExceeded) -> Rejection {
    Rejection::new(code::LIMIT_EXCEEDED, ErrorKind::Limit, error.to_string())
}

fn unknown_operation(name: Option<&str>) -> Rejection {
    let message = match name {
        Some(name) => format!("The document has no operation named {name}"),
        None => "The document must hold exactly one operation, or operationName must name one"
            .to_owned(),
    };
    Rejection::new(
        code::OPERATION_RESOLUTION_FAILURE,
        ErrorKind::Invalid,
        message,
    )
}

fn not_planned(error: &PlanError) -> Rejection {
    let (code, kind) = match error {
        PlanError::TooComplex => (code::PLAN_TOO_COMPLEX, ErrorKind::Limit),
        PlanError::Unsatisfiable(_) => (code::UNSATISFIABLE, ErrorKind::Internal),
    };
    Rejection::new(code, kind, error.to_string())
}

/// The rejection of an operation that costs more than `max`.
pub fn too_costly(
    operation: &Operation,
    estimate: &Estimate,
    variables: &CoercedVariables,
    max: u64,
) -> Rejection {
    let total = estimate.total();
    let costliest = operation.cost.costliest(estimate, &variables.values);
    let hint = match costliest {
        Some(costliest) => {
            format!("most of it is {costliest}: ask for fewer items there, or nest fewer lists")
        }
        None => "ask for fewer items, or nest fewer lists".to_owned(),
    };
    let message = format!(
        "The operation costs {total} by estimate, more than the maximum of {max} (cost.max); {hint}"
    );
    Rejection::new(code::COST_LIMIT_EXCEEDED, ErrorKind::Limit, message)
}
