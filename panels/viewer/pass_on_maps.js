// A component that nobody sees: what the server answers to a wish for maps reaches the viewer as an event.

import { EVENTS, tell } from "../shell/events.js";

export function start({ props, watch }) {
  const pass = () => { if (props.value && props.value.number) tell(EVENTS.maps, props.value); };
  watch("value", pass);
  pass(); // it may have come before this module
}
