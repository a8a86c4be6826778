//! A set for few elements.

use std::borrow::Borrow;

/// A set as a sorted array: a node of a tree has room for eleven elements, and most of these sets hold one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SmallSet<T>(Vec<T>);

impl<T> Default for SmallSet<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T: Ord> SmallSet<T> {
    /// Returns whether the element is new.
    pub(crate) fn insert(&mut self, element: T) -> bool {
        let Err(place) = self.0.binary_search(&element) else { return false };
        if self.0.is_empty() {
            // No more than that, where there was nothing.
            self.0.reserve_exact(1);
        }
        self.0.insert(place, element);
        true
    }

    pub(crate) fn remove<Q: Ord + ?Sized>(&mut self, element: &Q)
    where
        T: Borrow<Q>,
    {
        if let Ok(place) = self.0.binary_search_by(|other| other.borrow().cmp(element)) {
            self.0.remove(place);
        }
    }

    /// In order.
    pub(crate) fn as_slice(&self) -> &[T] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_sorted_and_holds_each_element_once() {
        let mut set = SmallSet::default();
        assert_eq!([2, 1, 2, 3].map(|number| set.insert(number)), [true, true, false, true]);
        assert_eq!(set.as_slice(), [1, 2, 3]);
        set.remove(&2);
        set.remove(&9);
        assert_eq!(set.as_slice(), [1, 3]);
    }
}
