//! The settings of the gateway, section by section: what is written here is what the documentation says.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use super::secret::Secret;
use super::section::section;
use super::value::{
    Audience, ByteSize, CostMode, DnsResolver, HttpUrl, LogFormat, LogLevel, LogRequests, Ratio,
};

section! {
    /// The gateway itself: the keys at the top of the file.
    General, RawGeneral {
        /// Where clients connect.
        listen: SocketAddr = SocketAddr::from(([127, 0, 0, 1], 4000)),
        /// The folder that holds one folder per connector.
        connectors: PathBuf = PathBuf::from("connectors"),
        /// Connectors to load; all when empty.
        only: Vec<String> = Vec::new(),
        /// The folder with named operations (`*.graphql`), which `sangam check` holds against the schema.
        operations: Option<PathBuf> = None,
        /// Whether clients may ask for the schema (`__schema`, `__type`, `/schema.graphql`).
        introspection: bool = true,
        /// Who sees how calls to departments went: `lastError`, `lastErrorAt`, `p95Ms`, `cacheHitRatio`, `calls` and `failures`
        /// of the field `connectors`. With `"operators"` they are null for clients; the admin listener's `/health` has
        /// them. `state` and `asOf` are for every client.
        connector_health: Audience = Audience::Public,
        /// Whether answers are compressed (gzip) for clients that accept it.
        compression: bool = true,
        /// How long the port stays open after SIGTERM: `/health/ready` answers 503 at once, requests are still answered, and
        /// clients are asked to go elsewhere (`Connection: close`, GOAWAY). SIGINT (Ctrl-C) closes the port at once, and
        /// so does `0s`; a second signal ends everything at once.
        shutdown_delay: Duration = Duration::from_secs(5),
        /// How long requests in flight may take to finish after the port has been closed.
        shutdown_grace: Duration = Duration::from_secs(30),
    }
}

section! {
    /// What one request may cost. Whatever passes a limit is refused with the kind `LIMIT`, before any department is
    /// called where that can be known before.
    Limits, RawLimits {
        /// Bytes of a request's body (operation, variables and all).
        body_bytes: ByteSize = ByteSize(1_000_000),
        /// Bytes of an operation's text.
        document_bytes: ByteSize = ByteSize(100_000),
        /// Tokens of an operation's text.
        tokens: usize = 10_000,
        /// How deep fields may be nested, fragments expanded; introspection fields count too.
        depth: usize = 15,
        /// Aliases in an operation, fragments expanded.
        aliases: usize = 200,
        /// Fields at the root of an operation, fragments expanded.
        root_fields: usize = 50,
        /// Fields of a request's operations together, fragments expanded. Spreads, directives, arguments and the elements of
        /// their values count like fields.
        fields: usize = 20_000,
        /// Steps that the planner may take for one operation.
        plan_steps: usize = 100_000,
        /// Operations compiled at the same time, large introspection answers included, each on a thread that does nothing
        /// else; with `0`, half as many as there are cores, and at least one. One of several is for texts up to 8 KB.
        compilations: usize = 0,
        /// Operations that may wait to be compiled; one more is answered with status 503. Those with a text of more than
        /// 8 KB may fill half of it.
        compilation_queue: usize = 256,
        /// How long an operation may wait to be compiled; then it is answered with status 503.
        compilation_wait: Duration = Duration::from_secs(5),
        /// Elements of one list from a department for which further calls are made.
        list_fanout: usize = 10_000,
        /// Calls to departments for one operation.
        upstream_calls: usize = 200,
        /// Bytes of one answer, before compression.
        answer_bytes: ByteSize = ByteSize(32_000_000),
        /// Bytes that one operation may hold while it is worked on: upstream bodies, rows and the answer together.
        operation_bytes: ByteSize = ByteSize(64_000_000),
        /// Bytes that all operations together may hold; one that needs more fails with the kind `BUSY`. A quarter is reserved
        /// for operations that hold 4 MiB at the most.
        operations_bytes: ByteSize = ByteSize(256_000_000),
        /// Digits of a number that is passed on as it was written (Float, custom scalars), to clients and to departments.
        number_digits: usize = 500,
        /// Places between such a number's decimal point and its first digit, on either side. Beyond the largest 64-bit
        /// floating-point number (1.8e308) nothing is passed on.
        number_exponent: usize = 324,
        /// Objects that one operation may hold; one that stands in the answer several times counts once.
        rows: usize = 500_000,
        /// Errors listed in one answer; further ones are counted.
        errors: usize = 100,
        /// How long one operation may take; fields that are not there by then are null, with an error of kind `TIMEOUT`.
        operation_timeout: Duration = Duration::from_secs(30),
        /// GraphQL requests worked on at the same time; one more is answered with status 503. A quarter of them is for operations
        /// that cost less than 5,000.
        concurrent_requests: usize = 1_000,
        /// Bytes of request bodies that have arrived in part, of all clients together; what needs more is answered with status
        /// 503. A request whose body arrives together with its head is not counted.
        bodies_bytes: ByteSize = ByteSize(64_000_000),
        /// Bytes of answers that clients have not taken yet, of all clients together; at least `answer_bytes`. When there are
        /// more, the answer that would take longest at its client's rate so far is given up; where every client is quick,
        /// the new answer is replaced by status 503.
        answers_bytes: ByteSize = ByteSize(128_000_000),
        /// Open client connections; one more is closed at once. When nine of ten are open, `idle_timeout` and
        /// `request_read_timeout` count a tenth for connections that have no request in work. Fewer where the process may
        /// not open so many descriptors.
        connections: usize = 10_000,
        /// Descriptors that connections of clients leave free for calls to departments and for files.
        reserved_descriptors: usize = 1_000,
        /// Requests at the same time on one HTTP/2 connection.
        http2_streams: u32 = 100,
        /// Bytes of request bodies that one HTTP/2 connection may send ahead of being read.
        http2_window: ByteSize = ByteSize(256_000),
        /// Bytes of a request's target (path and query); a longer one is answered with status 414.
        uri_bytes: ByteSize = ByteSize(16_000),
        /// Bytes of the names and values of a request's headers; more are answered with status 431.
        head_bytes: ByteSize = ByteSize(32_000),
        /// How long a client may take to send the head of a request, and how long its body.
        request_read_timeout: Duration = Duration::from_secs(10),
        /// How long a connection may stay open without a request; answers to pings of HTTP/2 are no requests.
        idle_timeout: Duration = Duration::from_secs(75),
        /// The time over which a client's rate is taken. A client that is slower than `min_rate` for so long while bytes are
        /// pending (of the body that it sends, of the answer that waits for it) has its request ended.
        stall_timeout: Duration = Duration::from_secs(10),
        /// Bytes per second that a client must send of a body and take of an answer, on average over `stall_timeout`.
        min_rate: ByteSize = ByteSize(1_000),
    }
}

