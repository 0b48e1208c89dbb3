"""Addresses of one's own messages. Every e-mail of the product points here, and nowhere nearer to a child."""

from django.urls import URLPattern, path

from accounts.views import MessageDetail, MessageList, WhereTo


def message_urls(where_to: WhereTo) -> list[URLPattern]:
    """The pages below /messages/; ``where_to`` says where a message leads its reader, or None."""
    return [
        path("", MessageList.as_view(), name="message-list"),
        path("<uuid:pk>/", MessageDetail.as_view(where_to=where_to), name="message-detail"),
    ]
