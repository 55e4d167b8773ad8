"""Every address answers every role as the tables here say; an address without a row fails.

Allowed means: the role's post lets it do that in the project of the record, and shows it the record.
Whoever may not gets 403, or 404 where the record is out of sight; a stranger is asked to sign in.
"""

import json
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils.timezone import localdate

from loupan.config.api import api
from loupan.org.models import User
from loupan.org.testing import signed_in, token_for
from tests.world import A_PICTURE, World, a_world

ANYBODY, SIGNED_IN, IN_PROJECT = "anybody", "signed in", "in the project"
Sample = Callable[[World], dict[str, Any]]
FEW = {"PD", "CS", "SC+"}


@dataclass(frozen=True)
class Row:
    """Who may call an address: a permission, and of which function group the record must be seen."""

    permission: str
    sample: dict[str, Callable[[World], Any]] = field(default_factory=dict)
    group: str = ""  # The record is Lin's: narrow scopes see it only through him.
    method: str = "get"
    query: str = ""
    also: str = ""  # A second permission needed.
    data: Sample | None = None  # What is posted.
    is_anywhere: bool = False  # The sample is of no project.
    is_said: bool = False  # Out of reach is said as a refusal (409) about the customer named.
    is_paper: bool = False  # Takes long to draw: of those who may, only a few ask.

    @property
    def is_public(self) -> bool:
        return self.permission == ANYBODY


def of(**sample: Callable[[World], Any]) -> dict[str, Callable[[World], Any]]:
    return sample


UNIT = of(pk=lambda w: w.here.unit.pk)
DEAL = of(pk=lambda w: w.here.deal.pk)
RESERVED = of(pk=lambda w: w.here.reservation.deal_id)
RECEIPT = of(pk=lambda w: w.here.receipt.pk)
KEPT = of(pk=lambda w: w.here.provisional.pk)
UNFILING = of(pk=lambda w: w.here.unfiling.pk)
CUSTOMER = of(pk=lambda w: w.here.customer.pk)
RELATION = of(pk=lambda w: w.here.relation.pk)
LIN = of(pk=lambda w: w.here.office.lin.pk)
BUILDING = of(pk=lambda w: w.here.building.pk)
IMPORT = of(pk=lambda w: w.here.unit_import.pk)
SITE_PLAN = of(pk=lambda w: w.here.site_plan.pk)
A_DICTIONARY = of(code=lambda _w: "customers.source")
AN_ENTRY = of(pk=lambda w: w.here.entry.pk)
A_SERIES = of(code=lambda _w: "sales.contract")
A_SUBJECT = of(subject=lambda _w: "customers.customer")
A_UNITS = of(subject=lambda _w: "inventory.unit")
A_KEY = of(key=lambda _w: "customers.next_contact_days")
CUSTOMER_IMPORT = of(pk=lambda w: w.here.customer_import.pk)
TEMPLATE = of(pk=lambda w: w.here.template.pk)
LIST = of(pk=lambda w: w.here.price_list.pk)
FORMULA = of(pk=lambda w: w.here.formula.pk)
BATCH = of(pk=lambda w: w.here.batch.pk)
PLANNED = of(pk=lambda w: w.here.control_plan.pk)
PROOF = of(pk=lambda w: w.here.proof.pk)
TABLE = of(pk=lambda w: w.here.price_table.pk)


def THE_UNIT(world: World) -> dict[str, Any]:  # noqa: N802  Stands in the table as the others do.
    return {"unit": world.here.unit.pk, "reason": "price review"}


