"""Reserve units through the whole web stack, beside the same rows written by hand.

A reservation over HTTP is signed in, permitted, priced, scheduled, claimed, audited and answered once per
Idempotency-Key.  The yardstick is one prepared SQL transaction that locks the unit and writes the same
rows into the same tables of the same PostgreSQL, driven by pgbench.
"""

import json
import subprocess
import sys
import uuid
from collections.abc import Mapping
from typing import Any

import psycopg

from benchmarks.frame import ROOT, Bar, Context, Load, Row, Site, http_request, load

UNITS = 6_000
RAW_UNITS = 40_000
SECONDS = 6
PREPARE = """
import json
import django
django.setup()
from django.utils import timezone
from loupan.inventory.actions.units import release_units
from loupan.inventory.models import Unit
from loupan.inventory.states import UnitStatus
from loupan.org.testing import token_for
from loupan.sales.testing import a_buyer, an_office, another_unit
office = an_office()
first = another_unit(office)
customers = [a_buyer(office, name=f"陈{n}") for n in range(16)]
count = %(units)s
Unit.objects.bulk_create(
    (
        Unit(
            **{
                field.attname: getattr(first, field.attname)
                for field in Unit._meta.concrete_fields
                if field.attname not in {"id", "number", "room_no", "floor_no", "position"}
            },
            number=f"B-{n}", room_no=f"{n}", floor_no=100 + n // 200, position=1 + n %% 200,
        )
        for n in range(count)
    ),
    batch_size=500,
)
units = list(Unit.objects.filter(number__startswith="B-").order_by("pk").values_list("pk", flat=True))
print(json.dumps({
    "units": units[: %(sold)s],
    "raw": units[%(sold)s:],
    "project": office.project.pk,
    "customers": [customer.pk for customer in customers],
    "plan": office.prices.plan.pk,
    "discounts": office.prices.discount_ids,
    "user": office.lin.pk,
    "token": token_for(office.lin),
}))
"""
# The rows of one reservation under a mortgage plan with three discounts.
RAW = """
BEGIN;
SELECT nextval('bench_unit') AS unit \\gset
SELECT id FROM inventory_unit WHERE id = :unit AND status = 'available' FOR NO KEY UPDATE;
INSERT INTO ledger_account (project_id, label, owner_id, opened_at)
  VALUES ({project}, 'B', {user}, now()) RETURNING id AS account \\gset
INSERT INTO ledger_receivable (account_id, seq, money_type, amount, due_on, due_note, reason, made_at) VALUES
  (:account, 1, 'deposit', 50000, current_date, '', '', now()),
  (:account, 2, 'down_payment', 389160, current_date + 7, '', '', now()),
  (:account, 3, 'commercial_loan', 1020000, current_date + 30, '', '', now());
INSERT INTO sales_deal (project_id, unit_id, account_id, consultant_id, status, payment_plan_id, price_basis,
    list_total, deal_total, overall_rate, deposit, trace, authority, reserved_on, made_at, version)
  VALUES ({project}, :unit, :account, {user}, 'reserved', {plan}, 'built',
    1521895, 1459160, 0.9588, 50000, '[]', '', current_date, now(), 0) RETURNING id AS deal \\gset
INSERT INTO sales_dealdiscount (deal_id, kind, name, form, amount_or_rate, is_for_signing_on_time, seq) VALUES
  (:deal, 'plan', 'a', 'rate', 0.98, false, 0), (:deal, 'regular', 'b', 'rate', 0.99, true, 1),
  (:deal, 'identity', 'c', 'rate', 0.995, false, 2), (:deal, 'promotion', 'd', 'amount', 10000, false, 3);
INSERT INTO sales_claim (unit_id, kind, is_active, holder_id, deal_id, made_at, end_reason)
  VALUES (:unit, 'deal', true, {user}, :deal, now(), '');
INSERT INTO sales_buyer (deal_id, customer_id, share, seq) VALUES (:deal, {customer}, 1, 0);
INSERT INTO sales_processstep (deal_id, seq, code, planned_on, actual_on)
  SELECT :deal, n, 'step_' || n, current_date + n, NULL FROM generate_series(1, 13) AS n;
UPDATE inventory_unit SET status = 'reserved', claim_label = 'x', version = version + 1 WHERE id = :unit;
INSERT INTO inventory_unitchange
    (project_id, unit_id, verb, from_status, to_status, reason, by_id, source, at)
  VALUES ({project}, :unit, 'reserve', 'available', 'reserved', '', {user}, 'raw', now());
INSERT INTO sales_reservation (deal_id, project_id, number, reserved_on, sign_by, by_id, at)
  VALUES (:deal, {project}, 'raw-' || :deal, current_date, current_date + 7, {user}, now())
  RETURNING id AS reservation \\gset
INSERT INTO core_auditevent
    (at, by_id, source, event, subject_type, subject_id, project_id, facts, before, after)
  VALUES (now(), {user}, 'raw', 'sales.reservation.made', 'sales.reservation', :reservation, {project},
    '{{}}', '{{}}', '{{}}');
COMMIT;
"""
# Columns the script does not name get an empty value, so that it need not know every one of them.
DEFAULTS = """
DO $$ DECLARE each record; BEGIN
  FOR each IN SELECT table_name, column_name, data_type FROM information_schema.columns
    WHERE table_schema = 'public' AND is_nullable = 'NO' AND column_default IS NULL
      AND is_identity = 'NO' AND table_name IN ('ledger_account', 'ledger_receivable', 'sales_deal',
        'sales_dealdiscount', 'sales_claim', 'sales_buyer', 'sales_processstep',
        'inventory_unitchange', 'sales_reservation', 'core_auditevent')
  LOOP
    EXECUTE format('ALTER TABLE %I ALTER COLUMN %I SET DEFAULT %L', each.table_name,
      each.column_name, CASE each.data_type WHEN 'jsonb' THEN '{}' WHEN 'boolean' THEN 'false'
        WHEN 'character varying' THEN '' WHEN 'text' THEN '' WHEN 'date' THEN '2026-01-01'
        WHEN 'timestamp with time zone' THEN '2026-01-01' ELSE '0' END);
  END LOOP;
END $$;
"""
LATENCY_ALONE = (Bar(at_most=12), Bar(at_most=6))
THROUGHPUT = (Bar(at_least=0.03), Bar(at_least=0.09))
SQLITE = (Bar(at_least=100, of="value"), Bar(at_least=250, of="value"))
SQLITE_P99 = (Bar(at_most=300, of="value"), Bar(at_most=100, of="value"))


