import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.bench.textbook.settings")

from django.core.asgi import get_asgi_application

django_application = get_asgi_application()

from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402 - needs the apps to be ready
from django.urls import path  # noqa: E402

from .consumer import ChatConsumer  # noqa: E402

urlpatterns: list[object] = []
application = ProtocolTypeRouter(
    {
        "http": django_application,
        "websocket": URLRouter([path("ws/<str:room>/<str:author>/", ChatConsumer.as_asgi())]),
    }
)