PAGES: dict[str, Row] = {
    # No sign-in
    "healthz": Row(ANYBODY),
    "metrics": Row(ANYBODY),
    "service_worker": Row(ANYBODY),
    "preferences": Row(ANYBODY, method="post"),
    "org:preferences": Row(ANYBODY, method="post"),
    "org:login": Row(ANYBODY),
    "set_language": Row(SIGNED_IN, method="post"),
    # Everybody who is signed in
    "reports:home": Row(SIGNED_IN),
    "reports:search": Row(SIGNED_IN),
    "reports:help": Row(SIGNED_IN),
    "org:account": Row(SIGNED_IN),
    "org:password": Row(SIGNED_IN),
    "org:logout": Row(SIGNED_IN, method="post"),
    "org:tokens": Row(SIGNED_IN, method="post"),
    "org:switch_project": Row(SIGNED_IN, method="post"),
    "org:switch_post": Row(SIGNED_IN, method="post"),
    "core:runs": Row(SIGNED_IN),
    # The organisation
    "org:organisation": Row("org.read"),
    "org:roles": Row("org.read"),
    "org:dossier": Row(IN_PROJECT, query="project"),
    "org:dossier_entry_new": Row("org.edit_dossier"),
    "org:dossier_entry": Row("org.edit_dossier", of(pk=lambda w: w.here.dossier_entry.pk)),
    "org:functions": Row("org.read"),
    "org:duty_exceptions": Row("org.read"),
    "org:users": Row("org.read"),
    "org:user": Row("org.read", LIN),
    "org:preview": Row("org.read", LIN),
    "org:handing_over": Row("org.manage", LIN),
    "org:audit": Row("org.read_log"),
    "org:new_company": Row("org.manage"),
    "org:company": Row("org.manage", of(pk=lambda w: w.here.project.company_id)),
    "org:letterhead": Row("org.manage", of(pk=lambda w: w.here.project.company_id)),
    "org:logo": Row("org.manage", of(pk=lambda w: w.here.headed_company_id)),
    "org:new_project": Row("org.manage"),
    "org:project": Row("org.manage", of(pk=lambda w: w.here.project.pk)),
    "org:staffing": Row("org.manage", of(pk=lambda w: w.here.project.pk)),
    "org:new_department": Row("org.manage"),
    "org:department": Row("org.manage", of(pk=lambda w: w.here.department.pk)),
    "org:new_post": Row("org.manage"),
    "org:post": Row("org.manage", of(pk=lambda w: w.here.office.lin.current_post_id)),
    "org:role": Row("org.manage", of(pk=lambda w: w.here.lins_post.role_id)),
    "org:new_user": Row("org.manage"),
    "org:edit_user": Row("org.manage", LIN),
    "org:disabling": Row("org.manage", LIN, method="post"),
    "org:enabling": Row("org.manage", LIN, method="post"),
    "org:password_reset": Row("org.manage", LIN, method="post"),
    "org:unlocking": Row("org.manage", LIN, method="post"),
    "org:holdings": Row("org.manage", LIN, method="post"),
    "org:leaving": Row(
        "org.manage", {**LIN, "post_id": lambda w: w.here.office.lin.current_post_id}, method="post"
    ),
    # Parameters
    "parameters:values": Row("parameters.read", query="place"),
    "parameters:value": Row("parameters.read", A_KEY, query="place"),
    "parameters:dictionaries": Row("parameters.read", query="place"),
    "parameters:dictionary": Row("parameters.read", A_DICTIONARY, query="place"),
    "parameters:entry_new": Row("parameters.manage", A_DICTIONARY, query="place"),
    "parameters:entries_import": Row(
        "parameters.manage", A_DICTIONARY, method="post", query="place"
    ),
    "parameters:entry": Row("parameters.read", AN_ENTRY),
    "parameters:merging": Row("parameters.manage", AN_ENTRY, method="post"),
    "parameters:shifting": Row("parameters.manage", AN_ENTRY, method="post"),
    "parameters:disabling": Row("parameters.manage", AN_ENTRY, method="post"),
    "parameters:enabling": Row("parameters.manage", AN_ENTRY, method="post"),
    "parameters:numberings": Row("parameters.read", query="place"),
    "parameters:numbering": Row("parameters.read", A_SERIES, query="place"),
    "parameters:numbering_taking_back": Row(
        "parameters.manage", A_SERIES, method="post", query="place"
    ),
    "parameters:custom_fields": Row("parameters.read", query="place"),
    "parameters:custom_field": Row("parameters.read", of(pk=lambda w: w.here.field.pk)),
    "parameters:custom_field_new": Row("parameters.manage", A_SUBJECT, query="place"),
    "parameters:record_fields": Row("inventory.read_board", {**A_UNITS, **UNIT}),
    "parameters:record_panel": Row("inventory.read_board", {**A_UNITS, **UNIT}),
    "parameters:holidays": Row("parameters.read"),
    "parameters:taking_back": Row("parameters.manage", A_KEY, method="post", query="place"),
    # Property
    "inventory:units": Row("inventory.read_board"),
    "inventory:unit": Row("inventory.read_board", UNIT),
    "inventory:unit_edit": Row("inventory.edit_property", UNIT),
    "inventory:unit_delete": Row("inventory.edit_property", UNIT, method="post"),
    "inventory:buildings": Row("inventory.read_board"),
    "inventory:building_new": Row("inventory.edit_property"),
    "inventory:building": Row("inventory.edit_property", BUILDING),
    "inventory:generation": Row("inventory.edit_property", BUILDING),
    "inventory:entrance_new": Row(
        "inventory.edit_property", of(building_pk=lambda w: w.here.building.pk)
    ),
    "inventory:entrance": Row("inventory.edit_property", of(pk=lambda w: w.here.entrance.pk)),
    "inventory:zone_new": Row("inventory.edit_property"),
    "inventory:zone": Row("inventory.edit_property", of(pk=lambda w: w.here.zone.pk)),
    "inventory:permit_new": Row("inventory.edit_property"),
    "inventory:permit": Row("inventory.edit_property", of(pk=lambda w: w.here.permit.pk)),
    "inventory:permit_buildings": Row("inventory.edit_property", of(pk=lambda w: w.here.permit.pk)),
    "inventory:layout_new": Row("inventory.edit_property"),
    "inventory:layout": Row("inventory.read_board", of(pk=lambda w: w.here.layout.pk)),
    "inventory:layout_card": Row("inventory.read_board", of(pk=lambda w: w.here.layout.pk)),
    "inventory:layout_edit": Row("inventory.edit_property", of(pk=lambda w: w.here.layout.pk)),
    "inventory:layout_picture_new": Row(
        "inventory.edit_property", of(pk=lambda w: w.here.layout.pk)
    ),
    "inventory:layout_picture_delete": Row(
        "inventory.edit_property", of(pk=lambda w: w.here.layout_picture.pk), method="post"
    ),
    "inventory:picture": Row("inventory.read_board", of(pk=lambda w: w.here.picture.pk)),
    "inventory:plans": Row("inventory.read_board"),
    "inventory:plan_new": Row("inventory.edit_property"),
    "inventory:plan": Row("inventory.read_board", SITE_PLAN),
    "inventory:plan_data": Row("inventory.read_board", SITE_PLAN),
    "inventory:plan_spots": Row("inventory.edit_property", SITE_PLAN),
    "inventory:plan_picture": Row("inventory.edit_property", SITE_PLAN),
    "inventory:plan_delete": Row("inventory.edit_property", SITE_PLAN, method="post"),
    "inventory:grid": Row("inventory.edit_property", BUILDING),
    "inventory:grid_check": Row("inventory.edit_property", BUILDING, method="post"),
    "inventory:grid_save": Row("inventory.edit_property", BUILDING, method="post"),
    "inventory:deletion": Row("inventory.edit_property"),
    "inventory:unit_merging": Row("inventory.edit_property"),
    "inventory:unit_split": Row("inventory.edit_property", UNIT),
    "inventory:encumbrances": Row("inventory.read_board"),
    "inventory:encumbrance_new": Row("inventory.edit_property"),
    "inventory:encumbrance_lifting": Row(
        "inventory.edit_property", of(pk=lambda w: w.here.encumbrance.pk)
    ),
    "inventory:area_differences": Row("inventory.read_board"),
    "inventory:survey_new": Row("inventory.import_units"),
    "inventory:imports": Row("inventory.import_units"),
    "inventory:import": Row("inventory.import_units", IMPORT),
    "inventory:import_progress": Row("inventory.import_units", IMPORT),
    "inventory:import_run": Row("inventory.import_units", IMPORT, method="post"),
    "inventory:import_errors": Row("inventory.import_units", IMPORT),
    "inventory:import_undo": Row("inventory.import_units", IMPORT, method="post"),
    # Sales control
    "inventory:batches": Row("inventory.read_board"),
    "inventory:batch_new": Row("inventory.release_unit"),
    "inventory:batch": Row("inventory.read_board", BATCH),
    "inventory:batch_edit": Row("inventory.release_unit", BATCH),
    "inventory:batch_plan": Row("inventory.release_unit", BATCH),
    "inventory:batch_release": Row("inventory.release_unit", BATCH, method="post"),
    "inventory:batch_discard": Row("inventory.release_unit", BATCH, method="post"),
    "inventory:control_plans": Row("inventory.read_board"),
    "inventory:control_plan_new": Row("inventory.release_unit"),
    "inventory:control_plan": Row("inventory.read_board", PLANNED),
    "inventory:control_plan_retry": Row("inventory.withhold_unit", PLANNED, method="post"),
    "inventory:control_plan_cancel": Row("inventory.withhold_unit", PLANNED, method="post"),
    "inventory:control_log": Row("inventory.read_board"),
    # Customers
    "customers:list": Row("customers.read"),
    "customers:choices": Row("customers.read"),
    "customers:reception": Row("customers.register"),
    "customers:phone_check": Row("customers.register", method="post"),
    "customers:register": Row("customers.register", method="post"),
    "customers:imports": Row("customers.import"),
    "customers:import": Row("customers.import", CUSTOMER_IMPORT),
    "customers:import_progress": Row("customers.import", CUSTOMER_IMPORT),
    "customers:import_run": Row("customers.import", CUSTOMER_IMPORT, method="post"),
    "customers:import_errors": Row("customers.import", CUSTOMER_IMPORT),
    "customers:import_undo": Row("customers.import", CUSTOMER_IMPORT, method="post"),
    "customers:customer": Row("customers.read", CUSTOMER, "customers"),
    "customers:edit": Row("customers.edit", CUSTOMER, "customers"),
    "customers:visit": Row("customers.record_visit", CUSTOMER, "customers", "post"),
    "customers:call": Row("customers.record_visit", CUSTOMER, "customers", "post"),
    "customers:follow_up": Row("customers.record_follow_up", CUSTOMER, "customers", "post"),
    "customers:reveal": Row("customers.reveal_phone", CUSTOMER, "customers", "post"),
    "customers:owner": Row("customers.assign", CUSTOMER, "customers", "post"),
    # Papers
    "documents:templates": Row("documents.edit_templates"),
    "documents:template_file": Row("documents.edit_templates", TEMPLATE),
    "documents:retirement": Row("documents.edit_templates", TEMPLATE, method="post"),
    "documents:built_in_file": Row(
        "documents.edit_templates", of(kind=lambda _w: "receipt"), is_anywhere=True
    ),
    # Prices
    "pricing:plans": Row("pricing.read"),
    "pricing:plan": Row("pricing.read", of(pk=lambda w: w.here.office.prices.plan.pk)),
    "pricing:plan_new": Row("pricing.edit_plans"),
    "pricing:standard_plans": Row("pricing.edit_plans"),
    "pricing:plan_example": Row("pricing.edit_plans", method="post"),
    "pricing:discounts": Row("pricing.read"),
    "pricing:discount": Row("pricing.read", of(pk=lambda w: w.here.office.prices.member.pk)),
    "pricing:discount_new": Row("pricing.edit_discounts"),
    "pricing:trial": Row("pricing.read"),
    "pricing:policy": Row("pricing.read"),
    "pricing:prices": Row("pricing.edit_prices"),
    "pricing:unit_choices": Row("pricing.read"),
    "pricing:precision": Row("pricing.read"),
    "pricing:precision_example": Row("pricing.read", method="post"),
    "pricing:class_clearing": Row("pricing.edit_discounts", method="post"),
    "pricing:limits": Row("pricing.set_limits"),
    "pricing:price_lists": Row("pricing.read"),
    "pricing:price_list_new": Row("pricing.edit_prices"),
    "pricing:comparison": Row("pricing.read"),
    "pricing:price_list": Row("pricing.read", LIST),
    "pricing:price_list_edit": Row("pricing.edit_prices", LIST),
    "pricing:submission": Row("pricing.edit_prices", LIST, method="post"),
    "pricing:withdrawal": Row("pricing.edit_prices", LIST, method="post"),
    "pricing:discarding": Row("pricing.edit_prices", LIST, method="post"),
    "pricing:approval": Row("pricing.approve_prices", LIST, method="post"),
    "pricing:returning": Row(
        "pricing.approve_prices", LIST, method="post", data=lambda _w: {"reason": "再议"}
    ),
    "pricing:lab": Row("pricing.edit_prices", LIST),
    "pricing:lab_trial": Row("pricing.edit_prices", LIST, method="post"),
    "pricing:lab_keeping": Row("pricing.edit_prices", LIST, method="post"),
    "pricing:price_line": Row(
        "pricing.read", of(pk=lambda w: w.here.price_list.lines.earliest("pk").pk)
    ),
    "pricing:unit_prices": Row("pricing.read", UNIT),
    "pricing:formulas": Row("pricing.read"),
    "pricing:formula_new": Row("pricing.edit_prices"),
    "pricing:formula": Row("pricing.read", FORMULA),
    "pricing:enabling": Row("pricing.edit_prices", FORMULA, method="post"),
    "pricing:formula_retirement": Row("pricing.edit_prices", FORMULA, method="post"),
    "pricing:case_new": Row("pricing.edit_prices", FORMULA, method="post"),
    "pricing:case_deletion": Row(
        "pricing.edit_prices",
        of(pk=lambda w: w.here.formula.cases.earliest("pk").pk),
        method="post",
    ),
    "pricing:price_tables": Row("pricing.read"),
    "pricing:price_table_new": Row("pricing.edit_prices"),
    "pricing:price_table": Row("pricing.read", TABLE),
    "pricing:price_table_deletion": Row("pricing.edit_prices", TABLE, method="post"),
    # Money
    "ledger:home": Row(SIGNED_IN),  # Leads on to the receipts.
    "ledger:receipts": Row("ledger.read"),
    "ledger:receivables": Row("ledger.read"),
    "ledger:bank_accounts": Row("ledger.edit_accounts"),
    "ledger:bank_account_new": Row("ledger.edit_accounts"),
    "ledger:bank_account": Row(
        "ledger.edit_accounts", of(pk=lambda w: w.here.office.bank_account.pk)
    ),
    # Sales
    "sales:board": Row("inventory.read_board"),
    "sales:board_data": Row("inventory.read_board", query="project"),
    "sales:controlled_units": Row("inventory.read_board"),
    "sales:control_sheet": Row("inventory.read_board", also="documents.print", is_paper=True),
    "sales:release": Row("inventory.release_unit", method="post", data=THE_UNIT),
    "sales:withhold": Row("inventory.withhold_unit", method="post", data=THE_UNIT),
    "sales:unwithhold": Row("inventory.withhold_unit", method="post", data=THE_UNIT),
    "sales:unit_panel": Row("inventory.read_board", UNIT),
    "sales:unit_lock": Row("sales.lock_unit", UNIT, method="post"),
    "sales:unit_unlock": Row(
        "inventory.read_board", UNIT, method="post"
    ),  # Nobody holds it: a sentence.
    "sales:unit_hold": Row("sales.hold_unit", UNIT),
    "sales:unit_unhold": Row("sales.hold_unit", UNIT, method="post"),
    "sales:quote": Row("sales.quote", UNIT),
    "sales:quote_why": Row("sales.quote", UNIT),
    "sales:quote_message": Row("sales.quote", UNIT, method="post"),
    "sales:quote_paper": Row(
        "sales.quote", UNIT, method="post", also="documents.print", is_paper=True
    ),
    "sales:reserve": Row("sales.reserve_unit", UNIT),
    "sales:contract_directly": Row("sales.contract_directly", UNIT),
    "sales:attachable": Row("inventory.read_board", UNIT),
    "sales:attach": Row("sales.attach_unit", RESERVED, "deals"),
    "sales:proof_new": Row("sales.keep_proofs", RESERVED, "deals"),
    "sales:proof_opening": Row("sales.keep_proofs", PROOF, "deals", method="post"),
    "sales:proof_removal": Row("sales.keep_proofs", PROOF, "deals", method="post"),
    "sales:change_plan": Row("sales.change_plan", RESERVED, "deals"),
    "sales:reserve_provisionally": Row("sales.reserve_provisionally", UNIT),
    "sales:off_market": Row("inventory.take_off_market", UNIT),
    "sales:provisionals": Row("sales.read"),
    "sales:provisional": Row("sales.read", KEPT, "deals"),
    "sales:provisional_receive": Row("ledger.record_receipt", KEPT, "deals"),
    "sales:provisional_withdraw": Row("sales.end_provisional", KEPT, "deals"),
    "sales:milestones": Row("sales.read"),
    "sales:file": Row("sales.file_contract", DEAL, "deals"),
    "sales:request_unfiling": Row("sales.request_unfiling", DEAL, "deals"),
    "sales:unfiling": Row("sales.read", UNFILING, "deals"),
    "sales:void": Row("sales.void_contract", DEAL, "deals"),
    "sales:hand_over": Row("sales.hand_over", DEAL, "deals"),
    "sales:allow_handover": Row("sales.allow_handover", DEAL, "deals"),
    "sales:undo_handover": Row("sales.undo_handover", DEAL, "deals"),
    "sales:issue_title": Row("sales.issue_title", DEAL, "deals"),
    "sales:reservations": Row("sales.read"),
    "sales:contracts": Row("sales.read"),
    "sales:deal": Row("sales.read", DEAL, "deals"),
    "sales:deal_why": Row("sales.read", DEAL, "deals"),
    "sales:sign": Row("sales.sign_contract", RESERVED, "deals"),
    "sales:identify": Row(
        "customers.edit",
        {**RESERVED, "buyer_pk": lambda w: w.here.reservation.deal.buyers.get().pk},
        "deals",
    ),
    "sales:cancel": Row("sales.cancel_reservation", RESERVED, "deals"),
    "sales:receive": Row("ledger.record_receipt", DEAL, "deals"),
    "sales:paper": Row(
        "documents.print",
        {**DEAL, "kind": lambda _w: "contract", "form": lambda _w: "pdf"},
        "deals",
        also="sales.read",
        is_paper=True,
    ),
    "sales:receipt": Row("ledger.read", RECEIPT, "money"),
    "sales:reverse": Row("ledger.reverse_receipt", RECEIPT, "money"),
    "sales:receipt_paper": Row(
        "documents.print",
        {**RECEIPT, "form": lambda _w: "pdf"},
        "money",
        also="ledger.read",
        is_paper=True,
    ),
    "sales:deal_of_account": Row("sales.read", of(pk=lambda w: w.here.deal.account_id), "deals"),
    "sales:customer_deals": Row(
        "customers.read",
        of(pk=lambda w: w.here.deal.buyers.get().customer_id),
        "customers",
    ),
    "sales:customer_units": Row("customers.read", CUSTOMER, "customers"),
    "sales:unit_people": Row("customers.read", UNIT, also="inventory.read_board"),
    "sales:relate": Row("sales.relate_person", UNIT),
    "sales:relations": Row("customers.read"),
    "sales:relation": Row("customers.read", RELATION, "customers", also="inventory.read_board"),
    "sales:end_relation": Row("sales.relate_person", RELATION, "customers"),
    "sales:take_back_relation": Row("sales.relate_person", RELATION, "customers", "post"),
    # Reports
    "reports:list": Row("reports.read"),
    "reports:report": Row("reports.read", of(code=lambda _w: "r-s01"), is_anywhere=True),
    # The API's own pages
    "api:openapi-json": Row(ANYBODY),
    "api:openapi-view": Row(ANYBODY),
}
# Pages that only a person can judge, because the sample is theirs or made on the way.
# The holiday table is the whole group's: see its own tests.
HOLIDAYS = {
    "parameters:holiday", "parameters:holiday_new", "parameters:holiday_removal",
    "parameters:holidays_import",
}  # fmt: skip
OWN_SAMPLE = HOLIDAYS | {"core:run", "core:run_progress", "org:token_revocation", "sales:reserve_preview",
              "sales:detach", "sales:confirm_unfiling"}  # fmt: skip
