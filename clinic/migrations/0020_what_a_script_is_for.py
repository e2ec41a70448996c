from django.contrib.postgres.operations import AddConstraintNotValid
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("clinic", "0019_talks_that_carry_a_repeat"),
    ]

    operations = [
        # Scripts that were issued before, when an authority lent them what they are for, stay as they are.
        AddConstraintNotValid(
            model_name="prescription",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("status", "issued"), _negated=True),
                    ("approval__isnull", True),
                    models.Q(("indication", ""), _negated=True),
                    _connector="OR",
                ),
                name="clinic_prescription_says_what_it_is_for",
                violation_error_message="Say what the medicine is for, as the authority names it.",
            ),
        ),
    ]
