import catalog.models.measures
import config.base
import config.tracing
import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.core.validators
import django.db.models.deletion
import django.db.models.functions.text
import django.utils.timezone
import simple_history.models
from django.conf import settings
from django.db import migrations, models

from config.migrating import CreateTogether

# What a product is found by, in capitals, every word after a blank: that lets a search for the first
# letters of a word use the index. What the index cannot tell apart (commas, brackets) becomes a blank.
# In PL/pgSQL, since an SQL function that looks into another query is set up anew for every row, and
# nearly all products have no other cannabinoids to look at: a third of the time.
WORDS = r"""
CREATE FUNCTION catalog_product_words(
  name text, brand text, cultivar text, manufacturer text, strength text, product_code text, pbs_code text,
  gtin13 text, dose_form text, dose_form_stated text, thc numeric, cbd numeric, others jsonb
) RETURNS text LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE minor text;
BEGIN
  IF others <> '{}' AND jsonb_typeof(others) = 'object' THEN
    minor := (SELECT string_agg(each, ' ' ORDER BY each) FROM jsonb_object_keys(others) AS each);
  END IF;
  RETURN regexp_replace(upper(' ' || array_to_string(ARRAY[
      name, brand, cultivar, manufacturer, strength, product_code, pbs_code, gtin13,
      replace(dose_form, '_', ' '), dose_form_stated,
      CASE WHEN thc IS NOT NULL THEN 'thc' END, CASE WHEN cbd IS NOT NULL THEN 'cbd' END, minor
    ], ' ')), '[^[:alnum:].:/%+]+', ' ', 'g');
END $$;
"""

# Whether JSON maps cannabinoids to strengths:
# {"cbn": {"op": "<", "value": "50", "unit": "mg/g", "basis": "weight"}}
STRENGTHS = r"""
CREATE FUNCTION catalog_are_strengths(said jsonb) RETURNS boolean
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
BEGIN
  IF said = '{}' THEN
    RETURN true;
  ELSIF said IS NULL OR jsonb_typeof(said) <> 'object' THEN
    RETURN false;
  END IF;
  RETURN (SELECT bool_and(coalesce(  -- bool_and passes over what is neither true nor false
      name IN ('cbn', 'cbg', 'cbc', 'thcv', 'cbdv')
      AND jsonb_typeof(one) = 'object' AND one - ARRAY['op', 'value', 'unit', 'basis'] = '{}'
      AND one ->> 'op' IN ('=', '<', '<=')
      AND jsonb_typeof(one -> 'value') = 'string' AND one ->> 'value' ~ '^[0-9]{1,5}([.][0-9]{1,4})?$'
      AND (one ->> 'unit', one ->> 'basis') IN (
        ('%', 'weight'), ('mg/mL', 'volume'), ('mg/g', 'weight'),
        ('mg', ''), ('mg', 'unit'), ('mg', 'container')),
    false)) FROM jsonb_each(said) AS each(name, one));
END $$;
"""


