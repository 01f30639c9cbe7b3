//! The CORS layers of named operations that name the origins of their pages themselves.

use std::collections::HashMap;
use std::sync::Arc;

use arc_swap::ArcSwap;
use tower_http::cors::CorsLayer;

use super::cors;
use crate::config::Cors;
use crate::named::{Named, NamedOperations};

/// The layers, for the operations as they were last loaded.
pub(super) struct OperationOrigins {
    settings: Cors,
    made: ArcSwap<Made>,
}

/// The layers of the operations of one generation.
struct Made {
    of: Arc<NamedOperations>,
    /// By the name of the operation. `None` if no page may read it.
    layers: HashMap<Arc<str>, Option<CorsLayer>>,
}

impl OperationOrigins {
    /// `settings` are those of all paths: which headers pages may set, and how long a preflight response holds.
    pub(super) fn new(settings: Cors, operations: Arc<NamedOperations>) -> OperationOrigins {
        let made = ArcSwap::from_pointee(Made::new(operations, &settings));
        OperationOrigins { settings, made }
    }

    /// The layer of an operation; `None` if it names no origins. The inner `None` is no layer: no page may read it.
    pub(super) fn of(
        &self,
        name: &str,
        operations: Arc<NamedOperations>,
    ) -> Option<Option<CorsLayer>> {
        let made = self.made.load();
        if Arc::ptr_eq(&made.of, &operations) {
            return made.layers.get(name).cloned();
        }
        // After a reload.
        let made = Made::new(operations, &self.settings);
        let layer = made.layers.get(name).cloned();
        self.made.store(Arc::new(made));
        layer
    }
}

impl Made {
    fn new(operations: Arc<NamedOperations>, settings: &Cors) -> Made {
        let layers = operations.iter().filter_map(|(_, named)| {
            let Named::Ready(operation) = named else {
                return None;
            };
            let origins = operation.origins.as_ref()?;
            let layer = cors::operations_layer(origins, settings);
            Some((Arc::clone(&operation.name), layer))
        });
        Made {
            layers: layers.collect(),
            of: operations,
        }
    }
}
