"""What core needs to know about a person, without importing `org` (HOUSE 3.5)."""

from collections.abc import Collection, Sequence
from typing import Any, Protocol


class Actor(Protocol):
    """Whoever does something: a user of `org`, seen from below."""

    pk: Any
    source: str  # Where the request came from: web, api, job, import.

    @property
    def places(self) -> Collection[int]: ...  # The projects in which the person has a post today.

    @property
    def roles(self) -> frozenset[str]: ...  # Codes of the roles of the posts held today.

    @property
    def post_id(self) -> int | None: ...  # The post the person acts in, for the audit.

    def may(self, permission: str, project_id: int | None = None) -> bool: ...

    def acts_in(self, permission: str) -> Sequence[int]: ...
