// A component that nobody sees: what the decoder writes with a switch reaches the viewer as an event.

import { EVENTS, tell } from "../shell/events.js";

export function start({ props, watch }) {
  const pass = () => { if (props.value && props.value.number) tell(EVENTS.steered, props.value); };
  watch("value", pass);
  pass(); // it may have come before this module
}
