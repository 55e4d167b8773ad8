"""Gap-free document numbers (PRM-03). Taken last in a transaction, to hold the lock shortest."""

from loupan.core.models import NumberSeries


def next_number(key: str, *, prefix: str = "", width: int = 4) -> str:
    """The next number of a series such as "HC-RG-2025": prefix and zero-padded counter.

    The row lock makes the series gap-free: a rolled-back action gives its number back.
    """
    NumberSeries.objects.get_or_create(key=key)
    rows = NumberSeries.objects.filter(key=key)
    series = rows.select_for_update().get()
    series.last += 1
    series.save(update_fields=["last"])
    return f"{prefix}{series.last:0{width}d}"
