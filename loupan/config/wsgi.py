"""The door for web servers: `granian --interface wsgi loupan.config.wsgi:application`."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "loupan.config.settings")
application = get_wsgi_application()

from loupan.config.checks import refuse_unsafe_start  # noqa: E402  Django must be set up first.

refuse_unsafe_start()
