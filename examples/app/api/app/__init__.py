"""The sample API: items in PostgreSQL, a counter in Redis, health and metrics."""
