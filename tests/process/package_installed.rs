//! The package as its `INSTALL.md` says: as a service, with TLS, upgraded, and as an image. The commands of the document and of
//! the files run as they are, in another root folder and without systemd or a container engine.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use super::package::{run, unpacked};
use super::running::{Running, binary, client, text};

/// A connector of the operator.
const OWN: &str = r#"extend schema
  @link(url: "https://specs.apollo.dev/federation/v2.11")
  @link(url: "https://specs.apollo.dev/connect/v0.2", import: ["@connect"])
type Query { own: Int @connect(http: { GET: "https://own.example/" }, selection: "$.own") }
"#;

/// A package, and a folder that stands for `/`.
struct Machine {
    folder: tempfile::TempDir,
    package: PathBuf,
    root: PathBuf,
}

impl Machine {
    fn new() -> Machine {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("root");
        std::fs::create_dir_all(root.join("etc/systemd/system")).unwrap();
        // It becomes the program: the package need not hold a copy of it.
        let program = folder.path().join("program");
        std::fs::write(
            &program,
            format!("#!/bin/sh\nexec {} \"$@\"\n", binary().display()),
        )
        .unwrap();
        std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
        let package = unpacked(folder.path(), &program);
        Machine {
            folder,
            package,
            root,
        }
    }

    fn read(&self, path: &str) -> String {
        let path = self.package.join(path);
        std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path:?}: {error}"))
    }

    /// A path of the machine, below the root folder.
    fn path(&self, path: &str) -> PathBuf {
        self.root.join(path.trim_start_matches('/'))
    }

    /// A text with the absolute paths of the machine.
    fn here(&self, text: &str) -> String {
        let root = self.root.display();
        ["/opt/", "/etc/", "/usr/"]
            .iter()
            .fold(text.to_owned(), |text, path| {
                // Not within a path.
                let with_root = text.replace(&format!(" {path}"), &format!(" {root}{path}"));
                let with_root = with_root.replace(&format!("={path}"), &format!("={root}{path}"));
                match with_root.strip_prefix(path) {
                    Some(rest) => format!("{root}{path}{rest}"),
                    None => with_root,
                }
            })
    }

    /// Runs the commands of a section of `INSTALL.md` that copy files and set their rights. Returns their number.
    fn install(&self, section: &str) -> usize {
        let document = self.read("INSTALL.md");
        let (_, section) = document.split_once(&format!("# {section}\n")).unwrap();
        let section = section.split("\n#").next().unwrap();
        let commands = section
            .lines()
            .filter_map(|line| line.strip_prefix("    sudo "));
        let commands: Vec<&str> = commands
            .filter(|line| !line.starts_with("systemctl "))
            .collect();
        for command in &commands {
            run(Command::new("sh")
                .args(["-euc", &self.here(command)])
                .current_dir(&self.package));
        }
        commands.len()
    }

    /// The values of a key of the installed unit and its additions.
    fn unit(&self, key: &str) -> Vec<String> {
        let unit = self.path("/etc/systemd/system/sangam.service");
        let addition = self.path("/etc/systemd/system/sangam.service.d/tls.conf");
        let mut text = std::fs::read_to_string(unit).unwrap();
        text += &std::fs::read_to_string(addition).unwrap_or_default();
        let lines = text
            .lines()
            .filter_map(|line| line.strip_prefix(&format!("{key}=")));
        lines.map(str::to_owned).collect()
    }

    /// A command of the unit: with its environment, and the credentials that it loads.
    fn command(&self, command: &str) -> Command {
        let command = self.here(command);
        let mut words = command.split_whitespace();
        let mut command = Command::new(words.next().unwrap());
        command
            .args(words)
            .env_clear()
            .current_dir("/")
            .stdin(Stdio::null());
        for variable in self.unit("Environment") {
            let variable = self.here(&variable);
            let (name, value) = variable.split_once('=').unwrap();
            command.env(name, value);
        }
        let credentials = self.path("/run/credentials");
        std::fs::create_dir_all(&credentials).unwrap();
        for credential in self.unit("LoadCredential") {
            let (name, file) = credential.split_once(':').unwrap();
            std::fs::copy(self.path(file), credentials.join(name)).unwrap();
        }
        if !self.unit("LoadCredential").is_empty() {
            command.env("CREDENTIALS_DIRECTORY", credentials);
        }
        command
            .env("SANGAM_LISTEN", "127.0.0.1:0")
            .env("SANGAM_ADMIN_LISTEN", "127.0.0.1:0")
            .env("SANGAM_SHUTDOWN_DELAY", "0s");
        command
    }

    fn serve(&self) -> Running {
        let [start] = &self.unit("ExecStart")[..] else {
            panic!("one command");
        };
        Running::start(self.command(start))
    }

    /// What `sangam health` says of a gateway at this URL, and its exit status.
    fn health(&self, url: &str) -> (String, Option<i32>) {
        let program = "/opt/sangam/sangam health --config /etc/sangam/sangam.toml";
        said(self.command(program).env("SANGAM_LISTEN", address(url)))
    }
}

