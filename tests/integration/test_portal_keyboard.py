"""Every page of the portal as each role that sees it, in French, with the keyboard alone.

A walk with Tab from a page's top: each control that a mouse can use is met once and in the order in which it is read,
each shows that it has the focus and is not hidden by anything, and the last one lets go. What opens was opened before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise

import pytest
from playwright.sync_api import Browser, Page

from integration.test_portal_accessible import Looked, looked, opened, site
from integration.test_portal_roles import OK, PAGE_MATRIX, WHO, filled
from portal_pictures import WHOLE

__all__ = ["looked", "site"]
CONTROLS = """
  const said = it => `${it.localName} ${it.name ?? ''} ${(it.labels?.[0] ?? it).textContent.trim().slice(0, 60)}`;
  const CONTROL = 'a[href], button, input:not([type=hidden]), select, textarea, summary, iframe, [tabindex], [onclick]';
  const all = [...document.querySelectorAll(CONTROL)];
  const used = all.filter(it => it.checkVisibility({ visibilityProperty: true }) && it.tabIndex >= 0
    && !it.matches(':disabled'));
"""
USED = f"() => {{ {CONTROLS} return used.map((it, at) => at + ' ' + said(it)); }}"
MOUSE_ALONE = f"""() => {{ {CONTROLS}
  return [...document.querySelectorAll('body *')].filter(it => getComputedStyle(it).cursor === 'pointer'
    && !it.closest('label') && !used.includes(it.closest(CONTROL))).map(said); }}"""
STOP = f"""async () => {{ {CONTROLS}
  const it = document.activeElement;
  if (it === document.body) return null;
  const away = () => {{ const at = it.getBoundingClientRect();
    return at.height < innerHeight && (at.bottom > innerHeight + 2 || at.top < -2); }};
  const isSeen = () => {{ const at = it.getBoundingClientRect();
    const x = (Math.max(at.left, 0) + Math.min(at.right, innerWidth)) / 2;
    const above = document.elementFromPoint(x, (Math.max(at.top, 0) + Math.min(at.bottom, innerHeight)) / 2);
    return above !== null && (it.contains(above) || above.contains(it)); }};
  const isToWait = () => away() || !isSeen();  // it is scrolled to, and painted, a moment later
  for (let frame = 0; frame < 60 && isToWait(); frame += 1) await new Promise(requestAnimationFrame);
  const style = getComputedStyle(it), place = it.getBoundingClientRect();
  return {{ name: used.indexOf(it) + ' ' + said(it),
    scrolls: it.scrollWidth > it.clientWidth || it.scrollHeight > it.clientHeight,
    is_marked: style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2,
    is_seen: isSeen(),
    top: place.top + scrollY, bottom: place.bottom + scrollY }}; }}"""


@dataclass(frozen=True)
class Stop:
    """Where Tab led: the control's place among those of the page, with its name, and how it shows."""

    name: str
    scrolls: bool
    is_marked: bool
    is_seen: bool
    top: float
    bottom: float


def walk(page: Page, most: int) -> list[Stop]:
    """Press Tab until the page lets go: to the window around it, or to its own beginning."""
    stops: list[Stop] = []
    for _ in range(most):
        page.keyboard.press("Tab")
        stop = page.evaluate(STOP)
        if stop is None or (len(stops) > 1 and stop["name"] == stops[0].name):
            return stops
        if not stops or stop["name"] != stops[-1].name:  # a day's field has stops of its own for its parts
            stops.append(Stop(**stop))
    raise AssertionError(f"the page does not let go: {[stop.name for stop in stops[-8:]]}")


