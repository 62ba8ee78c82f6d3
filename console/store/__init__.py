"""PostgreSQL: transactions, the outbox, bulk writes, keyset paging, TimescaleDB editions, advisory locks."""