fn address(url: &str) -> &str {
    url.split_once("://").unwrap().1
}

fn said(command: &mut Command) -> (String, Option<i32>) {
    let output = command.output().unwrap();
    (super::running::printed(&output), output.status.code())
}

#[test(threads)]
async fn a_service_is_installed_gets_tls_and_is_upgraded() {
    sangam::source::tls::install_provider();
    let machine = Machine::new();
    std::fs::write(machine.package.join("secrets.env"), "").unwrap();
    assert_eq!(machine.install("Run as a service"), 7);
    assert_eq!(machine.unit("ExecReload"), ["/bin/kill -HUP $MAINPID"]);
    let running = machine.serve();
    let url = running.url.clone();
    assert_eq!(
        machine.health(&url),
        (format!("ready: {url}/health/ready\n"), Some(0))
    );
    running.stop();
    let (why, status) = machine.health(&url);
    assert!(
        why.starts_with("not ready: ") && why.contains("refused"),
        "{why}"
    );
    assert_eq!(status, Some(1));

    // The operator's own connector and settings.
    let own = machine.path("/etc/sangam/connectors/own/connector.graphql");
    let settings = machine.path("/etc/sangam/sangam.toml");
    std::fs::create_dir(own.parent().unwrap()).unwrap();
    std::fs::write(&own, OWN).unwrap();
    let tls = installed_text(&machine.read("INSTALL.md"), "[tls]");
    let with_tls = std::fs::read_to_string(&settings).unwrap() + &tls;
    std::fs::write(&settings, &with_tls).unwrap();

    // TLS: the files are where only root can read them, and systemd passes copies.
    let names = vec!["sangam.example".to_owned()];
    let rcgen::CertifiedKey { cert, signing_key } =
        rcgen::generate_simple_self_signed(names).unwrap();
    std::fs::write(machine.package.join("certificate.pem"), cert.pem()).unwrap();
    std::fs::write(machine.package.join("key.pem"), signing_key.serialize_pem()).unwrap();
    assert_eq!(machine.install("TLS"), 3);
    let rights = |path: &str| machine.path(path).metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!(
        (rights("/etc/sangam/tls"), rights("/etc/sangam/tls/key.pem")),
        (0o700, 0o600)
    );
    let running = machine.serve();
    assert!(running.url.starts_with("https://"), "{}", running.url);
    assert_eq!(machine.health(&running.url).1, Some(0));
    let certificate = reqwest::Certificate::from_pem(cert.pem().as_bytes()).unwrap();
    let trusting = reqwest::Client::builder()
        .no_proxy()
        .tls_certs_only([certificate]);
    let trusting = trusting.resolve("sangam.example", address(&running.url).parse().unwrap());
    let trusting = trusting.build().unwrap();
    let port = running.url.rsplit(':').next().unwrap();
    let sdl = text(trusting.get(format!("https://sangam.example:{port}/schema.graphql"))).await;
    assert!(sdl.contains("  own: Int"), "{sdl}");
    running.stop();

    // Another release: its program is other, its connectors and settings are not copied.
    std::fs::write(machine.package.join("sangam.toml"), "[limits]\ndepth = 1\n").unwrap();
    std::fs::remove_dir_all(machine.package.join("connectors/lgd")).unwrap();
    std::fs::write(machine.package.join("README.md"), "another release\n").unwrap();
    // The program runs: its file cannot be written, only replaced.
    let program = machine.path("/opt/sangam/sangam");
    std::fs::copy("/bin/sleep", &program).unwrap();
    let mut running = Command::new(&program).arg("600").spawn().unwrap();
    assert_eq!(machine.install("Upgrade"), 3);
    running.kill().unwrap();
    running.wait().unwrap();
    let readme = std::fs::read_to_string(machine.path("/opt/sangam/README.md")).unwrap();
    assert_eq!(readme, "another release\n");
    assert!(!machine.path("/opt/sangam/secrets.env").exists());
    assert_eq!(std::fs::read_to_string(&own).unwrap(), OWN);
    assert_eq!(std::fs::read_to_string(&settings).unwrap(), with_tls);
    assert!(
        machine
            .path("/etc/sangam/connectors/lgd/connector.graphql")
            .is_file()
    );
    let running = machine.serve();
    assert_eq!(machine.health(&running.url).1, Some(0));
    running.stop();
    machine.verify_unit();
}