# 503 without a worker; and ninja's name for the root, which is no page.
NOT_PAGES = {"readyz", "api:api-root"}

PROJECT = of(project_id=lambda w: w.here.project.pk)
THAT_ENTRY = of(entry_id=lambda w: w.here.entry.pk)
A_RECORD = of(record_id=lambda w: w.here.customer.pk)
A_PLACE = of(place=lambda w: f"project-{w.here.project.pk}")
A_RELATION = of(relation_id=lambda w: w.here.relation.pk)
A_UNIT = of(unit_id=lambda w: w.here.unit.pk)
A_CUSTOMER = of(customer_id=lambda w: w.here.customer.pk)
# Contract and mortgage specialists look at the phones of buyers only.
A_BUYER = of(customer_id=lambda w: w.here.deal.buyers.get().customer_id)
A_DEAL = of(deal_id=lambda w: w.here.deal.pk)
A_KEPT = of(provisional_id=lambda w: w.here.provisional.pk)
AN_UNFILING = of(unfiling_id=lambda w: w.here.unfiling.pk)
A_RESERVATION = of(reservation_id=lambda w: w.here.reservation.pk)
A_CUSTOMER_IMPORT = of(import_id=lambda w: w.here.customer_import.pk)
AN_IMPORT = of(import_id=lambda w: w.here.unit_import.pk)


