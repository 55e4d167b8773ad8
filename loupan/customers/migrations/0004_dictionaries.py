"""Sources become entries of a dictionary and keep their ids; the other dictionaries get their words."""

import django.db.models.deletion
from django.core.management.color import no_style
from django.db import migrations, models

from loupan.core.append_only import GuardTables

CONTACTS = ("customers_visit", "customers_followup")
# Data of a Chinese sales office: (code, name, English name, code of what it belongs to).
DELIVERED = {
    "customers.source": (
        ("walk_in", "自然到访", "Walked in", ""),
        ("call_in", "来电咨询", "Called", ""),
        ("referral", "老带新", "Recommended by an owner", ""),
        ("channel", "渠道带访", "Brought by a channel", ""),
        ("broker", "中介推荐", "Recommended by an agency", ""),
        ("online", "网络平台", "Online platform", ""),
        ("outdoor", "户外广告", "Outdoor advertising", ""),
        ("short_video", "短视频", "Short video", ""),
        ("wechat", "微信", "WeChat", ""),
        ("event", "展会活动", "Fair or event", ""),
        ("employee", "员工推荐", "Recommended by staff", ""),
        ("other", "其他", "Other", ""),
    ),
    "customers.media": (
        ("online", "线上媒体", "Online media", ""),
        ("portal", "房产网站", "Property portal", "online"),
        ("video", "短视频平台", "Short video platform", "online"),
        ("social", "朋友圈与公众号", "Social media", "online"),
        ("search", "搜索引擎", "Search engine", "online"),
        ("outdoor", "户外媒体", "Outdoor media", ""),
        ("billboard", "高炮与围挡", "Billboards and hoardings", "outdoor"),
        ("transit", "公交与地铁", "Bus and metro", "outdoor"),
        ("lift", "电梯与社区", "Lifts and estates", "outdoor"),
        ("press", "报刊广电", "Press, radio and television", ""),
        ("direct", "直投与活动", "Direct mail and events", ""),
        ("sms", "短信", "Text messages", "direct"),
        ("leaflet", "派单", "Leaflets", "direct"),
        ("fair", "展会", "Fairs", "direct"),
    ),
    "customers.method": (
        ("phone", "电话", "Phone", ""),
        ("wechat", "微信", "WeChat", ""),
        ("meeting", "面谈", "Meeting", ""),
        ("home_visit", "上门", "Home visit", ""),
        ("message", "短信", "Text message", ""),
    ),
    "customers.lost_reason": (
        ("price", "价格", "Price", ""),
        ("total_price", "总价超出预算", "Total above the budget", "price"),
        ("down_payment", "首付不足", "Down payment too high", "price"),
        ("product", "产品", "Product", ""),
        ("layout", "户型不合适", "Layout does not suit", "product"),
        ("floor", "楼层或位置不合适", "Floor or position does not suit", "product"),
        ("handover", "交付时间太晚", "Handover too late", "product"),
        ("location", "地段与配套", "Location", ""),
        ("school", "学区", "Schools", "location"),
        ("transport", "交通", "Transport", "location"),
        ("competitor", "购买竞品", "Bought elsewhere", ""),
        ("qualification", "无购房资格或贷款受限", "No qualification or no loan", ""),
        ("given_up", "暂不购房", "Does not buy for now", ""),
        ("unreachable", "失联", "Cannot be reached", ""),
        ("other", "其他", "Other", ""),
    ),
}


def keep_sources(apps, editor):
    entry = apps.get_model("parameters", "DictionaryEntry")
    rows = [
        entry(
            id=source.pk,
            dictionary="customers.source",
            company_id=source.company_id,
            code=source.code,
            name=source.name,
            is_enabled=source.is_enabled,
            order=number * 10,
        )
        for number, source in enumerate(
            apps.get_model("customers", "Source").objects.order_by("company_id", "code", "id"), 1
        )
    ]
    entry.objects.bulk_create(rows)
    if editor.connection.vendor == "postgresql":
        for sql in editor.connection.ops.sequence_reset_sql(no_style(), [entry]):
            editor.execute(sql)
    deliver(apps, editor)
    if editor.connection.vendor == "postgresql":
        editor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def deliver(apps, editor):
    """The words every office starts with, for the whole group; who has a dictionary keeps its own."""
    entry = apps.get_model("parameters", "DictionaryEntry")
    for dictionary, words in DELIVERED.items():
        made = {}
        if not entry.objects.filter(dictionary=dictionary).exists():
            for number, (code, name, name_en, parent) in enumerate(words, 1):
                made[code] = entry.objects.create(
                    dictionary=dictionary,
                    code=code,
                    name=name,
                    name_en=name_en,
                    parent=made.get(parent),
                    order=number * 10,
                )


def lift(apps, editor):
    """SQLite makes an altered table anew, and its triggers would be gone; they are set again below."""
    GuardTables(*CONTACTS).reverse_code(apps, editor)


class Migration(migrations.Migration):
    dependencies = [
        ("customers", "0003_contacts_only_grow"),
        ("parameters", "0002_dictionaries"),
    ]

    operations = [
        migrations.RunPython(keep_sources),
        migrations.RunPython(lift),
        migrations.AlterField(
            model_name="visit",
            name="source",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="parameters.dictionaryentry",
            ),
        ),
        migrations.AlterField(
            model_name="customer",
            name="source",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="parameters.dictionaryentry",
            ),
        ),
        migrations.AddField(
            model_name="customer",
            name="media",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="parameters.dictionaryentry",
                verbose_name="Media",
            ),
        ),
        migrations.AddField(
            model_name="customer",
            name="region",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="parameters.dictionaryentry",
                verbose_name="Region",
            ),
        ),
        migrations.AddField(
            model_name="followup",
            name="lost_because",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="parameters.dictionaryentry",
                verbose_name="Lost because",
            ),
        ),
        migrations.AlterField(
            model_name="followup",
            name="method",
            field=models.CharField(max_length=20, verbose_name="Method"),
        ),
        migrations.DeleteModel(name="Source"),
        GuardTables(*CONTACTS),
    ]
