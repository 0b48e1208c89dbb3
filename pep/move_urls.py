"""The addresses of changes of school."""

from django.urls import path

from pep.views import moves

urlpatterns = [
    path("children/<uuid:pk>/move/", moves.MovePropose.as_view(), name="move-propose"),
    path("moves/<uuid:pk>/", moves.MoveDetail.as_view(), name="move-detail"),
]
