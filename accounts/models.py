"""People, and the messages they are sent."""

import datetime
from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils import timezone

from accounts.audit import AuditedModel, AuditedQuerySet, IdentifiedModel, history, uuid7


class UserManager(BaseUserManager.from_queryset(AuditedQuerySet)):  # type: ignore[misc]
    """Makes people; an account exists once its person has set a password."""

    def create_user(self, email: str | None, name: str, password: str | None = None, **fields: Any) -> "User":
        """Add a person. Without a password they are known to the register but cannot sign in until they take up an invitation."""
        user = self.model(email=self.normalize_email(email) if email else None, name=name, **fields)
        user.set_password(password)
        user.save()
        return user

    def get_by_natural_key(self, username: str | None) -> "User":
        """Find a person by e-mail address in any case."""
        return self.get(email__iexact=username)


class User(IdentifiedModel, AbstractBaseUser, PermissionsMixin):
    """A person who works with children in care: with an account, or only named so far.

    A person may be known long before they sign in, or never sign in at all: then ``has_usable_password()`` is false. People are
    deactivated, never deleted, because their names stand in plans and histories.
    """

    class Digest(models.TextChoices):
        DAILY = "daily", "Together, once a day"
        MONDAYS = "mondays", "Together, on Mondays only"
        AT_ONCE = "at_once", "Each at once"

    email = models.EmailField("e-mail address", unique=True, null=True, blank=True)
    name = models.CharField("full name", max_length=200)
    job_title = models.CharField(max_length=200, blank=True)
    phone = models.CharField("telephone", max_length=50, blank=True)
    is_active = models.BooleanField("may sign in", default=True)
    expires_on = models.DateField("account ends on", null=True, blank=True, help_text="The first day the account no longer works.")
    digest = models.CharField("e-mails about plans", max_length=10, choices=Digest.choices, default=Digest.DAILY)
    signed_out_at = models.DateTimeField(null=True, blank=True, help_text="Sign-ins from before this moment no longer count.")
    mail_returned_on = models.DateField("e-mails come back since", null=True, blank=True, help_text="The day one came back for good.")

    objects = UserManager()
    # Neither the password's hash nor each sign-in belongs in a table that is never cleaned.
    history = history(excluded=["password", "last_login"])

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS = ["name"]

    class Meta:
        verbose_name = "person"
        verbose_name_plural = "people"
        ordering = ["name", "id"]
        constraints = [
            models.CheckConstraint(condition=Q(email=Lower("email")), name="accounts_user_email_in_small_letters"),
            models.CheckConstraint(condition=~Q(name=""), name="accounts_user_has_a_name"),
        ]

    def __str__(self) -> str:
        return self.name

    def get_full_name(self) -> str:
        """The name as written in plans."""
        return self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save with the address in small letters: the same address in other letters is the same person.

        That e-mails come back is said of an address, so it does not outlive a change of it.
        """
        self.email = self.email.lower() if self.email else None
        if self.mail_returned_on is not None and User.objects.filter(pk=self.pk).exclude(email=self.email).exists():
            self.mail_returned_on = None
            if kwargs.get("update_fields") is not None:
                kwargs["update_fields"] = {*kwargs["update_fields"], "mail_returned_on"}
        super().save(*args, **kwargs)

    def may_sign_in(self, on: datetime.date | None = None) -> bool:
        """Whether the account works on a day (today in London unless told): active and not past its end date."""
        return self.is_active and (self.expires_on is None or (on or timezone.localdate()) < self.expires_on)


class Invitation(AuditedModel):
    """A link, sent once to one address, by which a person sets their password. Only its hash is kept."""

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="invitations")
    email = models.EmailField()
    token_hash = models.CharField(max_length=64, unique=True)
    invited_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    organisation = models.CharField(max_length=200, help_text="Who invites, as shown in the e-mail.")
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True, blank=True)
    withdrawn_at = models.DateTimeField(null=True, blank=True)


class ResetRequest(IdentifiedModel):
    """Somebody asked for a new password for an address. A worker finds out whose it is, so that the page cannot give it away."""

    email = models.EmailField()

    class Meta:
        ordering = ["created_at"]


class Message(IdentifiedModel):
    """One thing one person is told, once: the row is the truth, the e-mail only points to it.

    ``key`` says what it is about (plan, rule, due date, person); its uniqueness is what makes a message exist once however many
    schedulers run. No child's name, school or text is kept here: the page looks up what the reader may still see. Somebody who cannot
    sign in (a parent, or a person whose account has ended) is written to at ``address`` and finds nothing in the product.
    """

    class Mail(models.TextChoices):
        WAITING = "waiting", "Waiting to be sent"
        SENT = "sent", "Sent"
        FAILED = "failed", "Could not be sent"
        BOUNCED = "bounced", "Came back"
        DIGEST = "digest", "For the next digest"
        NONE = "none", "Not sent by e-mail"
        WITHHELD = "withheld", "Not sent any more"

    key = models.CharField(max_length=300, unique=True)
    recipient = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="messages")
    address = models.EmailField("sent to", blank=True, help_text="Only where the message is for somebody who cannot sign in.")
    rule = models.CharField(max_length=50)
    about_plan = models.UUIDField(null=True, blank=True)
    about_child = models.UUIDField(null=True, blank=True)
    facts = models.JSONField(default=dict, blank=True, help_text="Counts, dates and section keys; never a name or a text.")
    calendar = models.TextField(blank=True, help_text="A calendar entry (iCalendar) to send along. It names nobody but the recipient.")
    read_at = models.DateTimeField(null=True, blank=True)
    mail = models.CharField(max_length=10, choices=Mail.choices, default=Mail.WAITING)
    mail_id = models.CharField("Message-ID", max_length=200, blank=True)
    mail_to = models.EmailField("address it was last sent to", blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_try_at = models.DateTimeField(default=timezone.now)
    sent_at = models.DateTimeField(null=True, blank=True)
    last_error = models.CharField(max_length=300, blank=True)
    bounced_at = models.DateTimeField(null=True, blank=True)
    bounce_code = models.CharField(max_length=12, blank=True, help_text="The enhanced status code alone, such as 5.1.1.")
    last_report = models.CharField(max_length=64, blank=True, help_text="Which report of a mail server was taken in last; a digest.")

    class Meta:
        ordering = ["-created_at"]
        indexes = [
            models.Index(fields=["recipient", "-created_at"], name="accounts_message_inbox"),
            models.Index(fields=["next_try_at"], condition=Q(mail="waiting"), name="accounts_message_waiting"),
            models.Index(fields=["recipient"], condition=Q(mail="digest"), name="accounts_message_digest"),
            models.Index(
                fields=["-created_at"],
                condition=Q(mail__in=["waiting", "failed", "bounced", "withheld"]),
                name="accounts_message_not_arrived",
            ),  # fmt: skip
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(recipient__isnull=False, address="") | Q(recipient__isnull=True) & ~Q(address=""),
                name="accounts_message_is_for_somebody",
            ),
        ]


class TriedAgain(models.Model):
    """Somebody had an e-mail that failed or came back sent once more: who, and when. Rows are only ever added."""

    append_only = True

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    message = models.ForeignKey(Message, on_delete=models.PROTECT, related_name="tried_again")
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["at"]
