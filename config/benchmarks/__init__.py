"""How fast and how big the product is, measured beside the least work that could do the same."""

# Each module has a function ``run() -> Report``; the name is what ``make bench BENCH=name`` takes.
BENCHMARKS = {
    "startup": "config.benchmarks.startup",
    "booking": "config.benchmarks.booking",
    "webhooks": "config.benchmarks.webhooks",
    "import": "config.benchmarks.imports",
    "catalogue": "config.benchmarks.catalogue",
    "prescribing": "config.benchmarks.prescribing",
    "papers": "config.benchmarks.papers",
    "chat": "config.benchmarks.chat",
    "churn": "config.benchmarks.churn",
    "audit": "config.benchmarks.audit",
    "trail": "config.benchmarks.trail",
    "pages": "config.benchmarks.site",
}
