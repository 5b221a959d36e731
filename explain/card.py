"""A checkpoint's card as HTML: the few forms of Markdown that cards use, everything else as the text it is."""

import re
from html import escape

_HEADING = re.compile(r"(#{1,6})\s+(.*)")
_ITEM = re.compile(r"\s*(?:[-*+]|\d+[.)])\s+(.*)")
_RULE = re.compile(r"\s*\|?[\s:|-]*-{2,}[\s:|-]*\|?\s*")


def html(text):
    """Render Markdown: headings, paragraphs, lists, tables, code, bold text; links become their words and address.

    Args:
        text: of any origin; nothing of it is taken as HTML.

    Returns:
        HTML without links, pictures or scripts.
    """
    lines = _body(text.replace("\r\n", "\n").split("\n"))
    parts, place = [], 0
    while place < len(lines):
        line = lines[place]
        if line.strip().startswith("```"):
            end = place + 1
            while end < len(lines) and not lines[end].strip().startswith("```"):
                end += 1
            parts.append(f"<pre>{escape(chr(10).join(lines[place + 1 : end]))}</pre>")
            place = end + 1
        elif heading := _HEADING.fullmatch(line.strip()):
            level = min(len(heading[1]) + 2, 6)  # the page's own headings are above
            parts.append(f"<h{level}>{_inline(heading[2])}</h{level}>")
            place += 1
        elif _ITEM.fullmatch(line):
            items = []
            while place < len(lines) and lines[place].strip():
                item = _ITEM.fullmatch(lines[place])
                if item:
                    items.append(item[1])
                else:
                    items[-1] += " " + lines[place].strip()
                place += 1
            parts.append("<ul>" + "".join(f"<li>{_inline(item)}</li>" for item in items) + "</ul>")
        elif "|" in line and place + 1 < len(lines) and "|" in lines[place + 1] and _RULE.fullmatch(lines[place + 1]):
            rows = [line]
            place += 2
            while place < len(lines) and "|" in lines[place]:
                rows.append(lines[place])
                place += 1
            parts.append(_table(rows))
        elif line.strip():
            paragraph = []
            while place < len(lines) and lines[place].strip() and not _starts(lines[place]):
                paragraph.append(lines[place].strip())
                place += 1
            if not paragraph:  # a form that begins like another one and is none
                paragraph, place = [line.strip()], place + 1
            parts.append(f"<p>{_inline(' '.join(paragraph))}</p>")
        else:
            place += 1
    return "\n".join(parts)


def _body(lines):
    """The lines after the header between two `---` that model cards may open with."""
    if lines and lines[0].strip() == "---":
        for place, line in enumerate(lines[1:], 1):
            if line.strip() == "---":
                return lines[place + 1 :]
    return lines


def _starts(line):
    line = line.strip()
    return bool(line.startswith("```") or _HEADING.fullmatch(line) or _ITEM.fullmatch(line) or "|" in line)


def _inline(text):
    text = re.sub(r"!?\[([^\]]*)\]\(([^)\s]*)[^)]*\)", r"\1 (\2)", text)
    # Split at code first, so that nothing inside it is read as a form; every piece is escaped on its own.
    pieces = re.split(r"(`[^`]+`)", text)
    return "".join(
        f"<code>{escape(piece[1:-1])}</code>"
        if re.fullmatch(r"`[^`]+`", piece)
        else re.sub(r"\*\*([^*]+)\*\*", r"<b>\1</b>", escape(piece))
        for piece in pieces
    )


def _table(rows):
    cells = [[_inline(cell.strip()) for cell in row.strip().strip("|").split("|")] for row in rows]
    head = "".join(f"<th>{cell}</th>" for cell in cells[0])
    body = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in cells[1:])
    return f'<div class="wide" tabindex="0"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'
