//! The upstreams of all worlds on one loopback port: `/<world>/<subgraph>` is a GraphQL service, and paths below it are REST.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse, Response};

use super::data::Data;
use super::json::Json;
use super::rest;
use super::service::Service;
use super::world::World;

type Worlds = Arc<Mutex<HashMap<u64, Arc<Upstreams>>>>;

pub(crate) struct Server {
    address: String,
    worlds: Worlds,
    next: AtomicU64,
}

/// The upstreams of one world.
pub(crate) struct Upstreams {
    world: World,
    services: Vec<Option<Service>>,
    /// Mutations since the operation began.
    mutations: AtomicU64,
    violations: Mutex<Vec<String>>,
    calls: AtomicU64,
    /// Calls since the operation began, by subgraph.
    of_operation: Mutex<Vec<u64>>,
}

/// A world whose upstreams are served until this is dropped.
pub(crate) struct Served {
    number: u64,
    pub(crate) url: String,
    pub(crate) upstreams: Arc<Upstreams>,
    worlds: Worlds,
}

impl Drop for Served {
    fn drop(&mut self) {
        self.worlds.lock().unwrap().remove(&self.number);
    }
}

impl Server {
    pub(crate) async fn start() -> Server {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let worlds = Worlds::default();
        let router = Router::new()
            .fallback(answer)
            .with_state(Arc::clone(&worlds));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Server {
            address,
            worlds,
            next: AtomicU64::new(0),
        }
    }

    pub(crate) fn serve(&self, world: &World) -> Served {
        let services = (0..world.subgraphs.len())
            .map(|number| (!world.subgraphs[number].rest).then(|| Service::new(world, number)));
        let upstreams = Arc::new(Upstreams {
            services: services.collect(),
            world: world.clone(),
            mutations: AtomicU64::new(0),
            violations: Mutex::default(),
            calls: AtomicU64::new(0),
            of_operation: Mutex::default(),
        });
        let number = self.next.fetch_add(1, Ordering::SeqCst);
        self.worlds
            .lock()
            .unwrap()
            .insert(number, Arc::clone(&upstreams));
        Served {
            number,
            url: format!("http://{}/{number}", self.address),
            upstreams,
            worlds: Arc::clone(&self.worlds),
        }
    }
}

impl Upstreams {
    /// The faults of the calls so far; begins the next operation.
    pub(crate) fn begin(&self) -> Vec<String> {
        self.mutations.store(0, Ordering::SeqCst);
        std::mem::take(&mut *self.violations.lock().unwrap())
    }

    /// The number of calls to each subgraph since the last call of this method.
    pub(crate) fn take_calls(&self) -> Vec<u64> {
        let none = vec![0; self.services.len()];
        let calls = std::mem::take(&mut *self.of_operation.lock().unwrap());
        if calls.is_empty() { none } else { calls }
    }

    fn count(&self, subgraph: usize) {
        self.calls.fetch_add(1, Ordering::SeqCst);
        let mut calls = self.of_operation.lock().unwrap();
        calls.resize(self.services.len(), 0);
        calls[subgraph] += 1;
    }

    pub(crate) fn calls(&self) -> u64 {
        self.calls.load(Ordering::SeqCst)
    }

    fn note(&self, subgraph: usize, violations: Vec<String>) {
        let name = &self.world.subgraphs[subgraph].name;
        let texts = violations.into_iter().map(|text| format!("{name}: {text}"));
        self.violations.lock().unwrap().extend(texts);
    }
}

async fn answer(State(worlds): State<Worlds>, uri: Uri, body: Bytes) -> Response {
    let target = uri.path().to_owned();
    let mut segments = target[1..].splitn(3, '/');
    let number = segments.next().and_then(|text| text.parse::<u64>().ok());
    let subgraph = segments.next().and_then(|text| text.parse::<usize>().ok());
    let upstreams = number.and_then(|number| worlds.lock().unwrap().get(&number).cloned());
    let (Some(upstreams), Some(subgraph)) = (upstreams, subgraph) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    upstreams.count(subgraph);
    let body = Json::parse(&body).unwrap_or(Json::Null);
    let (status, answer) = match &upstreams.services[subgraph] {
        Some(service) => {
            let found = service.answer(&upstreams.world, &upstreams.mutations, &body);
            upstreams.note(subgraph, found.1);
            (200, found.0)
        }
        None => {
            let data = Data {
                world: &upstreams.world,
                mutations: &upstreams.mutations,
            };
            let path = segments.next().unwrap_or_default();
            let query = uri.query().unwrap_or_default();
            let found = rest::answer(&data, subgraph, path, query, &body);
            found.unwrap_or_else(|violation| {
                upstreams.note(subgraph, vec![violation]);
                (404, Json::Null)
            })
        }
    };
    let status = StatusCode::from_u16(status).unwrap();
    let headers = [
        (CONTENT_TYPE, "application/json"),
        (CACHE_CONTROL, "max-age=60"),
    ];
    (status, headers, answer.text()).into_response()
}
