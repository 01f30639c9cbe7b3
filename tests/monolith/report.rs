//! Writes a failing case to a readable file.

use std::path::PathBuf;

use super::case::sdl;
use super::shrink::Shrunk;

pub(crate) fn write(failing: &Shrunk, number: usize) -> PathBuf {
    let Shrunk {
        case,
        operation,
        found,
    } = failing;
    let world = &case.world;
    let mut text = format!(
        "# World {}, operation {number}: {}\n\n",
        world.seed, found.what
    );
    for (number, subgraph) in world.subgraphs.iter().enumerate() {
        let sdl = sdl(world, number);
        if !sdl.contains("type ") {
            continue;
        }
        text.push_str(&format!(
            "```graphql subgraph {}\n{sdl}```\n\n",
            subgraph.name
        ));
    }
    let variables = operation.values();
    text.push_str(&format!(
        "```graphql operation\n{}```\n\n",
        operation.text()
    ));
    text.push_str(&format!("```json variables\n{variables}\n```\n\n"));
    text.push_str(&format!("```json expected\n{}\n```\n\n", found.expected));
    text.push_str(&format!("```json got\n{}\n```\n\n", found.got));
    text.push_str(&format!("```text plan\n{}```\n", found.plan));
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    let file = folder.join(format!("monolith-{}-{number}.md", world.seed));
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(&file, text).unwrap();
    file
}
