"""What people are told, and in which words: one row for each reason to write to somebody.

The words are made from facts alone (counts, dates, section keys), so that no message can name a child, a school or anything from a
plan: an e-mail is read on locked screens, over shoulders and by the wrong people. What it is about is seen after signing in.
"""

import datetime
import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.template import Context, Engine
from django.utils import timezone

ENGINE = Engine(builtins=["django.template.defaultfilters"], autoescape=False)

# A fact that is a text is a date, an identifier or a key: no space, so no name, no sentence.
FACT_TEXT = re.compile(r"[a-z0-9][a-z0-9_:.-]{0,63}")

# Where the link of a message's e-mail leads.
TO_MESSAGE = "message"  # the message in the product, which leads to the plan for those who may still see it
TO_INVITATION = "invitation"
TO_RESET = "reset"
TO_ACCOUNT = "account"
TO_LIST = "list"  # the person's messages

DIGEST, NEW_CHILDREN, ACCESSES_ENDED = "digest", "new_children", "accesses_ended"


@dataclass(frozen=True)
class Rule:
    """One reason to tell somebody something: the e-mail's subject, the sentence in the product and in the e-mail, where the link leads.

    ``digest``: it stands in the product at once, and its e-mail waits for the day's digest. ``customary_hours``: it is about no child, and
    yet nobody waits for it, so its e-mail keeps to quiet hours: the customary ones where no authority's are known. ``about_access``: it
    says that access to a child ends, or changes, so it goes to who cannot see the child (any more, or yet) too.
    """

    subject: str
    sentence: str
    link: str = TO_MESSAGE
    link_words: str = "Sign in to see it:"
    digest: bool = False
    about_access: bool = False
    customary_hours: bool = False

    @property
    def listed(self) -> bool:
        """Whether it stands in the person's list of messages; what brings somebody in who cannot sign in yet does not."""
        return self.link not in (TO_INVITATION, TO_RESET)

    @property
    def urgent(self) -> bool:
        """Whether it is about the account itself: somebody waits for it, or must know of it at once, at night too."""
        return self.link in (TO_INVITATION, TO_RESET, TO_ACCOUNT)


# What rises to managers and heads: how late, and for whom it waits.
LATE = (
    "A plan {% if due_on %}that was due on {{ due_on|date:'j F Y' }} {% endif %}is"
    "{% if days %} {{ days }} working day{{ days|pluralize }}{% endif %} late"
    "{% if not_begun %} and has not been begun.{% else %}."
    "{% if school %} The school still has to act.{% endif %}"
    "{% if social_worker %} The social worker still has to act.{% endif %}"
    "{% if virtual_school %} The virtual school still has to act.{% endif %}{% endif %}"
)

# Which step or date has passed.
STEP = (
    "{% if step == 'begin' %}The start of a first plan{% elif step == 'invite' %}The booking of a meeting about a plan"
    "{% elif step == 'complete' %}The submission of a plan whose meeting was held{% elif step == 'signature' %}The sign-off of a plan"
    "{% elif step == 'check' %}The quality check of a plan{% elif step == 'officer' %}A plan for the reviewing officer"
    "{% elif step == 'sdq' %}A yearly strengths and difficulties score{% elif step == 'ehcp' %}The yearly review of an EHC plan"
    "{% elif step == 'care_review' %}The review of a care plan{% else %}A step of a plan{% endif %}"
    " was due{% if due_on %} on {{ due_on|date:'j F Y' }}{% endif %}"
)
STEP_ROSE = (
    f"{STEP}{{% if days %}}, {{{{ days }}}} working day{{{{ days|pluralize }}}} ago{{% endif %}}, and has not been done."
    "{% if school %} The school still has to act.{% endif %}"
    "{% if social_worker %} The social worker still has to act.{% endif %}"
    "{% if virtual_school %} The virtual school still has to act.{% endif %}"
)

