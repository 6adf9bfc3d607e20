//! template.yaml, without deploying it.

mod code;
mod operations;
mod rules;
