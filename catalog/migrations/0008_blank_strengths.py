"""What the question whether a composition is known says of blanks. The columns stay as they are."""

from django.db import migrations, models

SAID = models.BooleanField(
    "composition known",
    default=True,
    help_text="No when the list has a strength that cannot be read, or leaves one blank.",
)


class Migration(migrations.Migration):
    dependencies = [("catalog", "0007_price_spans")]

    operations = [
        migrations.AlterField("historicalproduct", "is_composition_known", SAID),
        migrations.AlterField("product", "is_composition_known", SAID),
    ]
