//! template.yaml, without deploying it.

mod code;
mod rules;
