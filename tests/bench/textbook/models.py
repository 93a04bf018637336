from __future__ import annotations

from typing import ClassVar

from django.db import models


class Room(models.Model):
    name = models.CharField(max_length=50, unique=True)

    objects: ClassVar[models.Manager[Room]] = models.Manager()

    class Meta:
        app_label = "textbook"

    def __str__(self) -> str:
        return self.name


class Message(models.Model):
    room = models.ForeignKey(Room, on_delete=models.CASCADE, related_name="messages")
    author = models.CharField(max_length=20)
    text = models.TextField()
    at = models.DateTimeField(auto_now_add=True)

    objects: ClassVar[models.Manager[Message]] = models.Manager()

    class Meta:
        app_label = "textbook"

    def __str__(self) -> str:
        return f"message {self.pk}"
