import config.base
import config.tracing
import django.core.validators
import django.db.models.deletion
import django.utils.timezone
import simple_history.models
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    replaces = [('clinic', '0033_questions_that_staff_build')]

    initial = True

    dependencies = [
        ('catalog', '0001_products'),
        ('clinic', '0002_visits_and_scripts'),
    ]

    operations = [
        migrations.CreateModel(
            name='Favourite',
            fields=[
                ('id', models.UUIDField(default=config.base.uuid7, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('practitioner', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='favourites', to='clinic.practitioner')),
                ('product', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='catalog.product')),
                ('quantity', models.PositiveSmallIntegerField(validators=[django.core.validators.MinValueValidator(1)], verbose_name='quantity (packs)')),
                ('directions', models.CharField(max_length=300)),
                ('repeats', models.PositiveSmallIntegerField(default=0)),
                ('interval_days', models.PositiveSmallIntegerField(blank=True, null=True, verbose_name='days between repeats')),
                ('dropped_at', models.DateTimeField(editable=False, null=True)),
                ('dropped_by', models.ForeignKey(editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['product__name', 'created_at', 'pk'],
                'constraints': [models.CheckConstraint(condition=models.Q(('quantity__gte', 1)), name='clinic_favourite_quantity', violation_error_message='Prescribe at least one pack.'), models.UniqueConstraint(condition=models.Q(('dropped_at__isnull', True)), fields=('practitioner', 'product', 'quantity', 'directions', 'repeats', 'interval_days'), name='clinic_favourite_kept_once', nulls_distinct=False, violation_error_message='This is among your favourites already.'), models.CheckConstraint(condition=models.Q(models.Q(('dropped_at__isnull', True), ('dropped_by__isnull', True)), models.Q(('dropped_at__isnull', False), ('dropped_by__isnull', False)), _connector='OR'), name='clinic_favourite_dropped_at_with_dropped_by')],
            },
        ),
        migrations.CreateModel(
            name='HistoricalFavourite',
            fields=[
                ('trace', models.JSONField(default=config.tracing.current, editable=False)),
                ('id', models.UUIDField(db_index=True, default=config.base.uuid7, editable=False)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('quantity', models.PositiveSmallIntegerField(validators=[django.core.validators.MinValueValidator(1)], verbose_name='quantity (packs)')),
                ('directions', models.CharField(max_length=300)),
                ('repeats', models.PositiveSmallIntegerField(default=0)),
                ('interval_days', models.PositiveSmallIntegerField(blank=True, null=True, verbose_name='days between repeats')),
                ('dropped_at', models.DateTimeField(editable=False, null=True)),
                ('practitioner', models.ForeignKey(blank=True, db_constraint=False, editable=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='clinic.practitioner')),
                ('product', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='catalog.product')),
                ('dropped_by', models.ForeignKey(blank=True, db_constraint=False, editable=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('history_id', models.UUIDField(default=config.base.uuid7, editable=False, primary_key=True, serialize=False)),
                ('history_date', models.DateTimeField(db_index=True)),
                ('history_change_reason', models.TextField(null=True)),
                ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                ('history_user', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'historical favourite',
                'verbose_name_plural': 'historical favourites',
                'ordering': ('-history_date', '-history_id'),
                'get_latest_by': ('history_date', 'history_id'),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name='HistoricalPrescriptionLine',
            fields=[
                ('trace', models.JSONField(default=config.tracing.current, editable=False)),
                ('id', models.UUIDField(db_index=True, default=config.base.uuid7, editable=False)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('quantity', models.PositiveSmallIntegerField(validators=[django.core.validators.MinValueValidator(1)], verbose_name='quantity (packs)')),
                ('directions', models.CharField(max_length=300)),
                ('repeats', models.PositiveSmallIntegerField(default=0)),
                ('interval_days', models.PositiveSmallIntegerField(blank=True, null=True, verbose_name='days between repeats')),
                ('removed_at', models.DateTimeField(editable=False, null=True)),
                ('prescription', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='clinic.prescription')),
                ('product', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='catalog.product')),
                ('removed_by', models.ForeignKey(blank=True, db_constraint=False, editable=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('history_id', models.UUIDField(default=config.base.uuid7, editable=False, primary_key=True, serialize=False)),
                ('history_date', models.DateTimeField(db_index=True)),
                ('history_change_reason', models.TextField(null=True)),
                ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                ('history_user', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'historical prescription line',
                'verbose_name_plural': 'historical prescription lines',
                'ordering': ('-history_date', '-history_id'),
                'get_latest_by': ('history_date', 'history_id'),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name='PrescriptionLine',
            fields=[
                ('id', models.UUIDField(default=config.base.uuid7, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('prescription', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='lines', to='clinic.prescription')),
                ('product', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='catalog.product')),
                ('quantity', models.PositiveSmallIntegerField(validators=[django.core.validators.MinValueValidator(1)], verbose_name='quantity (packs)')),
                ('directions', models.CharField(max_length=300)),
                ('repeats', models.PositiveSmallIntegerField(default=0)),
                ('interval_days', models.PositiveSmallIntegerField(blank=True, null=True, verbose_name='days between repeats')),
                ('removed_at', models.DateTimeField(editable=False, null=True)),
                ('removed_by', models.ForeignKey(editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['created_at', 'pk'],
                'constraints': [models.CheckConstraint(condition=models.Q(('quantity__gte', 1)), name='clinic_prescriptionline_quantity', violation_error_message='Prescribe at least one pack.'), models.CheckConstraint(condition=models.Q(models.Q(('removed_at__isnull', True), ('removed_by__isnull', True)), models.Q(('removed_at__isnull', False), ('removed_by__isnull', False)), _connector='OR'), name='clinic_prescriptionline_removed_at_with_removed_by')],
            },
        ),
    ]
