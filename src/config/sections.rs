//! Declares every setting. The doc comments are the text of `docs/configuration.md`. A default stands here and nowhere else:
//! the limits of other rooms are made from these types.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use http::HeaderName;

use super::secret::Secret;
use super::section::section;
use super::value::{
    AllowedOrigin, Audience, ByteSize, CostMode, DnsResolver, HttpUrl, LogFormat, LogLevel,
    LogRequests, PassedFile, Ratio, ResponseFormat, ShareInFlight, StyleMode, TrustMode,
    WebhookProof,
};

/// The minimum of a timeout.
const MOMENT: Duration = Duration::from_millis(1);

section! {
    /// The keys at the top level of the file.
    General, RawGeneral {
        /// The address on which clients connect.
        listen: SocketAddr = SocketAddr::from(([127, 0, 0, 1], 4000)),
        /// The folder that holds one folder per connector.
        connectors: PathBuf = PathBuf::from("connectors"),
        /// A supergraph SDL to serve instead of the connectors in `connectors`, as another composer wrote it (`join` v0.2 to v0.5).
        /// Each of its graphs is a connector: `[connector.<name>]` has its settings, such as `base_url`.
        supergraph: Option<PathBuf> = None,
        /// The names of the connectors to load; all when empty.
        only: Vec<String> = Vec::new(),
        /// Whether clients may read the schema (`__schema`, `__type`, `/schema.graphql`).
        introspection: bool = true,
        /// Who sees the gateway's own field `connectors` with its types. With `"operators"` they are not in the public schema, and
        /// `/health/ready?details` does not list the connectors; the admin listener's `/health` has everything.
        own_fields: Audience = Audience::Public,
        /// Who sees statistics of upstream calls: `lastError`, `lastErrorAt`, `p95InMilliseconds`, `cacheHitsInPercent`, `callCount`,
        /// `failureCount` and `problem` of the field `connectors`. With `"operators"` they are null for clients; the admin
        /// listener's `/health` has them. `state` and `lastSuccessAt` are for every client.
        connector_health: Audience = Audience::Public,
        /// Whether responses are compressed for clients that accept it: zstd, brotli or gzip.
        compression: bool = true,
        /// How often `sangam serve` looks whether a connector, the settings, a secret or a certificate has changed; a change is
        /// checked and served without a restart. With `0s`, only SIGHUP has this effect. What cannot change while it runs, such
        /// as `listen`, `[log]` and the sizes of caches, takes effect at the next start, and a line of the log says so.
        watch: Duration = Duration::from_secs(1),
        /// How long the port stays open after SIGTERM. `/health/ready` returns 503 at once, requests still get responses, and
        /// clients are asked to use another server (`Connection: close`, GOAWAY). SIGINT (Ctrl-C) closes the port at once, and
        /// so does `0s`; a second signal ends everything at once.
        shutdown_delay: Duration = Duration::from_secs(5),
        /// How long requests in flight may take to finish after the port has been closed.
        shutdown_grace: Duration = Duration::from_secs(30),
    }
}

