//! The declarations of a folder: what its directives say about how fields are fetched, read but not yet checked
//! together.
//!
//! Directives are read into these types and checks read them. What the rest of the gateway needs is in the
//! [model](super::model).

use std::collections::HashSet;
use std::sync::Arc;

use apollo_compiler::ast::{Directive, FieldDefinition, Value};
use apollo_compiler::schema::{ExtendedType, ObjectType};
use apollo_compiler::{Name, Node, Schema};

use super::connect_options::ConnectOptions;
use super::expression::ParsedExpression;
use super::http::{HeaderTemplate, RequestText, UrlParts};
use super::mapping_text::MappingText;
use super::model::{Connect, Site, SourceDeclaration};
use super::request::RequestTemplate;
use crate::mapping::Selection;

/// The declarations of a folder.
#[derive(Debug)]
pub(crate) struct Declarations<'s> {
    /// Its schema.
    pub(crate) schema: &'s Schema,
    /// The uses of directives that make the folder a GraphQL service.
    pub(crate) services: Vec<&'s Node<Directive>>,
    /// Its sources, with unique names.
    pub(crate) sources: Vec<DeclaredSource>,
    /// Its connects, in the order of their coordinates.
    pub(crate) connects: Vec<DeclaredConnect>,
    /// Names of the directives that fetch and whose specifications are linked.
    pub(crate) fetching: Vec<&'static str>,
    fetched: HashSet<Site>,
}

/// A named mapping.
#[derive(Debug)]
pub(crate) struct DeclaredMapping {
    /// The literal of its name.
    pub(crate) name: Node<Value>,
    /// The literal of its text.
    pub(crate) selection: Node<Value>,
}

impl DeclaredMapping {
    /// Whether its name is valid. Names with a capital are left for mappings that belong to a type.
    pub(crate) fn has_valid_name(&self) -> bool {
        let name = self.name.as_str().unwrap_or_default();
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
        name.starts_with(|c: char| c.is_ascii_lowercase()) && name.chars().all(plain)
    }
}

/// A source with everything that connects use of it.
#[derive(Debug)]
pub(crate) struct DeclaredSource {
    /// Its part of the model.
    pub(crate) declaration: Arc<SourceDeclaration>,
    /// The literal of its name.
    pub(crate) name: Node<Value>,
    /// `baseURL`; `None` if it does not parse, which has been reported.
    pub(crate) base: Option<RequestText>,
    /// `path` and `queryParams`.
    pub(crate) url: UrlParts,
    /// `headers`.
    pub(crate) headers: Vec<HeaderTemplate>,
    /// `isSuccess`.
    pub(crate) is_success: Option<Arc<Selection>>,
    /// `errors.message`.
    pub(crate) error_message: Option<Arc<Selection>>,
    /// `errors.extensions`.
    pub(crate) error_extensions: Option<Arc<Selection>>,
    /// All its expressions.
    pub(crate) expressions: Vec<ParsedExpression>,
}

/// A connect with the nodes of its parts, for diagnostics.
#[derive(Debug)]
pub(crate) struct DeclaredConnect {
    /// The field or type that it fetches.
    pub(crate) site: Site,
    /// The definition of that field.
    pub(crate) field: Option<Node<FieldDefinition>>,
    /// The field that has the directive, if it reads `$batch`: then the connect is one of the type, which yields the field of
    /// many objects, and reads the arguments of the field.
    pub(crate) batched: Option<Node<FieldDefinition>>,
    /// The directive that fetches.
    pub(crate) directive: Node<Directive>,
    /// Its expressions, without its source's.
    pub(crate) expressions: Vec<ParsedExpression>,
    /// `entity: true`
    pub(crate) entity: bool,
    /// The directives beside it.
    pub(crate) options: ConnectOptions,
    /// The model; `None` if a part of it could not be read, which has been reported.
    pub(crate) connect: Option<Connect>,
}

/// How a directive fetches.
#[derive(Debug)]
pub(crate) enum DeclaredFetch {
    /// By a request.
    Call(FetchRequest),
    /// Without a request: the selection yields the value.
    Nothing,
    /// It could not be read, which has been reported.
    Broken,
}

/// The request of a directive that fetches.
#[derive(Debug)]
pub(crate) struct FetchRequest {
    /// Renders it.
    pub(crate) template: Arc<dyn RequestTemplate>,
    /// Names of client headers that are passed on.
    pub(crate) client_headers: Vec<String>,
}

/// One use of a directive on an object type or on a field of one.
#[derive(Debug, Clone, Copy)]
pub(crate) struct DirectiveUse<'s> {
    /// The directive.
    pub(crate) directive: &'s Node<Directive>,
    /// The type.
    pub(crate) object: &'s ObjectType,
    /// The field, if it is on a field.
    pub(crate) field: Option<&'s Node<FieldDefinition>>,
}

