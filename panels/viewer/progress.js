// A bar of work in progress, with what is being done and how far it is.

export function showProgress(box, done, of, said) {
  box.hidden = false;
  const progress = box.querySelector("progress");
  if (done > 0 && of > 1) progress.value = done / of;
  else progress.removeAttribute("value"); // it has not begun: a bar that runs to and fro
  box.querySelector(".cxr-work-said").textContent = said;
}
