"""Addresses of chats."""

from django.urls import URLPattern, URLResolver, path

from chats.views import archive, chat, inbox, start, visitor_api, websites, widget, widget_assets

urlpatterns: list[URLPattern | URLResolver] = [
    path("widget.js", widget_assets.loader, name="widget_loader"),
    path("widget/app/<slug:wanted>/<path:name>", widget_assets.module, name="widget_module"),
    path("widget/<slug:key>/config.json", widget.config, name="widget_config"),
    path("widget/<slug:key>/frame", widget.frame, name="widget_frame"),
    path("widget/<slug:key>/session", visitor_api.session, name="widget_session"),
    path("widget/<slug:key>/messages", visitor_api.messages, name="widget_messages"),
    path("start/", start.start, name="start"),
    path("w/<slug:slug>/websites/", websites.websites, name="websites"),
    path("w/<slug:slug>/websites/new/", websites.website_new, name="website_new"),
    path("w/<slug:slug>/websites/<int:website_id>/", websites.website_settings, name="website_settings"),
    path("w/<slug:slug>/websites/<int:website_id>/install/", websites.website_install, name="website_install"),
    path("w/<slug:slug>/", inbox.inbox, name="inbox"),
    path("w/<slug:slug>/status/", inbox.own_status, name="own_status"),
    path("w/<slug:slug>/chats/<uuid:chat_id>/", chat.chat, name="chat"),
    path("w/<slug:slug>/chats/<uuid:chat_id>/messages", chat.chat_messages, name="chat_messages"),
    path("w/<slug:slug>/chats/<uuid:chat_id>/accept/", chat.chat_accept, name="chat_accept"),
    path("w/<slug:slug>/chats/<uuid:chat_id>/reply/", chat.chat_reply, name="chat_reply"),
    path("w/<slug:slug>/chats/<uuid:chat_id>/note/", chat.chat_note, name="chat_note"),
    path("w/<slug:slug>/chats/<uuid:chat_id>/close/", chat.chat_close, name="chat_close"),
    path("w/<slug:slug>/chats/<uuid:chat_id>/reopen/", chat.chat_reopen, name="chat_reopen"),
    path("w/<slug:slug>/chats/<uuid:chat_id>/read/", chat.chat_read, name="chat_read"),
    path("w/<slug:slug>/chats/<uuid:chat_id>/transcript/", archive.transcript, name="transcript"),
    path("w/<slug:slug>/chats/<uuid:chat_id>/transcript.txt", archive.transcript_text, name="transcript_text"),
    path("w/<slug:slug>/closed/", archive.closed_chats, name="closed_chats"),
]
