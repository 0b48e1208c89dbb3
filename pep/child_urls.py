"""The child's own address."""

from django.urls import path

from pep.views.child import ChildDetail

app_name = "children"

urlpatterns = [path("children/<uuid:pk>/", ChildDetail.as_view(), name="child-detail")]
