"""What stands on the papers of a deal, and the papers as files."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from loupan.core.formatting import area_text, money_text, rate_text
from loupan.core.identity import mask_id_number
from loupan.core.words import amount_in_words
from loupan.customers.models import Customer
from loupan.documents import queries as documents
from loupan.documents.models import PaperKind
from loupan.documents.queries import qr_of
from loupan.documents.rules.papers import FORMS
from loupan.inventory.models import Unit
from loupan.ledger import queries as ledger
from loupan.ledger.models import MoneyType, PaymentMethod, Receipt, Receivable
from loupan.org.models import Project, User
from loupan.org.queries import letterhead_of
from loupan.pricing.queries.offers import Offer, OfferLine
from loupan.sales.models import Contract, Deal, ProvisionalReservation, Reservation
from loupan.sales.queries.attached import attached_of
from loupan.sales.states import AttachedPricing

# Papers are Chinese legal forms in every language of the interface; their words are part of the form.
MONEY_WORDS = {
    MoneyType.DEPOSIT: "定金",
    MoneyType.DOWN_PAYMENT: "首付款",
    MoneyType.INSTALMENT: "分期款",
    MoneyType.COMMERCIAL_LOAN: "商业贷款",
    MoneyType.PROVIDENT_LOAN: "公积金贷款",
    MoneyType.BALANCE: "余款",
    MoneyType.ADVANCE_PAYMENT: "小订金",
    MoneyType.PENALTY: "违约金",
}


METHOD_WORDS = {
    PaymentMethod.CASH: "现金",
    PaymentMethod.POS: "刷卡",
    PaymentMethod.TRANSFER: "转账",
    PaymentMethod.CHEQUE: "支票",
    PaymentMethod.QR: "扫码",
    PaymentMethod.LOAN: "贷款发放",
}


RECEIPT_TITLES = {
    Receipt.Kind.RECEIPT: "收据",
    Receipt.Kind.REFUND: "退款单",
    Receipt.Kind.REVERSAL: "红字收据",
    Receipt.Kind.FORFEIT: "违约金确认单",
    Receipt.Kind.TRANSFER: "转款单",
}


def sees_full_numbers(viewer: User, project_id: int) -> bool:
    """Whether papers printed by this person carry whole ID numbers: who signs contracts, or reveals."""
    return viewer.may("customers.reveal_id", project_id) or viewer.may(
        "sales.sign_contract", project_id
    )


def buyer_words(
    customer: Customer, share: Decimal, viewer: User, project_id: int
) -> dict[str, str]:
    """A party as it stands on a paper, numbers masked unless the printer may see them."""
    number = customer.person.id_number
    if not sees_full_numbers(viewer, project_id):
        number = mask_id_number(number)
    full = viewer.may("customers.reveal_phone", project_id)
    phone = next((p.number if full else p.masked for p in customer.phones.all()), "")
    return {
        "name": customer.name,
        "id_number": number,
        "phone": phone,
        "share": rate_text(share),
    }


def schedule_words(lines: Iterable[ledger.Line | OfferLine]) -> list[dict[str, str]]:
    return [
        {
            "money_type": MONEY_WORDS[MoneyType(line.money_type)],
            "amount": money_text(line.amount),
            "due_on": line.due_on.isoformat() if line.due_on else "",
            "note": line.note,
        }
        for line in lines
    ]


PRODUCT_WORDS = {
    "parking": "车位",
    "storage": "储藏室",
    "garden": "花园",
    "roof": "屋顶露台",
}


def attached_words(
    unit: Unit, pricing: str, list_total: Decimal, amount: Decimal
) -> dict[str, str]:
    """A unit that goes with the main one, as it stands on a paper."""
    is_inside = pricing == AttachedPricing.INSIDE
    return {
        "unit": unit.number,
        "product": PRODUCT_WORDS.get(unit.product_type, ""),
        "built_area": area_text(unit.built_area),
        "list_total": money_text(list_total),
        "amount": "含在房价内" if is_inside else money_text(amount),
    }


def _price_words(priced: Deal | Offer, unit: Unit, plan_name: str) -> dict[str, Any]:
    permit = unit.building.permit
    return {
        "company": unit.project.company.name,
        "reservation_word": unit.project.words.get("sales.reservation", ""),
        "project": unit.project.name,
        "unit": unit.number,
        "permit": permit.number if permit else "",
        "built_area": area_text(priced.built_area),
        "inner_area": area_text(priced.inner_area),
        "list_total": money_text(priced.list_total),
        "overall_rate": rate_text(priced.overall_rate),
        "deal_total": money_text(priced.deal_total),
        "deal_total_in_words": amount_in_words(priced.deal_total),
        "deal_unit_price": money_text(priced.deal_unit_price),
        "plan": plan_name,
        "attached_total": money_text(priced.attached_total),
        "main_total": money_text(priced.deal_total - priced.attached_total),
        "deposit": money_text(priced.deposit),
        "deposit_in_words": amount_in_words(priced.deposit),
    }


def deal_fields(
    deal: Deal, viewer: User, *, address: str, foot: str, mark: str = ""
) -> dict[str, Any]:
    """The merge fields of the reservation agreement and the contract of a deal.

    The agreement stands as it was made: its schedule is that in force, its price that of the deal.
    `address` is the absolute address of the record, drawn as a QR code.
    """
    unit = Unit.objects.select_related("project__company", "building__permit").get(pk=deal.unit_id)
    reservation = Reservation.objects.filter(deal=deal).first()
    contract = Contract.objects.filter(deal=deal, is_void=False).first()
    buyers = (
        deal.buyers.select_related("customer__person")
        .prefetch_related("customer__phones")
        .order_by("seq", "id")
    )
    return {
        **_price_words(deal, unit, deal.payment_plan.name),
        "reservation_number": reservation.number if reservation else "",
        "reserved_on": deal.reserved_on.isoformat(),
        "sign_by": reservation.sign_by.isoformat() if reservation else "",
        "contract_number": contract.number if contract else "",
        "signed_on": contract.signed_on.isoformat() if contract else "",
        "terms": contract.terms if contract else "",
        "buyers": [buyer_words(row.customer, row.share, viewer, deal.project_id) for row in buyers],
        "attached": [
            attached_words(row.unit, row.pricing, row.list_total, row.amount)
            for row in attached_of(deal)
        ],
        "schedule": schedule_words(ledger.lines_of(deal.account_id)),
        "qr": qr_of(address) if address else "",
        "foot": foot,
        "mark": mark,
    }


def offer_fields(
    offer: Offer, unit: Unit, buyers: Iterable[tuple[Customer, Decimal]], viewer: User
) -> dict[str, Any]:
    """The same for a reservation that is still being written: for its print preview."""
    there = Unit.objects.select_related("project__company", "building__permit").get(pk=unit.pk)
    return {
        **_price_words(offer, there, offer.plan_name),
        "reservation_number": "",
        "reserved_on": offer.reserve_on.isoformat(),
        "sign_by": offer.sign_by.isoformat(),
        "buyers": [buyer_words(who, share, viewer, unit.project_id) for who, share in buyers],
        "attached": [
            attached_words(
                each.unit, "inside" if each.is_inside else "separate", each.list_total, each.amount
            )
            for each in offer.attached
        ],
        "schedule": schedule_words(offer.schedule),
        "qr": "",
        "foot": "草稿",
        "mark": "草稿",
    }


def receipt_fields(
    receipt: Receipt,
    deal: Deal | ProvisionalReservation,
    *,
    address: str,
    foot: str,
    mark: str = "",
) -> dict[str, Any]:
    """The merge fields of a receipt, a refund or a reversal; nothing on it is ever altered."""
    parts: dict[int, Decimal] = {}
    for share in receipt.allocations.all():
        parts[share.receivable_id] = parts.get(share.receivable_id, Decimal(0)) + share.amount
    lines = Receivable.objects.in_bulk(list(parts))
    account = receipt.bank_account
    return {
        "title": RECEIPT_TITLES[Receipt.Kind(receipt.kind)],
        "company": deal.project.company.name,
        "number": receipt.number,
        "received_on": receipt.received_on.isoformat(),
        "payer": receipt.payer,
        "unit": f"{deal.project.name} {deal.unit.number}",
        "amount": money_text(receipt.amount),
        "amount_in_words": amount_in_words(receipt.amount),
        "method": METHOD_WORDS[PaymentMethod(receipt.method)],
        "account": f"{account.name} {account.bank} {account.number}" if account else "—",
        "cashier": str(receipt.by),
        "reason": receipt.reason,
        "allocations": [
            {
                "money_type": MONEY_WORDS[MoneyType(lines[pk].money_type)],
                "due_on": f"{lines[pk].due_on or ''}",
                "amount": money_text(amount),
            }
            for pk, amount in parts.items()
            if amount
        ],
        "qr": qr_of(address) if address else "",
        "foot": foot,
        "mark": mark,
    }


def mark_of(copy_no: int) -> str:
    """What a reprint bears: the first copy nothing, the later ones their number."""
    return f"副本 第{copy_no}份" if copy_no > 1 else ""


def paper_record(deal: Deal, kind: str) -> Reservation | Contract | None:
    """What a paper of this kind is about; None while the deal has no such thing."""
    if kind == PaperKind.RESERVATION_AGREEMENT:
        return Reservation.objects.filter(deal=deal).first()
    return (
        Contract.objects.filter(deal=deal, is_void=False).first()
        if kind == PaperKind.CONTRACT
        else None
    )


def paper_file(kind: str, form: str, project: Project, fields: Mapping[str, Any]) -> bytes:
    """The built-in form as PDF, or the office's Word template filled in."""
    if form == "docx":
        return documents.docx_of(kind, project, fields)
    return documents.pdf_of(FORMS[kind](fields), letterhead_of(project.company))
