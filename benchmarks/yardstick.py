"""What this machine gives without Loupan: the figures all others are to be read beside."""

import sqlite3
import time
from decimal import Decimal

import psycopg

from benchmarks.frame import Context, Row, http_request, load, median_ms

SECONDS = 3
INSERT = "INSERT INTO note (body) VALUES ('海成·云麓 1-1-1803')"


def sqlite_commits(context: Context) -> float:
    """Durable one-row transactions a second on SQLite in WAL."""
    connection = sqlite3.connect(context.folder / "yardstick.sqlite3", isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("CREATE TABLE note (id INTEGER PRIMARY KEY, body TEXT)")
    count, began = 0, time.perf_counter()
    while (taken := time.perf_counter() - began) < SECONDS:
        connection.execute("BEGIN IMMEDIATE")
        connection.execute(INSERT)
        connection.execute("COMMIT")
        count += 1
    connection.close()
    return count / taken


def decimals() -> Decimal:
    total = Decimal(0)
    for fen in range(100_000):
        total += Decimal(fen) * Decimal("0.01")
    return total


def run(context: Context) -> list[Row]:
    rows = [
        Row("100,000 Decimal products and sums", median_ms(decimals, times=5), "ms"),
        Row("SQLite, one-row commits", sqlite_commits(context), "/s"),
    ]
    if context.database_url and context.programs:
        url = context.postgres_url("loupan_yardstick")
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("CREATE TABLE note (id bigserial PRIMARY KEY, body text)")
        for clients in (1, 8):
            rate, _ms = context.pgbench(
                f"{INSERT};", database_url=url, clients=clients, seconds=SECONDS
            )
            rows.append(Row(f"PostgreSQL, one-row commits, {clients} clients", rate, "/s"))
        reads, _ms = context.pgbench("SELECT 1;", database_url=url, clients=8, seconds=SECONDS)
        rows.append(Row("PostgreSQL, empty queries, 8 clients", reads, "/s"))
    with context.site(context.sqlite_url("site")) as site:
        asked = http_request("GET", "/healthz")
        seen = load(site, lambda _connection, _count: asked, connections=8, seconds=SECONDS)
        rows.append(Row("web server, /healthz, 8 connections", seen.per_second, "/s"))
    return rows