impl Machine {
    /// What systemd says of the unit, where it is installed.
    fn verify_unit(&self) {
        let unit = self.path("/etc/systemd/system/sangam.service");
        let text = std::fs::read_to_string(&unit).unwrap();
        let here = self.folder.path().join("sangam.service");
        std::fs::write(&here, self.here(&text)).unwrap();
        let mut verify = Command::new("systemd-analyze");
        verify
            .args(["verify", "--man=no"])
            .arg(&here)
            .stdin(Stdio::null());
        if let Ok(output) = verify.output() {
            let said = super::running::printed(&output);
            assert!(
                output.status.success() && !said.contains("sangam"),
                "{said}"
            );
        }
    }
}

/// The indented text of a document that begins with this line.
fn installed_text(document: &str, first: &str) -> String {
    let lines = document
        .lines()
        .skip_while(|line| line.trim_start() != first);
    let lines = lines.map_while(|line| line.strip_prefix("    "));
    lines.map(|line| format!("{line}\n")).collect()
}

/// A Dockerfile's instructions, with the lines that continue one.
fn instructions(dockerfile: &str) -> Vec<(String, String)> {
    let text = dockerfile.lines().filter(|line| !line.starts_with('#'));
    let text = text.collect::<Vec<_>>().join("\n").replace("\\\n", " ");
    let lines = text.lines().filter_map(|line| line.split_once(' '));
    lines
        .map(|(name, rest)| (name.to_owned(), rest.trim().to_owned()))
        .collect()
}