class Migration(migrations.Migration):

    replaces = [('catalog', '0001_catalogue'), ('catalog', '0002_sheet_layout'), ('catalog', '0003_facts_of_products'), ('catalog', '0004_import_in_five_steps'), ('catalog', '0005_searching'), ('catalog', '0006_prescribable'), ('catalog', '0007_price_spans'), ('catalog', '0008_blank_strengths'), ('catalog', '0009_rows_rely_on'), ('catalog', '0010_strengths_in_doubt')]

    initial = True

    dependencies = [
        ('clinic', '0001_the_practice'),
    ]

    operations = [
        migrations.RunSQL(WORDS, "DROP FUNCTION catalog_product_words"),
        migrations.RunSQL(STRENGTHS, "DROP FUNCTION catalog_are_strengths"),
        CreateTogether([
            migrations.CreateModel(
                name='HistoricalImportPolicy',
                fields=[
                    ('trace', models.JSONField(default=config.tracing.current, editable=False)),
                    ('id', models.UUIDField(db_index=True, default=config.base.uuid7, editable=False)),
                    ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                    ('only', models.BooleanField(default=True, editable=False)),
                    ('needs_second_person', models.BooleanField(default=True, help_text='Whoever reviewed a list cannot approve it. Switch it off only where one works alone.', verbose_name='a second person approves')),
                    ('price_change_percent', models.PositiveSmallIntegerField(default=20, help_text='A price that rises or falls by this much or more is raised for review.', validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(1000)], verbose_name='price change to look at, in percent')),
                    ('history_id', models.UUIDField(default=config.base.uuid7, editable=False, primary_key=True, serialize=False)),
                    ('history_date', models.DateTimeField(db_index=True)),
                    ('history_change_reason', models.TextField(null=True)),
                    ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                    ('history_user', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ],
                options={
                    'verbose_name': 'historical rules for imports',
                    'verbose_name_plural': 'historical rules for imports',
                    'ordering': ('-history_date', '-history_id'),
                    'get_latest_by': ('history_date', 'history_id'),
                },
                bases=(simple_history.models.HistoricalChanges, models.Model),
            ),
            migrations.CreateModel(
                name='HistoricalSupplier',
                fields=[
                    ('trace', models.JSONField(default=config.tracing.current, editable=False)),
                    ('id', models.UUIDField(db_index=True, default=config.base.uuid7, editable=False)),
                    ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                    ('key', models.SlugField(help_text="Names the layout of the supplier's workbook: botanitech.")),
                    ('name', models.CharField(db_index=True, max_length=100)),
                    ('email', models.EmailField(blank=True, help_text='Where to ask about the list.', max_length=254)),
                    ('history_id', models.UUIDField(default=config.base.uuid7, editable=False, primary_key=True, serialize=False)),
                    ('history_date', models.DateTimeField(db_index=True)),
                    ('history_change_reason', models.TextField(null=True)),
                    ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                    ('history_user', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ],
                options={
                    'verbose_name': 'historical supplier',
                    'verbose_name_plural': 'historical suppliers',
                    'ordering': ('-history_date', '-history_id'),
                    'get_latest_by': ('history_date', 'history_id'),
                },
                bases=(simple_history.models.HistoricalChanges, models.Model),
            ),
            migrations.CreateModel(
                name='ImportPolicy',
                fields=[
                    ('id', models.UUIDField(default=config.base.uuid7, editable=False, primary_key=True, serialize=False)),
                    ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                    ('only', models.BooleanField(default=True, editable=False)),
                    ('needs_second_person', models.BooleanField(default=True, help_text='Whoever reviewed a list cannot approve it. Switch it off only where one works alone.', verbose_name='a second person approves')),
                    ('price_change_percent', models.PositiveSmallIntegerField(default=20, help_text='A price that rises or falls by this much or more is raised for review.', validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(1000)], verbose_name='price change to look at, in percent')),
                ],
                options={
                    'verbose_name': 'rules for imports',
                    'verbose_name_plural': 'rules for imports',
                    'constraints': [models.CheckConstraint(condition=models.Q(('only', True)), name='catalog_importpolicy_only'), models.UniqueConstraint(fields=('only',), name='catalog_importpolicy_once', violation_error_message='There is one set of rules. Change it instead.')],
                },
            ),
            migrations.CreateModel(
                name='Supplier',
                fields=[
                    ('id', models.UUIDField(default=config.base.uuid7, editable=False, primary_key=True, serialize=False)),
                    ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                    ('key', models.SlugField(help_text="Names the layout of the supplier's workbook: botanitech.", unique=True)),
                    ('name', models.CharField(max_length=100, unique=True)),
                    ('email', models.EmailField(blank=True, help_text='Where to ask about the list.', max_length=254)),
                ],
                options={
                    'ordering': ['name'],
                },
            ),
            migrations.CreateModel(
                name='HistoricalImport',
                fields=[
                    ('trace', models.JSONField(default=config.tracing.current, editable=False)),
                    ('id', models.UUIDField(db_index=True, default=config.base.uuid7, editable=False)),
                    ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                    ('status', models.CharField(choices=[('received', 'Received'), ('reading', 'Being read'), ('checked', 'To be reviewed'), ('reviewed', 'To be approved'), ('approved', 'Being applied'), ('applied', 'Applied'), ('undone', 'Undone'), ('settled', 'Nothing new'), ('refused', 'Refused')], default='received', editable=False, max_length=20)),
                    ('file', models.TextField(editable=False, max_length=200)),
                    ('file_name', models.CharField(editable=False, max_length=200)),
                    ('file_sha256', models.CharField(editable=False, max_length=64, verbose_name='file fingerprint')),
                    ('saved_at', models.DateTimeField(editable=False, help_text='As the workbook itself says.', null=True, verbose_name='workbook last saved')),
                    ('expected', models.PositiveIntegerField(default=0, editable=False, verbose_name='lines in the file')),
                    ('progress', models.PositiveIntegerField(default=0, editable=False, verbose_name='lines gone through')),
                    ('attempts', models.PositiveSmallIntegerField(default=0, editable=False)),
                    ('touched_at', models.DateTimeField(editable=False, null=True, verbose_name='last worked on')),
                    ('totals', models.JSONField(default=dict, editable=False)),
                    ('notes', models.JSONField(default=list, editable=False)),
                    ('refusal', models.TextField(blank=True, editable=False)),
                    ('effective_on', models.DateField(blank=True, help_text='The day it is applied, unless you choose a later one.', null=True, verbose_name='prices hold from')),
                    ('reviewed_at', models.DateTimeField(editable=False, null=True)),
                    ('approved_at', models.DateTimeField(editable=False, null=True)),
                    ('applied_at', models.DateTimeField(editable=False, null=True)),
                    ('supplier', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='catalog.supplier')),
                    ('sender', models.ForeignKey(blank=True, db_constraint=False, editable=False, help_text='Who brought the file in; nobody when it came from a terminal.', null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to=settings.AUTH_USER_MODEL)),
                    ('reviewed_by', models.ForeignKey(blank=True, db_constraint=False, editable=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to=settings.AUTH_USER_MODEL)),
                    ('approved_by', models.ForeignKey(blank=True, db_constraint=False, editable=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to=settings.AUTH_USER_MODEL)),
                    ('history_id', models.UUIDField(default=config.base.uuid7, editable=False, primary_key=True, serialize=False)),
                    ('history_date', models.DateTimeField(db_index=True)),
                    ('history_change_reason', models.TextField(null=True)),
                    ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                    ('history_user', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ],
                options={
                    'verbose_name': 'historical import',
                    'verbose_name_plural': 'historical imports',
                    'ordering': ('-history_date', '-history_id'),
                    'get_latest_by': ('history_date', 'history_id'),
                },
                bases=(simple_history.models.HistoricalChanges, models.Model),
            ),
            migrations.CreateModel(
                name='HistoricalProduct',
                fields=[
                    ('trace', models.JSONField(default=config.tracing.current, editable=False)),
                    ('id', models.UUIDField(db_index=True, default=config.base.uuid7, editable=False)),
                    ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                    ('kind', models.CharField(choices=[('cannabis', 'Medicinal cannabis'), ('conventional', 'Ordinary medicine')], default='cannabis', max_length=20)),
                    ('brand', models.CharField(blank=True, max_length=100)),
                    ('name', models.CharField(max_length=300)),
                    ('gtin13', models.CharField(blank=True, max_length=13, verbose_name='GTIN-13')),
                    ('product_code', models.CharField(blank=True, max_length=50)),
                    ('pbs_code', models.CharField(blank=True, max_length=10, verbose_name='PBS item code')),
                    ('manufacturer', models.CharField(blank=True, max_length=100)),
                    ('strength', models.CharField(blank=True, help_text='For ordinary medicines: 500 mg.', max_length=100)),
                    ('dose_form', models.CharField(blank=True, choices=[('dried_herb', 'Dried herb'), ('oral_liquid', 'Oral liquid'), ('vape', 'Vape cartridge'), ('lozenge', 'Pastille, lozenge or gummy'), ('capsule', 'Capsule'), ('tablet', 'Tablet'), ('wafer', 'Wafer'), ('oromucosal_spray', 'Oromucosal spray'), ('topical', 'Cream or gel'), ('suppository', 'Suppository'), ('inhaler', 'Inhaler'), ('injection', 'Injection'), ('drops', 'Drops')], max_length=20)),
                    ('dose_form_stated', models.CharField(blank=True, max_length=300)),
                    ('size_value', models.DecimalField(blank=True, decimal_places=3, max_digits=9, null=True)),
                    ('size_unit', models.CharField(blank=True, choices=[('g', 'g'), ('mL', 'mL'), ('mg', 'mg'), ('pastille', 'Pastille'), ('capsule', 'Capsule'), ('tablet', 'Tablet'), ('wafer', 'Wafer'), ('lozenge', 'Lozenge'), ('gummy', 'Gummy'), ('piece', 'Piece'), ('spray', 'Spray'), ('suppository', 'Suppository'), ('unit', 'Unit'), ('dose', 'Dose'), ('patch', 'Patch'), ('ampoule', 'Ampoule'), ('vial', 'Vial'), ('inhaler', 'Inhaler'), ('pen', 'Pen')], max_length=20)),
                    ('thc_op', models.CharField(blank=True, choices=[('=', 'exactly'), ('<', 'less than'), ('<=', 'at most')], max_length=2, verbose_name='THC is')),
                    ('thc_value', models.DecimalField(blank=True, decimal_places=4, max_digits=9, null=True, verbose_name='THC')),
                    ('thc_unit', models.CharField(blank=True, choices=[('%', '% w/w'), ('mg/mL', 'mg/mL'), ('mg/g', 'mg/g'), ('mg', 'mg')], max_length=10, verbose_name='THC unit')),
                    ('thc_basis', models.CharField(blank=True, choices=[('weight', 'of the weight'), ('volume', 'of the volume'), ('unit', 'per piece'), ('container', 'per container')], max_length=10, verbose_name='THC is told')),
                    ('cbd_op', models.CharField(blank=True, choices=[('=', 'exactly'), ('<', 'less than'), ('<=', 'at most')], max_length=2, verbose_name='CBD is')),
                    ('cbd_value', models.DecimalField(blank=True, decimal_places=4, max_digits=9, null=True, verbose_name='CBD')),
                    ('cbd_unit', models.CharField(blank=True, choices=[('%', '% w/w'), ('mg/mL', 'mg/mL'), ('mg/g', 'mg/g'), ('mg', 'mg')], max_length=10, verbose_name='CBD unit')),
                    ('cbd_basis', models.CharField(blank=True, choices=[('weight', 'of the weight'), ('volume', 'of the volume'), ('unit', 'per piece'), ('container', 'per container')], max_length=10, verbose_name='CBD is told')),
                    ('other_cannabinoids', models.JSONField(blank=True, default=dict)),
                    ('is_composition_known', models.BooleanField(default=True, help_text='No when the list has a strength that cannot be read, or leaves one blank.', verbose_name='composition known')),
                    ('tga_category_stated', models.PositiveSmallIntegerField(blank=True, null=True, verbose_name='TGA category stated')),
                    ('tga_category', models.PositiveSmallIntegerField(blank=True, help_text='Computed from the composition.', null=True, verbose_name='TGA category')),
                    ('is_category_disputed', models.BooleanField(default=False, verbose_name='category in doubt')),
                    ('schedule_stated', models.CharField(blank=True, choices=[('S2', 'S2 Pharmacy medicine'), ('S3', 'S3 Pharmacist only'), ('S4', 'S4 Prescription only'), ('S8', 'S8 Controlled drug')], max_length=2)),
                    ('schedule', models.CharField(blank=True, choices=[('S2', 'S2 Pharmacy medicine'), ('S3', 'S3 Pharmacist only'), ('S4', 'S4 Prescription only'), ('S8', 'S8 Controlled drug')], help_text='Computed from the composition.', max_length=2)),
                    ('is_schedule_disputed', models.BooleanField(default=False, verbose_name='schedule in doubt')),
                    ('pathway', models.CharField(blank=True, choices=[('unapproved', 'Unapproved: SAS or Authorised Prescriber'), ('registered', 'Registered (ARTG)')], default='unapproved', help_text='None where what the list says contradicts itself.', max_length=20)),
                    ('artg_id', models.CharField(blank=True, max_length=20, verbose_name='ARTG ID')),
                    ('strain_type', models.CharField(blank=True, max_length=50)),
                    ('cultivar', models.CharField(blank=True, max_length=300)),
                    ('lineage', models.CharField(blank=True, max_length=300)),
                    ('terpenes', models.CharField(blank=True, max_length=300)),
                    ('storage', models.CharField(blank=True, max_length=300)),
                    ('packaging', models.CharField(blank=True, max_length=300)),
                    ('supply', models.CharField(choices=[('active', 'Active'), ('to_be_released', 'To be released'), ('out_of_stock', 'Out of stock'), ('discontinued', 'Discontinued')], default='active', max_length=20)),
                    ('availability', models.CharField(blank=True, help_text="In the supplier's words.", max_length=300)),
                    ('available_on', models.DateField(blank=True, null=True)),
                    ('review_codes', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=40), blank=True, default=list, size=None)),
                    ('is_strength_settled', models.BooleanField(default=False, editable=False, help_text='Somebody decided that the strength is right although something casts doubt on it.', verbose_name='strength looked at')),
                    ('supplier', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='catalog.supplier')),
                    ('history_id', models.UUIDField(default=config.base.uuid7, editable=False, primary_key=True, serialize=False)),
                    ('history_date', models.DateTimeField(db_index=True)),
                    ('history_change_reason', models.TextField(null=True)),
                    ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                    ('history_user', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ],
                options={
                    'verbose_name': 'historical product',
                    'verbose_name_plural': 'historical products',
                    'ordering': ('-history_date', '-history_id'),
                    'get_latest_by': ('history_date', 'history_id'),
                },
                bases=(simple_history.models.HistoricalChanges, models.Model),
            ),
            migrations.CreateModel(
                name='HistoricalSheetLayout',
                fields=[
                    ('trace', models.JSONField(default=config.tracing.current, editable=False)),
                    ('id', models.UUIDField(db_index=True, default=config.base.uuid7, editable=False)),
                    ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                    ('status', models.CharField(choices=[('draft', 'Draft'), ('in_use', 'In use'), ('retired', 'Retired')], default='draft', editable=False, max_length=20)),
                    ('declaration', models.JSONField(blank=True, default=dict, editable=False)),
                    ('sample', models.TextField(editable=False, max_length=200)),
                    ('sample_name', models.CharField(editable=False, max_length=200)),
                    ('sample_sha256', models.CharField(editable=False, max_length=64, verbose_name="sample's fingerprint")),
                    ('supplier', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='catalog.supplier')),
                    ('history_id', models.UUIDField(default=config.base.uuid7, editable=False, primary_key=True, serialize=False)),
                    ('history_date', models.DateTimeField(db_index=True)),
                    ('history_change_reason', models.TextField(null=True)),
                    ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                    ('history_user', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ],
                options={
                    'verbose_name': 'historical layout of a list',
                    'verbose_name_plural': 'historical layouts of lists',
                    'ordering': ('-history_date', '-history_id'),
                    'get_latest_by': ('history_date', 'history_id'),
                },
                bases=(simple_history.models.HistoricalChanges, models.Model),
            ),
            migrations.CreateModel(
                name='Import',
                fields=[
                    ('id', models.UUIDField(default=config.base.uuid7, editable=False, primary_key=True, serialize=False)),
                    ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                    ('supplier', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='imports', to='catalog.supplier')),
                    ('status', models.CharField(choices=[('received', 'Received'), ('reading', 'Being read'), ('checked', 'To be reviewed'), ('reviewed', 'To be approved'), ('approved', 'Being applied'), ('applied', 'Applied'), ('undone', 'Undone'), ('settled', 'Nothing new'), ('refused', 'Refused')], default='received', editable=False, max_length=20)),
                    ('sender', models.ForeignKey(editable=False, help_text='Who brought the file in; nobody when it came from a terminal.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                    ('file', models.FileField(editable=False, max_length=200, upload_to='')),
                    ('file_name', models.CharField(editable=False, max_length=200)),
                    ('file_sha256', models.CharField(editable=False, max_length=64, verbose_name='file fingerprint')),
                    ('saved_at', models.DateTimeField(editable=False, help_text='As the workbook itself says.', null=True, verbose_name='workbook last saved')),
                    ('expected', models.PositiveIntegerField(default=0, editable=False, verbose_name='lines in the file')),
                    ('progress', models.PositiveIntegerField(default=0, editable=False, verbose_name='lines gone through')),
                    ('attempts', models.PositiveSmallIntegerField(default=0, editable=False)),
                    ('touched_at', models.DateTimeField(editable=False, null=True, verbose_name='last worked on')),
                    ('totals', models.JSONField(default=dict, editable=False)),
                    ('notes', models.JSONField(default=list, editable=False)),
                    ('refusal', models.TextField(blank=True, editable=False)),
                    ('effective_on', models.DateField(blank=True, help_text='The day it is applied, unless you choose a later one.', null=True, verbose_name='prices hold from')),
                    ('reviewed_at', models.DateTimeField(editable=False, null=True)),
                    ('reviewed_by', models.ForeignKey(editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                    ('approved_at', models.DateTimeField(editable=False, null=True)),
                    ('approved_by', models.ForeignKey(editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                    ('applied_at', models.DateTimeField(editable=False, null=True)),
                ],
                options={
                    'ordering': ['-created_at', '-pk'],
                    'permissions': [('review_import', 'Can decide about the lines of an import'), ('approve_import', 'Can approve a reviewed import'), ('undo_import', 'Can undo an import')],
                    'indexes': [models.Index(fields=['supplier', 'file_sha256'], name='catalog_import_file')],
                    'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('reviewed_at__isnull', True), ('reviewed_by__isnull', True)), models.Q(('reviewed_at__isnull', False), ('reviewed_by__isnull', False)), _connector='OR'), name='catalog_import_reviewed_at_with_reviewed_by'), models.CheckConstraint(condition=models.Q(models.Q(('approved_at__isnull', True), ('approved_by__isnull', True)), models.Q(('approved_at__isnull', False), ('approved_by__isnull', False)), _connector='OR'), name='catalog_import_approved_at_with_approved_by'), models.UniqueConstraint(condition=models.Q(('status__in', ['received', 'reading', 'checked', 'reviewed', 'approved'])), fields=('supplier', 'file_sha256'), name='catalog_import_once_under_way', violation_error_message='This very file is under way already.')],
                },
            ),
            migrations.CreateModel(
                name='Product',
                fields=[
                    ('id', models.UUIDField(default=config.base.uuid7, editable=False, primary_key=True, serialize=False)),
                    ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                    ('kind', models.CharField(choices=[('cannabis', 'Medicinal cannabis'), ('conventional', 'Ordinary medicine')], default='cannabis', max_length=20)),
                    ('supplier', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='products', to='catalog.supplier')),
                    ('brand', models.CharField(blank=True, max_length=100)),
                    ('name', models.CharField(max_length=300)),
                    ('gtin13', models.CharField(blank=True, max_length=13, verbose_name='GTIN-13')),
                    ('product_code', models.CharField(blank=True, max_length=50)),
                    ('pbs_code', models.CharField(blank=True, max_length=10, verbose_name='PBS item code')),
                    ('manufacturer', models.CharField(blank=True, max_length=100)),
                    ('strength', models.CharField(blank=True, help_text='For ordinary medicines: 500 mg.', max_length=100)),
                    ('dose_form', models.CharField(blank=True, choices=[('dried_herb', 'Dried herb'), ('oral_liquid', 'Oral liquid'), ('vape', 'Vape cartridge'), ('lozenge', 'Pastille, lozenge or gummy'), ('capsule', 'Capsule'), ('tablet', 'Tablet'), ('wafer', 'Wafer'), ('oromucosal_spray', 'Oromucosal spray'), ('topical', 'Cream or gel'), ('suppository', 'Suppository'), ('inhaler', 'Inhaler'), ('injection', 'Injection'), ('drops', 'Drops')], max_length=20)),
                    ('dose_form_stated', models.CharField(blank=True, max_length=300)),
                    ('size_value', models.DecimalField(blank=True, decimal_places=3, max_digits=9, null=True)),
                    ('size_unit', models.CharField(blank=True, choices=[('g', 'g'), ('mL', 'mL'), ('mg', 'mg'), ('pastille', 'Pastille'), ('capsule', 'Capsule'), ('tablet', 'Tablet'), ('wafer', 'Wafer'), ('lozenge', 'Lozenge'), ('gummy', 'Gummy'), ('piece', 'Piece'), ('spray', 'Spray'), ('suppository', 'Suppository'), ('unit', 'Unit'), ('dose', 'Dose'), ('patch', 'Patch'), ('ampoule', 'Ampoule'), ('vial', 'Vial'), ('inhaler', 'Inhaler'), ('pen', 'Pen')], max_length=20)),
                    ('thc_op', models.CharField(blank=True, choices=[('=', 'exactly'), ('<', 'less than'), ('<=', 'at most')], max_length=2, verbose_name='THC is')),
                    ('thc_value', models.DecimalField(blank=True, decimal_places=4, max_digits=9, null=True, verbose_name='THC')),
                    ('thc_unit', models.CharField(blank=True, choices=[('%', '% w/w'), ('mg/mL', 'mg/mL'), ('mg/g', 'mg/g'), ('mg', 'mg')], max_length=10, verbose_name='THC unit')),
                    ('thc_basis', models.CharField(blank=True, choices=[('weight', 'of the weight'), ('volume', 'of the volume'), ('unit', 'per piece'), ('container', 'per container')], max_length=10, verbose_name='THC is told')),
                    ('cbd_op', models.CharField(blank=True, choices=[('=', 'exactly'), ('<', 'less than'), ('<=', 'at most')], max_length=2, verbose_name='CBD is')),
                    ('cbd_value', models.DecimalField(blank=True, decimal_places=4, max_digits=9, null=True, verbose_name='CBD')),
                    ('cbd_unit', models.CharField(blank=True, choices=[('%', '% w/w'), ('mg/mL', 'mg/mL'), ('mg/g', 'mg/g'), ('mg', 'mg')], max_length=10, verbose_name='CBD unit')),
                    ('cbd_basis', models.CharField(blank=True, choices=[('weight', 'of the weight'), ('volume', 'of the volume'), ('unit', 'per piece'), ('container', 'per container')], max_length=10, verbose_name='CBD is told')),
                    ('other_cannabinoids', models.JSONField(blank=True, default=dict)),
                    ('is_composition_known', models.BooleanField(default=True, help_text='No when the list has a strength that cannot be read, or leaves one blank.', verbose_name='composition known')),
                    ('tga_category_stated', models.PositiveSmallIntegerField(blank=True, null=True, verbose_name='TGA category stated')),
                    ('tga_category', models.PositiveSmallIntegerField(blank=True, help_text='Computed from the composition.', null=True, verbose_name='TGA category')),
                    ('is_category_disputed', models.BooleanField(default=False, verbose_name='category in doubt')),
                    ('schedule_stated', models.CharField(blank=True, choices=[('S2', 'S2 Pharmacy medicine'), ('S3', 'S3 Pharmacist only'), ('S4', 'S4 Prescription only'), ('S8', 'S8 Controlled drug')], max_length=2)),
                    ('schedule', models.CharField(blank=True, choices=[('S2', 'S2 Pharmacy medicine'), ('S3', 'S3 Pharmacist only'), ('S4', 'S4 Prescription only'), ('S8', 'S8 Controlled drug')], help_text='Computed from the composition.', max_length=2)),
                    ('is_schedule_disputed', models.BooleanField(default=False, verbose_name='schedule in doubt')),
                    ('pathway', models.CharField(blank=True, choices=[('unapproved', 'Unapproved: SAS or Authorised Prescriber'), ('registered', 'Registered (ARTG)')], default='unapproved', help_text='None where what the list says contradicts itself.', max_length=20)),
                    ('artg_id', models.CharField(blank=True, max_length=20, verbose_name='ARTG ID')),
                    ('strain_type', models.CharField(blank=True, max_length=50)),
                    ('cultivar', models.CharField(blank=True, max_length=300)),
                    ('lineage', models.CharField(blank=True, max_length=300)),
                    ('terpenes', models.CharField(blank=True, max_length=300)),
                    ('storage', models.CharField(blank=True, max_length=300)),
                    ('packaging', models.CharField(blank=True, max_length=300)),
                    ('supply', models.CharField(choices=[('active', 'Active'), ('to_be_released', 'To be released'), ('out_of_stock', 'Out of stock'), ('discontinued', 'Discontinued')], default='active', max_length=20)),
                    ('availability', models.CharField(blank=True, help_text="In the supplier's words.", max_length=300)),
                    ('available_on', models.DateField(blank=True, null=True)),
                    ('review_codes', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=40), blank=True, default=list, size=None)),
                    ('is_strength_settled', models.BooleanField(default=False, editable=False, help_text='Somebody decided that the strength is right although something casts doubt on it.', verbose_name='strength looked at')),
                    ('words', models.GeneratedField(db_persist=True, expression=models.Func(models.F('name'), models.F('brand'), models.F('cultivar'), models.F('manufacturer'), models.F('strength'), models.F('product_code'), models.F('pbs_code'), models.F('gtin13'), models.F('dose_form'), models.F('dose_form_stated'), models.F('thc_value'), models.F('cbd_value'), models.F('other_cannabinoids'), function='catalog_product_words'), output_field=models.TextField())),
                    ('is_prescribable', models.GeneratedField(db_persist=True, expression=models.Case(models.When(models.Q(('is_composition_known', True), ('supply', 'active'), models.Q(('schedule', ''), _negated=True), models.Q(('pathway', ''), _negated=True), models.Q(('kind', 'conventional'), models.Q(('size_value__isnull', False), models.Q(('thc_basis', ''), ('thc_unit', 'mg'), _negated=True), models.Q(('cbd_basis', ''), ('cbd_unit', 'mg'), _negated=True), models.Q(('is_strength_settled', True), models.Q(('review_codes__overlap', ['strength_changed', 'potency_unreadable', 'potency_unit_missing', 'potency_looks_like_fraction', 'potency_without_basis', 'potency_disagrees', 'potency_unusual', 'comma_in_number', 'digits_hidden', 'name_disagrees_with_potency', 'total_disagrees']), _negated=True), _connector='OR'), ('is_category_disputed', False), ('is_schedule_disputed', False), ('tga_category__isnull', False), models.Q(('tga_category_stated__isnull', True), ('tga_category_stated', models.F('tga_category')), _connector='OR')), _connector='OR')), then=True), default=False, output_field=models.BooleanField()), output_field=models.BooleanField())),
                ],
                options={
                    'ordering': ['name', 'brand', 'pk'],
                    'indexes': [django.contrib.postgres.indexes.GinIndex(fields=['words'], name='catalog_product_words', opclasses=['gin_trgm_ops']), models.Index(fields=['kind', 'supply', 'dose_form'], name='catalog_product_shelf'), models.Index(fields=['tga_category'], name='catalog_product_category'), models.Index(fields=['name', 'brand', 'id'], name='catalog_product_in_order'), models.Index(fields=['thc_unit', 'thc_basis', 'thc_value'], name='catalog_product_thc'), models.Index(fields=['cbd_unit', 'cbd_basis', 'cbd_value'], name='catalog_product_cbd')],
                    'constraints': [models.UniqueConstraint(condition=models.Q(('gtin13', ''), _negated=True), fields=('gtin13',), name='catalog_product_once_per_barcode', violation_error_message='There is a product with this barcode already.'), models.UniqueConstraint(models.F('kind'), models.F('supplier'), django.db.models.functions.text.Lower('brand'), django.db.models.functions.text.Lower('name'), models.F('strength'), models.F('dose_form'), models.F('size_value'), models.F('size_unit'), condition=models.Q(('gtin13', '')), name='catalog_product_once_per_identity', nulls_distinct=False, violation_error_message='This product of the supplier is listed already.'), models.CheckConstraint(condition=models.Q(('gtin13', ''), ('gtin13__regex', '^\\d{13}$'), _connector='OR'), name='catalog_product_barcode_has_13_digits', violation_error_message='A barcode has 13 digits.'), models.CheckConstraint(condition=models.Q(('kind', 'conventional'), ('supplier__isnull', False), _connector='OR'), name='catalog_product_has_a_supplier', violation_error_message='Medicinal cannabis needs a supplier.'), models.CheckConstraint(condition=models.Q(models.Q(('tga_category__isnull', True), ('tga_category__range', (1, 5)), _connector='OR'), models.Q(('tga_category_stated__isnull', True), ('tga_category_stated__range', (1, 5)), _connector='OR')), name='catalog_product_category_1_to_5', violation_error_message='TGA categories are 1 to 5.'), models.CheckConstraint(condition=models.Q(('kind', 'conventional'), models.Q(('schedule', ''), ('tga_category__isnull', True)), models.Q(('schedule', 'S4'), ('tga_category', 1), ('tga_category__isnull', False)), models.Q(('schedule', 'S8'), ('tga_category__in', (2, 3, 4, 5)), ('tga_category__isnull', False)), _connector='OR'), name='catalog_product_schedule_follows_category', violation_error_message='Category 1 is Schedule 4; categories 2 to 5 are Schedule 8.'), models.CheckConstraint(condition=models.Q(models.Q(('thc_basis', ''), ('thc_op', ''), ('thc_unit', ''), ('thc_value__isnull', True)), models.Q(('thc_op__in', ['=', '<', '<=']), ('thc_value__gte', 0), ('thc_value__isnull', False), models.Q(models.Q(('thc_basis__in', ['weight']), ('thc_unit', '%')), models.Q(('thc_basis__in', ['volume']), ('thc_unit', 'mg/mL')), models.Q(('thc_basis__in', ['weight']), ('thc_unit', 'mg/g')), models.Q(('thc_basis__in', ['', 'unit', 'container']), ('thc_unit', 'mg')), _connector='OR')), _connector='OR'), name='catalog_product_thc_is_whole', violation_error_message='THC needs a number with its unit and what it is told of, or nothing.'), models.CheckConstraint(condition=models.Q(models.Q(('cbd_basis', ''), ('cbd_op', ''), ('cbd_unit', ''), ('cbd_value__isnull', True)), models.Q(('cbd_op__in', ['=', '<', '<=']), ('cbd_value__gte', 0), ('cbd_value__isnull', False), models.Q(models.Q(('cbd_basis__in', ['weight']), ('cbd_unit', '%')), models.Q(('cbd_basis__in', ['volume']), ('cbd_unit', 'mg/mL')), models.Q(('cbd_basis__in', ['weight']), ('cbd_unit', 'mg/g')), models.Q(('cbd_basis__in', ['', 'unit', 'container']), ('cbd_unit', 'mg')), _connector='OR')), _connector='OR'), name='catalog_product_cbd_is_whole', violation_error_message='CBD needs a number with its unit and what it is told of, or nothing.'), models.CheckConstraint(condition=catalog.models.measures.AreStrengths(models.F('other_cannabinoids')), name='catalog_product_others_are_strengths', violation_error_message='Another cannabinoid needs a number with its unit and what it is told of.'), models.CheckConstraint(condition=models.Q(models.Q(('size_unit', ''), ('size_value__isnull', True)), models.Q(('size_unit__in', ['g', 'mL', 'mg', 'pastille', 'capsule', 'tablet', 'wafer', 'lozenge', 'gummy', 'piece', 'spray', 'suppository', 'unit', 'dose', 'patch', 'ampoule', 'vial', 'inhaler', 'pen']), ('size_value__gt', 0), ('size_value__isnull', False)), _connector='OR'), name='catalog_product_size_is_whole', violation_error_message='A pack has a number with its unit, or nothing.'), models.CheckConstraint(condition=models.Q(('kind', 'conventional'), ('strength', ''), _connector='OR'), name='catalog_product_cannabis_has_potencies', violation_error_message='The strength of cannabis is told per cannabinoid, not in words.'), models.CheckConstraint(condition=models.Q(('pbs_code', ''), ('pbs_code__regex', '^\\d{4,5}[A-Z]$'), _connector='OR'), name='catalog_product_pbs_code_is_one', violation_error_message='A PBS item code is four or five digits and a letter: 8173E.'), models.CheckConstraint(condition=models.Q(('artg_id', ''), ('artg_id__regex', '^\\d{1,8}$'), _connector='OR'), name='catalog_product_artg_id_is_a_number', violation_error_message='An ARTG ID is a number.'), models.CheckConstraint(condition=models.Q(('kind', 'conventional'), ('pathway', ''), models.Q(('artg_id__gt', ''), ('pathway', 'registered')), models.Q(('artg_id', ''), ('pathway', 'unapproved')), _connector='OR'), name='catalog_product_pathway_follows_artg', violation_error_message='A registered product has an ARTG ID, an unapproved one has none.'), models.CheckConstraint(condition=models.Q(('kind__in', ['cannabis', 'conventional'])), name='catalog_product_kind_is_coded', violation_error_message='This kind is not one that we know.'), models.CheckConstraint(condition=models.Q(('dose_form__in', ['', 'dried_herb', 'oral_liquid', 'vape', 'lozenge', 'capsule', 'tablet', 'wafer', 'oromucosal_spray', 'topical', 'suppository', 'inhaler', 'injection', 'drops'])), name='catalog_product_dose_form_is_coded', violation_error_message='This dose form is not one that we know.'), models.CheckConstraint(condition=models.Q(('supply__in', ['active', 'to_be_released', 'out_of_stock', 'discontinued'])), name='catalog_product_supply_is_coded', violation_error_message='This supply is not one that we know.'), models.CheckConstraint(condition=models.Q(('schedule__in', ['', 'S2', 'S3', 'S4', 'S8'])), name='catalog_product_schedule_is_coded', violation_error_message='This schedule is not one that we know.'), models.CheckConstraint(condition=models.Q(('schedule_stated__in', ['', 'S2', 'S3', 'S4', 'S8'])), name='catalog_product_schedule_stated_is_coded', violation_error_message='This schedule stated is not one that we know.')],
                },
            ),
            migrations.CreateModel(
                name='SheetLayout',
                fields=[
                    ('id', models.UUIDField(default=config.base.uuid7, editable=False, primary_key=True, serialize=False)),
                    ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                    ('supplier', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='layouts', to='catalog.supplier')),
                    ('status', models.CharField(choices=[('draft', 'Draft'), ('in_use', 'In use'), ('retired', 'Retired')], default='draft', editable=False, max_length=20)),
                    ('declaration', models.JSONField(blank=True, default=dict, editable=False)),
                    ('sample', models.FileField(editable=False, max_length=200, upload_to='')),
                    ('sample_name', models.CharField(editable=False, max_length=200)),
                    ('sample_sha256', models.CharField(editable=False, max_length=64, verbose_name="sample's fingerprint")),
                ],
                options={
                    'verbose_name': 'layout of a list',
                    'verbose_name_plural': 'layouts of lists',
                    'ordering': ['supplier__name', '-created_at', '-pk'],
                    'constraints': [models.UniqueConstraint(condition=models.Q(('status', 'in_use')), fields=('supplier',), name='catalog_sheetlayout_one_in_use', violation_error_message='Another layout of this supplier is in use.'), models.CheckConstraint(condition=models.Q(models.Q(('status', 'in_use'), _negated=True), ('declaration__has_key', 'sheets'), _connector='OR'), name='catalog_sheetlayout_in_use_is_matched', violation_error_message='The columns are not matched yet.')],
                },
            ),
            migrations.CreateModel(
                name='ChangeSet',
                fields=[
                    ('id', models.UUIDField(default=config.base.uuid7, editable=False, primary_key=True, serialize=False)),
                    ('recorded_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                    ('recorded_by', models.ForeignKey(blank=True, editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                    ('trace', models.JSONField(default=config.tracing.current, editable=False)),
                    ('run', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='change_sets', to='catalog.import', verbose_name='import')),
                    ('kind', models.CharField(choices=[('applied', 'Applied'), ('undone', 'Undone')], max_length=10)),
                    ('effective_on', models.DateField(verbose_name='prices hold from')),
                    ('why', models.CharField(blank=True, max_length=300)),
                    ('counts', models.JSONField(default=dict)),
                    ('kept', models.JSONField(default=list, help_text='Products that had changed since, and were left alone.')),
                ],
                options={
                    'ordering': ['-pk'],
                    'constraints': [models.UniqueConstraint(fields=('run', 'kind'), name='catalog_changeset_once')],
                },
            ),
            migrations.CreateModel(
                name='ImportRow',
                fields=[
                    ('id', models.UUIDField(default=config.base.uuid7, editable=False, primary_key=True, serialize=False)),
                    ('recorded_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                    ('recorded_by', models.ForeignKey(blank=True, editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                    ('trace', models.JSONField(default=config.tracing.current, editable=False)),
                    ('run', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='rows', to='catalog.import', verbose_name='import')),
                    ('position', models.PositiveIntegerField(verbose_name='line')),
                    ('sheet', models.CharField(max_length=100)),
                    ('cell', models.CharField(max_length=20)),
                    ('line', models.CharField(max_length=30, verbose_name='row or column')),
                    ('raw', models.JSONField(help_text='Every filled cell of the line, by its address, as it stands there.')),
                    ('cells', models.JSONField(default=dict, help_text='The cell that each value comes from.')),
                    ('stated', models.JSONField()),
                    ('findings', models.JSONField(default=list)),
                    ('outcome', models.CharField(choices=[('new', 'New'), ('changed', 'Changed'), ('unchanged', 'Unchanged'), ('gone', 'Gone from the list'), ('error', 'Not taken')], max_length=20)),
                    ('needs_decision', models.BooleanField(default=False, verbose_name='needs review')),
                    ('changes', models.JSONField(default=dict, help_text='What would be written: now, and then.')),
                    ('relies_on', models.JSONField(default=dict, help_text='What has to stay as it was for the changes to hold.')),
                    ('product', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='import_rows', to='catalog.product')),
                ],
                options={
                    'verbose_name': 'line of an import',
                    'verbose_name_plural': 'lines of imports',
                    'ordering': ['run', 'position'],
                    'constraints': [models.UniqueConstraint(fields=('run', 'position'), name='catalog_importrow_once_per_line')],
                },
            ),
            migrations.CreateModel(
                name='Price',
                fields=[
                    ('id', models.UUIDField(default=config.base.uuid7, editable=False, primary_key=True, serialize=False)),
                    ('recorded_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                    ('recorded_by', models.ForeignKey(blank=True, editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                    ('trace', models.JSONField(default=config.tracing.current, editable=False)),
                    ('product', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='prices', to='catalog.product')),
                    ('kind', models.CharField(choices=[('wholesale', 'Wholesale'), ('retail', 'Retail')], max_length=10)),
                    ('amount', config.base.MoneyField(decimal_places=2, help_text='Empty: from this day on it has no price.', max_digits=10, null=True)),
                    ('gst', models.CharField(blank=True, choices=[('ex', 'excluding GST'), ('inc', 'including GST')], max_length=3, verbose_name='GST')),
                    ('effective_on', models.DateField(default=django.utils.timezone.localdate, verbose_name='from')),
                    ('run', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='prices', to='catalog.import', verbose_name='import')),
                ],
                options={
                    'ordering': ['-effective_on', '-pk'],
                    'indexes': [models.Index(fields=['product', 'kind', '-effective_on'], name='catalog_price_in_force')],
                    'constraints': [models.CheckConstraint(condition=models.Q(('amount__gt', 0)), name='catalog_price_is_positive', violation_error_message='A price is more than nothing; leave it out where there is none.')],
                },
            ),
            migrations.CreateModel(
                name='Decision',
                fields=[
                    ('id', models.UUIDField(default=config.base.uuid7, editable=False, primary_key=True, serialize=False)),
                    ('recorded_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                    ('recorded_by', models.ForeignKey(blank=True, editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                    ('trace', models.JSONField(default=config.tracing.current, editable=False)),
                    ('row', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='decisions', to='catalog.importrow')),
                    ('verdict', models.CharField(choices=[('take', 'Take over'), ('leave', 'Leave as it is'), ('quarantine', 'Put aside and ask the supplier')], max_length=20)),
                    ('reason', models.CharField(max_length=300)),
                    ('at_terminal', models.BooleanField(default=False, help_text='Nobody looked at the line.')),
                ],
                options={
                    'ordering': ['-pk'],
                    'constraints': [models.CheckConstraint(condition=models.Q(('reason', ''), _negated=True), name='catalog_decision_has_a_reason', violation_error_message='Please say why.')],
                },
            ),
        ]),
    ]
