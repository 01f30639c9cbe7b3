//! `{ greet }`: no upstream is called.

use bytes::Bytes;
use serde::Serialize;

use super::{Backend, Failed};
use crate::graphql::Answer;

#[derive(Serialize)]
struct Greeting<'a> {
    greet: &'a str,
}

pub(super) struct Greet;

impl Backend for Greet {
    async fn answer(&self) -> Result<Bytes, Failed> {
        let data = Greeting {
            greet: "Hello World!",
        };
        Ok(serde_json::to_vec(&Answer { data })?.into())
    }
}
