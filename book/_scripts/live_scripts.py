"""Gives a page the scripts of what runs in it, and no others (a Sphinx extension).

An element with data-live="chart sampler" asks for chart.js and sampler.js of book/_static, in this order.
"""

import re
from typing import Any

LIVE = re.compile(r'<div class="live" data-live="([\w -]+)"')


def add_scripts(app: Any, page: str, template: str, context: dict[str, Any], tree: Any) -> None:
    """Put the scripts, and the style they share, into the head of one page."""
    wanted = LIVE.findall(context.get("body", ""))
    if wanted:
        app.add_css_file("live.css")
    for name in dict.fromkeys(" ".join(wanted).split()):
        app.add_js_file(f"{name}.js", loading_method="defer")


def drop_mathjax(app: Any, page: str, template: str, context: dict[str, Any], tree: Any) -> None:
    """Sphinx gives MathJax (1.3 MB) also to a page without formulas whose chapters have some: the first one."""
    if not app.env.get_domain("math").data["has_equations"].get(page):
        files = context["script_files"]
        files[:] = [file for file in files if "mathjax" not in str(file.filename)]


def setup(app: Any) -> dict[str, bool]:
    app.connect("html-page-context", add_scripts)
    app.connect("html-page-context", drop_mathjax, priority=600)  # after Sphinx has added it
    return {"parallel_read_safe": True, "parallel_write_safe": True}
