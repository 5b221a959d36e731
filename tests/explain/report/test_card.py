"""A card's Markdown as HTML, against what was worked out by hand."""

import re

from hypothesis import given, strategies

from explain.report import card


def test_the_forms_that_cards_use():
    text = """---
licence: mit
---
# Name

Two lines
of **one** paragraph with `a < b` and [a page](https://example.org/x).

- first
- second
  goes on

| score | value |
|-------|------:|
| BLEU  | 0.3   |

```
x = 1 < 2
```
"""
    assert card.html(text).split("\n") == [
        "<h3>Name</h3>",
        "<p>Two lines",
        "of <strong>one</strong> paragraph with <code>a &lt; b</code> and a page (https://example.org/x).</p>",
        "<ul>",
        "<li>first</li>",
        "<li>second",
        "goes on</li>",
        "</ul>",
        '<div class="wide" tabindex="0"><table>',
        *("<thead>", "<tr>", "<th>score</th>", "<th>value</th>", "</tr>", "</thead>"),
        *("<tbody>", "<tr>", "<td>BLEU</td>", "<td>0.3</td>", "</tr>", "</tbody>"),
        "</table></div>",
        "<pre><code>x = 1 &lt; 2",
        "</code></pre>",
    ]


def test_nothing_leads_out_of_the_page():
    rendered = card.html("<img src=x> ![a <picture>](p.png) [go](javascript:alert%281%29) <https://example.org> `a`")
    assert "<img" not in rendered and "<a" not in rendered
    assert "a &lt;picture&gt; (p.png)" in rendered and "&lt;img src=x&gt;" in rendered
    assert "https://example.org (https://example.org)" in rendered


def test_attributes_of_the_text_are_dropped():
    assert "style" not in card.html("| a |\n|--:|\n| b |") and "start" not in card.html("7. seven")
    assert card.html("```python\nx\n```") == "<pre><code>x\n</code></pre>"


def test_a_line_that_only_looks_like_a_table_stays_text():
    assert card.html("a | b") == "<p>a | b</p>"
    assert card.html("") == ""


@given(strategies.text(alphabet="<>&\"'`*[]()|#-. \nab", max_size=60))
def test_whatever_it_says_no_element_comes_from_it(text):
    rendered = card.html(text)
    own = "p strong em code pre ul ol li tr th td thead tbody table div h3 h4 h5 h6 blockquote".split()
    for tag in own:
        rendered = rendered.replace(f"<{tag}>", "").replace(f"</{tag}>", "")
    rendered = re.sub(r'<div class="wide" tabindex="0">|<(br|hr) />', "", rendered)
    assert "<" not in rendered and ">" not in rendered
