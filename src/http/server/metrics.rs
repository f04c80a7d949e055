//! What is counted, and told at `/metrics` in the text format of OpenMetrics
//! (<https://prometheus.io/docs/specs/om/open_metrics_spec/>), which Prometheus reads.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::text::encode;
use prometheus_client::encoding::{DescriptorEncoder, EncodeLabelSet, EncodeMetric as _};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::{ConstCounter, Counter};
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::{ConstGauge, Gauge};
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry as Prometheus, Unit};

use crate::registry::Registry;

pub(super) const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Upper bounds in seconds: from an answer out of memory to a bundle that is built first.
const SECONDS: [f64; 12] = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 0.5, 2.0, 10.0, 60.0, 300.0];

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Answered {
    method: &'static str,
    /// As in the list of routes, not as in the request: there are only so many.
    route: Arc<str>,
    status: u16,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Route {
    route: Arc<str>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Reason {
    reason: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Build {
    version: &'static str,
}

pub(super) struct Metrics {
    prometheus: Prometheus,
    requests: Family<Answered, Counter>,
    durations: Family<Route, Histogram, fn() -> Histogram>,
    sent: Counter,
    cut_off: Counter,
    pub in_flight: Gauge,
    pub connections: Gauge,
    pub connections_refused: Counter,
    denied: Family<Reason, Counter>,
}

impl Metrics {
    pub fn new(registry: Arc<Registry>) -> Self {
        let mut prometheus = Prometheus::with_prefix("agnes");
        let metrics = Self {
            requests: Family::default(),
            durations: Family::new_with_constructor(histogram),
            sent: Counter::default(),
            cut_off: Counter::default(),
            in_flight: Gauge::default(),
            connections: Gauge::default(),
            connections_refused: Counter::default(),
            denied: Family::default(),
            prometheus: Prometheus::default(),
        };
        let it = &mut prometheus;
        it.register(
            "requests",
            "Requests, by route and status; 499: the client went away",
            metrics.requests.clone(),
        );
        it.register_with_unit(
            "request_duration",
            "From a request's arrival to the end of its answer",
            Unit::Seconds,
            metrics.durations.clone(),
        );
        it.register_with_unit("sent", "Bodies of answers", Unit::Bytes, metrics.sent.clone());
        it.register(
            "answers_cut_off",
            "Answers that the client did not take to their end",
            metrics.cut_off.clone(),
        );
        it.register(
            "requests_in_flight",
            "Requests that are not answered to the end",
            metrics.in_flight.clone(),
        );
        it.register("connections", "Open connections", metrics.connections.clone());
        it.register(
            "connections_refused",
            "Connections for which there was no place",
            metrics.connections_refused.clone(),
        );
        it.register("authentication_failures", "Requests answered with 401 or 429", metrics.denied.clone());
        it.register("build", "Which agnes this is", Info::new(Build { version: env!("CARGO_PKG_VERSION") }));
        let started: Gauge = Gauge::default();
        started.set(registry.now() / 1_000_000);
        it.register_with_unit("start_time", "When this process began, since 1970", Unit::Seconds, started);
        it.register_collector(Box::new(Syncs(registry)));
        Self { prometheus, ..metrics }
    }

    pub fn answered(&self, method: &'static str, route: &Arc<str>, status: u16, took: Duration, sent: u64) {
        let route = Arc::clone(route);
        self.durations.get_or_create(&Route { route: Arc::clone(&route) }).observe(took.as_secs_f64());
        self.requests.get_or_create(&Answered { method, route, status }).inc();
        self.sent.inc_by(sent);
    }

    pub fn cut_off(&self) {
        self.cut_off.inc();
    }

    pub fn denied(&self, reason: &'static str) {
        self.denied.get_or_create(&Reason { reason }).inc();
    }

    pub fn text(&self) -> Result<String, fmt::Error> {
        let mut text = String::new();
        encode(&mut text, &self.prometheus)?;
        Ok(text)
    }
}

fn histogram() -> Histogram {
    Histogram::new(SECONDS)
}

/// Asked for when somebody looks.
struct Syncs(Arc<Registry>);

impl fmt::Debug for Syncs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Syncs")
    }
}

impl Collector for Syncs {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let standing = self.0.standing();
        let help = "Syncs since this process began";
        let mut syncs = encoder.encode_descriptor("syncs", help, None, MetricType::Counter)?;
        for (slug, one) in &standing {
            for (outcome, count) in [("success", one.succeeded), ("failure", one.failed)] {
                let labels = [("marketplace", slug.as_str()), ("outcome", outcome)];
                ConstCounter::new(count).encode(syncs.encode_family(&labels)?)?;
            }
        }
        let help = "When a marketplace was synced last, since 1970";
        let mut last = encoder.encode_descriptor(
            "last_successful_sync",
            help,
            Some(&Unit::Seconds),
            MetricType::Gauge,
        )?;
        for (slug, one) in &standing {
            if let Some(at) = one.last_success {
                let labels = [("marketplace", slug.as_str())];
                ConstGauge::new(at / 1_000_000).encode(last.encode_family(&labels)?)?;
            }
        }
        let help = "Bundles, and ZIPs of single plugins, that were built and not found in the cache";
        let built = encoder.encode_descriptor("bundles_built", help, None, MetricType::Counter)?;
        ConstCounter::new(self.0.bundles_built()).encode(built)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::testing::Fixture;

    #[test]
    fn what_is_counted_is_told() {
        let fixture = Fixture::new();
        fixture.market("tools", &[("x", "1")]);
        std::fs::remove_dir_all(fixture.upstream("tools")).unwrap();
        fixture.sync("tools").unwrap_err();
        let metrics = Metrics::new(Arc::clone(&fixture.registry));
        metrics.answered("GET", &Arc::from("/api/users/{id}"), 200, Duration::from_millis(3), 10);
        metrics.denied("expired");
        let text = metrics.text().unwrap();
        for line in [
            "agnes_requests_total{method=\"GET\",route=\"/api/users/{id}\",status=\"200\"} 1",
            "agnes_request_duration_seconds_bucket{le=\"0.005\",route=\"/api/users/{id}\"} 1",
            "agnes_sent_bytes_total 10",
            "agnes_authentication_failures_total{reason=\"expired\"} 1",
            "agnes_syncs_total{marketplace=\"tools\",outcome=\"success\"} 1",
            "agnes_syncs_total{marketplace=\"tools\",outcome=\"failure\"} 1",
            "# EOF",
        ] {
            assert!(text.lines().any(|told| told == line), "{line} is not in\n{text}");
        }
        assert!(text.contains("agnes_build_info{version=") && text.contains("agnes_start_time_seconds "));
        assert!(text.contains("agnes_last_successful_sync_seconds{marketplace=\"tools\"} 17672"), "{text}");
    }
}
