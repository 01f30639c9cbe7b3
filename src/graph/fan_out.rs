//! Warns of lists that fan out: if a client selects a field that the elements of a list do not have, a call is made for each
//! element.
//!
//! A connect of which the selection yields `indicator: { id }` in a list gives only the key of each indicator. If the other
//! fields of `Indicator` can only be looked up with one key per call, selecting one of them makes as many calls as the list
//! has elements. The walk visits the nodes of each connect once, so it is linear in the size of the selections. A field that
//! some lookup gives for many rows (a batch, a list of all entities, `_entities`) is not reported, nor one that has a connect
//! of its own: that one is called for each object by design. `@lookupPerElement` says that the others are intended, too.
//!
//! `@listSize` tells the number of calls: the product of the sizes of all lists on the way, if each has one.

use std::collections::{BTreeMap, HashMap};

use apollo_compiler::Name;
use apollo_compiler::ast::FieldDefinition;
use apollo_compiler::parser::SourceSpan;

use super::field_sets::fields_of;
use super::query::{ConnectMode, Edge, LookupId, LookupKind, NodeId, QueryGraph, TypeId};
use super::report::{Finding, Report, names};
use super::{Composed, code, federation};
use crate::connector::{Connect, FieldSetItem, LOOKUP_PER_ELEMENT, Site};

/// The most fields that a message names; it counts the others.
const NAMED: usize = 4;

/// Warns of every list whose elements lack fields that are looked up one by one.
pub(super) fn check(composed: &Composed, graph: &QueryGraph, report: &mut Report) {
    let mut lookups = LookupsByField::default();
    for lookup in &graph.lookups {
        let LookupKind::Connect { connect, mode } = lookup.kind else {
            continue;
        };
        // Other modes arrive at nodes that these lookups reach, too, or look up single objects.
        let entered = matches!(
            mode,
            ConnectMode::Root | ConnectMode::Implicit | ConnectMode::Batch | ConnectMode::Single
        );
        let Some(connect) = graph.connect(lookup.subgraph, connect).filter(|_| entered) else {
            continue;
        };
        let mut walk = Walk {
            composed,
            graph,
            subgraph: lookup.subgraph.0 as usize,
            connect,
            path: Vec::new(),
            within: Within::default(),
            lookups: &mut lookups,
            report,
        };
        if !walk.is_accepted_at_site() {
            walk.fields_below(lookup.to, None);
        }
    }
}

/// The lists around a node.
#[derive(Clone, Copy)]
struct Within {
    /// How many fields lead to the innermost list; 0 outside of lists.
    list: usize,
    /// The product of the sizes of all lists so far, if known.
    size: Option<u64>,
}

impl Default for Within {
    fn default() -> Self {
        Within {
            list: 0,
            size: Some(1),
        }
    }
}

/// The walk through the nodes of one connect.
struct Walk<'w, 'a> {
    composed: &'a Composed,
    graph: &'a QueryGraph,
    /// The index of the subgraph.
    subgraph: usize,
    connect: &'a Connect,
    /// The fields from where the connect is entered.
    path: Vec<Name>,
    within: Within,
    lookups: &'w mut LookupsByField<'a>,
    report: &'w mut Report,
}

/// The lookups that give a field, by type and field: a type of which each of a thousand connectors gives one field has as many
/// lookups as fields.
#[derive(Default)]
struct LookupsByField<'a>(HashMap<TypeId, HashMap<&'a Name, Vec<LookupId>>>);

impl<'a> LookupsByField<'a> {
    fn of(&mut self, graph: &'a QueryGraph, ty: TypeId) -> &HashMap<&'a Name, Vec<LookupId>> {
        self.0.entry(ty).or_insert_with(|| {
            let mut by_field: HashMap<&Name, Vec<LookupId>> = HashMap::new();
            for &id in graph.lookups_on(ty) {
                for field in graph.node(graph.lookup(id).to).fields.keys() {
                    by_field.entry(field).or_default().push(id);
                }
            }
            by_field
        })
    }
}

impl Walk<'_, '_> {
    /// Visits the fields of a node; `above` is the field that leads to it.
    fn fields_below(&mut self, node: NodeId, above: Option<&FieldDefinition>) {
        let graph = self.graph;
        let parent = graph.types.name(graph.node(node).ty);
        for (name, edge) in &graph.node(node).fields {
            let &Edge { to: Some(to), .. } = edge else {
                continue;
            };
            if self.is_accepted(parent, name) {
                continue;
            }
            let outer = self.within;
            self.path.push(name.clone());
            let field = graph.merged.type_field(parent, name).ok();
            let field = field.map(|field| &***field);
            if let Some(field) = field.filter(|field| field.ty.is_list()) {
                let size = size_of_sized(field, above).or_else(|| assumed_size(field));
                self.within = Within {
                    list: self.path.len(),
                    size: outer
                        .size
                        .zip(size)
                        .map(|(outer, size)| outer.saturating_mul(size)),
                };
            }
            if self.within.list > 0 && self.within.size != Some(1) {
                self.element(to);
            }
            self.fields_below(to, field);
            self.path.pop();
            self.within = outer;
        }
    }

    /// Whether the field or type of the connect accepts calls per element.
    fn is_accepted_at_site(&self) -> bool {
        match &self.connect.site {
            Site::Field { parent, field } => self.is_accepted(parent, field),
            Site::Type { .. } => false,
        }
    }

