// A word of the glossary (panels/shell/glossary.py) explains itself: under the pointer, at a tap and with the keyboard's focus.

export function start() {
  const NAME = "cxr-term-means";
  let shown = null;

  function box() {
    let tip = document.getElementById(NAME);
    if (tip) return tip;
    tip = document.createElement("div");
    tip.id = NAME;
    tip.setAttribute("role", "tooltip");
    tip.hidden = true;
    document.body.append(tip);
    return tip;
  }

  function hide() {
    if (shown) shown.removeAttribute("aria-describedby");
    shown = null;
    box().hidden = true;
  }

  function show(term) {
    if (shown === term) return;
    hide();
    const tip = box(), edge = 8;
    shown = term;
    tip.textContent = term.dataset.means;
    tip.hidden = false;
    term.setAttribute("aria-describedby", NAME);
    const at = term.getBoundingClientRect(), size = tip.getBoundingClientRect();
    const below = at.bottom + edge + size.height < window.innerHeight;
    tip.style.left = `${Math.max(edge, Math.min(at.left, document.documentElement.clientWidth - size.width - edge))}px`;
    tip.style.top = `${below ? at.bottom + 6 : Math.max(edge, at.top - size.height - 6)}px`;
  }

  const of = (event) => event.target.closest?.(".cxr-term");
  document.addEventListener("pointerover", (event) => {
    if (event.pointerType === "touch") return;
    if (of(event)) show(of(event));
    else if (shown && event.target.id !== NAME && document.activeElement !== shown) hide();
  });
  document.addEventListener("focusin", (event) => (of(event) ? show(of(event)) : hide()));
  document.addEventListener("click", (event) => {
    const term = of(event);
    if (!term) return hide();
    event.preventDefault();
    show(term);
  });
  document.addEventListener("keydown", (event) => { if (event.key === "Escape") hide(); });
  document.addEventListener("scroll", hide, { capture: true, passive: true });
}
