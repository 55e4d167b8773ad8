"""Where an account and a receipt lead to: the floor above knows what they belong to (HOUSE 3.7)."""

from loupan.core.hooks import Hook

# Keys: "account" (id of an account -> address of its sale), "receive" (-> where money is taken on it),
# "receipt" (id of a receipt -> its page).
pages: Hook[[int], str] = Hook("ledger.pages")


def page_of(key: str, pk: int) -> str:
    """The address of that page, or nothing where no floor above has one."""
    return pages.call(key, pk) if key in pages.keys() else ""  # noqa: SIM118  Not a dict.