def a_reason(_world: World) -> dict[str, Any]:
    return {"reason": "price review"}


def a_new_customer(world: World) -> dict[str, Any]:
    return {"name": "马云飞", "phones": ["13912345678"], "project_id": world.here.project.pk}


def an_assignment(world: World) -> dict[str, Any]:
    return {"customer_ids": [world.here.customer.pk], "owner_id": world.here.office.lin.pk}


def some_edits(world: World) -> dict[str, Any]:
    change = {"unit_id": world.here.unit.pk, "version": 0, "values": {"view": "garden"}}
    return {"changes": [change], "dry_run": True}


def a_quote(world: World) -> dict[str, Any]:
    return {"payment_plan_id": world.here.office.prices.plan.pk}


def a_hold(world: World) -> dict[str, Any]:
    return {"customer_id": world.here.customer.pk}


def a_buyer(world: World) -> dict[str, Any]:
    return {**a_quote(world), "buyers": [{"customer_id": world.here.customer.pk}]}


def a_payment(_world: World) -> dict[str, Any]:
    return {"amount": "100.00", "method": "transfer", "received_on": f"{localdate()}"}


A_USER = of(user_id=lambda w: w.here.office.lin.pk)
A_POST = of(post_id=lambda w: w.here.lins_post.pk)


def a_name(world: World) -> dict[str, Any]:
    """Enough of a row of the organisation to be told from a stranger; its version is stale."""
    company = world.here.project.company
    return {
        "name": "新", "code": "NEW", "username": "new.person", "display_name": "新人",
        "company_id": company.pk, "parent_id": None, "version": 0, "permissions": [], "scopes": {},
        "role_id": world.here.lins_post.role_id,
    }  # fmt: skip


def an_entry(_world: World) -> dict[str, Any]:
    return {"section": "questions", "title": "几时交付？", "text": "以合同为准。"}


A_LIST = of(list_id=lambda w: w.here.price_list.pk)
A_BATCH = of(batch_id=lambda w: w.here.batch.pk)
A_PLAN = of(plan_id=lambda w: w.here.control_plan.pk)


def a_new_batch(world: World) -> dict[str, Any]:
    return {
        "name": "加推",
        "permit_id": world.here.permit.pk,
        "unit_ids": [world.here.reservation.deal.unit_id],
    }


def a_moment(_world: World) -> dict[str, Any]:
    return {"due_at": "2090-01-01T09:00:00+08:00"}


def a_step(world: World) -> dict[str, Any]:
    units = [world.here.unit.pk]
    return {**a_moment(world), "verb": "withhold", "unit_ids": units, "reason": "调价"}


A_FORMULA = of(formula_id=lambda w: w.here.formula.pk)


def some_terms(_world: World) -> dict[str, Any]:
    return {"name": "调价", "method": "percent", "amount": "0.01"}


def a_plan_in(_world: World) -> dict[str, Any]:
    line = {"money_type": "balance", "method": "remainder"}
    return {"code": "fresh", "name": "新方案", "kind": "lump_sum", "lines": [line]}


def a_discount_in(_world: World) -> dict[str, Any]:
    return {
        "code": "fresh", "name": "新优惠", "kind": "promotion", "form": "amount",
        "amount_or_rate": "1000",
    }  # fmt: skip


def some_prices(world: World) -> dict[str, Any]:
    return {"prices": [{"unit_id": world.here.unit.pk, "total": "1600000"}], "reason": "首版"}


def a_price_table(_world: World) -> dict[str, Any]:
    return {"code": "t", "name": "t", "keys": "view", "rows": []}


