// A component that nobody sees: the impression that goes on from another word reaches the viewer as an event.

import { EVENTS, tell } from "../shell/events.js";

export function start({ props, watch }) {
  const pass = () => { if (props.value && props.value.number) tell(EVENTS.goneOn, props.value); };
  watch("value", pass);
  pass(); // it may have come before this module
}
