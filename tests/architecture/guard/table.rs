//! The table of rooms in `ARCHITECTURE.md`: the imports that each room may have, and which rooms are pure.

use std::collections::BTreeSet;

/// The rooms in the order of their rows.
pub(super) struct Table {
    rows: Vec<Row>,
    wrong: BTreeSet<String>,
}

struct Row {
    room: String,
    may_import: Vec<String>,
    is_pure: bool,
}

impl Table {
    /// Reads the table with the columns `room`, `may import` and `pure`.
    pub(super) fn parse(text: &str) -> Table {
        let mut table = Table {
            rows: Vec::new(),
            wrong: BTreeSet::new(),
        };
        let mut lines = text
            .lines()
            .skip_while(|line| !line.starts_with("| room |"));
        let header = cells(lines.next().expect("a table of rooms in ARCHITECTURE.md"));
        let column = |name: &str| {
            let column = header.iter().position(|cell| *cell == name);
            column.unwrap_or_else(|| panic!("the table of rooms has no column `{name}`"))
        };
        let (room, may_import, pure) = (column("room"), column("may import"), column("pure"));
        // The line after the header separates it from the rows.
        for line in lines.skip(1).take_while(|line| line.starts_with('|')) {
            let cells = cells(line);
            let room = cells[room].trim_matches('`');
            let room = room.trim_end_matches('/').trim_end_matches(".rs");
            table.add(room, cells[may_import], cells[pure] == "yes");
        }
        table
    }

    /// Adds a row, which may have only rooms of the rows above it, so that the table has no cycle.
    fn add(&mut self, room: &str, may_import: &str, is_pure: bool) {
        let above: Vec<String> = self.rows.iter().map(|row| row.room.clone()).collect();
        let may_import: Vec<String> = match may_import {
            "–" => Vec::new(),
            "all above" => above.clone(),
            list => list.split(',').map(|room| room.trim().to_owned()).collect(),
        };
        for import in may_import.iter().filter(|import| !above.contains(import)) {
            self.wrong.insert(format!(
                "ARCHITECTURE.md: {room} may import {import}, which is no row above it"
            ));
        }
        self.rows.push(Row {
            room: room.to_owned(),
            may_import,
            is_pure,
        });
    }

    /// The differences between the table and the actual rooms.
    pub(super) fn findings(&self, rooms: &BTreeSet<String>) -> BTreeSet<String> {
        let named: BTreeSet<String> = self.rows.iter().map(|row| row.room.clone()).collect();
        let missing = rooms.difference(&named);
        let missing = missing.map(|room| format!("ARCHITECTURE.md: no row for {room}"));
        let gone = named.difference(rooms);
        let gone = gone.map(|room| format!("ARCHITECTURE.md: {room} is not in src"));
        missing.chain(gone).chain(self.wrong.clone()).collect()
    }

    pub(super) fn allows(&self, room: &str, used: &str) -> bool {
        let row = self.rows.iter().find(|row| row.room == room);
        room == used || row.is_some_and(|row| row.may_import.iter().any(|allowed| allowed == used))
    }

    pub(super) fn is_pure(&self, room: &str) -> bool {
        self.rows.iter().any(|row| row.room == room && row.is_pure)
    }
}

fn cells(line: &str) -> Vec<&str> {
    line.trim_matches('|').split('|').map(str::trim).collect()
}