section! {
    /// Limits of requests, operations and connections. An operation that exceeds one is refused with the kind `LIMIT`, before
    /// the first upstream call where that is possible. What each limit protects: [limits.md](limits.md).
    Limits, RawLimits {
        /// Bytes of a request's body, after decompression.
        body_bytes: ByteSize = ByteSize(1_000_000) => ByteSize(1)..,
        /// Requests of a batch, a JSON list of requests in one POST; `0` refuses batches. They share one permit of
        /// `concurrent_requests`, `cost.max` and `answer_bytes`; every other limit is for each of them.
        batch: usize = 0,
        /// Bytes of the operation text.
        document_bytes: ByteSize = ByteSize(100_000) => ByteSize(1)..,
        /// Tokens of the operation text.
        tokens: usize = 10_000 => 1..,
        /// Nesting of fields, with fragments expanded; introspection fields count too.
        depth: usize = 15 => 1..,
        /// Aliases of an operation, with fragments expanded.
        aliases: usize = 200,
        /// Root fields of an operation, with fragments expanded.
        root_fields: usize = 50 => 1..,
        /// Fields of all operations of a request together, with fragments expanded. Spreads, directives, arguments and the
        /// elements of their values count as fields.
        fields: usize = 20_000 => 1..,
        /// Steps that the planner may take for one operation.
        plan_steps: usize = 100_000 => 1..,
        /// Fields that the planner may collect for one operation, for each concrete type on which a field is selected.
        plan_selections: usize = 100_000 => 1..,
        /// Threads that compile operations and write large introspection responses; with `0`, half as many as there are
        /// cores, and at least one. If there are several, one is reserved for texts up to `short_document_bytes`.
        compilations: usize = 0,
        /// Bytes of an operation text up to which it is short: long texts do not delay the compilation of short ones.
        short_document_bytes: ByteSize = ByteSize(8 << 10),
        /// Operations that may wait to be compiled; a further one gets status 503. Those with a text of more than
        /// `short_document_bytes` may fill half of the queue.
        compilation_queue: usize = 256,
        /// How long an operation may wait to be compiled; then it gets status 503.
        compilation_wait: Duration = Duration::from_secs(5),
        /// Objects that one fetch may start from, of all lists together.
        list_fanout: usize = 10_000,
        /// Upstream calls of one operation.
        upstream_calls: usize = 200,
        /// Concurrent upstream calls of one operation; further ones wait.
        concurrent_calls: usize = 32 => 1..,
        /// Bytes of one response, before compression.
        answer_bytes: ByteSize = ByteSize(32_000_000) => ByteSize(1)..,
        /// Bytes of memory that one operation may hold: upstream bodies, rows and the response together.
        operation_bytes: ByteSize = ByteSize(64_000_000) => ByteSize(1)..,
        /// Bytes of memory that all operations together may hold; an operation that needs more fails with the kind `BUSY`. A
        /// quarter is reserved for operations that hold at most `small_operation_bytes`.
        operations_bytes: ByteSize = ByteSize(256_000_000) => ByteSize(1)..,
        /// Bytes up to which an operation may use the reserved quarter of `operations_bytes`.
        small_operation_bytes: ByteSize = ByteSize(4 << 20),
        /// Digits of a number that is passed on as it was written (Float, custom scalars), to clients and to upstreams.
        number_digits: usize = 500 => 1..,
        /// Digits between such a number's decimal point and its first significant digit, on either side. Numbers beyond the
        /// largest 64-bit floating-point number (1.8e308) are never passed on.
        number_exponent: usize = 324,
        /// Objects that one operation may hold; an object that is in the response several times counts once.
        rows: usize = 500_000 => 1..,
        /// Errors listed in one response; further ones are only counted.
        errors: usize = 100,
        /// How long one operation may take; fields without a value by then are null, with an error of kind `TIMEOUT`.
        operation_timeout: Duration = Duration::from_secs(30) => MOMENT..,
        /// GraphQL requests executed at the same time; a further one gets status 503. A quarter is reserved for operations that
        /// cost less than `cost.long`, on connections with at most `http2_few_streams` requests in work.
        concurrent_requests: usize = 1_000 => 1..,
        /// Bytes of request bodies that have arrived in part, of all clients together; a request that needs more gets status
        /// 503. A request whose body arrives together with its head is not counted.
        bodies_bytes: ByteSize = ByteSize(64_000_000),
        /// Bytes of responses that clients have not taken yet, of all clients together; at least `answer_bytes`. When there
        /// are more, the response that would take longest at its client's rate so far is abandoned; if no client is slow,
        /// the new response is replaced by status 503. A quarter is reserved for responses up to `small_answer_bytes`.
        answers_bytes: ByteSize = ByteSize(128_000_000),
        /// Bytes up to which a response may use the reserved quarter of `answers_bytes`.
        small_answer_bytes: ByteSize = ByteSize(256 << 10),
        /// Open client connections; a further one is closed at once. When nine of ten are open, `idle_timeout` and
        /// `request_read_timeout` are a tenth for connections without an active request. Fewer connections are accepted
        /// when the process may not open enough descriptors.
        connections: usize = 10_000 => 1..,
        /// Descriptors that client connections leave free for upstream calls and files.
        reserved_descriptors: usize = 1_000,
        /// Concurrent requests on one HTTP/2 connection.
        http2_streams: u32 = 100 => 1..,
        /// Concurrent requests up to which an HTTP/2 connection may use the reserved quarter of `concurrent_requests`.
        http2_few_streams: u32 = 8,
        /// Bytes of request bodies that an HTTP/2 client may send before they are read.
        http2_window: ByteSize = ByteSize(256_000) => ByteSize(1)..=ByteSize(2_000_000_000),
        /// Bytes of a request's target (path and query); a longer one gets status 414.
        uri_bytes: ByteSize = ByteSize(16_000) => ByteSize(1)..,
        /// Bytes of the names and values of a request's headers; more get status 431.
        head_bytes: ByteSize = ByteSize(32_000) => ByteSize(1)..,
        /// How long a client may take to send the head of a request, and again to send its body.
        request_read_timeout: Duration = Duration::from_secs(10) => MOMENT..,
        /// How long a connection may stay open without a request; HTTP/2 pings and their answers do not count.
        idle_timeout: Duration = Duration::from_secs(75) => MOMENT..,
        /// The time over which a client's rate is measured. If a client is slower than `min_rate` over this time, while it
        /// sends a body or a response waits for it, its request is ended.
        stall_timeout: Duration = Duration::from_secs(10),
        /// Bytes per second that a client must send of a body or take of a response, on average over `stall_timeout`.
        min_rate: ByteSize = ByteSize(1_000),
    }
}