CALLS: dict[str, Row] = {
    # The organisation
    "GET companies/": Row("org.read"),
    "GET duty-exceptions/": Row("org.read"),
    "POST companies/": Row("org.manage", data=a_name),
    "PUT companies/{company_id}/": Row(
        "org.manage", of(company_id=lambda w: w.here.project.company_id), data=a_name
    ),
    "GET companies/{company_id}/letterhead/": Row(
        "org.manage", of(company_id=lambda w: w.here.project.company_id)
    ),
    "POST companies/{company_id}/letterhead/": Row(
        "org.manage",
        of(company_id=lambda w: w.here.project.company_id),
        data=lambda _w: {"version": "0"},
    ),
    "POST projects/": Row("org.manage", data=a_name),
    "GET projects/{project_id}/": Row("org.read", of(project_id=lambda w: w.here.project.pk)),
    "PUT projects/{project_id}/": Row(
        "org.manage", of(project_id=lambda w: w.here.project.pk), data=a_name
    ),
    "GET projects/{project_id}/dossier/": Row(
        IN_PROJECT, of(project_id=lambda w: w.here.project.pk)
    ),
    "POST projects/{project_id}/dossier/": Row(
        "org.edit_dossier", of(project_id=lambda w: w.here.project.pk), data=an_entry
    ),
    "PUT dossier/{entry_id}/": Row(
        "org.edit_dossier",
        of(entry_id=lambda w: w.here.dossier_entry.pk),
        data=lambda w: {**an_entry(w), "version": 0},
    ),
    "POST projects/{project_id}/staffing/": Row(
        "org.manage", PROJECT, data=lambda _w: {"seats": [{"role": "CS"}]}
    ),
    "GET departments/": Row("org.read"),
    "POST departments/": Row("org.manage", data=lambda w: {**a_name(w)}),
    "PUT departments/{department_id}/": Row(
        "org.manage", of(department_id=lambda w: w.here.department.pk), data=a_name
    ),
    "GET posts/": Row("org.read"),
    "POST posts/": Row("org.manage", data=a_name),
    "PUT posts/{post_id}/": Row("org.manage", A_POST, data=a_name),
    "GET roles/": Row("org.read"),
    "PUT roles/{role_id}/": Row(
        "org.manage", of(role_id=lambda w: w.here.lins_post.role_id), data=a_name
    ),
    "GET functions/": Row("org.read"),
    "GET users/": Row("org.read"),
    "POST users/": Row("org.manage", data=a_name),
    "GET users/{user_id}/": Row("org.read", A_USER),
    "PUT users/{user_id}/": Row("org.manage", A_USER, data=a_name),
    "POST users/{user_id}/disabling/": Row("org.manage", A_USER, data=lambda _w: {"reason": "x"}),
    "POST users/{user_id}/enabling/": Row("org.manage", A_USER),
    "POST users/{user_id}/password-reset/": Row("org.manage", A_USER),
    "POST users/{user_id}/holdings/": Row(
        "org.manage", A_USER, data=lambda w: {"post_id": w.here.lins_post.pk}
    ),
    "DELETE users/{user_id}/holdings/{post_id}/": Row("org.manage", {**A_USER, **A_POST}),
    "GET users/{user_id}/handing-over/": Row("org.manage", A_USER),
    "POST users/{user_id}/handing-over/": Row(
        "org.manage", A_USER, data=lambda _w: {"successors": [], "expected": 0}
    ),
    "POST tokens/": Row(ANYBODY),
    "GET tokens/": Row(SIGNED_IN),
    "GET me/": Row(SIGNED_IN),
    "GET list-views/": Row(SIGNED_IN),
    "POST list-views/": Row(
        SIGNED_IN, data=lambda _w: {"page": "customers:list", "name": "A", "query": "grade=A"}
    ),
    "GET projects/": Row(SIGNED_IN),
    "GET projects/{project_id}/board/": Row("inventory.read_board", PROJECT),
    "GET projects/{project_id}/units/": Row("inventory.read_board", PROJECT),
    "GET units/{unit_id}/": Row("inventory.read_board", A_UNIT),
    "PATCH projects/{project_id}/units/": Row("inventory.edit_property", PROJECT, data=some_edits),
    "GET projects/{project_id}/buildings/": Row("inventory.read_board", PROJECT),
    "PUT permits/{permit_id}/buildings/": Row(
        "inventory.edit_property",
        of(permit_id=lambda w: w.here.permit.pk),
        data=lambda w: {"building_ids": [w.here.building.pk]},
    ),
    "POST buildings/{building_id}/generation/": Row(
        "inventory.edit_property",
        of(building_id=lambda w: w.here.building.pk),
        data=lambda _w: {
            "patterns": [{"lowest": 1, "highest": 1, "slots": [{"position": 9}]}],
            "dry_run": True,
        },
    ),
    "GET projects/{project_id}/encumbrances/": Row("inventory.read_board", PROJECT),
    "POST projects/{project_id}/encumbrances/": Row(
        "inventory.edit_property",
        PROJECT,
        data=lambda w: {
            "unit_ids": [w.here.unit.pk],
            "kind": "seal",
            "document_no": "1",
            "starts_on": "2026-01-01",
        },
    ),
    "POST encumbrances/{encumbrance_id}/lifting/": Row(
        "inventory.edit_property",
        of(encumbrance_id=lambda w: w.here.encumbrance.pk),
        data=lambda _w: {"lifted_on": "2026-01-02", "reason": "ended"},
    ),
    "POST projects/{project_id}/unit-deletions/": Row(
        "inventory.edit_property",
        PROJECT,
        data=lambda w: {"unit_ids": [w.here.unit.pk], "dry_run": True},
    ),
    "POST projects/{project_id}/unit-mergers/": Row(
        "inventory.edit_property",
        PROJECT,
        data=lambda w: {
            "unit_ids": [w.here.unit.pk, w.here.deal.unit_id],
            "room_no": "9",
            "reason": "wall taken out",
        },
    ),
    "POST units/{unit_id}/split/": Row(
        "inventory.edit_property",
        A_UNIT,
        data=lambda _w: {
            "version": 0,
            "reason": "smaller",
            "parts": [{"room_no": "A", "position": 1}, {"room_no": "B", "position": 2}],
        },
    ),
    "GET projects/{project_id}/layouts/": Row("inventory.read_board", PROJECT),
    "GET pictures/{picture_id}/": Row(
        "inventory.read_board", of(picture_id=lambda w: w.here.picture.pk)
    ),
    "POST layouts/{layout_id}/pictures/": Row(
        "inventory.edit_property", of(layout_id=lambda w: w.here.layout.pk)
    ),
    "DELETE layout-pictures/{layout_picture_id}/": Row(
        "inventory.edit_property", of(layout_picture_id=lambda w: w.here.layout_picture.pk)
    ),
    "GET projects/{project_id}/site-plans/": Row("inventory.read_board", PROJECT),
    "GET site-plans/{plan_id}/": Row(
        "inventory.read_board", of(plan_id=lambda w: w.here.site_plan.pk)
    ),
    "PUT site-plans/{plan_id}/spots/": Row(
        "inventory.edit_property",
        of(plan_id=lambda w: w.here.site_plan.pk),
        data=lambda _w: {"version": 0, "spots": []},
    ),
    "GET projects/{project_id}/area-differences/": Row("inventory.read_board", PROJECT),
    "GET projects/{project_id}/unit-imports/": Row("inventory.import_units", PROJECT),
    "POST projects/{project_id}/unit-imports/": Row("inventory.import_units", PROJECT),
    "GET unit-imports/{import_id}/": Row("inventory.import_units", AN_IMPORT),
    "DELETE unit-imports/{import_id}/": Row("inventory.import_units", AN_IMPORT),
    "GET dictionaries/": Row("parameters.read"),
    "GET dictionaries/{code}/{place}/": Row("parameters.read", {**A_DICTIONARY, **A_PLACE}),
    "POST dictionaries/{code}/{place}/": Row(
        "parameters.manage",
        {**A_DICTIONARY, **A_PLACE},
        data=lambda _w: {"code": "fresh", "name": "新来源"},
    ),
    "PUT dictionary-entries/{entry_id}/": Row(
        "parameters.manage",
        THAT_ENTRY,
        data=lambda w: {"name": "改名", "version": w.here.entry.version},
    ),
    "POST dictionary-entries/{entry_id}/merging/": Row(
        "parameters.manage", THAT_ENTRY, data=lambda _w: {"successor_id": 1}
    ),
    "POST dictionary-entries/{entry_id}/disabling/": Row("parameters.manage", THAT_ENTRY),
    "DELETE dictionary-entries/{entry_id}/disabling/": Row("parameters.manage", THAT_ENTRY),
    "GET numberings/{place}/": Row("parameters.read", A_PLACE),
    "PUT numberings/{place}/{code}/": Row(
        "parameters.manage", {**A_PLACE, **A_SERIES}, data=lambda _w: {"pattern": "C{year}-{seq}"}
    ),
    "DELETE numberings/{place}/{code}/": Row("parameters.manage", {**A_PLACE, **A_SERIES}),
    "GET custom-fields/{subject}/{record_id}/": Row(
        "customers.read", {**A_SUBJECT, **A_RECORD}, "customers"
    ),
    "PUT custom-fields/{subject}/{record_id}/": Row(
        "customers.edit",
        {**A_SUBJECT, **A_RECORD},
        "customers",
        data=lambda _w: {"values": {}},
    ),
    "GET parameters/{place}/": Row("parameters.read", A_PLACE),
    "PUT parameters/{place}/{key}/": Row(
        "parameters.manage", {**A_PLACE, **A_KEY}, data=lambda _w: {"value": "5"}
    ),
    "DELETE parameters/{place}/{key}/": Row("parameters.manage", {**A_PLACE, **A_KEY}),
    "GET projects/{project_id}/sources/": Row(IN_PROJECT, PROJECT),
    "GET customers/": Row("customers.read"),
    "POST customers/": Row("customers.register", PROJECT, data=a_new_customer),
    "GET customers/{customer_id}/": Row("customers.read", A_CUSTOMER, "customers"),
    "PUT customers/{customer_id}/": Row(
        "customers.edit", A_CUSTOMER, "customers", data=lambda _w: {"version": 0}
    ),
    "POST customers/{customer_id}/visits/": Row(
        "customers.record_visit", A_CUSTOMER, "customers", data=lambda _w: {}
    ),
    "POST customers/{customer_id}/follow-ups/": Row(
        "customers.record_follow_up", A_CUSTOMER, "customers", data=lambda _w: {"content": "来电"}
    ),
    "POST customers/{customer_id}/reveals/": Row(
        "customers.reveal_phone", A_BUYER, "customers", data=lambda _w: {"what": "phone"}
    ),
    "GET customers/{customer_id}/timeline/": Row("customers.read", A_CUSTOMER, "customers"),
    "GET projects/{project_id}/customer-imports/": Row("customers.import", PROJECT),
    "POST projects/{project_id}/customer-imports/": Row("customers.import", PROJECT),
    "GET customer-imports/{import_id}/": Row("customers.import", A_CUSTOMER_IMPORT),
    "DELETE customer-imports/{import_id}/": Row("customers.import", A_CUSTOMER_IMPORT),
    "POST customer-assignments/": Row(
        "customers.assign", PROJECT, "customers", data=an_assignment, is_said=True
    ),
    "GET projects/{project_id}/payment-plans/": Row("pricing.read", PROJECT),
    "POST projects/{project_id}/standard-plans/": Row(
        "pricing.edit_plans", PROJECT, data=lambda _w: {"codes": ["LUMP"]}
    ),
    "GET projects/{project_id}/discounts/": Row("pricing.read", PROJECT),
    "POST projects/{project_id}/payment-plans/": Row(
        "pricing.edit_plans", PROJECT, also="pricing.read", data=a_plan_in
    ),
    "PUT payment-plans/{plan_id}/": Row(
        "pricing.edit_plans",
        of(plan_id=lambda w: w.here.office.prices.plan.pk),
        also="pricing.read",
        data=lambda w: {**a_plan_in(w), "version": 0},
    ),
    "POST projects/{project_id}/discounts/": Row(
        "pricing.edit_discounts", PROJECT, also="pricing.read", data=a_discount_in
    ),
    "PUT discounts/{discount_id}/": Row(
        "pricing.edit_discounts",
        of(discount_id=lambda w: w.here.office.prices.member.pk),
        also="pricing.read",
        data=lambda w: {**a_discount_in(w), "version": 0},
    ),
    "POST units/{unit_id}/price-trial/": Row(
        "pricing.read",
        A_UNIT,
        also="inventory.read_board",
        data=lambda w: {"payment_plan_id": w.here.office.prices.plan.pk},
    ),
    "GET projects/{project_id}/pricing-policy/": Row("pricing.read", PROJECT),
    "GET projects/{project_id}/price-lists/": Row("pricing.read", PROJECT),
    "POST projects/{project_id}/price-lists/": Row(
        "pricing.edit_prices", PROJECT, also="pricing.read", data=some_terms
    ),
    "GET price-lists/{list_id}/": Row("pricing.read", A_LIST),
    "PUT price-lists/{list_id}/": Row(
        "pricing.edit_prices", A_LIST, data=lambda w: {**some_terms(w), "version": 0}
    ),
    "DELETE price-lists/{list_id}/": Row("pricing.edit_prices", A_LIST),
    "GET price-lists/{list_id}/lines/": Row("pricing.read", A_LIST),
    "POST price-lists/{list_id}/trial/": Row(
        "pricing.edit_prices", A_LIST, data=lambda _w: {"amount": "0.01"}
    ),
    "POST price-lists/{list_id}/submission/": Row("pricing.edit_prices", A_LIST),
    "DELETE price-lists/{list_id}/submission/": Row("pricing.edit_prices", A_LIST),
    "POST price-lists/{list_id}/approval/": Row(
        "pricing.approve_prices", A_LIST, data=lambda _w: {"version": 0}
    ),
    "POST price-lists/{list_id}/return/": Row("pricing.approve_prices", A_LIST, data=a_reason),
    "POST projects/{project_id}/first-prices/": Row(
        "pricing.edit_prices", PROJECT, data=some_prices
    ),
    "POST projects/{project_id}/price-limits/": Row(
        "pricing.set_limits", PROJECT, data=lambda w: {**some_prices(w), "kind": "filed"}
    ),
    "GET units/{unit_id}/prices/": Row("pricing.read", A_UNIT),
    "GET projects/{project_id}/formulas/": Row("pricing.read", PROJECT),
    "POST projects/{project_id}/formulas/": Row(
        "pricing.edit_prices",
        PROJECT,
        data=lambda _w: {"code": "p", "name": "p", "target": "part", "text": "1"},
    ),
    "POST formulas/{formula_id}/cases/": Row(
        "pricing.edit_prices", A_FORMULA, data=lambda _w: {"name": "c", "expected": "1"}
    ),
    "GET formulas/{formula_id}/results/": Row("pricing.read", A_FORMULA),
    "GET formulas/{formula_id}/units/{unit_id}/trial/": Row(
        "pricing.read", {**A_FORMULA, **A_UNIT}, also="inventory.read_board"
    ),
    "POST formulas/{formula_id}/enabling/": Row("pricing.edit_prices", A_FORMULA),
    "POST formulas/{formula_id}/retirement/": Row("pricing.edit_prices", A_FORMULA),
    "GET projects/{project_id}/price-tables/": Row("pricing.read", PROJECT),
    "POST projects/{project_id}/price-tables/": Row(
        "pricing.edit_prices", PROJECT, data=a_price_table
    ),
    "PUT price-tables/{table_id}/": Row(
        "pricing.edit_prices",
        of(table_id=lambda w: w.here.price_table.pk),
        data=a_price_table,
    ),
    "GET receipts/": Row("ledger.read"),
    "GET receivables/": Row("ledger.read"),
    "GET projects/{project_id}/bank-accounts/": Row("ledger.read", PROJECT),
    "POST units/{unit_id}/quotes/": Row("sales.quote", A_UNIT, data=a_quote),
    "POST units/{unit_id}/locks/": Row("sales.lock_unit", A_UNIT),
    "DELETE units/{unit_id}/locks/": Row("inventory.read_board", A_UNIT),
    "POST units/{unit_id}/holds/": Row("sales.hold_unit", A_UNIT, data=a_hold),
    "DELETE units/{unit_id}/holds/": Row("sales.hold_unit", A_UNIT),
    "PUT units/{unit_id}/holds/": Row(
        "sales.hold_unit", A_UNIT, data=lambda w: {"until": a_moment(w)["due_at"]}
    ),
    # What keeps the unit says which right is needed: test_units_kept_from_sale.
    "PUT units/{unit_id}/control-reason/": Row("inventory.read_board", A_UNIT, data=a_reason),
    "POST units/{unit_id}/offer-again/": Row("inventory.read_board", A_UNIT, data=lambda _w: {}),
    "GET projects/{project_id}/controlled-units/": Row("inventory.read_board", PROJECT),
    "POST projects/{project_id}/withholdings/": Row(
        "inventory.withhold_unit",
        PROJECT,
        data=lambda w: {**a_reason(w), "unit_ids": [w.here.unit.pk]},
    ),
    "GET projects/{project_id}/stock-alerts/": Row("inventory.read_board", PROJECT),
    "PUT units/{unit_id}/withholding/": Row("inventory.withhold_unit", A_UNIT, data=lambda _w: {}),
    "POST units/{unit_id}/taking-back/": Row("inventory.withhold_unit", A_UNIT),
    "GET projects/{project_id}/release-batches/": Row("inventory.read_board", PROJECT),
    "POST projects/{project_id}/release-batches/": Row(
        "inventory.release_unit", PROJECT, data=a_new_batch
    ),
    "GET release-batches/{batch_id}/": Row("inventory.read_board", A_BATCH),
    "POST release-batches/{batch_id}/release/": Row("inventory.release_unit", A_BATCH),
    "POST release-batches/{batch_id}/plans/": Row("inventory.release_unit", A_BATCH, data=a_moment),
    "DELETE release-batches/{batch_id}/": Row("inventory.release_unit", A_BATCH),
    "GET projects/{project_id}/control-plans/": Row("inventory.read_board", PROJECT),
    "POST projects/{project_id}/control-plans/": Row(
        "inventory.withhold_unit", PROJECT, data=a_step
    ),
    "GET control-plans/{plan_id}/": Row("inventory.read_board", A_PLAN),
    "POST control-plans/{plan_id}/retry/": Row("inventory.withhold_unit", A_PLAN),
    "DELETE control-plans/{plan_id}/": Row("inventory.withhold_unit", A_PLAN),
    "GET projects/{project_id}/control-log/": Row("inventory.read_board", PROJECT),
    "POST projects/{project_id}/releases/": Row(
        "inventory.release_unit", PROJECT, data=lambda w: {"unit_ids": [w.here.unit.pk]}
    ),
    "POST units/{unit_id}/withholding/": Row("inventory.withhold_unit", A_UNIT, data=a_reason),
    "DELETE units/{unit_id}/withholding/": Row("inventory.withhold_unit", A_UNIT),
    "POST units/{unit_id}/reservations/": Row(
        "sales.reserve_unit", A_UNIT, "customers", data=a_buyer, is_said=True
    ),
    "GET units/{unit_id}/attachable-units/": Row("inventory.read_board", A_UNIT),
    "POST deals/{deal_id}/attached-units/": Row(
        "sales.attach_unit",
        of(deal_id=lambda w: w.here.reservation.deal_id),
        "deals",
        data=lambda w: {"unit_id": w.here.unit.pk},
    ),
    "POST deals/{deal_id}/attached-units/{unit_id}/removal/": Row(
        "sales.attach_unit",
        of(deal_id=lambda w: w.here.reservation.deal_id, unit_id=lambda w: w.here.unit.pk),
        "deals",
        data=a_reason,
    ),
    "GET deals/{deal_id}/proofs/": Row(
        "sales.keep_proofs", of(deal_id=lambda w: w.here.reservation.deal_id), "deals"
    ),
    "POST deals/{deal_id}/proofs/": Row(
        "sales.keep_proofs",
        of(deal_id=lambda w: w.here.proof.deal_id),
        "deals",
        data=lambda w: {"discount_id": w.here.office.prices.member.pk},
    ),
    "POST proofs/{proof_id}/opening/": Row(
        "sales.keep_proofs", of(proof_id=lambda w: w.here.proof.pk), "deals"
    ),
    "DELETE proofs/{proof_id}/": Row(
        "sales.keep_proofs", of(proof_id=lambda w: w.here.proof.pk), "deals"
    ),
    "GET deals/{deal_id}/plan-change/{payment_plan_id}/": Row(
        "sales.change_plan",
        of(
            deal_id=lambda w: w.here.reservation.deal_id,
            payment_plan_id=lambda w: w.here.other_plan.pk,
        ),
        "deals",
    ),
    "POST deals/{deal_id}/plan-change/": Row(
        "sales.change_plan",
        of(deal_id=lambda w: w.here.reservation.deal_id),
        "deals",
        data=lambda w: {"payment_plan_id": w.here.other_plan.pk, **a_reason(w)},
    ),
    "POST reservations/{reservation_id}/contract/": Row(
        "sales.sign_contract",
        A_RESERVATION,
        "deals",
        data=lambda _w: {"signed_on": f"{localdate()}"},
    ),
    "POST reservations/{reservation_id}/cancellation/": Row(
        "sales.cancel_reservation", A_RESERVATION, "deals", data=a_reason
    ),
    "POST contracts/{contract_id}/cancellation/": Row(
        "sales.cancel_contract",
        of(contract_id=lambda w: w.here.contract.pk),
        "deals",
        data=a_reason,
    ),
    "POST units/{unit_id}/provisional-reservations/": Row(
        "sales.reserve_provisionally",
        A_UNIT,
        "customers",
        data=lambda w: {"customer_id": w.here.customer.pk, "amount": "5000.00"},
        is_said=True,
    ),
    "POST units/{unit_id}/contract/": Row(
        "sales.contract_directly",
        A_UNIT,
        data=lambda w: {
            "buyers": [{"customer_id": w.here.customer.pk}],
            "payment_plan_id": w.here.office.prices.plan.pk,
            "signed_on": f"{localdate()}",
        },
        is_said=True,
    ),
    "POST units/{unit_id}/off-market/": Row("inventory.take_off_market", A_UNIT, data=a_reason),
    "POST units/{unit_id}/return-to-market/": Row(
        "inventory.take_off_market", A_UNIT, data=a_reason
    ),
    "GET provisional-reservations/": Row("sales.read"),
    "GET provisional-reservations/{provisional_id}/": Row("sales.read", A_KEPT, "deals"),
    "POST provisional-reservations/{provisional_id}/receipts/": Row(
        "ledger.record_receipt", A_KEPT, "deals", data=a_payment
    ),
    "POST provisional-reservations/{provisional_id}/withdrawal/": Row(
        "sales.end_provisional", A_KEPT, "deals", data=a_reason
    ),
    "POST deals/{deal_id}/filing/": Row(
        "sales.file_contract",
        A_DEAL,
        "deals",
        data=lambda _w: {
            "number": "A1",
            "submitted_on": f"{localdate()}",
            "filed_on": f"{localdate()}",
        },
    ),
    "POST deals/{deal_id}/unfilings/": Row(
        "sales.request_unfiling", A_DEAL, "deals", data=a_reason
    ),
    "POST contracts/{contract_id}/void/": Row(
        "sales.void_contract",
        of(contract_id=lambda w: w.here.contract.pk),
        "deals",
        data=a_reason,
    ),
    "POST deals/{deal_id}/handover/": Row(
        "sales.hand_over",
        A_DEAL,
        "deals",
        data=lambda _w: {"handed_over_on": f"{localdate()}", "received_by": "业主"},
    ),
    "POST deals/{deal_id}/handover/exception/": Row(
        "sales.allow_handover", A_DEAL, "deals", data=a_reason
    ),
    "POST deals/{deal_id}/handover/undo/": Row(
        "sales.undo_handover", A_DEAL, "deals", data=a_reason
    ),
    "POST deals/{deal_id}/title/": Row(
        "sales.issue_title",
        A_DEAL,
        "deals",
        data=lambda _w: {
            "number": "T1",
            "tax_paid_on": f"{localdate()}",
            "issued_on": f"{localdate()}",
        },
    ),
    "POST projects/{project_id}/milestones/": Row(
        "sales.record_milestone",
        PROJECT,
        data=lambda _w: {"name": "封顶", "noticed_on": f"{localdate()}"},
    ),
    "GET milestones/": Row("sales.read"),
    "GET unit-relations/": Row("customers.read"),
    "GET unit-relations/{relation_id}/": Row(
        "customers.read", A_RELATION, "customers", also="inventory.read_board"
    ),
    "POST units/{unit_id}/relations/": Row(
        "sales.relate_person",
        A_UNIT,
        data=lambda w: {
            "customer_id": w.here.customer.pk,
            "kind": "contact",
            "starts_on": "2026-05-01",
        },
    ),
    "POST unit-relations/{relation_id}/end/": Row(
        "sales.relate_person",
        A_RELATION,
        "customers",
        data=lambda _w: {"ends_on": "2026-12-31", "version": 0},
    ),
    "DELETE unit-relations/{relation_id}/": Row("sales.relate_person", A_RELATION, "customers"),
    "POST deals/{deal_id}/receipts/": Row("ledger.record_receipt", A_DEAL, "deals", data=a_payment),
    "POST receipts/{receipt_id}/reversal/": Row(
        "ledger.reverse_receipt",
        of(receipt_id=lambda w: w.here.receipt.pk),
        "money",
        data=a_reason,
    ),
    "GET deals/": Row("sales.read"),
    "GET reservations/": Row("sales.read"),
    "GET contracts/": Row("sales.read"),
    "GET deals/{deal_id}/": Row("sales.read", A_DEAL, "deals"),
    "GET deals/{deal_id}/papers/{kind}/": Row(
        "documents.print",
        {**A_DEAL, "kind": lambda _w: "contract"},
        "deals",
        also="sales.read",
        is_paper=True,
    ),
    "GET reports/{code}/": Row("reports.read", of(code=lambda _w: "r-s01"), is_anywhere=True),
}
OWN_CALLS = {
    "DELETE list-views/{view_id}/",
    # One of two permissions, and never the same person: test_file_contract.
    "POST unfilings/{unfiling_id}/confirmation/",
    "POST unfilings/{unfiling_id}/refusal/",
    "DELETE tokens/{token_id}/",
    # The holiday table is the whole group's.
    "GET holidays/",
    "PUT holidays/{on}/",
    "DELETE holidays/{on}/",
}


