"""One ORM transaction and one `group_send` a message."""

from typing import Any

from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncJsonWebsocketConsumer
from django.db import transaction

from .models import Message, Room


class ChatConsumer(AsyncJsonWebsocketConsumer):
    async def connect(self) -> None:
        arguments = self.scope["url_route"]["kwargs"]
        self.author = arguments["author"]
        self.room = await self.find_room(arguments["room"])
        self.group = f"chat_{self.room.name}"
        await self.channel_layer.group_add(self.group, self.channel_name)
        await self.accept()

    async def disconnect(self, code: int) -> None:
        await self.channel_layer.group_discard(self.group, self.channel_name)

    async def receive_json(self, content: Any, **kwargs: Any) -> None:
        message = await self.store(content["text"])
        await self.channel_layer.group_send(
            self.group,
            {
                "type": "chat.message",
                "id": message.pk,
                "author": message.author,
                "text": message.text,
                "at": message.at.isoformat(),
            },
        )

    async def chat_message(self, event: dict[str, Any]) -> None:
        await self.send_json(event)

    @database_sync_to_async
    def find_room(self, name: str) -> Room:
        room, _ = Room.objects.get_or_create(name=name)
        return room

    @database_sync_to_async
    def store(self, text: str) -> Message:
        with transaction.atomic():
            return Message.objects.create(room=self.room, author=self.author, text=text)