    /// Whether a field accepts calls per element, at its objects and below.
    fn is_accepted(&self, parent: &Name, field: &Name) -> bool {
        let schema = &self.composed.subgraphs[self.subgraph].schema;
        let field = schema.type_field(parent, field);
        field.is_ok_and(|field| field.directives.has(LOOKUP_PER_ELEMENT))
    }

    /// Whether a type accepts them in a subgraph.
    fn is_type_accepted(&self, subgraph: usize, ty: &Name) -> bool {
        let schema = &self.composed.subgraphs[subgraph].schema;
        let ty = schema.types.get(ty);
        ty.is_some_and(|ty| ty.directives().has(LOOKUP_PER_ELEMENT))
    }

    /// Reports the fields of an element that are looked up with a call for each.
    fn element(&mut self, node: NodeId) {
        let ty = self.graph.node(node).ty;
        let Some(definition) = self.composed.api.types.get(self.graph.types.name(ty)) else {
            return;
        };
        let mut by_lookup: BTreeMap<LookupId, Vec<&Name>> = BTreeMap::new();
        let lookups = self.lookups.of(self.graph, ty);
        for (field, _) in fields_of(definition) {
            let giving = lookups.get(field).map_or(&[][..], Vec::as_slice);
            if let Some(lookup) = single_lookup(self.graph, node, field, giving) {
                by_lookup.entry(lookup).or_default().push(field);
            }
        }
        for (lookup, fields) in by_lookup {
            self.warn(node, lookup, &fields);
        }
    }

    fn warn(&mut self, node: NodeId, lookup: LookupId, fields: &[&Name]) {
        let graph = self.graph;
        let ty = graph.types.name(graph.node(node).ty);
        let lookup = graph.lookup(lookup);
        let subgraphs = [self.subgraph, lookup.subgraph.0 as usize];
        if subgraphs
            .into_iter()
            .any(|subgraph| self.is_type_accepted(subgraph, ty))
        {
            return;
        }
        let LookupKind::Connect { connect, .. } = lookup.kind else {
            return;
        };
        let Some(looked_up) = graph.connect(lookup.subgraph, connect) else {
            return;
        };
        let path: Vec<&str> = self.path.iter().map(Name::as_str).collect();
        let named = names(
            fields
                .iter()
                .take(NAMED)
                .map(|field| format!("{ty}.{field}")),
        );
        let others = match fields.len().saturating_sub(NAMED) {
            0 => String::new(),
            others => format!(" (and {others} more)"),
        };
        let (list, below) = path.split_at(self.within.list);
        let each = match below {
            [] => "element".to_owned(),
            below => format!("`{}`", below.join(".")),
        };
        let calls = match self.within.size {
            Some(calls) => format!(", {calls} by `@listSize`"),
            None => String::new(),
        };
        let message = format!(
            "{named}{others}: one call for each {each} of the list `{}`{calls}",
            list.join(".")
        );
        let mut finding = Finding::warning(&code::LOOKUP_PER_ELEMENT, self.subgraph, message);
        finding = finding.at_span(self.location());
        finding.notes.push(format!(
            "`{}` does not select them, and `{}` fetches one `{ty}` per call",
            self.connect.coordinate, looked_up.coordinate
        ));
        let finding = finding.help(format!(
            "select them in the list if its response has them; or fetch `{ty}` with a `@connect` on the type that reads \
             `$batch`; or say `@entityList` on a field that lists all of them; or accept it with `@lookupPerElement`"
        ));
        self.report.push(finding);
    }

    /// Where the connect's field or type is declared.
    fn location(&self) -> Option<SourceSpan> {
        let subgraph = &self.composed.subgraphs[self.subgraph];
        match &self.connect.site {
            Site::Type { name } => {
                let definition = subgraph.schema.types.get(name)?;
                definition.name().location()
            }
            Site::Field { parent, field } => {
                let definition = subgraph.schema.type_field(parent, field).ok()?;
                definition.name.location()
            }
        }
    }
}

/// The lookup that gives a field which the node lacks, of all that give it, if it takes one key per call and there is no better
/// one.
fn single_lookup(
    graph: &QueryGraph,
    node: NodeId,
    field: &Name,
    giving: &[LookupId],
) -> Option<LookupId> {
    let here = graph.node(node);
    if here.fields.contains_key(field) {
        return None;
    }
    let mut single = None;
    for &id in giving {
        let lookup = graph.lookup(id);
        let LookupKind::Connect {
            mode: ConnectMode::Explicit | ConnectMode::Single,
            ..
        } = lookup.kind
        else {
            return None;
        };
        let is_here = |item: &FieldSetItem| matches!(item, FieldSetItem::Field { name, .. } if here.fields.contains_key(name));
        if single.is_none() && lookup.key.items.iter().all(is_here) {
            single = Some(id);
        }
    }
    single
}

/// The number of elements that `@listSize` assumes of a field's list.
fn assumed_size(field: &FieldDefinition) -> Option<u64> {
    let list_size = field.directives.get(federation::LIST_SIZE)?;
    let size = list_size.specified_argument_by_name("assumedSize")?;
    u64::try_from(size.to_i32()?).ok()
}

/// The number of elements of a field's list, if the field above names it in `sizedFields`.
fn size_of_sized(field: &FieldDefinition, above: Option<&FieldDefinition>) -> Option<u64> {
    let above = above?;
    let list_size = above.directives.get(federation::LIST_SIZE)?;
    let sized = list_size.specified_argument_by_name("sizedFields")?;
    let mut names = sized.as_list()?.iter();
    let is_sized = names.any(|name| name.as_str() == Some(field.name.as_str()));
    is_sized.then(|| assumed_size(above)).flatten()
}