section! {
    /// The cost limit: the most that one operation may cost by the schema's `@cost` and `@listSize`, checked before the first
    /// upstream call. See [cost.md](cost.md).
    Cost, RawCost {
        /// What happens to an operation that costs more than `max`: `enforce` refuses it with the kind `LIMIT`; `log` executes
        /// it, counts it, and logs at most one line in ten seconds; `off` computes no costs.
        mode: CostMode = CostMode::Enforce,
        /// The greatest estimated cost.
        max: usize = 20_000,
        /// The estimated cost from which an operation is long: it runs at a lower priority, and not in the reserved quarter of
        /// `limits.concurrent_requests`. At about 5,000, executing takes milliseconds.
        long: usize = 5_000 => 1..,
        /// The assumed size of a list without `@listSize`.
        list_size: usize = 10,
    }
}

section! {
    /// What `sangam check` reports besides errors. `sangam serve` does not read it.
    Check, RawCheck {
        /// What happens if a folder's schema breaks a rule of the style, [schema-style.md](schema-style.md): `warn` reports a
        /// warning, `deny` an error, so that the exit status is 1, and `off` checks no rules. A folder can accept a finding with
        /// `@styleException`. With `deny`, it is an error too if a named operation can make more calls than the comment above
        /// it says.
        style: StyleMode = StyleMode::Warn,
    }
}

section! {
    /// The sizes of the caches, which are in memory. A cache stores everything while it has room. When it is full, it stores what
    /// is asked for again: an entry that is asked for the first time takes the place of none.
    Cache, RawCache {
        /// Bytes of cached compiled operations; the default holds about a thousand operations of usual length.
        plans: ByteSize = ByteSize(64_000_000),
        /// Bytes of cached upstream responses and entities; with `0MB`, none are cached.
        documents: ByteSize = ByteSize(256_000_000),
        /// Bytes of cached responses; with `0MB`, every request is executed.
        responses: ByteSize = ByteSize(128_000_000),
        /// Whether a query that arrives while the same query is being executed waits for that execution, and gets its response:
        /// the same operation, variables, and request headers that its connectors read. `auto`: unless one of its connectors
        /// does not share its calls (`share_in_flight` of the connector), or says with its response that it is for one request
        /// or one user. `on`: also then, except where the schema gives the scope `PRIVATE`. `off`: never.
        share_in_flight: ShareInFlight = ShareInFlight::Auto,
        /// How old an execution, or a call whose response may not be cached, may be for others to wait for it. None waits for
        /// one that began before the last mutation of the same connector.
        share_in_flight_for: Duration = Duration::from_secs(1),
    }
}

