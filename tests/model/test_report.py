"""The report page as a whole: self-contained, live, true to its result, complete in its words."""

import re
from dataclasses import replace
from html import escape
from html.parser import HTMLParser

import numpy as np
import pytest
import synthetic_channels
import synthetic_draws
import synthetic_result
import xarray as xr

from model.report import write_html
from model.report.strings import Strings, read_strings
from model.report.write import html_of

VOID = {"meta", "br", "img", "input", "hr", "link"}


class Outline(HTMLParser):
    """Collects what the tests ask about, and whether every element closes in order."""

    def __init__(self, page):
        super().__init__(convert_charrefs=True)
        self.open, self.faults, self.attributes, self.ids = [], [], [], []
        self.words, self.svg_words = [], []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        self.ids += [value for name, value in attrs if name == "id"]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        self.ids += [value for name, value in attrs if name == "id"]

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.faults.append(tag)

    def handle_data(self, data):
        if not {"style", "script"} & set(self.open):
            (self.svg_words if "svg" in self.open else self.words).append(data)


@pytest.fixture(scope="module")
def result():
    return synthetic_result.synthetic_result()


@pytest.fixture(scope="module")
def page(result):
    return html_of(result, read_strings())


@pytest.fixture(scope="module")
def outline(page):
    return Outline(page)


def quickly(figure, *_others):
    """Only the words and the lengths of bars in a figure: its rendering takes most of the time."""
    from matplotlib.patches import Rectangle
    from matplotlib.text import Text

    drawn = [text.get_text() for text in figure.findobj(Text)]
    return escape(" ".join([*drawn, *(str(bar.get_width()) for bar in figure.findobj(Rectangle))]))


@pytest.fixture(scope="module")
def quick_page(result):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("model.report.section.render", quickly)
        return html_of(result, read_strings())


def words(page):
    return " ".join(" ".join(Outline(page).words).replace("\u00a0", " ").split())


def changed(result, **variables):
    """The same result with some variables replaced, attributes kept."""
    data = result.data.copy()
    for name, change in variables.items():
        data[name] = change(data[name]).assign_attrs(data[name].attrs)
    return type(result)(
        status=result.status, data=data, report=result.report, scenario=result.scenario
    )


def test_the_page_is_well_formed_and_every_identifier_is_used_once(outline):
    assert outline.faults == []
    assert outline.open == []
    assert len(outline.ids) == len(set(outline.ids))


def test_every_reference_inside_the_page_leads_somewhere(page, outline):
    wanted = set(re.findall(r'href="#([^"]+)"', page)) | set(re.findall(r"url\(#([^)]+)\)", page))
    assert wanted
    assert wanted <= set(outline.ids)


def test_nothing_is_fetched_when_the_page_opens(page, outline):
    for _tag, name, value in outline.attributes:
        if name in {"src", "href", "xlink:href", "action", "data", "poster", "srcset"}:
            assert value.startswith("#"), (name, value)
        if not name.startswith("xmlns"):
            assert "http" not in value, (name, value)
    style = re.search(r"<style>(.*?)</style>", page, re.DOTALL)[1]
    assert "@import" not in style
    assert "url(" not in style
    assert "data:image" not in page


def test_text_in_figures_stays_text(outline):
    drawn = " ".join(outline.svg_words)
    for name in ("City", "Pole 1", "Region 1", "Sector 1", "Mean travel time, hours"):
        assert name in drawn


def test_every_figure_tells_readers_who_do_not_see_it_what_it_shows(page):
    heads = re.findall(r"<svg[^>]*>", page)
    assert len(heads) >= 8
    assert all(re.search(r'role="img" aria-label="[^"]+"', head) for head in heads)


def test_every_table_and_figure_has_a_numbered_caption(page):
    numbered = re.findall(r"<figcaption><strong>(?:Table|Figure) \d\.\d+\.</strong> \S", page)
    assert len(numbered) == page.count("<figure") == page.count("<figcaption>")


def test_the_same_result_gives_the_same_bytes(result, page):
    assert html_of(result, read_strings()) == page


def test_the_readers_own_plot_settings_do_not_reach_the_page(result, page):
    import matplotlib

    with matplotlib.rc_context({"font.size": 23, "axes.facecolor": "pink", "svg.fonttype": "path"}):
        assert html_of(result, read_strings()) == page
        assert matplotlib.rcParams["font.size"] == 23


def test_a_page_of_full_size_stays_below_four_megabytes(tmp_path):
    large = synthetic_result.synthetic_result(n_regions=31, n_sectors=42, n_places=341, n_poles=4)
    assert write_html(large, tmp_path / "report.html").stat().st_size < 4_000_000


