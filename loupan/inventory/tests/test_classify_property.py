"""Classes of buildings and units come from the dictionaries an office keeps (INV-10)."""

import pytest
from django.urls import reverse

from loupan.core.models import AuditEvent
from loupan.inventory.models import Building, Unit
from loupan.inventory.parameters import BUILDING_TYPE, TENURE, USE
from loupan.inventory.testing import a_unit
from loupan.inventory.tests.desk import desk, text_of
from loupan.org.testing import a_project
from loupan.parameters.hooks import DICTIONARIES
from loupan.parameters.models import DictionaryEntry

pytestmark = pytest.mark.django_db


def test_every_office_starts_with_words_as_trees() -> None:
    for code in (BUILDING_TYPE, USE, TENURE):
        assert DICTIONARIES[code].is_tree
        assert DictionaryEntry.objects.filter(dictionary=code).count() > 3
    assert DictionaryEntry.objects.filter(dictionary=USE).exclude(parent=None).exists()


def test_a_unit_has_its_use_and_tenure_and_a_building_its_type() -> None:
    project, _user, browser = desk()
    unit = a_unit(project)
    use = DictionaryEntry.objects.filter(dictionary=USE).first()
    tenure = DictionaryEntry.objects.filter(dictionary=TENURE).first()
    kind = DictionaryEntry.objects.filter(dictionary=BUILDING_TYPE).first()
    assert use
    assert tenure
    assert kind
    path = reverse("inventory:unit_edit", args=[unit.pk])
    typed = {
        "version": 0, "product_type": "flat", "predicted_built_area": "118.62",
        "predicted_inner_area": "94.37", "use": use.pk, "tenure": tenure.pk,
    }  # fmt: skip
    assert browser.post(path, typed | {"use": tenure.pk}).status_code == 422
    assert browser.post(path, typed).status_code == 302
    unit.refresh_from_db()
    assert (unit.use, unit.tenure) == (use, tenure)
    assert str(use) in text_of(browser.get(reverse("inventory:unit", args=[unit.pk])))
    event = AuditEvent.objects.get(event="inventory.unit.edited")
    assert event.after["use"] == str(use)
    page = browser.get(reverse("inventory:units"), {"column": ["number", "use"]})
    assert str(use) in text_of(page)

    building = Building.objects.get()
    edit = reverse("inventory:building", args=[building.pk])
    typed = {"version": 0, "code": "1", "name": "1号楼", "sort": 1, "building_type": kind.pk}
    assert browser.post(edit, typed).status_code == 302
    building.refresh_from_db()
    assert building.building_type == kind


def test_a_word_out_of_use_stays_where_it_stands_and_is_chosen_nowhere_else() -> None:
    project, _user, browser = desk()
    use = DictionaryEntry.objects.filter(dictionary=USE).first()
    assert use
    old, new = a_unit(project, use=use), a_unit(project, floor=17)
    own = DictionaryEntry.objects.create(
        dictionary=USE, project=a_project(), code="own", name="别处的"
    )
    DictionaryEntry.objects.filter(pk=use.pk).update(is_enabled=False)
    typed = {"version": 0, "product_type": "flat", "predicted_built_area": "118.62",
             "predicted_inner_area": "94.37", "use": use.pk}  # fmt: skip
    assert browser.post(reverse("inventory:unit_edit", args=[old.pk]), typed).status_code == 302
    path = reverse("inventory:unit_edit", args=[new.pk])
    assert browser.post(path, typed).status_code == 422
    assert browser.post(path, typed | {"use": own.pk}).status_code == 422
    assert Unit.objects.filter(use=use).count() == 1
