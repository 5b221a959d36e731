// Goes on in the scope of viewer.js: says in plain words that somebody waits, and at which place.
// Gradio writes "queue: 2/3" in small print beside whatever waits; this reads it there, twice a second. That the queue is
// full, patient.js tells.

const pill = make("p", "cxr-queue");
pill.setAttribute("role", "status");
pill.hidden = true;
document.body.append(pill);

const FULL = {
  waiting: "So many people are asking that the queue is full. This page asks again by itself until there is room.",
  refused: "The queue was full for two minutes: what you asked for last was not taken. Please ask again a little later.",
};
let full = ""; // what patient.js said last
function filled(event) {
  if (!element.isConnected) return document.removeEventListener("cxr-full", filled);
  full = FULL[event.detail.state] || "";
  say();
}
document.addEventListener("cxr-full", filled);

let waited = 0, standing = "";
function say() {
  const text = full || standing;
  if (pill.textContent !== text) pill.textContent = text;
  pill.hidden = !text;
}
const queueing = setInterval(() => {
  if (!element.isConnected) {
    clearInterval(queueing);
    return pill.remove();
  }
  let place = null;
  for (const small of document.querySelectorAll(".meta-text, .meta-text-center")) {
    const read = /queue: (\d+)\/(\d+)/.exec(small.textContent);
    if (read) place = read.slice(1);
  }
  waited = place ? waited + 1 : 0;
  standing = waited < 2 ? "" : `Others are being answered first: you are number ${place[0]} of ${place[1]} in the queue.`;
  say();
}, 400);
