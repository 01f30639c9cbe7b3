//! How long events take: from the service that sends one to the client that gets it, and from a change in a polled upstream to the
//! last of many watchers.
//!
//! The gateway runs as a process of its own. This program is the service, the polled upstream and all clients: the times are those
//! of one clock. The clients read event streams over loopback, without TLS.
#![allow(clippy::print_stdout, reason = "a program that prints its results")]

use std::error::Error;
use std::net::SocketAddr;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use sangam_harness::machine::{load_average, processors, setting};
use sangam_harness::{Files, Process};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, watch};

/// The folder of the service, and that of the polled upstream.
const TICKER: &str = r#"
extend schema
  @link(url: "https://specs.apollo.dev/federation/v2.13")
  @link(url: "https://specs.sangam.dev/wire/v0.1", import: ["@graphql"])
  @graphql(url: "http://127.0.0.1:9/graphql", subscriptions: { protocol: SSE })
type Query { ready: Boolean }
type Subscription { tick: Int }
"#;
const FIGURES: &str = r#"
extend schema
  @link(url: "https://specs.apollo.dev/federation/v2.13")
  @link(url: "https://specs.apollo.dev/connect/v0.4", import: ["@source", "@connect"])
  @link(url: "https://specs.sangam.dev/wire/v0.1", import: ["@poll"])
  @source(name: "figures", http: { baseURL: "http://127.0.0.1:9" })
type Query { figureNow: Int @connect(source: "figures", http: { GET: "/figure" }, selection: "$.value") }
type Subscription {
  figure: Int @connect(source: "figures", http: { GET: "/figure" }, selection: "$.value") @poll(every: 1)
}
"#;

