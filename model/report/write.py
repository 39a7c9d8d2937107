"""The report of a result: one self-contained page that opens offline and prints well.

Owns the question "what is on the page, in which order?".

- `write_html`: write the page of a result to a file.
- `html_of`: the page as text.

Terms: *self-contained* means that nothing is fetched: style, figures and the script that sorts
tables are inside the file. Without the script the page reads the same.
"""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from model.report.facts_channels import has_channels
from model.report.facts_corridor import has_corridor
from model.report.localize import in_language
from model.report.markup import Markup, join, paragraph, text
from model.report.page_access import write_access
from model.report.page_channels import write_channels
from model.report.page_corridor import write_corridor
from model.report.page_made import write_certificates, write_made
from model.report.page_poles import write_poles
from model.report.page_summary import write_summary
from model.report.page_sure import has_sure, write_sure
from model.report.section import Section
from model.report.strings import Strings, read_strings
from model.report.svg import drawing_style

if TYPE_CHECKING:
    from model.results import Result

__all__ = ["html_of", "write_html"]

WIDE = ("zh",)  # languages whose letters the drawing font has not


def write_html(
    result: Result, path: str | Path, *, language: str = "en", say: Strings | None = None
) -> Path:
    """Write the report of a result.

    Parameters
    ----------
    result
        What a run returned.
    path
        File to write; replaced when it exists.
    language
        Language of the page; one of `model.report.strings.LANGUAGES`.
    say
        Words to use instead of those of the language.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    ValueError
        There are no words for this language.
    """
    target = Path(path)
    target.write_text(html_of(result, say or read_strings(language)), encoding="utf-8")
    return target


def html_of(result: Result, say: Strings) -> str:
    """Give the page of a result as HTML; the same result gives the same text."""
    result = in_language(result, say)
    with drawing_style(wide=say.language in WIDE):
        sections = _sections(result, say)
    title = say("page.title", name=result.scenario.name)
    status = Markup("")
    if result.status.value != "ok":
        status = paragraph(
            say("page.partial", status=say.name("status", result.status.value)), "warning"
        )
    return "\n".join(
        [
            "<!DOCTYPE html>",
            f'<html lang="{text(say.language)}">',
            '<head><meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>{text(title)}</title>",
            f"<style>{_asset('page.css')}</style></head>",
            "<body><header>",
            f'<p class="eyebrow">{text(say("page.eyebrow"))}</p><h1>{text(title)}</h1>',
            paragraph(say("page.answer"), "question"),
            paragraph(_facts(result, say), "small"),
            status,
            "</header>",
            _contents(sections, say),
            "<main>",
            join(section.html() for section in sections),
            "</main>",
            f"<footer>{paragraph(say('page.footer', version=_version()), 'small')}</footer>",
            f"<script>{_asset('sort.js')}</script>",
            "</body></html>\n",
        ]
    )


def _sections(result: Result, say: Strings) -> list[Section]:
    data = result.data
    keys = ["summary", "access", "poles", "corridor", "channels", "sure", "made", "certificates"]
    if "ledger" not in data:
        keys.remove("poles")
    if not has_corridor(data):
        keys.remove("corridor")
    if not has_channels(data):
        keys.remove("channels")
    if not has_sure(data):
        keys.remove("sure")
    numbers = {key: number for number, key in enumerate(keys, start=1)}
    made = {key: Section(key, numbers, say) for key in keys}
    write_summary(made["summary"], result)
    write_access(made["access"], data)
    if "poles" in made:
        write_poles(made["poles"], data, result.scenario)
    if "corridor" in made:
        write_corridor(made["corridor"], result)
    if "channels" in made:
        write_channels(made["channels"], result)
    if "sure" in made:
        write_sure(made["sure"], result)
    write_made(made["made"], result)
    write_certificates(made["certificates"], result)
    return list(made.values())


def _facts(result: Result, say: Strings) -> str:
    sizes = result.data.sizes
    units = ""
    if "output_base" in result.data:
        units = str(result.data["output_base"].attrs.get("units", ""))
    return say(
        "page.facts",
        regions=sizes.get("region", 0),
        sectors=sizes.get("sector", 0),
        cities=sizes.get("place", 0),
        unit=units,
        table=result.scenario.table,
        network=result.scenario.network,
    )


def _contents(sections: list[Section], say: Strings) -> Markup:
    items = []
    for section in sections:
        inner = "".join(
            f'<li><a href="#{anchor}">{text(title)}</a></li>' for anchor, title in section.parts
        )
        nested = f"<ul>{inner}</ul>" if inner else ""
        head = f'<a href="#{section.key}">{section.number}  {text(section.title)}</a>'
        items.append(f"<li>{head}{nested}</li>")
    title = text(say("page.contents"))
    return Markup(f'<nav aria-label="{title}"><h2>{title}</h2><ul>{"".join(items)}</ul></nav>')


def _asset(name: str) -> str:
    return (files("model.report") / name).read_text(encoding="utf-8")


def _version() -> str:
    try:
        return version("hinterland")
    except PackageNotFoundError:
        return "0"
