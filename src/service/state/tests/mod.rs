//! Tests of the state machine: AWS's own sequences, what is refused, and random operations against a naive model.

mod belongings;
mod bench;
mod choices;
mod configs;
mod damaged_rows;
mod deleted_groups;
mod events;
mod executions;
mod jobs;
mod kept;
mod kept_crowds;
mod naive;
mod operate;
mod operations;
mod pair;
mod properties;
mod registry;
mod registry_operations;
mod registry_words;
mod restarts;
mod rollouts;
mod thing_types;
mod windows;
mod words;