impl<'s> Declarations<'s> {
    /// The declarations of a folder.
    pub(crate) fn new(
        schema: &'s Schema,
        services: Vec<&'s Node<Directive>>,
        sources: Vec<DeclaredSource>,
        connects: Vec<DeclaredConnect>,
        fetching: Vec<&'static str>,
    ) -> Self {
        let fetched = connects.iter().map(DeclaredConnect::fetched);
        Self {
            schema,
            services,
            sources,
            fetched: fetched.collect(),
            connects,
            fetching,
        }
    }

    /// Whether a field has a directive that fetches.
    pub(crate) fn is_fetched(&self, parent: &Name, field: &Name) -> bool {
        let (parent, field) = (parent.clone(), field.clone());
        self.fetched.contains(&Site::Field { parent, field })
    }

    /// Whether a type has a directive that fetches.
    pub(crate) fn is_type_fetched(&self, name: &Name) -> bool {
        let name = name.clone();
        self.fetched.contains(&Site::Type { name })
    }

    /// All uses of a directive on object types and their fields.
    pub(crate) fn uses(&self, name: &'static str) -> impl Iterator<Item = DirectiveUse<'s>> {
        let objects = self.schema.types.values().filter_map(|ty| match ty {
            ExtendedType::Object(object) => Some(&**object),
            _ => None,
        });
        objects.flat_map(move |object| {
            let on_type = object
                .directives
                .get_all(name)
                .map(move |directive| DirectiveUse {
                    directive: &directive.node,
                    object,
                    field: None,
                });
            let on_fields = object.fields.values().flat_map(move |field| {
                field
                    .directives
                    .get_all(name)
                    .map(move |directive| DirectiveUse {
                        directive,
                        object,
                        field: Some(&field.node),
                    })
            });
            on_type.chain(on_fields)
        })
    }
}

impl DirectiveUse<'_> {
    /// Whether it is beside a directive that fetches.
    pub(crate) fn is_beside_fetch(&self, declarations: &Declarations<'_>) -> bool {
        match self.field {
            Some(field) => declarations.is_fetched(&self.object.name, &field.name),
            None => declarations.is_type_fetched(&self.object.name),
        }
    }

    /// Whether it is on a field of the subscription root.
    pub(crate) fn is_on_subscription(&self, declarations: &Declarations<'_>) -> bool {
        let root = declarations.schema.schema_definition.subscription.as_ref();
        self.field.is_some() && root.is_some_and(|root| root.name == self.object.name)
    }

    /// The connects of its field.
    pub(crate) fn connects<'d>(
        &self,
        declarations: &'d Declarations<'_>,
    ) -> impl Iterator<Item = &'d DeclaredConnect> + use<'d> {
        let parent = self.object.name.clone();
        let name = self.field.map(|field| field.name.clone());
        let is_beside = move |declared: &&DeclaredConnect| match &declared.site {
            Site::Field { parent: of, field } => *of == parent && Some(field) == name.as_ref(),
            Site::Type { .. } => false,
        };
        declarations.connects.iter().filter(is_beside)
    }
}

impl DeclaredConnect {
    /// The text of its selection; `None` if that does not parse.
    pub(crate) fn selection_text(&self) -> Option<&MappingText> {
        self.text_of("selection")
    }

    /// The text of an argument that has a mapping.
    pub(crate) fn text_of(&self, argument: &'static str) -> Option<&MappingText> {
        let mut texts = self.expressions.iter().map(|expression| &expression.text);
        texts.find(|text| text.argument == argument)
    }

    /// The field or type that has the directive.
    fn fetched(&self) -> Site {
        match (&self.site, &self.batched) {
            (Site::Type { name }, Some(field)) => Site::Field {
                parent: name.clone(),
                field: field.name.clone(),
            },
            (site, _) => site.clone(),
        }
    }

    /// The field of which it reads the arguments.
    pub(crate) fn field_with_arguments(&self) -> Option<&Node<FieldDefinition>> {
        self.field.as_ref().or(self.batched.as_ref())
    }

    /// Whether it is a batch.
    pub(crate) fn uses_batch(&self) -> bool {
        self.expressions
            .iter()
            .any(|expression| expression.reads("$batch").next().is_some())
    }
}

/// Whether a type is a root operation type.
pub(crate) fn is_root(schema: &Schema, name: &Name) -> bool {
    let definition = &schema.schema_definition;
    [
        &definition.query,
        &definition.mutation,
        &definition.subscription,
    ]
    .into_iter()
    .flatten()
    .any(|root| root.name == *name)
}
