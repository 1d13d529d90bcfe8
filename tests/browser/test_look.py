"""tools/look.py: the pictures with which a page is judged."""

import pytest
from PIL import Image

from tools import look

pytestmark = [pytest.mark.browser, pytest.mark.built]


def test_a_page_is_pictured_in_light_and_dark_on_a_phone_and_on_paper(browser, site, tmp_path, monkeypatch):
    monkeypatch.setattr(look, "LOOK", tmp_path)
    monkeypatch.setattr(look, "TALL", 500)
    found = {path.stem: path for path in look.pictures(browser, look.HTML / "notation.html", whole=False)}
    assert set(found) == {f"notation-{view}" for view in look.VIEWS}
    shades = {}
    for view, (width, _, _) in look.VIEWS.items():
        with Image.open(found[f"notation-{view}"]) as picture:
            assert picture.size == (width, 500)
            shades[view] = picture.convert("L").resize((1, 1)).getpixel((0, 0))
    bright = [shades.pop(view) for view in ("light", "phone", "print")]
    assert max(shades.values()) < 100 < 150 < min(bright)


def test_a_whole_page_is_pictured_to_its_end(browser, site, tmp_path, monkeypatch):
    monkeypatch.setattr(look, "LOOK", tmp_path)
    monkeypatch.setattr(look, "VIEWS", {"light": look.VIEWS["light"]})
    tab = browser.new_page(viewport={"width": 1280, "height": look.TALL})
    tab.goto((look.HTML / "notation.html").as_uri())
    tall = tab.evaluate("document.documentElement.scrollHeight")
    tab.close()
    assert len([*look.pictures(browser, look.HTML / "notation.html", whole=True)]) == -(-tall // look.TALL)
