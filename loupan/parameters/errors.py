"""Every "no" of the parameters floor."""

from django.utils.translation import gettext_lazy as _

from loupan.core.refusals import Refusal


class LockedAbove(Refusal):
    message = _("%(place)s has locked “%(label)s” for the levels below. Ask there to unlock it.")


class ValueTooSmall(Refusal):
    message = _("“%(label)s” must be at least %(minimum)s.")
    field = "value"


class ValueTooLarge(Refusal):
    message = _("“%(label)s” must be at most %(maximum)s.")
    field = "value"


class ValueNotOfThisKind(Refusal):
    message = _("This is no value of “%(label)s”. Enter %(wanted)s.")
    field = "value"


class NoWord(Refusal):
    message = _("A word for “%(label)s” has 1 to 12 letters or digits.")
    field = "value"


class WordTaken(Refusal):
    message = _("“%(word)s” is what “%(other)s” is called here. Two things need two words.")
    field = "value"


class CodeNotSensible(Refusal):
    message = _("A code is 1 to 20 letters, digits, dots, dashes or underlines.")
    field = "code"


class CodeTaken(Refusal):
    message = _("The code %(code)s is taken by “%(name)s” (%(place)s).")
    field = "code"


class ParentNotOfThisDictionary(Refusal):
    message = _(
        "An entry can only belong to one of the same dictionary, at its own level or above."
    )
    field = "parent_id"


class EntryInsideItself(Refusal):
    message = _("“%(name)s” cannot belong to itself or to something below it.")
    field = "parent_id"


class TreeTooDeep(Refusal):
    message = _("A dictionary has at most %(deepest)s steps.")
    field = "parent_id"


class NoTree(Refusal):
    message = _("“%(dictionary)s” is a plain list: nothing belongs to anything.")
    field = "parent_id"


class EntryMerged(Refusal):
    message = _("“%(name)s” was merged into “%(successor)s”. Change that one.")


class MergeNotPossible(Refusal):
    message = _(
        "“%(name)s” cannot be merged into “%(successor)s”. Choose another entry in use, of the same"
        " dictionary, at its own level or above."
    )
    field = "successor_id"


class EntryHasChildren(Refusal):
    message = _("Move what belongs to “%(name)s” first: %(count)s entries would hang on nothing.")


class PatternUnreadable(Refusal):
    message = _(
        "The pattern cannot be read. Use letters, digits, dashes and {project}, {company}, {year},"
        " {yy}, {month}, {day}, {seq:4}."
    )
    field = "pattern"


class CounterMissing(Refusal):
    message = _("The pattern needs {seq}, or every document would get the same number.")
    field = "pattern"


class CounterTwice(Refusal):
    message = _("The pattern has {seq} twice. Once is enough.")
    field = "pattern"


class PatternTooLong(Refusal):
    message = _("The number would be longer than %(longest)s characters.")
    field = "pattern"


class PeriodMissing(Refusal):
    message = _(
        "The counter begins anew, but the pattern does not say the period: two documents would get"
        " the same number. Add the year (and month, and day)."
    )
    field = "pattern"


class NumbersCouldMeet(Refusal):
    message = _(
        "Two documents could get the same number: %(example)s of %(project)s and %(other)s of"
        " %(other_project)s. Add {project}, or another word."
    )
    field = "pattern"


class DayOutOfRange(Refusal):
    message = _("Days of the years 1900 to 2200 are kept.")
    field = "on"


class HolidayUnreadable(Refusal):
    message = _("Row %(row)s: “%(kind)s” is no kind of day. Write off, work or greeting.")
    field = "file"


class FieldValueMissing(Refusal):
    message = _("“%(label)s” is required.")


class FieldValueWrong(Refusal):
    message = _("This is no value of “%(label)s”.")


class FieldUnreadable(FieldValueWrong):
    """In a cell of a file; `column` is the key of the field."""

    @property
    def column(self) -> str:
        return str(self.facts["key"])


class DictionaryNeeded(Refusal):
    message = _("A choice needs the dictionary it chooses from.")
    field = "dictionary"


class ParentUnknown(Refusal):
    message = _("Row %(row)s belongs to %(code)s, which is not there. Put that row above it.")


class NothingToImport(Refusal):
    message = _("No rows were found. The sheet needs the columns Code and Name.")
    field = "file"


# What `wanted` says, by kind of value.
WANTED = {
    "bool": _("yes or no"),
    "integer": _("a whole number"),
    "money": _("an amount in yuan with at most two decimals"),
    "decimal": _("a number with at most six decimals"),
    "percent": _("a share of one with at most six decimals"),
    "date": _("a day"),
    "choice": _("one of the choices"),
    "text": _("a text of at most 500 characters"),
}
