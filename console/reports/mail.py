"""A daily report as a mail: HTML that needs nothing from elsewhere, and the same as text."""

from html import escape

from console.reports.rules import DailyReport
from console.reports.words import Section, Table, said_of, sections, title_of

CELL = "padding:4px 12px 4px 0;text-align:left;vertical-align:top;border-bottom:1px solid #d8dde3"
PAGE = "font-family:system-ui,sans-serif;font-size:14px;line-height:1.45;color:#17202a;max-width:760px"


def text_of(report: DailyReport) -> str:
    """The report as plain text, a figure a line."""
    lines = [said_of(report)]
    for section in sections(report):
        lines += ["", section.title.upper(), *(f"{name}: {value}" for name, value in section.figures)]
        if section.note:
            lines.append(section.note)
        if section.table is not None and section.table.rows:
            lines += [" | ".join(section.table.heads), *(" | ".join(row) for row in section.table.rows)]
    return "\n".join(lines)


def html_of(report: DailyReport, link: str) -> str:
    """The report as HTML. `link`: the address of its page; empty: there is none."""
    title = escape(title_of(report))
    parts = [f"<h1 style='font-size:20px'>{title}</h1>", f"<p>{escape(said_of(report))}</p>"]
    if link:
        parts.append(f"<p><a href='{escape(link)}'>Open the report in the console</a></p>")
    parts += [_section(section) for section in sections(report)]
    return (
        f"<!doctype html><html lang='en'><head><meta charset='utf-8'><title>{title}</title></head>"
        f"<body style='{PAGE}'>{''.join(parts)}</body></html>"
    )


def _section(section: Section) -> str:
    rows = "".join(
        f"<tr><th scope='row' style='{CELL};font-weight:normal;color:#5b6775'>{escape(name)}</th>"
        f"<td style='{CELL}'>{escape(value)}</td></tr>"
        for name, value in section.figures
    )
    note = f"<p style='color:#8a5a00'>{escape(section.note)}</p>" if section.note else ""
    table = _table(section.table) if section.table is not None and section.table.rows else ""
    title = f"<h2 style='font-size:16px;margin:24px 0 4px'>{escape(section.title)}</h2>"
    return f"{title}<table style='border-collapse:collapse'>{rows}</table>{note}{table}"


def _table(table: Table) -> str:
    heads = "".join(f"<th scope='col' style='{CELL}'>{escape(head)}</th>" for head in table.heads)
    rows = "".join(
        "<tr>" + "".join(f"<td style='{CELL}'>{escape(cell)}</td>" for cell in row) + "</tr>" for row in table.rows
    )
    return f"<table style='border-collapse:collapse;margin-top:8px'><tr>{heads}</tr>{rows}</table>"
