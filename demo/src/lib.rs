//! Stand-ins for the departments' systems.
//!
//! Each department has a module here that behaves like its system, as far as that is known: the same wire format, search,
//! paging, state, and the faults of real data. The stand-ins share no code with the gateway, so that the same mistake in
//! both cannot hide. The data are in `demo/data/<department>`, with their provenance.
//!
//! A [`Standin`] serves such a router on a free loopback port, records its calls, and can fail on purpose ([`Weather`]). The
//! binary `sangam-demo` starts all stand-ins, and the gateway for them.

mod closed;
mod data;
pub mod date;
pub mod deliverables;
pub mod department;
pub mod dggi;
pub mod grievances;
pub mod janbhagidari;
pub mod lgd;
mod ranges;
pub mod schemes;
pub mod services;
pub mod standin;
pub mod umang;
pub mod weather;

pub use department::{Department, departments};
pub use standin::{Call, Options, Standin, start, start_with};
pub use weather::Weather;