def test_labels_of_a_result_cannot_break_the_page(page):
    assert "Synthetic &amp; &lt;small&gt;" in page
    assert "<small>" not in page


def test_the_corridor_page_opens_with_the_range_of_the_effect(page, result):
    section = page[page.index('<section id="corridor">') :]
    first = words(re.search(r"<p.*?</p>", section, re.DOTALL)[0])
    values = result.data["corridor_range"].sel(effect="real_consumption").to_numpy() / 1000
    for value in (values[0], values.min(), values.max()):
        assert f"{value:+.3g}"[:4] in first
    for word in ("kappa", "theta", "value of time", "100 % of the central effect", "assumption"):
        assert word in first


def test_the_share_that_rests_on_assumed_services_is_computed(result, monkeypatch):
    monkeypatch.setattr("model.report.section.render", quickly)

    def half(values):
        where = values["effect"] == "services_real_consumption"
        return values.where(~where, values / 4)

    page = html_of(changed(result, corridor_range=half), read_strings())
    assert "25.0 % of the central effect" in words(page)


@pytest.mark.parametrize(
    ("variable", "factor", "before", "after"),
    [
        ("stimulus", 3.0, "12.0 billion yuan", "36.0 billion yuan"),
        ("leakage", 2.0, "7.5", "15.0"),
        ("minutes_base", 2.0, None, None),
        ("access_base", 1.5, None, None),
        ("disparity_base", 2.0, None, None),
        ("allocated_ring", 0.5, None, None),
        ("allocated_cluster", 0.5, None, None),
        ("real_consumption", 1.01, None, None),
        ("output", 1.01, None, None),
        ("value_added", 1.01, None, None),
        ("delivered_price", 1.01, None, None),
        ("trade_share", 0.9, None, None),
        ("ledger_range", np.array([0.5, 1, 1]), None, None),
    ],
)
def test_the_page_changes_with_every_variable_of_the_result(
    result, quick_page, monkeypatch, variable, factor, before, after
):
    monkeypatch.setattr("model.report.section.render", quickly)

    def scaled(values):
        if isinstance(factor, float):
            return values * factor
        weight = values["part"].copy(data=factor).astype(float)
        return values * weight

    other = html_of(changed(result, **{variable: scaled}), read_strings())
    assert words(other) != words(quick_page)
    if before is not None:
        assert before in words(quick_page)
        assert after in words(other)


def test_the_reading_of_every_stimulus_is_stated(page):
    text = words(page)
    assert text.count("(reading: origin)") >= 1
    assert text.count("(reading: use)") >= 1


def test_allocated_figures_say_that_they_are_not_computed(page):
    assert words(page).count("Allocated by city GDP, not computed.") == 3


def with_computed(result, factor=1.0):
    data = result.data
    cluster = data["allocated_cluster"]
    tilt = xr.DataArray([1.0, factor, 1.0], dims="cluster")
    return replace(
        result,
        data=data.assign(
            computed_ring=data["allocated_ring"],
            computed_cluster=(cluster * tilt).transpose(*cluster.dims).assign_attrs(cluster.attrs),
        ),
    )


def test_figures_computed_between_cities_replace_allocated_ones(result, monkeypatch):
    monkeypatch.setattr("model.report.section.render", quickly)
    same = words(html_of(with_computed(result), read_strings()))
    assert "not computed" not in same
    assert "3 of 3 clusters lie within 10 %" in same
    apart = words(html_of(with_computed(result, 1.5), read_strings()))
    assert "2 of 3 clusters lie within 10 %" in apart
    assert "computed: +50" in apart


def test_exact_zeros_are_explained(page, result):
    assert words(page).count(result.report.zero_effects[0]) == 2


def test_certificates_name_every_identity_solve_and_hash(page, result):
    text = words(page[page.index('<section id="certificates">') :])
    for name in ("rows balance", "columns balance", "bicgstab", "ab" * 32, "7.0e−11", "2.0e−13"):
        assert name in text


def test_assumptions_carry_value_range_unit_source_and_mark(page):
    text = words(page[page.index('<section id="made">') :])
    assert "theta 4 2 8 1 yes a book" in text
    assert "own_share central low high variant no a table" in text
    assert "1 of 2 parameters are assumptions" in text


