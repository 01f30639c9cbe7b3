//! Resolution of host names, by a name server on this machine that responds or is silent.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::http::header;
use axum::routing::get as on_get;
use futures_util::future::join_all;
use sangam::source::dns::{DnsError, DnsSettings, Resolver};
use sangam::source::http::{HttpSettings, HttpSource};
use sangam::source::{Outcome, Source, SourceErrorKind};
use tokio::net::UdpSocket;
use tokio::task::JoinHandle;

use super::{LONG, get, options};
use crate::support::server::{Server, router};

/// A name server that resolves every host to this machine, with a TTL.
struct NameServer {
    address: SocketAddr,
    answers: Arc<AtomicBool>,
    /// The number of datagrams with questions for IPv4 addresses, by the id of the question: a question that is sent again
    /// has the same id.
    asked: Arc<Mutex<HashMap<[u8; 2], usize>>>,
    task: JoinHandle<()>,
}

impl Drop for NameServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl NameServer {
    async fn start(ttl: u32) -> NameServer {
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let address = socket.local_addr().unwrap();
        let answers = Arc::new(AtomicBool::new(true));
        let asked: Arc<Mutex<HashMap<[u8; 2], usize>>> = Arc::default();
        let (open, count) = (Arc::clone(&answers), Arc::clone(&asked));
        let task = tokio::spawn(async move {
            let mut question = [0; 1500];
            while let Ok((length, from)) = socket.recv_from(&mut question).await {
                let (answer, is_v4) = answer(&question[..length], ttl);
                if is_v4 {
                    let number = [question[0], question[1]];
                    *count.lock().unwrap().entry(number).or_default() += 1;
                }
                if open.load(Ordering::SeqCst) {
                    socket.send_to(&answer, from).await.unwrap();
                }
            }
        });
        NameServer {
            address,
            answers,
            asked,
            task,
        }
    }

    /// It sends no more responses.
    fn die(&self) {
        self.answers.store(false, Ordering::SeqCst);
    }

    /// The number of questions for IPv4 addresses, each counted once.
    fn asked(&self) -> usize {
        self.asked.lock().unwrap().len()
    }

    /// The number of datagrams.
    fn sent(&self) -> usize {
        self.asked.lock().unwrap().values().sum()
    }

    fn settings(&self) -> DnsSettings {
        DnsSettings {
            servers: vec![self.address],
            ..DnsSettings::default()
        }
    }
}

/// The response to a question (RFC 1035): its head, the question, and an address if it is for IPv4.
fn answer(question: &[u8], ttl: u32) -> (Vec<u8>, bool) {
    let mut end = 12;
    while question[end] != 0 {
        end += usize::from(question[end]) + 1;
    }
    let is_v4 = question[end + 1..end + 3] == [0, 1];
    let mut answer = question[..2].to_vec();
    answer.extend([0x81, 0x80, 0, 1, 0, u8::from(is_v4), 0, 0, 0, 0]);
    answer.extend(&question[12..end + 5]);
    if is_v4 {
        answer.extend([0xC0, 12, 0, 1, 0, 1]);
        answer.extend(ttl.to_be_bytes());
        answer.extend([0, 4, 127, 0, 0, 1]);
    }
    (answer, is_v4)
}

/// An upstream that closes its connections, so that each call needs a new one.
async fn upstream() -> Server {
    let answer = || async { ([(header::CONNECTION, "close")], "here") };
    router(Router::new().route("/", on_get(answer))).await
}

/// Both clients: the direct one, and the full one that redirects need.
fn sources(resolver: &Resolver, connect_timeout: Duration) -> [HttpSource; 2] {
    [0, 1].map(|redirects| {
        HttpSource::new(HttpSettings {
            redirects,
            connect_timeout,
            dns: resolver.clone(),
            ..HttpSettings::default()
        })
        .unwrap()
    })
}

fn named(server: &Server) -> String {
    format!("http://works.example.test:{}/", server.address.port())
}

#[test]
async fn a_host_is_looked_up_once_for_all() {
    let names = NameServer::start(3600).await;
    let (resolver, server) = (Resolver::new(names.settings()), upstream().await);
    let request = get(&named(&server));
    for source in sources(&resolver, LONG) {
        let options = options(LONG, 1000);
        let calls = join_all((0..20).map(|_| source.call(&request, &options))).await;
        for call in calls {
            assert_eq!(call.unwrap().outcome, Outcome::Success);
        }
    }
    assert_eq!(names.asked(), 1);
}

