"""An unsafe start is refused, with the remedy in the sentence.

The same checks run with every `manage.py` command that looks at the system (`check`, `migrate`) and when
the web server loads the application.
"""

import sys
from collections.abc import Iterator, Sequence
from typing import Any

from cryptography.exceptions import InvalidTag
from django.apps import AppConfig, apps
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register
from django.db import connections, models

from loupan.core.crypto import EncryptedTextField

LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost", ""})
SHORTEST_SECRET_KEY = 50
SHORTEST_FIELD_KEY = 32
MAKE_A_KEY = "python3 -c 'import secrets; print(secrets.token_hex(32))'"


def safe_settings(app_configs: Sequence[AppConfig] | None, **_more: Any) -> list[CheckMessage]:
    """What must not be, by the settings alone."""
    return [*_debug(), *_secret_key(), *_field_keys(), *_demo()]


def _hosts() -> str:
    return ", ".join(settings.PUBLIC_HOSTS)


def _debug() -> Iterator[CheckMessage]:
    if settings.DEBUG and (settings.PUBLIC_HOSTS or settings.LISTENS_ON not in LOOPBACK):
        where = _hosts() or settings.LISTENS_ON
        yield Error(
            f"LOUPAN_DEBUG is on while Loupan answers {where}: error pages would show secrets to anybody.",
            hint="Unset LOUPAN_DEBUG, or unset LOUPAN_HOSTS and listen on 127.0.0.1.",
            id="loupan.E001",
        )


def _secret_key() -> Iterator[CheckMessage]:
    if not settings.PUBLIC_HOSTS:
        return
    is_given = "LOUPAN_SECRET_KEY" in settings.GIVEN_SECRETS
    if is_given and len(settings.SECRET_KEY) >= SHORTEST_SECRET_KEY:
        return
    what = "is shorter than 50 characters" if is_given else "is not set"
    yield Error(
        f"LOUPAN_SECRET_KEY {what} while Loupan answers {_hosts()}: sessions could be forged.",
        hint=f"Make one and keep it apart from the data: LOUPAN_SECRET_KEY=$({MAKE_A_KEY})",
        id="loupan.E002",
    )


def _field_keys() -> Iterator[CheckMessage]:
    if not settings.PUBLIC_HOSTS:
        return
    hint = (
        "Use the key that the data directory already holds in the file field_keys, or for a new"
        f" installation make one, and keep it apart from the data: LOUPAN_FIELD_KEYS=$({MAKE_A_KEY})"
    )
    if "LOUPAN_FIELD_KEYS" not in settings.GIVEN_SECRETS:
        yield Error(
            f"LOUPAN_FIELD_KEYS is not set while Loupan answers {_hosts()}: a copy of the data"
            " directory would open phones and identity numbers.",
            hint=hint,
            id="loupan.E003",
        )
    elif any(len(key) < SHORTEST_FIELD_KEY for key in _keys()):
        yield Error(
            "A key in LOUPAN_FIELD_KEYS is shorter than 32 characters: phones and identity numbers"
            " could be guessed open.",
            hint=hint,
            id="loupan.E004",
        )


def _keys() -> list[str]:
    return [part.strip().rpartition(":")[2] for part in settings.FIELD_KEYS.split(",")]


def _demo() -> Iterator[CheckMessage]:
    is_demo = settings.DEMO_LOGINS or (settings.DATA_DIR / "demo").exists()
    if is_demo and settings.PUBLIC_HOSTS:
        yield Error(
            f"The demo with its known passwords must not answer {_hosts()}.",
            hint=(
                "Start with another data directory and --empty (python3 run.py up --data DIR --empty),"
                " and unset LOUPAN_DEMO; or unset LOUPAN_HOSTS."
            ),
            id="loupan.E005",
        )


def keys_open_the_data(
    app_configs: Sequence[AppConfig] | None, databases: Sequence[str] | None = None, **_more: Any
) -> list[CheckMessage]:
    """The field keys are those with which the stored phones and identity numbers were written."""
    return [
        Error(
            f"The field keys do not open what is stored in {table} ({alias}): phones and identity"
            " numbers are unreadable with them.",
            hint=(
                "Put back the file field_keys of the data directory from its backup, or set"
                " LOUPAN_FIELD_KEYS to the keys used before. A fresh key cannot open old data."
            ),
            id="loupan.E006",
        )
        for alias in databases or ()
        if (table := _closed_table(alias))
    ]


def _closed_table(alias: str) -> str:
    """The first table with encrypted values, if the keys do not open them; "" when they do."""
    tables = set(connections[alias].introspection.table_names())
    fields = [
        (field.blank, model._meta.db_table, model, field.name)
        for model in apps.get_models()
        for field in model._meta.get_fields()
        if isinstance(field, EncryptedTextField) and model._meta.db_table in tables
    ]
    # Columns that are never empty first: in a million mostly empty ones a value is long looked for.
    for _blank, table, model, name in sorted(fields, key=lambda found: found[:2]):
        if name in _columns(alias, table) and (opens := _opens(model, name, alias)) is not None:
            return "" if opens else table
    return ""


def _columns(alias: str, table: str) -> set[str]:
    with connections[alias].cursor() as cursor:
        described = connections[alias].introspection.get_table_description(cursor, table)
    return {column.name for column in described}


def _opens(model: type[models.Model], name: str, alias: str) -> bool | None:
    """Whether the oldest and the newest stored value can be read; None where there is none."""
    stored = model._base_manager.using(alias).exclude(**{name: ""}).values_list(name, flat=True)
    try:
        found = [stored.order_by(order).first() for order in ("pk", "-pk")]
    except (InvalidTag, KeyError, ValueError):
        return False
    return True if found[0] else None


def register_checks() -> None:
    """Called once when the applications are ready."""
    register(safe_settings, Tags.security)
    register(keys_open_the_data, Tags.database)


def problems() -> list[CheckMessage]:
    return [*safe_settings(None), *keys_open_the_data(None, databases=["default"])]


def refuse_unsafe_start() -> None:
    """End the process with the sentences, before the first request is answered."""
    found = problems()
    if not found:
        return
    for problem in found:
        sys.stderr.write(f"Loupan does not start: {problem.msg}\n  {problem.hint}\n")
    sys.stderr.flush()
    raise SystemExit(78)  # EX_CONFIG
