//! Tests of the state machine: sequences of AWS's documentation, and random ones against a naive model.

mod naive;
mod operations;
mod properties;
