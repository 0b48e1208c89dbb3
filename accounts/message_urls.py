"""Addresses of one's own messages. Every e-mail of the product points here, and nowhere nearer to a child."""

from django.urls import URLPattern, path

from accounts.views import MessageDetail, MessageList, WhatAbout, WhereTo


def message_urls(where_to: WhereTo, what_about: WhatAbout) -> list[URLPattern]:
    """The pages below /messages/; ``where_to`` says where a message leads its reader, ``what_about`` whom and what it is about."""
    return [
        path("", MessageList.as_view(what_about=what_about), name="message-list"),
        path("<uuid:pk>/", MessageDetail.as_view(where_to=where_to, what_about=what_about), name="message-detail"),
    ]
