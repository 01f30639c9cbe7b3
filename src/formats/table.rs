//! The tables of an operation: their names, columns, and where the values are.
//!
//! What is in no list makes one row, with the name of the operation. Each list of objects is a table, also one inside
//! another list: its rows begin with columns of the rows around it. `docs/formats.md` has the rules, with examples.

use std::collections::BTreeSet;
use std::ops::Range;

use apollo_compiler::Name;

use super::kind::Kind;
use super::selected::{Content, Field, Object, Selected};

/// A table of an operation.
#[derive(Debug)]
pub struct Table {
    /// For people: the path of the list without the steps of connections, such as `district.works`; the name of the
    /// operation for what is in no list.
    pub name: String,
    /// The path of the list, in response names: `district.works.nodes`. Empty for what is in no list.
    pub path: String,
    /// The columns, in order.
    pub columns: Vec<Column>,
    /// The objects on the way to a row, and the row itself as the last.
    pub(super) levels: Vec<Level>,
}

/// A column of a table.
#[derive(Debug)]
pub struct Column {
    /// The header; it is unique in the table.
    pub name: String,
    /// What its cells hold.
    pub kind: Kind,
    /// Its cells hold a list of such values.
    pub is_list: bool,
}

/// What is read of the objects on the way to a row: the root, the elements of a list around the row, the row itself.
#[derive(Debug)]
pub(super) struct Level {
    pub(super) part: Part,
    /// The columns that it fills.
    pub(super) columns: Range<usize>,
}

/// What an element of a list is read as.
#[derive(Debug)]
pub(super) enum Part {
    Object(Picks),
    /// A scalar: it is the only column of the level.
    Leaf,
}

/// What is read of one object: the fields of the operation in their order.
#[derive(Debug)]
pub(super) struct Picks(pub(super) Vec<Pick>);

#[derive(Debug)]
pub(super) struct Pick {
    pub(super) name: Name,
    /// The name as JSON.
    pub(super) key: Box<[u8]>,
    pub(super) take: Take,
}

/// What is read of a field.
#[derive(Debug)]
pub(super) enum Take {
    Nothing,
    /// Its value is the cell of this column.
    Cell(usize),
    /// Some of its fields.
    Object(Picks),
    /// The elements of its lists, so many of them inside each other, are those of the next level.
    Elements(u8),
}

impl Take {
    fn object(picks: Picks) -> Take {
        match picks
            .0
            .iter()
            .all(|pick| matches!(pick.take, Take::Nothing))
        {
            true => Take::Nothing,
            false => Take::Object(picks),
        }
    }
}

impl Table {
    /// Whether it is a list, and not what is in no list.
    pub fn is_list(&self) -> bool {
        !self.path.is_empty()
    }

    fn has_own_columns(&self) -> bool {
        let row = self.levels.last();
        row.is_some_and(|row| !row.columns.is_empty())
    }

    /// All tables of an operation. Objects that have nothing but lists are no rows.
    pub(super) fn all(selected: &Selected) -> Vec<Table> {
        let summary = Draft::new(selected).finish(&[], Content::Object(0));
        let mut tables: Vec<Table> = Vec::new();
        tables.extend(Some(summary).filter(Table::has_own_columns));
        add_lists(selected, 0, &mut vec![Vec::new()], &mut tables);
        tables
    }
}

/// Adds the lists of an object and below it. `way` has the fields that lead to the object: those of each level.
fn add_lists(
    selected: &Selected,
    object: usize,
    way: &mut Vec<Vec<usize>>,
    tables: &mut Vec<Table>,
) {
    for (index, field) in selected.objects[object].fields.iter().enumerate() {
        let is_at_root = way.len() == 1 && way[0].is_empty();
        if let Some(level) = way.last_mut() {
            level.push(index);
        }
        match field.content {
            Content::Object(below) if field.lists == 0 => add_lists(selected, below, way, tables),
            Content::Object(below) => {
                let table = Draft::new(selected).finish(way, field.content);
                tables.extend(Some(table).filter(Table::has_own_columns));
                way.push(Vec::new());
                add_lists(selected, below, way, tables);
                way.pop();
            }
            Content::Leaf(_) if field.lists > 0 && is_at_root => {
                tables.push(Draft::new(selected).finish(way, field.content));
            }
            Content::Leaf(_) => {}
        }
        if let Some(level) = way.last_mut() {
            level.pop();
        }
    }
}

/// A table while it is made.
struct Draft<'s> {
    selected: &'s Selected,
    columns: Vec<Column>,
    levels: Vec<Level>,
}

/// The way to a place: the response names, and the names that columns and tables have of it.
#[derive(Clone, Default)]
struct Place {
    path: String,
    name: String,
}

impl Place {
    fn step(&self, field: &Field) -> Place {
        let join = |before: &str| match before.is_empty() {
            true => field.name.to_string(),
            false => format!("{before}.{}", field.name),
        };
        Place {
            path: join(&self.path),
            name: match field.is_bare {
                true => self.name.clone(),
                false => join(&self.name),
            },
        }
    }
}

