// The frame of the page: the menu opens and closes on a narrow screen, a print button prints, a password shows.
(function () {
  "use strict";
  document.querySelectorAll(".print-button").forEach((print) => {
    print.hidden = false;
    print.addEventListener("click", () => window.print());
  });
  document.querySelectorAll(".show-password").forEach((line) => {
    const tick = line.querySelector("[data-shows]"), box = document.getElementById(tick.dataset.shows);
    line.hidden = false;
    tick.addEventListener("change", () => { box.type = tick.checked ? "text" : "password"; });
  });
  const button = document.querySelector(".menu-button");
  const menu = document.getElementById("menu");
  document.documentElement.classList.add("scripted");
  if (!button || !menu) return;

  function show(open) {
    menu.classList.toggle("open", open);
    button.setAttribute("aria-expanded", String(open));
  }

  button.addEventListener("click", () => show(!menu.classList.contains("open")));
  menu.addEventListener("keydown", (event) => {
    if (event.key === "Escape") { show(false); button.focus(); }
  });
})();
