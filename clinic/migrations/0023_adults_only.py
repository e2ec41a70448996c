"""Nobody under 18 is prescribed for; a practice that wrote a lower age has 18 now."""

from django.db import migrations, models


def raise_the_age(apps, schema_editor):
    apps.get_model("clinic", "Practice").objects.filter(youngest_age__lt=18).update(youngest_age=18)


class Migration(migrations.Migration):
    dependencies = [
        ("clinic", "0022_days_of_a_conversation"),
    ]

    operations = [
        migrations.RunPython(raise_the_age, migrations.RunPython.noop),
        migrations.AddConstraint(
            model_name="practice",
            constraint=models.CheckConstraint(
                condition=models.Q(("youngest_age__gte", 18)),
                name="clinic_practice_adults_only",
                violation_error_message="Nobody under 18 is prescribed for here: a guardian’s consent and a"
                " specialist’s note cannot be recorded. Write 18 or more.",
            ),
        ),
    ]
