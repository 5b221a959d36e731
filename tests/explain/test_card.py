"""A card's Markdown as HTML, against what was worked out by hand."""

from hypothesis import given, strategies

from explain import card


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
        "<p>Two lines of <b>one</b> paragraph with <code>a &lt; b</code> and a page (https://example.org/x).</p>",
        "<ul><li>first</li><li>second goes on</li></ul>",
        '<div class="wide" tabindex="0"><table><thead><tr><th>score</th><th>value</th></tr></thead>'
        "<tbody><tr><td>BLEU</td><td>0.3</td></tr></tbody></table></div>",
        "<pre>x = 1 &lt; 2</pre>",
    ]


def test_a_line_that_only_looks_like_a_table_stays_text():
    assert card.html("a | b") == "<p>a | b</p>"
    assert card.html("") == ""


@given(strategies.text(alphabet="<>&\"'`*[]()|#-. \nab", max_size=60))
def test_whatever_it_says_no_element_comes_from_it(text):
    rendered = card.html(text)
    own = "p b code pre ul li tr th td thead tbody table div h3 h4 h5 h6".split()
    for tag in own:
        rendered = rendered.replace(f"<{tag}>", "").replace(f"</{tag}>", "")
    rendered = rendered.replace('<div class="wide" tabindex="0">', "")
    assert "<" not in rendered and ">" not in rendered