section! {
    /// What one operation may cost by the schema's `@cost` and `@listSize`, which is known before any department is called:
    /// `docs/cost.md`.
    Cost, RawCost {
        /// What becomes of an operation that costs more than `max`: `enforce` refuses it with the kind `LIMIT`, `log` answers
        /// it, counts it and writes a line now and then, `off` computes nothing.
        mode: CostMode = CostMode::Enforce,
        /// The greatest estimated cost.
        max: usize = 20_000,
        /// Items that a list is taken to have where the schema says nothing of it.
        list_size: usize = 10,
    }
}

section! {
    /// What is kept in memory.
    Cache, RawCache {
        /// Bytes of compiled operations that are kept: about a thousand that people have written.
        plans: ByteSize = ByteSize(64_000_000),
        /// Bytes of departments' documents that are kept; with `0MB`, none are.
        documents: ByteSize = ByteSize(256_000_000),
        /// Bytes of whole answers that are kept; with `0MB`, every request is executed.
        responses: ByteSize = ByteSize(128_000_000),
    }
}

section! {
    /// How the addresses of departments' hosts are found.
    Dns, RawDns {
        /// With `builtin`, the gateway reads `/etc/hosts` and asks the name servers by itself. With `system`, the C library
        /// is asked, which also knows hosts that only `/etc/nsswitch.conf` leads to (mDNS, LDAP).
        resolver: DnsResolver = DnsResolver::Builtin,
        /// The name servers; those of `/etc/resolv.conf` when empty. Only for `builtin`.
        servers: Vec<SocketAddr> = Vec::new(),
        /// How long one look-up may take; a call waits for it within its `connect_timeout`.
        timeout: Duration = Duration::from_secs(2),
        /// Look-ups at the same time, of different hosts; with `system`, each takes a thread.
        lookups: usize = 32,
        /// How long an answer counts at least, whatever its own time to live says.
        min_ttl: Duration = Duration::from_secs(1),
        /// How long an answer counts at most.
        max_ttl: Duration = Duration::from_secs(300),
        /// How much longer the last answer is used when no new one comes.
        stale: Duration = Duration::from_secs(86_400),
        /// How long a call waits for a new answer before it uses the last one.
        stale_wait: Duration = Duration::from_millis(500),
        /// Hosts whose last answer is kept.
        hosts: usize = 1_000,
    }
}