section! {
    /// Persisted operations: clients send the id or the hash of an operation text instead of the text. [clients.md](clients.md)
    /// shows how clients are set up.
    Persisted, RawPersisted {
        /// Whether clients may register operation texts by their hashes (automatic persisted queries). If not, hashes are answered
        /// with `PersistedQueryNotSupported`, so that clients send texts. Hashes and ids of trusted documents are known in any
        /// case.
        automatic: bool = true,
        /// Bytes of registered operation texts; those that are used least are forgotten, and registered again when a client sends
        /// them.
        automatic_bytes: ByteSize = ByteSize(16_000_000),
        /// Manifests of trusted documents: the operation texts of apps with their ids, as `generate-persisted-query-manifest`,
        /// Relay's compiler and GraphQL Code Generator write them. Files, or folders with files `*.json`. The named operations
        /// (`operations.folder`) are trusted documents, too.
        manifests: Vec<PathBuf> = Vec::new(),
        /// Bytes of one manifest; a longer one is an error.
        manifest_bytes: ByteSize = ByteSize(64_000_000) => ByteSize(1)..,
        /// What happens to an operation that is no trusted document: `enforce` refuses it with the code `QUERY_NOT_IN_SAFELIST`,
        /// before it is parsed; `log` executes it, counts it in `sangam_persisted_documents_total`, and logs a line for each such
        /// operation; `off` executes it. A trusted document may be sent by its id, its hash, or its text.
        only: TrustMode = TrustMode::Off,
    }
}

section! {
    /// How the host names of upstreams are resolved.
    Dns, RawDns {
        /// With `builtin`, the gateway reads `/etc/hosts` and queries the name servers itself. With `system`, it calls the C
        /// library, which also resolves hosts by the services in `/etc/nsswitch.conf` (mDNS, LDAP).
        resolver: DnsResolver = DnsResolver::Builtin,
        /// The name servers; those of `/etc/resolv.conf` when empty. Only for `builtin`.
        servers: Vec<SocketAddr> = Vec::new(),
        /// How long one lookup may take; a call waits for it within its `connect_timeout`.
        timeout: Duration = Duration::from_secs(2),
        /// Concurrent lookups of different hosts; with `system`, each uses a thread.
        lookups: usize = 32 => 1..,
        /// The least time that a DNS answer is cached, even if its time to live is shorter.
        min_ttl: Duration = Duration::from_secs(1),
        /// The longest time that a DNS answer is cached.
        max_ttl: Duration = Duration::from_secs(300),
        /// How long an expired DNS answer may be used when no new one arrives.
        stale: Duration = Duration::from_secs(86_400),
        /// How long a call waits for a new DNS answer before it uses the expired one.
        stale_wait: Duration = Duration::from_millis(500),
        /// Hosts in the DNS cache.
        hosts: usize = 1_000,
    }
}

section! {
    /// The admin listener: metrics, and the state of the connectors. Without an address it is off.
    Admin, RawAdmin {
        /// The address on which operators connect.
        listen: Option<SocketAddr> = None,
        /// The token that a request must send (`Authorization: Bearer …`). Required unless `listen` is a loopback address.
        token: Option<Secret> = None,
        /// Open connections of operators; a further one is closed at once.
        connections: usize = 64,
        /// Operations that have series of their own in the metrics, by name and signature; the requests of all others are
        /// counted together. When there are as many, an operation that has not been requested for an hour makes room for a new
        /// one.
        operation_labels: usize = 100,
    }
}

section! {
    /// TLS for clients, with HTTP/2 and HTTP/1.1 by ALPN.
    Tls, RawTls {
        /// The certificate chain, PEM. `{ credential = "NAME" }` is a file that systemd passes (`LoadCredential=NAME:path`).
        certificate: Option<PassedFile> = None,
        /// Its private key, PEM.
        key: Option<PassedFile> = None,
    }
}

/// Request headers that Apollo Client (Web, Kotlin, iOS), urql, Relay and GraphiQL set, and tracing in browsers
/// (OpenTelemetry, Sentry).
const CLIENT_HEADERS: [&str; 21] = [
    "accept",
    "apollo-require-preflight",
    "apollographql-client-name",
    "apollographql-client-version",
    "authorization",
    "baggage",
    "cache-control",
    "content-encoding",
    "content-type",
    "graphql-client-name",
    "graphql-client-version",
    "sentry-trace",
    "traceparent",
    "tracestate",
    "x-api-key",
    "x-apollo-operation-id",
    "x-apollo-operation-name",
    "x-apollo-operation-type",
    "x-graphql-event-stream-token",
    "x-request-id",
    "x-requested-with",
];

