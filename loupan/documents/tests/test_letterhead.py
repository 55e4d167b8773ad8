"""The letterhead on the PDF: the name and the line as text, the logo as a picture (ORG-01)."""

from io import BytesIO

import pytest
from PIL import Image

from loupan.core.pictures import clean_picture
from loupan.documents.queries import pdf_of
from loupan.documents.rules.papers import Paper
from loupan.org.models import Letterhead

PAPER = Paper(title="商品房认购书", company="海成集团", number="HC-1")


def a_letterhead(kind: str) -> Letterhead:
    buffer = BytesIO()
    Image.new("RGBA" if kind == "PNG" else "RGB", (300, 100), "navy").save(buffer, kind)
    image = clean_picture(buffer.getvalue())
    return Letterhead(line="客服 400-000", logo=image.thumbnail, media_type=image.media_type)


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_a_paper_carries_line_and_logo(kind: str) -> None:
    plain, headed = pdf_of(PAPER), pdf_of(PAPER, a_letterhead(kind))
    assert b"/Subtype /Image" in headed or b"/Subtype/Image" in headed
    assert b"/Subtype /Image" not in plain
    assert len(headed) > len(plain)


def test_a_line_alone_is_enough_and_is_no_command() -> None:
    assert pdf_of(PAPER, Letterhead(line="#panic() $x$ \\ [<a>]")).startswith(b"%PDF")