def complaints(page: Page, used: list[str]) -> list[str]:
    """What somebody without a mouse would complain of, where these controls are there to be used."""
    stops = walk(page, 4 * len(used) + 8)
    own = [stop for stop in stops if not stop.name.startswith("-1 ")]
    found = [f"a mouse alone: {name}" for name in page.evaluate(MOUSE_ALONE)]
    found += [
        f"not in its turn: {stop.name}, {name}" for stop, name in zip(own, used, strict=False) if stop.name != name
    ]
    found += [f"not reached: {name}" for name in used[len(own) :]]
    found += [f"no control: {stop.name}" for stop in stops if stop.name.startswith("-1 ") and not stop.scrolls]
    found += [f"focus is not marked: {stop.name}" for stop in stops if not stop.is_marked]
    found += [f"focus is covered: {stop.name}" for stop in stops if not stop.is_seen]
    pairs = pairwise(own)
    return found + [f"back up the page: {one.name}, {two.name}" for one, two in pairs if two.bottom <= one.top]


@pytest.fixture(scope="module")
def windows(looked: Looked) -> Iterator[Callable[[str, str], Page]]:
    """Open an address as somebody, each in one window of their own, with all open that opens."""
    chromium, base, made = looked
    theirs: dict[str, Page] = {}

    def shown(who: str, address: str) -> Page:
        if who in theirs:
            theirs[who].goto(base + filled(address, made))
        else:
            theirs[who] = opened(chromium, base, who, "fr", filled(address, made))
        theirs[who].evaluate("document.querySelectorAll('main details').forEach(details => { details.open = true })")
        return theirs[who]

    yield shown
    for page in theirs.values():
        page.context.close()


@pytest.mark.parametrize("address", WHOLE)
def test_a_keyboard_reaches_all_that_a_mouse_does(windows: Callable[[str, str], Page], address: str) -> None:
    """Each role's page is opened; one that has the same controls as another's is walked once."""
    path, statuses = PAGE_MATRIX[address]
    walked: list[list[str]] = []
    for who in (who for who, status in zip(WHO, statuses, strict=True) if status == OK):
        page = windows(who, path)
        used = page.evaluate(USED)
        found = [] if used in walked else complaints(page, used)
        assert not found, "\n".join([who, *found])
        walked.append(used)
    assert walked
    assert all(walked)


WRONG = {
    "a mouse alone": "<button>one</button><p style='cursor: pointer'>Open</p>",
    "not in its turn": "<button>one</button><button tabindex='1'>two</button>",
    "no control": "<button onfocus='p.focus()'>one</button><p id='p' tabindex='-1'>x</p><button>two</button>",
    "focus is not marked": "<button style='outline: none'>one</button>",
    "focus is covered": "<button>one</button><div style='position: fixed; inset: 0'></div>",
    "back up the page": "<div style='display: grid'><a href='#' style='order: 2'>a</a><a href='#'>b</a></div>",
    "not reached": "<button>one</button><button onfocus='this.blur()'>two</button>",
}


@pytest.mark.parametrize("fault", WRONG)
def test_the_walk_complains_of_what_is_wrong(chromium: Browser, fault: str) -> None:
    found = complaints_of(chromium, WRONG[fault])
    assert fault in {text.partition(":")[0] for text in found}


def test_the_walk_complains_of_nothing_else(chromium: Browser) -> None:
    assert complaints_of(chromium, "<a href='#'>one</a><p>text</p><input type='date'><button>two</button>") == []


TRAP = """<button id="a">a</button><button id="b">b</button><button>c</button><script>onkeydown = event => {
  event.preventDefault();
  (document.activeElement === a ? b : a).focus({ focusVisible: true });
  a.textContent += '.';
}</script>"""


def test_a_page_that_lets_nobody_go_is_told(chromium: Browser) -> None:
    with pytest.raises(AssertionError, match="does not let go"):
        complaints_of(chromium, TRAP)


def complaints_of(chromium: Browser, body: str) -> list[str]:
    page = chromium.new_page()
    page.set_content(f"<html><style>:focus-visible {{ outline: 3px solid }}</style><body>{body}</body></html>")
    try:
        return complaints(page, page.evaluate(USED))
    finally:
        page.close()