section! {
    /// CORS: which pages of other origins may send requests. None when `origins` is empty. The URL of a file (`/files/…`) is
    /// readable for every page, without cookies: it is secret, and a page has it only from a response that it could read.
    Cors, RawCors {
        /// Origins such as `https://dashboard.example.gov.in`; `http://localhost:*` for any port, `*` for any origin.
        origins: Vec<AllowedOrigin> = Vec::new(),
        /// Whether browsers send cookies and client certificates; not together with `*`.
        credentials: bool = false,
        /// Request headers that pages may set. By default, those that GraphQL clients and tracing libraries set.
        headers: Vec<HeaderName> = CLIENT_HEADERS.map(HeaderName::from_static).to_vec(),
        /// How long a browser may cache the preflight response.
        max_age: Duration = Duration::from_secs(3600),
    }
}

section! {
    /// Named operations: the `*.graphql` files of a folder, which clients call at `/operations/<Name>`. `sangam check` checks them.
    /// `operations = "path"` at the top level is short for `folder`. See [operations.md](operations.md).
    Operations, RawOperations {
        /// The folder. When not set, schema/operations in the working directory, if there is such a folder.
        folder: Option<PathBuf> = None,
        /// A further address on which clients connect, with the certificate of `[tls]`. It serves named operations and `/health/…`,
        /// and no other operation: for clients outside, if those inside send operations of their own to `listen`.
        listen: Option<SocketAddr> = None,
        /// Whether the address `listen` of the top level serves only named operations, too: without `/graphql` and
        /// `/schema.graphql`.
        only: bool = false,
        /// Origins of pages that may read named operations: as in `[cors]`, which they replace for these URLs. Browsers send no
        /// cookies. When empty, `[cors]` holds. An operation may name its own in its file, in place of these.
        origins: Vec<AllowedOrigin> = Vec::new(),
    }
}

section! {
    /// Files that clients download (`@file`) and upload (`@upload`). What the limits protect: [limits.md](limits.md).
    Files, RawFiles {
        /// The secret from which the keys of download URLs are made, at least 32 characters, the same in all replicas. Several keys
        /// stand on lines of their own: the first makes URLs, all are accepted, so that a key can be replaced. Without it, the key
        /// is random: then URLs end when the process ends, and another replica does not know them.
        key: Option<Secret> = None,
        /// The address of this gateway for clients, which download URLs begin with, such as `https://graph.example.gov.in`. Without
        /// it, that of `listen`: set it if clients are on other machines, behind a proxy, or at `operations.listen`. The header
        /// `Host` of a request does not matter, since a client can write anything into it, and responses are kept for others.
        base_url: Option<HttpUrl> = None,
        /// How long a download URL is valid, unless its `@file` says otherwise. A response that holds one may be cached for at most
        /// half of it.
        url_lifetime: Duration = Duration::from_secs(15 * 60) => Duration::from_secs(2)..,
        /// Content types that are passed on. A file of another type is sent as `application/octet-stream`, to be saved and not
        /// shown.
        types: Vec<String> = FILE_TYPES.map(str::to_owned).to_vec(),
        /// Bytes of one file that is downloaded.
        download_bytes: ByteSize = ByteSize(1_000_000_000) => ByteSize(1)..,
        /// How long one download may take.
        download_timeout: Duration = Duration::from_secs(30 * 60) => MOMENT..,
        /// How long an upstream may send nothing during a download.
        download_idle_timeout: Duration = Duration::from_secs(30) => MOMENT..,
        /// Files that are downloaded at the same time; a further one is refused.
        downloads: usize = 256 => 1..,
        /// Content types that clients may upload, as they declare them, unless an `@upload` says otherwise.
        upload_types: Vec<String> = FILE_TYPES.map(str::to_owned).to_vec(),
        /// Bytes of one file that is uploaded.
        upload_bytes: ByteSize = ByteSize(100_000_000) => ByteSize(1)..,
        /// Files of one request.
        uploads: usize = 10 => 1..,
        /// How long a request with files may take, together with its calls.
        upload_timeout: Duration = Duration::from_secs(10 * 60) => MOMENT..,
        /// Requests with files at the same time; a further one is refused.
        upload_requests: usize = 64 => 1..,
        /// Bytes on disk for files that must arrive before they can be passed on, of all requests together: a file that is used
        /// twice, or before one that is sent before it, or whose length the upstream must know. With 0, these are refused.
        spool_bytes: ByteSize = ByteSize(0),
        /// The folder for these files. They have no names in it, and end with their request.
        spool: PathBuf = PathBuf::from("/tmp"),
    }
}

