"""What a new project has from its first minute, and the plans it may add with one click (2.3.2, 2.4.2)."""

from datetime import date, datetime
from decimal import Decimal

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client

from loupan.org.actions.structure import make_project
from loupan.org.models import Project, User
from loupan.org.testing import a_company, a_project, a_user, signed_in, token_for
from loupan.pricing import errors
from loupan.pricing.actions.plans import PlanLineDraft, add_standard_plans
from loupan.pricing.models import (
    DiscountAuthority,
    PaymentPlan,
    PaymentPlanLine,
    PrecisionRule,
    PricingPolicy,
)
from loupan.pricing.queries.plans import plan_lines
from loupan.pricing.rules.payment_plan import Anchors, schedule
from loupan.pricing.rules.standard_plans import BY_CODE

NOON = datetime.fromisoformat("2025-03-08T12:00:00+08:00")
DEAL = Decimal(1_459_160)


def amounts(code: str, total: Decimal = DEAL) -> list[tuple[Decimal, str]]:
    rows = [
        PaymentPlanLine(seq=seq, **vars(PlanLineDraft(**line)))
        for seq, line in enumerate(BY_CODE[code].lines, 1)
    ]
    anchors = Anchors(reservation=date(2025, 3, 8), contract=date(2025, 3, 15))
    planned = schedule(plan_lines(rows), deal_total=total, deposit=Decimal(50_000), anchors=anchors)
    assert sum(line.amount for line in planned.lines) == total
    return [(line.amount, f"{line.due_on}") for line in planned.lines]


def test_the_mortgage_as_delivered_orc_11() -> None:
    assert amounts("MORTGAGE") == [
        (Decimal(50_000), "2025-03-08"),
        (Decimal(389_160), "2025-03-22"),
        (Decimal(1_020_000), "2025-04-14"),
    ]


def test_the_combined_loan_as_delivered_orc_12() -> None:
    assert [amount for amount, _due in amounts("COMBINED")] == [50_000, 389_160, 600_000, 420_000]


def test_the_instalments_as_delivered_orc_13() -> None:
    assert amounts("INSTALMENT") == [
        (Decimal(50_000), "2025-03-08"),
        (Decimal(387_748), "2025-03-15"),
        (Decimal(437_748), "2025-04-15"),
        (Decimal(437_748), "2025-06-15"),
        (Decimal(145_916), "2025-09-15"),
    ]


def test_the_lump_sum_and_the_provident_loan_as_delivered_orc_15() -> None:
    total = Decimal(1_429_177)
    assert [amount for amount, _due in amounts("LUMP", total)] == [50_000, 1_379_177]
    assert [amount for amount, _due in amounts("PROVIDENT")] == [50_000, 809_160, 600_000]


@pytest.mark.django_db
def test_a_new_project_has_policy_rounding_and_authority() -> None:
    company = a_company()
    admin = a_user("AD", company=company)
    project = make_project(company_id=company.pk, name="四季", code="SJ", by=admin, at=NOON)
    assert PricingPolicy.objects.filter(project=project).exists()
    assert PrecisionRule.objects.get(project=project, target="list_total").unit == "1"
    matrix = DiscountAuthority.objects.filter(project=project)
    assert {row.role_code: row.min_overall_rate for row in matrix}["SM"] == Decimal("0.9550")


@pytest.fixture
def director() -> User:
    return a_user("PD", a_project())


@pytest.mark.django_db
def test_standard_plans_are_added_once_and_an_own_plan_is_left_alone(director: User) -> None:
    project = director.current_project
    assert project is not None

    def add(*codes: str) -> list[str]:
        made = add_standard_plans(project_id=project.pk, codes=codes, by=director, at=NOON)
        return [plan.code for plan in made]

    assert add("MORTGAGE") == ["MORTGAGE"]
    PaymentPlan.objects.filter(code="MORTGAGE").update(name="我们的按揭", is_enabled=False)
    assert add("MORTGAGE", "LUMP") == ["LUMP"]
    assert PaymentPlan.objects.get(code="MORTGAGE").name == "我们的按揭"
    with pytest.raises(errors.StandardPlanUnknown):
        add("LUMP", "XX")


@pytest.mark.django_db
def test_whoever_may_not_edit_plans_adds_none() -> None:
    seller = a_user("SC", a_project())
    assert isinstance(seller.current_project, Project)
    with pytest.raises(PermissionDenied):
        add_standard_plans(project_id=seller.current_project.pk, codes=["LUMP"], by=seller, at=NOON)
    assert signed_in(seller).get("/pricing/plans/standard/").status_code == 403


@pytest.mark.django_db
def test_one_click_on_the_page_adds_the_ticked_plans(director: User) -> None:
    client = signed_in(director)
    page = client.get("/pricing/plans/standard/").content.decode()
    assert page.count("checked") >= len(BY_CODE)
    assert "1,050,000.00" in page
    done = client.post("/pricing/plans/standard/", {"codes": ["LUMP", "MORTGAGE"]})
    assert done["Location"] == "/pricing/plans/"
    assert set(PaymentPlan.objects.values_list("code", flat=True)) == {"LUMP", "MORTGAGE"}
    assert client.post("/pricing/plans/standard/", {"codes": ["XX"]}).status_code == 422
    client.post("/pricing/plans/standard/", {"codes": [*set(BY_CODE) - {"LUMP", "MORTGAGE"}]})
    assert (
        "checkbox" not in client.get("/pricing/plans/standard/").content.decode().split("<main")[1]
    )


@pytest.mark.django_db
def test_standard_plans_over_the_api(director: User) -> None:
    api = Client(headers={"Authorization": f"Bearer {token_for(director)}"})
    address = f"/api/v1/projects/{director.current_project_id}/standard-plans/"
    for codes, status, answer in (
        (["LUMP"], 201, {"codes": ["LUMP"]}),
        (["LUMP"], 201, {"codes": []}),
    ):
        made = api.post(address, {"codes": codes}, content_type="application/json")
        assert (made.status_code, made.json()) == (status, answer)
    assert api.post(address, {"codes": ["XX"]}, content_type="application/json").status_code == 409
    assert api.post(address, {"codes": []}, content_type="application/json").status_code == 422
