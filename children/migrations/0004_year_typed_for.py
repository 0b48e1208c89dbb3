"""A year group that was typed is kept with the school year it was typed for. What stands today holds for the school year of today."""

from typing import Any

from django.db import migrations, models
from django.db.models import Q
from django.utils import timezone

from schools.timetable import academic_year


def for_this_school_year(apps: Any, schema_editor: Any) -> None:
    """Today's meaning: who is taught in Year 9 today is taught in Year 9 until the next September."""
    children = models.QuerySet(apps.get_model("children", "Child")).filter(year_group_override__isnull=False)
    children.update(year_group_override_for=academic_year(timezone.localdate()))


class Migration(migrations.Migration):
    dependencies = [
        ("children", "0003_the_clock"),
    ]

    operations = [
        migrations.AddField(
            model_name="child",
            name="year_group_override_for",
            field=models.SmallIntegerField(blank=True, editable=False, null=True, verbose_name="in the school year that began in"),
        ),
        migrations.AddField(
            model_name="childhistory",
            name="year_group_override_for",
            field=models.SmallIntegerField(blank=True, editable=False, null=True, verbose_name="in the school year that began in"),
        ),
        migrations.RunPython(for_this_school_year, migrations.RunPython.noop),
        migrations.AddConstraint(
            model_name="child",
            constraint=models.CheckConstraint(
                condition=Q(year_group_override=None, year_group_override_for=None)
                | Q(year_group_override__isnull=False, year_group_override_for__isnull=False),
                name="children_child_year_group_with_its_school_year",
            ),
        ),
    ]
