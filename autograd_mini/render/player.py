"""The backward player: one HTML page that walks a drawn tape forward and then in reverse.

The page is complete in itself: the picture, the style, the script and the story stand in it, so it
works from a file, without a network, and in a sandboxed frame. Its Content-Security-Policy lets no
request out, and no script run but the player's own, known by its hash.

A story says what the picture shows, by the ids of the picture's elements; every number in it is
text, ready to be read:

    {"title": str, "summary": str,   # the summary is for who cannot see the picture
     "nodes": {id: {"name", "operation", "kind", "formula", "value", "shape", "scope",
                    "adjoint": str, or None where no sweep computed it}},
     "edges": {id: {"from": node, "to": node, "local": str or None, "contribution": str or None}},
     "clusters": {id: {"name", "nodes": [all inside, nested ones too], "parent": cluster or None}},
     "forward": [{"node": id, "edges": [from its operands], "text": str}, ...],
     "reverse": [{"node": id, "edges": [to its uses], "text": str, "adjoint": str}, ...]}
"""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections.abc import Mapping
from hashlib import sha256
from html import escape
from importlib.resources import files
from string import Template
from typing import Any

_CHROME = 190  # pixels that the page needs above and below the picture
_HEIGHTS = (420, 760)  # of the frame in a notebook: room for a card, and less than a screen
_PIXELS_PER_POINT = 96 / 72

# JSON that cannot end the script element it stands in; json.dumps itself leaves only ASCII.
_HARMLESS = {ord(character): f"\\u{ord(character):04x}" for character in "<>&"}


def page(svg: str, story: Mapping[str, Any]) -> str:
    """Return the HTML document of the player.

    Args:
        svg: the picture as Graphviz writes it; its nodes, edges and clusters carry the ids that
            the story uses.
        story: what the picture shows, step by step, as this module's docstring tells.

    Returns:
        One document that loads nothing from elsewhere.
    """
    script = _asset("player.js")
    digest = b64encode(sha256(script.encode()).digest()).decode()
    return Template(_asset("player.html")).substitute(
        policy=f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{digest}'",
        title=escape(story["title"]),
        summary=escape(story["summary"]),
        css=_asset("player.css"),
        svg=_element(svg),
        story=json.dumps(story).translate(_HARMLESS),
        js=script,
    )


def notebook(svg: str, story: Mapping[str, Any]) -> str:
    """Return the player as a frame for a notebook's output, with the picture inside it.

    A front end that strips scripts from output it does not trust strips the frame too and leaves
    what stands inside: the still picture.

    Args:
        svg: as in `page`.
        story: as in `page`.
    """
    still = b64encode(_element(svg).encode()).decode()
    return (
        f'<iframe sandbox="allow-scripts" title="{escape(story["title"])}" '
        f'style="width: 100%; height: {_frame_height(svg)}px; border: 0" '
        f'srcdoc="{escape(page(svg, story))}">'
        f'<img alt="{escape(story["summary"])}" src="data:image/svg+xml;base64,{still}"></iframe>'
    )


def _asset(name: str) -> str:
    """Return the text of a file that lies beside this one."""
    return files("autograd_mini.render").joinpath(name).read_text(encoding="utf-8")


def _element(svg: str) -> str:
    """Return the svg element alone: HTML takes neither the XML prolog nor a second doctype."""
    return svg[svg.index("<svg") :]


def _frame_height(svg: str) -> int:
    """Return the height in pixels at which the picture is seen whole, within reason."""
    points = re.search(r'<svg[^>]*\bheight="([\d.]+)pt"', svg)
    wanted = _CHROME + float(points[1]) * _PIXELS_PER_POINT if points else 0
    low, high = _HEIGHTS
    return round(min(max(wanted, low), high))
