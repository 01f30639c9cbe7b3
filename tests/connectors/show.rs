//! Connects and requests as text, for expected blocks.

use sangam::connector::{
    Connect, ConnectKind, FieldSet, FieldSetItem, Pagination, Reads, Request, SubgraphKind,
};

pub(super) fn kind(kind: &SubgraphKind) -> String {
    match kind {
        SubgraphKind::Connectors {
            sources, connects, ..
        } => {
            let sources = sources
                .iter()
                .map(|source| format!("source {} {}\n", source.name, source.base_url));
            let connects = connects.iter().map(|one| connect(one));
            sources.chain(connects).collect()
        }
        SubgraphKind::Service(service) => format!("service{}\n", reads(&service.reads)),
        SubgraphKind::Native => "native\n".to_owned(),
    }
}

fn connect(connect: &Connect) -> String {
    let kind = match &connect.kind {
        ConnectKind::Root { entity_key: None } => "root".to_owned(),
        ConnectKind::Root {
            entity_key: Some(key),
        } => format!("root, entity by {{ {} }}", fields(key)),
        ConnectKind::Implicit { key } => format!("implicit by {{ {} }}", fields(key)),
        ConnectKind::Batch { key, max_size, .. } => {
            format!("batch of {max_size} by {{ {} }}", fields(key))
        }
        ConnectKind::Single { key } => format!("single by {{ {} }}", fields(key)),
    };
    let pages = connect
        .options
        .get::<Pagination>()
        .map(|pages| format!(", pages {:?}", pages.style));
    format!(
        "{} {kind}{}{}\n",
        connect.coordinate,
        pages.unwrap_or_default(),
        reads(&connect.reads)
    )
}

fn fields(set: &FieldSet) -> String {
    let items = set.items.iter().map(|item| match item {
        FieldSetItem::Field { name, children, .. } if children.is_empty() => name.to_string(),
        FieldSetItem::Field { name, children, .. } => format!("{name} {{ {} }}", fields(children)),
        FieldSetItem::Fragment { on, children } => {
            format!("... on {on} {{ {} }}", fields(children))
        }
    });
    items.collect::<Vec<_>>().join(" ")
}

fn reads(reads: &Reads) -> String {
    let mut parts = Vec::new();
    for (what, names, all) in [
        ("args", &reads.args, false),
        ("client", &reads.client_headers, reads.all_client_headers),
        (
            "response",
            &reads.response_headers,
            reads.all_response_headers,
        ),
    ] {
        if all {
            parts.push(format!("{what} *"));
        } else if !names.is_empty() {
            parts.push(format!("{what} {}", names.join(" ")));
        }
    }
    let flags = [
        (reads.status, "status"),
        (reads.context, "context"),
        (reads.selection_reads_inputs, "selection reads inputs"),
    ];
    parts.extend(
        flags
            .iter()
            .filter(|(is, _)| *is)
            .map(|(_, name)| (*name).to_owned()),
    );
    parts.iter().map(|part| format!("; {part}")).collect()
}

pub(super) fn request(request: &Request) -> String {
    let request = request.shown();
    let line: Vec<_> = request.line.iter().map(|(_, text)| text.as_str()).collect();
    let mut out = format!("{}\n", line.join(" "));
    for (name, value) in &request.headers {
        let line = format!("{name}: {value}");
        out.push_str(line.trim_end());
        out.push('\n');
    }
    if !request.body.is_empty() {
        out.push('\n');
        out.push_str(&request.body);
        out.push('\n');
    }
    out
}