type Failure = Box<dyn Error>;

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let Some(gateway) = arguments.next() else {
        eprintln!(
            "usage: events GATEWAY (a binary), with EVENTS, CHANGES and WATCHERS in the environment"
        );
        return ExitCode::from(2);
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build();
    let result = runtime.map_err(Failure::from);
    match result.and_then(|runtime| runtime.block_on(run(Path::new(&gateway)))) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(gateway: &Path) -> Result<(), Failure> {
    let (events, changes) = (setting("EVENTS", 1_000)?, setting("CHANGES", 20)?);
    let watchers = setting("WATCHERS", 1_000)?;
    let (figure, read) = watch::channel(0_u64);
    let (sender, mut opened) = mpsc::channel(1);
    let upstream = TcpListener::bind("127.0.0.1:0").await?;
    let address = upstream.local_addr()?;
    tokio::spawn(serve(upstream, read, sender));
    let files = Files::new()?;
    for (name, schema) in [("ticker", TICKER), ("figures", FIGURES)] {
        let folder = files.folder().join("connectors").join(name);
        std::fs::create_dir_all(&folder)?;
        std::fs::write(folder.join("connector.graphql"), schema)?;
    }
    let settings = files.settings(&format!(
        "listen = \"127.0.0.1:0\"\nconnectors = \"connectors\"\n\
         [connector.ticker]\nbase_url = \"http://{address}/graphql\"\n\
         [connector.figures]\nbase_url = \"http://{address}\"\n"
    ))?;
    let process = Process::gateway(gateway, &settings)?;
    let client: SocketAddr = process.url.trim_start_matches("http://").parse()?;

    let mut subscriber = Client::subscribe(client, "subscription{tick}").await?;
    let mut service: TcpStream = opened.recv().await.ok_or("the service was not called")?;
    let mut times = Vec::new();
    for n in 1..=events {
        let event = format!("event: next\ndata: {{\"data\":{{\"tick\":{n}}}}}\n\n");
        let sent = Instant::now();
        service.write_all(event.as_bytes()).await?;
        subscriber
            .until(&format!("{{\"data\":{{\"tick\":{n}}}}}"))
            .await?;
        times.push(sent.elapsed());
    }
    let of_events = Times::of(times);

    let mut clients = Vec::new();
    for _ in 0..watchers {
        let mut watcher = Client::subscribe(client, "subscription{figure}").await?;
        watcher.until("{\"data\":{\"figure\":0}}").await?;
        clients.push(watcher);
    }
    let mut times = Vec::new();
    for n in 1..=changes {
        // Changes fall anywhere between two polls.
        tokio::time::sleep(Duration::from_millis(137 * (n % 7))).await;
        let changed = Instant::now();
        figure.send_replace(n);
        let wanted: Arc<str> = format!("{{\"data\":{{\"figure\":{n}}}}}").into();
        let all = clients.drain(..).map(|mut watcher| {
            let wanted = Arc::clone(&wanted);
            tokio::spawn(async move {
                watcher
                    .until(&wanted)
                    .await
                    .map_err(|error| error.to_string())?;
                Ok::<_, String>((watcher, Instant::now()))
            })
        });
        let all: Vec<_> = all.collect();
        let mut last = Duration::ZERO;
        for one in all {
            let (watcher, at) = one.await??;
            last = last.max(at - changed);
            clients.push(watcher);
        }
        times.push(last);
    }
    let of_changes = Times::of(times);
    println!("{}; load {}\n", processors(), load_average());
    println!("| what | median | p99 | slowest | target |\n|---|---|---|---|---|");
    println!(
        "| an event of a service reaches the client ({events} events) | {of_events} | median < 5 ms |"
    );
    println!(
        "| a change in an upstream that is polled every second reaches the last of {watchers} watchers ({changes} changes) | \
         {of_changes} | slowest < 1.5 s |"
    );
    Ok(())
}

/// A client that reads an event stream.
struct Client(BufReader<TcpStream>);

impl Client {
    async fn subscribe(address: SocketAddr, query: &str) -> Result<Client, Failure> {
        let mut stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let body = format!("{{\"query\":\"{query}\"}}");
        let head = format!(
            "POST /graphql HTTP/1.1\r\nhost: {address}\r\naccept: text/event-stream\r\n\
             content-type: application/json\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        stream.write_all(format!("{head}{body}").as_bytes()).await?;
        Ok(Client(BufReader::new(stream)))
    }

    /// Reads up to the line that ends with this text.
    async fn until(&mut self, text: &str) -> Result<(), Failure> {
        let mut line = String::new();
        loop {
            line.clear();
            let read = tokio::time::timeout(Duration::from_secs(30), self.0.read_line(&mut line));
            if read.await?? == 0 {
                return Err(format!("the stream ended before {text}").into());
            }
            if line.trim_end().ends_with(text) {
                return Ok(());
            }
        }
    }
}

/// The service and the polled upstream. Connections of subscriptions are passed on once they are open.
async fn serve(
    listener: TcpListener,
    figure: watch::Receiver<u64>,
    opened: mpsc::Sender<TcpStream>,
) {
    while let Ok((stream, _)) = listener.accept().await {
        let (figure, opened) = (figure.clone(), opened.clone());
        tokio::spawn(async move {
            // The gateway may close a connection at any time.
            let _ = respond(stream, &figure, &opened).await;
        });
    }
}

async fn respond(
    mut stream: TcpStream,
    figure: &watch::Receiver<u64>,
    opened: &mpsc::Sender<TcpStream>,
) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    loop {
        let mut request = Vec::new();
        while !request.windows(4).any(|four| four == b"\r\n\r\n") {
            if stream.read_buf(&mut request).await? == 0 {
                return Ok(());
            }
        }
        if request.starts_with(b"POST") {
            let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n";
            stream.write_all(head.as_bytes()).await?;
            let _ = opened.send(stream).await;
            return Ok(());
        }
        let body = format!("{{\"value\":{}}}", *figure.borrow());
        let head = format!(
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        stream.write_all(format!("{head}{body}").as_bytes()).await?;
    }
}

/// The median, the 99th percentile and the largest of some times.
struct Times(Vec<Duration>);

impl Times {
    fn of(mut times: Vec<Duration>) -> Times {
        times.sort_unstable();
        Times(times)
    }

    fn at(&self, share: usize) -> Duration {
        let last = self.0.len().saturating_sub(1);
        self.0.get(last * share / 100).copied().unwrap_or_default()
    }
}

impl std::fmt::Display for Times {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let ms = |time: Duration| format!("{:.2} ms", time.as_secs_f64() * 1_000.0);
        write!(
            f,
            "{} | {} | {}",
            ms(self.at(50)),
            ms(self.at(99)),
            ms(self.at(100))
        )
    }
}
