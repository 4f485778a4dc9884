// The menu: groups close, the whole shrinks to icons, and a cookie with nothing but their names remembers it for the next page.
(function () {
  "use strict";
  const menu = document.getElementById("menu");
  const frame = document.querySelector(".frame");
  if (!menu || !frame) return;
  const narrow = menu.querySelector(".menu-narrow");
  const groups = [...menu.querySelectorAll("[data-group]")];
  const YEAR = 365 * 86400; // seconds

  function keep() {
    const closed = groups.filter((group) => group.querySelector("ul").classList.contains("closed")).map((group) => group.dataset.group);
    const told = frame.classList.contains("narrow") ? ["narrow", ...closed] : closed;
    document.cookie = `taizhang_menu=${told.join(".")}; path=/; max-age=${YEAR}; samesite=lax${location.protocol === "https:" ? "; secure" : ""}`;
  }

  groups.forEach((group) => {
    const button = group.querySelector(".menu-group");
    button.addEventListener("click", () => {
      const closed = group.querySelector("ul").classList.toggle("closed");
      button.setAttribute("aria-expanded", String(!closed));
      keep();
    });
  });

  narrow.hidden = false;
  narrow.addEventListener("click", () => {
    narrow.setAttribute("aria-pressed", String(frame.classList.toggle("narrow")));
    keep();
  });
})();
