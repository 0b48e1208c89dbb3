"""Invitations: a link to one address, for one person, once, for a week."""

import datetime
import re
from collections.abc import Callable
from threading import Barrier, Thread

import pytest
from django.core import mail as outgoing
from django.core.exceptions import ValidationError
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts import invitations
from accounts.links import invitation_token
from accounts.mail import deliver
from accounts.models import Invitation, Message, User
from tests.accounts.signing_in import add_person, enter_password, is_signed_in

GOOD = "lantern pudding velvet"
OFFICE = "Fenshire Virtual School"


def newcomer() -> User:
    """Somebody known to the register who has no account."""
    return add_person("Ben Baker", password=None, app=False)


def link(invitation: Invitation) -> str:
    """The address an invitation's e-mail carries."""
    return reverse("invitation", args=[invitation_token(invitation.pk)])


@pytest.mark.django_db
def test_the_link_of_the_e_mail_sets_a_password_and_the_second_factor_comes_next(client: Client) -> None:
    ben = newcomer()
    invitations.invite(ben, by=None, organisation=OFFICE)
    assert deliver(Message.objects.get(recipient=ben).pk) == "sent"
    [sent] = outgoing.outbox
    assert sent.to == ["ben@example.test"] and OFFICE in sent.body
    found = re.search(r"https://\S+", str(sent.body))
    assert found and found[0].startswith("https://testserver") is False
    path = "/" + found[0].split("/", 3)[3]
    assert "Ben Baker" in client.get(path).content.decode()
    assert client.post(path, {"password": GOOD}).headers["Location"] == reverse("account_login")
    assert not is_signed_in(client), "a link alone signs nobody in"
    enter_password(client, "ben@example.test", GOOD)
    assert client.get(reverse("message-list")).headers["Location"] == reverse("second_factor_setup")


@pytest.mark.django_db
def test_only_the_hash_of_the_link_is_kept() -> None:
    invitation = invitations.invite(newcomer(), by=None, organisation=OFFICE)
    kept = " ".join(str(value) for row in Invitation.objects.values_list() for value in row)
    kept += " ".join(str(row) for row in Message.objects.values_list("key", "facts"))
    assert invitation_token(invitation.pk) not in kept


@pytest.mark.django_db
def test_an_easy_password_is_refused_and_the_link_still_works(client: Client) -> None:
    invitation = invitations.invite(newcomer(), by=None, organisation=OFFICE)
    page = client.post(link(invitation), {"password": "virtualschool2026"})
    assert page.status_code == 200 and "not made of the words of this service" in page.content.decode()
    assert client.post(link(invitation), {"password": GOOD}).status_code == 302


def use(invitation: Invitation) -> None:
    assert invitations.accept(invitation_token(invitation.pk), GOOD) is not None


def age(invitation: Invitation) -> None:
    invitation.expires_at = timezone.now() - datetime.timedelta(seconds=1)
    invitation.save()


def withdraw(invitation: Invitation) -> None:
    assert invitations.withdraw(invitation.user, by=None) == 1


def send_another(invitation: Invitation) -> None:
    invitations.invite(invitation.user, by=None, organisation=OFFICE)


def change_address(invitation: Invitation) -> None:
    invitation.user.email = "ben.baker@example.test"
    invitation.user.save()


def deactivate(invitation: Invitation) -> None:
    invitation.user.is_active = False
    invitation.user.save()


@pytest.mark.django_db
@pytest.mark.parametrize("happened", [use, age, withdraw, send_another, change_address, deactivate])
def test_a_link_that_no_longer_holds_gives_the_same_plain_page_as_a_made_up_one(
    client: Client, happened: Callable[[Invitation], None]
) -> None:
    invitation = invitations.invite(newcomer(), by=None, organisation=OFFICE)
    happened(invitation)
    before = User.objects.get(pk=invitation.user_id).password
    made_up = client.get(reverse("invitation", args=["A" * 43]))
    for answer in (client.get(link(invitation)), client.post(link(invitation), {"password": "another teaspoon orbit"})):
        assert answer.status_code == made_up.status_code == 410
        assert answer.content == made_up.content
        assert "Ben" not in answer.content.decode()
    assert User.objects.get(pk=invitation.user_id).password == before


@pytest.mark.django_db
def test_the_link_holds_on_its_seventh_day_and_not_after(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """B5."""
    invitation = invitations.invite(newcomer(), by=None, organisation=OFFICE)
    sent = timezone.now()
    monkeypatch.setattr("django.utils.timezone.now", lambda: sent + datetime.timedelta(days=6, hours=23))
    assert client.get(link(invitation)).status_code == 200
    monkeypatch.setattr("django.utils.timezone.now", lambda: sent + datetime.timedelta(days=7, seconds=1))
    assert client.get(link(invitation)).status_code == 410


@pytest.mark.django_db
def test_a_forged_host_does_not_get_into_the_e_mail(client: Client) -> None:
    """B5."""
    ben = newcomer()
    invitations.invite(ben, by=None, organisation=OFFICE)
    client.get("/", headers={"host": "evil.example"})
    deliver(Message.objects.get(recipient=ben).pk)
    assert "evil.example" not in outgoing.outbox[0].body


@pytest.mark.django_db
def test_a_link_does_not_change_who_is_signed_in(client: Client) -> None:
    invitation = invitations.invite(newcomer(), by=None, organisation=OFFICE)
    client.force_login(add_person())
    page = client.post(link(invitation), {"password": GOOD}).content.decode()
    assert "signed in as Anna Able" in page
    assert not User.objects.get(pk=invitation.user_id).has_usable_password()


@pytest.mark.django_db
def test_who_has_an_account_is_not_invited_again() -> None:
    with pytest.raises(ValidationError, match="has an account already"):
        invitations.invite(add_person(), by=None, organisation=OFFICE)
    with pytest.raises(ValidationError, match="no e-mail address"):
        invitations.invite(add_person("Cy Cole", email=None, password=None), by=None, organisation=OFFICE)
    with pytest.raises(ValidationError, match="deactivated"):
        invitations.invite(add_person("Di Dale", password=None, is_active=False), by=None, organisation=OFFICE)


def test_of_two_people_with_the_same_link_one_sets_the_password(committed_db: str) -> None:
    token = invitation_token(invitations.invite(newcomer(), by=None, organisation=OFFICE).pk)
    barrier, taken = Barrier(2), []

    def take(password: str) -> None:
        barrier.wait()
        taken.append(invitations.accept(token, password))
        connection.close()

    threads = [Thread(target=take, args=[password]) for password in (GOOD, "marigold teaspoon orbit")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(user is not None for user in taken) == [False, True]