/// Content types without scripts.
const FILE_TYPES: [&str; 12] = [
    "application/pdf",
    "application/zip",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "audio/mpeg",
    "image/gif",
    "image/jpeg",
    "image/png",
    "image/webp",
    "text/csv",
    "text/plain",
    "video/mp4",
];

section! {
    /// Live queries (`@live`): each different one is executed once for all clients that watch it. See [live.md](live.md).
    Live, RawLive {
        /// Live queries that are watched at the same time, by different operation, variables, read headers or `throttle`; a
        /// further one is refused.
        operations: usize = 1_000,
        /// How long a live query waits until it is executed again, if its answer may not be kept or has errors. After
        /// successive failures it waits twice as long each time, up to a minute.
        interval: Duration = Duration::from_secs(5) => Duration::from_millis(100)..,
        /// The least time between two executions of a live query; a client's `throttle` may ask for more.
        throttle: Duration = Duration::from_millis(500) => Duration::from_millis(10)..,
        /// Live queries that are executed at the same time; further ones wait, so that requests have the rest.
        executions: usize = 8 => 1..,
        /// Bytes of answers that are held for watchers, of all live queries together. Without room for its next answer, a live
        /// query ends with an error.
        bytes: ByteSize = ByteSize(64_000_000),
    }
}

section! {
    /// Responses that stream: subscriptions, live queries and incremental responses, over WebSockets, server-sent events and
    /// multipart. See [live.md](live.md).
    Streaming, RawStreaming {
        /// Open subscriptions, live queries and incremental responses of all clients; a further one is refused with status 503, or
        /// with the code `OVERLOADED` over a WebSocket, which counts as one itself. Each of those over HTTP/1.1 needs one of
        /// `limits.connections`, too.
        streams: usize = 20_000,
        /// Operations at the same time on one WebSocket or one single-connection event stream.
        connection_streams: usize = 100 => 1..,
        /// Events of subscriptions that may wait for a client that does not read, on one connection. With a further one, the
        /// client is disconnected, because events are never left out. Of a live query only the latest response waits.
        queue: usize = 128 => 1..,
        /// Bytes of these events, unless it is only one.
        queue_bytes: ByteSize = ByteSize(1_000_000),
        /// Bytes of these events, of all clients together.
        queues_bytes: ByteSize = ByteSize(64_000_000),
        /// How long a stream may send nothing before it sends a heartbeat: a comment in an event stream, an empty part of a
        /// multipart response, a ping over a WebSocket. A WebSocket whose client answers none for two intervals is closed. With
        /// `0s` there are none.
        heartbeat: Duration = Duration::from_secs(15),
        /// How long a stream or a WebSocket may stay open; clients then connect again. With `0s`, for ever.
        lifetime: Duration = Duration::from_secs(4 * 3600),
        /// Bytes of one message that a client sends over a WebSocket, and of one frame.
        message_bytes: ByteSize = ByteSize(1_000_000) => ByteSize(1)..,
        /// How long a WebSocket may take to send `connection_init`, and a reserved event stream to be opened.
        init_timeout: Duration = Duration::from_secs(10) => MOMENT..,
        /// Event streams for several operations that are reserved and not open; a further one is refused with status 503.
        reservations: usize = 1_000,
        /// The fields of the payload of `connection_init` that become headers of the requests on its WebSocket. Browsers cannot
        /// set headers of a WebSocket.
        init_headers: Vec<HeaderName> = vec![http::header::AUTHORIZATION],
        /// Origins of pages that may open WebSockets, as in `[cors]`, which they replace for these. When empty, `[cors]` holds.
        /// Pages of the gateway's own origin always may.
        origins: Vec<AllowedOrigin> = Vec::new(),
    }
}

