// Three call-outs for who is here for the first time; put away, they stay away.

const KEPT = "cxr-callouts";

export function addCallOuts(viewer) {
  const { root, find } = viewer;

  viewer.callOut = () => {
    let away = false;
    try { away = localStorage.getItem(KEPT) === "away"; } catch { /* no leave to keep anything: they are shown again */ }
    find(".cxr-callouts").hidden = away || !viewer.answer.words.length;
    root.classList.toggle("cxr-called-out", !find(".cxr-callouts").hidden);
  };

  find(".cxr-callouts button").addEventListener("click", () => {
    try { localStorage.setItem(KEPT, "away"); } catch { /* no leave */ }
    find(".cxr-callouts").hidden = true;
    root.classList.remove("cxr-called-out");
    if (viewer.buttons[viewer.chosen]) viewer.buttons[viewer.chosen].focus({ preventScroll: true });
  });
}
