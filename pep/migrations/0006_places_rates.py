"""The published rates of pupil premium plus for past years, so that a new site knows them. Those a site has already stay as they are."""

from decimal import Decimal
from typing import Any

from django.db import migrations
from django.utils import timezone

# A year whose rate was not found in a published source is not here.
RATES = (
    ("2016-17", 1900, "Warwickshire Virtual School, pupil premium policy, 2016"),
    ("2018-19", 2300, "Milton Keynes Virtual School, 2018"),
    ("2021-22", 2345, "Trafford Virtual School, pupil premium plus funding"),
    ("2022-23", 2410, "Devon Virtual School, policy for pupil premium plus"),
    ("2023-24", 2530, "The Key for School Leaders, pupil premium for looked-after children"),
    ("2024-25", 2570, "Lincolnshire Virtual School, pupil premium policy"),
    ("2025-26", 2630, "Lancashire policy for the allocation of pupil premium; Manchester Virtual School"),
)


def add_rates(apps: Any, schema_editor: Any) -> None:
    """Each rate with its line of history, as if somebody had saved it."""
    rate_model, history_model = apps.get_model("pep", "PupilPremiumRate"), apps.get_model("pep", "PupilPremiumRateHistory")
    for year, amount, source in RATES:
        rate, new = rate_model.objects.get_or_create(financial_year=year, defaults={"amount": Decimal(amount), "source": source})
        if new:
            history_model.objects.create(
                id=rate.pk, created_at=rate.created_at, updated_at=rate.updated_at, financial_year=year, amount=rate.amount, source=source,
                history_date=timezone.now(), history_type="+", history_change_reason="Published rates that come with the product",
            )  # fmt: skip


class Migration(migrations.Migration):
    dependencies = [
        ("pep", "0005_places_sample"),
    ]

    operations = [migrations.RunPython(add_rates, migrations.RunPython.noop)]
