//! The HTTP service: who may in, what it answers, what it does on time.