AT_VIRTUAL_SCHOOL, IN_TEAM = "at your virtual school", "in a social work team of your authority"
AT_SCHOOL, WITH_CHILDREN = "at a school of your children", "of your authority"
# Each role and where it is held, as a head is told of it.
ROLES_IN_WORDS = {
    "head": f"head {AT_VIRTUAL_SCHOOL}",
    "officer": f"officer {AT_VIRTUAL_SCHOOL}",
    "business_support": f"business support {AT_VIRTUAL_SCHOOL}",
    "account_administrator": f"account administrator {AT_VIRTUAL_SCHOOL}",
    "team_manager": f"team manager {IN_TEAM}",
    "deputy_manager": f"deputy team manager {IN_TEAM}",
    "service_manager": f"service manager {IN_TEAM}",
    "social_worker": f"social worker {WITH_CHILDREN}",
    "reviewing_officer": f"independent reviewing officer {WITH_CHILDREN}",
    "designated_teacher": f"designated teacher {AT_SCHOOL}",
    "headteacher": f"headteacher {AT_SCHOOL}",
}
ROLE = "".join(
    f"{{% {'elif' if number else 'if'} role == '{role}' %}}{words}" for number, (role, words) in enumerate(ROLES_IN_WORDS.items())
)
STAFF_ROLE = f"{ROLE}{{% else %}}a colleague {AT_VIRTUAL_SCHOOL}{{% endif %}}."
# Whose account something was done to.
WHOSE_ACCOUNT = (
    f"that of somebody with the role of {STAFF_ROLE.removesuffix('.')}"
    "{% if others %} and {{ others }} other role{{ others|pluralize }}{% endif %}."
)

# Which of a person's details were changed: each is a fact.
DETAILS_CHANGED = (
    "{% if name %}name{% if job_title and phone %}, {% elif job_title or phone %} and {% endif %}{% endif %}"
    "{% if job_title %}job title{% if phone %} and {% endif %}{% endif %}"
    "{% if phone %}telephone{% endif %}{% if not name and not job_title and not phone %}details{% endif %}"
)

