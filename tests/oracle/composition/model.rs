//! Subgraphs as values, which can be built and changed step by step before they are written as SDL.

use std::fmt::Write;

/// A subgraph.
#[derive(Debug, Clone)]
pub(super) struct Sub {
    pub(super) name: String,
    pub(super) types: Vec<Ty>,
}

/// A type; `name` may be a root.
#[derive(Debug, Clone)]
pub(super) struct Ty {
    pub(super) kind: Kind,
    pub(super) name: String,
    pub(super) directives: Vec<String>,
    pub(super) implements: Vec<String>,
    /// Fields, values of an enum, or members of a union.
    pub(super) fields: Vec<Field>,
}

/// The kind of a type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Object,
    Interface,
    Union,
    Enum,
    Input,
}

/// A field, or a value of an enum or a member of a union, without a type.
#[derive(Debug, Clone)]
pub(super) struct Field {
    pub(super) name: String,
    pub(super) arguments: Vec<String>,
    pub(super) ty: String,
    pub(super) directives: Vec<String>,
}

impl Sub {
    pub(super) fn new(name: String) -> Self {
        Self {
            name,
            types: Vec::new(),
        }
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.types.iter().any(|ty| ty.name == name)
    }

    pub(super) fn get(&self, name: &str) -> Option<&Ty> {
        self.types.iter().find(|ty| ty.name == name)
    }

    /// The type with a name, which is added if it does not exist.
    pub(super) fn ty(&mut self, kind: Kind, name: &str) -> &mut Ty {
        let index = match self.types.iter().position(|ty| ty.name == name) {
            Some(index) => index,
            None => {
                self.types.push(Ty {
                    kind,
                    name: name.to_owned(),
                    directives: Vec::new(),
                    implements: Vec::new(),
                    fields: Vec::new(),
                });
                self.types.len() - 1
            }
        };
        &mut self.types[index]
    }

    pub(super) fn sdl(&self) -> String {
        let types = self.types.iter().filter(|ty| !ty.fields.is_empty());
        types.map(Ty::sdl).collect()
    }
}

impl Ty {
    pub(super) fn field(&mut self, name: &str, ty: &str) -> &mut Field {
        let index = match self.fields.iter().position(|field| field.name == name) {
            Some(index) => index,
            None => {
                self.fields.push(Field {
                    name: name.to_owned(),
                    arguments: Vec::new(),
                    ty: ty.to_owned(),
                    directives: Vec::new(),
                });
                self.fields.len() - 1
            }
        };
        &mut self.fields[index]
    }

    pub(super) fn mark(&mut self, directive: &str) {
        if !self.directives.iter().any(|existing| existing == directive) {
            self.directives.push(directive.to_owned());
        }
    }

    fn sdl(&self) -> String {
        let word = match self.kind {
            Kind::Object => "type",
            Kind::Interface => "interface",
            Kind::Union => "union",
            Kind::Enum => "enum",
            Kind::Input => "input",
        };
        let mut out = format!("{word} {}", self.name);
        if !self.implements.is_empty() {
            let _ = write!(out, " implements {}", self.implements.join(" & "));
        }
        for directive in &self.directives {
            let _ = write!(out, " {directive}");
        }
        if self.kind == Kind::Union {
            let members: Vec<&str> = self
                .fields
                .iter()
                .map(|field| field.name.as_str())
                .collect();
            let _ = writeln!(out, " = {}", members.join(" | "));
            return out;
        }
        out.push_str(" {\n");
        for field in &self.fields {
            let _ = write!(out, "  {}", field.name);
            if !field.arguments.is_empty() {
                let _ = write!(out, "({})", field.arguments.join(", "));
            }
            if !field.ty.is_empty() {
                let _ = write!(out, ": {}", field.ty);
            }
            for directive in &field.directives {
                let _ = write!(out, " {directive}");
            }
            out.push('\n');
        }
        out.push_str("}\n");
        out
    }
}

impl Field {
    pub(super) fn mark(&mut self, directive: &str) -> &mut Self {
        if !self.directives.iter().any(|existing| existing == directive) {
            self.directives.push(directive.to_owned());
        }
        self
    }

    pub(super) fn has(&self, directive: &str) -> bool {
        self.directives
            .iter()
            .any(|existing| existing.starts_with(directive))
    }
}
