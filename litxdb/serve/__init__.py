"""Health endpoints, metrics and a dashboard, for load balancers, Kubernetes, Prometheus and people.

    app.include_router(health_router(db))      # the endpoints, in a FastAPI application of one's own
    serve(db, Service(port=8432))              # all of it, until SIGTERM

However many ask, the database is touched at most once an interval, and who asks never waits for it: see `cached`.
"""

from litxdb.serve.application import application
from litxdb.serve.endpoints import health_router
from litxdb.serve.running import Service, serve

__all__ = ["Service", "application", "health_router", "serve"]
