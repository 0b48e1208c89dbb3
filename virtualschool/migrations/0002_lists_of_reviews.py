"""Lists of care plan reviews can be brought in on the page too."""

from typing import ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):
    """One more kind of file."""

    dependencies: ClassVar = [("virtualschool", "0001_initial")]

    operations: ClassVar = [
        migrations.AlterField(
            model_name="importbatch",
            name="kind",
            field=models.CharField(
                choices=[
                    ("children", "Children"),
                    ("people", "People"),
                    ("reviews", "Reviews of the care plan"),
                    ("schools", "Schools"),
                ],
                max_length=10,
            ),
        ),
    ]