section! {
    /// The log, on standard error. It never contains values of variables, bodies or headers. Its fields:
    /// [observability.md](observability.md).
    Log, RawLog {
        /// The least severe level that is logged.
        level: LogLevel = LogLevel::Info,
        /// The format of a line.
        format: LogFormat = LogFormat::Json,
        /// Which requests get a log line, within `lines_per_second`: `problems` are those that were refused or failed.
        requests: LogRequests = LogRequests::Problems,
        /// Lines of one kind per second; the next line of that kind reports how many were suppressed. Lines are of one kind
        /// when they have the same message, outcome, connector and kind of error.
        lines_per_second: usize = 50,
        /// Bytes of lines that wait while standard error is not read; further lines are dropped and counted.
        queue_bytes: ByteSize = ByteSize(1_000_000),
        /// Bytes of the text of one field; a longer one is truncated.
        field_bytes: ByteSize = ByteSize(2_000),
        /// How long the gateway waits at exit for lines that are not written yet.
        flush_timeout: Duration = Duration::from_secs(1),
    }
}

section! {
    /// Traces, exported by OTLP over HTTP. Without an endpoint, none are.
    Tracing, RawTracing {
        /// The collector's URL for traces, such as `http://127.0.0.1:4318/v1/traces`.
        endpoint: Option<HttpUrl> = None,
        /// The share of requests that are traced, from 0 to 1, when the client's `traceparent` does not decide.
        sample: Ratio = Ratio(1.0),
        /// The service name of this gateway in traces.
        service_name: String = "sangam".to_owned(),
        /// How long one export may take; then its spans are lost.
        export_timeout: Duration = Duration::from_secs(10),
    }
}