def names(resolver: URLResolver, space: str = "") -> Iterator[str]:
    for pattern in resolver.url_patterns:
        if isinstance(pattern, URLResolver):
            yield from names(pattern, pattern.namespace or space)
        elif isinstance(pattern, URLPattern):
            yield f"{space}:{pattern.name}" if space else str(pattern.name)


def page_names() -> set[str]:
    operations = {f"api:{name}" for name in _operation_names()}
    return set(names(get_resolver())) - operations


def _operation_names() -> set[str]:
    return {
        operation.view_func.__name__
        for _prefix, router in api._routers
        for view in router.path_operations.values()
        for operation in view.operations
    }


def calls() -> set[str]:
    return {
        f"{method.upper()} {path.removeprefix('/api/v1/')}"
        for path, operations in api.get_openapi_schema()["paths"].items()
        for method in operations
    }


def sees(user: User, group: str, world: World) -> bool:
    owners = user.access.owners(group, world.here.project.pk)
    return owners is None or world.here.office.lin.pk in owners


def is_allowed(user: User, row: Row, world: World) -> bool:
    if row.permission in {ANYBODY, SIGNED_IN}:
        return True
    if row.permission == IN_PROJECT:
        return world.here.project.pk in user.access.project_ids
    wanted = [name for name in (row.permission, row.also) if name]
    is_there = (row.sample or row.data or row.query) and not row.is_anywhere
    place = world.here.project.pk if is_there else None
    if not all(user.may(name, place) for name in wanted):
        return False
    return not row.group or sees(user, row.group, world)


