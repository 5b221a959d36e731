// The words of two searches, one above the other, column by column: a word viewer whose answer holds greedy's words and
// then the beam's; answer.columns pairs them as [place, place, same].

import { EVENTS, listen } from "../shell/events.js";
import { make } from "../shell/elements.js";
import { text } from "../shell/language.js";
import { decimal } from "../shell/wording.js";
import { makeViewer } from "../viewer/viewer.js";

function introduce({ find }) {
  find("h2").textContent = text("Greedy above, beam below");
  find(".cxr-empty-title").textContent = text("Where do the two searches part?");
  find(".cxr-empty-title + p").textContent =
    text("Choose an example, or bring your own pictures. Greedy search takes the likeliest word each time; beam search keeps several impressions and takes the likeliest whole.");
  find(".cxr-run").hidden = find(".cxr-exports").hidden = true;
  find(".cxr-words").classList.add("cxr-paired");
  find(".cxr-words").setAttribute("aria-label", text("Both impressions, word by word"));
}

function likelihood(row) {
  const told = { whole: decimal(row.log_prob), share: decimal(row.per_word) };
  return row.cut_off
    ? text("log probability {whole}, {share} per word, cut off at the length limit", told)
    : text("log probability {whole}, {share} per word", told);
}

export function start(component, { COLOURS, GLOSSARY }) {
  const viewer = makeViewer(component, { colours: COLOURS, glossary: GLOSSARY });
  const { element, root, find, trigger } = viewer;
  introduce(viewer);
  const searches = make("dl", "cxr-searches");
  find(".cxr-impression-head").after(searches);

  viewer.callOut = () => {}; // said once, on the first panel
  viewer.received = () => {}; // the other panels follow the first one

  viewer.layWords = (value) => {
    searches.replaceChildren(
      ...value.rows.flatMap((row) => [
        make("dt", "", row.name),
        make("dd", "", likelihood(row)),
      ]),
    );
    const columns = value.columns.map(([above, below, same]) => {
      const column = make("div", same ? "cxr-column" : "cxr-column cxr-differs");
      column.setAttribute("role", "presentation");
      [above, below].forEach((index, row) => {
        if (index === null) {
          const gap = make("span", "cxr-gap", "\u2013");
          gap.setAttribute("aria-hidden", "true");
          return column.append(gap);
        }
        const button = viewer.buttons[index], name = value.rows[row].name, said = button.getAttribute("aria-label");
        button.setAttribute("aria-label", same ? `${name}: ${said}` : `${name}: ${said}, ${text("differs")}`);
        if (!same) button.dataset.search = name;
        column.append(button);
      });
      return column;
    });
    find(".cxr-words").replaceChildren(...columns);
  };

  // The panel that explains has a new caption: ask for its comparison, when anyone looks.
  listen(element, EVENTS.answer, () => {
    if (root.offsetParent) trigger("wanted", {});
  });

  function partner(index) {
    for (const [above, below] of viewer.answer.columns) {
      if (above === index) return below;
      if (below === index) return above;
    }
    return null;
  }

  // Up and down change between the two impressions.
  find(".cxr-words").addEventListener("keydown", (event) => {
    if (event.key !== "ArrowUp" && event.key !== "ArrowDown") return;
    event.preventDefault();
    event.stopImmediatePropagation();
    const other = partner(viewer.chosen);
    if (other === null || (other > viewer.chosen) !== (event.key === "ArrowDown")) return;
    viewer.play(false);
    viewer.choose(other, { focus: true });
  }, { capture: true });

  viewer.start();
}
