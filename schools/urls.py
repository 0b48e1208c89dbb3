"""Addresses of the account administrator's pages."""

from django.urls import path

from schools import account_views, mail_views, views

app_name = "schools"
urlpatterns = [
    path("people/", views.PersonList.as_view(), name="person-list"),
    path("people/add/", views.PersonAdd.as_view(), name="person-add"),
    path("people/<uuid:pk>/", views.PersonDetail.as_view(), name="person-detail"),
    path("people/<uuid:pk>/roles/add/", views.RoleAdd.as_view(), name="role-add"),
    path("people/roles/<uuid:pk>/end/", views.RoleEnd.as_view(), name="role-end"),
    path("people/<uuid:pk>/invite/", account_views.PersonInvite.as_view(), name="person-invite"),
    path("people/<uuid:pk>/close/", account_views.PersonClose.as_view(), name="person-close"),
    path("people/<uuid:pk>/reopen/", account_views.PersonReopen.as_view(), name="person-reopen"),
    path("people/<uuid:pk>/details/", account_views.PersonDetails.as_view(), name="person-details"),
    path("people/<uuid:pk>/last-day/", account_views.PersonLastDay.as_view(), name="person-last-day"),
    path("people/<uuid:pk>/second-factor/", account_views.PersonSecondFactor.as_view(), name="person-second-factor"),
    path("people/<uuid:pk>/e-mail/", mail_views.PersonAddress.as_view(), name="person-address"),
    path("people/<uuid:pk>/e-mail-arrives/", mail_views.PersonMailArrives.as_view(), name="person-mail-arrives"),
    path("e-mail/", mail_views.MailList.as_view(), name="mail-list"),
    path("e-mail/<uuid:pk>/again/", mail_views.MailAgain.as_view(), name="mail-again"),
]
