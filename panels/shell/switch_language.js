// The links to the page in its other languages (header.html): the same address, in another language.

function keepAddress({ target }) {
  const link = target.closest?.("a.cxr-language");
  if (!link) return;
  const address = new URL(location.href);
  address.searchParams.set("lang", link.hreflang);
  link.href = address.href;
}

// When it is seen, reached or followed: the address changes meanwhile, and the head is laid out anew.
export function start() {
  for (const moment of ["pointerover", "focusin", "click"]) document.addEventListener(moment, keepAddress, { capture: true });
}