def address(name: str, row: Row, world: World) -> str:
    return reverse(name, kwargs={key: make(world) for key, make in row.sample.items()})


def asked(row: Row, world: World) -> str:
    """What stands behind the address, where it names the project or the level in question."""
    here = world.here.project.pk
    value = f"project-{here}" if row.query == "place" else here
    return f"?{row.query}={value}&since=0" if row.query else ""


def answers(client: Client, row: Row, path: str, world: World) -> int:
    """The status, and everything as it was before."""
    data = row.data(world) if row.data else {}
    path += asked(row, world)
    point = transaction.savepoint()
    try:
        ask = client.post if row.method == "post" else client.get
        return ask(path, data).status_code
    finally:
        transaction.savepoint_rollback(point)
        transaction.savepoint_commit(point)  # Else the next ones nest in it.


def is_right(status: int, *, allowed: bool) -> bool:
    if allowed:
        return status < 500 and status not in {401, 403, 404}
    return status in {403, 404}


@pytest.fixture
def world(db: None) -> Iterator[World]:
    logging.disable(logging.ERROR)
    yield a_world()
    logging.disable(logging.NOTSET)


def test_every_page_has_a_row_and_every_row_a_page() -> None:
    assert page_names() == set(PAGES) | OWN_SAMPLE | NOT_PAGES