#[test]
async fn a_silent_name_server_holds_up_only_who_needs_it() {
    let names = NameServer::start(3600).await;
    names.die();
    let server = upstream().await;
    let resolver = Resolver::new(DnsSettings {
        timeout: LONG,
        ..names.settings()
    });
    let (by_name, by_address) = (get(&named(&server)), get(&server.url("/")));
    let options = options(LONG, 1000);
    let (those, others) = (sources(&resolver, LONG), sources(&resolver, LONG));
    for (those, others) in those.iter().zip(&others) {
        let lost = join_all((0..100).map(|_| those.call(&by_name, &options)));
        let fine = join_all((0..50).map(|_| others.call(&by_address, &options)));
        tokio::select! {
            fine = fine => assert!(fine.iter().all(Result::is_ok), "{fine:?}"),
            _ = lost => panic!("no name server answers these"),
        }
    }
    for source in sources(&resolver, Duration::from_millis(50)) {
        let lost = source.call(&by_name, &options).await.unwrap_err();
        assert_eq!(lost.kind, SourceErrorKind::Timeout);
        // The timeout of connecting has passed, not that of the call.
        assert!(!lost.detail.contains("no whole answer"), "{lost}");
    }
    // One look-up for several hundred calls.
    assert_eq!(names.asked(), 1);
}

#[test]
async fn a_look_up_sends_its_question_three_times_at_the_most() {
    let names = NameServer::start(3600).await;
    names.die();
    let resolver = Resolver::new(names.settings());
    let result = resolver.resolve("works.example.test").await;
    assert_eq!(result, Err(DnsError::Timeout));
    assert_eq!(names.asked(), 1);
    // The resolver repeats a question only after it has waited for a response.
    assert!(names.sent() <= 3, "{} datagrams", names.sent());
}

/// The resolver sends a question to two servers at once, in a random order. If both are silent, it asks the third one within
/// the time of the same look-up.
#[test]
async fn a_third_name_server_answers_for_two_silent_ones() {
    let look_up = |answering: usize| async move {
        let mut servers = Vec::new();
        for place in 0..3 {
            servers.push(NameServer::start(3600).await);
            servers[place]
                .answers
                .store(place == answering, Ordering::SeqCst);
        }
        let resolver = Resolver::new(DnsSettings {
            servers: servers.iter().map(|server| server.address).collect(),
            timeout: Duration::from_secs(5),
            ..DnsSettings::default()
        });
        resolver.resolve("works.example.test").await
    };
    for addresses in join_all((0..3).map(look_up)).await {
        let addresses = addresses.unwrap();
        assert!(
            addresses.iter().all(std::net::IpAddr::is_loopback),
            "{addresses:?}"
        );
    }
}

#[test]
async fn the_last_answer_stands_in() {
    let names = NameServer::start(0).await;
    let settings = DnsSettings {
        min_ttl: Duration::ZERO,
        stale_wait: Duration::from_millis(20),
        timeout: Duration::from_millis(100),
        ..names.settings()
    };
    let (resolver, server) = (Resolver::new(settings), upstream().await);
    let request = get(&named(&server));
    for source in sources(&resolver, LONG) {
        let answer = source.call(&request, &options(LONG, 1000)).await.unwrap();
        assert_eq!(answer.outcome, Outcome::Success);
    }
    // No address is cached for longer than its TTL.
    assert_eq!(names.asked(), 2);
    names.die();
    for source in sources(&resolver, LONG) {
        for _ in 0..20 {
            let answer = source.call(&request, &options(LONG, 1000)).await.unwrap();
            assert_eq!(answer.outcome, Outcome::Success);
        }
    }
    // Another host is not cached.
    let other = resolver.resolve("lgd.example.test").await;
    assert_eq!(other, Err(DnsError::Timeout));
}

#[test]
async fn look_ups_are_bounded() {
    let names = NameServer::start(3600).await;
    names.die();
    let resolver = Resolver::new(DnsSettings {
        lookups: 2,
        timeout: Duration::from_millis(100),
        ..names.settings()
    });
    let hosts = ["a.test", "b.test", "c.test", "a.test"];
    let outcomes = join_all(hosts.map(|host| resolver.resolve(host))).await;
    let (late, busy) = (Err(DnsError::Timeout), Err(DnsError::Busy));
    assert_eq!(outcomes, [late.clone(), late.clone(), busy, late]);
}

#[test]
async fn this_machine_needs_no_name_server() {
    let names = NameServer::start(3600).await;
    names.die();
    for system in [false, true] {
        let resolver = Resolver::new(DnsSettings {
            system,
            ..names.settings()
        });
        let addresses = resolver.resolve("localhost").await.unwrap();
        assert!(
            addresses.iter().all(std::net::IpAddr::is_loopback),
            "{addresses:?}"
        );
    }
    assert_eq!(names.asked(), 0);
}
