// Goes on in the scope of viewer.js: says in plain words that somebody waits, and at which place.
// Gradio writes "queue: 2/3" in small print beside whatever waits; this reads it there, twice a second.

const pill = make("p", "cxr-queue");
pill.setAttribute("role", "status");
pill.hidden = true;
document.body.append(pill);

let waited = 0;
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
  const text = waited < 2 ? "" : `Others are being answered first: you are number ${place[0]} of ${place[1]} in the queue.`;
  if (pill.textContent !== text) pill.textContent = text;
  pill.hidden = !text;
}, 400);