section! {
    /// One connector: the address of its upstream, and the limits of calls to it. `<name>` is the folder's name.
    ConnectorLimits, RawConnectorLimits {
        /// The base URL of the upstream; it replaces the one in `connector.graphql`. With several `@source`s, each has its
        /// own: `[connector.<name>.sources.<source>] base_url`.
        base_url: Option<HttpUrl> = None,
        /// How long one call may take, from the first byte sent to the last byte read.
        timeout: Duration = Duration::from_secs(10) => MOMENT..,
        /// How long connecting may take.
        connect_timeout: Duration = Duration::from_secs(3) => MOMENT..,
        /// Bytes of one upstream response, decompressed; a longer one is an error. Memory: one call holds at most this much
        /// plus 20 MB while it reads; several calls at once hold this much each plus 10 MB together. A response that is
        /// compressed with brotli adds 17 MB per call; plain text is held twice while it is mapped.
        max_response_bytes: ByteSize = ByteSize(16_000_000) => ByteSize(1)..,
        /// How the content of a response is read. By its content type: JSON, text (`text/plain`, `text/csv`, `text/xml`), or
        /// an error. `json` and `text` are for upstreams that call their content something else, such as
        /// `application/octet-stream`.
        response_format: ResponseFormat = ResponseFormat::ContentType,
        /// Client requests that may wait for this upstream at the same time, whether their calls are sent or queued. The
        /// fields of a further request fail at once with the kind `BUSY`; the rest of that request continues. Requests that
        /// wait for the call of another request (single flight) are counted by `waiters`. When not set, a quarter of
        /// `limits.concurrent_requests`.
        in_flight: Option<usize> = None,
        /// Client requests that may wait for calls of other requests to this upstream (single flight), as many do that want one
        /// document that is not cached. When not set, twice `in_flight`: with the default of that, the requests for one
        /// upstream are at most three quarters of `limits.concurrent_requests`.
        waiters: Option<usize> = None,
        /// Concurrent calls; further ones wait.
        concurrency: usize = 64 => 1..,
        /// Calls that may wait; a further one fails with the kind `BUSY`. All of them belong to requests that `in_flight`
        /// counts.
        queue: usize = 1_000,
        /// Whether some calls to this upstream take much longer than others. By default, its calls are taken to be equally
        /// long, and entities of several places of an operation are fetched with one call if then no part of the response
        /// comes later. With `true`, a call never waits for results that it does not need, and there may be more calls.
        latency_varies: bool = false,
        /// What clients see of the errors that a GraphQL service reports: the mapping of the message, for example `"message"`.
        /// It replaces `errors.message` of `@graphql`; the graphs of a supergraph have no other. `$` is the error, and `$status`
        /// can be read. [errors.md](errors.md#errors-of-graphql-services) has more examples.
        error_message: Option<String> = None,
        /// The same for the `extensions` of such errors, for example `"code: extensions.code"`.
        error_extensions: Option<String> = None,
        /// Whether requests that want the same at the same time share one call, though its response may not be cached.
        /// (Responses that may be cached are always shared.) `auto`: unless the last response of the `@connect`, or of the
        /// GraphQL service, says that it is for one request or one user: `no-store`, `no-cache`, `private` or `Vary: *`; then
        /// each of the waiting requests makes a call of its own. `on`: whatever the upstream says, except where the schema
        /// gives the scope `PRIVATE`. `off`: never. `[connector.<name>.sources.<source>]` may have its own.
        share_in_flight: ShareInFlight = ShareInFlight::Auto,
        /// The address of a GraphQL service's subscriptions, for all protocols with `https` or `http`; it replaces that of
        /// `@graphql(subscriptions:)`. If not set, they have the address of the folder, or that of the service.
        subscriptions_url: Option<HttpUrl> = None,
        /// Bytes of one event of a GraphQL service's subscription; a longer one ends the subscription.
        event_bytes: ByteSize = ByteSize(1_000_000) => ByteSize(1)..,
        /// How often the upstream is asked for subscriptions with `@poll`, in place of `every` in the folder.
        poll_every: Option<Duration> = None,
        /// The secret of the upstream's webhook, with which it sends events to `POST /hooks/<name>` (`@webhook`). Without it, there is
        /// no such path.
        webhook_secret: Option<Secret> = None,
        /// How such a request proves that it comes from the upstream. `standard`: as Standard Webhooks has it, with the headers
        /// `webhook-id`, `webhook-timestamp` and `webhook-signature` (HMAC-SHA256 of all three and the body); a secret that begins
        /// with `whsec_` is Base64. `body`: HMAC-SHA256 of the body in hexadecimal digits, with or without `sha256=` before them.
        /// `token`: the secret itself, with or without `Bearer ` before it; nothing protects against copies then.
        webhook_proof: WebhookProof = WebhookProof::Standard,
        /// The header with the signature or the token; if not set, `webhook-signature`, `x-hub-signature-256` or `x-webhook-token`.
        webhook_header: Option<HeaderName> = None,
        /// How far the time of a `standard` signature may be from now.
        webhook_window: Duration = Duration::from_secs(300) => Duration::from_secs(1)..,
        /// Bytes of the body of such a request; it is never longer than `limits.body_bytes`.
        webhook_body_bytes: ByteSize = ByteSize(256_000) => ByteSize(1)..,
        /// Requests that are remembered, so that a copy of one is no event. With `standard`, a further one gets status 503 when so many
        /// were accepted within twice `webhook_window`; with `body`, the oldest is forgotten.
        webhook_remembered: usize = 10_000 => 1..,
        /// How long an unused connection stays open; less if the upstream's `Keep-Alive` says so. Set it below the time after
        /// which the upstream closes connections (often 60 s), so that calls seldom use one that is about to be closed.
        idle_timeout: Duration = Duration::from_secs(30),
        /// Unused connections that stay open, for each host and port.
        idle_connections: usize = 64,
        /// A proxy for calls to this upstream.
        proxy: Option<HttpUrl> = None,
        /// Certificate authorities to trust for this upstream, PEM; they replace the system's.
        ca: Option<PathBuf> = None,
        /// The most redirects that are followed, to the same origin only.
        redirects: u32 = 0,
        /// Environment variables that the connector may read as `$env`.
        env: Vec<String> = Vec::new(),
    }
}
