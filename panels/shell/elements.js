// Elements of the page, made from text and never from HTML.

export function make(tag, className, text) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  if (text !== undefined) node.textContent = text;
  return node;
}

export function makeSvg(tag, attributes = {}) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  return node;
}

// The tab of the page's panels with that id.
export const panelTab = (id) => document.querySelector(`#panels [role="tab"][data-tab-id="${id}"]`);

// The tab at the side of the page, "examples" or "uploads".
export const sideTab = (id) => document.querySelector(`#side [role="tab"][data-tab-id="${id}"]`);