section! {
    /// The listener for operators: metrics and details. It is not opened without an address.
    Admin, RawAdmin {
        /// Where operators connect.
        listen: Option<SocketAddr> = None,
        /// The token that a request must carry (`Authorization: Bearer …`). Needed unless `listen` is a loopback address.
        token: Option<Secret> = None,
        /// Open connections of operators; one more is closed at once.
        connections: usize = 64,
    }
}

section! {
    /// TLS towards clients; with it, HTTP/2 is offered too.
    Tls, RawTls {
        /// The certificate chain, PEM.
        certificate: Option<PathBuf> = None,
        /// Its private key, PEM.
        key: Option<PathBuf> = None,
    }
}

section! {
    /// Which pages of other origins may ask (CORS). None when `origins` is empty.
    Cors, RawCors {
        /// Origins such as `https://dashboard.example.gov.in`; `*` for any.
        origins: Vec<String> = Vec::new(),
        /// Whether browsers send cookies and client certificates; not together with `*`.
        credentials: bool = false,
        /// Request headers that pages may set.
        headers: Vec<String> = ["content-type", "authorization", "traceparent", "tracestate", "x-request-id"].map(str::to_owned).to_vec(),
        /// How long a browser may keep this answer.
        max_age: Duration = Duration::from_secs(3600),
    }
}

section! {
    /// The log, on standard error. Values of variables, bodies and headers are never in it.
    Log, RawLog {
        /// The least important kind of line that is written.
        level: LogLevel = LogLevel::Info,
        /// How a line looks.
        format: LogFormat = LogFormat::Json,
        /// Which requests get a line of their own, as far as `lines_per_second` allows it.
        requests: LogRequests = LogRequests::Problems,
        /// Lines of one kind that are written in one second; the next line of that kind says how many were left out. Lines
        /// are of one kind when they have the same message, outcome, connector and kind of error.
        lines_per_second: usize = 50,
        /// Bytes of lines that wait to be written while standard error is not read; a line that finds no space is dropped
        /// and counted.
        queue_bytes: ByteSize = ByteSize(1_000_000),
        /// Bytes of the text of one field; the rest of a longer one is left out.
        field_bytes: ByteSize = ByteSize(2_000),
        /// How long the gateway waits at its end for lines that are not written yet.
        flush_timeout: Duration = Duration::from_secs(1),
    }
}

section! {
    /// Traces, sent by OTLP over HTTP when there is an endpoint.
    Tracing, RawTracing {
        /// The collector's URL for traces, such as `http://127.0.0.1:4318/v1/traces`.
        endpoint: Option<HttpUrl> = None,
        /// The share of requests that are traced when the client has not decided.
        sample: Ratio = Ratio(1.0),
        /// The name under which this gateway appears.
        service_name: String = "sangam".to_owned(),
    }
}

section! {
    /// One connector: where its department answers, and the bounds of calls to it. `<name>` is the folder's name.
    ConnectorLimits, RawConnectorLimits {
        /// The address of the department's service, in place of the one in `connector.graphql`. With several
        /// `@source`s, each has its own: `[connector.<name>.sources.<source>] base_url`.
        base_url: Option<HttpUrl> = None,
        /// How long one call may take, from the first byte sent to the last byte read.
        timeout: Duration = Duration::from_secs(10),
        /// How long connecting may take.
        connect_timeout: Duration = Duration::from_secs(3),
        /// Bytes of one answer, decompressed; a longer one is refused. While it is read, one call holds at most so much
        /// memory and 20 MB more; several at once hold it each, and 10 MB more. Where it comes compressed by brotli,
        /// 17 MB are added for each; plain text is held twice when it is mapped.
        max_response_bytes: ByteSize = ByteSize(16_000_000),
        /// Requests of clients that may wait for this department at the same time, whether their calls are under way or wait
        /// for their turn. The fields of one more are refused at once with the kind `BUSY`, and the rest of its answer goes
        /// on. Requests that only wait for another request's call count apart, and twice as many of them may wait. When not
        /// set, a quarter of `limits.concurrent_requests`.
        in_flight: Option<usize> = None,
        /// Calls at the same time; further ones wait.
        concurrency: usize = 64,
        /// Calls that may wait; one more is refused with the kind `BUSY`. All of them belong to the requests that
        /// `in_flight` counts.
        queue: usize = 1_000,
        /// A proxy for calls to this department.
        proxy: Option<HttpUrl> = None,
        /// Certificate authorities to trust for this department, PEM, in place of the system's.
        ca: Option<PathBuf> = None,
        /// How many redirects are followed (to the same origin only).
        redirects: u32 = 0,
        /// Environment variables that the connector may read as `$env`.
        env: Vec<String> = Vec::new(),
    }
}