/// The image is what its instructions copy; its commands run in it, with a mounted folder too.
#[test(threads)]
async fn an_image_serves_and_is_healthy() {
    let machine = Machine::new();
    let instructions = instructions(&machine.read("Dockerfile"));
    let of = |wanted: &str| {
        let of = instructions.iter().filter(|(name, _)| name == wanted);
        of.map(|(_, rest)| rest.as_str()).collect::<Vec<_>>()
    };
    for copy in of("COPY") {
        let words: Vec<&str> = copy
            .split_whitespace()
            .filter(|word| !word.starts_with("--"))
            .collect();
        let [from, to] = words[..] else {
            panic!("{copy}")
        };
        let to = machine.path(to);
        std::fs::create_dir_all(to.parent().unwrap()).unwrap();
        run(Command::new("cp")
            .arg("-R")
            .arg(machine.package.join(from))
            .arg(to));
    }
    let runs = of("RUN")
        .into_iter()
        .filter(|run| !run.starts_with("apt-get "));
    let runs: Vec<&str> = runs.collect();
    assert_eq!(runs, ["chmod -R a+rX /etc/sangam"]);
    run(Command::new("sh").args(["-euc", &machine.here(runs[0])]));
    let [user] = of("USER")[..] else {
        panic!("one user")
    };
    assert!(
        user.split(':').all(|id| id.parse::<u32>().unwrap() > 0),
        "{user}"
    );

    let words = |json: &str| serde_json::from_str::<Vec<String>>(json).unwrap();
    let variables = of("ENV").into_iter().flat_map(str::split_whitespace);
    let variables: BTreeMap<&str, &str> = variables.filter_map(|one| one.split_once('=')).collect();
    assert_eq!(variables["SANGAM_LISTEN"], "0.0.0.0:4000");
    assert_eq!(of("EXPOSE"), ["4000"]);
    let [entry] = of("ENTRYPOINT")[..] else {
        panic!("one entry point")
    };
    let [start] = of("CMD")[..] else {
        panic!("one command")
    };
    let [check] = of("HEALTHCHECK")[..] else {
        panic!("one health check")
    };
    let check = check.split_once("CMD ").unwrap().1;
    let command = |listen: &str, words: &[String]| {
        assert_eq!(words[0], "sangam");
        let mut command = Command::new(machine.path("/usr/local/bin/sangam"));
        let arguments = words[1..].iter().map(|word| machine.here(word));
        command.args(arguments).env_clear().stdin(Stdio::null());
        let connectors = machine.here(variables["SANGAM_CONNECTORS"]);
        command.env("SANGAM_CONNECTORS", connectors);
        command
            .env("SANGAM_LISTEN", listen)
            .env("SANGAM_ADMIN_LISTEN", "127.0.0.1:0");
        command.env("SANGAM_SHUTDOWN_DELAY", "0s");
        command
    };
    let start = [words(entry), words(start)].concat();
    // The ones of the image, and then a mounted folder.
    for mounted in [false, true] {
        if mounted {
            let folder = machine.path("/etc/sangam");
            std::fs::remove_dir_all(folder.join("connectors")).unwrap();
            std::fs::create_dir_all(folder.join("connectors/own")).unwrap();
            std::fs::write(folder.join("connectors/own/connector.graphql"), OWN).unwrap();
        }
        let running = Running::start(command("0.0.0.0:0", &start));
        let port = running.url.rsplit(':').next().unwrap().to_owned();
        let on_every_address = format!("0.0.0.0:{port}");
        let healthy = said(&mut command(&on_every_address, &words(check)));
        assert_eq!(
            healthy,
            (
                format!("ready: http://127.0.0.1:{port}/health/ready\n"),
                Some(0)
            )
        );
        let sdl = text(client().get(format!("http://127.0.0.1:{port}/schema.graphql"))).await;
        assert_eq!(sdl.contains("  own: Int"), mounted, "{sdl}");
        running.stop();
        assert_eq!(
            said(&mut command(&on_every_address, &words(check))).1,
            Some(1)
        );
    }
}

/// The commands of the guide for connectors, in the folder of the package.
#[test]
fn the_guide_works_in_the_package() {
    let machine = Machine::new();
    let commands = shell_blocks(&machine.read("connectors/README.md"));
    assert!(commands.contains("./sangam test rainfall\n"), "{commands}");
    let mut shell = Command::new("sh");
    let said = run(shell
        .args(["-euc", &commands])
        .current_dir(&machine.package));
    assert!(
        said.contains("1 answer compared, all as expected"),
        "{said}"
    );
    assert!(said.contains("rainfall: Query.rainGauges[0]"), "{said}");
    assert!(!machine.package.join("connectors/rainfall").exists());
}

/// The content of all `sh` blocks of a document. A fence ends with as many backquotes as it has begun with.
fn shell_blocks(document: &str) -> String {
    let (mut commands, mut fence) = (String::new(), None);
    for line in document.lines() {
        let quotes = line.len() - line.trim_start_matches('`').len();
        match fence {
            None if quotes >= 3 => fence = Some((quotes, line[quotes..].trim() == "sh")),
            Some((opened, _)) if quotes == opened && line.len() == quotes => fence = None,
            Some((_, true)) => commands += &format!("{line}\n"),
            Some((_, false)) | None => {}
        }
    }
    commands
}
