"""A new password for somebody who has forgotten theirs.

The page notes the address that was typed and answers the same for every address, in the same time; only a worker looks whose it is.
"""

from django.db import transaction

from accounts.models import Message, ResetRequest, User

BATCH = 100


def answer_requests() -> int:
    """Write a message, with the link in its e-mail, for each request from a person who can have a new password. Returns how many."""
    answered = 0
    with transaction.atomic():
        for request in ResetRequest.objects.select_for_update(skip_locked=True)[:BATCH]:
            person = User.objects.filter(email=request.email.lower()).first()
            if person is not None and person.may_sign_in() and person.has_usable_password():
                Message(key=f"password_reset:{request.pk}", recipient=person, rule="password_reset").save()
                answered += 1
            request.delete()
    return answered
