//! The rules of Federation that each subgraph must keep, one file per directive.
//!
//! They run before merging, so that merging can rely on field sets that select existing fields. To add a rule: write
//! it, call it here, and add a case for each code under `tests/composition/`.

mod access;
mod cache_tag;
mod context;
mod contributed;
mod cost;
mod default_values;
mod external;
mod field_set;
mod file;
mod inaccessible;
mod interface_keys;
mod interface_object;
mod key;
mod one_of;
mod provides;
mod requires;
mod shareable;

use super::report::Report;
use super::view::View;

pub(crate) use contributed::contributed_fields_are_nullable;
pub(crate) use default_values::default_values;
pub(crate) use file::files_are_of_one_connector;
pub(crate) use inaccessible::inaccessible;

/// The rules that need no merged schema.
pub(crate) fn check(views: &[View<'_>], report: &mut Report) {
    for (graph, view) in views.iter().enumerate() {
        key::check(graph, view, report);
        requires::check(graph, view, report);
        provides::check(graph, view, report);
        external::check(graph, view, report);
        shareable::check(graph, view, report);
        context::check(graph, view, report);
        cost::check(graph, view, report);
        default_values::check(graph, view, report);
        one_of::check(graph, view, report);
        cache_tag::check(graph, view, report);
        interface_keys::check(graph, view, report);
    }
    interface_object::check(views, report);
    one_of::is_of_all(views, report);
    interface_keys::implementations_are_known(views, report);
    access::check(views, report);
}
