//! What `serve` logs when it has started: what was loaded, its bounds, and where it listens and sends traces.

use apollo_compiler::schema::ExtendedType;
use url::Url;

use super::reload::Reloader;
use crate::config::Settings;
use crate::connector::SubgraphKind;
use crate::observe::process;
use crate::server::Server;

/// Logs the lines of a start. Those with the addresses are last: then requests are served.
pub(super) fn log(settings: &Settings, server: &Server, reloader: &Reloader) {
    log_loaded(settings, reloader);
    log_bounds(settings);
    log_traces(settings);
    let scheme = if server.tls { "https" } else { "http" };
    let address = format!("{scheme}://{}", server.address);
    let (count, version) = (reloader.served().len(), process::VERSION);
    tracing::info!(address, count, version, "listening");
    if let Some(operations) = server.operations_address {
        let address = format!("{scheme}://{operations}");
        tracing::info!(address, "listening for named operations");
    }
    if let Some(admin) = server.admin_address {
        let address = format!("http://{admin}");
        tracing::info!(address, "listening for operators");
    }
}

fn log_loaded(settings: &Settings, reloader: &Reloader) {
    let served = reloader.served();
    let connectors: Vec<&str> = served.keys().map(String::as_str).collect();
    let is_service = |kind: &SubgraphKind| matches!(kind, SubgraphKind::Service(_));
    let services = served
        .values()
        .filter(|connector| is_service(&connector.subgraph.kind));
    let gateway = reloader.live.current();
    let (mut types, mut fields) = (0, 0);
    for (name, ty) in &gateway.composed().api.types {
        if !ty.is_built_in() && !name.starts_with("__") {
            types += 1;
            fields += match ty {
                ExtendedType::Object(object) => object.fields.len(),
                ExtendedType::Interface(interface) => interface.fields.len(),
                _ => 0,
            };
        }
    }
    tracing::info!(
        version = process::VERSION,
        commit = process::COMMIT,
        file = settings.file().map(|file| file.display().to_string()),
        connectors = connectors.join(", "),
        services = services.count(),
        problems = reloader.problems(),
        types,
        fields,
        operations = gateway.operations().ready(),
        documents = gateway.trusted_documents().iter().len(),
        "loaded"
    );
}

fn log_bounds(settings: &Settings) {
    let (cache, limits) = (&settings.cache, &settings.limits);
    tracing::info!(
        plan_bytes = cache.plans.0,
        document_bytes = cache.documents.0,
        response_bytes = cache.responses.0,
        operation_bytes = limits.operations_bytes.0,
        requests = limits.concurrent_requests,
        "the caches and running operations are bounded"
    );
}

/// Without the path of the collector's address, which may hold a key.
fn log_traces(settings: &Settings) {
    let Some(endpoint) = &settings.tracing.endpoint else {
        return;
    };
    let url = Url::parse(endpoint.as_str());
    let address = url.map_or_else(|_| String::new(), |url| url.origin().ascii_serialization());
    let ratio = settings.tracing.sample.0;
    tracing::info!(address, ratio, "traces are exported");
}
