// The approval queue by keys: j next, k previous, a approve, r return with its reasons, Escape closes them.
(function () {
  "use strict";
  const queue = document.querySelector(".queue");
  if (!queue) return;
  const reasons = document.getElementById("return");
  const open = (link) => { if (link) location.assign(link.href); };

  document.querySelector(".queue-list [aria-current]")?.scrollIntoView({ block: "nearest" });
  document.getElementById("queue-item")?.focus({ preventScroll: true });

  // What the last act answered stands on the page before anybody listens: said again, it is read out.
  const told = document.querySelector(".messages");
  if (told && told.children.length) {
    const words = Array.from(told.children);
    told.replaceChildren();
    setTimeout(() => told.replaceChildren(...words), 50);
  }

  taizhang.letter("j", () => open(queue.querySelector("a[rel=next]")));
  taizhang.letter("k", () => open(queue.querySelector("a[rel=prev]")));
  taizhang.letter("a", () => {
    const form = queue.querySelector("form.act-approve");
    if (form && !form.classList.contains("sending")) form.requestSubmit();
  });
  taizhang.letter("r", () => {
    if (!reasons) return;
    reasons.open = true;
    reasons.querySelector("input[type=radio]").focus();
  });

  if (!reasons) return;
  reasons.addEventListener("toggle", () => queue.classList.toggle("returning", reasons.open));
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !reasons.open) return;
    reasons.open = false;
    reasons.querySelector("summary").focus();
  });
})();
