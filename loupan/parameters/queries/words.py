"""What a project calls the things of the trade (PRM-06)."""

from collections.abc import Iterable

from django.conf import settings
from django.utils.translation import trans_real

from loupan.core.terms import Term
from loupan.parameters.hooks import WORDS
from loupan.parameters.queries.book import book_of
from loupan.parameters.queries.places import Place
from loupan.parameters.queries.values import lines_at


def words_of(project_id: int) -> dict[str, str]:
    """The project's own words by code of the term; what it says as we do is left out."""
    values = book_of(project_id).values
    said = {term.code: values[key].value for key, term in WORDS.items()}
    return {code: word for code, word in said.items() if word}


def words_of_all(project_ids: Iterable[int]) -> dict[int, dict[str, str]]:
    return {pk: words_of(pk) for pk in project_ids}


def named_alike(place: Place, key: str, word: str) -> Term | None:
    """Another thing that is called by that word at the level: two of one name would be mixed up."""
    for line in lines_at(place):
        term = WORDS.get(line.parameter.key)
        if term is None or line.parameter.key == key:
            continue
        names = {line.counts.value} if line.counts.value else _our_words(term)
        if word.lower() in {name.lower() for name in names}:
            return term
    return None


def _our_words(term: Term) -> set[str]:
    return {
        trans_real.translation(language).gettext(msgid)
        for language, _name in settings.LANGUAGES
        for msgid in term.msgids
    }