impl<'s> Draft<'s> {
    fn new(selected: &'s Selected) -> Draft<'s> {
        Draft {
            selected,
            columns: Vec::new(),
            levels: Vec::new(),
        }
    }

    /// The table whose rows are the elements at the end of this way; if it is empty, the row of what is in no list.
    fn finish(mut self, way: &[Vec<usize>], row: Content) -> Table {
        let mut place = Place::default();
        let mut object = 0;
        for fields in way {
            let start = self.columns.len();
            let (picks, end) = self.around(object, fields, &mut place);
            self.level(start, Part::Object(picks));
            object = end;
        }
        let own = self.columns.len();
        let part = match row {
            Content::Object(object) => Part::Object(self.row(object, &Place::default())),
            Content::Leaf(kind) => {
                self.column(place.name.clone(), kind, false);
                Part::Leaf
            }
        };
        self.level(own, part);
        make_unique(&mut self.columns, own);
        Table {
            name: match way.is_empty() {
                true => self.selected.name.clone(),
                false => place.name,
            },
            path: place.path,
            columns: self.columns,
            levels: self.levels,
        }
    }

    fn level(&mut self, start: usize, part: Part) {
        let columns = start..self.columns.len();
        self.levels.push(Level { part, columns });
    }

    fn column(&mut self, name: String, kind: Kind, is_list: bool) -> Take {
        self.columns.push(Column {
            name,
            kind,
            is_list,
        });
        Take::Cell(self.columns.len() - 1)
    }

    /// What is read of an object around the rows: its own scalars, the references in it, and the way to the list. The place
    /// becomes that of the list. Returns the object of the list, too.
    fn around(&mut self, object: usize, fields: &[usize], place: &mut Place) -> (Picks, usize) {
        let selected = self.selected;
        let here = place.clone();
        let is_row = object != 0 && !selected.objects[object].is_paging;
        let mut end = object;
        let picks = self.picks(object, |draft, index, field| {
            if fields.first() != Some(&index) {
                return match is_row {
                    true => draft.repeated(field, &here),
                    false => Take::Nothing,
                };
            }
            *place = here.step(field);
            let Content::Object(below) = field.content else {
                return Take::Elements(field.lists);
            };
            if fields.len() == 1 {
                end = below;
                return Take::Elements(field.lists);
            }
            let (picks, list) = draft.around(below, &fields[1..], place);
            end = list;
            Take::object(picks)
        });
        (picks, end)
    }

    /// What rows repeat of a field beside their list: a scalar, or a reference with its scalars and references.
    fn repeated(&mut self, field: &Field, place: &Place) -> Take {
        let place = place.step(field);
        match field.content {
            Content::Leaf(kind) if field.lists == 0 => self.column(place.name, kind, false),
            Content::Object(below)
                if field.lists == 0 && self.selected.objects[below].is_reference =>
            {
                Take::object(self.picks(below, |draft, _, field| draft.repeated(field, &place)))
            }
            _ => Take::Nothing,
        }
    }

    /// What is read of an object that is a row, or in one: everything but lists of objects.
    fn row(&mut self, object: usize, place: &Place) -> Picks {
        let is_root = object == 0;
        self.picks(object, |draft, _, field| {
            let place = place.step(field);
            match field.content {
                Content::Leaf(_) if is_root && field.lists > 0 => Take::Nothing,
                Content::Leaf(kind) => draft.column(place.name, kind, field.lists > 0),
                Content::Object(below) if field.lists == 0 => {
                    Take::object(draft.row(below, &place))
                }
                Content::Object(_) => Take::Nothing,
            }
        })
    }

    fn picks(
        &mut self,
        object: usize,
        mut take: impl FnMut(&mut Self, usize, &'s Field) -> Take,
    ) -> Picks {
        let object: &'s Object = &self.selected.objects[object];
        let fields = object.fields.iter().enumerate();
        let picks = fields.map(|(index, field)| Pick {
            name: field.name.clone(),
            key: format!("\"{}\"", field.name).into_bytes().into(),
            take: take(self, index, field),
        });
        Picks(picks.collect())
    }
}

/// Makes the names of columns unique. Those of the row itself, from `own` on, have precedence; a repeated column of the
/// same name is `outer.NAME`.
fn make_unique(columns: &mut [Column], own: usize) {
    let mut taken: BTreeSet<String> = BTreeSet::new();
    let (around, row) = columns.split_at_mut(own);
    for column in row {
        take_name(&mut column.name, &mut taken);
    }
    for column in around {
        if taken.contains(&column.name) {
            column.name = format!("outer.{}", column.name);
        }
        take_name(&mut column.name, &mut taken);
    }
}

fn take_name(name: &mut String, taken: &mut BTreeSet<String>) {
    if taken.contains(name.as_str()) {
        let mut number = 2;
        while taken.contains(&format!("{name}.{number}")) {
            number += 1;
        }
        *name = format!("{name}.{number}");
    }
    taken.insert(name.clone());
}
