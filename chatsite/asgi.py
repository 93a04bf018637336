"""HTTP to Django, WebSockets to the live core."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "chatsite.settings")

from django.core.asgi import get_asgi_application

django_application = get_asgi_application()

from channels.routing import ProtocolTypeRouter  # noqa: E402

from chats.live.routing import socket_application  # noqa: E402 - needs the apps to be ready

application = ProtocolTypeRouter({"http": django_application, "websocket": socket_application})
