//! Stand-ins for the departments' systems.
//!
//! Each department that the gateway fronts has a module here that behaves like its system as far as is known: the
//! same wire format, search, paging, state, and the dirt that real data have. They share no code with the gateway, so
//! that a mistake in one is not hidden by the same mistake in the other. Data are in `demo/data/<department>`, each
//! with its provenance.
//!
//! [`Standin`] puts such a router on a free loopback port, records the calls it gets, and can be given bad weather.
//! The binary `sangam-demo` starts all of them with the real gateway in front.

mod closed;
mod data;
pub mod date;
pub mod department;
pub mod dggi;
pub mod grievances;
pub mod janbhagidari;
pub mod lgd;
pub mod schemes;
pub mod services;
pub mod standin;
pub mod umang;
pub mod weather;

pub use department::{Department, departments};
pub use standin::{Call, Options, Standin, start, start_with};
pub use weather::Weather;
