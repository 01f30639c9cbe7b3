//! Random operations on the types of a world, with every construct of the operation language.

use super::json::Json;
use super::random::Random;
use super::world::{Argument, COLOURS, ENTITIES, Source, Ty, World, is_leaf};

#[derive(Debug, Clone)]
pub(crate) struct Operation {
    pub(crate) mutation: bool,
    pub(crate) variables: Vec<Variable>,
    pub(crate) selections: Vec<Selection>,
    pub(crate) fragments: Vec<Fragment>,
}

#[derive(Debug, Clone)]
pub(crate) struct Variable {
    pub(crate) name: String,
    pub(crate) ty: Ty,
    pub(crate) default: Option<String>,
    pub(crate) value: Option<Json>,
}

#[derive(Debug, Clone)]
pub(crate) struct Fragment {
    pub(crate) name: String,
    pub(crate) on: String,
    pub(crate) selections: Vec<Selection>,
}

/// A selection with its directives, as text.
#[derive(Debug, Clone)]
pub(crate) struct Selection {
    pub(crate) what: What,
    pub(crate) directives: String,
    pub(crate) selections: Vec<Selection>,
}

#[derive(Debug, Clone)]
pub(crate) enum What {
    /// Alias, name, and arguments as text.
    Field(Option<String>, String, String),
    Inline(Option<String>),
    Spread(String),
}

impl Operation {
    pub(crate) fn text(&self) -> String {
        let mut text = if self.mutation { "mutation" } else { "query" }.to_owned();
        let used = self.body();
        let variables = self
            .variables
            .iter()
            .filter(|variable| uses(&used, &variable.name));
        let variables: Vec<String> = variables
            .map(|variable| {
                let default = variable.default.as_ref();
                let default = default
                    .map(|value| format!(" = {value}"))
                    .unwrap_or_default();
                format!("${}: {}{default}", variable.name, variable.ty)
            })
            .collect();
        if !variables.is_empty() {
            text.push_str(&format!("({})", variables.join(", ")));
        }
        format!("{text} {used}")
    }

    fn body(&self) -> String {
        let mut text = String::from("{\n");
        write(&self.selections, 1, &mut text);
        text.push_str("}\n");
        // A fragment spreads earlier ones only.
        for fragment in self.fragments.iter().rev() {
            if !text.contains(&format!("...{}\n", fragment.name))
                && !text.contains(&format!("...{} ", fragment.name))
            {
                continue;
            }
            text.push_str(&format!(
                "fragment {} on {} {{\n",
                fragment.name, fragment.on
            ));
            write(&fragment.selections, 1, &mut text);
            text.push_str("}\n");
        }
        text
    }

    /// The values of the variables that have values.
    pub(crate) fn values(&self) -> Json {
        let used = self.body();
        let given = self
            .variables
            .iter()
            .filter(|variable| uses(&used, &variable.name));
        let given = given.filter_map(|v| Some((v.name.clone(), v.value.clone()?)));
        Json::Object(given.collect())
    }
}

fn uses(text: &str, variable: &str) -> bool {
    text.split('$').skip(1).any(|rest| {
        let end = rest
            .find(|c: char| !c.is_alphanumeric())
            .unwrap_or(rest.len());
        rest[..end] == *variable
    })
}

fn write(selections: &[Selection], depth: usize, text: &mut String) {
    for selection in selections {
        text.push_str(&"  ".repeat(depth));
        match &selection.what {
            What::Field(alias, name, arguments) => {
                if let Some(alias) = alias {
                    text.push_str(&format!("{alias}: "));
                }
                text.push_str(&format!("{name}{arguments}"));
            }
            What::Inline(Some(on)) => text.push_str(&format!("... on {on}")),
            What::Inline(None) => text.push_str("..."),
            What::Spread(name) => text.push_str(&format!("...{name}")),
        }
        text.push_str(&selection.directives);
        if !selection.selections.is_empty() {
            text.push_str(" {\n");
            write(&selection.selections, depth + 1, text);
            text.push_str(&"  ".repeat(depth));
            text.push('}');
        }
        text.push('\n');
    }
}

