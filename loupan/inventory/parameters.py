"""What an office may set about its property."""

UNIT = "inventory.unit"  # The subject of custom fields.
