// A link to a word of an example: what differs from how the page comes, and the way back (panels/shell/deep_link.py).

import { keepLanguage, number, text } from "../shell/language.js";

// How the maps are drawn, as a link says it: its parameter -> the control.
const DRAWN = { opacity: ".cxr-opacity", colours: ".cxr-colours", scale: "input[data-group=scale]", draw: "input[data-group=cells]" };

const asItComes = (control) => control.type === "radio" ? control.defaultChecked
  : control.options ? control.value === control.options[0].value : control.value === control.defaultValue;

export function addLink(viewer) {
  const { root, find } = viewer;
  const controls = (name) => [...root.querySelectorAll(DRAWN[name])];

  viewer.link = () => {
    const said = { example: viewer.answer.example, ...viewer.answer.settings, word: viewer.chosen + 1 };
    for (const name of Object.keys(DRAWN)) {
      const control = controls(name).find((one) => one.type !== "radio" || one.checked);
      if (!asItComes(control)) said[name] = control.value;
    }
    return said;
  };

  // The other way; anyone can type an address, so what no control offers is left out.
  viewer.bringBack = (said) => {
    for (const [name, value] of Object.entries(said)) {
      if (!Object.hasOwn(DRAWN, name)) continue;
      for (const control of controls(name)) {
        if (control.type === "radio") control.checked = control.value === value || control.checked;
        else if (control.options ? [...control.options].some((one) => one.value === value) : /^\d{1,3}$/.test(value)) control.value = value;
      }
    }
    find(".cxr-opacity-value").textContent = number(`${find(".cxr-opacity").value}%`);
  };

  find(".cxr-copy").addEventListener("click", async () => {
    const address = new URL(location.href);
    address.search = new URLSearchParams(viewer.link()).toString();
    keepLanguage(address);
    history.replaceState(null, "", address);
    let said = text("Link copied");
    try {
      await navigator.clipboard.writeText(address.href);
    } catch { // no leave to write there, as on a page without https
      said = text("The link stands in the address bar");
    }
    const button = find(".cxr-copy");
    button.textContent = said;
    viewer.say(said);
    setTimeout(() => { button.textContent = text("Copy a link to this word"); }, 2500);
  });
}
