"""{claim}`id` after a sentence that compares: a quiet mark that leads to the check which asserts it.

The check, of an equation or a claim, stands on the same page; if it does not, the build fails.
"""

import re
from html import escape

from docutils import nodes
from sphinx.util import logging
from sphinx.util.docutils import SphinxRole

log = logging.getLogger(__name__)


class bound(nodes.raw):
    """The mark. `check`: the id of what asserts the sentence."""


class Claim(SphinxRole):
    def run(self):
        words = escape(self.text)
        said = f"asserted by {words}"
        mark = (f'<a class="gb-bound" href="#check-{words}" title="{said}"><span aria-hidden="true">✓</span>'
                f'<span class="gb-aside">{said}</span></a>')  # fmt: skip
        node = bound("", mark, format="html", check=self.text)
        self.set_source_info(node)
        return [node], []


def _resolve(app, doctree):
    """Every mark leads somewhere."""
    marks = list(doctree.findall(bound))
    if marks:
        outputs = "".join(node.astext() for node in doctree.findall(nodes.raw) if not isinstance(node, bound))
        ids = set(re.findall(r'\bid="check-([^"]+)"', outputs))
        for mark in marks:
            if mark["check"] not in ids:
                log.warning("claim: no check %r stands on this page", mark["check"],
                            location=f"{mark.source}:{mark.line}", type="claim")  # fmt: skip


def setup(app):
    app.add_node(bound, html=(lambda translator, node: translator.visit_raw(node), None))
    app.add_role("claim", Claim())
    app.connect("doctree-read", _resolve)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
