"""A daily report as a PDF, by ReportLab: the optional extra `pdf`, imported when one is asked for."""

import asyncio
from functools import cache
from html import escape
from importlib.util import find_spec
from io import BytesIO
from typing import Any

from console.errors import NotReady
from console.reports.rules import DailyReport
from console.reports.words import Section, said_of, sections, title_of

MISSING = "PDF needs ReportLab, which is not installed: pip install 'sim-console[pdf]'"
LACKING = "?"  # in place of a letter that the font has not
FACES = {"Report": "Vera.ttf", "Report-Bold": "VeraBd.ttf"}  # ReportLab's own, which are embedded in part
WIDTH = 170  # millimetres, of A4 less its margins
FIRST = 55  # of these, the names of figures


@cache
def available() -> bool:
    """Whether ReportLab is installed."""
    return find_spec("reportlab") is not None


async def pdf_of(report: DailyReport) -> bytes:
    """The report on pages of A4, the same bytes for the same report. Raises NotReady without ReportLab."""
    if not available():
        raise NotReady(MISSING)
    return await asyncio.to_thread(_drawn, report)


@cache
def _letters() -> frozenset[int]:
    """The letters that the faces have, once they are known to ReportLab."""
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.ttfonts import TTFont

    letters = []
    for name, file in FACES.items():
        font = TTFont(name, file)
        pdfmetrics.registerFont(font)
        letters.append(frozenset(font.face.charToGlyph))
    return frozenset.intersection(*letters)


def _drawn(report: DailyReport) -> bytes:
    from reportlab.lib.pagesizes import A4
    from reportlab.lib.styles import ParagraphStyle
    from reportlab.lib.units import mm
    from reportlab.platypus import Paragraph, SimpleDocTemplate

    known, lacking = _letters(), False

    def text(value: str, style: Any) -> Any:
        nonlocal lacking
        shown = "".join(letter if ord(letter) in known else LACKING for letter in value)
        lacking = lacking or shown != value
        return Paragraph(escape(shown), style)

    plain = ParagraphStyle("plain", fontName="Report", fontSize=8.5, leading=12, splitLongWords=1)
    bold = ParagraphStyle("bold", parent=plain, fontName="Report-Bold")
    head = ParagraphStyle("head", parent=bold, fontSize=12, leading=16, spaceBefore=12, spaceAfter=4)
    large = ParagraphStyle("large", parent=head, fontSize=15, leading=20)
    story = [text(title_of(report), large), text(said_of(report), plain)]
    for section in sections(report):
        story += [text(section.title, head), *_parts(section, text, plain, bold)]
    if lacking:
        story.append(
            text(f"Letters that this file's font has not are {LACKING} here: the report's page has them.", plain)
        )
    made = BytesIO()
    margin = (A4[0] - WIDTH * mm) / 2
    document = SimpleDocTemplate(
        made,
        pagesize=A4,
        leftMargin=margin,
        rightMargin=margin,
        title=title_of(report),
        author="sim-console",
        lang="en",
        invariant=1,
    )
    document.build(story)
    return made.getvalue()


def _parts(section: Section, text: Any, plain: Any, bold: Any) -> list[Any]:
    from reportlab.lib.units import mm

    rows = [[text(name, plain), text(value, plain)] for name, value in section.figures]
    parts = [_table(rows, [FIRST * mm, (WIDTH - FIRST) * mm], heads=0)]
    if section.note:
        parts.append(text(section.note, bold))
    if section.table is not None and section.table.rows:
        columns = [WIDTH / len(section.table.heads) * mm] * len(section.table.heads)
        heads = [text(one, bold) for one in section.table.heads]
        parts.append(_table([heads, *([text(cell, plain) for cell in row] for row in section.table.rows)], columns, 1))
    return parts


def _table(rows: list[list[Any]], widths: list[float], heads: int) -> Any:
    from reportlab.lib.colors import HexColor
    from reportlab.platypus import Table

    lines = ("LINEBELOW", (0, 0), (-1, -1), 0.4, HexColor("#d0d6dc"))
    flush = ("LEFTPADDING", (0, 0), (0, -1), 0)
    return Table(rows, colWidths=widths, repeatRows=heads, style=[lines, flush, ("VALIGN", (0, 0), (-1, -1), "TOP")])
