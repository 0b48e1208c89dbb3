"""What is known of a person besides their address: name, job title and telephone. Who may change which is asked before.

What stood on a page when somebody began to write is named by a token in its form, and compared under the lock that saves: of two who change
the same person, the second is shown what the first has written.
"""

import hashlib
import json
from collections.abc import Collection, Mapping

from django.core.exceptions import ValidationError
from django.db import models, transaction

from accounts.audit import uuid7
from accounts.authorship import save_by
from accounts.models import User
from accounts.outbox import tell

DETAILS = ("name", "job_title", "phone")
OWN = ("job_title", "phone")  # what people change of themselves: names are their organisation's to vouch for
# What the history says of a change that somebody typed, so that a list that still has the old value does not bring it back.
ON_THE_PAGE, BY_THEMSELVES = "Details changed on the person’s page", "Changed their own details"
BY_HAND = (ON_THE_PAGE, BY_THEMSELVES)


class Changed(ValidationError):
    """Somebody has changed the person's details since the page was opened."""


def shown(user: User) -> str:
    """The token of a page that shows a person's details as they are now."""
    values = json.dumps([getattr(user, name) for name in DETAILS], ensure_ascii=False)
    return hashlib.sha256(values.encode()).hexdigest()[:32]


def change(user: User, values: Mapping[str, str], *, by: User, because: str, page: str, rule: str) -> bool:
    """Write these details of a person, and tell them by a rule which of them changed. Returns whether any did.

    ``page`` is the token of the page on which they were typed, ``because`` stands in the history. Raises Changed where the page no longer
    shows what is so, with ``user`` as it is now.
    """
    with transaction.atomic():
        user.refresh_from_db(from_queryset=models.QuerySet(User).select_for_update(no_key=True))
        different = [name for name in DETAILS if name in values and getattr(user, name) != values[name]]
        if not different:
            return False
        if page != shown(user):
            raise Changed("These details were changed since you opened this page.")
        for name in different:
            setattr(user, name, values[name])
        save_by(user, by=by, because=because)
        tell(key=f"{rule}:{uuid7()}", recipient=user, rule=rule, facts=dict.fromkeys(different, 1))
    return True


def before_by_hand(people: Collection[User]) -> dict[tuple[User, str], set[str]]:
    """What stood in the details of these people before somebody typed what stands there now, by person and detail. Two queries.

    Where a list from outside says one of these, it has not heard of the change yet.
    """
    by_id = {user.pk: user for user in people}
    typed = User.history.filter(id__in=list(by_id), history_change_reason__in=BY_HAND).values("id")
    rows = User.history.filter(id__in=typed).order_by("id", "history_date", "history_id")
    found: dict[tuple[User, str], set[str]] = {}
    last: dict[tuple[User, str], str] = {}
    for row in rows.values("id", "history_change_reason", *DETAILS):
        for name in DETAILS:
            key, value = (by_id[row["id"]], name), row[name]
            if last.get(key, value) != value:
                # A list that brought a value of its own knows of all before it.
                found[key] = found.get(key, set()) | {last[key]} if row["history_change_reason"] in BY_HAND else set()
            last[key] = value
    return {key: values - {last[key]} for key, values in found.items()}
