//! Compares the calls of plans with the fewest possible ones, which an exhaustive search finds on small graphs.
//!
//! The search ([`search`]) shares no code with `src/plan`. It reads the graph as it was generated ([`graph`]), not what
//! composition makes of it, and knows no operations of services, only this model:
//!
//! **Positions.** The operation is a tree ([`operation`]): a position is a path of fields, with the type at its end. Each leaf
//! that the operation selects at a position must be *known* in the end.
//!
//! **Calls.** A call is a service and a time step. All calls of a step run at the same time, and all take equally long: what
//! a call yields is known in later steps only. A call for root fields is at the first step. A call of `_entities` is at any
//! later step, and may enter any number of positions, of any types: one list of representations serves several types, and
//! lists of their own, under aliases, serve selections that cannot share one. So there is at most one call for each service
//! and step; root fields and `_entities` are not mixed, since root fields wait for nothing.
//!
//! **Entity hops.** A call of `_entities` *enters* a position of an entity type if all fields of one of the keys that the
//! service resolves are known there from earlier steps. Each position that it enters is a hop.
//!
//! **What a call yields.** At a position that it has entered, or at the root: each leaf that the service resolves, and by
//! each composite field that it resolves the position below, where the same holds again, together with what the field
//! `@provides` there. A field with `@requires` is resolved only where the call enters the position, and only if the required
//! leaves are known from earlier steps, those of values below too.
//!
//! **The fewest.** The least number of steps, then the fewest calls among plans with so few steps, then the fewest hops
//! among plans with so few calls. More calls and more hops never make less known, so that it is enough to try sets of calls
//! by their number, and for each smallest set that suffices, sets of hops by their number. A set of calls that does not
//! suffice together with all calls that are not yet decided is not tried further.
//!
//! A plan is measured by its fetches ([`measure`]): the longest chain of calls, the number of calls, the number of entity
//! fetches. A plan that is better than the search is a fault of the model. One that is worse needs a waiver with a reason
//! (`waivers.toml`).
//!
//! `make prove-plans` compares thousands of graphs (`PLANS_GRAPHS`, `PLANS_SEED`). The graphs have entities with one or two
//! keys, values without a key, shared fields, `@requires` (of values too) and `@provides`; they have no abstract types and no
//! connectors, and operations have no conditions.

mod graph;
mod measure;
mod operation;
mod print;
mod run;
mod search;
mod waivers;
