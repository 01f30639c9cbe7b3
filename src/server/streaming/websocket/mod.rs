//! WebSockets: the protocol `graphql-transport-ws` over HTTP/1.1.
//!
//! [`handshake`] accepts a request, [`session`] serves its connection afterwards, and [`operation`] executes what the client
//! subscribes to: subscriptions, queries and mutations. Its messages are in [`message`], and the codes with which it is closed in
//! [`close`].

mod close;
mod handshake;
mod message;
mod operation;
mod session;

use std::sync::{Arc, Mutex, PoisonError};

use http::request::Parts;

pub(super) use self::handshake::is_wanted;
use self::session::Session;
use super::http::compact;
use super::streams::Transport;
use crate::server::refusal::HttpRefusal;
use crate::server::response::HttpResponse;
use crate::server::state::ServerState;
use crate::server::upgrade::Protocol;

/// A protocol that follows the response in whose extensions it is.
#[derive(Clone)]
pub(in crate::server) struct Following(Arc<Mutex<Option<Box<dyn Protocol>>>>);

impl Following {
    /// Takes the protocol that follows a response.
    pub(in crate::server) fn take(response: &mut HttpResponse) -> Option<Box<dyn Protocol>> {
        let Following(protocol) = response.extensions_mut().remove()?;
        let mut protocol = protocol.lock().unwrap_or_else(PoisonError::into_inner);
        protocol.take()
    }
}

/// The response to the opening handshake of a WebSocket.
pub(super) fn open(state: &Arc<ServerState>, parts: &Parts) -> Result<HttpResponse, HttpRefusal> {
    let streams = &state.streams;
    let handshake = handshake::accept(streams, parts.version, &parts.headers)?;
    let open = streams.open(Transport::WebSockets, None)?;
    let headers = handshake::of_operations(compact(&parts.headers), handshake.keeps_cookies);
    let session = Session::new(state, headers, handshake.is_acceptable, open);
    let mut response = handshake.response;
    let following: Box<dyn Protocol> = Box::new(session);
    let following = Following(Arc::new(Mutex::new(Some(following))));
    response.extensions_mut().insert(following);
    Ok(response)
}
