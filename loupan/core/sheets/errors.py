"""Every "no" the spreadsheet engine can say: about a file, about a table, about one cell."""

from django.utils.translation import gettext_lazy as _

from loupan.core.refusals import Refusal


class UnreadableFile(Refusal):
    """Base of all refusals of a whole file."""

    message = _("The file cannot be read as a spreadsheet.")


class FileEmpty(UnreadableFile):
    message = _("The file “%(filename)s” is empty. Choose the file again.")


class FileTooBig(UnreadableFile):
    message = _(
        "The file “%(filename)s” has %(size)s MB; at most %(limit)s MB can be read. "
        "Split it into several files."
    )


class TooManyRows(UnreadableFile):
    message = _(
        "The sheet “%(sheet)s” has more than %(limit)s rows. Split it into several files, "
        "or delete the empty rows below the table."
    )


class TooManyColumns(UnreadableFile):
    message = _(
        "The sheet “%(sheet)s” has more than %(limit)s columns. Keep only the columns of the table."
    )


class TooManyCells(UnreadableFile):
    message = _(
        "The file “%(filename)s” has more than %(limit)s cells. Split it into several files."
    )


class TooMuchText(UnreadableFile):
    message = _(
        "The file “%(filename)s” holds more text than can be read at once. "
        "Split it into several files and leave out long notes."
    )


class ZipBomb(UnreadableFile):
    message = _(
        "The file “%(filename)s” grows too large when it is unpacked. Open it in Excel, copy only "
        "the table into a new workbook and save that as .xlsx."
    )


class PasswordProtected(UnreadableFile):
    message = _(
        "The workbook “%(filename)s” is protected by a password. Remove the password in Excel, "
        "save it and choose the file again."
    )


class DamagedWorkbook(UnreadableFile):
    message = _(
        "The workbook “%(filename)s” is damaged or not a spreadsheet. Open it in Excel, "
        "save it as .xlsx and choose that file."
    )


class ReadingTookTooLong(UnreadableFile):
    message = _(
        "Reading “%(filename)s” took longer than %(seconds)s seconds and was stopped. Copy only "
        "the table into a new workbook and save that as .xlsx."
    )


class ReadingStopped(UnreadableFile):
    message = _(
        "Reading “%(filename)s” was stopped: it is damaged or needs too much memory. Copy only "
        "the table into a new workbook and save that as .xlsx."
    )


class ReaderBusy(UnreadableFile):
    message = _("Other files are being read at the moment. Try again in a minute.")


class NotASpreadsheet(UnreadableFile):
    message = _(
        "The file “%(filename)s” is not a spreadsheet. Choose an .xlsx, .xls, .xlsb, .ods "
        "or .csv file."
    )


class UnknownEncoding(UnreadableFile):
    message = _(
        "The characters of “%(filename)s” cannot be read. Save it as .xlsx or as “CSV UTF-8”."
    )


class UnclosedQuote(UnreadableFile):
    message = _(
        "A quotation mark that opens in row %(row)s of “%(filename)s” is never closed. "
        "Delete it or save the table as .xlsx."
    )


class NoTableFound(Refusal):
    message = _(
        "No table was found on the sheet “%(sheet)s”. The table needs a line of column headings."
    )


class ColumnNotFound(Refusal):
    message = _("The sheet “%(sheet)s” has no column “%(column)s”. Choose the column again.")


class CellProblem(Refusal):
    """Base of all refusals of one cell. Fact: `value`, as the person typed it."""

    message = _("“%(value)s” cannot be read.")


class NotANumber(CellProblem):
    message = _("“%(value)s” is not a number.")


class NotAWholeNumber(CellProblem):
    message = _("“%(value)s” is not a whole number.")


class NotADate(CellProblem):
    message = _("“%(value)s” is not a date. Write it as 2025-03-08.")


class AmbiguousDate(CellProblem):
    message = _("“%(value)s” can be read as two different dates. Write it as 2025-03-08.")
