// Arrow keys, Home and End move between tabs (WAI-ARIA's pattern; Gradio's own tabs know only Tab), and the height of the
// header that stays in sight is known to the style sheet.

export function start() {
  document.addEventListener("keydown", (event) => {
    const tab = event.target.closest?.("[role=tab]");
    if (!tab || event.ctrlKey || event.metaKey || event.altKey) return;
    const tabs = [...tab.closest("[role=tablist]").querySelectorAll("[role=tab]")].filter((one) => one.offsetParent && !one.disabled);
    const at = tabs.indexOf(tab), last = tabs.length - 1;
    const to = { ArrowRight: at === last ? 0 : at + 1, ArrowLeft: at ? at - 1 : last, Home: 0, End: last }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    tabs[to].click();
    tabs[to].focus();
  });
  const watch = new ResizeObserver(([entry]) =>
    document.documentElement.style.setProperty("--cxr-head", `${Math.ceil(entry.target.getBoundingClientRect().height)}px`));
  const find = new MutationObserver(() => {
    const header = document.querySelector("#header");
    if (!header) return;
    find.disconnect();
    watch.observe(header);
  });
  find.observe(document, { childList: true, subtree: true });
}
