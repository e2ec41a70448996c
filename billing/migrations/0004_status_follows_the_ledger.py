import config.base
import django.db.models.expressions
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('billing', '0003_the_ledgers_guards'),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='order',
            name='billing_order_waived_at_with_waived_by',
        ),
        migrations.RemoveField(
            model_name='historicalorder',
            name='paid_at',
        ),
        migrations.RemoveField(
            model_name='historicalorder',
            name='status',
        ),
        migrations.RemoveField(
            model_name='historicalorder',
            name='waived_at',
        ),
        migrations.RemoveField(
            model_name='historicalorder',
            name='waived_by',
        ),
        migrations.RemoveField(
            model_name='order',
            name='paid_at',
        ),
        migrations.RemoveField(
            model_name='order',
            name='waived_at',
        ),
        migrations.RemoveField(
            model_name='order',
            name='waived_by',
        ),
        migrations.RemoveField(
            model_name='order',
            name='status',
        ),
        migrations.AddField(
            model_name='order',
            name='status',
            field=models.GeneratedField(choices=[('open', 'Open'), ('paid', 'Paid'), ('waived', 'Waived'), ('written_off', 'Written off'), ('void', 'Void'), ('refunding', 'Refunding'), ('refunded', 'Refunded'), ('disputed', 'Disputed')], db_persist=True, expression=models.Case(models.When(disputed__gt=0, then=models.Value('disputed')), models.When(promised__gt=0, then=models.Value('refunding')), models.When(owing__gt=0, then=models.Value('open')), models.When(paid__gt=django.db.models.expressions.CombinedExpression(models.F('refunded'), '+', models.F('lost')), then=models.Value('paid')), models.When(then=models.Value('waived'), waived__gt=0), models.When(then=models.Value('written_off'), written_off__gt=0), models.When(models.Q(('refunded__gt', 0), ('lost__gt', 0), _connector='OR'), then=models.Value('refunded')), default=models.Value('void')), output_field=models.CharField(choices=[('open', 'Open'), ('paid', 'Paid'), ('waived', 'Waived'), ('written_off', 'Written off'), ('void', 'Void'), ('refunding', 'Refunding'), ('refunded', 'Refunded'), ('disputed', 'Disputed')], max_length=20)),
        ),
        migrations.AddIndex(
            model_name='order',
            index=models.Index(fields=['status'], name='billing_order_status'),
        ),
        migrations.AddConstraint(
            model_name='order',
            constraint=models.CheckConstraint(condition=models.Q(('disputed__gte', 0), ('paid__gte', 0), ('promised__gte', 0), ('refunded__gte', 0)), name='billing_order_sums_not_negative'),
        ),
        migrations.AddConstraint(
            model_name='order',
            constraint=models.CheckConstraint(condition=models.Q(('paid__gte', django.db.models.expressions.CombinedExpression(models.F('refunded'), '+', models.F('promised')))), name='billing_order_gives_back_what_came_in'),
        ),
    ]
