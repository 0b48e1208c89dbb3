"""Puts a pupil premium rate right. It is the same for every authority, so no one authority's head changes it."""

from decimal import Decimal, InvalidOperation
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import models, transaction

from pep.models import PupilPremiumRate


class Command(BaseCommand):
    """``correct_rate YEAR AMOUNT --reason TEXT``; what stood there before stays in the history, with the reason."""

    help = "Correct the pupil premium rate of the financial year YEAR, such as 2025-26, to AMOUNT pounds for each child."

    def add_arguments(self, parser: CommandParser) -> None:
        """Which rate, what it is, and why."""
        parser.add_argument("year")
        parser.add_argument("amount")
        parser.add_argument("--source", default="", help="where the right rate was published; without it the source stays")
        parser.add_argument("--reason", required=True, help="why it is changed, for the history")

    def handle(self, *args: Any, **options: Any) -> None:
        """Raises CommandError when there is no such rate, or the amount or the reason will not do."""
        try:
            amount = Decimal(options["amount"].replace(",", "").removeprefix("£"))
        except InvalidOperation as error:
            raise CommandError(f"The amount is a number of pounds, such as 2630, not {options['amount']}.") from error
        if not (amount.is_finite() and amount > 0):
            raise CommandError("The amount must be above £0.")
        if not options["reason"].strip():
            raise CommandError("Say why the rate is changed.")
        with transaction.atomic():
            found: models.QuerySet[PupilPremiumRate] = (
                models.QuerySet(PupilPremiumRate).select_for_update(no_key=True).filter(financial_year=options["year"].strip())
            )
            rate: PupilPremiumRate | None = found.first()
            if rate is None:
                raise CommandError(f"There is no rate for {options['year']}. A head adds it under “Teams, terms, policy and rates”.")
            before = rate.amount
            rate.amount, rate.source = amount, options["source"].strip() or rate.source
            try:
                rate.full_clean()
            except ValidationError as error:
                raise CommandError("; ".join(error.messages)) from error
            rate._change_reason = options["reason"].strip()  # type: ignore[attr-defined]
            rate.save()
        self.stdout.write(f"The rate of {rate.financial_year} was £{before:,} and is now £{rate.amount:,}.")
