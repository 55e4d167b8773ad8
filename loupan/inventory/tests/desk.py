"""A person who keeps the property of a project, at a browser."""

import re
from typing import Any

from django.test import Client

from loupan.org.models import Project, User
from loupan.org.testing import a_project, a_user, signed_in


def text_of(answer: Any) -> str:
    return re.sub(r"\s+", " ", answer.content.decode())


def desk(role: str = "PD") -> tuple[Project, User, Client]:
    project = a_project()
    user = a_user(role, project)
    return project, user, signed_in(user)