def prepared(site: Site, *, units: int, sold: int) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-c", PREPARE % {"units": units, "sold": sold}],
        cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True,
        env={**site.env, "DJANGO_SETTINGS_MODULE": "loupan.config.settings"},
    )  # fmt: skip
    facts: dict[str, Any] = json.loads(done.stdout)
    return facts


class Desk:
    """Makes the requests: each takes the next free unit."""

    def __init__(self, facts: Mapping[str, Any]) -> None:
        self.facts = facts
        self.units = iter(facts["units"])

    def request(self, connection: int, _count: int) -> bytes:
        customers = self.facts["customers"]
        body = {
            "buyers": [{"customer_id": customers[connection % len(customers)]}],
            "payment_plan_id": self.facts["plan"],
            "discount_ids": self.facts["discounts"],
            "deposit": "50000.00",
        }
        return http_request(
            "POST",
            f"/api/v1/units/{next(self.units)}/reservations/",
            headers={
                "Authorization": f"Bearer {self.facts['token']}",
                "Idempotency-Key": str(uuid.uuid4()),
            },
            body=json.dumps(body).encode(),
        )


def driven(site: Site, desk: Desk, *, connections: int) -> Load:
    seen = load(site, desk.request, connections=connections, seconds=SECONDS)
    refused = {status: n for status, n in seen.statuses.items() if status != 201}
    if refused:
        raise RuntimeError(f"every unit is free, yet the answers were {seen.statuses}")
    return seen


def on_postgres(context: Context) -> list[Row]:
    url = context.postgres_url("loupan_reserve")
    with context.site(url) as site:
        facts = prepared(site, units=UNITS + RAW_UNITS, sold=UNITS)
        desk = Desk(facts)
        driven(site, desk, connections=2)
        alone = driven(site, desk, connections=1)
        many = driven(site, desk, connections=16)
        _once(url, f"CREATE SEQUENCE bench_unit START {facts['raw'][0]};")
        _once(url, DEFAULTS)
        script = RAW.format(customer=facts["customers"][0], **facts)
        _tps, raw_alone = context.pgbench(script, database_url=url, clients=1, seconds=SECONDS)
        raw_many, _ms = context.pgbench(script, database_url=url, clients=8, seconds=SECONDS)
    return [
        Row("PostgreSQL, alone, p50", alone.p50_ms, "ms", yardstick=raw_alone,
            yardstick_is="pgbench, 1 client", must=LATENCY_ALONE[0], aim=LATENCY_ALONE[1]),
        Row("PostgreSQL, 16 connections", many.per_second, "/s", yardstick=raw_many,
            yardstick_is="pgbench, 8 clients", must=THROUGHPUT[0], aim=THROUGHPUT[1]),
        Row("PostgreSQL, 16 connections, p99", many.p99_ms, "ms"),
    ]  # fmt: skip


def _once(url: str, statement: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(statement)


def on_sqlite(context: Context) -> list[Row]:
    with context.site(context.sqlite_url("reserve")) as site:
        desk = Desk(prepared(site, units=UNITS, sold=UNITS))
        driven(site, desk, connections=2)
        many = driven(site, desk, connections=16)
    return [
        Row("SQLite, 16 connections", many.per_second, "/s", must=SQLITE[0], aim=SQLITE[1]),
        Row("SQLite, 16 connections, p99", many.p99_ms, "ms", must=SQLITE_P99[0], aim=SQLITE_P99[1]),
    ]  # fmt: skip


def run(context: Context) -> list[Row]:
    rows = on_sqlite(context)
    if context.database_url and context.programs:
        rows += on_postgres(context)
    return rows
