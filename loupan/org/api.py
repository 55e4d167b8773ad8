from ninja import Router

router = Router(tags=["org"])


def bearer(request: object) -> None:
    return None