pub(crate) fn operation(world: &World, random: &mut Random) -> Operation {
    let mutation = world.roots.len() > 1 && random.chance(25);
    let mut maker = Maker {
        world,
        random,
        variables: Vec::new(),
        fragments: Vec::new(),
        making: 0,
        left: 60,
    };
    let root = if mutation { "Mutation" } else { "Query" };
    let selections = maker.selections(root, 0);
    Operation {
        mutation,
        selections,
        variables: maker.variables,
        fragments: maker.fragments,
    }
}

struct Maker<'m> {
    world: &'m World,
    random: &'m mut Random,
    variables: Vec<Variable>,
    fragments: Vec<Fragment>,
    /// The number of fragments that are being generated: a fragment must not contain itself.
    making: usize,
    left: usize,
}

const DEEPEST: usize = 6;
/// Aliases that are names of keys and other fields, which must not be confused with these.
const ALIASES: [&str; 7] = ["id", "code", "org", "x", "y", "label", "representations"];

impl Maker<'_> {
    fn selections(&mut self, ty: &str, depth: usize) -> Vec<Selection> {
        let mut out = Vec::new();
        let wanted = if depth == 0 {
            self.random.between(1, 3)
        } else {
            self.random.between(1, 4)
        };
        for _ in 0..wanted {
            let made = self.selection(ty, depth);
            out.extend(
                made.as_ref()
                    .and_then(|made| self.once_more(made, ty, depth)),
            );
            out.extend(made);
        }
        if self.world.is_abstract(ty) && self.random.chance(20) {
            out.extend(self.on_several(ty, depth));
        }
        if out.is_empty() {
            out.push(self.typename());
        }
        out
    }

    fn typename(&mut self) -> Selection {
        let alias = self
            .random
            .chance(20)
            .then(|| (*self.random.pick(&ALIASES)).to_owned());
        Selection {
            what: What::Field(alias, "__typename".to_owned(), String::new()),
            directives: self.directives(),
            selections: Vec::new(),
        }
    }

    fn selection(&mut self, ty: &str, depth: usize) -> Option<Selection> {
        self.left = self.left.checked_sub(1)?;
        let is_abstract = self.world.is_abstract(ty);
        let fragments = if is_abstract { 55 } else { 15 };
        if self.random.chance(10) {
            return Some(self.typename());
        }
        if self.random.chance(fragments) && depth < DEEPEST {
            return Some(self.fragment(ty, depth));
        }
        self.field(ty, depth)
    }

    fn fragment(&mut self, ty: &str, depth: usize) -> Selection {
        let on = self.condition(ty);
        let directives = self.directives();
        let known: Vec<String> = self
            .fragments
            .iter()
            .filter(|fragment| fragment.on == on)
            .map(|fragment| fragment.name.clone())
            .collect();
        if self.random.chance(30) && (self.making == 0 || !known.is_empty()) {
            let name = if self.making == 0 && (known.is_empty() || self.random.chance(60)) {
                self.making += 1;
                let selections = self.selections(&on, depth + 1);
                self.making -= 1;
                let name = format!("F{}", self.fragments.len());
                self.fragments.push(Fragment {
                    name: name.clone(),
                    on,
                    selections,
                });
                name
            } else {
                self.random.pick(&known).clone()
            };
            return Selection {
                what: What::Spread(name),
                directives,
                selections: Vec::new(),
            };
        }
        let (what, on) = if on == ty && self.random.chance(50) {
            (What::Inline(None), on)
        } else {
            (What::Inline(Some(on.clone())), on)
        };
        let selections = self.selections(&on, depth + 1);
        Selection {
            what,
            directives,
            selections,
        }
    }

    /// One field on several type conditions, with other selections on each.
    fn on_several(&mut self, ty: &str, depth: usize) -> Vec<Selection> {
        let mut conditions = self.meeting(ty);
        conditions.extend(self.world.members(ty));
        let first = self.random.pick(&conditions).clone();
        let mut names = self.world.visible_names(&first);
        let base = |on: &str, name: &str| {
            let field = self.world.field(on, name);
            field.map(|own| own.ty.base().to_owned())
        };
        names.retain(|name| base(&first, name).is_some_and(|base| !is_leaf(&base)));
        conditions.retain(|on| names.iter().any(|name| base(on, name).is_some()));
        if names.is_empty() || depth >= DEEPEST {
            return Vec::new();
        }
        let name = self.random.pick(&names).clone();
        let arguments = self.world.field(&first, &name).map(|own| &own.arguments);
        let arguments = self.arguments(arguments.unwrap_or(&Vec::new()));
        let mut out = Vec::new();
        for on in self.random.shuffled(&conditions).into_iter().take(3) {
            let Some(field) = self.world.field(&on, &name) else {
                continue;
            };
            let what = What::Field(None, name.clone(), arguments.clone());
            let own = Selection {
                what,
                directives: self.directives(),
                selections: self.selections(field.ty.base(), depth + 2),
            };
            if on == ty && self.random.chance(70) {
                out.push(own);
                continue;
            }
            out.push(Selection {
                what: What::Inline(Some(on)),
                directives: self.directives(),
                selections: vec![own],
            });
        }
        out
    }

    /// A type condition that can apply to this type.
    fn condition(&mut self, ty: &str) -> String {
        let members = self.world.members(ty);
        if self.random.chance(60) {
            return self.random.pick(&members).clone();
        }
        let meeting = self.meeting(ty);
        self.random.pick(&meeting).clone()
    }

    /// This type, and the interfaces and unions that have members in common with it.
    fn meeting(&self, ty: &str) -> Vec<String> {
        let members = self.world.members(ty);
        let interfaces = self.world.interfaces.iter().map(|i| i.name.clone());
        let unions = self.world.unions.iter().map(|u| u.name.clone());
        let meeting = interfaces.chain(unions).filter(|other| {
            self.world
                .members(other)
                .iter()
                .any(|member| members.contains(member))
        });
        let mut meeting: Vec<String> = meeting.collect();
        meeting.push(ty.to_owned());
        meeting
    }

    fn field(&mut self, ty: &str, depth: usize) -> Option<Selection> {
        let mut names = self.world.visible_names(ty);
        if depth >= DEEPEST {
            names.retain(|name| {
                self.world
                    .field(ty, name)
                    .is_some_and(|f| is_leaf(f.ty.base()))
            });
        }
        if names.is_empty() {
            return Some(self.typename());
        }
        let name = self.random.pick(&names).clone();
        let field = self.world.field(ty, &name)?;
        let leaf = is_leaf(field.ty.base());
        let alias = self
            .random
            .chance(12)
            .then(|| (*self.random.pick(&ALIASES)).to_owned());
        let arguments = match &field.source {
            Source::Lookup(entity) if self.random.chance(85) => self.key(entity, &field.arguments),
            _ => self.arguments(&field.arguments),
        };
        let directives = self.directives();
        let selections = if leaf {
            Vec::new()
        } else {
            self.selections(field.ty.base(), depth + 1)
        };
        Some(Selection {
            what: What::Field(alias, name, arguments),
            directives,
            selections,
        })
    }

    /// Sometimes selects the same composite field with the same arguments again, under another alias.
    fn once_more(&mut self, made: &Selection, ty: &str, depth: usize) -> Option<Selection> {
        let What::Field(None, name, arguments) = &made.what else {
            return None;
        };
        let base = self.world.field(ty, name)?.ty.base();
        if is_leaf(base) || !self.random.chance(10) {
            return None;
        }
        let alias = format!("again{}", self.left);
        Some(Selection {
            what: What::Field(Some(alias), name.clone(), arguments.clone()),
            directives: self.directives(),
            selections: self.selections(base, depth + 1),
        })
    }

    /// The key of an entity, or of one that does not exist.
    fn key(&mut self, entity: &str, arguments: &[Argument]) -> String {
        let number = self.random.below(ENTITIES as usize + 1);
        let texts = arguments.iter().map(|argument| {
            let name = &argument.name;
            match argument.ty.base() {
                "Int" => format!("{name}: {}", 100 + number),
                _ => format!("{name}: \"{entity}-{name}-{number}\""),
            }
        });
        format!("({})", texts.collect::<Vec<_>>().join(", "))
    }

    fn directives(&mut self) -> String {
        if !self.random.chance(14) {
            return String::new();
        }
        let value = match self.random.below(5) {
            0 => "true".to_owned(),
            1 => "false".to_owned(),
            number => {
                let name = format!("b{number}");
                if self.variables.iter().all(|known| known.name != name) {
                    let default = self
                        .random
                        .chance(40)
                        .then(|| self.random.chance(50).to_string());
                    let value = default.is_none() || self.random.chance(50);
                    let value = value.then(|| Json::Bool(self.random.chance(50)));
                    let ty = Ty::Named("Boolean".to_owned(), true);
                    self.variables.push(Variable {
                        name: name.clone(),
                        ty,
                        default,
                        value,
                    });
                }
                format!("${name}")
            }
        };
        let name = if self.random.chance(50) {
            "skip"
        } else {
            "include"
        };
        format!(" @{name}(if: {value})")
    }

    fn arguments(&mut self, arguments: &[Argument]) -> String {
        let mut out = Vec::new();
        for argument in arguments {
            let must = argument.ty.non_null() && argument.default.is_none();
            if must || self.random.chance(55) {
                let value = self.argument(&argument.ty, argument.default.is_some());
                out.push(format!("{}: {value}", argument.name));
            }
        }
        let out = self.random.shuffled(&out);
        if out.is_empty() {
            String::new()
        } else {
            format!("({})", out.join(", "))
        }
    }

    /// A value for an argument of a type, which may have a default.
    fn argument(&mut self, ty: &Ty, has_default: bool) -> String {
        if !self.random.chance(45) {
            return self.literal(ty, 0);
        }
        self.variable(ty, has_default)
    }

    fn variable(&mut self, ty: &Ty, has_default: bool) -> String {
        let default = self.random.chance(25).then(|| self.constant(ty, 0).1);
        // If there is a default, a nullable variable is allowed in a non-null position.
        let loose = (has_default || default.is_some()) && self.random.chance(50);
        self.add_variable(ty, default, loose)
    }

    fn add_variable(&mut self, ty: &Ty, default: Option<String>, loose: bool) -> String {
        let name = format!("v{}", self.variables.len());
        let ty = if loose { ty.nullable() } else { ty.clone() };
        let must = ty.non_null() && default.is_none();
        let given = must || self.random.chance(70);
        let value = given.then(|| match loose && self.random.chance(40) {
            true => Json::Null,
            false => self.constant(&ty, 0).0,
        });
        self.variables.push(Variable {
            name: name.clone(),
            ty,
            default,
            value,
        });
        format!("${name}")
    }

    /// A literal that may contain variables.
    fn literal(&mut self, ty: &Ty, depth: usize) -> String {
        if depth > 0 && self.random.chance(20) {
            return self.variable(ty, false);
        }
        self.written(ty, depth)
    }

    /// A literal that is not a variable itself.
    fn written(&mut self, ty: &Ty, depth: usize) -> String {
        match ty {
            // Lists have two elements: apollo-compiler accepts `f(a: [])` and `f(a: [1])` as fields that can merge.
            Ty::List(item, _) => {
                let items: Vec<String> = (0..2).map(|_| self.literal(item, depth + 1)).collect();
                format!("[{}]", items.join(", "))
            }
            Ty::Named(name, _) if name == "Filter" => {
                let mut members = Vec::new();
                for (member, ty, has_default) in filter_members() {
                    if self.random.chance(40) && depth < 2 {
                        let value = match has_default && self.random.chance(30) {
                            true => self.variable(&ty, true),
                            false => self.literal(&ty, depth + 1),
                        };
                        members.push(format!("{member}: {value}"));
                    }
                }
                format!("{{ {} }}", members.join(", "))
            }
            Ty::Named(name, _) if name == "Choice" => {
                let (member, ty) = self.choice_member(depth);
                // The variable is never null, even if it has a default.
                let value = match self.random.chance(40) {
                    true => self.add_variable(&ty, None, false),
                    false => self.written(&ty, depth + 1),
                };
                format!("{{ {member}: {value} }}")
            }
            ty => self.constant(ty, depth).1,
        }
    }

    /// The one member of a `Choice`, and its type without null.
    fn choice_member(&mut self, depth: usize) -> (&'static str, Ty) {
        let named = |name: &str| Ty::Named(name.to_owned(), true);
        let all = [
            ("count", named("Int")),
            ("word", named("String")),
            ("colour", named("Colour")),
            (
                "words",
                Ty::List(Box::new(Ty::Named("String".to_owned(), false)), true),
            ),
            ("filter", named("Filter")),
        ];
        // Filters nest choices.
        let some = if depth < 2 { &all[..] } else { &all[..4] };
        self.random.pick(some).clone()
    }

    /// A value, as JSON and as a literal.
    fn constant(&mut self, ty: &Ty, depth: usize) -> (Json, String) {
        if !ty.non_null() && self.random.chance(15) {
            return (Json::Null, "null".to_owned());
        }
        let name = match ty {
            Ty::List(item, _) => {
                if self.random.chance(20) {
                    // An item without brackets is a list of one item.
                    return self.constant(&Ty::Named(item.base().to_owned(), true), depth);
                }
                let items = (0..self.random.below(3)).map(|_| self.constant(item, depth));
                let (values, texts): (Vec<Json>, Vec<String>) = items.unzip();
                return (Json::List(values), format!("[{}]", texts.join(", ")));
            }
            Ty::Named(name, _) => name.as_str(),
        };
        let number = self.random.below(100);
        let value = match name {
            "Int" => Json::Number(number.to_string()),
            "Float" if self.random.chance(50) => Json::Number(number.to_string()),
            "Float" => Json::Number(format!("{number}.25")),
            "ID" if self.random.chance(40) => Json::Number(number.to_string()),
            "String" | "ID" => Json::String(format!("t{number}\"ü")),
            "Boolean" => Json::Bool(number.is_multiple_of(2)),
            "Colour" => {
                let colour = COLOURS[number % 3];
                return (Json::string(colour), colour.to_owned());
            }
            "Choice" => {
                let (member, ty) = self.choice_member(depth);
                let (value, text) = self.constant(&ty, depth + 1);
                let value = Json::Object(vec![(member.to_owned(), value)]);
                return (value, format!("{{ {member}: {text} }}"));
            }
            _ => return self.filter(depth),
        };
        let text = value.text();
        (value, text)
    }

    fn filter(&mut self, depth: usize) -> (Json, String) {
        let (mut values, mut texts) = (Vec::new(), Vec::new());
        for (member, ty, _) in filter_members() {
            if self.random.chance(40) && depth < 2 {
                let (value, text) = self.constant(&ty, depth + 1);
                values.push((member.to_owned(), value));
                texts.push(format!("{member}: {text}"));
            }
        }
        (Json::Object(values), format!("{{ {} }}", texts.join(", ")))
    }
}

/// The fields of `Filter`, and whether they have defaults.
fn filter_members() -> [(&'static str, Ty, bool); 6] {
    let named = |name: &str, non_null| Ty::Named(name.to_owned(), non_null);
    [
        ("least", named("Int", false), true),
        ("most", named("Int", true), true),
        (
            "words",
            Ty::List(Box::new(named("String", true)), false),
            false,
        ),
        ("colour", named("Colour", false), false),
        ("nested", named("Filter", false), false),
        ("choice", named("Choice", false), false),
    ]
}
