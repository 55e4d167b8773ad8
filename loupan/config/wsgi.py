"""The door for web servers: `granian --interface wsgi loupan.config.wsgi:application`."""

import gc
import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "loupan.config.settings")
application = get_wsgi_application()

from loupan.config.checks import refuse_unsafe_start  # noqa: E402  Django must be set up first.

refuse_unsafe_start()

# What was made so far stays for good: it need not be searched for garbage again and again.  A request
# makes some thousand objects, nearly all of which go by themselves.
gc.collect()
gc.freeze()
gc.set_threshold(20_000, 20, 20)
