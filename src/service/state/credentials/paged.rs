//! Lists of certificates and policies, whose pages go by `pageSize` and `marker`.

use std::fmt::Display;
use std::str::FromStr;

use serde::Deserialize;

use super::super::paging::Page;
use super::super::{Rejected, State};

/// The query of the lists of certificates and policies.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ListQuery {
    /// 1 to 250.
    pub page_size: Option<i64>,
    /// From the page before.
    pub marker: Option<String>,
    /// Oldest first.
    pub is_ascending_order: Option<bool>,
}

impl State {
    /// The page of `ascending` that a query asks for, and the marker of the next one.
    pub(super) fn cut<T, K: FromStr + Display + PartialEq>(
        &self,
        query: &ListQuery,
        ascending: Vec<T>,
        key: impl Fn(&T) -> K,
    ) -> Result<(Vec<T>, Option<String>), Rejected> {
        let page: Page<K> = self.page(query.page_size, query.marker.as_deref())?;
        let mut ordered = ascending;
        if query.is_ascending_order != Some(true) {
            ordered.reverse();
        }
        let from = page
            .after
            .as_ref()
            .and_then(|after| ordered.iter().position(|entry| key(entry) == *after))
            .map_or(0, |at| at + 1);
        Ok(page.cut(ordered.into_iter().skip(from), key))
    }
}
