//! How long work tells that it goes on, and learns that nobody wants it any more.

/// What a sync is doing just now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Phase {
    /// Asking the upstream for its refs.
    Connecting,
    /// Objects arrive. Counted in objects.
    Receiving,
    /// The pack is indexed and its deltas resolved. Counted in objects.
    Resolving,
    /// Plugins that lie elsewhere are fetched. Counted in repositories.
    Vendoring,
    /// Plugins are read. Counted in plugins.
    Reading,
}

/// Whoever watches one piece of work. The core draws nothing: it reports here.
pub trait Watch: Send + Sync {
    /// `done` of `total` (where it is known) in this phase. Called often; must be cheap.
    fn progress(&self, phase: Phase, done: u64, total: Option<u64>);

    /// Whether to stop. Asked often; work that is told to stop leaves everything as it was.
    fn cancelled(&self) -> bool {
        false
    }
}

/// Nobody watches.
pub struct Unwatched;

impl Watch for Unwatched {
    fn progress(&self, _: Phase, _: u64, _: Option<u64>) {}
}