RULES: dict[str, Rule] = {
    # The account
    "invitation": Rule(
        "You have been invited to Education Plans",
        "You have been invited to Education Plans, where Personal Education Plans for children in care are written.",
        TO_INVITATION,
        "To begin, choose a password within 7 days:",
    ),
    "password_reset": Rule(
        "Choose a new password",
        "Somebody, we think you, asked for a new password for Education Plans.",
        TO_RESET,
        "The link works once, for one hour:",
    ),
    "password_changed": Rule(
        "Your password was changed",
        "The password of your account was changed. If this was not you, choose a new one now and tell your account administrator.",
        TO_ACCOUNT,
        "Your account:",
    ),
    "address_changed": Rule(
        "Your e-mail address was changed",
        "The e-mail address of your account was changed. If this was not agreed with you, tell your virtual school at once.",
        TO_ACCOUNT,
        "Your account:",
    ),
    "details_changed": Rule(
        "Your details were changed",
        f"An account administrator changed your {DETAILS_CHANGED} in Education Plans. Plans that are complete keep what they say."
        " If something is wrong now, tell your virtual school.",
        TO_ACCOUNT,
        "Your account:",
    ),
    "own_details_changed": Rule(
        "Your details were changed",
        f"Your {DETAILS_CHANGED} in Education Plans changed on your account’s page. If this was not you, choose a new password now and tell"
        " your account administrator.",
        TO_ACCOUNT,
        "Your account:",
    ),
    "second_factor_changed": Rule(
        "How you sign in was changed",
        "The second step of your sign-in was changed. If this was not you, tell your account administrator.",
        TO_ACCOUNT,
        "Your account:",
    ),
    "second_factor_reset": Rule(
        "Your second step was reset",
        "An account administrator reset the second step of your sign-in. You will be asked to set it up again."
        " If you did not ask for this, tell your virtual school at once.",
        TO_ACCOUNT,
        "Your account:",
    ),
    "account_ended": Rule(
        "Your account ends",
        "Your account in Education Plans {% if on %}ends after {{ on|date:'j F Y' }}. After that you cannot sign in"
        "{% else %}was closed. You cannot sign in any more{% endif %}. Nothing you wrote is lost."
        " If you do not know why, ask your virtual school.",
        TO_ACCOUNT,
        "Your account:",
    ),
    "account_reopened": Rule(
        "Your account was opened again",
        "Your account in Education Plans was opened again{% if on %}, until {{ on|date:'j F Y' }}{% endif %}. You can sign in as before."
        " If this was not agreed with you, tell your virtual school at once.",
        TO_ACCOUNT,
        "Your account:",
    ),
    "account_goes_on": Rule(
        "Your account does not end",
        "Your account in Education Plans does not end{% if on %} after {{ on|date:'j F Y' }}{% endif %}, as it was to. You can go on"
        " signing in. If this was not agreed with you, tell your virtual school.",
        TO_ACCOUNT,
        "Your account:",
    ),
    "role_given": Rule("You have been given a role", "You have been given a new role in Education Plans.", TO_ACCOUNT, "Your account:"),
    "mail_returned": Rule(
        "E-mails to somebody come back",
        "E-mails to one of your people come back{% if on %} since {{ on|date:'j F Y' }}{% endif %}. Check the address with them."
        " Until then they are told things in Education Plans alone.",
    ),
    "role_ending": Rule(
        "A role of yours ends",
        "A role of yours in Education Plans ends{% if on %} after {{ on|date:'j F Y' }}{% endif %}."
        " If you do not know why, ask the head of your virtual school.",
        TO_ACCOUNT,
        "Your account:",
    ),
    "staff_role_given": Rule(
        "A role was given at your virtual school",
        f"{{% if count > 1 %}}{{{{ count }}}} people were{{% else %}}Somebody was{{% endif %}} given the role of {STAFF_ROLE}"
        " If you do not know of it, ask your account administrators today who it is and who gave the role.",
    ),
    "role_ended": Rule(
        "A role of yours has ended",
        "A role of yours in Education Plans ended{% if on %} on {{ on|date:'j F Y' }}{% endif %}. What was open to you by it is closed."
        " If that is a mistake, tell your account administrator.",
        customary_hours=True,
    ),
    "new_child": Rule(
        "A child’s record is open to you",
        "A child’s record is open to you{% if on %} from {{ on|date:'j F Y' }}{% endif %}. See who works with the child and what is due.",
        about_access=True,
    ),
    "access_ended": Rule(
        "A child’s record has closed to you",
        "Your access to a child’s record ended{% if on %} on {{ on|date:'j F Y' }}{% endif %}. You can no longer open it or its plans."
        " If that is a mistake, tell your virtual school.",
        customary_hours=True,
        about_access=True,
    ),
    NEW_CHILDREN: Rule(
        "Children’s records are open to you",
        "{% if count %}{{ count }} record{{ count|pluralize }} {{ count|pluralize:'is,are' }} open to you now"
        "{% else %}Children’s records are open to you now{% endif %}. See who works with each child and what is due.",
        TO_LIST,
        "Sign in to see which:",
        about_access=True,
        customary_hours=True,
    ),
    ACCESSES_ENDED: Rule(
        "Children’s records have closed to you",
        "{% if count %}Your access to {{ count }} child{{ count|pluralize:',ren' }}’s record{{ count|pluralize }}"
        "{% else %}Your access to children’s records{% endif %} has ended. You can no longer open them or their plans."
        " If that is a mistake, tell your virtual school.",
        TO_LIST,
        "Your messages:",
        about_access=True,
        customary_hours=True,
    ),
    "teacher_role_given": Rule(
        "Designated teachers were named for your children",
        "{% if count > 1 %}{{ count }} designated teachers were{% else %}A designated teacher was{% endif %} named for your children."
        " If you do not know of it, ask your account administrators who it is and who gave the role.",
        digest=True,
    ),
    "staff_role_ended": Rule(
        "A role at your virtual school ends",
        f"Somebody{{% if on %}}, after {{{{ on|date:'j F Y' }}}},{{% endif %}} no longer has the role of {STAFF_ROLE}"
        " If you do not know of it, ask your account administrators today who it is and who ended the role.",
    ),
    "head_account_ended": Rule(
        "The account of a head ends",
        "The account of a head of your virtual school {% if on %}ends after {{ on|date:'j F Y' }}{% else %}was closed{% endif %}."
        " If you do not know of it, ask your account administrators, or the head of your service, today who did that and why.",
    ),
    "staff_account_ended": Rule(
        "An account ends",
        "An account {% if on %}ends after {{ on|date:'j F Y' }}{% else %}was closed{% endif %}:"
        f" {WHOSE_ACCOUNT} If you do not know of it, ask your account administrators who it is and why.",
    ),
    "staff_account_goes_on": Rule(
        "An account does not end",
        f"An account does not end{{% if on %}} after {{{{ on|date:'j F Y' }}}}{{% endif %}}, as it was to: {WHOSE_ACCOUNT}"
        " If you do not know of it, ask your account administrators who it is and why.",
    ),
    "staff_account_reopened": Rule(
        "An account was opened again",
        f"An account was opened again{{% if on %}}, until {{{{ on|date:'j F Y' }}}}{{% endif %}}: {WHOSE_ACCOUNT}"
        " If you do not know of it, ask your account administrators today who it is and why.",
    ),
    "staff_address_changed": Rule(
        "The e-mail address of an account was changed",
        f"The e-mail address of an account was changed: {WHOSE_ACCOUNT}"
        " If you do not know of it, ask your account administrators today who it is, and then that person, by telephone.",
    ),
    "staff_second_step_reset": Rule(
        "The second step of a sign-in was reset",
        f"The second step of a sign-in was reset: {WHOSE_ACCOUNT}"
        " If you do not know of it, ask your account administrators today who it is, and then that person, by telephone.",
    ),
    # A plan
    "plan_opened": Rule(
        "A plan needs preparing",
        "A plan was opened and needs your part{% if due_on %} by {{ due_on|date:'j F Y' }}{% endif %}.",
        digest=True,
    ),
    "plan_reminder": Rule(
        "A plan is waiting for you",
        "{% if sections %}{{ sections }} section{{ sections|pluralize }} of a plan {{ sections|pluralize:'is,are' }} waiting for you"
        "{% else %}A plan is waiting for you{% endif %}{% if due_on %}. It is due on {{ due_on|date:'j F Y' }}{% endif %}.",
        digest=True,
    ),
    "plan_overdue": Rule(
        "A plan is late",
        "A plan that is waiting for you{% if due_on %} was due on {{ due_on|date:'j F Y' }}{% else %} is late{% endif %}."
        "{% if sections %} {{ sections }} section{{ sections|pluralize }} {{ sections|pluralize:'is,are' }} still to do.{% endif %}",
        digest=True,
    ),
    "plan_late_to_manager": Rule("A late plan needs you", LATE, digest=True),
    "plan_late_to_headteacher": Rule(
        "A plan of your school is late",
        "A plan of a child in care at your school is{% if days %} {{ days }} working day{{ days|pluralize }}{% endif %}"
        " late, and the school still has to act.{% if plans > 1 %} {{ plans }} plans of your school are late like this.{% endif %}"
        " Your designated teacher can say more.",
        digest=True,
        customary_hours=True,
    ),
    "plan_late_to_head": Rule("A plan is very late", LATE, digest=True),
    "step_late": Rule("A date has passed that waits for you", f"{STEP} and waits for you.", digest=True),
    "step_late_to_manager": Rule("A late step needs you", STEP_ROSE, digest=True),
    "step_late_to_head": Rule("A step is very late", STEP_ROSE, digest=True),
    "plan_nudged": Rule(
        "You are asked to look at a plan",
        "Somebody responsible for a plan asks you to do what waits for you in it{% if due_on %}. It is due on {{ due_on|date:'j F Y' }}"
        "{% endif %}{% if sections %}. {{ sections }} section{{ sections|pluralize }} {{ sections|pluralize:'is,are' }} still to do"
        "{% endif %}.",
    ),
    "copy_nudged": Rule(
        "A copy of a plan waits to be given",
        "{% if copies > 1 %}{{ copies }} copies of a complete plan wait{% else %}A copy of a complete plan waits{% endif %} to be"
        " given by you to a parent or carer. Somebody responsible for the plan asks you to do it.",
    ),
    "sections_finished": Rule(
        "Others have updated a plan",
        "{% if ready %}Every part of a plan is complete, and it waits for you to submit it"
        "{% else %}Others have finished their part of a plan in which yours is still open{% endif %}"
        "{% if due_on %}. It is due on {{ due_on|date:'j F Y' }}"
        "{% endif %}.",
        digest=True,
    ),
    "plan_submitted": Rule("A plan is ready for you to sign off", "A plan was submitted and is waiting for your sign-off."),
    "plan_to_check": Rule("A plan is waiting for the quality check", "A plan was submitted and has gone on to the virtual school’s check."),
    "plan_returned": Rule(
        "A plan was returned to you",
        "A plan was returned{% if sections %} with {{ sections }} section{{ sections|pluralize }} to look at again{% endif %}."
        " The reason is beside {{ sections|pluralize:'the section,the sections' }}.",
    ),
    "plan_signed_off": Rule("A plan was signed off", "A plan was signed off and has gone on to the virtual school’s check."),
    "plan_complete": Rule("A plan is complete", "A plan is complete.", digest=True),
    "plan_closed": Rule("A plan was closed", "A plan was closed before it was complete. What was written is kept.", digest=True),
    "meeting_booked": Rule(
        "A meeting is booked",
        "A meeting about a plan is booked{% if on %} for {{ on|date:'j F Y' }}{% if at %} at {{ at }}{% endif %}{% endif %}.",
    ),
    "meeting_moved": Rule(
        "A meeting has changed",
        "The time or place of a meeting about a plan has changed."
        "{% if on %} It is on {{ on|date:'j F Y' }}{% if at %} at {{ at }}{% endif %}.{% endif %}",
    ),
    "meeting_cancelled": Rule(
        "A meeting was cancelled",
        "{% if still_on %}You are no longer asked to come to a meeting about a plan"
        "{% else %}A meeting about a plan was cancelled{% endif %}"
        "{% if on %} on {{ on|date:'j F Y' }}{% endif %}.",
        about_access=True,
    ),
    "meeting_held": Rule(
        "A meeting was held",
        "A meeting about a plan was held{% if on %} on {{ on|date:'j F Y' }}{% endif %}. The time in your calendar no longer applies.",
        about_access=True,
    ),
    "meeting_elsewhere": Rule(
        "A meeting has gone to your new address",
        "Your e-mail address in Education Plans was changed. The calendar entry of a meeting about a plan"
        "{% if on %} on {{ on|date:'j F Y' }}{% if at %} at {{ at }}{% endif %}{% endif %} has gone to the new one.",
    ),
    "meeting_answered": Rule(
        "An invitation to a meeting was answered",
        "Somebody answered an invitation to a meeting about a plan{% if answer == 'accepted' %}: they can come"
        "{% elif answer == 'declined' %}: they cannot come{% elif answer == 'tentative' %}: they are not sure yet{% endif %}.",
    ),
    "contributor_to_restricted": Rule(
        "Somebody was let in to a restricted record",
        "Another head has named somebody at the school to help with the plan of a child whose record is restricted. Look who it is.",
    ),
    "contributor_named": Rule(
        "You were asked to help with a plan",
        "You were named to help write a child’s plan{% if on %} until {{ on|date:'j F Y' }}{% endif %}.",
    ),
    "funding_decided": Rule("A request for money was decided", "A decision was made about a request for money in a plan."),
    DIGEST: Rule(
        "New messages about plans",
        "You have {% if messages %}{{ messages }} new message{{ messages|pluralize }}{% else %}new messages{% endif %} about plans"
        "{% if late %}, {{ late }} of them about late plans{% endif %}.",
        TO_LIST,
        "Sign in to see them:",
        customary_hours=True,
    ),
    # A move
    "move_proposed": Rule("A change of school was proposed", "A change of school was proposed and is waiting for a second person."),
    "move_withdrawn": Rule("A proposed change of school was withdrawn", "A change of school that had been proposed was withdrawn."),
    "move_confirmed": Rule(
        "A change of school was confirmed",
        "A child’s change of school was confirmed{% if on %} from {{ on|date:'j F Y' }}{% endif %}.",
        about_access=True,
    ),
    "move_put_back": Rule(
        "A change of school waits again",
        "A child’s change of school that had been confirmed waits for a decision again. Nothing changes until it is made.",
        about_access=True,
    ),
    "move_taken_back": Rule(
        "A change of school was taken back", "A child’s change of school was taken back. It was a mistake.", about_access=True
    ),
}

