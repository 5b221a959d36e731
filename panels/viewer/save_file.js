// A component that nobody sees: a file that the server wrote is saved, and the viewer hears how far it is.

import { EVENTS, tell } from "../shell/events.js";

export function start({ props, watch }) {
  watch("value", () => {
    const value = props.value;
    if (!value || !value.number) return;
    tell(EVENTS.file, { ...value, url: null });
    if (value.state !== "done") return;
    const link = document.createElement("a");
    link.href = value.url;
    link.download = value.name;
    link.click();
  });
}