@pytest.mark.parametrize(("n_poles", "corridor"), [(0, True), (3, False), (0, False), (1, True)])
def test_a_page_copes_with_blocks_that_a_scenario_does_not_have(monkeypatch, n_poles, corridor):
    if n_poles:  # a bare page is drawn in full
        monkeypatch.setattr("model.report.section.render", quickly)
    partial = synthetic_result.synthetic_result(n_poles=n_poles, corridor=corridor)
    page = html_of(partial, read_strings())
    assert ('<section id="poles">' in page) == bool(n_poles)
    assert ('<section id="corridor">' in page) == corridor
    numbers = re.findall(r"<h2>(\d)", page)
    assert numbers == [str(i + 1) for i in range(len(numbers))]
    bare = "what follows is the base year" in words(page)
    assert bare == (not n_poles and not corridor)


def test_a_run_that_fell_short_says_so_at_the_top(result, monkeypatch):
    monkeypatch.setattr("model.report.section.render", quickly)
    from model.results import RunStatus

    short = type(result)(
        status=RunStatus.partial, data=result.data, report=result.report, scenario=result.scenario
    )
    page = html_of(short, read_strings())
    assert "This run is partial" in words(page[: page.index("<main>")])


def test_no_word_is_missing_and_none_is_left_over(monkeypatch):
    """Every key of the table of words is asked for by some page, and every page finds its keys."""

    from model.results import RunReport, RunStatus
    from model.scenario import Closure, Edit, Stimulus

    monkeypatch.setattr("model.report.section.render", quickly)
    say = read_strings()
    full = synthetic_result.synthetic_result()
    html_of(full, say)
    html_of(synthetic_result.synthetic_result(n_poles=0, corridor=False), say)
    html_of(synthetic_result.synthetic_result(n_regions=2, n_poles=1, corridor=False), say)
    one, two, *rest = full.scenario.stimuli
    stimuli = (
        Stimulus(name=one.name, pole=one.pole, amount=1e9, sectors={"Sector 1": 1.0}),
        two,
        *rest,
    )
    edits = tuple(
        Edit(kind=kind, name=kind, select={"mode": "road"}) for kind in ("change", "remove")
    )
    odd = replace(
        full,
        status=RunStatus.partial,
        report=RunReport(),
        data=full.data.drop_vars("corridor_range"),
        scenario=replace(
            full.scenario, stimuli=stimuli, edits=edits, closure=Closure(final_demand="real")
        ),
    )
    html_of(odd, say)
    kept = full.data.drop_vars(["channel"]).drop_sel(effect="services_real_consumption")
    same = kept.assign(
        trade_share=kept["trade_share_base"],
        real_consumption=kept["real_consumption_base"].expand_dims(
            channel=["demand", "sourcing"], axis=2
        ),
    ).assign_coords(channel=["demand", "sourcing"])
    html_of(replace(full, data=same), say)
    tiny = full.data["output_base"] * (1 + 1e-8 * (full.data["output"] > 0))
    html_of(replace(full, data=full.data.assign(output=tiny)), say)
    html_of(with_computed(full, 1.5), say)
    html_of(synthetic_channels.with_channels(full), say)
    html_of(synthetic_channels.with_channels(full, losers=False, computed=True), say)
    html_of(synthetic_draws.with_draws(full), say)
    left_over = {key for key in say.entries if key not in say.used}
    # Wordings of coordinate values that these results happen not to have.
    named = (
        *("subject.", "index.", "mode.", "purpose.", "account.", "kind.", "ring.", "line_ring."),
        *("source.", "status.", "unit.", "currency.", "magnitude.", "word.at_prices"),
    )
    assert {key for key in left_over if not key.startswith(named)} == set()


def test_an_unknown_word_or_language_is_an_error():
    with pytest.raises(KeyError):
        read_strings()("page.nothing")
    with pytest.raises(KeyError):
        Strings("en", {"a.b": "{missing}"})("a.b")
    with pytest.raises(ValueError, match="no words for 'xx'"):
        read_strings("xx")


def test_another_language_needs_no_other_code(result, monkeypatch):
    monkeypatch.setattr("model.report.section.render", quickly)
    english = read_strings()
    shouting = Strings(
        "xx", {k: re.sub(r"\b[a-z]+\b(?![^{]*})", "mot", v) for k, v in english.entries.items()}
    )
    page = html_of(result, shouting)
    assert '<html lang="xx">' in page
    assert "Growth poles" not in page


def test_the_page_of_draws_shows_intervals_what_drives_them_and_the_split(monkeypatch):
    monkeypatch.setattr("model.report.section.render", quickly)
    full = synthetic_result.synthetic_result()
    page = html_of(synthetic_draws.with_draws(full), read_strings("en"))
    section = page[page.index('<section id="sure">') :]
    for words in ("100 draws", "own shares of regions (50 %)", "All channels together"):
        assert words in section
    assert '<section id="sure">' not in html_of(full, read_strings("en"))
