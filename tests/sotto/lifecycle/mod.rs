//! What happens when a stack is made and changed: the first keys, the check before traffic.

mod keys;
mod listener;
