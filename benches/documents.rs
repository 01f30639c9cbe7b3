//! The cost of what needs no upstream: a document, an answer and a plan that are there.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used)]

use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use criterion::{Criterion, criterion_group, criterion_main};
use futures_util::FutureExt;
use http::{HeaderMap, HeaderName, HeaderValue};
use sangam::cache::key::{DocumentKeyParts, ResponseKey};
use sangam::cache::plans::Weighs;
use sangam::cache::{
    Admissions, Documents, Generation, HeadersRead, OperationKey, Payload, Plans, Policy,
    Provenance, ResponseKeyParts, Responses, UpstreamCall,
};
use sangam::connector::{HttpRequest, Request, SchemaLifetime};
use sangam::source::{CallOptions, Source, SourceError, StoredHeaders, UpstreamResponse};

#[derive(Debug)]
struct Instant;

#[async_trait]
impl Source for Instant {
    async fn call(&self, _: &Request, _: &CallOptions) -> Result<UpstreamResponse, SourceError> {
        Ok(UpstreamResponse::new(Bytes::from(vec![b' '; 30_000])))
    }
}

fn request() -> Request {
    Request::new(HttpRequest {
        url: "http://works.example/v1/works?district=146&first=20".to_owned(),
        headers: vec![
            (
                HeaderName::from_static("x-api-key"),
                HeaderValue::from_static("0123456789abcdef"),
            ),
            (
                HeaderName::from_static("accept-language"),
                HeaderValue::from_static("hi"),
            ),
        ],
        ..HttpRequest::default()
    })
}

static ADMISSIONS: Admissions = Admissions::new();

fn call<'a>(endpoint: &'a Arc<sangam::cache::Endpoint>, seconds: Option<u64>) -> UpstreamCall<'a> {
    UpstreamCall {
        endpoint,
        request: request(),
        options: CallOptions {
            timeout: Duration::from_secs(5),
            max_bytes: 1 << 20,
            ..CallOptions::default()
        },
        admissions: &ADMISSIONS,
        policy: match seconds {
            Some(seconds) => Policy::Read {
                lifetime: Some(SchemaLifetime {
                    max_age: Duration::from_secs(seconds),
                    scope: None,
                }),
                subject: None,
            },
            None => Policy::Uncached,
        },
    }
}

fn documents(criterion: &mut Criterion) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .worker_threads(1)
        .build()
        .unwrap();
    let documents = Documents::new(64 << 20);
    let source: Arc<dyn Source> = Arc::new(Instant);
    let upstream = documents.connector("works");
    let endpoint = upstream.endpoint(&source, "works:Query.works[0]", StoredHeaders::NONE, "");
    runtime.block_on(async {
        documents
            .fetch(call(&endpoint, Some(3600)), |_| true)
            .await
            .unwrap();
    });
    criterion.bench_function("a request, rendered (part of the next two)", |bencher| {
        bencher.iter(|| black_box(call(&endpoint, Some(3600))));
    });
    let request = request();
    criterion.bench_function("the key of a document", |bencher| {
        bencher.iter(|| {
            DocumentKeyParts {
                endpoint: endpoint.key(),
                request: black_box(&request),
                subject: None,
            }
            .key()
        });
    });
    criterion.bench_function("a document that is there", |bencher| {
        bencher.iter(|| {
            runtime.block_on(async {
                documents
                    .fetch(call(&endpoint, Some(3600)), |_| true)
                    .await
                    .unwrap()
            })
        });
    });
    criterion.bench_function("a call past all caches", |bencher| {
        bencher.iter(|| {
            runtime.block_on(async {
                documents
                    .fetch(call(&endpoint, None), |_| true)
                    .await
                    .unwrap()
            })
        });
    });
}

fn response_key(client: &HeaderMap, names: &[String]) -> ResponseKey {
    static GENERATION: std::sync::OnceLock<(Generation, OperationKey)> = std::sync::OnceLock::new();
    let (generation, operation) =
        GENERATION.get_or_init(|| (Generation::new(&[b"g"]), OperationKey::new("{a}", None)));
    ResponseKeyParts {
        generation,
        operation,
        variables: br#"{"district":"146","first":20}"#,
        headers: HeadersRead::Named(names),
        client,
        conditions: &[true, false],
        media_type: "application/graphql-response+json",
    }
    .key()
}

fn responses(criterion: &mut Criterion) {
    let responses = Responses::new(64 << 20);
    let mut client = HeaderMap::new();
    client.insert("accept-language", HeaderValue::from_static("hi"));
    let names = ["accept-language".to_owned()];
    let mut provenance = Provenance::new();
    let now = sangam::cache::Clock::now(&sangam::cache::SystemClock);
    provenance.restrict(Duration::from_secs(3600), None, now);
    let body = Bytes::from(vec![b' '; 30_000]);
    responses.put(
        response_key(&client, &names),
        &Payload::only(body),
        &Arc::from([]),
        &provenance,
    );
    let key = response_key(&client, &names);
    criterion.bench_function("an answer that is there, by its key", |bencher| {
        bencher.iter(|| responses.get(&key).now_or_never().flatten().unwrap());
    });
    criterion.bench_function("an answer that is there, its key included", |bencher| {
        bencher.iter(|| {
            responses
                .get(&response_key(&client, &names))
                .now_or_never()
                .flatten()
                .unwrap()
        });
    });
}

struct Compiled;

impl Weighs for Compiled {
    fn weight(&self) -> usize {
        1000
    }
}

fn plans(criterion: &mut Criterion) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let plans: Plans<Compiled, ()> = Plans::new(1 << 20);
    let text =
        "query Q($d: ID!) { district(lgdCode: $d) { name works { id title cost } } } ".repeat(20);
    runtime.block_on(async {
        plans
            .get_or_compile(&text, None, |compilation| async move {
                Ok(compilation.store(Compiled))
            })
            .await
            .unwrap();
    });
    criterion.bench_function("a plan that is there, by 1.5 KB of text", |bencher| {
        bencher.iter(|| plans.get(black_box(&text), None).unwrap());
    });
}

criterion_group!(benches, documents, responses, plans);
criterion_main!(benches);
