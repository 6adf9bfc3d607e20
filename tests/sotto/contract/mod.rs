//! The contract of docs/openapi.json and of every convention, one file a resource.

mod flow;
