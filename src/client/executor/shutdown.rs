//! That an executor is to end.

use std::sync::Arc;

use tokio::sync::watch;
use tokio::task::JoinSet;

/// Whether it was asked to end. Clones are told the same.
#[derive(Debug, Clone)]
pub(super) struct Shutdown {
    asked: watch::Receiver<bool>,
    /// Waits to be asked; ends with the last clone.
    _waiting: Arc<JoinSet<()>>,
}

impl Shutdown {
    /// It is never asked.
    pub(super) fn never() -> Self {
        Self { asked: watch::channel(false).1, _waiting: Arc::default() }
    }

    /// It is asked when this ends.
    pub(super) fn with(shutdown: impl Future<Output = ()> + Send + 'static) -> Self {
        let (ask, asked) = watch::channel(false);
        let mut waiting = JoinSet::new();
        waiting.spawn(async move {
            shutdown.await;
            ask.send_replace(true);
        });
        Self { asked, _waiting: Arc::new(waiting) }
    }

    pub(super) fn is_asked(&self) -> bool {
        *self.asked.borrow()
    }

    /// Waits to be asked.
    pub(super) async fn asked(&mut self) {
        if self.asked.wait_for(|asked| *asked).await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}