@pytest.mark.once
def test_every_page_answers_every_role_as_its_row_says(world: World) -> None:
    wrong = []
    for who, user in world.everybody().items():
        client = signed_in(user, raise_request_exception=False)
        for name, row in PAGES.items():
            if name == "org:logout":
                continue  # It would end the session of the next lines.
            allowed = is_allowed(user, row, world)
            if row.is_paper and allowed and who not in FEW:
                continue
            if who in world.outsiders and not (row.sample or row.data or row.query):
                continue  # In their own project they are as anybody of their role.
            path = address(name, row, world)
            status = answers(client, row, path, world)
            if not is_right(status, allowed=allowed):
                wrong.append(f"{name} as {who}: {status}, {'allowed' if allowed else 'refused'}")
    assert not wrong, "\n" + "\n".join(wrong)


def test_a_stranger_is_asked_to_sign_in_everywhere(world: World) -> None:
    client = Client()
    wrong = [
        f"{name}: {status}"
        for name, row in PAGES.items()
        if (status := answers(client, row, address(name, row, world), world)) != 302
        and not (row.is_public and status < 400)
    ]
    assert not wrong, "\n" + "\n".join(wrong)


def test_every_call_of_the_api_has_a_row_and_every_row_a_call() -> None:
    assert calls() == set(CALLS) | OWN_CALLS


def called(client: Client, call: str, row: Row, world: World) -> tuple[int, Any]:
    """The status and the rows of a list, and everything as it was before."""
    method, _space, path = call.partition(" ")
    for key, make in row.sample.items():
        path = path.replace(f"{{{key}}}", str(make(world)))
    body = json.dumps(row.data(world)) if row.data else ""
    point = transaction.savepoint()
    try:
        if "customer-imports" in path and method == "POST":
            file = SimpleUploadedFile("customers.csv", "姓名,电话\n马云飞,13912345678\n".encode())
            answer = client.post(f"/api/v1/{path}", {"file": file, "dry_run": "true"})
        elif "unit-imports" in path and method == "POST":
            file = SimpleUploadedFile("units.csv", "房号,建筑面积\n1-1-101,100\n".encode())
            answer = client.post(f"/api/v1/{path}", {"file": file, "dry_run": "true"})
        elif path.endswith(("/pictures/", "/proofs/", "/letterhead/")) and method == "POST":
            fields = row.data(world) if row.data else {}
            answer = client.post(
                f"/api/v1/{path}", {"file": SimpleUploadedFile("a.png", A_PICTURE), **fields}
            )
        else:
            answer = client.generic(method, f"/api/v1/{path}", body, "application/json")
        is_list = "json" in answer.headers["Content-Type"] and answer.status_code == 200
        return answer.status_code, answer.json().get("items") if is_list else None
    finally:
        transaction.savepoint_rollback(point)
        transaction.savepoint_commit(point)  # Else the next ones nest in it.


@pytest.mark.once
def test_every_call_of_the_api_answers_every_role_as_its_row_says(world: World) -> None:
    """Whoever may not read a list may also be given an empty one."""
    wrong = []
    for who, user in world.everybody().items():
        token = {"Authorization": f"Bearer {token_for(user)}"}
        client = Client(headers=token, raise_request_exception=False)
        for call, row in CALLS.items():
            allowed = is_allowed(user, row, world)
            if row.is_public or (row.is_paper and allowed and who not in FEW):
                continue
            status, rows = called(client, call, row, world)
            says_no = not allowed and (rows == [] or (row.is_said and status == 409))
            if not says_no and not is_right(status, allowed=allowed):
                wrong.append(f"{call} as {who}: {status}, {'allowed' if allowed else 'refused'}")
    assert not wrong, "\n" + "\n".join(wrong)


def test_a_call_without_a_token_is_a_401_everywhere(world: World) -> None:
    client = Client()
    wrong = [
        f"{call}: {status}"
        for call, row in CALLS.items()
        if not row.is_public and (status := called(client, call, row, world)[0]) != 401
    ]
    assert not wrong, "\n" + "\n".join(wrong)
