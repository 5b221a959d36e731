import { text } from "../shell/language.js";

// The random areas that the marked one was compared with, one after the other (panels/trust/places.py).
export function stepThrough(root) {
  const section = root.querySelector(".cxr-places");
  if (!section) return;
  const { paths, said, as_much } = JSON.parse(section.dataset.steps);
  const figure = section.querySelector("[data-kind=random]"), slider = figure.querySelector("input");
  const show = () => {
    const step = Number(slider.value) - 1;
    figure.querySelectorAll("svg").forEach((svg, view) =>
      svg.querySelectorAll("clipPath path, .cxr-hidden-edge").forEach((path) => path.setAttribute("d", paths[view][step])));
    figure.querySelector(".cxr-step-said").textContent = text("{step} of {steps}", { step: step + 1, steps: said.length });
    figure.querySelector("b").textContent = as_much[step] ? text("{probability}, as much", { probability: said[step] }) : said[step];
    slider.setAttribute("aria-valuetext", text("{step} of {steps}: {probability}", { step: step + 1, steps: said.length, probability: said[step] }));
  };
  slider.addEventListener("input", show);
  figure.querySelectorAll("[data-step]").forEach((button) => button.addEventListener("click", () => {
    slider.value = ((Number(slider.value) - 1 + Number(button.dataset.step) + said.length) % said.length) + 1;
    show();
  }));
  show();
}
