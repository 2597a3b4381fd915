//! Metric-learning losses over class proxies.
