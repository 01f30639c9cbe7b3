//! `@invalidates`: what a mutation changes, and how its answer says that it has changed nothing. `schema/wire.graphql`
//! describes it.

use apollo_compiler::Node;
use apollo_compiler::ast::Directive;

use crate::connector::expression::Expressions;
use crate::connector::expression::Form;
use crate::connector::expression::Place;
use crate::connector::findings::Findings;
use crate::connector::model::Invalidates;

/// Reads the directive; its mapping is added to the expressions of the connect beside it.
pub(super) fn read(
    directive: &Node<Directive>,
    expressions: &mut Expressions,
    findings: &mut Findings,
) -> Invalidates {
    let argument = |name: &str| directive.specified_argument_by_name(name);
    let fields = argument("fields").and_then(|value| value.as_list());
    let names = fields.unwrap_or_default().iter();
    let unless = argument("unless").and_then(|literal| {
        let expressions = expressions.at(Place::Response);
        expressions.mapping("unless", literal, Form::Value, findings)
    });
    expressions.at(Place::Request);
    Invalidates {
        fields: names
            .filter_map(|name| name.as_str().map(str::to_owned))
            .collect(),
        unless,
    }
}
