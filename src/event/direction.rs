//! The only place that decides what is egress.
