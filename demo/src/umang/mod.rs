//! UMANG's core interface: every operation is a POST, and the HTTP status is always 200.
//!
//! What happened is in the envelope: `rs` is `S` or `F`, `rc` a code whose value for success differs by operation, `rd` a
//! text, `pd` the data. Callers identify themselves with `x-api-key` and repeat a set of fields in every body. Numbers
//! come as strings, some with commas; flags may be empty; the names of categories are not always spelled alike.
//!
//! | operation | what |
//! |---|---|
//! | `home` | counts, the popular and the new services |
//! | `fdirserv1` | the service directory: filters, order, pages |
//! | `fdirdeptser` | the directory of departments, by pages if a size is given |
//! | `fthds` | a department's services |
//! | `fdeptdtl`, `fsrvdtl` | departments and services by their ids, several at a time |
//! | `fstdata` | states |
//! | `appkeysearch` | search by words |
//! | `srvrating` | rate a service |

mod catalogue;
mod envelope;
mod operations;

pub use operations::router;

/// Its part of `sangam.toml`.
pub const SETTINGS: &str = r#"
base_url = "{url}/umangApi/ws1"
config = { api_key = { sample = "sample-key" } }
"#;

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
