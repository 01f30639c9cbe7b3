//! The cost of an operation: an estimate of the work that it may cause, made before anything is called.
//!
//! Static cost follows the `@cost` and `@listSize` directives of Federation 2.9 and of the IBM GraphQL Cost Directive
//! specification. A limit on depth or on fields cannot see that lists multiply: three nested lists of a hundred items
//! are a million objects in a hundred bytes of operation text. The cost of a field is
//!
//! ```text
//! once + arguments + size × (weight + cost of its selection set)
//! ```
//!
//! - `weight`: `@cost` of the field, else of the type that it returns, else 1 for an object and 0 for a scalar or enum;
//! - `size`: 1, or the assumed number of items of a list (`schema.rs`);
//! - `arguments`: the weights of the given values; an input object without a weight counts 1, a scalar or enum 0;
//! - `once`: 10 for a field of `Mutation` that has no `@cost` of its own.
//!
//! For example, `{ districts(first: 20) { name works { spent } } }` costs 20 × (1 + 1) = 40: each of 20 districts is an
//! object with one object below it.
//!
//! At an abstract type the most expensive possible type counts. Selections that `@skip` or `@include` leave out cost
//! nothing. All arithmetic saturates.
//!
//! [`Program`] is made once per operation, from the plan's output: there, fragments are expanded within the planner's
//! budget, fields are merged by response name, and conditions are guards. [`Program::estimate`] evaluates it for the
//! variables of one request, in time linear in the program and in the variables. The same weights with the real sizes
//! of lists give the actual cost, in `response` (`counting.rs`).
//!
//! [`CallBound`] is another estimate: the most calls that the plan can make. It is for `sangam check` and `sangam explain`, and
//! limits nothing.
//!
//! Pure: no IO, no clock. The gateway enforces the limit of the cost.

mod build;
mod calls;
mod estimate;
mod inputs;
mod objects;
mod program;
mod report;
pub(crate) mod schema;

pub use self::calls::{CallBound, FetchBound};
pub use self::estimate::Estimate;
pub(crate) use self::objects::CostField;
pub use self::program::{Program, SlicingProblem};
pub use self::report::FieldCost;
