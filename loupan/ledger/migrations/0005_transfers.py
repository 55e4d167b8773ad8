import django.db.models.deletion
from django.db import migrations, models
from django.db.models import Q

from loupan.core.append_only import GuardTables

MONEY_TYPES = [
    ("deposit", "Deposit"),
    ("down_payment", "Down payment"),
    ("instalment", "Instalment"),
    ("commercial_loan", "Commercial loan"),
    ("provident_loan", "Provident fund loan"),
    ("balance", "Balance"),
    ("advance_payment", "Advance payment"),
    ("penalty", "Penalty income"),
]


class Migration(migrations.Migration):
    dependencies = [("ledger", "0004_longer_receipt_numbers")]
    operations = [
        migrations.AlterField(
            model_name="receivable",
            name="money_type",
            field=models.CharField(
                choices=MONEY_TYPES, max_length=16, verbose_name="Money type"
            ),
        ),
        migrations.AlterField(
            model_name="receipt",
            name="money_type",
            field=models.CharField(
                blank=True, choices=MONEY_TYPES, max_length=16, verbose_name="Money type"
            ),
        ),
        migrations.AlterField(
            model_name="receipt",
            name="kind",
            field=models.CharField(
                choices=[
                    ("receipt", "Receipt"),
                    ("refund", "Refund"),
                    ("reversal", "Reversal"),
                    ("forfeit", "Forfeiture"),
                    ("transfer", "Transfer"),
                ],
                default="receipt",
                max_length=8,
                verbose_name="Kind",
            ),
        ),
        migrations.AddField(
            model_name="receipt",
            name="carried_from",
            field=models.OneToOneField(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="carried_to",
                to="ledger.receipt",
            ),
        ),
        migrations.RemoveConstraint(model_name="receipt", name="receipt_sign_follows_kind"),
        migrations.AddConstraint(
            model_name="receipt",
            constraint=models.CheckConstraint(
                condition=(Q(kind="receipt") & Q(amount__gt=0))
                | (~Q(kind__in=["receipt", "transfer"]) & Q(amount__lt=0))
                | (Q(kind="transfer") & Q(amount__lt=0) & Q(carried_from__isnull=True))
                | (Q(kind="transfer") & Q(amount__gt=0) & Q(carried_from__isnull=False)),
                name="receipt_sign_follows_kind",
            ),
        ),
        GuardTables("ledger_receivable", "ledger_receipt", "ledger_allocation"),
    ]