# What leads to the list only says that others stand there, so it stands in no list itself.
LISTED_RULES = tuple(name for name, rule in RULES.items() if rule.listed and rule.link != TO_LIST)
# What asks for a step of a plan, or says that one was taken: past once the plan has moved on.
PASSING_RULES = (
    "plan_opened", "plan_reminder", "plan_overdue", "plan_late_to_manager", "plan_late_to_head", "step_late", "step_late_to_manager",
    "step_late_to_head", "plan_nudged", "sections_finished",
    "plan_submitted", "plan_to_check", "plan_returned", "plan_signed_off",
)  # fmt: skip
# What a digest counts as late.
LATE_RULES = ("plan_overdue", "plan_late_to_manager", "plan_late_to_headteacher", "plan_late_to_head")


def check_facts(facts: Mapping[str, Any]) -> dict[str, int | str]:
    """The facts as they are kept. Raises ValueError for anything that could be a name or a text."""
    kept: dict[str, int | str] = {}
    for name, value in facts.items():
        if isinstance(value, datetime.datetime):
            value = timezone.localdate(value)
        if isinstance(value, datetime.date | uuid.UUID):
            value = str(value)
        if not isinstance(value, int) and not (isinstance(value, str) and FACT_TEXT.fullmatch(value)):
            raise ValueError(f"The fact {name} is neither a number, a date nor a key: messages carry no names and no texts")
        kept[name] = value
    return kept


def sentence(rule: str, facts: Mapping[str, Any]) -> str:
    """The sentence of a rule with its facts. Raises KeyError for a rule there is not."""
    words = {name: _shown(value) for name, value in facts.items()}
    return ENGINE.from_string(RULES[rule].sentence).render(Context(words, autoescape=False))


class Key(str):
    """A fact that is a key: a sentence can ask which it is, and never shows it."""

    def __str__(self) -> str:
        return ""


def _shown(value: Any) -> Any:
    """An ISO date as a date; a text with letters in it so that no sentence can show it, were it a name; anything else as it is."""
    try:
        return datetime.date.fromisoformat(value)
    except (TypeError, ValueError):
        return Key(value) if isinstance(value, str) and re.search("[a-z]", value) else value
